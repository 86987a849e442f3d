"""What a Spark message is about, for its details: the records that it names, and which of them are in trouble."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from models.queries.queues import MessageDetail
from models.queries.traceable import names_of
from models.queries.window import fetch
from models.sets import one_of
from models.tables import (
    ExceptionItem,
    ExceptionMessage,
    ItemStatus,
    SigningCertificate,
    Tombstone,
    Vault,
    table_of,
)
from models.versions import record_id_of

SHOWN_ITEMS = 100
"""How many of a message's items are told of."""

_exceptions = table_of(ExceptionMessage).c
_items = table_of(ExceptionItem).c
_tombstones = table_of(Tombstone).c


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A record or document that a message names. `name` is empty when it is not in the sending Vault any more."""

    item: str
    record_id: str
    name: str
    deleted: bool
    open_exception: int | None
    """The user exception message of which it is an open item."""


@dataclass(frozen=True, slots=True)
class TroubleLine:
    """A user exception message about a message, or about one of its items. `item` is None for the former."""

    key: int
    vault_id: int
    vault: str
    item: str | None
    target_object: str | None
    error_message: str
    open: bool


@dataclass(frozen=True, slots=True)
class MessageContent:
    """The first items of a message, and its user exceptions on both sides."""

    items: tuple[ItemLine, ...]
    troubles: tuple[TroubleLine, ...]


def content(session: Session, detail: MessageDetail) -> MessageContent:
    """What a message names."""
    shown = detail.items[:SHOWN_ITEMS]
    ids = [record_id_of(item) for item in shown]
    names: dict[str, str] = {}
    gone: dict[str, str] = {}
    if detail.items_vault_id is not None:
        names = names_of(session, detail.items_vault_id, ids)
        missing = [each for each in ids if each not in names]
        if missing:
            statement = select(_tombstones.record_id, _tombstones.name).where(
                _tombstones.vault_id == detail.items_vault_id, one_of(_tombstones.record_id, missing)
            )
            gone = {row.record_id: row.name for row in session.execute(statement)}
    troubles = _troubles(session, detail)
    open_by_item = {line.item: line.key for line in troubles if line.open and line.item is not None}
    items = tuple(
        ItemLine(item, record, names.get(record) or gone.get(record, ""), record in gone, open_by_item.get(item))
        for item, record in zip(shown, ids, strict=True)
    )
    return MessageContent(items, troubles)


def _troubles(session: Session, detail: MessageDetail) -> tuple[TroubleLine, ...]:
    vaults = table_of(Vault).c
    keys = [detail.row.key, *([detail.twin.key] if detail.twin is not None else [])]
    statement = (
        select(
            _exceptions.id,
            _exceptions.vault_id,
            vaults.name,
            _items.item,
            _items.target_object,
            _items.error_message,
            _items.status,
            _exceptions.error_message,
            _exceptions.active,
        )
        .join(table_of(Vault), vaults.id == _exceptions.vault_id)
        .outerjoin(table_of(ExceptionItem), _items.message_id == _exceptions.id)
        .where(_exceptions.spark_message_id.in_(keys))
        .order_by(_exceptions.id, _items.id)
        .limit(SHOWN_ITEMS)
    )
    return tuple(
        TroubleLine(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            row[5] if row[3] is not None else row[7],
            row[6] == ItemStatus.OPEN if row[3] is not None else bool(row[8]),
        )
        for row in fetch(session, statement)
    )


def certificate_key(session: Session, certificate_id: str) -> int | None:
    """The certificate of this id; None when there is none (any more)."""
    columns = table_of(SigningCertificate).c
    return session.execute(select(columns.id).where(columns.certificate_id == certificate_id)).scalars().first()
