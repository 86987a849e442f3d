"""The command-line twin of what the console does: it is there, it is shown, and it does the same."""

import ast
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer.main

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
from console.twins.call import call_of
from console.twins.catalogue import TWINS
from models.location import default_store_path
from models.store import Store
from tests.builders import ADMIN
from tests.console.lab import console, fill, press, settle
from tests.console.test_plain import WIDE
from tests.console.walking import picture

HERE = Path(__file__).resolve().parents[2] / "console"
UNTWINNED = {"lookups.preview"}
"""Takes back what it does."""


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
        assert any("; lists and copies calls" in note.message for note in app._notifications)
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
