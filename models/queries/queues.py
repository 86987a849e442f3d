"""Spark queues of a Vault and the messages in them, for the Queues area."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, fetch_one, matches, ordered, row_of
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    SparkMessageBody,
    User,
    Vault,
    table_of,
)

_table = table_of(Queue)
_c = _table.c
_message_table = table_of(SparkMessage)
_messages = _message_table.c
_connections = table_of(Connection).c

SORTS: dict[str, Any] = {"label": func.lower(_c.label), "type": _c.type, "status": _c.active}
LATEST = 12
"""How many of a queue's messages its detail shows."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue in the list. `left` counts delivered (outbound) or processed (inbound) messages."""

    key: int
    label: str
    api_name: str
    type: str
    active: bool
    delivery_enabled: bool
    queued: int
    left: int
    removed: int


@dataclass(frozen=True, slots=True)
class QueueConnectionLine:
    """A connection that the queue serves."""

    connection_id: int
    name: str
    state: str
    remote_vault: str
    deliver_to: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in or out of a queue."""

    key: int
    message_id: str
    state: str
    object_name: str
    event: str
    integration_point: str
    items: int
    attempts: int
    entered_at: datetime
    left_at: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class QueueDetail:
    """All that the Queues area shows about one queue."""

    key: int
    label: str
    api_name: str
    description: str
    type: str
    active: bool
    delivery_enabled: bool
    message_processor: str | None
    processor_user: str | None
    sequential: bool
    rollback_on_error: bool
    standard: bool
    counts: Mapping[str, int]
    connections: tuple[QueueConnectionLine, ...]
    latest: tuple[MessageRow, ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """The same message on the other side of the connection."""

    key: int
    vault_id: int
    vault: str
    queue_id: int
    queue: str
    state: str


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """A message with its attributes, items, and (when delivered) signed headers and body."""

    row: MessageRow
    queue_id: int
    queue: str
    queue_type: str
    connection_id: int
    connection: str
    put_by: int | None
    taken_by: int | None
    claimed_by: int | None
    attributes: Mapping[str, Any]
    items: tuple[str, ...]
    items_vault_id: int | None
    """The Vault whose records the items name: the sending one."""
    headers: Mapping[str, str]
    body: str
    twin: Twin | None


_MESSAGE_COLUMNS = (
    _messages.id,
    _messages.message_id,
    _messages.state,
    _messages.object_name,
    _messages.event,
    _messages.integration_point,
    _messages.item_count,
    _messages.attempts,
    _messages.entered_at,
    _messages.left_at,
    _messages.next_attempt_at,
    _messages.last_error,
)


def listing(vault_id: int, *, text: str = "", sort: str = "label", descending: bool = False) -> Listing[QueueRow]:
    """The queues of a Vault; `text` filters by label, API name and type."""
    keys = select(_c.id).where(_c.vault_id == vault_id)
    if text:
        keys = keys.where(matches(text, _c.label, _c.api_name, _c.type))
    rows = select(
        _c.id,
        _c.label,
        _c.api_name,
        _c.type,
        _c.active,
        _c.delivery_enabled,
        _count(MessageState.QUEUED),
        _count(MessageState.DELIVERED, MessageState.PROCESSED),
        _count(MessageState.REMOVED),
    ).where(_c.vault_id == vault_id)
    return ordered(Listing(_c.id, keys, rows, lambda row: QueueRow(*row)), SORTS, sort, descending=descending)


def _count(*states: MessageState) -> Any:
    return (
        select(func.count())
        .where(_messages.queue_id == _c.id, _messages.state.in_(states))
        .correlate(_table)
        .scalar_subquery()
    )


def message_listing(vault_id: int, queue_id: int, *, text: str = "") -> Listing[MessageRow]:
    """The messages of a queue, the newest first; `text` filters by id, object, point and state."""
    keys = select(_messages.id).where(_messages.queue_id == queue_id, _messages.vault_id == vault_id)
    if text:
        keys = keys.where(
            matches(text, _messages.message_id, _messages.object_name, _messages.integration_point, _messages.state)
        )
    rows = select(*_MESSAGE_COLUMNS).where(_messages.vault_id == vault_id)
    return Listing(_messages.id, keys, rows, lambda row: MessageRow(*row), descending=True)


def detail(session: Session, vault_id: int, queue_id: int) -> QueueDetail | None:
    """One queue of a Vault; None when it is gone."""
    users = table_of(User)
    statement = (
        select(
            _c.id,
            _c.label,
            _c.api_name,
            _c.description,
            _c.type,
            _c.active,
            _c.delivery_enabled,
            _c.message_processor,
            users.c.username,
            _c.sequential,
            _c.rollback_on_error,
            _c.standard,
        )
        .outerjoin(users, users.c.id == _c.processor_user_id)
        .where(_c.vault_id == vault_id, _c.id == queue_id)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    counted = select(_messages.state, func.count()).where(_messages.queue_id == queue_id).group_by(_messages.state)
    latest = (
        select(*_MESSAGE_COLUMNS)
        .where(_messages.id.in_(_newest(queue_id)), _messages.vault_id == vault_id)
        .order_by(_messages.id.desc())
    )
    return row_of(
        QueueDetail,
        row,
        counts={str(state): number for state, number in fetch(session, counted)},
        connections=_served(session, queue_id),
        latest=tuple(MessageRow(*message) for message in fetch(session, latest)),
    )


def _newest(queue_id: int) -> Any:
    """The newest few of each state, found in the index over queue and state, so that a long history costs nothing."""
    statements = [
        select(_messages.id)
        .where(_messages.queue_id == queue_id, _messages.state == state)
        .order_by(_messages.id.desc())
        .limit(LATEST)
        .subquery()
        for state in MessageState
    ]
    found = [select(statement.c.id) for statement in statements]
    together = found[0].union_all(*found[1:]).subquery()
    return select(together.c.id).order_by(together.c.id.desc()).limit(LATEST)


def _served(session: Session, queue_id: int) -> tuple[QueueConnectionLine, ...]:
    links = table_of(QueueConnection)
    statement = (
        select(
            _connections.id,
            _connections.name,
            _connections.state,
            _connections.remote_vault_name,
            links.c.deliver_to_queue,
            links.c.active,
        )
        .join(links, links.c.connection_id == _connections.id)
        .where(links.c.queue_id == queue_id)
        .order_by(_connections.name)
    )
    return tuple(QueueConnectionLine(*row) for row in fetch(session, statement))


def message_detail(session: Session, vault_id: int, key: int) -> MessageDetail | None:
    """One message of a Vault; None when it is gone."""
    bodies = table_of(SparkMessageBody)
    statement = (
        select(
            *_MESSAGE_COLUMNS,
            _messages.queue_id,
            _c.label,
            _c.type,
            _messages.connection_id,
            _connections.name,
            _messages.put_by,
            _messages.taken_by,
            _messages.claimed_by,
            bodies.c.attributes,
            bodies.c["items"],
            bodies.c.headers,
            bodies.c.body,
            _connections.remote_vault_id,
            _connections.type.label("connection_type"),
        )
        .select_from(_message_table)
        .join(_table, _c.id == _messages.queue_id)
        .join(table_of(Connection), _connections.id == _messages.connection_id)
        .outerjoin(bodies, bodies.c.message_id == _messages.id)
        .where(_messages.vault_id == vault_id, _messages.id == key)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    message = MessageRow(*row[:12])
    attributes, items, headers, body = row[20:24]
    return row_of(
        MessageDetail,
        (message, *row[12:20]),
        attributes=attributes or {},
        items=tuple(items or ()),
        items_vault_id=vault_id
        if row.type == Direction.OUTBOUND or row.connection_type == ConnectionType.LOCAL
        else row.remote_vault_id,
        headers=headers or {},
        body=body or "",
        twin=_twin(session, row.connection_id, message),
    )


def _twin(session: Session, connection_id: int, message: MessageRow) -> Twin | None:
    vaults = table_of(Vault).c
    # A Local connection is its own other side.
    other_side = case(
        (_connections.type == ConnectionType.LOCAL, _connections.id), else_=_connections.remote_connection_id
    )
    remote = select(other_side).where(_connections.id == connection_id).scalar_subquery()
    served = table_of(QueueConnection).c
    statement = (
        select(_messages.id, vaults.id, vaults.name, _c.id, _c.label, _messages.state)
        .select_from(_message_table)
        .join(_table, _c.id == _messages.queue_id)
        .join(table_of(Vault), vaults.id == _messages.vault_id)
        .where(
            # By way of the queues: the index over queue, connection and message id finds it without a search.
            _messages.queue_id.in_(select(served.queue_id).where(served.connection_id == remote)),
            _messages.connection_id == remote,
            _messages.message_id == message.message_id,
            _messages.id != message.key,
        )
    )
    row = session.execute(statement).first()
    return None if row is None else Twin(*row)
