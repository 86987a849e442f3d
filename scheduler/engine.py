"""The job engine: runs every Vault's jobs when the lab clock says so, or watches another engine that does."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy import or_, select

from models.feed import Change, Topic
from models.queries.retries import under_way
from models.services.jobs import mark_requested
from models.store import Store
from models.tables import Job, JobKind, JobRun, RetryState, RetryTransfer, RunStatus, table_of
from scheduler import deliver, receive, send
from scheduler.clock import LabClock, attach_lab
from scheduler.housekeeping import Housekeeping
from scheduler.lease import LASTING, Lease, acquire, is_free, who_holds
from scheduler.memory import settle_collector
from scheduler.notify import Notifier
from scheduler.retries import serve_retries
from scheduler.runner import JobKey, Need, RunEnded, Runner, Stage, Wish, in_words, next_time
from scheduler.timetable import Timetable
from scheduler.watch import Watch

logger = logging.getLogger(__name__)
# A terminal screen is no place for log lines: they go where the program says, or nowhere.
logging.getLogger("scheduler").addHandler(logging.NullHandler())

_jobs = table_of(Job)
_runs = table_of(JobRun)
_retries = table_of(RetryTransfer)
_is_open = _runs.c.status == RunStatus.RUNNING

STAGES: Mapping[JobKind, Stage] = {
    JobKind.SEND: send.run_once,
    JobKind.DELIVER: deliver.run_once,
    JobKind.RECEIVE: receive.run_once,
}
NEEDED: Mapping[JobKind, Need] = {JobKind.DELIVER: deliver.has_work}
"""Delivery is no job that an administrator sees on a schedule: it leaves a run only when a message waits."""
THREADS = 3
"""How many jobs run at the same time."""
HOUSEKEEPING_EVERY = 3600
"""Lab seconds."""
HOUSEKEEPING = "Housekeeping"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engine looks around, in seconds of real time."""

    look: float = 0.5
    """For commits of other processes."""
    rest: float = 0.05
    """Between two looks, however much happens."""
    beat: float = 1.0
    """Signs of life."""
    beat_paused: float = 2.0
    """Signs of life while the lab clock is paused."""
    try_again: float = 2.0
    """For the lease, as a viewer; and for what the database did not take."""
    lasting: timedelta = LASTING
    """How long a sign of life counts."""


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """This process runs the jobs from now on, or only watches, for the reason that `viewer` gives."""

    viewer: str | None


@dataclass(eq=False)
class _Term:
    """The time in which this process holds the lease, and all that exists only for that time."""

    lease: Lease
    timetable: Timetable
    runner: Runner
    served: dict[int, datetime] = field(default_factory=dict)
    """By job, the latest request that has been handed to the runner."""
    retried: set[tuple[int, JobKind]] = field(default_factory=set)
    """The parts of Retry Transfers that have been handed to the runner."""

    def end(self, *, wait: bool) -> None:
        self.runner.close()
        if wait:
            self.runner.wait()
        self.timetable.shut_down(wait=wait)


