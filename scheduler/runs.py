"""Job runs: every run of a stage is a row, and what it moved is counted in the same transactions that move it.

So the counts of a run are true even when its process is killed half-way.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Update, bindparam, insert, select, update

from models.errors import ConsoleError
from models.feed import Topic
from models.store import Store, WriteSession
from models.tables import COUNTS, ConnectionStat, Counts, Job, JobKind, JobRun, JobRunLine, RunStatus, table_of
from scheduler.scope import Scope
from scheduler.troubles import raise_long_run, settle_long_run

_runs = table_of(JobRun)
_lines = table_of(JobRunLine)
_stats = table_of(ConnectionStat)
_jobs = table_of(Job)


seconds = time.perf_counter
"""Real time, for how long a run takes."""


class RunTooLong(ConsoleError):
    """A run has taken longer than its job may; it ends with status TIMEOUT, and what is left waits for the next run."""

    title = "The job took too long"


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `counts` are totals over all connections."""

    run_id: int
    status: RunStatus
    counts: Counts


@dataclass
class Run:
    """A run under way."""

    store: Store
    kind: JobKind
    scope: Scope
    id: int
    started_at: datetime
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    errors: list[str] = field(default_factory=list)
    sound_points: set[int] = field(default_factory=set)
    """Integration points that are known to have no open exception items."""
    gave_up: int = 0
    """Messages that left their queue undelivered."""
    longest: int = 0
    """Seconds of real time that the run may take; 0 for no end."""
    began: float = field(default_factory=lambda: seconds())
    timed_out: bool = False
    timed_out_before: bool = False
    """Whether an earlier run of the job took too long, which its Vault has been told."""

    def go_on(self) -> None:
        """Ask between two pieces of work whether there is time for another. Raises RunTooLong."""
        if self.longest and seconds() - self.began >= self.longest:
            raise RunTooLong(
                f"The run was ended after {self.longest:,} seconds: its job may take no longer.",
                "What is left is done by the next runs. If that goes on, let the job run longer.",
            )

    def count(self, write: WriteSession, connection_id: int, **moved: int) -> None:
        """Add to what this run moved through a connection, within the transaction that moves it."""
        moved = {name: number for name, number in moved.items() if number}
        if not moved:
            return
        add_to_line, add_to_run = _adding(tuple(moved))
        connection = write.connection()
        values = {f"more_{name}": number for name, number in moved.items()}
        if not connection.execute(add_to_line, values | {"run": self.id, "connection": connection_id}).rowcount:
            row = dict.fromkeys(COUNTS, 0) | moved
            connection.execute(insert(_lines).values(run_id=self.id, connection_id=connection_id, **row))
        connection.execute(add_to_run, values | {"run": self.id})
        write.changed(Topic.JOBS, self.scope.vault_id)
        for name, number in moved.items():
            self.totals[name] += number

    def error(self, sentence: str) -> None:
        """Note an error of the run; the run goes on and ends with ERRORS_ENCOUNTERED."""
        if sentence not in self.errors:
            self.errors.append(sentence)


@lru_cache(maxsize=64)
def _adding(names: tuple[str, ...]) -> tuple[Update, Update]:
    """Statements that add to these counts of a line and of a run."""
    line = update(_lines).where(_lines.c.run_id == bindparam("run"), _lines.c.connection_id == bindparam("connection"))
    run = update(_runs).where(_runs.c.id == bindparam("run"))
    return (
        line.values({name: _lines.c[name] + bindparam(f"more_{name}") for name in names}),
        run.values({name: _runs.c[name] + bindparam(f"more_{name}") for name in names}),
    )


