"""Which records can be traced from where one stands: a name, a message, a job run, a user exception."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlmodel import Session

from models.sets import one_of
from models.tables import (
    Connection,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    Queue,
    Record,
    SparkMessage,
    SparkMessageBody,
    Tombstone,
    Vault,
    table_of,
)
from models.versions import record_id_of

_records = table_of(Record)
_vaults = table_of(Vault).c
_connections = table_of(Connection).c
_messages = table_of(SparkMessage)
_queues = table_of(Queue)
_bodies = table_of(SparkMessageBody).c
_tombstones = table_of(Tombstone).c
_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)


def places(session: Session, vault_ids: Sequence[int], text: str) -> tuple[tuple[int, str, str], ...]:
    """Vault id, Vault name and record id of the records called `text`, deleted ones included.

    `text` is a record id, which may occur in several Vaults, or a Global ID.
    """
    columns = (_vaults.id, _vaults.name, _records.c.record_id)
    present = (
        select(*columns)
        .join(_records, _records.c.vault_id == _vaults.id)
        .where(_records.c.vault_id.in_(vault_ids), (_records.c.record_id == text) | (_records.c.global_id == text))
        .order_by(_vaults.name)
    )
    found = {(row[0], row[2]): tuple(row) for row in session.execute(present)}
    gone = (
        select(_vaults.id, _vaults.name, _tombstones.record_id)
        .join(table_of(Tombstone), _tombstones.vault_id == _vaults.id)
        .where(_tombstones.vault_id.in_(vault_ids), _tombstones.record_id == text)
        .distinct()
        .order_by(_vaults.name)
    )
    for row in session.execute(gone):
        found.setdefault((row[0], row[2]), tuple(row))
    return tuple(found.values())


def items_of_message(session: Session, vault_id: int, message_key: int) -> tuple[tuple[int, str], ...]:
    """The records that a message names, each with its Vault; none when the message is gone.

    That is the sending Vault, whichever side the message is looked at from.
    """
    statement = (
        select(_queues.c.type, _connections.remote_vault_id, _bodies["items"].label("content"))
        .select_from(_messages)
        .join(_queues, _queues.c.id == _messages.c.queue_id)
        .join(table_of(Connection), _connections.id == _messages.c.connection_id)
        .join(table_of(SparkMessageBody), _bodies.message_id == _messages.c.id)
        .where(_messages.c.vault_id == vault_id, _messages.c.id == message_key)
    )
    row = session.execute(statement).first()
    if row is None:
        return ()
    owner = vault_id if row.type == Direction.OUTBOUND else row.remote_vault_id
    return () if owner is None else tuple((owner, name) for name in dict.fromkeys(map(record_id_of, row.content)))


def items_of_exception(session: Session, vault_id: int, exception_key: int) -> tuple[tuple[int, str], ...]:
    """The source records of a user exception message's items, or of its Spark message when it has none."""
    exception = session.execute(
        select(_exceptions.c.spark_message_id, _connections.remote_vault_id)
        .outerjoin(table_of(Connection), _connections.id == _exceptions.c.connection_id)
        .where(_exceptions.c.vault_id == vault_id, _exceptions.c.id == exception_key)
    ).first()
    if exception is None:
        return ()
    items = session.execute(select(_items.c.item).where(_items.c.message_id == exception_key).order_by(_items.c.id))
    names = list(dict.fromkeys(map(record_id_of, items.scalars())))
    if names and exception.remote_vault_id is not None:
        return tuple((exception.remote_vault_id, name) for name in names)
    if exception.spark_message_id is None:
        return ()
    return items_of_message(session, vault_id, exception.spark_message_id)


def items_of_run(session: Session, vault_id: int, run_id: int, limit: int = 2000) -> tuple[tuple[int, str], ...]:
    """The records that a job run moved, each with its Vault: of the run's newest messages, at most `limit`."""
    statement = (
        select(_queues.c.type, _connections.remote_vault_id, _bodies["items"].label("content"))
        .select_from(_messages)
        .join(_queues, _queues.c.id == _messages.c.queue_id)
        .join(table_of(Connection), _connections.id == _messages.c.connection_id)
        .join(table_of(SparkMessageBody), _bodies.message_id == _messages.c.id)
        .where(_messages.c.vault_id == vault_id, (_messages.c.put_by == run_id) | (_messages.c.taken_by == run_id))
        .order_by(_messages.c.id.desc())
        .limit(20)
    )
    found: dict[tuple[int, str], None] = {}
    for row in session.execute(statement):
        owner = vault_id if row.type == Direction.OUTBOUND else row.remote_vault_id
        if owner is not None:
            found.update(dict.fromkeys((owner, record_id_of(item)) for item in row.content))
    return tuple(found)[:limit]


def names_of(session: Session, vault_id: int, record_ids: Collection[str]) -> dict[str, str]:
    """Names of records of a Vault by id; deleted ones are not among them."""
    statement = select(_records.c.record_id, _records.c.name).where(
        _records.c.vault_id == vault_id, one_of(_records.c.record_id, record_ids)
    )
    return {row.record_id: row.name for row in session.execute(statement)}
