"""Keeps the indexes from items and attributes to messages: from items by one statement for a set of messages.

The database takes the items out of the messages' bodies itself: that costs well under a microsecond an item, where a
search through the bodies would read all that was ever sent.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Insert, bindparam, func, insert, select, true

from models.store import WriteSession
from models.tables import SparkMessageAttribute, SparkMessageBody, SparkMessageItem, table_of

_bodies = table_of(SparkMessageBody)
_items = table_of(SparkMessageItem)
_attributes = table_of(SparkMessageAttribute)

USUAL: Final = ("object", "event", "integration_point")
"""The attributes that are columns of a message."""
LONGEST = 255
"""How much of an attribute's name and value is kept to find it by."""


def index_items(write: WriteSession, message_ids: Sequence[int]) -> None:
    """Note which items these messages name; their bodies must have been written. Doing it twice does no harm."""
    if message_ids:
        connection = write.connection()
        connection.execute(_indexing(connection.dialect.name), {"messages": list(message_ids)})


def index_attributes(
    write: WriteSession, message_id: int, attributes: Mapping[str, Any], columns: Mapping[str, Any]
) -> None:
    """Note which attributes a new message has beside the usual ones; of these only what its columns cannot hold."""
    rows = {
        (name[:LONGEST], attribute_text(value)[:LONGEST])
        for name, value in attributes.items()
        if name not in USUAL or columns.get(name) != value
    }
    if rows:
        found = [{"name": name, "value": value, "message_id": message_id} for name, value in rows]
        write.execute(insert(_attributes).prefix_with("OR IGNORE", dialect="sqlite"), found)


def attribute_text(value: Any) -> str:
    """An attribute's value as text: a text as it is, a number or yes/no as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=2)
def _indexing(dialect: str) -> Insert:
    content: Any = _bodies.c["items"]
    on_sqlite = dialect == "sqlite"
    listed = (func.json_each if on_sqlite else func.json_array_elements_text)(content).table_valued("value")
    found = (
        select(listed.c.value, _bodies.c.message_id)
        .select_from(_bodies.join(listed, true()))
        .where(_bodies.c.message_id.in_(bindparam("messages", expanding=True)))
    )
    # A message put by hand may name a record twice.
    statement = insert(_items).from_select(["item", "message_id"], found if on_sqlite else found.distinct())
    return statement.prefix_with("OR IGNORE", dialect="sqlite")
