"""Documents by the command line: each action has its command, and `--json` tells a program the same."""

from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Call
from tests.cli.conftest import call as call
from tests.cli.conftest import own_folders as own_folders
from tests.documents.lab import STEADY, DocumentLab, send_documents

SOURCE, TARGET = ("--vault", "Source"), ("--vault", "Target")


@pytest.fixture
def on(lab: DocumentLab, call: Call, tmp_path: Path) -> Call:
    """Calls on the lab's store."""
    del lab

    def invoke(*words: str, code: int = 0) -> Answer:
        return call("--store", str(tmp_path / "lab.sqlite3"), "documents", *words, code=code)

    return invoke


def test_a_document_is_created_edited_drafted_and_approved(on: Call) -> None:
    made = on("create", "name__v=Guide", "title__v=One", *SOURCE, "--json").document
    assert made["version"] == "0.1"

    assert on("edit", made["id"], "title__v=Two", *SOURCE, "--json").document["changed"] is True
    assert on("state", made["id"], "approved__c", *SOURCE, "--json").document["version"] == "1.0"
    assert on("version", made["id"], *SOURCE, "--json").document["version"] == "1.1"
    assert "2.0" in on("state", made["id"], "approved__c", *SOURCE).out

    shown = on("show", made["id"], *SOURCE, "--json").document["document"]
    assert [(line["version"], line["state_type"]) for line in shown["versions"]] == [
        ("2.0", "steady"),
        ("1.0", "superseded"),
    ]
    assert shown["fields"]["title__v"] == "Two"


def test_a_document_is_made_obsolete_and_deleted(on: Call, lab: DocumentLab) -> None:
    document = lab.steady()

    on("state", document, "obsolete", *SOURCE)
    assert lab.history(document) == [("1.0", "obsolete__c")]

    on("delete", document, *SOURCE)
    assert on("list", *SOURCE, "--json").document["total"] == 0


def test_the_list_tells_versions_and_can_be_narrowed_by_state_type(on: Call, lab: DocumentLab) -> None:
    lab.steady("Approved")
    lab.document("Draft")

    everything = on("list", *SOURCE).out
    steady = on("list", "--state-type", "steady", *SOURCE, "--json").document["documents"]

    assert "Approved" in everything
    assert "0.1" in everything
    assert [(row["name"], row["version"], row["state_type"]) for row in steady] == [("Approved", "1.0", "steady")]
    assert "no state type" in on("list", "--state-type", "firm", *SOURCE, code=2).err


def test_a_crosslink_tells_what_it_is_bound_to_and_its_source_who_is_bound_to_it(on: Call, lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    document = lab.steady()
    lab.transfer()
    crosslink = lab.crosslink()["id"]

    listed = on("crosslinks", *TARGET, "--json").document["crosslinks"]
    assert [(row["record_id"], row["source_record_id"], row["source_version"]) for row in listed] == [
        (crosslink, document, "1.0")
    ]
    assert "Specific Document Version" in on("show", crosslink, *TARGET).out
    assert on("show", document, *SOURCE, "--json").document["document"]["used_by"][0]["vault"] == "Target"
    assert on("list", "--crosslinks", *TARGET, "--json").document["total"] == 1
    assert on("list", "--own", *TARGET, "--json").document["total"] == 0


def test_what_a_vault_refuses_is_told_in_words(on: Call, lab: DocumentLab) -> None:
    document = lab.steady()
    product = lab.create("Aspirin")

    assert "already" in on("state", document, "approved__c", *SOURCE, code=1).err
    assert "no document" in on("version", product, *SOURCE, code=1).err
    assert "no document" in on("show", product, *SOURCE, code=1).err
    assert set(on("edit", document, "major_version_number__v=3", *SOURCE, "--json", code=1).error["fields"]) == {
        "major_version_number__v"
    }


def test_a_read_only_call_changes_nothing(call: Call, lab: DocumentLab, tmp_path: Path) -> None:
    document = lab.document()
    store = ("--store", str(tmp_path / "lab.sqlite3"), "--readonly")

    assert "read-only" in call(*store, "documents", "version", document, *SOURCE, code=1).err
    assert lab.history(document) == [("0.1", "draft__c")]
