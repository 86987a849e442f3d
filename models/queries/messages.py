"""The Spark messages of a Vault as one list, for the message browser: both directions, any state, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from models.queries.message_filter import EVERYTHING, MessageFilter, read_time
from models.queries.message_finding import beginning, is_id, search
from models.queries.message_search import Dimensions, Search
from models.queries.window import Anchor, Key, Listing, fetch, row_of
from models.sets import one_of_numbers
from models.tables import Connection, Queue, SparkMessage, table_of

_messages = table_of(SparkMessage).c
_queues = table_of(Queue).c
_connections = table_of(Connection).c

FEW: Final = 20_000
"""So many messages that were found are held in memory by their ids; of more, pages are read from the index."""
TIME: Final = "time"
"""The order in which messages entered their queues: that of the list itself."""
SORTS: Final[Mapping[str, ColumnElement[Any]]] = {
    "state": _messages.state,
    "point": _messages.integration_point,
    "object": _messages.object_name,
}
"""Columns with an index in whose order the list can be read."""
_of_connection, _of_queue = table_of(Connection).alias(), table_of(Queue).alias()
FEW_SORTS: Final[Mapping[str, ColumnElement[Any]]] = {
    "connection": select(_of_connection.c.name)
    .where(_of_connection.c.id == _messages.connection_id)
    .correlate(table_of(SparkMessage))
    .scalar_subquery(),
    "queue": select(_of_queue.c.label)
    .where(_of_queue.c.id == _messages.queue_id)
    .correlate(table_of(SparkMessage))
    .scalar_subquery(),
    "items": _messages.item_count,
    "attempts": _messages.attempts,
}
"""Columns without one: only `FEW` messages can be put into their order while a person waits."""


@dataclass(frozen=True, slots=True)
class BrowsedMessage:
    """A message in the list. `direction` is that of its queue; `queue` is the queue's label."""

    key: int
    message_id: str
    direction: str
    state: str
    object_name: str
    event: str
    integration_point: str
    connection: str
    queue_id: int
    queue: str
    items: int
    attempts: int
    entered_at: datetime
    left_at: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None


_COLUMNS = (
    _messages.id,
    _messages.message_id,
    _queues.type,
    _messages.state,
    _messages.object_name,
    _messages.event,
    _messages.integration_point,
    _connections.name,
    _messages.queue_id,
    _queues.label,
    _messages.item_count,
    _messages.attempts,
    _messages.entered_at,
    _messages.left_at,
    _messages.next_attempt_at,
    _messages.last_error,
)


@dataclass(frozen=True)
class MessageListing(Listing[BrowsedMessage]):
    """The messages that a search finds. When it finds few, they are found once and paged through in memory."""

    search: Search | None = None
    _few: list[tuple[int, ...]] = field(default_factory=list)

    def count(self, session: Session) -> int:
        """How many messages there are."""
        counting = self.keys if self.search is None else self.search.counting()
        found = session.execute(counting.limit(FEW + 1)).scalars().all()
        if len(found) > FEW:
            return int(session.execute(select(func.count()).select_from(counting.subquery())).scalar_one())
        self._few.append(tuple(sorted(found, reverse=self.descending)))
        return len(found)

    def page(
        self, session: Session, offset: int, limit: int, total: int, anchor: Anchor | None = None
    ) -> list[BrowsedMessage]:
        """The messages from `offset` on, at most `limit`."""
        if not self._few:
            return super().page(session, offset, limit, total, anchor)
        few = self._few[-1]
        if self.sort is not None:
            return self._of(few).page(session, offset, limit, total, anchor)
        statement = self.rows.where(one_of_numbers(self.key, few[offset : offset + max(0, limit)]))
        return [self.build(row) for row in fetch(session, statement.order_by(*self._order(backwards=False)))]

    def position(self, session: Session, key: Key) -> int | None:
        """Where a message stands; None when it is not in the list."""
        if not self._few:
            return super().position(session, key)
        few = self._few[-1]
        if self.sort is not None:
            return self._of(few).position(session, key)
        return few.index(int(key)) if key in few else None

    def go_to(self, session: Session, text: str, now: datetime) -> Key | None:
        """The message that a person means: by how its id begins, or the last one that had come by a time."""
        text = text.strip()
        vault_id = self.search.vault_id if self.search is not None else 0
        if is_id(text) and (ids := beginning(session, vault_id, text.lower())):
            return _newest_in(session, self, one_of_numbers(_messages.id, sorted(ids)))
        if text.removeprefix("#").isdigit():
            return super().go_to(session, text, now)
        entered = (
            select(_messages.id)
            .where(_messages.vault_id == vault_id, _messages.entered_at <= read_time(text, now))
            .order_by(_messages.entered_at.desc(), _messages.id.desc())
            .limit(1)
        )
        last = session.execute(entered).scalar()
        return None if last is None else _newest_in(session, self, _messages.id <= last)

    def _of(self, ids: tuple[int, ...]) -> Listing[BrowsedMessage]:
        keys = select(self.key).where(one_of_numbers(self.key, ids))
        return Listing(self.key, keys, self.rows, self.build, self.sort, self.descending)


