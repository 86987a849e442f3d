"""What is assumed about the vendor's product is told in one place, and all of it."""

import re
from pathlib import Path

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
