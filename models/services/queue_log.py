"""The Queue Log: removals, traced deliveries and refusals, kept for 30 days (Spark facts, section 1).

The vendor has no dead-letter queue. Here a removed message stays with its log entry, so that an administrator, or a
delivery event handler, can put it back where it came from (Assumed, our addition).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, literal, select, update
from sqlmodel import Session

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.queries.queue_detail import LogLine, log_listing
from models.services.checks import in_vault
from models.store import WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    Connection,
    ExceptionMessage,
    ExceptionSide,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    QueueLogEntry,
    SparkMessage,
    table_of,
)

KEPT = timedelta(days=30)
"""How long (lab time) an entry is kept."""
TRACED = timedelta(minutes=20)
"""How long (lab time) Trace Queue Delivery captures every delivery."""

_log = table_of(QueueLogEntry)
_messages = table_of(SparkMessage)
_queues = table_of(Queue)
_served = table_of(QueueConnection)
_connections = table_of(Connection)
_exceptions = table_of(ExceptionMessage)


def log_of_day(session: Session, actor: Actor, day: date) -> tuple[LogLine, ...]:
    """The entries of one day (UTC, lab time) of the actor's Vault, the newest first. Raises NotAllowed."""
    actor.require(Permission.QUEUE_LOG)
    listing = log_listing(actor.vault_id, day=day)
    total = listing.count(session)
    return tuple(listing.page(session, 0, total, total))


def trace_queues(write: WriteSession, actor: Actor, queue_ids: Sequence[int], *, off: bool = False) -> datetime | None:
    """Trace Queue Delivery: have every delivery of these queues logged for 20 lab minutes; answers until when.

    `off` ends it, answering None. Raises NotAllowed, and NotFound for a queue that the Vault does not have.
    """
    actor.require(Permission.SPARK_QUEUES)
    until = None if off else write.now + TRACED
    for queue_id in queue_ids:
        queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
        before, queue.trace_until = queue.trace_until, until
        write.add(queue)
        changes = {"trace_until": (before, until)}
        audit(write, actor, action="Trace", object_name="queue", item=queue.label, changes=changes)
    write.flush()
    write.changed(Topic.QUEUES, actor.vault_id)
    return until


def log_messages(
    write: WriteSession,
    entry_type: LogEntryType,
    keys: Sequence[int],
    *,
    reason: str = "",
    send_time: datetime | None = None,
) -> None:
    """Write a log entry for each of these messages as they are now; a removal names the queue's handler, to be run."""
    if not keys:
        return
    removal = entry_type is LogEntryType.REMOVAL
    columns = (
        _log.c.vault_id,
        _log.c.entry_type,
        _log.c.at,
        _log.c.queue_id,
        _log.c.queue_name,
        _log.c.connection_name,
        _log.c.message_id,
        _log.c.spark_message_id,
        _log.c.queue_time,
        _log.c.send_time,
        _log.c.attempts,
        _log.c.reason,
        _log.c.handler,
    )
    rows = (
        select(
            _messages.c.vault_id,
            literal(entry_type, _log.c.entry_type.type),
            literal(write.now, _log.c.at.type),
            _messages.c.queue_id,
            _queues.c.api_name,
            _connections.c.record_id,
            _messages.c.message_id,
            _messages.c.id,
            _messages.c.entered_at,
            literal(send_time, _log.c.send_time.type),
            _messages.c.attempts,
            literal(reason[:1000], _log.c.reason.type),
            _queues.c.delivery_handler if removal else literal(None, _log.c.handler.type),
        )
        .join(_queues, _queues.c.id == _messages.c.queue_id)
        .join(_connections, _connections.c.id == _messages.c.connection_id)
        .where(_messages.c.id.in_(keys))
        .order_by(_messages.c.id)
    )
    write.execute(insert(_log).from_select([column.name for column in columns], rows))


