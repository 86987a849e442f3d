"""How Spark messages are found: what a filter names becomes ids first, and these a `Search`.

What means few messages (an item, a business key, an attribute, a message id) is looked up in an index of its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from models.message_items import USUAL
from models.queries.business_keys import (
    TooMany,
    messages_naming,
    messages_with_attribute,
    messages_with_item,
    records_called,
)
from models.queries.message_filter import MessageFilter
from models.queries.message_search import ALONE, Dimensions, Meant, Search
from models.queries.window import fetch, row_of
from models.tables import Connection, MessageEvent, MessageState, Queue, SparkMessage, table_of

_messages = table_of(SparkMessage).c
_queues = table_of(Queue).c
_connections = table_of(Connection).c

FEW: Final = 10_000
"""So many messages of one condition are named one by one; of more, the first that are shown are found at once."""
SHORTEST_ID: Final = 4
"""So many signs of a message id a word needs, to be looked for as one."""
_HEX: Final = frozenset("0123456789abcdef-")


@dataclass(frozen=True, slots=True)
class Named:
    """A connection or queue of a Vault, by the names that people give it. `type` is a queue's direction."""

    key: int
    name: str
    api_name: str
    type: str = ""

    def is_called(self, text: str) -> bool:
        """Whether this is its whole name."""
        return text.casefold() in (self.name.casefold(), self.api_name.casefold())

    def holds(self, text: str) -> bool:
        """Whether its names hold a text."""
        return text.casefold() in self.name.casefold() or text.casefold() in self.api_name.casefold()


@dataclass(frozen=True, slots=True)
class Places:
    """What the messages of a Vault can be narrowed to: its connections and queues, the points and objects there are."""

    connections: tuple[Named, ...] = ()
    queues: tuple[Named, ...] = ()
    points: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()


def places(session: Session, vault_id: int) -> Places:
    """The connections, queues, points and objects of a Vault's messages."""
    connections = select(_connections.id, _connections.name, _connections.api_name).where(
        _connections.vault_id == vault_id
    )
    queues = select(_queues.id, _queues.label, _queues.api_name, _queues.type).where(_queues.vault_id == vault_id)
    return Places(
        tuple(row_of(Named, row) for row in fetch(session, connections.order_by(_connections.name))),
        tuple(row_of(Named, row) for row in fetch(session, queues.order_by(_queues.label))),
        _occurring(session, vault_id, _messages.integration_point),
        _occurring(session, vault_id, _messages.object_name),
    )


def _occurring(session: Session, vault_id: int, column: ColumnElement[str]) -> tuple[str, ...]:
    """The values of a column that occur: from one to the next in its index, however many messages have each."""
    first = select(func.min(column).label("value")).where(_messages.vault_id == vault_id).cte("found", recursive=True)
    following = select(func.min(column)).where(_messages.vault_id == vault_id, column > first.c.value).scalar_subquery()
    found = first.union_all(select(following).where(first.c.value.is_not(None)))
    return tuple(session.execute(select(found.c.value).where(found.c.value.is_not(None))).scalars())


# From names to ids


def search(
    session: Session,
    vault_id: int,
    wanted: MessageFilter,
    *,
    queue_id: int | None = None,
    connection_id: int | None = None,
    below: int | None = None,
) -> Search:
    """What a filter means in a Vault now, in one of its queues or through one of its connections where that is given.

    Raises TooMany for a key that means too many records.
    """
    known = places(session, vault_id)
    ids = _Ids()
    narrow = _Narrowing(known)
    for name, value in wanted.attributes:
        if not narrow.attribute(name, value):
            ids.only(messages_with_attribute(session, vault_id, name, value))
    _look_up(session, vault_id, wanted, ids)
    words = []
    for word in wanted.words:
        meant = _meant(session, vault_id, known, word)
        if meant.dimensions == Dimensions():
            ids.only(meant.ids)
        else:
            words.append(meant)
    dimensions = narrow.dimensions(wanted)
    dimensions = replace(
        dimensions,
        queues=_only(known.queues, queue_id, dimensions.queues),
        connections=_only(known.connections, connection_id, dimensions.connections),
    )
    found = Search(vault_id, dimensions, ids.found, wanted.since, wanted.until, tuple(words), below=below)
    return found if ids.found is not None else _with_few(session, found)


