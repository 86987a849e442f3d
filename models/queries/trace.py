"""Trace: from a source record to its messages, the job runs that moved them and its target records, and back.

Messages are found by the index of their items, their other side by the message id that both share, target records by
Link and Global ID. So the answer takes the same time however much was sent before.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlmodel import Session

from models.queries.exception_detail import field_labels
from models.queries.traced import Trace, TracedMessage, TracedRecord, TracedRun, TracedSide, TracedTrouble, Way
from models.queries.window import fetch, row_of
from models.sets import one_of
from models.tables import (
    Connection,
    CrossLink,
    Direction,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    JobRun,
    PointSource,
    Queue,
    QueueConnection,
    Record,
    SparkMessage,
    SparkMessageBody,
    SparkMessageItem,
    Tombstone,
    Vault,
    VaultObject,
    table_of,
)
from models.versions import record_id_of

_records = table_of(Record)
_objects = table_of(VaultObject).c
_vaults = table_of(Vault).c
_connections = table_of(Connection).c
_messages = table_of(SparkMessage)
_queues = table_of(Queue)
_bodies = table_of(SparkMessageBody).c
_tombstones = table_of(Tombstone).c
_index = table_of(SparkMessageItem).c
_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)

SHOWN_MESSAGES = 50
"""How many messages of a record are traced, the newest first."""
SHOWN_TARGETS = 50


def trace(session: Session, vault_id: int, record_id: str) -> Trace | None:
    """Trace a record of a Vault both ways; None when there is no such record and none was deleted."""
    found = _record(session, vault_id, record_id)
    if found is None:
        return None
    sources = _sources(session, found)
    return Trace(
        found,
        _way(session, found),
        tuple(_way(session, source, to_vault=vault_id, target=found) for source in sources),
    )


def _record_columns() -> Select[Any]:
    columns = (
        _vaults.id,
        _vaults.name,
        _records.c.record_id,
        _records.c.name,
        _objects.name,
        _objects.label,
        _records.c.global_id,
        _records.c.link,
        _records.c.modified_at,
    )
    return (
        select(*columns)
        .select_from(_records)
        .join(table_of(VaultObject), _objects.id == _records.c.object_id)
        .join(table_of(Vault), _vaults.id == _records.c.vault_id)
    )


def _record(session: Session, vault_id: int, record_id: str) -> TracedRecord | None:
    statement = _record_columns().where(_records.c.vault_id == vault_id, _records.c.record_id == record_id)
    row = session.execute(statement).first()
    if row is not None:
        return TracedRecord(*row)
    deleted = _deleted(session, _tombstones.vault_id == vault_id, _tombstones.record_id == record_id)
    return next(iter(deleted), None)


def _deleted(session: Session, *conditions: ColumnElement[bool]) -> list[TracedRecord]:
    """What the tombstones of deleted records say, the latest first."""
    statement = (
        select(
            _vaults.id,
            _vaults.name,
            _tombstones.record_id,
            _tombstones.name,
            _objects.name,
            _objects.label,
            _tombstones.global_id,
            _tombstones.link,
            _tombstones.deleted_at,
        )
        .select_from(table_of(Tombstone))
        .join(table_of(VaultObject), _objects.id == _tombstones.object_id)
        .join(table_of(Vault), _vaults.id == _tombstones.vault_id)
        .where(*conditions)
        .order_by(_tombstones.id.desc())
        .limit(SHOWN_TARGETS)
    )
    return [row_of(TracedRecord, row[:8], None, row[8]) for row in fetch(session, statement)]


def _partner_vaults(vault_id: int) -> Select[Any]:
    return select(_connections.remote_vault_id).where(
        _connections.vault_id == vault_id, _connections.remote_vault_id.is_not(None)
    )


def _sources(session: Session, record: TracedRecord) -> tuple[TracedRecord, ...]:
    """The records of connected Vaults that a record came from, deleted ones included: by its Link, or its CrossLink."""
    partners = _records.c.vault_id.in_(_partner_vaults(record.vault_id))
    found: dict[tuple[int, str], TracedRecord] = {}
    if record.link:
        statement = _record_columns().where(_records.c.global_id == record.link, partners)
        found.update({(row[0], row[2]): TracedRecord(*row) for row in session.execute(statement)})
        if not found:
            vaults = _tombstones.vault_id.in_(_partner_vaults(record.vault_id))
            gone = _deleted(session, vaults, _tombstones.global_id == record.link)
            found.update({(source.vault_id, source.record_id): source for source in gone})
    links = table_of(CrossLink).c
    own = select(_records.c.id).where(_records.c.global_id == record.global_id)
    bound = select(links.source_global_id).where(links.record_key.in_(own)).distinct()
    statement = _record_columns().where(_records.c.global_id.in_(bound), partners)
    found.update({(row[0], row[2]): TracedRecord(*row) for row in session.execute(statement)})
    return tuple(found.values())


def _targets(session: Session, record: TracedRecord) -> tuple[TracedRecord, ...]:
    """The records of connected Vaults that were made of a record, deleted ones included."""
    partners = _partner_vaults(record.vault_id)
    # By way of the objects: the index over object and Link finds them without a search through all records.
    theirs = select(_objects.id).where(_objects.vault_id.in_(partners))
    linked: list[ColumnElement[bool]] = [
        _records.c.object_id.in_(theirs) & (_records.c.link == record.global_id),
    ]
    links = table_of(CrossLink).c
    bound = select(links.record_key).where(links.vault_id.in_(partners), links.source_global_id == record.global_id)
    linked.append(_records.c.id.in_(bound))
    found: dict[tuple[int, str], TracedRecord] = {}
    for condition in linked:
        statement = _record_columns().where(condition).order_by(_vaults.name, _records.c.id).limit(SHOWN_TARGETS)
        found.update({(row[0], row[2]): TracedRecord(*row) for row in session.execute(statement)})
    deleted = _deleted(session, _tombstones.object_id.in_(theirs), _tombstones.link == record.global_id)
    return (*found.values(), *deleted)


def _way(
    session: Session, source: TracedRecord, *, to_vault: int | None = None, target: TracedRecord | None = None
) -> Way:
    rows, more = _outbound(session, source, to_vault)
    inbound = _inbound(session, rows)
    runs = _runs(session, [*rows, *inbound.values()])
    keys = [row.id for row in (*rows, *inbound.values())]
    troubles = _troubles(session, keys, source)
    messages = []
    for row in rows:
        twin = inbound.get((row.remote_connection_id, row.message_id))
        about = [*troubles.get(row.id, ()), *(troubles.get(twin.id, ()) if twin is not None else ())]
        messages.append(
            TracedMessage(
                row.message_id,
                row.connection_id,
                row.connection,
                row.object_name,
                row.event,
                row.integration_point,
                row.item_count,
                _side(row, runs),
                None if twin is None else _side(twin, runs),
                tuple(about),
            )
        )
    targets = (target,) if target is not None else _targets(session, source)
    newest = max((row.entered_at for row in rows), default=None)
    looked = _watched(session, source)
    modified = source.modified_at
    changed = bool(looked) and modified is not None and (newest is None or modified > newest)
    waits = modified is not None and any(time is None or time < modified for time in looked)
    return Way(source, tuple(messages), targets, bool(looked), changed and waits, more, changed and not waits)


def _watched(session: Session, record: TracedRecord) -> list[datetime | None]:
    """When each active integration that sends changed records of this one's object has last looked for changes."""
    sources, points, integrations = table_of(PointSource).c, table_of(IntegrationPoint).c, table_of(Integration).c
    statement = (
        select(integrations.id, integrations.last_successful_send)
        .distinct()
        .select_from(table_of(PointSource))
        .join(table_of(VaultObject), _objects.id == sources.object_id)
        .join(table_of(IntegrationPoint), points.id == sources.point_id)
        .join(table_of(Integration), integrations.id == points.integration_id)
        .where(
            points.vault_id == record.vault_id,
            points.direction == Direction.OUTBOUND,
            integrations.active,
            _objects.name == record.object_name,
        )
    )
    return [row.last_successful_send for row in session.execute(statement)]


