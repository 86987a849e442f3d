"""The engine, with real threads: tests wait for what must happen, and time passes in steps of the lab clock."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import NotFound
from models.feed import Change, Topic
from models.opening import open_store
from models.services.jobs import mark_requested
from models.store import Store
from models.tables import Connection, ConnectionType, Job, JobKind, JobRun, Lab, RunStatus, Vault, table_of
from scheduler.clock import LabClock
from scheduler.engine import Engine, RoleChanged
from scheduler.lease import ENGINE_STOPPED, Lease
from scheduler.runner import Runner
from scheduler.scope import Scope
from tests.engine.conftest import CLINICAL, FIVE_MINUTES, PATIENCE, SAFETY, Events, Work, make_vaults

SEND, DELIVER, RECEIVE = JobKind.SEND, JobKind.DELIVER, JobKind.RECEIVE
Starter = Callable[..., Engine]
_jobs = table_of(Job)
_runs = table_of(JobRun)

ENGINE_PROCESS = """
import sys, threading
from models.opening import open_store
from models.tables import JobKind, JobRun
from scheduler.engine import Engine

def never_ends(store, clock, scope):
    with store.write() as write:
        write.add(JobRun(vault_id=scope.vault_id, kind=JobKind.SEND, started_at=write.now))
    print("running", flush=True)
    threading.Event().wait()

