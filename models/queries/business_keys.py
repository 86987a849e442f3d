"""From what people call a record to the Spark messages that name it, by indexes alone.

Messages name records of the sending Vault by id. A business key is looked up first in the Vault in use and in those it
has connections with; then the messages that name the records that were found, on this Vault's side.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from models.errors import NotPossible
from models.message_items import LONGEST, attribute_text
from models.sets import one_of, one_of_numbers
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    ObjectField,
    Queue,
    Record,
    SparkMessage,
    SparkMessageAttribute,
    SparkMessageBody,
    SparkMessageItem,
    UniqueValue,
    VaultObject,
    table_of,
)
from models.versions import record_id_of

MOST_RECORDS: Final = 1000
"""How many records a key may mean; more are too many to look for."""
MOST_VERSIONED: Final = 100
"""Of how many records that a key means messages are found that name a version of them."""

_records = table_of(Record).c
_connections = table_of(Connection).c
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody).c
_items = table_of(SparkMessageItem).c
_attributes = table_of(SparkMessageAttribute).c

Names = Mapping[int, Collection[str]]
"""Ids of records by the Vault that they are in."""


class TooMany(NotPossible):
    """A key means more records than can be looked for."""

    title = "Too many records"


def vaults_in_reach(session: Session, vault_id: int) -> list[int]:
    """The Vault and those that it has connections with: whose records its messages may name."""
    remote = select(_connections.remote_vault_id).where(
        _connections.vault_id == vault_id, _connections.remote_vault_id.is_not(None)
    )
    return [vault_id, *sorted(set(session.execute(remote).scalars()) - {vault_id})]


def records_called(session: Session, vault_id: int, key: str) -> Names:
    """The records with this business key, in the Vaults whose records the messages of a Vault may name.

    The key is an id, Global ID, Link, name or value of a unique field; with `*` at its end, how a name begins. A record
    of this Vault that has a Link stands for its source too. Raises TooMany.
    """
    vaults = vaults_in_reach(session, vault_id)
    here = _records.vault_id.in_(vaults)
    # Hidden from the planner, which would go through all records of a Vault.
    not_by_vault = func.coalesce(_records.vault_id, _records.vault_id).in_(vaults)
    columns = (_records.vault_id, _records.record_id, _records.link)
    stem = key.removesuffix("*")
    if stem and stem != key:
        # A range and not LIKE: the index over names is used, and nothing in the key is a wildcard.
        conditions = [and_(here, _records.name >= stem, _records.name < stem + chr(0x10FFFF))]
    else:
        objects, fields = table_of(VaultObject).c, table_of(ObjectField).c
        unique = (
            select(fields.id)
            .join(table_of(VaultObject), objects.id == fields.object_id)
            .where(objects.vault_id.in_(vaults), fields.unique)
        )
        values = table_of(UniqueValue).c
        owners = select(values.record_id).where(values.field_id.in_(unique), values.value == key)
        conditions = [
            and_(here, _records.record_id == key),
            and_(here, _records.name == key),
            and_(not_by_vault, _records.global_id == key),
            and_(not_by_vault, _records.id.in_(owners)),
        ]
    found: dict[int, set[str]] = {}
    links: set[str] = set() if stem != key else {key}
    for condition in conditions:
        rows = session.execute(select(*columns).where(condition).limit(MOST_RECORDS + 1)).all()
        if len(rows) > MOST_RECORDS:
            raise TooMany(f"More than {MOST_RECORDS:,} records have a key like “{key}”.", "Write more of it.")
        for row in rows:
            found.setdefault(row.vault_id, set()).add(row.record_id)
            if row.vault_id == vault_id and row.link:
                links.add(row.link)
    sources = select(*columns).where(not_by_vault, one_of(_records.global_id, sorted(links)))
    for row in session.execute(sources):
        found.setdefault(row.vault_id, set()).add(row.record_id)
    return found


def messages_naming(session: Session, vault_id: int, named: Names) -> set[int]:
    """The messages of a Vault that name any of these records, on whichever side the Vault is."""
    found: set[int] = set()
    for owner, ids in named.items():
        sent = _sent_with(session, owner, ids)
        found |= _on_this_side(session, vault_id, owner, sent)
    return found


def messages_with_item(session: Session, vault_id: int, item: str) -> set[int]:
    """The messages of a Vault that name a record or document by this id, whichever Vault it is in."""
    return messages_naming(session, vault_id, {owner: [item] for owner in vaults_in_reach(session, vault_id)})


def messages_with_attribute(session: Session, vault_id: int, name: str, value: str) -> set[int]:
    """The messages of a Vault with this attribute, which is none of the usual three."""
    found: set[int] = set()
    statement = (
        select(_messages.c.id, _bodies.attributes)
        .join(table_of(SparkMessageAttribute), _attributes.message_id == _messages.c.id)
        .join(table_of(SparkMessageBody), _bodies.message_id == _messages.c.id)
        .where(_attributes.name == name[:LONGEST], _attributes.value == value[:LONGEST])
    )
    for owner in vaults_in_reach(session, vault_id):
        rows = session.execute(statement.where(func.coalesce(_messages.c.vault_id, _messages.c.vault_id) == owner))
        # The index may remember a message that was deleted, and holds of a long value only the beginning.
        sent = [row[0] for row in rows if name in row[1] and attribute_text(row[1][name]) == value]
        found |= _on_this_side(session, vault_id, owner, sent)
    return found


def _sent_with(session: Session, owner: int, ids: Collection[str]) -> set[int]:
    """The outbound messages of a Vault whose content names any of these ids."""
    bare = sorted(each for each in ids if record_id_of(each) == each)[:MOST_VERSIONED]
    # A document is named by the id of a version, `{id}_{major}_{minor}`.
    ranges = [and_(_items.item >= f"{each}_0", _items.item < f"{each}_:") for each in bare]
    found: set[int] = set()
    # One after the other: each is a search in the index, and together they might not be.
    for named in (one_of(_items.item, sorted(ids)), or_(*ranges) if ranges else None):
        if named is not None:
            found |= _holding(session, owner, named)
    return found


def _holding(session: Session, owner: int, named: ColumnElement[bool]) -> set[int]:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    listing: Any = (func.json_each if on_sqlite else func.json_array_elements_text)(_bodies["items"])
    content = listing.table_valued("value")
    statement = (
        select(_messages.c.id)
        .join(table_of(SparkMessageItem), _items.message_id == _messages.c.id)
        .join(table_of(SparkMessageBody), _bodies.message_id == _messages.c.id)
        .where(
            named,
            # Hidden from the planner, which would begin with all messages of the Vault.
            func.coalesce(_messages.c.vault_id, _messages.c.vault_id) == owner,
            # The index may remember a message that was deleted.
            select(content.c.value).where(content.c.value == _items.item).exists(),
        )
        .distinct()
    )
    return set(session.execute(statement).scalars())


def _on_this_side(session: Session, vault_id: int, owner: int, sent: Collection[int]) -> set[int]:
    """What outbound messages of a Vault are in this one: themselves, and what has arrived of them."""
    if not sent:
        return set()
    own = set(sent) if owner == vault_id else set()
    outbound = aliased(table_of(SparkMessage), name="outbound")
    queues = table_of(Queue).c
    inbound_queues = select(queues.id).where(queues.vault_id == vault_id, queues.type == Direction.INBOUND)
    # A Local connection is its own other side.
    other_side = case(
        (_connections.type == ConnectionType.LOCAL, _connections.id), else_=_connections.remote_connection_id
    )
    statement = (
        select(_messages.c.id)
        .select_from(outbound)
        .join(table_of(Connection), _connections.id == outbound.c.connection_id)
        .join(
            _messages,
            and_(
                # By way of the queues: the index over queue, connection and message id finds them without a search.
                _messages.c.queue_id.in_(inbound_queues),
                _messages.c.connection_id == other_side,
                _messages.c.message_id == outbound.c.message_id,
            ),
        )
        .where(one_of_numbers(outbound.c.id, sent), _messages.c.vault_id == vault_id)
    )
    return own | set(session.execute(statement).scalars())
