"""One user exception message: its fields by their API names (integration facts, section 4), its items, its retries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session

from models.queries.exceptions import ExceptionRow, row_columns
from models.queries.retries import RetryLine, retries_of
from models.queries.window import fetch, fetch_one, row_of
from models.system_fields import LABELS
from models.tables import (
    Connection,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    ObjectField,
    Record,
    SparkMessage,
    SparkMessageBody,
    VaultObject,
    table_of,
)
from models.versions import record_id_of

_table = table_of(ExceptionMessage)
_c = _table.c
_item_table = table_of(ExceptionItem)
_items = _item_table.c
_connections = table_of(Connection)

SHOWN_ITEMS = 100
"""How many items of one message its detail shows, open ones first."""


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A source record that could not be applied. `problems` maps target field labels to what is wrong, in words.

    `record` is the User Exception Item as a record, by API names.
    """

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
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExceptionDetail:
    """All that the Exceptions area shows about one message. `record` is it as a record, by API names."""

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
    record: Mapping[str, Any]
    items: tuple[ItemLine, ...]
    retries: tuple[RetryLine, ...]


def detail(session: Session, vault_id: int, key: int) -> ExceptionDetail | None:
    """One user exception message with its items; None when it is gone."""
    integrations, points, messages = table_of(Integration), table_of(IntegrationPoint), table_of(SparkMessage)
    bodies = table_of(SparkMessageBody)
    columns = row_columns()
    statement = (
        select(
            *columns,
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
            integrations.c.api_name,
            points.c.api_name,
            bodies.c.body,
            bodies.c.attributes,
            bodies.c["items"],
        )
        .outerjoin(integrations, integrations.c.id == _c.integration_id)
        .outerjoin(points, points.c.id == _c.point_id)
        .outerjoin(messages, messages.c.id == _c.spark_message_id)
        .outerjoin(bodies, bodies.c.message_id == messages.c.id)
        .where(_c.vault_id == vault_id, _c.id == key)
    )
    found = fetch_one(session, statement)
    if found is None:
        return None
    row = ExceptionRow(*found[: len(columns)])
    shown, (integration, point, body, attributes, items) = found[len(columns) : -5], found[-5:]
    record = {
        "name__v": row.name,
        "status__v": _status(active=row.active),
        "error_type__sys": row.error_type,
        "error_message__sys": row.error_message,
        "message_processor__sys": shown[0] or None,
        "message_body_json__sys": _body(body, attributes, items),
        "message_items_received__sys": row.received,
        "message_items_failed__sys": row.failed,
        "integration__sys": integration,
        "integration_point__sys": point,
    }
    lines = _read_items(session, vault_id, key, shown[1])
    more = (record, lines, retries_of(session, vault_id, key))
    return row_of(ExceptionDetail, (row, *shown), *more)


def _status(*, active: bool) -> str:
    return "active__v" if active else "inactive__v"


def _body(body: str | None, attributes: Any, items: Any) -> str | None:
    """The message's body as it was signed and sent, or as it waits to be."""
    if body is not None or attributes is None:
        return body
    return orjson.dumps({"attributes": attributes, "items": items}).decode()


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
                _item_record(row),
            )
        )
    return tuple(lines)


def _item_record(row: Any) -> Mapping[str, Any]:
    """An item by API names. Assumed: its name, and that item and item data end in __sys as the published fields do."""
    return {
        "name__v": f"UEI-{row.id:06}",
        "status__v": _status(active=row.status == "open"),
        "error_type__sys": row.error_type,
        "error_message__sys": row.error_message,
        "error_status__sys": row.status,
        "item__sys": row.item,
        "item_data__sys": row.item_data,
    }


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
    # An item about a document names one of its versions.
    ids = {item: record_id_of(item) for item in items}
    statement = select(records.record_id, records.name, records.vault_id).where(
        records.vault_id == remote, records.record_id.in_(set(ids.values()))
    )
    found = {record_id: (name, vault_id, record_id) for record_id, name, vault_id in fetch(session, statement)}
    return {item: found[record_id] for item, record_id in ids.items() if record_id in found}
