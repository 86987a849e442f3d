"""The command-line twin of what the console does: it is there, it is shown, and it does the same."""

import ast
import contextlib
import inspect
import shlex
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main
from sqlalchemy import select
from typer.testing import CliRunner

from console import commands
from console.cli.program import application
from console.doing import (
    connections,
    documents,
    exceptions,
    integrations,
    jobs,
    lookups,
    notices,
    queues,
    rules,
    split,
    vaults,
)
from console.modals.calls import CallsScreen
from console.session import Who
from console.twins.call import Told, call_of, carry_out
from console.twins.catalogue import TWINS
from models.location import default_store_path
from models.opening import open_store
from models.store import Store
from models.tables import (
    ExceptionMessage,
    FieldRule,
    IntegrationRule,
    PointSource,
    ReferenceLookup,
    table_of,
)
from tests.builders import ADMIN
from tests.console.lab import console, fill, fill_lookups, press, record_id, settle
from tests.console.test_plain import WIDE
from tests.console.walking import picture

HERE = Path(__file__).resolve().parents[2] / "console"
UNTWINNED = {"lookups.preview"}
"""Takes back what it does."""
SAME_FOR_NONE = {"alembic_version", "lab", "audit_row", "audit", "configuration_change", "change_part"}
"""Tables that tell who did something and when, and not what."""


def tree(node: Any = None, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """All commands of the command line."""
    node = node or typer.main.get_command(application)
    if not hasattr(node, "commands"):
        return {path}
    return {each for name in list(node.commands) for each in tree(node.commands[name], (*path, name))} | {path}


def functions_that_change() -> dict[str, Callable[..., Any]]:
    """What the console does to a store, by module and name: whatever begins a transaction."""
    modules = (
        commands,
        connections,
        documents,
        exceptions,
        integrations,
        jobs,
        lookups,
        notices,
        queues,
        rules,
        split,
        vaults,
    )
    return {
        f"{module.__name__.rsplit('.', 1)[-1]}.{name}": found
        for module in modules
        for name, found in vars(module).items()
        if inspect.isfunction(found)
        and found.__module__ == module.__name__
        and not name.startswith("_")
        and name != "acting"
        and "with acting(" in inspect.getsource(found)
    }


def test_whatever_changes_the_store_has_a_twin() -> None:
    changing = functions_that_change()
    assert len(changing) > 45
    assert {name for name, found in changing.items() if found not in TWINS} == UNTWINNED


def test_every_twin_is_a_command_that_there_is() -> None:
    every = tree()
    named = set()
    for path in (HERE / "twins").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List) and len(node.elts) > 1:
                words = [item.value if isinstance(item, ast.Constant) else "" for item in node.elts[:2]]
                if isinstance(words[0], str) and (words[0],) in every and isinstance(words[1], str):
                    named.add(tuple(words) if words[1] and not words[1].startswith("-") else (words[0],))
    assert len(named) > 40
    assert named <= every


class Deed(NamedTuple):
    """Something that is done in the console."""

    command: Callable[..., str]
    vault_id: int = 1001
    values: dict[str, str] | None = None
    sure: bool = False


