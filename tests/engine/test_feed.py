"""The change feed, and noticing what other processes write."""

import pytest

from models.feed import Change, Feed, Topic
from models.store import Store
from scheduler.clock import LabClock
from scheduler.watch import Watch
from tests.engine.conftest import CLINICAL, SAFETY

JOBS, RECORDS = Change(Topic.JOBS, CLINICAL), Change(Topic.RECORDS, SAFETY)
EVERYTHING = {Change(topic) for topic in Topic}


def test_every_listener_hears_every_change_once() -> None:
    feed = Feed()
    one, two = feed.subscribe(), feed.subscribe()
    feed.publish([JOBS, RECORDS])
    feed.publish([JOBS])
    assert one.drain() == two.drain() == {JOBS, RECORDS}
    assert one.drain() == frozenset()


def test_a_listener_hears_only_what_it_asked_for() -> None:
    feed = Feed()
    listener = feed.subscribe({Topic.JOBS})
    feed.publish([RECORDS])
    assert listener.drain() == frozenset()
    feed.publish([RECORDS, JOBS])
    assert listener.drain() == {JOBS}


def test_a_listener_is_woken_once_between_two_looks() -> None:
    feed = Feed()
    listener = feed.subscribe()
    woken: list[None] = []
    listener.on_change(lambda: woken.append(None))
    for _change in range(3):
        feed.publish([JOBS])
    assert len(woken) == 1
    listener.drain()
    feed.publish([RECORDS])
    assert len(woken) == 2


def test_a_listener_that_comes_late_to_what_is_pending_is_woken_at_once() -> None:
    feed = Feed()
    listener = feed.subscribe()
    feed.publish([JOBS])
    woken: list[None] = []
    listener.on_change(lambda: woken.append(None))
    assert len(woken) == 1


def test_a_closed_listener_hears_nothing_more() -> None:
    feed = Feed()
    listener, other = feed.subscribe(), feed.subscribe()
    listener.on_change(lambda: pytest.fail("woken"))
    listener.close()
    listener.close()
    feed.publish([JOBS])
    assert listener.drain() == frozenset()
    assert other.drain() == {JOBS}


def test_a_listener_that_fails_fails_neither_the_writer_nor_the_others() -> None:
    def fails() -> None:
        raise RuntimeError("the screen is gone")

    feed = Feed()
    feed.subscribe().on_change(fails)
    other = feed.subscribe()
    feed.publish([JOBS])
    assert other.drain() == {JOBS}


def test_a_write_is_told_after_its_commit_and_not_when_it_was_rolled_back(store: Store) -> None:
    listener = store.feed.subscribe()
    with store.write() as write:
        write.changed(Topic.JOBS, CLINICAL)
        assert listener.drain() == frozenset()
    assert listener.drain() == {JOBS}

    def breaks_off() -> None:
        with store.write() as write:
            write.changed(Topic.JOBS, CLINICAL)
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        breaks_off()
    assert listener.drain() == frozenset()


def write_to(store: Store) -> None:
    with store.write():
        pass


def test_own_writes_are_not_taken_for_those_of_others(store: Store) -> None:
    store.others_wrote()
    write_to(store)
    assert not store.others_wrote()


def test_writes_of_others_are_noticed_once(store: Store, elsewhere: Store) -> None:
    store.others_wrote()
    write_to(elsewhere)
    assert store.others_wrote()
    assert not store.others_wrote()


def test_a_write_of_others_is_noticed_between_own_writes(store: Store, elsewhere: Store) -> None:
    store.others_wrote()
    write_to(store)
    write_to(elsewhere)
    write_to(store)
    assert store.others_wrote()
    assert not store.others_wrote()


def test_a_watch_tells_the_feed_that_anything_may_have_changed(store: Store, elsewhere: Store) -> None:
    watch, listener = Watch(store), store.feed.subscribe()
    # What happened between opening and watching is told as well.
    assert watch.look() == (True, True)
    assert listener.drain() == EVERYTHING
    assert watch.look() == (False, False)

    write_to(elsewhere)
    assert watch.look() == (True, True)
    assert listener.drain() == EVERYTHING

    write_to(store)
    assert watch.look() == (True, False)
    assert watch.look() == (False, False)
    assert listener.drain() == frozenset()
    watch.close()


def test_a_watch_does_not_keep_an_old_moment_of_the_store_open(store: Store, elsewhere: Store, lab: LabClock) -> None:
    watch = Watch(store)
    watch.look()
    write_to(elsewhere)
    with elsewhere.engine.connect() as connection:
        busy, log, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert (busy, log, moved) == (0, 0, 0)
    watch.close()
    assert lab.now()