engine = Engine(open_store(sys.argv[1]), stages={kind: never_ends for kind in JobKind})
print("engine" if engine.start() else engine.viewer, flush=True)
threading.Event().wait()
"""


@pytest.fixture(autouse=True)
def _vaults(store: Store) -> None:
    make_vaults(store)


def took_over(event: Any) -> bool:
    return isinstance(event, RoleChanged) and event.viewer is None


def test_a_due_job_runs_and_one_that_is_not_due_does_not(start: Starter, lab: LabClock, work: Work) -> None:
    engine = start()
    assert engine.wait_until_idle(PATIENCE)
    assert work.all_until_now() == []
    lab.step(FIVE_MINUTES)
    assert engine.wait_until_idle(PATIENCE)
    assert sorted(work.all_until_now()) == sorted(
        (kind, vault) for kind in (SEND, DELIVER, RECEIVE) for vault in (CLINICAL, SAFETY)
    )
    assert engine.last_error is None


def test_a_step_past_several_due_times_runs_each_job_once(start: Starter, lab: LabClock, work: Work) -> None:
    engine = start()
    lab.step(timedelta(days=3))
    assert engine.wait_until_idle(PATIENCE)
    assert work.all_until_now().count((SEND, CLINICAL)) == 1


def test_after_its_run_a_job_falls_due_again(start: Starter, lab: LabClock, work: Work) -> None:
    engine = start()
    for _turn in range(3):
        lab.step(FIVE_MINUTES)
        assert engine.wait_until_idle(PATIENCE)
        assert work.all_until_now().count((RECEIVE, SAFETY)) == 1


def test_jobs_follow_the_clock_as_it_runs(start: Starter, work: Work, tmp_path: Path) -> None:
    # Real time, in the only test that needs it: at full speed the first jobs are due after a twelfth of a second.
    store = open_store(tmp_path / "running.sqlite3")
    make_vaults(store)
    engine = start(store)
    engine.clock.set_speed(3600)
    begun = {work.next() for _run in range(6)}
    assert begun == {(kind, vault) for kind in (SEND, DELIVER, RECEIVE) for vault in (CLINICAL, SAFETY)}
    engine.clock.pause()
    assert engine.wait_until_idle(PATIENCE)
    engine.stop()
    store.close()


def test_a_job_runs_at_once_on_request_while_the_clock_is_paused(start: Starter, lab: LabClock, work: Work) -> None:
    engine = start()
    lab.pause()
    engine.run_now(CLINICAL, RECEIVE)
    assert engine.wait_until_idle(PATIENCE)
    assert work.all_until_now() == [(RECEIVE, CLINICAL)]


def test_a_run_on_request_is_limited_to_the_connection(start: Starter, store: Store, work: Work) -> None:
    connection_id = make_connection(store)
    engine = start()
    engine.run_now(CLINICAL, RECEIVE, connection_id)
    assert work.seen.get(timeout=PATIENCE) == (RECEIVE, Scope(CLINICAL, connection_id))


def make_connection(store: Store) -> int:
    with store.write() as write:
        connection = Connection(
            vault_id=CLINICAL,
            record_id="V0C000000001001",
            type=ConnectionType.VAULT_TO_VAULT,
            name="Safety",
            api_name="safety__c",
            created_at=write.now,
            modified_at=write.now,
        )
        write.add(connection)
        write.flush()
        assert connection.id
        return connection.id


def test_a_request_for_a_vault_that_is_not_there_is_refused(start: Starter) -> None:
    with pytest.raises(NotFound, match="9999"):
        start().run_now(9999, SEND)


def test_a_request_from_another_process_is_served(start: Starter, elsewhere: Store, work: Work) -> None:
    start()
    with elsewhere.write() as write:
        mark_requested(write, SAFETY, RECEIVE)
    assert work.next() == (RECEIVE, SAFETY)


def test_a_request_that_waited_for_an_engine_is_served_when_one_starts(
    start: Starter, store: Store, work: Work
) -> None:
    with store.write() as write:
        mark_requested(write, SAFETY, RECEIVE)
    start()
    assert work.next() == (RECEIVE, SAFETY)


def test_a_step_in_another_process_makes_jobs_due(start: Starter, elsewhere: Store, work: Work) -> None:
    start()
    other = elsewhere.clock
    assert isinstance(other, LabClock)
    other.step(FIVE_MINUTES)
    assert work.next()[1] in {CLINICAL, SAFETY}


def test_a_vault_that_is_made_while_the_engine_runs_gets_its_jobs_run(start: Starter, store: Store, work: Work) -> None:
    start()
    with store.write() as write:
        write.add(Vault(id=1003, name="New", dns_host="new.example.com", domain="example.com", family="Quality"))
        write.flush()
        write.add(Job(vault_id=1003, kind=RECEIVE, next_run_at=write.now))
        write.changed(Topic.JOBS, 1003)
    assert work.next() == (RECEIVE, 1003)


def test_a_job_that_breaks_down_does_not_stop_the_others_nor_itself(start: Starter, lab: LabClock, work: Work) -> None:
    work.break_down |= {(SEND, CLINICAL), (RECEIVE, CLINICAL)}
    engine = start()
    for _turn in range(2):
        lab.step(FIVE_MINUTES)
        assert engine.wait_until_idle(PATIENCE)
        runs = work.all_until_now()
        assert runs.count((SEND, SAFETY)) == runs.count((SEND, CLINICAL)) == 1
    assert engine.last_error is not None
    assert "of Vault 1001 failed: RuntimeError: the stage broke down" in engine.last_error


def test_a_listener_that_fails_does_not_stop_the_engine(start: Starter, lab: LabClock, work: Work) -> None:
    def fails(_event: object) -> None:
        raise RuntimeError("the screen is gone")

    engine = start(on_event=fails)
    lab.step(FIVE_MINUTES)
    assert engine.wait_until_idle(PATIENCE)
    assert len(work.all_until_now()) == 6


def test_stopping_waits_for_jobs_that_run_and_begins_no_others(
    start: Starter, store: Store, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, lives, stopped = threading.Event(), threading.Event(), threading.Event()
    beat, wait = Lease.beat, Runner.wait

    def waiting(runner: Runner, timeout: float | None = None) -> bool:
        waits.set()
        return wait(runner, timeout)

    def beating(lease: Lease) -> bool:
        if waits.is_set():
            lives.set()
        return beat(lease)

    monkeypatch.setattr(Runner, "wait", waiting)
    monkeypatch.setattr(Lease, "beat", beating)
    work.hold[SEND] = threading.Event()
    engine = start()
    engine.run_now(CLINICAL, SEND)
    assert work.next() == (SEND, CLINICAL)

    def stop() -> None:
        engine.stop()
        stopped.set()

    thread = threading.Thread(target=stop)
    thread.start()
    assert waits.wait(PATIENCE)
    # Signs of life go on meanwhile, or another engine would take the lab from under the running job.
    assert lives.wait(PATIENCE)
    assert not stopped.is_set()
    assert holder_of(store) is not None
    work.hold[SEND].set()
    assert stopped.wait(PATIENCE)
    thread.join()
    assert work.all_until_now() == []
    assert holder_of(store) is None


def holder_of(store: Store) -> str | None:
    with store.read() as session:
        holder: str | None = session.execute(select(table_of(Lab).c.holder)).scalar_one()
    return holder


def test_stopping_twice_and_starting_again_is_fine(start: Starter, lab: LabClock, work: Work) -> None:
    engine = start()
    engine.stop()
    engine.stop()
    assert not engine.runs_jobs
    assert engine.start()
    lab.step(FIVE_MINUTES)
    assert engine.wait_until_idle(PATIENCE)
    assert len(work.all_until_now()) == 6


def test_a_second_engine_watches_and_takes_over_when_the_first_stops(
    start: Starter, elsewhere: Store, work: Work
) -> None:
    first = start()
    told = Events()
    second = start(elsewhere, on_event=told)
    assert first.viewer is None
    assert (second.runs_jobs, f"process {os.getpid()}" in str(second.viewer)) == (False, True)

    first.stop()
    told.wait_for(took_over)
    assert (second.runs_jobs, second.viewer) == (True, None)
    second.run_now(CLINICAL, RECEIVE)
    assert work.next() == (RECEIVE, CLINICAL)


def test_a_viewer_that_was_told_to_only_watch_does_not_take_over(start: Starter, elsewhere: Store) -> None:
    first = start()
    told = Events()
    second = start(elsewhere, on_event=told, take_over=False)
    first.stop()
    change = told.wait_for(lambda event: isinstance(event, RoleChanged) and "No engine" in (event.viewer or ""))
    assert change.viewer == second.viewer == "No engine runs on this store. This window only watches."


def test_what_a_viewer_asks_for_is_done_by_the_engine(start: Starter, elsewhere: Store, work: Work) -> None:
    start()
    viewer = start(elsewhere, stages={})
    viewer.run_now(SAFETY, RECEIVE)
    assert work.next() == (RECEIVE, SAFETY)
    assert viewer.wait_until_idle(PATIENCE)


def test_a_viewer_hears_that_anything_may_have_changed(start: Starter, store: Store, elsewhere: Store) -> None:
    start()
    first_look = threading.Event()
    listener = elsewhere.feed.subscribe({Topic.VAULTS})
    listener.on_change(first_look.set)
    start(elsewhere, stages={})
    assert first_look.wait(PATIENCE)
    listener.close()
    listener = elsewhere.feed.subscribe()
    heard = threading.Event()
    listener.on_change(heard.set)
    with store.write() as write:
        write.execute(update(table_of(Vault)).values(sandbox=True))
    assert heard.wait(PATIENCE)
    assert listener.drain() == {Change(topic) for topic in Topic}


def test_an_engine_that_lost_the_lab_becomes_a_viewer(start: Starter, store: Store, events: Events) -> None:
    engine = start(take_over=False)
    with store.write() as write:
        write.execute(update(table_of(Lab)).values(holder="another", holder_pid=7, holder_host="far.example.com"))
    change = events.wait_for(lambda event: isinstance(event, RoleChanged) and bool(event.viewer))
    assert "process 7 on host far.example.com" in change.viewer
    assert not engine.runs_jobs


def test_a_killed_engine_is_replaced_and_its_open_run_cancelled(start: Starter, tmp_path: Path, work: Work) -> None:
    store = open_store(tmp_path / "killed.sqlite3")
    make_vaults(store)
    with store.write() as write:
        mark_requested(write, CLINICAL, SEND)
    told = Events()
    command = [sys.executable, "-c", ENGINE_PROCESS, str(tmp_path / "killed.sqlite3")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert {process.stdout.readline().strip(), process.stdout.readline().strip()} == {"engine", "running"}
        engine = start(store, on_event=told)
        assert f"process {process.pid}" in (engine.viewer or "")
        process.kill()
    told.wait_for(took_over)
    # The request was not served to its end: it is served again.
    assert {work.next(), work.next()} == {(SEND, CLINICAL), (DELIVER, CLINICAL)}
    assert engine.wait_until_idle(PATIENCE)
    with store.read() as session:
        runs = session.execute(select(_runs.c.status, _runs.c.error)).all()
    assert [tuple(run) for run in runs] == [(RunStatus.CANCELLED, ENGINE_STOPPED)]
    engine.stop()
    store.close()


def test_the_generator_works_on_lab_time_and_only_while_it_is_on(start: Starter, store: Store, lab: LabClock) -> None:
    turns: list[None] = []
    worked = threading.Event()

    def generate() -> None:
        turns.append(None)
        worked.set()

    engine = start(extra_jobs=[("Generator", 60, generate)])
    lab.step(timedelta(seconds=60))
    assert engine.wait_until_idle(PATIENCE)
    switch_generator(store, on=True)
    lab.reload()
    assert turns == []
    lab.step(timedelta(seconds=600))
    assert worked.wait(PATIENCE)
    engine.stop()
    assert len(turns) == 1


def switch_generator(store: Store, *, on: bool) -> None:
    with store.write() as write:
        write.execute(update(table_of(Lab)).values(generator=on))
        write.changed(Topic.LAB)


def test_a_generator_that_breaks_down_is_reported_and_works_again(start: Starter, store: Store, lab: LabClock) -> None:
    turns: list[None] = []
    worked = threading.Semaphore(0)

    def generate() -> None:
        turns.append(None)
        worked.release()
        raise RuntimeError("no idea")

    switch_generator(store, on=True)
    lab.reload()
    engine = start(extra_jobs=[("Generator", 60, generate)])
    for _turn in range(2):
        lab.step(timedelta(seconds=61))
        assert worked.acquire(timeout=PATIENCE)
        assert engine.wait_until_idle(PATIENCE)
    engine.stop()
    assert engine.last_error == "Generator failed: RuntimeError: no idea"


def test_an_engine_leaves_no_threads_behind(start: Starter, lab: LabClock) -> None:
    before = set(threading.enumerate())
    engine = start()
    lab.step(FIVE_MINUTES)
    assert engine.wait_until_idle(PATIENCE)
    engine.stop()
    assert set(threading.enumerate()) <= before
