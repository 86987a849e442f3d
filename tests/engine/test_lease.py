"""One engine per store."""

import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from models.feed import Change, Topic
from models.store import Store
from models.tables import JobKind, JobRun, Lab, RunStatus, table_of
from scheduler.clock import LabClock
from scheduler.lease import ENGINE_STOPPED, acquire, who_holds
from tests.conftest import ManualClock
from tests.engine.conftest import CLINICAL, make_vaults

_lab = table_of(Lab)


tells_the_start_of_a_process = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="when a process started cannot be told here"
)


def held_by(store: Store, *, process: int, host: str, alive_until: datetime, born: str = "") -> None:
    with store.write() as write:
        write.execute(
            update(_lab).values(
                holder=f"{born}.somebody", holder_pid=process, holder_host=host, alive_until=alive_until
            )
        )


@pytest.fixture
def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_only_one_engine_holds_the_lab(store: Store, elsewhere: Store) -> None:
    assert acquire(store)
    assert acquire(elsewhere) is None


def test_a_lease_that_was_given_back_can_be_taken(store: Store, elsewhere: Store) -> None:
    lease = acquire(store)
    assert lease
    lease.release()
    assert acquire(elsewhere)


def test_a_silent_engine_on_another_machine_is_replaced(store: Store, clock: ManualClock) -> None:
    held_by(store, process=1, host="elsewhere.example.com", alive_until=clock.now() + timedelta(seconds=5))
    clock.advance(seconds=5)
    assert acquire(store) is None
    clock.advance(seconds=1)
    assert acquire(store)


def test_a_dead_engine_on_this_machine_is_replaced_at_once(store: Store, clock: ManualClock, dead_process: int) -> None:
    alive_until = clock.now() + timedelta(seconds=5)
    held_by(store, process=dead_process, host=socket.gethostname(), alive_until=alive_until)
    assert acquire(store)


@tells_the_start_of_a_process
def test_a_process_that_has_got_the_number_of_a_dead_engine_is_not_taken_for_it(
    store: Store, clock: ManualClock
) -> None:
    alive_until = clock.now() + timedelta(seconds=5)
    held_by(store, process=os.getpid(), host=socket.gethostname(), alive_until=alive_until, born="1")
    assert acquire(store)


@tells_the_start_of_a_process
def test_an_engine_that_is_seen_to_live_may_be_silent_for_a_minute(
    store: Store, clock: ManualClock, elsewhere: Store
) -> None:
    lease = acquire(store)
    assert lease
    clock.advance(seconds=40)
    assert acquire(elsewhere) is None
    clock.advance(seconds=40)
    assert acquire(elsewhere)
    assert not lease.beat()


def test_an_engine_that_lost_the_lab_does_not_give_it_back_for_the_new_one(
    store: Store, clock: ManualClock, elsewhere: Store
) -> None:
    lost = acquire(store)
    assert lost
    clock.advance(minutes=5)
    lease = acquire(elsewhere)
    assert lease
    lost.release()
    assert lease.beat()
    assert acquire(store) is None


def test_runs_that_a_dead_engine_left_open_are_cancelled(store: Store) -> None:
    make_vaults(store)
    with store.write() as write:
        open_run = JobRun(vault_id=CLINICAL, kind=JobKind.SEND, started_at=write.now)
        done = JobRun(vault_id=CLINICAL, kind=JobKind.SEND, started_at=write.now, status=RunStatus.SUCCESS)
        write.add_all([open_run, done])
    listener = store.feed.subscribe({Topic.JOBS})
    assert acquire(store)
    with store.read() as session:
        runs = session.execute(select(table_of(JobRun)).order_by(table_of(JobRun).c.id)).all()
    assert [(run.status, run.error) for run in runs] == [
        (RunStatus.CANCELLED, ENGINE_STOPPED),
        (RunStatus.SUCCESS, ""),
    ]
    assert runs[0].finished_at >= runs[0].started_at
    assert listener.drain() == {Change(Topic.JOBS, CLINICAL)}


def test_a_sign_of_life_is_no_event_for_those_who_watch(store: Store, elsewhere: Store) -> None:
    lease = acquire(store)
    assert lease
    elsewhere.others_wrote()
    listener = store.feed.subscribe()
    assert lease.beat()
    assert not elsewhere.others_wrote()
    assert listener.drain() == frozenset()


def test_a_viewer_is_told_who_runs_the_jobs(store: Store, lab: LabClock) -> None:
    assert who_holds(lab.state) == "No engine runs on this store. This window only watches."
    assert acquire(store)
    assert who_holds(lab.state) == (
        f"Another engine runs on this store (process {os.getpid()} on host {socket.gethostname()}). "
        "This window only watches."
    )