def put_back(write: WriteSession, actor: Actor, entry_id: int) -> None:
    """Put a removed message back on the queue it came from; its attempts begin anew.

    Raises NotAllowed, NotFound, and NotPossible with the reason: put back before, deleted, or a queue that takes none.
    """
    actor.require(Permission.SPARK_QUEUES)
    entry = in_vault(write, QueueLogEntry, entry_id, actor.vault_id, "Queue Log entry")
    if entry.entry_type is not LogEntryType.REMOVAL:
        what = "A traced delivery" if entry.entry_type is LogEntryType.TRACE else "What this Vault refused"
        raise NotPossible(f"{what} is no removal.", "Only a REMOVAL can be put back.")
    if entry.put_back_at is not None:
        raise NotPossible(f"Message {entry.message_id} has been put back before.", "Look for a later entry of it.")
    problem = return_to_queue(write, entry)
    if problem:
        raise NotPossible(problem, "Put it back when that has changed, or put a new message.")
    audit(write, actor, action="Put Back", object_name="spark_message", item=entry.message_id)


def return_to_queue(write: WriteSession, entry: QueueLogEntry) -> str:
    """Queue the message of a removal again, at its old place in line; answers a sentence where that cannot be.

    The user exceptions that told of the removal are closed.
    """
    statement = (
        select(
            _messages.c.id,
            _messages.c.queue_id,
            _messages.c.state,
            _queues.c.active,
            _queues.c.api_name,
            _served.c.active.label("served"),
        )
        .join(_queues, _queues.c.id == _messages.c.queue_id)
        .outerjoin(
            _served,
            (_served.c.queue_id == _messages.c.queue_id) & (_served.c.connection_id == _messages.c.connection_id),
        )
        .where(_messages.c.id == entry.spark_message_id, _messages.c.vault_id == entry.vault_id)
    )
    message = write.execute(statement).one_or_none()
    if message is None:
        return f"Message {entry.message_id} no longer exists: its queue was deleted."
    problem = _refusal(write, message.queue_id, message.api_name, active=message.active)
    if message.state is not MessageState.REMOVED:
        problem = f"Message {entry.message_id} is not removed any more."
    elif message.served is None:
        problem = f"Queue {message.api_name} no longer serves the connection of the message."
    if problem:
        return problem
    values = {"state": MessageState.QUEUED, "attempts": 0, "entered_at": write.now} | dict.fromkeys(
        ("left_at", "next_attempt_at", "last_error", "taken_by", "claimed_by")
    )
    write.execute(update(_messages).where(_messages.c.id == message.id).values(values))
    mark_put_back(write, message.id)
    write.execute(
        update(_exceptions)
        .where(
            _exceptions.c.vault_id == entry.vault_id,
            _exceptions.c.spark_message_id == message.id,
            _exceptions.c.side == ExceptionSide.SOURCE,
            _exceptions.c.active,
        )
        .values(active=False, resolved_at=write.now)
    )
    for topic in (Topic.MESSAGES, Topic.QUEUES, Topic.EXCEPTIONS):
        write.changed(topic, entry.vault_id)
    write.expire_all()
    return ""


def _refusal(write: WriteSession, queue_id: int, name: str, *, active: bool) -> str:
    if not active:
        return f"Queue {name} is inactive and takes no messages."
    if room_in(write, queue_id) <= 0:
        return f"Queue {name} is full: it holds {MESSAGES_IN_A_QUEUE:,} messages."
    return ""


def room_in(session: Session, queue_id: int) -> int:
    """How many messages a queue still takes."""
    waiting: int = session.execute(
        select(func.count()).where(_messages.c.queue_id == queue_id, _messages.c.state == MessageState.QUEUED)
    ).scalar_one()
    return MESSAGES_IN_A_QUEUE - waiting


def mark_put_back(write: WriteSession, message_key: int) -> None:
    """Note with the removals of a message that it has been put back, by whatever way."""
    write.execute(
        update(_log)
        .where(
            _log.c.spark_message_id == message_key,
            _log.c.entry_type == LogEntryType.REMOVAL,
            _log.c.put_back_at.is_(None),
        )
        .values(put_back_at=write.now, due_back_at=None)
    )


def has_old_entries(session: Session, now: datetime, vault_id: int) -> bool:
    """Whether entries of a Vault have been kept for long enough."""
    old = (_log.c.vault_id == vault_id, _log.c.at < now - KEPT)
    return session.execute(select(_log.c.id).where(*old).limit(1)).first() is not None


def clear_old_entries(write: WriteSession, vault_id: int) -> int:
    """Delete a Vault's entries that have been kept for 30 days; answers how many. The messages stay."""
    old = (_log.c.vault_id == vault_id, _log.c.at < write.now - KEPT)
    return write.connection().execute(delete(_log).where(*old)).rowcount
