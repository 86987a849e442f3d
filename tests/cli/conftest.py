"""Calls of the command line on a store of two connected Vaults, in folders of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from console.cli.program import application
from models.permissions import Actor
from models.services.records import create_record
from models.services.vaults import FieldSpec
from models.store import Store
from tests.builders import PRODUCT_FIELDS, Pair, build_pair
from tests.stores import made_once

ODD = "[/foo] \x1b[31mred\u202e [@click=app.quit]x[/]"
"""A name with everything that a screen or a terminal could take for an order."""


@dataclass(frozen=True)
class Answer:
    """How a call ended: its exit code, and what it printed on both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The error that a program reads on stderr."""
        found = json.loads(self.err)["error"]
        assert isinstance(found, dict)
        return found


class Call(Protocol):
    """Calls the command line; a call that is not expected to end with `code` fails the test."""

    def __call__(self, *words: str, code: int = 0) -> Answer: ...


@dataclass(frozen=True)
class Lab:
    """A store of two Vaults with three products in the source, one of which the target cannot take."""

    path: Path
    store: Store
    pair: Pair
    good: str
    odd: str
    bad: str


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is read from or left in the account's own folders."""
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("VAULT_CONSOLE_STORE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def call() -> Call:
    runner = CliRunner()

    def invoke(*words: str, code: int = 0) -> Answer:
        result = runner.invoke(application, list(words), prog_name="vault-console")
        answer = Answer(result.exit_code, result.stdout, result.stderr)
        assert answer.code == code, answer
        assert "Traceback" not in answer.out + answer.err
        return answer

    return invoke


@made_once
def build(store: Store) -> tuple[Pair, list[str]]:
    short_code = (FieldSpec("code__c", "Code", max_length=5), *PRODUCT_FIELDS[1:])
    pair = build_pair(store, target_fields=short_code)
    with store.write() as write:
        actor = Actor.system(pair.source.vault_id)
        records = [
            create_record(write, actor, "product__v", {"name__v": name, **values})
            for name, values in (
                ("Good", {"code__c": "G-1", "strength__c": 5, "marketed__c": True}),
                (ODD, {"code__c": "O-1", "strength__c": 2.5}),
                ("Bad", {"code__c": "TOO-LONG"}),
            )
        ]
    return pair, records


@pytest.fixture
def lab(store: Store, tmp_path: Path) -> Lab:
    pair, records = build(store)
    return Lab(tmp_path / "lab.sqlite3", store, pair, *records)


@pytest.fixture
def on(lab: Lab, call: Call) -> Call:
    """Calls on the lab's store."""

    def invoke(*words: str, code: int = 0) -> Answer:
        return call("--store", str(lab.path), *words, code=code)

    return invoke
