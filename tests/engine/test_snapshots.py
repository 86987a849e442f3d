"""Named snapshots: the whole lab is saved while it runs, and put back while nothing does."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from models.errors import InvalidInput, NotFound, NotPossible
from models.opening import check_store, open_store
from models.services.records import create_record
from models.store import Store
from scheduler.clock import attach_lab
from scheduler.engine import Engine
from scheduler.lease import acquire
from scheduler.snapshots import (
    BEFORE_RESTORE,
    delete_snapshot,
    find_snapshot,
    restore_snapshot,
    save_snapshot,
    snapshots,
)
from tests.builders import Pair, two_vaults
from tests.conftest import ManualClock


def content(path: Path) -> Mapping[str, Any]:
    """Everything in a store but what says who holds it and what time it is."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in names if name != "lab"}


def add(store: Store, pair: Pair, name: str) -> None:
    with store.write() as write:
        create_record(write, pair.source.system, "product__v", {"name__v": name})


def reopened(store: Store) -> Store:
    assert store.path is not None
    return open_store(store.path, clock=ManualClock())


def test_a_snapshot_is_put_back_whole(store: Store, tmp_path: Path) -> None:
    pair = two_vaults(store)
    add(store, pair, "First")
    before = content(tmp_path / "lab.sqlite3")
    saved = save_snapshot(store, "first")
    assert saved.path == tmp_path / "lab.sqlite3.snapshots" / "first.sqlite3"
    add(store, pair, "Second")
    after = content(tmp_path / "lab.sqlite3")
    assert restore_snapshot(store, "first").name == "first"
    assert content(tmp_path / "lab.sqlite3") == before
    again = reopened(store)
    assert check_store(again) == []
    assert [one.name for one in snapshots(again)] == [BEFORE_RESTORE, "first"]
    restore_snapshot(again, BEFORE_RESTORE)
    assert content(tmp_path / "lab.sqlite3") == after
    assert content(tmp_path / "lab.sqlite3.snapshots" / f"{BEFORE_RESTORE}.sqlite3") == before


def test_the_lab_clock_goes_back_with_everything_else(store: Store, clock: ManualClock) -> None:
    two_vaults(store)
    with store.write() as write:
        then = write.now
    saved = save_snapshot(store, "then")
    assert saved.lab_time == then
    clock.advance(days=3)
    with store.write():
        pass
    restore_snapshot(store, "then")
    again = open_store(store.path or "")
    lab = attach_lab(again)
    assert (lab.now() - then).total_seconds() < 60
    again.close()


def test_a_snapshot_is_saved_while_an_engine_runs_and_put_back_only_when_none_does(store: Store) -> None:
    pair = two_vaults(store)
    lease = acquire(store)
    assert lease is not None
    save_snapshot(store, "running")
    add(store, pair, "Later")
    other = open_store(store.path or "")
    attach_lab(other, attach_lab(store).real)
    with pytest.raises(NotPossible, match="Another engine runs on this store"):
        restore_snapshot(other, "running")
    lease.release()
    restore_snapshot(other, "running")
    again = open_store(store.path or "")
    engine = Engine(again)
    assert engine.start()
    engine.stop()
    again.close()


def test_who_has_the_store_open_sees_what_was_put_back(store: Store, tmp_path: Path) -> None:
    pair = two_vaults(store)
    save_snapshot(store, "empty")
    add(store, pair, "Later")
    viewer = open_store(tmp_path / "lab.sqlite3", clock=ManualClock())
    with viewer.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM record").scalar_one() == 1
    version = viewer.data_version()
    restore_snapshot(store, "empty")
    assert viewer.data_version() != version
    with viewer.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM record").scalar_one() == 0
    viewer.close()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 61, "ä"])
def test_a_name_that_cannot_be_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput):
        save_snapshot(store, name)


def test_a_name_is_used_again_only_when_that_is_meant(store: Store) -> None:
    pair = two_vaults(store)
    save_snapshot(store, "one")
    add(store, pair, "Later")
    with pytest.raises(NotPossible, match="already"):
        save_snapshot(store, "one")
    save_snapshot(store, "one", replace=True)
    assert len(snapshots(store)) == 1


def test_a_snapshot_is_deleted_and_one_that_is_not_there_is_not_found(store: Store) -> None:
    two_vaults(store)
    save_snapshot(store, "one")
    assert delete_snapshot(store, "one").name == "one"
    assert snapshots(store) == ()
    for work in (find_snapshot, delete_snapshot, restore_snapshot):
        with pytest.raises(NotFound):
            work(store, "one")


def test_a_snapshot_is_for_its_owners_eyes(store: Store) -> None:
    two_vaults(store)
    saved = save_snapshot(store, "one")
    assert saved.path.stat().st_mode & 0o777 == (store.path or Path()).stat().st_mode & 0o777
    assert saved.path.parent.stat().st_mode & 0o077 == 0


def test_a_restore_that_fails_leaves_everything_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = two_vaults(store)
    save_snapshot(store, "one")
    add(store, pair, "Later")
    path = store.path or Path()
    before = content(path)

    def fail(*_args: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("models.sqlite.copy_back", fail)
    with pytest.raises(sqlite3.OperationalError):
        restore_snapshot(store, "one")
    assert content(path) == before
    assert [one.name for one in snapshots(store)] == ["one"]
    again = acquire(open_store(path))
    assert again is not None
    again.release()
