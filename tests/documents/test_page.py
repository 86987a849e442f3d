"""The page on documents says what is so: the tests and commands that it names exist."""

import re
from typing import Any

import typer.main

from console.cli.program import application
from tests.test_docs import NAMED_TEST, ROOT, ROW

PAGE = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED_TEST.findall(PAGE)
    texts = {file: (ROOT / "tests" / file).read_text(encoding="utf-8") for file, _ in named}

    assert len(named) > 15
    missing = [name for file, name in named if not re.search(rf"^(async )?def {name}\(", texts[file], re.MULTILINE)]
    assert missing == []


def test_every_command_that_the_page_names_exists() -> None:
    program: Any = typer.main.get_command(application)
    rows = ROW.findall(PAGE)

    assert len(rows) > 15
    for words in rows:
        command = program
        for word in words.split():
            assert word in command.commands, words
            command = command.commands[word]


def test_every_key_that_the_page_names_is_one_of_the_records_area() -> None:
    from console.key_names import shown
    from console.screens.records import RecordsScreen

    keys = {shown(action.key) for action in RecordsScreen.ACTIONS}
    named = set(re.findall(r"^\|[^|]+\| `([A-Za-z]{1,3})`", PAGE, re.MULTILINE))

    assert {"V", "S"} <= named <= keys
