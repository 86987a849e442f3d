"""Having jobs run that were asked for: by the engine that runs on the store, or by this process when there is none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.cli.lab import OpenLab
from console.cli.output import Column, shown, table
from models.errors import NotPossible

if TYPE_CHECKING:
    from datetime import datetime

    from models.queries.flows import EndedRun
    from models.store import WriteSession
    from models.tables import JobKind
    from scheduler.lease import Lease

LOOK_EVERY = 0.1
BEAT_EVERY = 1.0


def serve_requests(
    lab: OpenLab, vault_id: int, requests: Sequence[Callable[[WriteSession], None]]
) -> tuple[EndedRun, ...]:
    """Ask for jobs of a Vault by each request in turn, have them run, and answer the runs that came of it.

    Raises what a request raises, and NotPossible when the engine that should run the jobs stops.
    """
    from models.queries.flows import ended_runs, last_run_id, requested_jobs
    from models.tables import JobKind

    store = lab.store
    with store.read() as session:
        before = last_run_id(session)
    kinds: set[JobKind] = set()
    for request in requests:
        with store.write() as write:
            request(write)
            asked = {kind: when for kind, when, _connection in requested_jobs(write, vault_id)}
        with _lease(lab) as lease:
            if lease is None:
                _wait(lab, vault_id, asked, before)
            else:
                _serve(lab, vault_id)
        kinds |= set(asked)
    if JobKind.SEND in kinds:
        kinds.add(JobKind.DELIVER)
    with store.read() as session:
        return ended_runs(session, vault_id, tuple(kinds), after=before)


def serve_retry(lab: OpenLab, vault_id: int, retry_id: int) -> None:
    """Have a Retry Transfer carried out, by the engine that runs on the store or by this process.

    Raises NotPossible when the engine that should do it stops, or when a run failed inside the program.
    """
    from models.queries.retries import retry
    from scheduler.lease import is_free

    with _lease(lab) as lease:
        if lease is not None:
            _serve_retries(lab, vault_id)
            return
    while True:
        with lab.store.read() as session:
            row = retry(session, retry_id)
        if row is None or row.is_over:
            return
        state = lab.clock.reload()
        if is_free(state, lab.clock.real.now()):
            raise NotPossible("The engine stopped before the retry was done.", "The next engine goes on with it.")
        time.sleep(LOOK_EVERY)


def finish_interrupted(lab: OpenLab, vault_id: int) -> None:
    """Carry out what Retry Transfers of a Vault are left over from an engine that was stopped, if none runs now."""
    from models.queries.retries import under_way

    with lab.store.read() as session:
        if not under_way(session, vault_id):
            return
    with _lease(lab) as lease:
        if lease is not None:
            _serve_retries(lab, vault_id)


def _serve_retries(lab: OpenLab, vault_id: int) -> None:
    from models.queries.retries import under_way
    from scheduler.engine import STAGES
    from scheduler.notify import tell_new
    from scheduler.retries import serve_retries
    from scheduler.runner import RunEnded, Runner, Wish

    troubles: list[str] = []

    def note(event: RunEnded) -> None:
        if event.error:
            troubles.append(event.error)

    runner = Runner(lab.store, STAGES, note, retries=serve_retries)
    served: set[tuple[int, JobKind]] = set()
    while not troubles:
        with lab.store.read() as session:
            parts = [(key, step) for key, _vault_id, step in under_way(session, vault_id)]
        part = next((part for part in parts if part not in served), None)
        if part is None:
            tell_new(lab.store)
            return
        served.add(part)
        runner.serve(Wish(vault_id, part[1], only_retries=True))
    raise NotPossible(" ".join(troubles), "The retry keeps the error.")


@contextmanager
def _lease(lab: OpenLab) -> Iterator[Lease | None]:
    """Hold the lab for a while, with signs of life from a thread of its own; None when another engine holds it."""
    from scheduler.lease import acquire

    lease = acquire(lab.store)
    if lease is None:
        yield None
        return
    done = threading.Event()

    def live() -> None:
        while not done.wait(BEAT_EVERY) and lease.beat():
            pass

    thread = threading.Thread(target=live, name="lease", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        done.set()
        thread.join()
        lease.release()


def _serve(lab: OpenLab, vault_id: int) -> None:
    from models.queries.flows import requested_jobs
    from models.tables import JobKind
    from scheduler.engine import STAGES
    from scheduler.notify import tell_new
    from scheduler.retries import serve_retries
    from scheduler.runner import RunEnded, Runner, Wish

    troubles: list[str] = []

    def note(event: RunEnded) -> None:
        if event.error:
            troubles.append(event.error)

    runner = Runner(lab.store, STAGES, note, retries=serve_retries)
    with lab.store.read() as session:
        asked = requested_jobs(session, vault_id)
    for kind, when, connection_id in asked:
        # A deliver run follows each send run by itself; one that was asked for comes after it, for what is left.
        runner.serve(Wish(vault_id, JobKind(kind), connection_id, request=when))
    tell_new(lab.store)
    if troubles:
        raise NotPossible(" ".join(troubles), "The job run keeps the error; the jobs go on with their next run.")


def _wait(lab: OpenLab, vault_id: int, asked: Mapping[JobKind, datetime], before: int) -> None:
    """Wait until another process has served the requests."""
    from scheduler.lease import is_free

    while not _is_served(lab, vault_id, asked, before):
        state = lab.clock.reload()
        if is_free(state, lab.clock.real.now()):
            raise NotPossible("The engine stopped before it ran the jobs.", "They run when an engine starts again.")
        time.sleep(LOOK_EVERY)


def _is_served(lab: OpenLab, vault_id: int, asked: Mapping[JobKind, datetime], before: int) -> bool:
    from models.queries.flows import ended_runs, open_runs, requested_jobs
    from models.tables import JobKind

    kinds = set(asked)
    with lab.store.read() as session:
        if any(asked.get(kind) == when for kind, when, _connection in requested_jobs(session, vault_id)):
            return False
        if JobKind.SEND in kinds:
            # A deliver run follows each send run, after the request has been taken back.
            kinds.add(JobKind.DELIVER)
            if not ended_runs(session, vault_id, (JobKind.DELIVER,), after=before):
                return False
        return not open_runs(session, vault_id, tuple(kinds), after=before)


def runs_table(runs: Sequence[EndedRun], *, with_vault: bool = False) -> str:
    """Job runs with what each one moved."""
    columns: list[Column[EndedRun]] = [
        Column("Run", lambda run: run.key, right=True),
        Column("Job", lambda run: run.kind),
        Column("Status", lambda run: run.status),
        Column("Moved", moved_text),
        Column("Error", lambda run: run.error),
    ]
    if with_vault:
        columns.insert(1, Column("Vault", lambda run: run.vault))
    return table(columns, runs, empty="No job has run.")


def moved_text(run: EndedRun) -> str:
    """What a run moved, in words; only what is not zero."""
    from models.tables import COUNTS

    found = [f"{name} {number}" for name in COUNTS if (number := getattr(run, name))]
    return shown(", ".join(found) or "nothing")
