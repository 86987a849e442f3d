"""Dry run: it says what the next runs would do, does nothing, and is right."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import NotAllowed, NotFound
from models.feed import Change
from models.permissions import Actor
from models.record_writer import Effect
from models.services.vaults import FieldSpec
from models.store import Store
from models.tables import FieldType, Integration, PointSource
from scheduler.rehearsal import rehearse_integration, rehearse_point, rehearse_retry
from tests.builders import user
from tests.conftest import ManualClock
from tests.contents import digest_of
from tests.stages.lab import Lab, counts, make_lab

STRICT = (FieldSpec("code__c", "Code", max_length=3), FieldSpec("strength__c", "Strength", FieldType.NUMBER))
LOOSE = (FieldSpec("code__c", "Code", max_length=20), FieldSpec("strength__c", "Strength", FieldType.NUMBER))


@pytest.fixture
def strict(store: Store, clock: ManualClock) -> Lab:
    """A target that refuses long codes."""
    return make_lab(store, clock, source_fields=LOOSE, target_fields=STRICT)


def test_a_dry_run_of_an_integration_counts_what_the_next_runs_then_do(strict: Lab) -> None:
    changed = strict.create("Changed", code__c="C")
    strict.create("Same", code__c="S")
    strict.transfer()
    strict.clock.advance(minutes=5)
    strict.change(changed, code__c="C2")
    strict.create("New", code__c="N")
    strict.create("Bad", code__c="TOO-LONG")
    told = rehearse_integration(strict.store, strict.source.system, strict.source.integration_id)
    result = strict.transfer()
    assert (told.found, told.created, told.updated, told.unchanged, told.failed) == (3, 1, 1, 0, 1)
    assert counts(result) == {"received": 3, "created": 1, "updated": 1, "failed": 1}


def test_it_tells_record_by_record_what_would_change(strict: Lab) -> None:
    product = strict.create("Aspirin", code__c="A", strength__c=500)
    strict.transfer()
    strict.clock.advance(minutes=5)
    strict.change(product, strength__c=1000)
    strict.create("Bad", code__c="TOO-LONG")
    told = rehearse_integration(strict.store, strict.source.system, strict.source.integration_id)
    by_effect = {planned.effect: planned for planned in told.planned}
    updated, failed = by_effect[Effect.UPDATED], by_effect[Effect.FAILED]
    assert updated.changes == {"strength__c": (500, 1000)}
    assert (updated.item, updated.record_id) == (product, strict.targets()[0]["id"])
    assert "at most 3" in failed.problems["code__c"]


def test_nothing_at_all_is_changed_by_it(strict: Lab) -> None:
    strict.create("New", code__c="N")
    strict.create("Bad", code__c="TOO-LONG")
    strict.transfer()
    strict.clock.advance(minutes=5)
    strict.create("Newer", code__c="N2")
    (exception,) = strict.exceptions(strict.target)
    before = digest_of(strict.store)
    told: set[Change] = set()
    subscription = strict.store.feed.subscribe()
    for side in (strict.source, strict.target):
        assert rehearse_integration(strict.store, side.system, side.integration_id).found
        assert rehearse_point(strict.store, side.system, side.point_id).found
    assert rehearse_retry(strict.store, strict.target.system, [exception.id]).failed == 1
    told.update(subscription.drain())
    assert digest_of(strict.store) == before
    assert told == set()


def test_it_sees_from_the_target_side_what_the_source_would_send(strict: Lab) -> None:
    strict.create("New", code__c="N")
    told = rehearse_integration(strict.store, strict.target.system, strict.target.integration_id)
    assert (told.found, told.created) == (1, 1)


def test_it_counts_what_waits_in_the_queues_of_both_sides(strict: Lab) -> None:
    strict.create("Delivered", code__c="D")
    strict.send()
    strict.deliver()
    strict.clock.advance(minutes=5)
    strict.create("Sent", code__c="S")
    strict.send()
    strict.clock.advance(minutes=5)
    strict.create("Changed", code__c="C")
    told = rehearse_integration(strict.store, strict.source.system, strict.source.integration_id)
    assert (told.found, told.created) == (3, 3)


def test_open_items_are_tried_once_though_they_come_again(strict: Lab) -> None:
    bad = strict.create("Bad", code__c="TOO-LONG")
    strict.transfer()
    strict.clock.advance(minutes=5)
    strict.change(bad, code__c="STILL-TOO-LONG")
    told = rehearse_integration(strict.store, strict.target.system, strict.target.integration_id)
    assert (told.found, told.failed) == (1, 1)


def test_a_later_batch_sees_what_an_earlier_one_would_make(store: Store, clock: ManualClock) -> None:
    fields = (FieldSpec("parent__c", "Parent", FieldType.OBJECT, reference_object="product__v", relationship="p__cr"),)
    lab = make_lab(
        store,
        clock,
        source_fields=fields,
        mappings=[
            ("name__v", "name__v"),
            ("p__cr.global_id__sys", "parent__c", {"target_lookup_field": "link__sys"}),
        ],
    )
    ids = lab.create_many(600)
    lab.clock.advance(minutes=1)
    child = lab.create("Child", parent__c=ids[0])
    told = rehearse_integration(lab.store, lab.source.system, lab.source.integration_id)
    assert (told.created, told.failed) == (601, 0)
    assert child
    assert counts(lab.transfer()) == {"received": 601, "created": 601}


def test_with_an_earlier_run_time_it_finds_what_would_be_sent_again(strict: Lab) -> None:
    strict.create("Old", code__c="O")
    strict.transfer()
    strict.clock.advance(minutes=5)
    integration = strict.source.integration_id
    assert rehearse_integration(strict.store, strict.source.system, integration).found == 0
    since = strict.clock.now() - timedelta(days=1)
    told = rehearse_integration(strict.store, strict.source.system, integration, since=since)
    assert (told.found, told.unchanged) == (1, 1)


def test_an_integration_that_is_off_is_an_obstacle_not_a_success(strict: Lab) -> None:
    strict.create("New", code__c="N")
    strict.update_row(Integration, strict.source.integration_id, active=False)
    told = rehearse_integration(strict.store, strict.source.system, strict.source.integration_id)
    assert (told.found, told.created) == (0, 0)
    assert "No active integration" in told.obstacles[0].sentence


def test_a_broken_route_is_an_obstacle_with_the_number_of_items_behind_it(strict: Lab) -> None:
    strict.create("One", code__c="1")
    strict.create("Two", code__c="2")
    strict.update_row(Integration, strict.target.integration_id, active=False)
    (obstacle,) = rehearse_integration(strict.store, strict.source.system, strict.source.integration_id).obstacles
    assert obstacle.items == 2
    assert "is inactive" in obstacle.sentence
    assert obstacle.remedy


def test_broken_criteria_are_an_obstacle(strict: Lab) -> None:
    (source,) = strict.rows(PointSource)
    strict.update_row(PointSource, source.id, criteria={"gone__c": "x"})
    told = rehearse_integration(strict.store, strict.source.system, strict.source.integration_id)
    assert any("gone__c" in obstacle.sentence for obstacle in told.obstacles)


def test_a_dry_run_of_a_retry_tells_what_a_mended_record_comes_to(strict: Lab) -> None:
    mended, still = strict.create("Mended", code__c="TOO-LONG"), strict.create("Still", code__c="TOO-LONG")
    strict.transfer()
    strict.change(mended, code__c="OK")
    (exception,) = strict.exceptions(strict.target)
    told = rehearse_retry(strict.store, strict.target.system, [exception.id])
    assert (told.found, told.created, told.failed) == (2, 1, 1)
    assert {planned.item for planned in told.planned} == {mended, still}


def test_a_dry_run_of_a_retry_takes_a_refused_message_whole(strict: Lab) -> None:
    strict.create("Aspirin", code__c="A")
    strict.send()
    strict.deliver()
    strict.update_row(Integration, strict.target.integration_id, active=False)
    strict.receive()
    strict.update_row(Integration, strict.target.integration_id, active=True)
    exceptions = [row.id for row in strict.exceptions(strict.target)]
    told = rehearse_retry(strict.store, strict.target.system, exceptions)
    assert (told.found, told.created) == (1, 1)


def test_what_is_not_there_cannot_be_rehearsed(strict: Lab) -> None:
    with pytest.raises(NotFound):
        rehearse_integration(strict.store, strict.source.system, strict.target.integration_id)
    with pytest.raises(NotFound):
        rehearse_point(strict.store, strict.source.system, 999)


def test_a_read_only_session_may_rehearse_but_only_who_sees_exceptions_a_retry(strict: Lab) -> None:
    reader = user(strict.store, strict.source.vault_id, read_only=True)
    assert rehearse_integration(strict.store, reader, strict.source.integration_id).found == 0
    with pytest.raises(NotAllowed):
        rehearse_retry(strict.store, Actor(strict.target.vault_id, None, "nobody", frozenset()), [1])


@settings(max_examples=15)
@given(
    codes=st.lists(st.tuples(st.sampled_from(["", "A", "B", "LONG-CODE"]), st.integers(0, 3)), min_size=1, max_size=8),
    again=st.sets(st.integers(0, 7)),
)
def test_whatever_is_created_and_changed_the_dry_run_is_right(
    tmp_path_factory: pytest.TempPathFactory, codes: list[tuple[str, int]], again: set[int]
) -> None:
    from models.opening import open_store

    clock = ManualClock()
    store = open_store(tmp_path_factory.mktemp("dry") / "lab.sqlite3", clock=clock)
    try:
        lab = make_lab(store, clock, source_fields=LOOSE, target_fields=STRICT)
        half = len(codes) // 2
        made = [lab.create(f"P{n}", code__c=code or None, strength__c=s) for n, (code, s) in enumerate(codes[:half])]
        lab.transfer()
        clock.advance(minutes=5)
        made += [lab.create(f"Q{n}", code__c=code or None, strength__c=s) for n, (code, s) in enumerate(codes[half:])]
        for place in sorted(again):
            if place < len(made):
                lab.change(made[place], strength__c=place % 2, code__c="C")
        told = rehearse_integration(store, lab.target.system, lab.target.integration_id)
        result = lab.transfer()
        names = ("created", "updated", "unchanged", "skipped", "failed")
        assert [getattr(told, name) for name in names] == [getattr(result.counts, name) for name in names]
    finally:
        store.close()