def listing(
    session: Session,
    vault_id: int,
    wanted: MessageFilter = EVERYTHING,
    *,
    queue_id: int | None = None,
    connection_id: int | None = None,
    sort: str = TIME,
    descending: bool = True,
    below: int | None = None,
) -> MessageListing:
    """The messages of a Vault that are meant: in all of its queues or one, through all connections or one.

    With `below` only those up to this one: a list that is held still while more come. By one of `FEW_SORTS` only few
    are sorted: of more, this answers the order of the list itself (its `sort` is None then). Raises TooMany.
    """
    found = search(session, vault_id, wanted, queue_id=queue_id, connection_id=connection_id, below=below)
    if sort in FEW_SORTS and _too_many_to_sort(session, found):
        sort, descending = TIME, True
    return _listing(found, sort, descending=descending)


def _too_many_to_sort(session: Session, found: Search) -> bool:
    return len(session.execute(found.counting().limit(FEW + 1)).scalars().all()) > FEW


def nothing(vault_id: int) -> MessageListing:
    """A list without messages."""
    return _listing(Search(vault_id, Dimensions(), frozenset()), TIME, descending=True)


def _listing(found: Search, sort: str, *, descending: bool) -> MessageListing:
    rows = (
        select(*_COLUMNS)
        .select_from(table_of(SparkMessage))
        .join(table_of(Queue), _queues.id == _messages.queue_id)
        .join(table_of(Connection), _connections.id == _messages.connection_id)
        .where(_messages.vault_id == found.vault_id)
    )
    return MessageListing(
        _messages.id,
        found.keys(),
        rows,
        lambda row: row_of(BrowsedMessage, row),
        SORTS.get(sort, FEW_SORTS.get(sort)),
        descending,
        search=found,
    )


def unknown(wanted: MessageFilter, found: MessageListing) -> tuple[str, ...]:
    """What a filter names that there is not, as sentences."""
    dimensions = found.search.dimensions if found.search is not None else Dimensions()
    said = {
        "connection": ("connections", "No connection of this Vault is called"),
        "queue": ("queues", "No queue of this Vault is called"),
        "point": ("points", "No message is for an integration point called"),
        "object": ("objects", "No message is about an object called"),
    }
    return tuple(
        f"{sentence} “{name}”."
        for field_name, (dimension, sentence) in said.items()
        if (name := getattr(wanted, field_name)) and getattr(dimensions, dimension) == ()
    )


def newest(session: Session, vault_id: int) -> int:
    """The latest message of a Vault; 0 when it has none."""
    return int(session.execute(select(func.max(_messages.id)).where(_messages.vault_id == vault_id)).scalar() or 0)


def count_newer(session: Session, found: MessageListing, after: int) -> int:
    """How many messages of a list have come after one."""
    keys = found.keys.where(_messages.id > after)
    return int(session.execute(select(func.count()).select_from(keys.subquery())).scalar_one())


def come_after(session: Session, found: MessageListing, after: int, limit: int) -> list[BrowsedMessage]:
    """The first messages of a list that have come after one, in the order in which they came."""
    keys = found.keys.where(_messages.id > after).order_by(_messages.id).limit(limit)
    statement = found.rows.where(_messages.id.in_(keys)).order_by(_messages.id)
    return [found.build(row) for row in fetch(session, statement)]


def _newest_in(session: Session, found: MessageListing, condition: ColumnElement[bool]) -> int | None:
    key = session.execute(found.keys.where(condition).order_by(_messages.id.desc()).limit(1)).scalar()
    return None if key is None else int(key)
