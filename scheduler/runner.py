"""Running jobs: one run at a time of each job, a deliver run after each send run, errors in one place."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from models.errors import ConsoleError
from models.feed import Topic
from models.store import Store
from models.tables import Job, JobKind, JobRun, RunStatus, table_of
from models.time import Clock
from scheduler.runs import RunResult
from scheduler.scope import Scope

logger = logging.getLogger(__name__)

_jobs = table_of(Job)
_runs = table_of(JobRun)

JobKey = tuple[int, JobKind]
"""Vault ID and kind of a job."""
Stage = Callable[[Store, Clock, Scope], RunResult]
Need = Callable[[Store, Clock, Scope], bool]
Retries = Callable[[Store, Clock, int, JobKind], Sequence[RunResult]]
"""Does the part of the waiting Retry Transfers of a Vault that a job does."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A run that is wanted: because its job is `due` (lab time), because of a `request`, or after a send run.

    With `only_retries` only the part that waiting Retry Transfers need; every other run does that part first.
    """

    vault_id: int
    kind: JobKind
    connection_id: int | None = None
    due: datetime | None = None
    request: datetime | None = None
    only_retries: bool = False

    @property
    def job(self) -> JobKey:
        """Which job it is a run of."""
        return self.vault_id, self.kind

    def and_also(self, other: "Wish | None") -> "Wish":
        """One run that does for both."""
        if other is None:
            return self
        return Wish(
            self.vault_id,
            self.kind,
            self.connection_id if self.connection_id == other.connection_id else None,
            max(filter(None, (self.due, other.due)), default=None),
            max(filter(None, (self.request, other.request)), default=None),
            self.only_retries and other.only_retries,
        )


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run of a job has ended: with its result, or with an `error` in words."""

    vault_id: int
    kind: JobKind
    result: RunResult | None
    error: str = ""


