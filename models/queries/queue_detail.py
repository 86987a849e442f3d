"""More about a queue than its list shows: settings, served connections, attempts, and the Queue Log. Nothing is taken.

The messages themselves are in `models.queries.queues`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, fetch_one, matches, row_of
from models.services.queue_settings import retry_schedule
from models.tables import (
    Connection,
    DeliveryAttempt,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    QueueLogEntry,
    SparkMessage,
    User,
    Vault,
    table_of,
)

_queues = table_of(Queue).c
_served = table_of(QueueConnection).c
_messages = table_of(SparkMessage).c
_connections = table_of(Connection).c
_attempts = table_of(DeliveryAttempt).c
_log = table_of(QueueLogEntry).c


@dataclass(frozen=True, slots=True)
class ServedConnection:
    """A connection that a queue serves, of any type. `waiting` counts its messages in the queue."""

    key: int
    name: str
    type: str
    state: str
    label: str
    deliver_to: str | None
    path: str | None
    active: bool
    waiting: int
    last_kind: str | None
    """How the latest attempt ended: ok, failure or timeout."""
    last_at: datetime | None
    last_answer: str
    last_message_id: str = ""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The settings of a queue that its list does not show."""

    key: int
    delivery_handler: str | None
    handler_user: str | None
    retry_minutes: tuple[int, ...]
    own_schedule: bool
    trace_until: datetime | None
    connections: tuple[ServedConnection, ...]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt at delivering a message."""

    key: int
    number: int
    at: datetime
    kind: str
    status: int | None
    answer: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the Queue Log, with the vendor's columns first."""

    key: int
    timestamp: datetime
    vault_id: int
    queue_name: str
    connection_name: str
    message_id: str
    entry_type: str
    queue_time: datetime
    send_time: datetime | None
    attempts: int
    reason: str
    message_key: int | None
    due_back_at: datetime | None
    put_back_at: datetime | None


_LOG_COLUMNS = (
    _log.id,
    _log.at,
    _log.vault_id,
    _log.queue_name,
    _log.connection_name,
    _log.message_id,
    _log.entry_type,
    _log.queue_time,
    _log.send_time,
    _log.attempts,
    _log.reason,
    _log.spark_message_id,
    _log.due_back_at,
    _log.put_back_at,
)


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """Where a message is: its number, its Vault and its queue."""

    key: int
    message_id: str
    vault_id: int
    vault: str
    queue_id: int


