"""`records actions` and `records act`: what a user can do with a record at one stroke."""

import pytest

from models.tables import VaultObject, table_of
from models.user_actions import UserAction
from tests.cli.conftest import Call, Lab

SOURCE = ("--vault", "Source")
ACTIONS = (
    UserAction("Withdraw", {"marketed__c": False}, about="It is no longer sent."),
    UserAction("Transfer to Quality", {"code__c": "sent"}, {"launched__c": "2026-01-05"}),
)


@pytest.fixture
def acted(lab: Lab) -> Lab:
    """The source Vault's products have two user actions."""
    objects = table_of(VaultObject)
    with lab.store.write() as write:
        write.execute(
            objects.update()
            .where(objects.c.vault_id == lab.pair.source.vault_id, objects.c.name == "product__v")
            .values(actions=[action.kept for action in ACTIONS])
        )
    return lab


def test_the_actions_of_a_record_are_listed_with_why_one_is_not_possible(acted: Lab, on: Call) -> None:
    document = on("records", "actions", acted.good, *SOURCE, "--json").document
    assert (document["id"], document["object"]) == (acted.good, "product__v")
    assert document["actions"] == [
        {"name": "Withdraw", "about": "It is no longer sent.", "sets": "Marketed is No", "done": False, "why_not": ""},
        {
            "name": "Transfer to Quality",
            "about": "",
            "sets": "Code is sent",
            "done": False,
            "why_not": "Transfer to Quality is possible once Launch Date is 2026-01-05.",
        },
    ]
    assert "Withdraw" in on("records", "actions", acted.good, *SOURCE).out


def test_an_action_is_performed_once(acted: Lab, on: Call) -> None:
    assert on("records", "act", acted.good, "Withdraw", *SOURCE, "--json").document["changed"] is True
    shown = on("records", "show", acted.good, *SOURCE, "--json").document["record"]
    assert shown["fields"]["marketed__c"]["value"] == "false"
    assert on("records", "act", acted.good, "withdraw", *SOURCE, "--json").document["changed"] is False
    assert "this was done already; nothing changed" in on("records", "act", acted.good, "Withdraw", *SOURCE).out
    assert on("audit", "list", "--action", "Withdraw", *SOURCE, "--json").document["total"] == 1


def test_what_cannot_be_done_is_refused_in_words(acted: Lab, on: Call) -> None:
    refused = on("--json", "records", "act", acted.good, "Transfer to Quality", *SOURCE, code=1).error
    assert "possible once Launch Date is 2026-01-05" in str(refused)
    assert "Product has no user action Fly" in str(
        on("--json", "records", "act", acted.good, "Fly", *SOURCE, code=1).error
    )
    read_only = on("--json", "--readonly", "records", "act", acted.good, "Withdraw", *SOURCE, code=1).error
    assert read_only["title"] == "Permission missing"


def test_a_record_without_actions_has_none_to_list(lab: Lab, on: Call) -> None:
    assert "has no user actions" in on("records", "actions", lab.good, *SOURCE).out