def deeds(store: Store, folder: Path) -> dict[str, Deed]:
    """One of each kind, over the lab that all tests have."""
    pair = fill(store)
    lookup, _ = fill_lookups(store)
    here, there = pair.source, pair.target
    with store.read() as session:

        def first(model: Any, column: str = "id") -> int:
            return int(session.execute(select(table_of(model).c[column]).order_by("id")).scalars().all()[0])

        record = record_id(session, 1001, "Product 003")
        rule, field, source = first(IntegrationRule), first(FieldRule), first(PointSource)
        exception, target_connection = first(ExceptionMessage), first(ReferenceLookup, "connection_id")
    (folder / "keys.csv").write_text("source_key,target_key\nnew__c,fresh__c\n")
    from models.services.lookup_files import LoadMode

    data = (folder / "keys.csv").read_bytes()
    nothing: Any = lambda _key: None  # noqa: E731 - what was made is shown nowhere
    return {
        "integration": Deed(
            partial(commands.set_integration_active, integration_id=here.integration_id, name="Products", active=False)
        ),
        "settings": Deed(
            partial(integrations.change_settings, key=there.integration_id, name="P"),
            1002,
            {"inactivates_targets": "true"},
        ),
        "queue": Deed(partial(commands.set_queue_active, queue_id=here.queue_id, name="Q", active=False)),
        "delivery": Deed(partial(commands.set_delivery, queue_id=here.queue_id, name="Q", enabled=False)),
        "queue edited": Deed(
            partial(queues.edit, queue_id=here.queue_id), values={"label": "Out", "retry_minutes": "1, 2 4"}
        ),
        "queue made": Deed(
            partial(queues.create, kind="outbound"),
            values={"label": "New Queue", "api_name": "new_queue__c", "description": "", "sequential": "true"},
        ),
        "queue emptied": Deed(partial(queues.reset, queue_id=here.queue_id, name="Q", typed="lab_outbound__c")),
        "queue deleted": Deed(partial(queues.delete, queue_id=here.queue_id, name="Q")),
        "message put": Deed(
            partial(queues.put_message, queue_id=here.queue_id),
            values={"object": "product__v", "event": "Changed", "items": f"{record}", "more": "a=b"},
        ),
        "run": Deed(partial(commands.request_runs, kinds=("send", "receive"), connection_id=here.connection_id)),
        "limits": Deed(jobs.set_limits, values={"send": "1,200", "receive": "60"}),
        "record saved": Deed(
            partial(commands.save_typed_record, object_name="product__v", record_id=record),
            values={"name__v": "It's “odd” -- $x", "code__c": ""},
        ),
        "record made": Deed(
            partial(commands.save_typed_record, object_name="product__v", record_id=None),
            values={"name__v": "New", "code__c": "N1"},
        ),
        "record deleted": Deed(partial(commands.delete_record, record_id=record)),
        "connection edited": Deed(
            partial(connections.edit, connection_id=here.connection_id),
            values={"name": "Another", "description": "About it", "authorized_user_id": ""},
        ),
        "connection duplicated": Deed(
            partial(connections.duplicate, connection_id=here.connection_id),
            values={"name": "Copy", "api_name": "copy__c"},
        ),
        "connection made": Deed(
            partial(connections.create, kind="external__sys"),
            values={"name": "Outside", "api_name": "outside__c", "url": "https://example.com/x", "description": ""},
        ),
        "connection reset": Deed(partial(connections.reset, connection_id=here.connection_id, name="C")),
        "client": Deed(
            partial(connections.save_client, connection_id=here.connection_id, key=None),
            values={"client_id": "lab-client-1"},
        ),
        "filtering": Deed(partial(connections.set_filtering, on=True)),
        "vault settings": Deed(
            partial(vaults.change_settings, name="Source"),
            values={"applications": "QMS, LIMS", "features": "Complaints"},
        ),
        "bell": Deed(partial(exceptions.set_bell, bell=False)),
        "retry": Deed(partial(retry, exception), 1002),
        "lookup key": Deed(
            partial(lookups.save_key, lookup_id=lookup, old="used__c", made=nothing),
            1002,
            {"source_key": "u__c", "target_key": "t"},
        ),
        "lookup keys gone": Deed(
            partial(lookups.remove_keys, lookup_id=lookup, source_keys=("used__c", "often__c")), 1002
        ),
        "lookup loaded": Deed(
            partial(
                lookups.load,
                lookup_id=lookup,
                data=data,
                mode=LoadMode.REPLACE,
                all_or_nothing=False,
                path=folder / "keys.csv",
            ),
            1002,
        ),
        "misses": Deed(partial(lookups.forget, lookup_id=lookup), 1002),
        "lookup made": Deed(
            partial(lookups.create, connection_id=target_connection, kind="generic", made=nothing),
            1002,
            {"name": "More", "api_name": "more__c"},
        ),
        "rule edited": Deed(partial(rules.edit_rule, key=rule), 1002, {"name": "Renamed"}),
        "field rule": Deed(
            partial(rules.save_field_rule, rule_id=rule, key=field, made=nothing), 1002, {"active": "false"}
        ),
        "point": Deed(partial(rules.edit_point, key=there.point_id), 1002, {"creates": "false", "name": "Renamed"}),
        "point made": Deed(
            partial(rules.create_point, integration_id=there.integration_id, direction="inbound", made=nothing),
            1002,
            {"name": "Second", "api_name": "second__c", "matching": "", "creates": "true", "updates": "false"},
        ),
        "watched": Deed(
            partial(rules.save_source, point_id=here.point_id, key=source, object_name="product__v", made=nothing),
            values={"criteria": "code__c=P001"},
        ),
    }


