"""Running jobs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from models.errors import NotPossible
from models.services.jobs import mark_requested
from models.store import Store, WriteSession
from models.tables import Job, JobKind, JobRun, RunStatus, table_of
from scheduler.clock import LabClock
from scheduler.runner import RunEnded, Runner, Wish, in_words
from scheduler.runs import RunResult, job_run, result_of
from scheduler.scope import Scope
from tests.engine.conftest import CLINICAL, FIVE_MINUTES, PATIENCE, SAFETY, Work, make_vaults

SEND, DELIVER, RECEIVE = JobKind.SEND, JobKind.DELIVER, JobKind.RECEIVE
_jobs = table_of(Job)
_runs = table_of(JobRun)


@pytest.fixture(autouse=True)
def _vaults(store: Store) -> None:
    make_vaults(store)


@pytest.fixture
def ended() -> list[RunEnded]:
    return []


@pytest.fixture
def runner(store: Store, work: Work, ended: list[RunEnded]) -> Runner:
    return Runner(store, work.stages(), ended.append)


def job_of(store: Store, vault_id: int, kind: JobKind) -> Job:
    with store.read() as session:
        job = session.execute(select(Job).where(_jobs.c.vault_id == vault_id, _jobs.c.kind == kind)).scalar_one()
    assert isinstance(job, Job)
    return job


@contextmanager
def in_another_thread(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_send_run_is_followed_by_a_deliver_run_of_the_same_vault(runner: Runner, work: Work) -> None:
    runner.serve(Wish(CLINICAL, SEND))
    assert work.all_until_now() == [(SEND, CLINICAL), (DELIVER, CLINICAL)]


def test_what_follows_a_run_for_one_connection_is_for_that_connection(runner: Runner, work: Work) -> None:
    runner.serve(Wish(CLINICAL, SEND, connection_id=7))
    assert [work.seen.get_nowait()[1] for _run in range(2)] == [Scope(CLINICAL, 7)] * 2


def test_nothing_follows_a_receive_run(runner: Runner, work: Work) -> None:
    runner.serve(Wish(CLINICAL, RECEIVE))
    assert work.all_until_now() == [(RECEIVE, CLINICAL)]


def test_a_job_that_runs_already_runs_once_more_however_often_it_is_wanted_meanwhile(
    runner: Runner, work: Work
) -> None:
    work.hold[RECEIVE] = threading.Event()
    with in_another_thread(lambda: runner.serve(Wish(CLINICAL, RECEIVE))):
        assert work.next() == (RECEIVE, CLINICAL)
        runner.serve(Wish(CLINICAL, RECEIVE, connection_id=7))
        runner.serve(Wish(CLINICAL, RECEIVE, connection_id=8))
        assert work.all_until_now() == []
        assert list(runner.running) == [(CLINICAL, RECEIVE)]
        work.hold[RECEIVE].set()
    assert list(runner.running) == []
    assert [scope for _kind, scope in [work.seen.get_nowait()]] == [Scope(CLINICAL, None)]
    assert work.all_until_now() == []


def test_jobs_of_different_vaults_run_side_by_side(runner: Runner, work: Work) -> None:
    work.hold[RECEIVE] = threading.Event()
    with (
        in_another_thread(lambda: runner.serve(Wish(CLINICAL, RECEIVE))),
        in_another_thread(lambda: runner.serve(Wish(SAFETY, RECEIVE))),
    ):
        assert {work.next(), work.next()} == {(RECEIVE, CLINICAL), (RECEIVE, SAFETY)}
        work.hold[RECEIVE].set()


def test_a_job_that_was_due_falls_due_again_after_the_present(store: Store, runner: Runner, lab: LabClock) -> None:
    due = job_of(store, CLINICAL, SEND).next_run_at
    lab.step(3 * FIVE_MINUTES)
    runner.serve(Wish(CLINICAL, SEND, due=due))
    assert job_of(store, CLINICAL, SEND).next_run_at == due + 3 * FIVE_MINUTES
    assert job_of(store, SAFETY, SEND).next_run_at < lab.now()


def test_a_job_that_ran_out_of_turn_keeps_its_turn(store: Store, runner: Runner) -> None:
    due = job_of(store, CLINICAL, SEND).next_run_at
    runner.serve(Wish(CLINICAL, SEND))
    assert job_of(store, CLINICAL, SEND).next_run_at == due


def test_a_request_is_taken_back_when_it_was_served(store: Store, runner: Runner) -> None:
    runner.serve(requested(store))
    assert job_of(store, CLINICAL, RECEIVE).requested_at is None


def test_a_request_that_came_during_the_run_stays(store: Store, runner: Runner, work: Work) -> None:
    work.hold[RECEIVE] = threading.Event()
    first = requested(store)
    with in_another_thread(lambda: runner.serve(first)):
        assert work.next() == (RECEIVE, CLINICAL)
        second = requested(store)
        work.hold[RECEIVE].set()
    assert job_of(store, CLINICAL, RECEIVE).requested_at == second.request


def requested(store: Store) -> Wish:
    with store.write() as write:
        mark_requested(write, CLINICAL, RECEIVE)
    return Wish(CLINICAL, RECEIVE, request=job_of(store, CLINICAL, RECEIVE).requested_at)


def test_a_stage_that_breaks_down_is_reported_and_its_job_goes_on(
    store: Store, runner: Runner, work: Work, ended: list[RunEnded], lab: LabClock
) -> None:
    work.break_down.add((RECEIVE, CLINICAL))
    due = job_of(store, CLINICAL, RECEIVE).next_run_at
    lab.step(FIVE_MINUTES)
    runner.serve(Wish(CLINICAL, RECEIVE, due=due))
    assert [(end.vault_id, end.kind, end.result) for end in ended] == [(CLINICAL, RECEIVE, None)]
    assert ended[0].error == "The receive job of Vault 1001 failed: RuntimeError: the stage broke down"
    assert job_of(store, CLINICAL, RECEIVE).next_run_at == due + FIVE_MINUTES


def test_a_run_that_its_stage_left_open_is_closed_with_errors(store: Store, ended: list[RunEnded]) -> None:
    def leaves_it_open(store: Store, _clock: object, scope: Scope) -> RunResult:
        with store.write() as write:
            write.add(JobRun(vault_id=scope.vault_id, kind=RECEIVE, started_at=write.now))
        raise RuntimeError("gone")

    Runner(store, {RECEIVE: leaves_it_open}, ended.append).serve(Wish(CLINICAL, RECEIVE))
    with store.read() as session:
        run = session.execute(select(_runs)).one()
    assert run.status == RunStatus.ERRORS_ENCOUNTERED
    assert run.error == "The receive job of Vault 1001 failed: RuntimeError: gone"
    assert run.finished_at is not None


def test_a_run_whose_end_could_not_be_written_is_served_again(
    store: Store, ended: list[RunEnded], monkeypatch: pytest.MonkeyPatch, lab: LabClock
) -> None:
    due = job_of(store, CLINICAL, RECEIVE).next_run_at
    lab.step(FIVE_MINUTES)
    write = store.write

    def locks_the_database(store: Store, _clock: object, scope: Scope) -> RunResult:
        with job_run(store, RECEIVE, scope) as run:
            pass
        monkeypatch.setattr(store, "write", locked)
        return result_of(run)

    def locked() -> Iterator[WriteSession]:
        raise OperationalError("UPDATE job", {}, Exception("database is locked"))

    runner = Runner(store, {RECEIVE: locks_the_database}, ended.append)
    runner.serve(Wish(CLINICAL, RECEIVE, due=due))
    assert "database is locked" in ended[0].error
    assert ended[0].result is not None
    assert runner.unfinished() == [Wish(CLINICAL, RECEIVE, due=due)]

    monkeypatch.setattr(store, "write", write)
    again = Runner(store, Work().stages(), ended.append)
    again.serve(runner.unfinished()[0])
    assert again.unfinished() == []
    assert job_of(store, CLINICAL, RECEIVE).next_run_at > lab.now()


def test_a_closed_runner_ends_what_runs_and_begins_nothing(runner: Runner, work: Work) -> None:
    work.hold[SEND] = threading.Event()
    with in_another_thread(lambda: runner.serve(Wish(CLINICAL, SEND))):
        assert work.next() == (SEND, CLINICAL)
        runner.close()
        assert not runner.wait(0)
        runner.serve(Wish(SAFETY, SEND))
        assert runner.perform("Generator", lambda: pytest.fail("worked")) == ""
        work.hold[SEND].set()
        assert runner.wait(PATIENCE)
    assert work.all_until_now() == []


def test_wishes_for_different_connections_become_one_for_the_vault(lab: LabClock) -> None:
    early, late = lab.now(), lab.now() + timedelta(minutes=1)
    wish = Wish(CLINICAL, SEND, 7, due=early).and_also(Wish(CLINICAL, SEND, 8, request=late))
    assert wish == Wish(CLINICAL, SEND, None, due=early, request=late)
    assert Wish(CLINICAL, SEND, 7).and_also(Wish(CLINICAL, SEND, 7)) == Wish(CLINICAL, SEND, 7)


def test_an_error_of_the_database_is_told_without_its_statement() -> None:
    words = in_words(OperationalError("UPDATE secrets SET password = ?", {"password": "hunter2"}, Exception("locked")))
    assert words == "OperationalError: locked"
    assert in_words(NotPossible("It is closed.", "Open it.")) == "It is closed. Open it."


def test_a_delivery_that_nobody_needs_leaves_no_run_unless_somebody_asked_for_it(
    store: Store, work: Work, ended: list[RunEnded]
) -> None:
    runner = Runner(store, work.stages(), ended.append, {DELIVER: lambda _store, _clock, _scope: False})
    runner.serve(Wish(CLINICAL, DELIVER, due=store.clock.now()))
    assert work.all_until_now() == []
    assert runner.unfinished() == []
    runner.serve(Wish(CLINICAL, DELIVER, request=store.clock.now()))
    assert work.all_until_now() == [(DELIVER, CLINICAL)]
    assert [each.kind for each in ended] == [DELIVER]
