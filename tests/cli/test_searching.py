"""`records search` and `records take`: a connected Vault is searched, and what is found is taken over."""

import pytest

from models.tables import SEARCH_ON_DEMAND, IntegrationPoint, table_of
from tests.cli.conftest import Call, Lab

TARGET = ("--vault", "1002", "--json")


@pytest.fixture
def searched(lab: Lab) -> Lab:
    """The target Vault's point offers a search of the source Vault."""
    points = table_of(IntegrationPoint)
    with lab.store.write() as write:
        write.execute(
            points.update().where(points.c.id == lab.pair.target.point_id).values(behaviours=[SEARCH_ON_DEMAND])
        )
    return lab


def test_what_a_search_finds_is_taken_over(searched: Lab, on: Call) -> None:
    found = on(*TARGET, "records", "search", "product__v", "goo").document
    assert [hit["name"] for hit in found["found"]] == ["Good"]
    assert (found["found"][0]["record_id"], found["found"][0]["known_as"]) == (searched.good, "")

    taken = on(*TARGET, "records", "take", "product__v", searched.good).document
    assert (taken["created"], taken["changed"]) == (True, True)
    shown = on(*TARGET, "records", "show", taken["id"]).document["record"]
    assert (shown["name"], shown["fields"]["code__c"]["value"]) == ("Good", "G-1")

    again = on(*TARGET, "records", "search", "product__v", "goo").document
    assert again["found"][0]["known_as"] == taken["id"]
    assert on(*TARGET, "records", "take", "product__v", searched.good).document["changed"] is False


def test_what_cannot_be_stored_here_is_told_by_field(searched: Lab, on: Call) -> None:
    refused = on(*TARGET, "records", "take", "product__v", searched.bad, code=1)
    assert "code__c" in str(refused.error)


def test_a_vault_that_offers_no_search_says_so(lab: Lab, on: Call) -> None:  # noqa: ARG001
    refused = on(*TARGET, "records", "search", "product__v", code=1)
    assert "No connection of this Vault offers a search for product__v." in str(refused.error)