def retry(key: int, store: Store, who: Who) -> str:
    """A retry answers a plan, not a text: the screen puts both together."""
    call = call_of(exceptions.start, store, who, [key])
    return Told(str(exceptions.start(store, who, [key])), call)


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a store holds, but for when and under which random name it came about."""
    with contextlib.closing(sqlite3.connect(path)) as found:
        tables = [name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held: dict[str, list[tuple[Any, ...]]] = {}
        for table in tables:
            if table in SAME_FOR_NONE or table.startswith("sqlite"):
                continue
            columns = [
                f'"{name}"'
                for _, name, kind, *_ in found.execute(f'PRAGMA table_info("{table}")')
                if "DATETIME" not in kind.upper() and not name.endswith(("_at", "message_id")) and name != "pending_id"
            ]
            held[table] = sorted(found.execute(f'SELECT {", ".join(columns)} FROM "{table}"'), key=repr)
        return held


def copied(store: Store, folder: Path) -> Path:
    """A copy of a store and its key, apart from it."""
    assert store.path is not None
    folder.mkdir()
    with (
        contextlib.closing(sqlite3.connect(store.path)) as one,
        contextlib.closing(sqlite3.connect(folder / store.path.name)) as other,
    ):
        one.backup(other)
    for key in store.path.parent.glob(f"{store.path.name}*key*"):
        (folder / key.name).write_bytes(key.read_bytes())
    return folder / store.path.name


def test_what_a_call_does_is_what_the_console_did(tmp_path: Path, clock: Any) -> None:
    base = open_store(tmp_path / "lab.sqlite3", clock=clock)
    for place, (name, deed) in enumerate(deeds(base, tmp_path).items()):
        by_console, by_call = copied(base, tmp_path / f"{place}a"), copied(base, tmp_path / f"{place}b")
        store = open_store(by_console, clock=clock)
        arguments: Sequence[Any] = () if deed.values is None else (deed.values, deed.sure)
        told = carry_out(deed.command, store, Who(deed.vault_id, ADMIN, read_only=False), *arguments)
        store.close()
        assert isinstance(told, Told), name
        words = [str(by_call) if word == str(by_console) else word for word in shlex.split(told.call)]
        for call in split_calls(words):
            result = CliRunner().invoke(application, call[1:], prog_name=call[0])
            assert result.exit_code == 0, (name, told.call, result.output)
        there, here = rows(by_call), rows(by_console)
        assert {table for table in here if here[table] != there[table]} == set(), (name, told.call)
    base.close()


def split_calls(words: list[str]) -> list[list[str]]:
    calls: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            calls.append([])
        else:
            calls[-1].append(word)
    return calls


def test_a_call_names_the_store_and_the_user_only_where_they_are_not_taken_by_themselves(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    command = partial(connections.set_filtering, on=True)
    call = call_of(command, store, Who(1001, ADMIN, read_only=False))
    assert call.endswith("--vault 1001 clients filtering --on")
    assert f"--store {store.path}" in call
    monkeypatch.setattr("models.opening.default_store_path", lambda: store.path)
    assert call_of(command, store, Who(1001, ADMIN, read_only=False)) == (
        "vault-console --vault 1001 clients filtering --on"
    )
    other = call_of(command, store, Who(1001, "reader@lab.example.com", read_only=False))
    assert other == "vault-console --vault 1001 --user reader@lab.example.com clients filtering --on"
    assert default_store_path() != store.path


def test_a_secret_never_stands_in_a_call(store: Store) -> None:
    fill(store)
    values = {"name": "Login", "username__sys": "me", "password__sys": "do not tell"}
    command = partial(connections.save_authorization, kind="basic_auth__sys", key=None)
    call = call_of(command, store, Who(1001, ADMIN, read_only=False), values, False)
    assert "--secret-file SECRET_FILE" in call
    assert "do not tell" not in call


async def test_what_was_done_is_listed_as_calls_and_one_can_be_copied(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "semicolon")
        assert isinstance(app.screen, CallsScreen)
        assert "Nothing has been done yet" in picture(app)
        await press(pilot, "escape", "2", "a", "3", "a")
        assert any("Its call is listed by ;" in note.message for note in app._notifications)
        await press(pilot, "semicolon")
        text = " ".join(picture(app).split())
        assert "queues inactivate lab_outbound__c" in text
        assert "integrations inactivate" in text
        await press(pilot, "enter")
        assert len(app.screen_stack) == 1
        assert app.clipboard.endswith("--vault 1001 queues inactivate lab_outbound__c")


async def test_a_form_and_the_clock_leave_their_calls_too(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "e", "end", "X", "enter")
        assert app.calls[0].call.endswith("queues edit lab_outbound__c --label 'Lab OutboundX'")