class Runner:
    """Runs jobs in the threads that call it, and goes on whatever happens in one.

    `on_end` hears of every run that ended. When the database did not take a run's end (it was locked, the disk was
    full), the run is among `unfinished` and should be served again. A kind in `needed` runs only when that says there
    is something to do, or when somebody asked for the run.
    """

    def __init__(
        self,
        store: Store,
        stages: Mapping[JobKind, Stage],
        on_end: Callable[[RunEnded], None],
        needed: Mapping[JobKind, Need] | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._store = store
        self._stages = stages
        self._needed = needed or {}
        self._retries = retries
        self._on_end = on_end
        self._change = threading.Condition()
        self._open = True
        self._at_work = 0
        self._busy: set[JobKey] = set()
        self._waiting: dict[JobKey, Wish] = {}
        self._unsettled: dict[JobKey, Wish] = {}
        self._unclosed: dict[JobKey, str] = {}

    @property
    def running(self) -> tuple[JobKey, ...]:
        """The jobs that run at this moment: Vault ID and kind."""
        with self._change:
            return tuple(sorted(self._busy))

    def serve(self, wish: Wish) -> None:
        """Run what is wanted, now and in this thread, and what follows from it.

        A job that runs already runs once more after that. Does nothing when the runner is closed.
        """
        with self._working():
            todo = deque([wish])
            while todo:
                wish = todo.popleft()
                if not self._enter(wish):
                    continue
                try:
                    self._run(wish)
                finally:
                    missed = self._leave(wish)
                if wish.kind is JobKind.SEND:
                    todo.append(Wish(wish.vault_id, JobKind.DELIVER, wish.connection_id))
                if missed is not None:
                    todo.append(missed)

    def perform(self, name: str, work: Callable[[], object]) -> str:
        """Do work that is no Vault's job; answers what went wrong, in words. Does nothing when the runner is closed."""
        with self._working() as welcome:
            if not welcome:
                return ""
            try:
                work()
            except Exception as error:
                logger.exception("%s failed.", name)
                return f"{name} failed: {in_words(error)}"
            return ""

    def unfinished(self) -> list[Wish]:
        """What should be served again, because the end of its run could not be written."""
        with self._change:
            return [wish for job, wish in self._unsettled.items() if job not in self._busy]

    def close(self) -> None:
        """Take no more work; what runs goes on to its end."""
        with self._change:
            self._open = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing runs; False when that took longer than `timeout` seconds."""
        with self._change:
            return self._change.wait_for(lambda: not self._at_work, timeout)

    @contextmanager
    def _working(self) -> Iterator[bool]:
        with self._change:
            welcome = self._open
            self._at_work += 1
        try:
            yield welcome
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    def _enter(self, wish: Wish) -> bool:
        with self._change:
            if not self._open:
                return False
            if wish.job in self._busy:
                self._waiting[wish.job] = wish.and_also(self._waiting.get(wish.job))
                return False
            self._busy.add(wish.job)
            return True

    def _leave(self, wish: Wish) -> Wish | None:
        with self._change:
            self._busy.discard(wish.job)
            return self._waiting.pop(wish.job, None)

    def _run(self, wish: Wish) -> None:
        with self._change:
            self._unsettled[wish.job] = wish.and_also(self._unsettled.get(wish.job))
        result, trouble = None, ""
        try:
            self._close_run(wish.job)
            self._serve_retries(wish)
            scope = Scope(wish.vault_id, wish.connection_id)
            if wish.only_retries:
                self._settle(wish.job)
                return
            if wish.request is None and not self._is_needed(wish.kind, scope):
                self._settle(wish.job)
                return
            result = self._stages[wish.kind](self._store, self._store.clock, scope)
        except Exception as error:
            logger.exception("The %s job of Vault %s failed.", wish.kind.value, wish.vault_id)
            trouble = f"The {wish.kind.value} job of Vault {wish.vault_id} failed: {in_words(error)}"
            self._unclosed[wish.job] = trouble
        try:
            self._close_run(wish.job)
            self._settle(wish.job)
        except Exception as error:
            logger.exception("The end of a %s run of Vault %s was not written.", wish.kind.value, wish.vault_id)
            trouble = trouble or f"The end of a run was not written: {in_words(error)}"
        self._on_end(RunEnded(wish.vault_id, wish.kind, result, trouble))

    def _serve_retries(self, wish: Wish) -> None:
        if self._retries is not None:
            for result in self._retries(self._store, self._store.clock, wish.vault_id, wish.kind):
                self._on_end(RunEnded(wish.vault_id, wish.kind, result))

    def _is_needed(self, kind: JobKind, scope: Scope) -> bool:
        need = self._needed.get(kind)
        return need is None or need(self._store, self._store.clock, scope)

    def _settle(self, job: JobKey) -> None:
        """Give a job its next time, when it was due, and take back the request that was served."""
        wish = self._unsettled.get(job)
        if wish is None:
            return
        if wish.due is not None or wish.request is not None:
            row = (_jobs.c.vault_id == wish.vault_id, _jobs.c.kind == wish.kind)
            with self._store.write() as write:
                if wish.due is not None:
                    present = write.execute(
                        select(_jobs.c.next_run_at, _jobs.c.every_seconds).where(*row)
                    ).one_or_none()
                    if present is not None:
                        due = next_time(present.next_run_at, present.every_seconds, max(wish.due, write.now))
                        write.execute(update(_jobs).where(*row).values(next_run_at=due))
                if wish.request is not None:
                    # A request that came meanwhile carries a later time, and stays.
                    write.execute(
                        update(_jobs)
                        .where(*row, _jobs.c.requested_at <= wish.request)
                        .values(requested_at=None, requested_connection_id=None)
                    )
                write.changed(Topic.JOBS, wish.vault_id)
        with self._change:
            self._unsettled.pop(job, None)

    def _close_run(self, job: JobKey) -> None:
        """Close the row of a run that broke off, if its stage could not: only then are its claims void."""
        trouble = self._unclosed.get(job)
        if trouble is None:
            return
        vault_id, kind = job
        with self._store.write() as write:
            write.execute(
                update(_runs)
                .where(_runs.c.vault_id == vault_id, _runs.c.kind == kind, _runs.c.status == RunStatus.RUNNING)
                .values(status=RunStatus.ERRORS_ENCOUNTERED, finished_at=write.now, error=trouble[:2000])
            )
            write.changed(Topic.JOBS, vault_id)
        self._unclosed.pop(job, None)


def next_time(due: datetime, every_seconds: float, after: datetime) -> datetime:
    """The first of the times `due`, `due` + every, ... that lies after `after`: missed ones are not made up for."""
    if due > after:
        return due
    every = timedelta(seconds=every_seconds)
    return due + every * ((after - due) // every + 1)


def in_words(error: Exception) -> str:
    """What an error says, for the engine's own report: statements and their parameters stay out of it."""
    if isinstance(error, SQLAlchemyError):
        return f"{type(error).__name__}: {getattr(error, 'orig', None) or 'the database refused'}"
    return str(error) if isinstance(error, ConsoleError) else f"{type(error).__name__}: {error}"
