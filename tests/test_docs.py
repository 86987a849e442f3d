"""What the documents say of the program is so: what is assumed, and which test proves what."""

import re
from pathlib import Path
from typing import Any

import typer.main

from console.cli.program import application

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("console", "models", "scheduler", "seed")
WORD = re.compile(r"\bAssumed\b")
LISTED = re.compile(r"^\| `([^`]+)` \| \S", re.MULTILINE)


def modules_that_assume() -> set[str]:
    files = [file for room in ROOMS for ending in ("py", "yaml") for file in (ROOT / room).rglob(f"*.{ending}")]
    return {file.relative_to(ROOT).as_posix() for file in files if WORD.search(file.read_text(encoding="utf-8"))}


def modules_that_are_listed() -> list[str]:
    return LISTED.findall((ROOT / "docs" / "assumed.md").read_text(encoding="utf-8"))


def test_every_module_that_assumes_something_is_listed_in_the_document() -> None:
    assert modules_that_assume()
    assert sorted(modules_that_assume() - set(modules_that_are_listed())) == []


def test_every_module_that_the_document_lists_does_assume_something() -> None:
    assert sorted(set(modules_that_are_listed()) - modules_that_assume()) == []


def test_no_module_is_listed_twice() -> None:
    listed = modules_that_are_listed()
    assert sorted(listed) == sorted(set(listed))


NAMED_TEST = re.compile(r"`([a-z_]+/test_[a-z_]+\.py)::(test_[a-z0-9_]+)`")
ROW = re.compile(r"^\|[^|]+\|[^|]+\| `([^`]+)` \|.+\|$", re.MULTILINE)


def connections_page() -> str:
    return (ROOT / "docs" / "connections.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_on_connections_names_exists() -> None:
    named = NAMED_TEST.findall(connections_page())
    assert len(named) > 50
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(
            rf"^(?:async )?def {name}\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert missing == []


def test_every_command_that_the_page_on_connections_names_exists() -> None:
    program: Any = typer.main.get_command(application)
    for words in ROW.findall(connections_page()):
        command = program
        for word in words.split():
            assert word in command.commands, words
            command = command.commands[word]


def test_every_row_of_the_page_on_connections_is_proved() -> None:
    rows = [line for line in connections_page().splitlines() if line.startswith("| ") and "Proved by" not in line]
    assert len(rows) > 40
    assert [row for row in rows if "::test_" not in row] == []
