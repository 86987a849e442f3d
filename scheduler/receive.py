"""The receive job: processes inbound messages, then tries again what failed before.

Marking a message processed and writing the target records commit together, and records are matched before they are
created: so a message that is processed twice changes nothing the second time. A Vault's integrations whose items all
passed get a new Last Successful Run Time; a run with errors does not move it (seed S3).
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby, islice

from sqlalchemy import bindparam, select, update

from models.feed import Topic
from models.refusals import StoreFailed
from models.rules.usage import LookupUsage, save_usage
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ConnectionState,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    JobKind,
    MessageState,
    Queue,
    RetryTransferMessage,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from models.time import Clock
from scheduler.apply import Applied, Prepared, apply, prepare
from scheduler.failures import refuse_message, settle_items, settle_message
from scheduler.hand_over import hand_over, keep_notes
from scheduler.incoming import groups_of_open_items, open_items, queued, refused_before
from scheduler.processors import TRANSFER
from scheduler.route import Route, RouteBroken, load_route
from scheduler.runs import Run, RunResult, is_running, job_run, result_of, seconds
from scheduler.scope import Scope
from scheduler.troubles import raise_remote, settle_remote, told_senders
from scheduler.work import Work

logger = logging.getLogger(__name__)

_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_queues = table_of(Queue)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)
_retries = table_of(RetryTransferMessage)

_TAKE = (
    update(_messages)
    .where(
        _messages.c.id == bindparam("message"),
        _messages.c.claimed_by == bindparam("run"),
        _messages.c.state == MessageState.QUEUED,
    )
    .values(
        state=MessageState.PROCESSED,
        left_at=bindparam("now"),
        taken_by=bindparam("run"),
        claimed_by=None,
        last_error=bindparam("error"),
    )
)


TOGETHER = 5
"""Messages applied in one transaction, at most."""
LONGEST_WRITE = 0.1
"""Seconds of real time after which a transaction takes no further message: others wait to write, and people watch."""
CHECKPOINT_EVERY = 3
"""Sets of messages after which a thread brings what was written into the store's file."""
BREATH = 0.001
"""Seconds between two transactions, in which others begin to write who wait for it."""


class _TakenElsewhere(Exception):
    """Another run has processed or removed the message meanwhile."""


@dataclass(frozen=True, slots=True)
class _Called:
    """Messages that are processed together, and the call-back for their items when it could begin."""

    works: Sequence[Work]
    ahead: "Future[Sequence[Prepared]] | None"