class Engine:
    """Runs a store's jobs on lab time; where another engine does so, watches, and takes over when that one ends.

    All jobs of all Vaults run in a few threads of this process. `on_event` is called from those threads, and must
    neither wait nor stop the engine. `extra_jobs` are (name, lab seconds, work); they run while the lab's generator
    is on. With `take_over` off, a viewer stays one.
    """

    def __init__(
        self,
        store: Store,
        *,
        stages: Mapping[JobKind, Stage] | None = None,
        extra_jobs: Sequence[tuple[str, float, Callable[[], object]]] = (),
        on_event: Callable[[RunEnded | RoleChanged], None] | None = None,
        take_over: bool = True,
        pace: Pace = Pace(),
    ) -> None:
        self.last_error: str | None = None
        """What went wrong last, inside the program, in words; job runs carry their own errors."""
        self._store = store
        self._notifier = Notifier(store)
        self._stages = stages or STAGES
        self._extra_jobs = extra_jobs
        self._on_event = on_event
        self._take_over = take_over
        self._pace = pace
        self._life = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._term: _Term | None = None
        self._lost: list[_Term] = []
        self._viewer: str | None = None
        self._news: set[Topic] = set()
        self._beat_at = self._again_at = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def clock(self) -> LabClock:
        """The lab clock, which is also the store's."""
        return attach_lab(self._store)

    @property
    def viewer(self) -> str | None:
        """Why this process only watches, in one sentence; None when it runs the jobs (or was not started)."""
        return self._viewer

    @property
    def runs_jobs(self) -> bool:
        """Whether this process runs the jobs."""
        return self._term is not None

    @property
    def running(self) -> tuple[JobKey, ...]:
        """The jobs that run in this process at this moment: Vault ID and kind."""
        term = self._term
        return term.runner.running if term else ()

    def start(self) -> bool:
        """Begin to run jobs, or to watch; False for the latter, with the reason in `viewer`."""
        with self._life:
            if self._thread is None:
                self._stopping = False
                self._ended.clear()
                settle_collector()
                attach_lab(self._store)
                self._take_office()
                self._watch = Watch(self._store)
                self._subscription = self._store.feed.subscribe({Topic.LAB, Topic.JOBS, Topic.VAULTS})
                self._subscription.on_change(self._wake.set)
                self._thread = threading.Thread(target=self._keep_watch, name="engine", daemon=True)
                self._thread.start()
            return self.runs_jobs

    def stop(self) -> None:
        """Take no more jobs, wait for those that run, and give the lease back. Stopping twice does nothing.

        Never call it on the UI's thread or from a job: it waits for jobs, which may wait for the screen.
        """
        with self._life:
            if self._thread is None:
                return
            self._stopping = True
            # The engine's own thread goes on giving signs of life while jobs run to their end.
            for term in (*self._lost, *filter(None, [self._term])):
                term.runner.close()
                term.runner.wait()
            self._notifier.wait()
            self._ended.set()
            self._wake.set()
            self._thread.join()
            self._thread = None
            self._subscription.close()
            self._watch.close()
            last, self._term, self._viewer = self._term, None, None
            if last is not None:
                last.end(wait=True)
                try:
                    last.lease.release()
                except Exception as error:
                    # The lease runs out by itself, and its holder is seen to be gone.
                    logger.exception("The lease was not given back.")
                    self.last_error = in_words(error)

    def run_now(self, vault_id: int, kind: JobKind, connection_id: int | None = None) -> None:
        """Have a job run at once, also while the clock is paused; in a viewer, the other process runs it.

        Raises NotFound for a Vault without such a job.
        """
        with self._store.write() as write:
            mark_requested(write, vault_id, kind, connection_id)

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until nothing runs, is due or was asked for, in whatever process; False after `timeout` seconds."""
        until = time.monotonic() + timeout
        while not self._is_idle():
            if time.monotonic() >= until or self._ended.wait(0.05):
                return False
        return True

    def _is_idle(self) -> bool:
        asked = select(_retries.c.id).where(_retries.c.state == RetryState.UNDER_WAY)
        wanted = or_(_jobs.c.requested_at.is_not(None), _jobs.c.next_run_at <= self.clock.now())
        with self._store.read() as session:
            for statement in (select(_jobs.c.id).where(wanted), select(_runs.c.id).where(_is_open), asked):
                if session.execute(statement.limit(1)).first() is not None:
                    return False
        # A job's next time is written before what follows from it has run: so the runner is asked last.
        term = self._term
        return term is None or (term.timetable.is_quiet() and term.runner.wait(0))

    def _keep_watch(self) -> None:
        while not self._ended.is_set():
            self._wake.wait(self._pace.look)
            self._wake.clear()
            try:
                self._look_around()
            except Exception as error:
                logger.exception("The engine could not look around; it tries again.")
                self.last_error = in_words(error)
            self._ended.wait(self._pace.rest)

    def _look_around(self) -> None:
        if self._term is not None:
            self._beat(self._term)
        somebody_wrote, others_wrote = self._watch.look()
        self._news |= {change.topic for change in self._subscription.drain()}
        # A viewer follows the engine's signs of life too, which the feed does not tell.
        if somebody_wrote and (self._term is None or Topic.LAB in self._news):
            self.clock.reload()
        if self._stopping:
            return
        if self._term is not None:
            self._keep_timetable(self._term)
        else:
            self._look_for_lease(at_once=others_wrote)

    def _beat(self, term: _Term) -> None:
        now = time.monotonic()
        if now < self._beat_at:
            return
        self._beat_at = now + (self._pace.beat_paused if self.clock.paused else self._pace.beat)
        if not term.lease.beat():
            self._lost = [lost for lost in self._lost if not lost.runner.wait(0)] + [term]
            self._term = None
            term.end(wait=False)
            self._set_role(who_holds(self.clock.state))

    def _look_for_lease(self, *, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now >= self._again_at:
            self._again_at = now + self._pace.try_again
            state = self.clock.state
            if self._take_over and is_free(state, self.clock.real.now()):
                self._take_office()
            else:
                self._set_role(who_holds(state))

    def _take_office(self) -> None:
        lease = acquire(self._store, lasting=self._pace.lasting)
        if lease is not None:
            timetable = Timetable(self.clock, self._wake.set, threads=THREADS)
            needed = NEEDED if self._stages is STAGES else {}
            retries = serve_retries if self._stages is STAGES else None
            runner = Runner(self._store, self._stages, self._run_ended, needed, retries)
            self._term = term = _Term(lease, timetable, runner)
            timetable.start()
            self._plan_extra(term, HOUSEKEEPING, HOUSEKEEPING_EVERY, Housekeeping(self._store).clear)
            for name, every, work in self._extra_jobs:
                self._plan_extra(term, name, every, partial(self._while_generating, work))
            self._news |= {Topic.JOBS}
            self._wake.set()
        self._set_role(None if lease else who_holds(self.clock.state))

    def _keep_timetable(self, term: _Term) -> None:
        if self._news & {Topic.JOBS, Topic.VAULTS}:
            self._read_jobs(term)
        term.timetable.apply(clock_changed=Topic.LAB in self._news)
        self._news.clear()
        now = time.monotonic()
        if now >= self._again_at:
            self._again_at = now + self._pace.try_again
            for wish in term.runner.unfinished():
                term.timetable.at_once(partial(term.runner.serve, wish))

    def _read_jobs(self, term: _Term) -> None:
        with self._store.read() as session:
            rows = session.execute(select(_jobs)).all()
            retries = under_way(session)
        keys = {HOUSEKEEPING, *(name for name, _every, _work in self._extra_jobs)}
        for row in rows:
            key = f"{row.kind.value} {row.vault_id}"
            keys.add(key)
            term.timetable.put(key, row.next_run_at, partial(self._serve_due, term, row.vault_id, row.kind))
            if row.requested_at is not None and term.served.get(row.id) != row.requested_at:
                term.served[row.id] = row.requested_at
                wish = Wish(row.vault_id, row.kind, row.requested_connection_id, request=row.requested_at)
                term.timetable.at_once(partial(term.runner.serve, wish))
        term.timetable.keep(keys)
        for key_of_retry, vault_id, step in retries:
            if (key_of_retry, step) not in term.retried:
                term.retried.add((key_of_retry, step))
                wish = Wish(vault_id, step, only_retries=True)
                term.timetable.at_once(partial(term.runner.serve, wish))

    def _serve_due(self, term: _Term, vault_id: int, kind: JobKind, due: datetime) -> None:
        term.runner.serve(Wish(vault_id, kind, due=due))

    def _plan_extra(self, term: _Term, name: str, every: float, work: Callable[[], object]) -> None:
        def call(due: datetime) -> None:
            self.last_error = term.runner.perform(name, work) or self.last_error
            term.timetable.put(name, next_time(due, every, max(due, self.clock.now())), call)

        term.timetable.put(name, self.clock.now() + timedelta(seconds=every), call)

    def _while_generating(self, work: Callable[[], object]) -> None:
        if self.clock.state.generator:
            work()

    def _run_ended(self, event: RunEnded) -> None:
        self.last_error = event.error or self.last_error
        self._notifier.look()
        self._tell(event)

    def _set_role(self, viewer: str | None) -> None:
        before, self._viewer = self._viewer, viewer
        if before != viewer or viewer is None:
            self._store.feed.publish([Change(Topic.LAB)])
            self._tell(RoleChanged(viewer))

    def _tell(self, event: RunEnded | RoleChanged) -> None:
        if self._on_event is not None:
            try:
                self._on_event(event)
            except Exception:
                logger.exception("A listener of the engine failed.")
