"""`undo` and `redo` on the command line."""

from typing import Any

from models.store import Store
from models.tables import Queue
from tests.builders import ADMIN, OWNER
from tests.cli.conftest import Call, Lab

SOURCE = ("--vault", "Source")


def description(store: Store, key: int) -> str:
    with store.read() as session:
        return session.get_one(Queue, key).description


def change(on: Call, text: str, *more: str) -> None:
    on("queues", "edit", "lab_outbound__c", "--description", text, *SOURCE, *more)


def listed(on: Call, *more: str) -> list[dict[str, Any]]:
    found = on("undo", "--list", *more, *SOURCE, "--json").document["changes"]
    assert isinstance(found, list)
    return found


def test_the_last_change_is_shown_and_taken_back_only_on_a_yes(on: Call, lab: Lab) -> None:
    key = lab.pair.source.queue_id
    change(on, "first")
    change(on, "second")
    shown = on("undo", *SOURCE).out
    assert "Edit queue Lab Outbound" in shown
    assert "description: second → first" in shown
    assert "Nothing was changed. Add --yes" in shown
    assert on("undo", *SOURCE, "--json").document["done"] is False
    assert description(lab.store, key) == "second"
    assert "Taken back: Edit queue Lab Outbound." in on("undo", "--yes", *SOURCE).out
    assert description(lab.store, key) == "first"
    assert on("undo", "--yes", *SOURCE, "--json").document["done"] is True
    assert description(lab.store, key) == ""
    assert "has changed nothing that could be taken back" in on("undo", *SOURCE, code=1).err


def test_what_was_taken_back_is_done_again(on: Call, lab: Lab) -> None:
    change(on, "first")
    assert "taken back nothing that could be done again" in on("redo", *SOURCE, code=1).err
    on("undo", "--yes", *SOURCE)
    assert "Done again: Undo Edit queue Lab Outbound." in on("redo", "--yes", *SOURCE).out
    assert description(lab.store, lab.pair.source.queue_id) == "first"


def test_the_changes_that_are_kept_are_listed(on: Call) -> None:
    assert "Nobody has changed" in on("undo", "--list", *SOURCE).out
    change(on, "mine")
    change(on, "theirs", "--user", OWNER)
    on("undo", "--yes", "--user", OWNER, *SOURCE)
    rows = listed(on)
    assert [(row["id"], row["user"], row["undoes"], row["undone_by"]) for row in rows] == [
        (3, OWNER, 2, None),
        (2, OWNER, None, 3),
        (1, ADMIN, None, None),
    ]
    assert [row["id"] for row in listed(on, "--mine")] == [1]
    assert [row["id"] for row in listed(on, "--limit", "1")] == [3]
    assert "taken back" in on("undo", "--list", *SOURCE).out
    assert listed(on)[2]["parts"][0]["new_value"] == "mine"


def test_another_change_is_taken_back_by_its_number_unless_something_changed_since(on: Call, lab: Lab) -> None:
    change(on, "mine")
    on("queues", "disable-delivery", "lab_outbound__c", *SOURCE)
    on("undo", "1", "--yes", *SOURCE)
    assert description(lab.store, lab.pair.source.queue_id) == ""
    change(on, "again")
    change(on, "theirs", "--user", OWNER)
    refused = on("undo", "--yes", *SOURCE, code=1).err
    assert "description changed" in refused
    assert OWNER in refused
    assert "It has been taken back already" in on("undo", "1", "--yes", *SOURCE, code=1).err
    assert "keeps no change 99" in on("undo", "99", "--yes", *SOURCE, code=1).err


def test_a_read_only_session_takes_nothing_back(on: Call, lab: Lab) -> None:
    change(on, "mine")
    assert "read-only" in on("--readonly", "undo", "--yes", *SOURCE, code=1).err
    assert description(lab.store, lab.pair.source.queue_id) == "mine"
