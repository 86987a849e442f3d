"""Reference lookups and their keys: what can be made of them, by whom, and what is kept of it."""

from typing import Any

import pytest
from sqlmodel import Session

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.feed import Topic
from models.queries import lookups as queries
from models.queries.window import Listing
from models.services.connections import create_connection
from models.services.integrations import add_field_rule
from models.services.lookups import (
    create_lookup,
    delete_lookup,
    edit_lookup,
    forget_misses,
    remove_keys,
    rename_key,
    set_key,
)
from models.services.records import create_record
from models.services.vaults import create_user
from models.tables import ConnectionType, LookupType, ReferenceLookup, ReferenceLookupKey, table_of
from tests.builders import key, user
from tests.lookups.conftest import Desk


def read(desk: Desk, lookup_id: int) -> ReferenceLookup:
    with desk.store.read() as session:
        return session.get_one(ReferenceLookup, lookup_id)


def use(desk: Desk, lookup_id: int, source_key: str, uses: int) -> None:
    """What the receive job does when a key was used."""
    keys = table_of(ReferenceLookupKey)
    with desk.store.write() as write:
        write.execute(
            keys.update()
            .where(keys.c.lookup_id == lookup_id, keys.c.source_key == source_key)
            .values(uses=uses, last_used_at=write.now)
        )


# Lookups


def test_a_generic_lookup_gets_the_suffix_of_custom_names(desk: Desk) -> None:
    made = read(desk, desk.lookup("country", "Country"))

    assert (made.api_name, made.type, made.target_object) == ("country__c", LookupType.GENERIC, None)
    assert desk.audited() == [("Create", "Country", "", None, None)]


