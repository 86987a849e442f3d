"""Looking at messages as the browser does, and putting many of them past the services."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, insert

from models.feed import Topic
from models.queries.message_terms import read_line
from models.queries.messages import BrowsedMessage, listing
from models.store import Store
from models.tables import MessageEvent, MessageState, SparkMessage, SparkMessageBody, table_of
from tests.builders import Side


def browse(
    store: Store, vault_id: int, line: str = "", *, now: datetime | None = None, **options: Any
) -> list[BrowsedMessage]:
    """The messages of a Vault that a filter line finds, as the list shows them."""
    read = read_line(line, now or store.clock.now())
    assert not read.problems, read.problems
    with store.read() as session:
        found = listing(session, vault_id, read.filter, **options)
        total = found.count(session)
        rows = found.page(session, 0, total, total)
        assert len(rows) == total
    return rows


def ids(rows: Sequence[BrowsedMessage]) -> list[str]:
    """The message ids of rows, in their order."""
    return [row.message_id for row in rows]


def write_messages(
    store: Store, side: Side, number: int, *, first: int = 1, begin: datetime | None = None, **values: Any
) -> list[int]:
    """Messages of a Vault's queue, a second apart, the first one the oldest; answers their ids."""
    return write_rows(store, message_rows(store, side, number, first=first, begin=begin, **values))


def message_rows(
    store: Store, side: Side, number: int, *, first: int = 1, begin: datetime | None = None, **values: Any
) -> list[dict[str, Any]]:
    """What `write_messages` writes."""
    begin = begin or store.clock.now()
    return [
        {
            "vault_id": side.vault_id,
            "queue_id": side.queue_id,
            "connection_id": side.connection_id,
            "message_id": f"{place:08x}-0000-4000-8000-{side.vault_id:012}",
            "state": MessageState.DELIVERED,
            "object_name": "product__v",
            "event": MessageEvent.CHANGED,
            "integration_point": "product_inbound__c",
            "item_count": 1,
            "attempts": 1,
            "entered_at": begin + timedelta(seconds=place),
        }
        | values
        for place in range(first, first + number)
    ]


def write_rows(store: Store, rows: list[dict[str, Any]]) -> list[int]:
    """Write messages in one transaction; answers their ids."""
    messages, bodies = table_of(SparkMessage), table_of(SparkMessageBody)
    with store.write() as write:
        keys = [
            int(key)
            for key in write.connection()
            .execute(insert(messages).returning(messages.c.id, sort_by_parameter_order=True), rows)
            .scalars()
        ]
        write.execute(insert(bodies), [{"message_id": key, "attributes": {}, "items": ["V0A1"]} for key in keys])
        for vault_id in {row["vault_id"] for row in rows}:
            write.changed(Topic.MESSAGES, vault_id)
    return keys


@contextmanager
def plans(store: Store) -> Iterator[list[str]]:
    """The plans of all statements that are run on the store meanwhile."""
    found: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        del connection
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            own = cursor.connection.cursor()
            own.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found.extend(str(row[3]) for row in own.fetchall())
            own.close()

    event.listen(store.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", explain)
