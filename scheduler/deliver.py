"""Delivery: takes messages off outbound queues in FIFO order, signs them, and hands them over.

Marking a message delivered and putting it on the inbound queue commit together, and an inbound queue takes a message
id once per connection: so a message arrives once, whatever is killed when. An external system is posted to outside
any transaction: it may hear a message twice when the program is killed between its answer and the commit. An attempt
that fails is tried again on the retry schedule; after the last one the message leaves the queue for the Queue Log
(Spark facts, section 1).
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Row, Select, bindparam, select, update

from models.feed import Topic
from models.services.queue_log import log_messages
from models.services.queue_settings import retry_schedule
from models.store import Store, WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    AttemptKind,
    Connection,
    ConnectionType,
    Direction,
    ErrorType,
    JobKind,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    Vault,
    table_of,
)
from models.time import Clock
from scheduler.attempt_log import note_attempts
from scheduler.claims import claim
from scheduler.destination import Destination, ExternalDestination
from scheduler.handlers import run_handlers
from scheduler.keyring import key_ring
from scheduler.outbox import waiting, write_messages
from scheduler.reach import reach_of
from scheduler.refusals import note_refusals
from scheduler.runs import Run, RunResult, add_to_stats, job_run, result_of
from scheduler.scope import Scope
from scheduler.signing_desk import Attempt, SigningDesk, open_desk
from scheduler.tending import is_due, tend
from scheduler.troubles import raise_undelivered, raise_waiting, settle_undelivered, settle_waiting

if TYPE_CHECKING:
    from scheduler.external import Poster

_queues = table_of(Queue)
_queue_connections = table_of(QueueConnection)
_messages = table_of(SparkMessage)
_vaults = table_of(Vault)
_connections = table_of(Connection)

BATCH = 100
POSTED_TOGETHER = 16
"""Messages claimed at a time in a queue that serves an external system, whose answers have to be waited for."""

_serves_external = (
    select(_queue_connections.c.id)
    .join(_connections, _connections.c.id == _queue_connections.c.connection_id)
    .where(_queue_connections.c.queue_id == _queues.c.id, _connections.c.type == ConnectionType.EXTERNAL)
    .correlate(_queues)
    .exists()
)
_FAILED = (
    update(_messages)
    .where(_messages.c.id == bindparam("message"))
    .values(
        {
            "state": bindparam("new_state"),
            "attempts": bindparam("new_attempts"),
            "last_error": bindparam("new_error"),
            "next_attempt_at": bindparam("new_next_attempt_at"),
            "left_at": bindparam("new_left_at"),
            "taken_by": bindparam("new_taken_by"),
            "claimed_by": None,
        }
    )
)


def run_once(store: Store, clock: Clock, scope: Scope) -> RunResult:
    """Deliver what waits on a Vault's outbound queues and is due; answers how much was delivered.

    Before and after that, what removed messages and certificates need is done (see `scheduler.tending`).
    """
    tend(store, scope.vault_id)
    with job_run(store, JobKind.DELIVER, scope) as run, Posting(store) as posting:
        with store.read() as session:
            queues = session.execute(_deliverable_queues(scope.vault_id)).all()
            sender = session.execute(select(_vaults).where(_vaults.c.id == scope.vault_id)).one()
        for queue in queues:
            _work_off(store, clock, run, queue, sender, posting)
    if run.gave_up:
        run_handlers(store, scope.vault_id)
    return result_of(run)


class Posting:
    """The poster of one run, made when the first message is to be posted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ends = ExitStack()
        self._poster: Poster | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._ends.close()

    @property
    def poster(self) -> "Poster":
        """The poster. Raises NotPossible when the trusted certificates cannot be read."""
        if self._poster is None:
            # The HTTP client is loaded only by those who have something to post.
            from scheduler.external import Poster

            self._poster = self._ends.enter_context(Poster(reach_of(self._store)))
        return self._poster


def has_work(store: Store, clock: Clock, scope: Scope) -> bool:
    """Whether any message of the Vault waits to be delivered now, so that idle runs need no row."""
    with store.read() as session:
        if is_due(session, clock.now(), scope.vault_id):
            return True
        statement = (
            select(_messages.c.id)
            .join(_queues, _queues.c.id == _messages.c.queue_id)
            .where(
                _queues.c.vault_id == scope.vault_id,
                _queues.c.type == Direction.OUTBOUND,
                _queues.c.delivery_enabled,
                _messages.c.state == MessageState.QUEUED,
                _messages.c.next_attempt_at.is_(None) | (_messages.c.next_attempt_at <= clock.now()),
            )
            .limit(1)
        )
        return session.execute(statement).first() is not None