class Receiver:
    """One receive run of a Vault. Routes are worked out once and kept for the run."""

    def __init__(self, store: Store, run: Run) -> None:
        self.store = store
        self.run = run
        self.failed_integrations: set[int] = set()
        self.usage = LookupUsage()
        self._routes: dict[tuple[int, str, str], Route | RouteBroken] = {}
        self._trouble: Exception | None = None
        with store.read() as session:
            self._told_senders = told_senders(session, run.scope.vault_id)

    def process_all(self, claims: Iterable[Sequence[Work]]) -> None:
        """Process messages in their order, several in one transaction; while they are written, a thread calls back.

        One that fails in a way that nobody foresaw does not hold back the others: its error is raised after them.
        """
        sets = self._sets(claims)
        with ThreadPoolExecutor(2, thread_name_prefix="beside-receive") as pool:
            called, written = self._call_back(pool, next(sets, ())), 0
            while called.works:
                following = self._call_back(pool, next(sets, ()))
                self._process_together(called)
                called, written = following, written + 1
                if written % CHECKPOINT_EVERY == 0:
                    pool.submit(self.store.checkpoint)
        if self._trouble is not None:
            raise self._trouble

    def _sets(self, claims: Iterable[Sequence[Work]]) -> Iterator[Sequence[Work]]:
        """Messages in their order, in sets of those for all of which the source is called back, or for none."""
        for works in claims:
            for _, alike in groupby(works, self._calls_back):
                while together := tuple(islice(alike, TOGETHER)):
                    yield together

    def _calls_back(self, work: Work) -> bool:
        return work.processor == TRANSFER and isinstance(self._route(work), Route)

    def _call_back(self, pool: ThreadPoolExecutor, works: Sequence[Work]) -> _Called:
        calls_back = bool(works) and self._calls_back(works[0])
        return _Called(works, pool.submit(self._prepare, works) if calls_back else None)

    def _prepare(self, works: Sequence[Work]) -> Sequence[Prepared]:
        """Call back for the items of messages whose routes are sound."""
        routes = [self._route(work) for work in works]
        with self.store.read() as session:
            return [
                prepare(session, route, work.items, work.event)
                for route, work in zip(routes, works, strict=True)
                if isinstance(route, Route)
            ]

    def _process_together(self, called: _Called) -> None:
        """Apply messages in few transactions; one by one when one of them fails in a way that nobody foresaw."""
        if called.ahead is None:
            self._process_one_by_one(called.works)
            return
        try:
            prepared = list(zip(called.works, called.ahead.result(), strict=True))
            while prepared:
                prepared = prepared[self._write(prepared) :]
        except StoreFailed:
            raise
        except Exception:  # noqa: BLE001 - it comes up again, or it has passed
            # Of the last transaction nothing holds; what an earlier one has written is not this run's to take again.
            self.run.sound_points.clear()
            self._process_one_by_one(called.works)

    def _process_one_by_one(self, works: Iterable[Work]) -> None:
        for work in works:
            try:
                self.process(work)
            except StoreFailed:
                raise
            except Exception as error:
                logger.exception("A message was not processed.")
                self._trouble = self._trouble or error

    def process(self, work: Work) -> bool:
        """Apply the items of one piece of work; answers False when its route is broken and nothing could be tried."""
        if work.processor != TRANSFER:
            return self._hand_over(work)
        route = self._route(work)
        if isinstance(route, RouteBroken):
            self._refuse(work, route)
            return False
        self._write(list(zip([work], self._prepare([work]), strict=True)))
        return True

    def _write(self, prepared: Sequence[tuple[Work, Prepared]]) -> int:
        """Apply pieces of work in one transaction, as many as there is time for; answers how many it has come to.

        Those that another run has taken meanwhile are passed over.
        """
        applied: list[tuple[Work, Prepared, Applied]] = []
        come_to = 0
        with self.store.write() as write:
            end = seconds() + LONGEST_WRITE
            for work, each in prepared:
                come_to += 1
                with suppress(_TakenElsewhere):
                    applied.append((work, each, self._apply(write, work, each)))
                if seconds() >= end:
                    break
            self._count(write, [(work, outcome.counts()) for work, _, outcome in applied])
        time.sleep(BREATH)
        for _, each, outcome in applied:
            self.usage.add(each.usage)
            if outcome.failures:
                self.failed_integrations.add(each.route.integration_id)
        return come_to

    def _apply(self, write: WriteSession, work: Work, prepared: Prepared) -> Applied:
        self._take(write, work)
        applied = apply(write, prepared)
        settle_items(write, self.run, prepared.route, work, applied.failures)
        if (work.connection_id, work.point_name) in self._told_senders:
            settle_remote(write, work.connection_id, work.point_name)
        return applied

    def save_usage(self) -> None:
        """Count what this run has asked of reference lookups."""
        if self.usage:
            with self.store.write() as write:
                save_usage(write, self.run.scope.vault_id, self.usage)

    def _hand_over(self, work: Work) -> bool:
        """Have another processor than the built-in one take a message."""
        try:
            done = hand_over(self.store, work, lambda: self.process(replace(work, processor=TRANSFER)))
        except RouteBroken as broken:
            self._refuse(work, broken)
            return False
        try:
            with self.store.write() as write:
                if not done.transferred:
                    self._take(write, work)
                    settle_message(write, self.run, work)
                    self._count(write, [(work, {"skipped": len(work.items)})])
                keep_notes(write, work, done.notes)
        except _TakenElsewhere:
            return True
        return True

    def _route(self, work: Work) -> Route | RouteBroken:
        key = (work.connection_id, work.point_name, work.object_name)
        if key not in self._routes:
            with self.store.read() as session:
                try:
                    self._routes[key] = load_route(session, *key, self.run.started_at)
                except RouteBroken as broken:
                    self._routes[key] = broken
        return self._routes[key]

    def _refuse(self, work: Work, broken: RouteBroken) -> None:
        self.run.error(str(broken))
        if broken.point is not None:
            self.failed_integrations.add(broken.point.integration_id)
        try:
            with self.store.write() as write:
                self._take(write, work, error=str(broken))
                refuse_message(write, self.run, work, broken)
                if broken.concerns_sender:
                    raise_remote(write, work.connection_id, work.point_name, str(broken))
                    self._told_senders.add((work.connection_id, work.point_name))
                self._count(write, [(work, {"failed": len(work.items)})])
        except _TakenElsewhere:
            return

    def _take(self, write: WriteSession, work: Work, error: str | None = None) -> None:
        """Mark a queued message processed. Raises _TakenElsewhere when it is no longer this run's.

        What is tried again has no claim; there the run itself must go on, or another one has taken its place.
        """
        if work.spark_message_id is None or work.is_retry:
            if not is_running(write, self.run):
                raise _TakenElsewhere
            return
        taken = write.connection().execute(
            _TAKE,
            {
                "message": work.spark_message_id,
                "run": self.run.id,
                "now": write.now,
                "error": error[:1000] if error else None,
            },
        )
        if not taken.rowcount:
            raise _TakenElsewhere
        write.changed(Topic.MESSAGES, self.run.scope.vault_id)
        write.changed(Topic.QUEUES, self.run.scope.vault_id)

    def _count(self, write: WriteSession, done: Iterable[tuple[Work, Mapping[str, int]]]) -> None:
        """Count what became of pieces of work, and of the items in them."""
        moved: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for work, counts in done:
            kind = "retried" if work.is_retry else "received"
            moved[work.connection_id].update({kind: len(work.items)}, **counts)
        for connection_id, numbers in moved.items():
            self.run.count(write, connection_id, **numbers)