def settings(session: Session, vault_id: int, queue_id: int) -> QueueSettings | None:
    """The further settings of one queue; None when it is gone."""
    users = table_of(User).c
    statement = (
        select(_queues.id, _queues.delivery_handler, users.username, _queues.retry_minutes, _queues.trace_until)
        .select_from(table_of(Queue))
        .outerjoin(table_of(User), users.id == _queues.handler_user_id)
        .where(_queues.vault_id == vault_id, _queues.id == queue_id)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    return QueueSettings(
        key=row[0],
        delivery_handler=row[1],
        handler_user=row[2],
        retry_minutes=retry_schedule(row[3]),
        own_schedule=row[3] is not None,
        trace_until=row[4],
        connections=served(session, queue_id),
    )


def served(session: Session, queue_id: int) -> tuple[ServedConnection, ...]:
    """The connections that a queue serves, each with what waits for it and how its latest attempt ended."""
    waiting = dict(
        fetch(
            session,
            select(_messages.connection_id, func.count())
            .where(_messages.queue_id == queue_id, _messages.state == MessageState.QUEUED)
            # By a sum, so that SQLite finds the few that wait by their state: for groups in order it would go through
            # all that the queue ever had.
            .group_by(_messages.connection_id + 0),
        )
    )
    statement = (
        select(
            _connections.id,
            _connections.name,
            _connections.type,
            _connections.state,
            _served.label,
            _served.deliver_to_queue,
            _served.path,
            _served.active,
        )
        .join_from(table_of(QueueConnection), table_of(Connection), _connections.id == _served.connection_id)
        .where(_served.queue_id == queue_id)
        .order_by(_connections.name)
    )
    return tuple(
        row_of(ServedConnection, row, waiting.get(row[0], 0), *_last_attempt(session, queue_id, row[0]))
        for row in fetch(session, statement)
    )


def _last_attempt(session: Session, queue_id: int, connection_id: int) -> tuple[str | None, datetime | None, str, str]:
    statement = (
        select(_attempts.kind, _attempts.at, _attempts.answer, _messages.message_id)
        .join_from(table_of(DeliveryAttempt), table_of(SparkMessage), _messages.id == _attempts.message_id)
        .where(_messages.queue_id == queue_id, _messages.connection_id == connection_id)
        .order_by(_attempts.id.desc())
        .limit(1)
    )
    row = session.execute(statement).first()
    return (None, None, "", "") if row is None else (row[0], row[1], row[2], row[3])


def attempts(session: Session, vault_id: int, message_key: int) -> tuple[AttemptLine, ...]:
    """The attempts at delivering a message, the first one first."""
    statement = (
        select(
            _attempts.id,
            _attempts.number,
            _attempts.at,
            _attempts.kind,
            _attempts.status,
            _attempts.answer,
            _attempts.duration_ms,
        )
        .join_from(table_of(DeliveryAttempt), table_of(SparkMessage), _messages.id == _attempts.message_id)
        .where(_messages.vault_id == vault_id, _attempts.message_id == message_key)
        .order_by(_attempts.id)
    )
    return tuple(AttemptLine(*row) for row in fetch(session, statement))


def log_listing(
    vault_id: int, *, day: date | None = None, entry_type: str | None = None, queue_name: str = "", text: str = ""
) -> Listing[LogLine]:
    """The Queue Log of a Vault, the newest first: of one day (UTC, lab time) or all that is kept."""
    keys = select(_log.id).where(_log.vault_id == vault_id)
    if day is not None:
        start = datetime.combine(day, time(), UTC)
        keys = keys.where(_log.at >= start, _log.at < start + timedelta(days=1))
    if entry_type is not None:
        keys = keys.where(_log.entry_type == LogEntryType(entry_type))
    if queue_name:
        keys = keys.where(_log.queue_name == queue_name)
    if text:
        keys = keys.where(matches(text, _log.queue_name, _log.connection_name, _log.message_id, _log.reason))
    rows = select(*_LOG_COLUMNS).where(_log.vault_id == vault_id)
    return Listing(_log.id, keys, rows, lambda row: LogLine(*row), descending=True, dated=_log.at)


def days_with_entries(session: Session, vault_id: int) -> Mapping[date, int]:
    """How many entries the Queue Log has on each day that has any, the newest day first."""
    found: dict[date, int] = {}
    moments = session.execute(select(_log.at).where(_log.vault_id == vault_id).order_by(_log.at.desc()))
    for moment in moments.scalars():
        found[moment.date()] = found.get(moment.date(), 0) + 1
    return found


def message_places(session: Session, vault_ids: list[int], text: str) -> tuple[MessagePlace, ...]:
    """Messages of these Vaults with this number or message id; the two sides of a connection share the id."""
    vaults = table_of(Vault).c
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    statement = (
        select(_messages.id, _messages.message_id, _messages.vault_id, vaults.name, _messages.queue_id)
        .join_from(table_of(SparkMessage), table_of(Vault), vaults.id == _messages.vault_id)
        .where(_messages.vault_id.in_(vault_ids), (_messages.id == number) | (_messages.message_id == text))
        .order_by(_messages.id)
    )
    return tuple(MessagePlace(*row) for row in fetch(session, statement))


def removal_of(session: Session, vault_id: int, message_key: int) -> int | None:
    """The latest Queue Log entry that tells of the removal of a message; None when it was never removed."""
    statement = (
        select(_log.id)
        .where(
            _log.vault_id == vault_id,
            _log.spark_message_id == message_key,
            _log.entry_type == LogEntryType.REMOVAL,
        )
        .order_by(_log.id.desc())
        .limit(1)
    )
    return session.execute(statement).scalar()