def _deliverable_queues(vault_id: int) -> Select[Any]:
    # An inactive queue takes nothing new but still works off what it holds.
    return (
        select(
            _queues.c.id,
            _queues.c.api_name,
            _queues.c.sequential,
            _queues.c.retry_minutes,
            _queues.c.trace_until,
            _serves_external.label("external"),
        )
        .where(_queues.c.vault_id == vault_id, _queues.c.type == Direction.OUTBOUND, _queues.c.delivery_enabled)
        .order_by(_queues.c.id)
    )


def _work_off(store: Store, clock: Clock, run: Run, queue: Row[Any], sender: Row[Any], posting: Posting) -> None:
    ring = key_ring(store)
    while True:
        run.go_on()
        with store.write() as write:
            due_at = max(clock.now(), write.now)
            claimed = claim(
                write,
                run_id=run.id,
                queue_id=queue.id,
                connection_id=run.scope.connection_id,
                due_at=due_at,
                limit=POSTED_TOGETHER if queue.external else BATCH,
                sequential=queue.sequential,
            )
        if not claimed:
            return
        with store.read() as session:
            desk = open_desk(
                session, ring, run_id=run.id, queue=queue, sender=sender, messages=claimed, now=due_at, clock=clock
            )
        for external, messages in _groups(desk, claimed, sequential=queue.sequential):
            if external:
                attempts = desk.post(messages, posting.poster, in_order=queue.sequential)
            else:
                attempts = [desk.attempt(message) for message in messages]
            with store.write() as write:
                held_back = _settle(write, run, sender, queue, attempts)
            # A system that does not answer in time is not asked again in this run.
            if held_back or any(attempt.kind is AttemptKind.TIMEOUT for attempt in attempts):
                _let_go(store, run, claimed)
                return


def _groups(desk: SigningDesk, messages: Sequence[Row[Any]], *, sequential: bool) -> list[tuple[bool, list[Row[Any]]]]:
    """The messages by whether they are posted: in their order, or those first for which nobody has to be waited for."""
    ordered = messages if sequential else sorted(messages, key=desk.is_external)
    return [(external, list(group)) for external, group in groupby(ordered, desk.is_external)]


def _let_go(store: Store, run: Run, claimed: Sequence[Row[Any]]) -> None:
    with store.write() as write:
        write.execute(
            update(_messages)
            .where(_messages.c.id.in_([message.id for message in claimed]), _messages.c.claimed_by == run.id)
            .values(claimed_by=None)
        )


def _settle(write: WriteSession, run: Run, sender: Row[Any], queue: Row[Any], attempts: Sequence[Attempt]) -> bool:
    """Write down what became of the attempts; answers whether a sequential queue is now held back by a failure."""
    still_ours = set(
        write.execute(
            select(_messages.c.id).where(
                _messages.c.id.in_([attempt.message.id for attempt in attempts]),
                _messages.c.claimed_by == run.id,
                _messages.c.state == MessageState.QUEUED,
            )
        ).scalars()
    )
    rooms: dict[int, int] = {}
    arrived: list[Attempt] = []
    failed: list[tuple[Attempt, str]] = []
    held_back = False
    for attempt in attempts:
        if attempt.message.id not in still_ours:
            continue
        if held_back:
            write.execute(update(_messages).where(_messages.c.id == attempt.message.id).values(claimed_by=None))
            continue
        error = attempt.error or _refused_for_room(write, attempt, rooms)
        if error or attempt.destination is None:
            failed.append((attempt, error))
            held_back = queue.sequential
        else:
            arrived.append(attempt)
    note_attempts(write, arrived, failed)
    if arrived:
        _arrive(write, run, arrived)
    if failed:
        _fail(write, run, sender, failed, retry_schedule(queue.retry_minutes))
        note_refusals(write, [attempt for attempt, _error in failed])
    if queue.trace_until is not None and write.now <= queue.trace_until:
        for attempt in arrived:
            log_messages(write, LogEntryType.TRACE, [attempt.message.id], reason="Delivered.", send_time=attempt.at)
        for attempt, error in failed:
            log_messages(write, LogEntryType.TRACE, [attempt.message.id], reason=error, send_time=attempt.at)
    return held_back


def _refused_for_room(write: WriteSession, attempt: Attempt, rooms: dict[int, int]) -> str:
    if attempt.destination is None:
        return "There is no remote queue."
    if isinstance(attempt.destination, ExternalDestination):
        return ""
    queue_id = attempt.destination.queue_id
    room = rooms.get(queue_id)
    if room is None:
        room = MESSAGES_IN_A_QUEUE - waiting(write, queue_id)
    rooms[queue_id] = room - 1
    return "" if room > 0 else f"Inbound queue {attempt.destination.queue_name} of the remote Vault is full."