def run_once(store: Store, clock: Clock, scope: Scope) -> RunResult:  # noqa: ARG001 - all stages are called alike
    """Run a Vault's receive job once; answers what it received and what became of it."""
    with job_run(store, JobKind.RECEIVE, scope) as run:
        receiver = Receiver(store, run)
        try:
            if scope.retry_id is None:
                receiver.process_all(queued(store, run))
            for work in refused_before(store, run):
                run.go_on()
                receiver.process(work)
            _try_open_items(store, run, receiver)
        finally:
            receiver.save_usage()
        if scope.retry_id is None:
            with store.write() as write:
                _advance(write, run, receiver.failed_integrations)
    return result_of(run)


def _try_open_items(store: Store, run: Run, receiver: Receiver) -> None:
    """Try the open items of active integrations again, those that this run has not tried yet."""
    for group in groups_of_open_items(store, run):
        after = ""
        while work := open_items(store, run, group, after):
            run.go_on()
            if not receiver.process(work):
                break
            after = work.items[-1]


def _advance(write: WriteSession, run: Run, failed: set[int]) -> None:
    """Give the integrations that received without errors a new Last Successful Run Time: the run's start."""
    statement = update(_integrations).where(
        _integrations.c.vault_id == run.scope.vault_id,
        _integrations.c.active,
        # An administrator may have activated one during the run, which set a later time.
        _integrations.c.last_successful_receive.is_(None) | (_integrations.c.last_successful_receive < run.started_at),
        _integrations.c.id.not_in(failed),
        _integrations.c.id.in_(select(_points.c.integration_id).where(_points.c.direction == Direction.INBOUND)),
        _integrations.c.connection_id.in_(
            select(_connections.c.id).where(_connections.c.state == ConnectionState.ACTIVE)
        ),
    )
    if run.scope.connection_id is not None:
        statement = statement.where(_integrations.c.connection_id == run.scope.connection_id)
    advanced = write.connection().execute(statement.values(last_successful_receive=run.started_at))
    if advanced.rowcount:
        write.changed(Topic.INTEGRATIONS, run.scope.vault_id)