def _names(column: ColumnElement[Any], record: TracedRecord) -> ColumnElement[bool]:
    """Whether an item names the record: by its id, or as a document by that of a version (`{id}_{major}_{minor}`)."""
    own = record.record_id
    return or_(column == own, and_(column >= f"{own}_0", column < f"{own}_:"))


def _side_columns() -> tuple[Any, ...]:
    return (
        _messages.c.id,
        _messages.c.vault_id,
        _vaults.name.label("vault"),
        _messages.c.queue_id,
        _queues.c.label.label("queue"),
        _messages.c.state,
        _messages.c.attempts,
        _messages.c.entered_at,
        _messages.c.left_at,
        _messages.c.last_error,
        _messages.c.put_by,
        _messages.c.taken_by,
        _messages.c.message_id,
        _messages.c.connection_id,
        _connections.name.label("connection"),
        _connections.remote_connection_id,
        _messages.c.object_name,
        _messages.c.event,
        _messages.c.integration_point,
        _messages.c.item_count,
    )


def _sides() -> Select[Any]:
    return (
        select(*_side_columns())
        .select_from(_messages)
        .join(_queues, _queues.c.id == _messages.c.queue_id)
        .join(table_of(Connection), _connections.id == _messages.c.connection_id)
        .join(table_of(Vault), _vaults.id == _messages.c.vault_id)
    )


def _outbound(session: Session, record: TracedRecord, to_vault: int | None) -> tuple[list[Any], bool]:
    """The messages of a Vault that name its record, the newest first; and whether there are more."""
    named = select(_index.message_id).where(_names(_index.item, record))
    statement = (
        _sides()
        .where(_messages.c.id.in_(named), _messages.c.vault_id == record.vault_id)
        .order_by(_messages.c.id.desc())
        .limit(SHOWN_MESSAGES + 1)
    )
    if to_vault is not None:
        statement = statement.where(_connections.remote_vault_id == to_vault)
    rows = list(session.execute(statement).all())
    return _really(session, rows[:SHOWN_MESSAGES], record), len(rows) > SHOWN_MESSAGES