@contextmanager
def job_run(store: Store, kind: JobKind, scope: Scope) -> Iterator[Run]:
    """Open a run row, and close it however the work ends: with an error row for an exception, which goes on upwards.

    A run that takes too long (see `Run.go_on`) ends here, as TIMEOUT and with a user exception of its Vault (seed S0).
    """
    with store.write() as write:
        job = write.execute(
            select(_jobs.c.longest_seconds, _jobs.c.timed_out).where(
                _jobs.c.vault_id == scope.vault_id, _jobs.c.kind == kind
            )
        ).one_or_none()
        result = write.execute(
            insert(_runs)
            .values(
                vault_id=scope.vault_id,
                kind=kind,
                connection_id=scope.connection_id,
                retry_id=scope.retry_id,
                status=RunStatus.RUNNING,
                started_at=write.now,
                duration_ms=0,
                error="",
                **dict.fromkeys(COUNTS, 0),
            )
            .returning(_runs.c.id)
        )
        run = Run(store, kind, scope, result.scalar_one(), write.now)
        if job is not None:
            run.longest, run.timed_out_before = job.longest_seconds, job.timed_out
        write.changed(Topic.JOBS, scope.vault_id)
    try:
        yield run
    except RunTooLong as long:
        run.timed_out = True
        run.error(str(long))
    except Exception as error:
        run.error(str(error) if isinstance(error, ConsoleError) else f"{type(error).__name__} inside the program.")
        raise
    finally:
        _close(run)


def result_of(run: Run) -> RunResult:
    """How a closed run ended."""
    return RunResult(run.id, status_of(run), Counts(**run.totals))


def status_of(run: Run) -> RunStatus:
    """Success, or errors when anything failed or an error was noted; TIMEOUT when it was ended before its end."""
    if run.timed_out:
        return RunStatus.TIMEOUT
    failed = run.errors or run.totals["failed"]
    return RunStatus.ERRORS_ENCOUNTERED if failed else RunStatus.SUCCESS


def is_running(write: WriteSession, run: Run) -> bool:
    """Whether a run still counts: one whose engine was held for dead has been cancelled, and another does its work."""
    return write.execute(select(_runs.c.status).where(_runs.c.id == run.id)).scalar() is RunStatus.RUNNING


def _close(run: Run) -> None:
    with run.store.write() as write:
        _tell_of_time(write, run)
        write.execute(
            update(_runs)
            .where(_runs.c.id == run.id, _runs.c.status == RunStatus.RUNNING)
            .values(
                status=status_of(run),
                finished_at=write.now,
                duration_ms=round((seconds() - run.began) * 1000),
                error=" ".join(run.errors)[:2000],
            )
        )
        write.changed(Topic.JOBS, run.scope.vault_id)


def _tell_of_time(write: WriteSession, run: Run) -> None:
    """Tell the Vault that the run took too long, or that one came to its end after such a run."""
    if run.timed_out:
        raise_long_run(write, run.id, run.scope, run.kind, run.errors[-1])
    elif run.timed_out_before and run.scope.retry_id is None:
        settle_long_run(write, run.scope, run.kind)
    else:
        return
    if run.timed_out or run.scope.connection_id is None:
        write.execute(
            update(_jobs)
            .where(_jobs.c.vault_id == run.scope.vault_id, _jobs.c.kind == run.kind)
            .values(timed_out=run.timed_out)
        )


def add_to_stats(write: WriteSession, vault_id: int, connection_id: int, **moved: int) -> None:
    """Add to the day's Connection Stats, within the transaction that moves the messages."""
    moved = {name: number for name, number in moved.items() if number}
    if not moved:
        return
    day = write.now.date()
    row = (_stats.c.connection_id == connection_id, _stats.c.day == day)
    changed = write.connection().execute(
        update(_stats).where(*row).values({name: _stats.c[name] + number for name, number in moved.items()})
    )
    if not changed.rowcount:
        zeros = dict.fromkeys(("sent", "received", "failures", "retries", "timeouts", "fatal_errors"), 0)
        write.execute(insert(_stats).values(connection_id=connection_id, day=day, **(zeros | moved)))
    write.changed(Topic.STATS, vault_id)