def test_a_generic_lookup_may_not_have_a_standard_name(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.lookup("country__v", "Country")
    assert set(refused.value.fields) == {"api_name"}


def test_an_object_lookup_names_an_object_and_field_of_the_target_vault(desk: Desk) -> None:
    made = read(
        desk, desk.lookup("product__v", "P", type="object", target_object="product__v", target_key_field="code__c")
    )
    assert (made.target_object, made.target_key_field) == ("product__v", "code__c")


@pytest.mark.parametrize(
    ("target_object", "field", "wrong"),
    [
        ("", "code__c", {"target_object"}),
        ("nothing__v", "code__c", {"target_object"}),
        ("product__v", "nothing__c", {"target_key_field"}),
        ("product__v", "", {"target_key_field"}),
        ("", "", {"target_object", "target_key_field"}),
    ],
)
def test_an_object_lookup_without_a_real_target_is_refused(
    desk: Desk, target_object: str, field: str, wrong: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.lookup("product", "P", type="object", target_object=target_object, target_key_field=field)
    assert set(refused.value.fields) == wrong


def test_a_generic_lookup_has_no_target(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.lookup("country", "Country", target_object="product__v", target_key_field="code__c")
    assert set(refused.value.fields) == {"target_object", "target_key_field"}


def test_two_lookups_of_a_connection_do_not_share_a_name(desk: Desk) -> None:
    desk.lookup("country", "Country")
    with pytest.raises(InvalidInput, match="already has a reference lookup"):
        desk.lookup("country__c", "Another")


def test_only_vault_to_vault_connections_have_lookups(desk: Desk) -> None:
    with desk.store.write() as write:
        local = key(create_connection(write, desk.admin, type=ConnectionType.LOCAL, name="Local", api_name="local__c"))
    with pytest.raises(NotPossible, match="Local"), desk.store.write() as write:
        create_lookup(write, desk.admin, local, name="L", api_name="l", type=LookupType.GENERIC)


def test_an_edit_saves_what_differs_and_audits_it_with_old_and_new_value(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        assert edit_lookup(write, desk.admin, lookup, {"name": "Codes", "api_name": "code__c"}) == ("name",)
        assert edit_lookup(write, desk.admin, lookup, {"name": "Codes"}) == ()

    assert read(desk, lookup).name == "Codes"
    assert desk.audited("Edit") == [("Edit", "Code", "name", "Code", "Codes")]


def test_the_type_of_a_lookup_cannot_be_changed(desk: Desk) -> None:
    lookup = desk.lookup()
    with pytest.raises(InvalidInput) as refused, desk.store.write() as write:
        edit_lookup(write, desk.admin, lookup, {"type": "object"})
    assert set(refused.value.fields) == {"type"}


def test_a_lookup_in_use_cannot_be_deleted_and_the_rule_is_named(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        add_field_rule(
            write,
            desk.pair.target.system,
            desk.pair.rule_id,
            target_object="product__v",
            target_field="code__c",
            query_field="code__c",
            reference_lookup_id=lookup,
        )
    with pytest.raises(NotPossible, match=r"Product Rule: product__v\.code__c"), desk.store.write() as write:
        delete_lookup(write, desk.admin, lookup)
    assert read(desk, lookup)


def test_an_unused_lookup_goes_with_its_keys_and_misses_and_the_audit_keeps_them(desk: Desk) -> None:
    lookup = desk.lookup()
    desk.miss(lookup, "x")
    with desk.store.write() as write:
        set_key(write, desk.admin, lookup, "a", "b")
        delete_lookup(write, desk.admin, lookup)

    assert desk.pairs(lookup) == {}
    assert ("Delete", "Code: a", "target_key", "b", None) in desk.audited("Delete")
    assert ("Delete", "Code", "api_name", "code__c", None) in desk.audited("Delete")


def test_lookups_need_manage_connections(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        create_user(write, 1002, "rita@lab.example.com", "Rita", "Reader", "Read-Only User")
        set_key(write, desk.admin, lookup, "a", "b")
    rita = user(desk.store, 1002, "rita@lab.example.com")
    for attempt in (
        lambda write: create_lookup(write, rita, desk.connection_id, name="x", api_name="x", type=LookupType.GENERIC),
        lambda write: edit_lookup(write, rita, lookup, {"name": "x"}),
        lambda write: delete_lookup(write, rita, lookup),
        lambda write: set_key(write, rita, lookup, "a", "c"),
        lambda write: remove_keys(write, rita, lookup, ["a"]),
        lambda write: forget_misses(write, rita, lookup),
    ):
        with pytest.raises(NotAllowed, match="Manage Connections"), desk.store.write() as write:
            attempt(write)
    assert desk.pairs(lookup) == {"a": "b"}


def test_a_lookup_of_another_vault_is_not_there(desk: Desk) -> None:
    lookup = desk.lookup()
    stranger = user(desk.store, desk.pair.source.vault_id)
    with pytest.raises(NotFound), desk.store.write() as write:
        set_key(write, stranger, lookup, "a", "b")
    with desk.store.read() as session:
        assert queries.detail(session, 1001, lookup) is None
        assert queries.key_detail(session, 1001, lookup, "a") is None


# Keys


def test_a_key_is_added_changed_and_removed_with_an_audit_row_each(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        assert set_key(write, desk.admin, lookup, "U.S.", "United States") == "added"
        assert set_key(write, desk.admin, lookup, "U.S.", "United States") == "unchanged"
        assert set_key(write, desk.admin, lookup, "U.S.", "USA") == "changed"
        assert remove_keys(write, desk.admin, lookup, ["U.S.", "not there"]) == 1

    assert desk.pairs(lookup) == {}
    assert desk.audited()[1:] == [
        ("Create", "Code: U.S.", "target_key", None, "United States"),
        ("Edit", "Code: U.S.", "target_key", "United States", "USA"),
        ("Delete", "Code: U.S.", "target_key", "USA", None),
    ]


def test_keys_that_differ_only_in_capitals_or_blanks_are_different_keys(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        for source in ("us", "US", "US ", " US"):
            set_key(write, desk.admin, lookup, source, "x")
    assert set(desk.pairs(lookup)) == {"us", "US", "US ", " US"}


@pytest.mark.parametrize("bad", ["", "   ", "x" * 256, "a\0b", "\ud800"])
def test_a_key_that_cannot_be_stored_is_refused_on_both_sides(desk: Desk, bad: str) -> None:
    lookup = desk.lookup()
    with pytest.raises(InvalidInput) as refused, desk.store.write() as write:
        set_key(write, desk.admin, lookup, bad, bad)
    assert set(refused.value.fields) == {"source_key", "target_key"}


def test_a_changed_key_keeps_its_uses(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        set_key(write, desk.admin, lookup, "a", "b")
    use(desk, lookup, "a", 7)
    with desk.store.write() as write:
        set_key(write, desk.admin, lookup, "a", "c")
    with desk.store.read() as session:
        found = queries.key_detail(session, 1002, lookup, "a")
    assert found is not None
    assert (found.row.target_key, found.row.uses) == ("c", 7)


def test_a_renamed_key_takes_no_other_ones_place(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        set_key(write, desk.admin, lookup, "a", "1")
        set_key(write, desk.admin, lookup, "b", "2")
        rename_key(write, desk.admin, lookup, "a", "c", "3")
    assert desk.pairs(lookup) == {"b": "2", "c": "3"}
    with pytest.raises(InvalidInput, match="already a pair"), desk.store.write() as write:
        rename_key(write, desk.admin, lookup, "c", "b", "3")


def test_an_added_key_is_missing_no_more(desk: Desk) -> None:
    lookup = desk.lookup()
    desk.miss(lookup, "a", 3)
    desk.miss(lookup, "b")
    with desk.store.write() as write:
        set_key(write, desk.admin, lookup, "a", "x")
    with desk.store.read() as session:
        row = queries.lookup_row(session, 1002, lookup)
    assert row is not None
    assert (row.missing, row.misses) == (1, 1)


def test_misses_can_be_forgotten(desk: Desk) -> None:
    lookup = desk.lookup()
    desk.miss(lookup, "a", 3)
    with desk.store.write() as write:
        assert forget_misses(write, desk.admin, lookup) == 1
        assert forget_misses(write, desk.admin, lookup) == 0


def test_who_watches_rules_and_connections_is_told(desk: Desk) -> None:
    lookup = desk.lookup()
    subscription = desk.store.feed.subscribe({Topic.RULES, Topic.CONNECTIONS})
    with desk.store.write() as write:
        set_key(write, desk.admin, lookup, "a", "b")
    assert {(change.topic, change.vault_id) for change in subscription.drain()} == {
        (Topic.RULES, 1002),
        (Topic.CONNECTIONS, 1002),
    }
    subscription.close()


# Reading


def test_a_lookup_says_what_is_used_unused_and_missing(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        for source in "abc":
            set_key(write, desk.admin, lookup, source, source.upper())
    use(desk, lookup, "b", 2)
    desk.miss(lookup, "x", 5)
    desk.miss(lookup, "y", 2)
    with desk.store.read() as session:
        found = queries.detail(session, 1002, lookup)
        (row,) = queries.lookups(session, 1002, desk.connection_id)
        keys = page(session, queries.key_listing(1002, lookup))
        unused = page(session, queries.key_listing(1002, lookup, unused_only=True))
        by_uses = page(session, queries.key_listing(1002, lookup, sort="uses", descending=True))
        searched = page(session, queries.key_listing(1002, lookup, text="B"))
        missing = page(session, queries.miss_listing(1002, lookup))

    assert found is not None
    assert found.row == row
    assert (row.keys, row.used, row.unused, row.missing, row.misses, row.rules) == (3, 1, 2, 2, 7, 0)
    assert found.unused == ("a", "c")
    assert [line.key for line in found.missing] == [line.key for line in missing] == ["x", "y"]
    assert [line.key for line in keys] == ["a", "b", "c"]
    assert [line.key for line in unused] == ["a", "c"]
    assert by_uses[0].key == "b"
    assert [line.key for line in searched] == ["b"]


def test_a_target_key_of_an_object_lookup_leads_to_its_record(desk: Desk) -> None:
    lookup = desk.lookup("p", "P", type="object", target_object="product__v", target_key_field="code__c")
    with desk.store.write() as write:
        record = create_record(write, desk.pair.target.system, "product__v", {"name__v": "One", "code__c": "C1"})
        set_key(write, desk.admin, lookup, "a", "C1")
        set_key(write, desk.admin, lookup, "b", "C2")
    with desk.store.read() as session:
        good = queries.key_detail(session, 1002, lookup, "a")
        dead = queries.key_detail(session, 1002, lookup, "b")
    assert good is not None
    assert good.record is not None
    assert (good.record.record_id, good.record.name) == (record, "One")
    assert dead is not None
    assert dead.record is None


def page(session: Session, listing: Listing[Any]) -> list[Any]:
    return listing.page(session, 0, 100, listing.count(session))
