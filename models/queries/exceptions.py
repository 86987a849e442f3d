"""User exception messages of a Vault and their items, for the Exceptions area."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, fetch_one, matches, row_of
from models.system_fields import LABELS
from models.tables import (
    Connection,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    ItemStatus,
    ObjectField,
    Record,
    SparkMessage,
    VaultObject,
    table_of,
)

_table = table_of(ExceptionMessage)
_c = _table.c
_item_table = table_of(ExceptionItem)
_items = _item_table.c
_connections = table_of(Connection)
_connection_name = select(_connections.c.name).where(_connections.c.id == _c.connection_id).scalar_subquery()

SHOWN_ITEMS = 100
"""How many items of one message its detail shows, open ones first."""


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """A user exception message in the list."""

    key: int
    active: bool
    name: str
    error_type: str
    error_message: str
    connection: str | None
    received: int
    failed: int
    open_items: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A source record that could not be applied. `problems` maps target field labels to what is wrong, in words."""

    key: int
    source_object: str
    target_object: str
    item: str
    source_name: str | None
    source_vault_id: int | None
    source_record_id: str | None
    status: str
    error_message: str
    problems: tuple[tuple[str, str], ...]
    data: Mapping[str, Any]
    attempts: int
    created_at: datetime
    tried_at: datetime


@dataclass(frozen=True, slots=True)
class ExceptionDetail:
    """All that the Exceptions area shows about one message."""

    row: ExceptionRow
    processor: str
    connection_id: int | None
    integration_id: int | None
    integration: str | None
    point: str | None
    spark_message_key: int | None
    spark_message_id: str | None
    spark_queue_id: int | None
    run_id: int | None
    resolved_at: datetime | None
    items: tuple[ItemLine, ...]


def _columns() -> tuple[Any, ...]:
    open_items = (
        select(func.count())
        .where(_items.message_id == _c.id, _items.status == ItemStatus.OPEN)
        .correlate(_table)
        .scalar_subquery()
    )
    return (
        _c.id,
        _c.active,
        _c.name,
        _c.error_type,
        _c.error_message,
        _connection_name,
        _c.items_received,
        _c.items_failed,
        open_items,
        _c.created_at,
    )


def listing(
    vault_id: int, *, text: str = "", active_only: bool = False, connection_id: int | None = None
) -> Listing[ExceptionRow]:
    """The user exception messages of a Vault, the newest first."""
    keys = select(_c.id).where(_c.vault_id == vault_id)
    if active_only:
        keys = keys.where(_c.active)
    if connection_id is not None:
        keys = keys.where(_c.connection_id == connection_id)
    if text:
        keys = keys.where(matches(text, _c.name, _c.error_message, _c.error_type, _connection_name))
    rows = select(*_columns()).where(_c.vault_id == vault_id)
    return Listing(_c.id, keys, rows, lambda row: ExceptionRow(*row), descending=True)


def detail(session: Session, vault_id: int, key: int) -> ExceptionDetail | None:
    """One user exception message with its items; None when it is gone."""
    integrations, points, messages = table_of(Integration), table_of(IntegrationPoint), table_of(SparkMessage)
    statement = (
        select(
            *_columns(),
            _c.message_processor,
            _c.connection_id,
            _c.integration_id,
            integrations.c.name,
            points.c.name,
            _c.spark_message_id,
            messages.c.message_id,
            messages.c.queue_id,
            _c.run_id,
            _c.resolved_at,
        )
        .outerjoin(integrations, integrations.c.id == _c.integration_id)
        .outerjoin(points, points.c.id == _c.point_id)
        .outerjoin(messages, messages.c.id == _c.spark_message_id)
        .where(_c.vault_id == vault_id, _c.id == key)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    items = _read_items(session, vault_id, key, row.connection_id)
    return row_of(ExceptionDetail, (ExceptionRow(*row[:10]), *row[10:]), items=items)


def _read_items(session: Session, vault_id: int, key: int, connection_id: int | None) -> tuple[ItemLine, ...]:
    statement = (
        select(_item_table)
        .where(_items.vault_id == vault_id, _items.message_id == key)
        .order_by(_items.status, _items.id)
        .limit(SHOWN_ITEMS)
    )
    rows = fetch(session, statement)
    labels = field_labels(session, vault_id, {row.target_object for row in rows})
    sources = _sources(session, connection_id, [row.item for row in rows])
    lines = []
    for row in rows:
        name, source_vault, record_id = sources.get(row.item, (None, None, None))
        lines.append(
            ItemLine(
                row.id,
                row.source_object,
                row.target_object,
                row.item,
                name,
                source_vault,
                record_id,
                row.status,
                row.error_message,
                tuple((labels.get((row.target_object, field), field), text) for field, text in row.fields.items()),
                row.item_data,
                row.attempts,
                row.created_at,
                row.tried_at,
            )
        )
    return tuple(lines)


def field_labels(session: Session, vault_id: int, object_names: set[str]) -> dict[tuple[str, str], str]:
    """Labels of all fields of these objects of a Vault, system fields included, by object and field name."""
    objects, fields = table_of(VaultObject).c, table_of(ObjectField)
    statement = (
        select(objects.name, fields.c.name, fields.c.label)
        .join(fields, fields.c.object_id == objects.id)
        .where(objects.vault_id == vault_id, objects.name.in_(object_names))
    )
    own = {(object_name, name): label for object_name, name, label in fetch(session, statement)}
    return {(object_name, name): label for object_name in object_names for name, label in LABELS.items()} | own


def _sources(
    session: Session, connection_id: int | None, items: list[str]
) -> dict[str, tuple[str, int | None, str | None]]:
    """Name, Vault and id of the source records: they are in the Vault on the other side of the connection."""
    if connection_id is None:
        return {}
    remote = select(_connections.c.remote_vault_id).where(_connections.c.id == connection_id).scalar_subquery()
    records = table_of(Record).c
    statement = select(records.record_id, records.name, records.vault_id).where(
        records.vault_id == remote, records.record_id.in_(items)
    )
    return {record_id: (name, vault_id, record_id) for record_id, name, vault_id in fetch(session, statement)}
