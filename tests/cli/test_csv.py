"""Every list of the command line is also to be had as CSV, in one and the same way."""

import csv
import io
from typing import Any

import pytest
import typer.main

from console.cli.frame import Lists
from console.cli.program import application
from tests.cli.conftest import ODD, Call, Lab

LISTS = [
    "audit list",
    "catalogue list",
    "certificates list",
    "clients list lab_connection__c --vault Source",
    "connections actions lab_connection__c --vault Source",
    "connections list",
    "connections stats lab_connection__c --vault Source",
    "connections timeline lab_connection__c --vault Source",
    "exceptions list --all",
    "exceptions retries",
    "integrations list",
    "jobs list",
    "jobs runs",
    "jobs trends",
    "keys",
    "lookups list",
    "lookups misses",
    "messages list",
    "notifications list",
    "notifications show",
    "queues list",
    "queues log",
    "records list --vault Source",
    "records list product__v --vault Source",
    "rules list",
    "snapshot list",
    "undo --list --vault Source",
    "users list",
    "vaults",
]
NEEDS_MORE = {"documents list", "documents crosslinks", "lookups show", "authorizations list"}
"""Lists of which this lab has nothing."""


def lists(node: Any = None, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """All commands whose answer is a list."""
    node = node or typer.main.get_command(application)
    found = {" ".join(path): node} if isinstance(node, Lists) else {}
    for each in list(getattr(node, "commands", ())):
        found |= lists(node.commands[each], (*path, each))
    return found


def every(node: Any = None, path: tuple[str, ...] = ()) -> set[str]:
    node = node or typer.main.get_command(application)
    if hasattr(node, "commands"):
        return {name for each in list(node.commands) for name in every(node.commands[each], (*path, each))}
    return {" ".join(path)}


def test_whatever_is_called_a_list_has_csv() -> None:
    known = set(lists())
    assert {name for name in every() if name.endswith(" list")} <= known
    named = {max((one for one in known if words.startswith(one)), key=len) for words in LISTS}
    assert named | NEEDS_MORE == known


@pytest.fixture
def moved(on: Call) -> None:
    on("--vault", "Source", "jobs", "run")
    on("--vault", "Target", "jobs", "run", "receive")


@pytest.mark.usefixtures("moved")
def test_every_list_has_the_same_rows_in_csv_as_in_json(on: Call) -> None:
    for words in LISTS:
        name = max((one for one in lists() if words.startswith(one)), key=len)
        told = on(*words.split(), "--csv").out
        found = list(csv.DictReader(io.StringIO(told)))
        document = on(*words.split(), "--json").document
        held = next((document[each] for each in lists()[name].lists if each in document), None)
        if name == "jobs trends":
            held = [hour for vault in document["vaults"] for hour in vault["hours"]]
        assert held is not None, words
        assert len(found) == len(held), words
        for row, line in zip(held, found, strict=True):
            assert set(row) <= set(line), words
            for key, value in row.items():
                if isinstance(value, str):
                    assert line[key] == value, words


def test_stored_text_stands_in_its_cell_as_it_is(on: Call, lab: Lab) -> None:
    told = on("records", "list", "product__v", "--vault", "Source", "--csv").out
    assert ODD in {row["name"] for row in csv.DictReader(io.StringIO(told))}
    assert lab.good in told


def test_a_list_that_was_cut_says_so_beside_its_rows(on: Call) -> None:
    answer = on("records", "list", "product__v", "--vault", "Source", "--limit", "1", "--csv")
    assert len(list(csv.reader(io.StringIO(answer.out)))) == 2
    assert answer.err.strip() == "1 of 3 rows; --limit gives more."


def test_csv_and_json_cannot_both_be_had_and_what_is_no_list_has_no_csv(on: Call) -> None:
    assert "Choose one of both" in on("vaults", "--csv", "--json", code=1).err
    assert "--csv" in on("info", "--csv", code=2).err
    assert "--csv" in on("redo", "--csv", code=2).err
