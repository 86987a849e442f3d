"""`notifications list` and `seen` on the command line."""

from typing import Any

from tests.builders import OWNER
from tests.cli.conftest import Call, Lab

SOURCE = ("--vault", "Source")


def listed(on: Call, *more: str) -> list[dict[str, Any]]:
    found = on("notifications", "list", *more, "--json").document["notifications"]
    assert isinstance(found, list)
    return found


def test_notifications_are_listed_and_marked_as_seen(on: Call, lab: Lab) -> None:
    assert "There is nothing to tell." in on("notifications", "list").out
    on("integrations", "inactivate", "product_integration__c", "--vault", "Target")
    assert {row["vault"] for row in listed(on)} == {"Source", "Target"}
    (notice,) = listed(on, *SOURCE)
    assert notice["kind"] == "Active on one side"
    assert (notice["area"], notice["place"]) == ("integrations", lab.pair.source.integration_id)
    assert "inactive in Target" in on("notifications", "list", *SOURCE).out
    said = on("notifications", "seen", notice["id"], *SOURCE).out
    assert "Marked 1 notification of Source as seen." in said
    assert listed(on, "--new", *SOURCE) == []
    assert [row["seen"] for row in listed(on, *SOURCE)] == [True]
    assert "There is nothing new to tell." in on("notifications", "list", "--new", *SOURCE).out
    assert len(listed(on, "--new", "--user", OWNER, *SOURCE)) == 1


def test_all_of_a_vault_are_marked_together(on: Call, lab: Lab) -> None:
    on("integrations", "inactivate", "product_integration__c", "--vault", "Target")
    assert on("notifications", "seen", *SOURCE, "--json").document["seen"] == [
        f"half-{lab.pair.source.integration_id}-{lab.pair.target.integration_id}-here"
    ]
    assert len(listed(on, "--new")) == 1


def test_an_unknown_one_and_a_read_only_session_are_refused(on: Call, lab: Lab) -> None:
    assert "There is no notification nothing" in on("notifications", "seen", "nothing", *SOURCE, code=1).err
    assert "read-only" in on("--readonly", "notifications", "seen", *SOURCE, code=1).err
    assert lab.path.exists()
