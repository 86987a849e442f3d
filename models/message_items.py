"""Keeps the index from items to messages, by one statement for a set of messages.

The database takes the items out of the messages' bodies itself: that costs well under a microsecond an item, where a
search through the bodies would read all that was ever sent.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, bindparam, func, insert, select, true

from models.store import WriteSession
from models.tables import SparkMessageBody, SparkMessageItem, table_of

_bodies = table_of(SparkMessageBody)
_items = table_of(SparkMessageItem)


def index_items(write: WriteSession, message_ids: Sequence[int]) -> None:
    """Note which items these messages name; their bodies must have been written. Doing it twice does no harm."""
    if message_ids:
        connection = write.connection()
        connection.execute(_indexing(connection.dialect.name), {"messages": list(message_ids)})


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
