"""The one way to write: no change is lost, time only moves forward, and what changed is told once."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from models.feed import Change, Topic
from models.opening import open_store
from models.store import Store
from models.tables import Vault, table_of
from models.time import TICK
from tests.conftest import ManualClock

_vaults = table_of(Vault)


def add_vault(store: Store, number: int = 1) -> None:
    with store.write() as write:
        write.add(
            Vault(id=number, name=f"V{number}", dns_host=f"v{number}.example.com", domain="example.com", family="RIM")
        )


def next_record(store: Store) -> int:
    with store.read() as session:
        number: int = session.execute(select(_vaults.c.next_record)).scalar_one()
    return number


class Mishap(Exception):
    """What goes wrong in the middle of a write."""


def fail_to_write(store: Store) -> datetime:
    """Change something in a write that then fails; the time the write had."""
    moments: list[datetime] = []

    def change_and_fail() -> None:
        with store.write() as write:
            moments.append(write.now)
            write.execute(_vaults.update().values(next_record=5))
            write.changed(Topic.RECORDS, 1)
            raise Mishap

    with pytest.raises(Mishap):
        change_and_fail()
    return moments[0]


def in_threads(work: Callable[[int], None], count: int) -> None:
    """Do the work in so many threads at once; the first error, if any, is raised here."""
    start = threading.Barrier(count)

    def go(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(go, number) for number in range(count)]:
            done.result()


# Nothing is lost


def count_up(store: Store, times: int = 1) -> None:
    for _ in range(times):
        with store.write() as write:
            vault = write.get(Vault, 1)
            assert vault is not None
            vault.next_record += 1
            write.add(vault)


def test_threads_that_read_change_and_write_lose_nothing(store: Store) -> None:
    add_vault(store)
    before = next_record(store)
    in_threads(lambda _: count_up(store, 20), 8)
    assert next_record(store) == before + 160


def test_processes_that_read_change_and_write_lose_nothing(store: Store) -> None:
    add_vault(store)
    before = next_record(store)
    # Each with an engine of its own, as two processes have: only the database keeps them apart.
    others = [open_store(str(store.path)) for _ in range(4)]
    in_threads(lambda number: count_up(others[number], 20), 4)
    for other in others:
        other.close()
    assert next_record(store) == before + 80


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    add_vault(store)
    fail_to_write(store)
    assert next_record(store) == 1001
    count_up(store)
    assert next_record(store) == 1002


def test_what_a_reader_changes_is_thrown_away(store: Store) -> None:
    add_vault(store)
    with store.read() as session:
        session.execute(_vaults.update().values(next_record=5))
    assert next_record(store) == 1001


def test_a_reader_sees_one_moment_of_the_store(store: Store) -> None:
    add_vault(store)
    with store.read() as session:
        before = session.execute(select(_vaults.c.next_record)).scalar_one()
        count_up(store)
        assert session.execute(select(_vaults.c.next_record)).scalar_one() == before
    assert next_record(store) == before + 1


def test_a_write_inside_a_write_is_a_mistake_that_shows_at_once(store: Store) -> None:
    with store.write(), pytest.raises(RuntimeError, match="a write inside a write"), store.write():
        pass
    add_vault(store)


def test_what_was_written_is_brought_into_the_file_beside_readers_and_writers(store: Store) -> None:
    path = store.path
    assert path is not None

    def in_the_file() -> int:
        """Vaults in the file itself, whatever lies in the log beside it."""
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            number: int = connection.execute("SELECT count(*) FROM vault").fetchone()[0]
        return number

    add_vault(store)
    assert in_the_file() == 0
    with store.read() as session, ThreadPoolExecutor(1) as beside:
        session.connection()
        beside.submit(store.checkpoint).result()
        assert in_the_file() == 1
        with store.write() as write:
            write.execute(_vaults.update().values(next_record=7))
            beside.submit(store.checkpoint).result()
    assert next_record(store) == 7


def test_a_durable_store_works_like_any_other(tmp_path: Path) -> None:
    store = open_store(tmp_path / "durable.sqlite3", durable=True)
    add_vault(store)
    with store.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    store.close()


# Time


def test_each_write_is_later_than_the_one_before_though_the_clock_stands_still(
    store: Store, clock: ManualClock
) -> None:
    moments = [clock.now()]
    for _ in range(5):
        with store.write() as write:
            moments.append(write.now)
    assert moments == [clock.now() + TICK * step for step in range(6)]


def test_a_write_carries_the_time_of_the_clock_once_that_has_moved_on(store: Store, clock: ManualClock) -> None:
    clock.advance(minutes=5)
    with store.write() as write:
        assert write.now == clock.now()


def test_time_does_not_go_back_when_the_clock_does(store: Store, clock: ManualClock) -> None:
    clock.advance(hours=1)
    with store.write() as write:
        before = write.now
    clock.advance(hours=-1)
    with store.write() as write:
        assert write.now == before + TICK


def test_a_store_that_is_opened_again_goes_on_after_its_last_write(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "lab.sqlite3"
    clock.advance(hours=1)
    store = open_store(path, clock=clock)
    with store.write() as write:
        before = write.now
    store.close()
    again = open_store(path, clock=ManualClock())
    with again.write() as write:
        assert write.now == before + TICK
    again.close()


def test_two_processes_never_write_at_the_same_time_of_the_lab(store: Store, clock: ManualClock) -> None:
    other = open_store(str(store.path), clock=clock)
    moments = []
    for each in (store, other, other, store):
        with each.write() as write:
            moments.append(write.now)
    other.close()
    assert moments == sorted(set(moments))


def test_a_write_that_failed_uses_up_no_time(store: Store) -> None:
    failed = fail_to_write(store)
    with store.write() as write:
        assert write.now == failed


# What changed


def test_a_write_tells_what_changed_once_and_only_after_it_is_there_to_see(store: Store) -> None:
    seen: list[int] = []
    heard = store.feed.subscribe()
    heard.on_change(lambda: seen.append(1))
    with store.write() as write:
        for _ in range(100):
            write.changed(Topic.RECORDS, 1)
        write.changed(Topic.JOBS)
        assert seen == []
        assert heard.drain() == frozenset()
    assert seen == [1]
    assert heard.drain() == {Change(Topic.RECORDS, 1), Change(Topic.JOBS)}
    assert heard.drain() == frozenset()


def test_a_write_that_fails_tells_nothing(store: Store) -> None:
    heard = store.feed.subscribe()
    fail_to_write(store)
    assert heard.drain() == frozenset()


# Noticing what others have committed


def test_the_data_version_changes_with_every_commit_and_with_nothing_else(store: Store) -> None:
    other = open_store(str(store.path))
    first = store.data_version()
    assert store.data_version() == first
    next_record_is_read = other.data_version()
    add_vault(store)
    second = store.data_version()
    assert second != first
    assert other.data_version() != next_record_is_read
    add_vault(other, 2)
    third = store.data_version()
    assert third != second
    fail_to_write(other)
    assert store.data_version() == third
    other.close()


def test_any_thread_may_ask_for_the_data_version(store: Store) -> None:
    before = store.data_version()
    add_vault(store)
    heard: list[int] = []
    in_threads(lambda _: heard.extend(store.data_version() for _ in range(50)), 4)
    assert len(set(heard)) == 1
    assert heard[0] != before


def test_watching_a_store_keeps_nobody_from_reading_it(store: Store) -> None:
    heard: list[int] = []
    in_threads(lambda _: heard.append(store.data_version()), 20)
    assert store.data_version() in heard
    heard.clear()
    add_vault(store)
    in_threads(lambda _: heard.append(next_record(store)), 12)
    assert heard == [1001] * 12
