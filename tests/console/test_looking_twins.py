"""Whatever is only looked at has its call too: it is listed, it is a call that there is, and it shows the same."""

import csv
import io
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli.program import application
from console.twins.call import shortened
from models.store import Store
from tests.console.lab import console, fill, fill_lookups, press, settle

LOOKS: dict[str, tuple[int, tuple[str, ...], str]] = {
    "doctor": (1001, ("1", "D"), "doctor lab_connection__c"),
    "doctor of the split view": (1001, ("1", "S", "D"), "doctor lab_connection__c"),
    "stats": (1001, ("1", "h"), "connections stats lab_connection__c --days 7 --until 2026-01-05"),
    "trends": (1001, ("7", "h"), "jobs trends"),
    "record explained": (1001, ("6", "e"), "explain record"),
    "record traced": (1001, ("6", "t"), "trace"),
    "message explained": (1001, ("9", "e"), "explain message"),
    "signature": (1001, ("9", "c"), "messages show"),
    "exception explained": (1002, ("5", "e"), "explain exception 1"),
    "retry rehearsed": (1002, ("5", "d"), "dry-run retry 1"),
    "integration rehearsed": (1001, ("2", "d"), "dry-run integration product_integration__c"),
}


def run(call: str) -> Any:
    words = shlex.split(call)
    return CliRunner().invoke(application, words[1:], prog_name="vault-console")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setattr("console.doing.files.first_folder", lambda: tmp_path)


@pytest.mark.parametrize("name", LOOKS)
async def test_what_is_looked_at_leaves_its_call_and_the_call_works(store: Store, name: str) -> None:
    fill(store)
    vault, keys, words = LOOKS[name]
    app = console(store, vault=vault)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        assert [words in line.call for line in app.calls] == [True], [line.call for line in app.calls]
        call = app.calls[0].call
        assert not app._notifications, "looking tells nothing"
    done = run(call)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip()


SAVED = {
    "connections": (1001, ("1",), ""),
    "integrations": (1001, ("2",), ""),
    "queues": (1001, ("3",), "outbound"),
    "messages of a queue": (1001, ("3", "enter"), ""),
    "all messages": (1001, ("9",), "state:queued"),
    "exceptions": (1002, ("5",), ""),
    "records": (1001, ("6",), "Product 01"),
    "jobs": (1001, ("7",), ""),
    "audit": (1001, ("8",), ""),
    "lookups": (1002, ("1", "l"), ""),
    "keys": (1002, ("1", "l", "enter"), ""),
    "missing keys": (1002, ("1", "l", "m"), ""),
}


@pytest.mark.parametrize("name", SAVED)
async def test_a_list_that_was_saved_leaves_a_call_that_writes_as_many_rows(store: Store, name: str) -> None:
    fill(store)
    fill_lookups(store)
    vault, keys, text = SAVED[name]
    app = console(store, vault=vault)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        if text:
            await press(pilot, "slash", *text, "enter")
        await press(pilot, "Y", "enter")
        assert app.calls, [note.message for note in app._notifications]
        call = app.calls[0].call
    line, _, path = call.partition(" > ")
    rows = list(csv.DictReader(io.StringIO(Path(shlex.split(path)[0]).read_text(encoding="utf-8"))))
    done = run(line)
    assert done.exit_code == 0, done.output
    told = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows
    assert len(told) == len(rows)
    if "id" in rows[0] and "id" in told[0]:
        assert {row["id"] for row in told} == {row["id"] for row in rows}


async def test_what_was_done_names_its_call_at_once(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "a")
        note = next(note.message for note in app._notifications if "lists and copies calls" in note.message)
        assert "vault-console --vault 1001 queues inactivate lab_outbound__c" in note
        assert str(store.path) not in note, "where the store is, is known"


def test_a_long_call_is_cut_where_it_is_only_named() -> None:
    line = f"vault-console --store /somewhere/lab.sqlite3 --vault 1001 records set 1 {'name__v=x ' * 40}"
    assert shortened(line, 60) == "vault-console --vault 1001 records set 1 name__v=x name__v=…"
    assert len(shortened(line, 60)) == 60