def _really(session: Session, rows: Sequence[Any], record: TracedRecord) -> list[Any]:
    """Those of the messages that do name the record: the index may remember a message that was deleted."""
    contents = session.execute(
        select(_bodies.message_id, _bodies["items"].label("content")).where(
            _bodies.message_id.in_([row.id for row in rows])
        )
    )
    own = record.record_id
    holding = {row.message_id for row in contents if any(record_id_of(item) == own for item in row.content)}
    return [row for row in rows if row.id in holding]


def _inbound(session: Session, rows: Sequence[Any]) -> dict[tuple[int, str], Any]:
    """The other sides of messages, by connection and message id."""
    remote = {row.remote_connection_id for row in rows if row.remote_connection_id is not None}
    if not remote:
        return {}
    served = table_of(QueueConnection).c
    # By way of the queues: the index over queue, connection and message id finds them without a search.
    statement = _sides().where(
        _messages.c.queue_id.in_(select(served.queue_id).where(served.connection_id.in_(remote))),
        _messages.c.connection_id.in_(remote),
        one_of(_messages.c.message_id, [row.message_id for row in rows]),
    )
    return {(row.connection_id, row.message_id): row for row in session.execute(statement)}


def _runs(session: Session, rows: Iterable[Any]) -> dict[int, TracedRun]:
    keys = {key for row in rows for key in (row.put_by, row.taken_by) if key is not None}
    columns = table_of(JobRun).c
    statement = select(columns.id, columns.vault_id, columns.kind, columns.status, columns.started_at).where(
        columns.id.in_(keys)
    )
    return {row[0]: TracedRun(*row) for row in fetch(session, statement)} if keys else {}


def _side(row: Any, runs: dict[int, TracedRun]) -> TracedSide:
    return row_of(TracedSide, row[:10], runs.get(row.put_by), runs.get(row.taken_by))


def _troubles(session: Session, message_keys: Sequence[int], record: TracedRecord) -> dict[int, list[TracedTrouble]]:
    """User exceptions about a record, by the message that raised them: of its items, or of the message as a whole."""
    if not message_keys:
        return {}
    raised = (
        select(
            _exceptions.c.spark_message_id,
            _exceptions.c.id,
            _exceptions.c.vault_id,
            _vaults.name,
            _exceptions.c.error_type,
            _exceptions.c.error_message,
            _exceptions.c.active,
            _exceptions.c.created_at,
        )
        .join(table_of(Vault), _vaults.id == _exceptions.c.vault_id)
        .where(_exceptions.c.spark_message_id.in_(message_keys))
        .order_by(_exceptions.c.id)
    )
    found: dict[int, list[TracedTrouble]] = {}
    rows = session.execute(raised).all()
    items = _failed_items(session, [row.id for row in rows], record)
    labels = _labels(session, [item for failed in items.values() for item in failed])
    for row in rows:
        about = [
            TracedTrouble(
                row.id,
                row.vault_id,
                row.name,
                item.error_type,
                item.error_message,
                item.status == "open",
                labels.get((item.vault_id, item.target_object, ""), item.target_object),
                item.attempts,
                item.tried_at,
                tuple(
                    (labels.get((item.vault_id, item.target_object, name), name), problem)
                    for name, problem in item.fields.items()
                ),
            )
            for item in items.get(row.id, ())
        ]
        if not about and row.error_type != ErrorType.MESSAGE_PROCESSING:
            # No item was tried: the message as a whole is in trouble, and the record with it.
            about.append(
                TracedTrouble(
                    row.id,
                    row.vault_id,
                    row.name,
                    row.error_type,
                    row.error_message,
                    row.active,
                    None,
                    1,
                    row.created_at,
                )
            )
        found.setdefault(row.spark_message_id, []).extend(about)
    return found


def _labels(session: Session, items: Sequence[Any]) -> dict[tuple[int, str, str], str]:
    """Labels of the target objects of failed items, and of their fields, by Vault, object and field name."""
    wanted: dict[int, set[str]] = {}
    for item in items:
        wanted.setdefault(item.vault_id, set()).add(item.target_object)
    found: dict[tuple[int, str, str], str] = {}
    for vault_id, names in wanted.items():
        found |= {(vault_id, *key): label for key, label in field_labels(session, vault_id, names).items()}
        labelled = select(_objects.name, _objects.label).where(_objects.vault_id == vault_id, _objects.name.in_(names))
        found |= {(vault_id, name, ""): label for name, label in fetch(session, labelled)}
    return found


def _failed_items(session: Session, keys: Sequence[int], record: TracedRecord) -> dict[int, list[Any]]:
    if not keys:
        return {}
    statement = select(_items).where(_items.c.message_id.in_(keys), _names(_items.c.item, record)).order_by(_items.c.id)
    found: dict[int, list[Any]] = {}
    for row in session.execute(statement):
        found.setdefault(row.message_id, []).append(row)
    return found