def _only(known: Sequence[Named], key: int | None, keys: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """One of the Vault's queues or connections, when it is not narrowed to others."""
    if key is None:
        return keys
    here = any(row.key == key for row in known) and (keys is None or key in keys)
    return (key,) if here else ()


def _with_few(session: Session, found: Search) -> Search:
    """The search by its rarest condition, when that has an index of its own and few messages: all others are tried."""
    if found.since is not None or found.until is not None:
        in_time = _few(session, Search(found.vault_id, Dimensions(), since=found.since, until=found.until))
        if in_time is not None:
            return replace(found, ids=in_time, since=None, until=None)
    if found.sole:
        return found
    for name, _column, values in found.dimensions.given():
        if name in ALONE:
            ids = _few(session, Search(found.vault_id, Dimensions(**{name: tuple(values)})))
            if ids is not None:
                return replace(found, ids=ids)
    return found


def _few(session: Session, found: Search) -> frozenset[int] | None:
    """The messages of a search, when these are few; None when they are many."""
    ids = session.execute(found.counting().limit(FEW + 1)).scalars().all()
    return frozenset(ids) if len(ids) <= FEW else None


def _look_up(session: Session, vault_id: int, wanted: MessageFilter, ids: "_Ids") -> None:
    """Name the messages that are meant by what few messages have."""
    if wanted.item:
        ids.only(messages_with_item(session, vault_id, wanted.item))
    if wanted.key:
        ids.only(messages_naming(session, vault_id, records_called(session, vault_id, wanted.key)))
    if wanted.message:
        ids.only(beginning(session, vault_id, wanted.message.lower()))
    if wanted.run is not None:
        ids.only(_of_run(session, vault_id, wanted.run))
    if wanted.failed:
        ids.only(_failed(session, vault_id))


class _Ids:
    """Messages that are in every set that was named; `found` is None as long as none was."""

    def __init__(self) -> None:
        self.found: frozenset[int] | None = None

    def only(self, ids: Iterable[int]) -> None:
        self.found = frozenset(ids) if self.found is None else self.found & frozenset(ids)


class _Narrowing:
    """Finds what names mean among what there is in a Vault."""

    def __init__(self, known: Places) -> None:
        self._known = known
        self._exact: dict[str, str] = {}

    def attribute(self, name: str, value: str) -> bool:
        """Take one of the usual attributes, which are columns; answers whether it was one."""
        known: Mapping[str, Collection[str]] = {
            "object": self._known.objects,
            "integration_point": self._known.points,
            "event": tuple(MessageEvent),
        }
        if name not in USUAL or value not in known[name] or self._exact.get(name, value) != value:
            return False
        self._exact[name] = value
        return True

    def dimensions(self, wanted: MessageFilter) -> Dimensions:
        """The dimensions of a filter, with the attributes that were taken before."""
        known, exact = self._known, self._exact
        events = [each for each in (wanted.event, exact.get("event")) if each is not None]
        queues = None
        if wanted.queue or wanted.direction is not None:
            found = _called(known.queues, wanted.queue) if wanted.queue else known.queues
            queues = tuple(row.key for row in found if wanted.direction is None or row.type == wanted.direction)
        return Dimensions(
            states=tuple(dict.fromkeys(wanted.states)) or None,
            events=tuple(map(MessageEvent, set(events))) if len(set(events)) == 1 else (() if events else None),
            queues=queues,
            connections=tuple(row.key for row in _called(known.connections, wanted.connection))
            if wanted.connection
            else None,
            points=_occurring_as(known.points, wanted.point, exact.get("integration_point")),
            objects=_occurring_as(known.objects, wanted.object, exact.get("object")),
        )


def _called(rows: Sequence[Named], text: str) -> Sequence[Named]:
    """Those of this name, else those whose name holds it."""
    return [row for row in rows if row.is_called(text)] or [row for row in rows if row.holds(text)]


def _occurring_as(values: Sequence[str], text: str, exact: str | None) -> tuple[str, ...] | None:
    if not text and exact is None:
        return None
    folded = text.casefold()
    found = [value for value in values if value.casefold() == folded] or [
        value for value in values if folded in value.casefold()
    ]
    return tuple(value for value in found if exact is None or value == exact)


def _meant(session: Session, vault_id: int, known: Places, word: str) -> Meant:
    """What a word of the line may mean: something that a row shows, or an item, a key, how the message id begins."""
    folded = word.casefold()
    dimensions = Dimensions(
        states=tuple(state for state in MessageState if folded in state) or None,
        events=tuple(event for event in MessageEvent if folded in event) or None,
        queues=tuple(row.key for row in known.queues if row.holds(word)) or None,
        connections=tuple(row.key for row in known.connections if row.holds(word)) or None,
        points=tuple(value for value in known.points if folded in value.casefold()) or None,
        objects=tuple(value for value in known.objects if folded in value.casefold()) or None,
    )
    ids = _of_error(session, vault_id, word) | messages_with_item(session, vault_id, word)
    if is_id(word):
        ids |= beginning(session, vault_id, folded)
    # A word that means too many records may still be found in what rows show.
    with suppress(TooMany):
        ids |= messages_naming(session, vault_id, records_called(session, vault_id, word))
    return Meant(frozenset(ids), dimensions)


# Messages by what has an index of its own


def is_id(text: str) -> bool:
    """Whether a text may be how a message id begins."""
    return len(text) >= SHORTEST_ID and set(text.casefold()) <= _HEX


def beginning(session: Session, vault_id: int, text: str) -> set[int]:
    """The messages whose message id begins so: by way of queues and connections, whose index holds it."""
    queues = select(_queues.id).where(_queues.vault_id == vault_id)
    connections = select(_connections.id).where(_connections.vault_id == vault_id)
    return _found(
        session,
        _messages.queue_id.in_(queues),
        _messages.connection_id.in_(connections),
        _messages.message_id >= text,
        _messages.message_id < text + chr(0x10FFFF),
    )


def _of_run(session: Session, vault_id: int, run: int) -> set[int]:
    own = _messages.vault_id == vault_id
    return _found(session, own, _messages.put_by == run) | _found(session, own, _messages.taken_by == run)


def _failed(session: Session, vault_id: int) -> set[int]:
    return _found(session, _messages.vault_id == vault_id, _messages.last_error.is_not(None))


def _of_error(session: Session, vault_id: int, word: str) -> set[int]:
    return _found(
        session,
        _messages.vault_id == vault_id,
        _messages.last_error.is_not(None),
        _messages.last_error.icontains(word, autoescape=True),
    )


def _found(session: Session, *conditions: ColumnElement[bool]) -> set[int]:
    return set(session.execute(select(_messages.id).where(*conditions)).scalars())
