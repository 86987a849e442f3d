"""What the receive job counts is what the lists of lookups show: uses, keys never used, and missing keys."""

import pytest

from models.permissions import Actor
from models.queries import lookups as queries
from models.services.checks import key_of
from models.services.lookup_files import load_keys
from models.services.lookups import create_lookup, set_key
from models.store import Store
from models.tables import FieldRule, LookupType
from tests.conftest import ManualClock
from tests.lookups.test_lookups import page
from tests.stages.lab import Lab, before_write, make_lab


def looked_up(store: Store, clock: ManualClock, **options: str) -> tuple[Lab, int]:
    """A lab whose products' codes are looked up."""
    lab = make_lab(store, clock)
    rule = next(row for row in lab.rows(FieldRule) if row.target_field == "code__c")
    with store.write() as write:
        made = create_lookup(
            write,
            Actor.system(1002),
            lab.target.connection_id,
            name="Code",
            api_name="code",
            type=LookupType.GENERIC,
            **options,
        )
        lookup = key_of(made)
        load_keys(write, Actor.system(1002), lookup, b"source_key,target_key\nDE,Germany\nFR,France\n")
    lab.update_row(FieldRule, rule.id, reference_lookup_id=lookup)
    return lab, lookup


def transfer(lab: Lab) -> None:
    lab.clock.advance(minutes=5)
    lab.transfer()


def test_uses_and_missing_keys_are_counted_as_records_arrive(store: Store, clock: ManualClock) -> None:
    lab, lookup = looked_up(store, clock)
    for name, code in (("A", "DE"), ("B", "DE"), ("C", "U.S."), ("D", "[/foo]"), ("E", "U.S.")):
        lab.create(name, code__c=code)
    transfer(lab)

    with store.read() as session:
        row = queries.lookup_row(session, 1002, lookup)
        keys = page(session, queries.key_listing(1002, lookup))
        missing = page(session, queries.miss_listing(1002, lookup))
    assert row is not None
    assert (row.keys, row.used, row.unused, row.missing) == (2, 1, 1, 2)
    assert [(key.key, key.uses, key.last_used_at is not None) for key in keys] == [("DE", 2, True), ("FR", 0, False)]
    assert [(miss.key, miss.misses) for miss in missing] == [("U.S.", 2), ("[/foo]", 1)]


def test_a_key_that_is_added_while_a_run_misses_it_is_not_missing_afterwards(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, lookup = looked_up(store, clock)
    for name, code in (("A", "U.S."), ("B", "Chile")):
        lab.create(name, code__c=code)
    lab.send()
    lab.deliver()

    def add() -> None:
        with store.write() as write:
            set_key(write, Actor.system(1002), lookup, "U.S.", "United States")

    # The run begins, claims, and asks for more before it writes what it has looked up.
    added = before_write(monkeypatch, lab, 4, add)
    lab.receive()
    assert added
    assert len(lab.items()) == 2
    with store.read() as session:
        missing = page(session, queries.miss_listing(1002, lookup))
    assert [(miss.key, miss.misses) for miss in missing] == [("Chile", 1)]


def test_an_added_missing_key_lets_the_record_arrive_and_is_then_used(store: Store, clock: ManualClock) -> None:
    lab, lookup = looked_up(store, clock)
    lab.create("A", code__c="U.S.")
    transfer(lab)
    assert lab.targets() == []

    with store.write() as write:
        set_key(write, Actor.system(1002), lookup, "U.S.", "United States")
    transfer(lab)
    assert [row["code__c"] for row in lab.targets()] == ["United States"]
    with store.read() as session:
        detail = queries.key_detail(session, 1002, lookup, "U.S.")
        row = queries.lookup_row(session, 1002, lookup)
    assert detail is not None
    assert detail.row.uses == 1
    assert row is not None
    assert row.missing == 0