def _arrive(write: WriteSession, run: Run, arrived: Sequence[Attempt]) -> None:
    inbound: list[dict[str, Any]] = []
    contents: list[tuple[dict[str, Any], list[str], dict[str, str], str]] = []
    sent: list[int] = []
    per_connection: Counter[tuple[int, int | None, int | None]] = Counter()
    for attempt in arrived:
        message, destination = attempt.message, attempt.destination
        sent.append(message.id)
        if not isinstance(destination, Destination):
            per_connection[message.connection_id, None, None] += 1
            continue
        inbound.append(
            {
                "vault_id": destination.vault_id,
                "queue_id": destination.queue_id,
                "connection_id": destination.connection_id,
                "message_id": message.message_id,
                "state": MessageState.QUEUED,
                "object_name": message.object_name,
                "event": message.event,
                "integration_point": message.integration_point,
                "item_count": message.item_count,
                "attempts": message.attempts + 1,
                "entered_at": write.now,
                "put_by": run.id,
            }
        )
        contents.append((attempt.attributes, attempt.items, attempt.headers, attempt.body.decode()))
        per_connection[message.connection_id, destination.vault_id, destination.connection_id] += 1
    if inbound:
        write_messages(write, inbound, contents)
    write.execute(
        update(_messages)
        .where(_messages.c.id.in_(sent))
        .values(
            state=MessageState.DELIVERED,
            attempts=_messages.c.attempts + 1,
            left_at=write.now,
            next_attempt_at=None,
            last_error=None,
            taken_by=run.id,
            claimed_by=None,
        )
    )
    # Only of a message that failed before, or was put back, an exception can tell.
    tried = [each.message for each in arrived if each.message.last_error]
    if tried:
        settle_undelivered(write, run.scope.vault_id, [message.id for message in tried])
        settle_waiting(write, run.scope.vault_id, tried[0].queue_id, {message.connection_id for message in tried})
    retried: Counter[int] = Counter()
    for attempt in arrived:
        retried[attempt.message.connection_id] += attempt.message.attempts > 0
    for (connection_id, remote_vault_id, remote_connection_id), number in per_connection.items():
        add_to_stats(write, run.scope.vault_id, connection_id, sent=number, retries=retried[connection_id])
        run.count(write, connection_id, delivered=number)
        if remote_vault_id is None or remote_connection_id is None:
            continue
        add_to_stats(write, remote_vault_id, remote_connection_id, received=number)
        write.changed(Topic.MESSAGES, remote_vault_id)
        write.changed(Topic.QUEUES, remote_vault_id)
    write.changed(Topic.MESSAGES, run.scope.vault_id)
    write.changed(Topic.QUEUES, run.scope.vault_id)


def _fail(
    write: WriteSession,
    run: Run,
    sender: Row[Any],
    failed: Sequence[tuple[Attempt, str]],
    schedule: Sequence[int],
) -> None:
    rows: list[dict[str, Any]] = []
    given_up: list[tuple[Row[Any], str, ErrorType]] = []
    waiting: list[tuple[Row[Any], str, ErrorType]] = []
    moved: dict[int, Counter[str]] = {}
    for attempt, error in failed:
        message = attempt.message
        attempts = message.attempts + 1
        fatal = attempts > len(schedule)
        timeout = attempt.kind is AttemptKind.TIMEOUT
        rows.append(
            {
                "message": message.id,
                "new_state": MessageState.REMOVED if fatal else MessageState.QUEUED,
                "new_attempts": attempts,
                "new_error": error[:1000],
                "new_next_attempt_at": None if fatal else write.now + timedelta(minutes=schedule[attempts - 1]),
                "new_left_at": write.now if fatal else None,
                "new_taken_by": run.id if fatal else None,
            }
        )
        kind = ErrorType.TIMEOUT if timeout else ErrorType.CONNECTION
        if fatal:
            given_up.append((message, f"Given up after {attempts} attempts. {error}", kind))
        else:
            waiting.append((message, error, kind))
        stats = moved.setdefault(message.connection_id, Counter())
        stats.update(
            failures=int(not timeout),
            timeouts=int(timeout),
            retries=int(message.attempts > 0),
            fatal_errors=int(fatal),
        )
        run.error(f"Messages were not delivered: {error}")
    write.connection().execute(_FAILED, rows)
    if given_up:
        for message, reason, _ in given_up:
            log_messages(write, LogEntryType.REMOVAL, [message.id], reason=reason, send_time=write.now)
        # Of any other message the Queue Log tells, and the queue's delivery event handler.
        of_integrations = [each for each in given_up if each[0].integration_point]
        if of_integrations:
            raise_undelivered(write, run.id, sender.id, of_integrations)
        settle_waiting(write, sender.id, given_up[0][0].queue_id, {message.connection_id for message, _, _ in given_up})
        run.gave_up += len(given_up)
    if waiting:
        raise_waiting(write, run.id, sender.id, waiting)
    for connection_id, stats in moved.items():
        add_to_stats(write, sender.id, connection_id, **stats)
    write.changed(Topic.MESSAGES, sender.id)
    write.changed(Topic.QUEUES, sender.id)
