"""Conditions on Spark messages, written so that each is answered by an index.

What may mean half of all messages (a state, a point, a connection) has an index of its own where it stands alone; any
combination is answered by walking one index that holds all of it, from the newest message on, without a look at the
messages themselves. The database is kept from other indexes by hiding columns from its planner: it knows little of how
the messages are spread.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from models.sets import one_of_numbers
from models.tables import MessageEvent, MessageState, SparkMessage, table_of

_messages = table_of(SparkMessage).c

Shape = Callable[[ColumnElement[Any]], ColumnElement[Any]]
"""How a column stands in a condition: as it is, or hidden from the planner."""


@dataclass(frozen=True)
class Dimensions:
    """What messages are narrowed to, each None for any: the columns that one index holds together."""

    states: tuple[MessageState, ...] | None = None
    events: tuple[MessageEvent, ...] | None = None
    queues: tuple[int, ...] | None = None
    connections: tuple[int, ...] | None = None
    points: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None

    def given(self) -> Iterator[tuple[str, ColumnElement[Any], Sequence[Any]]]:
        """Each that is given: its name, column and values."""
        for name, column in _COLUMNS:
            if (values := getattr(self, name)) is not None:
                yield name, column, values

    def conditions(self, shape: Shape) -> list[ColumnElement[bool]]:
        """What is given as conditions, on each column as `shape` has it."""
        return [_any_of(shape(column), values) for _name, column, values in self.given()]


def _any_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    if not values:
        return false()
    return column == values[0] if len(values) == 1 else column.in_(values)


@dataclass(frozen=True)
class Meant:
    """What one word may mean: certain messages, or those that any of the dimensions has."""

    ids: frozenset[int]
    dimensions: Dimensions

    def condition(self, shape: Shape) -> ColumnElement[bool]:
        """The messages that are meant."""
        named = one_of_numbers(_messages.id, sorted(self.ids)) if self.ids else false()
        return or_(named, *self.dimensions.conditions(shape))


@dataclass(frozen=True)
class Search:
    """Conditions on the messages of a Vault. `ids` names the only ones that can be meant, where that is known."""

    vault_id: int
    dimensions: Dimensions
    ids: frozenset[int] | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[Meant, ...] = ()
    below: int | None = None
    """Only messages up to this one: a list that is held still."""

    @property
    def sole(self) -> str:
        """The one thing that narrows this search, where it has an index of its own; "all" when nothing does."""
        given = list(self.dimensions.given())
        timed = self.since is not None or self.until is not None
        if self.ids is not None or self.words or len(given) + timed > 1:
            return ""
        if timed:
            return "times"
        if not given:
            return "all"
        return given[0][0] if given[0][0] in ALONE else ""

    def keys(self) -> Select[Any]:
        """The ids of the messages, to be walked by id."""
        # Only one value of a dimension is walked by id in an index of its own; a queue's holds the states before.
        walked = self.sole in ALONE and self.sole != "queues" and len(getattr(self.dimensions, self.sole)) == 1
        return self._select(plain=self.ids is not None or walked)

    def counting(self) -> Select[Any]:
        """The same messages in no order, to be counted."""
        return self._select(plain=self.ids is not None or bool(self.sole))

    def _select(self, *, plain: bool) -> Select[Any]:
        shape = _plain if plain else _hidden
        statement = select(_messages.id)
        if not plain or self.sole not in ("connections", "queues"):
            # A connection and a queue are of one Vault: with their own index there is no need to look that up.
            statement = statement.where(_messages.vault_id == self.vault_id)
        if self.ids is not None:
            statement = statement.where(one_of_numbers(_messages.id, sorted(self.ids)))
        if self.below is not None:
            statement = statement.where(_messages.id <= self.below)
        if self.since is not None:
            statement = statement.where(shape(_messages.entered_at) >= self.since)
        if self.until is not None:
            statement = statement.where(shape(_messages.entered_at) <= self.until)
        conditions = self.dimensions.conditions(shape)
        return statement.where(*conditions, *(word.condition(shape) for word in self.words))


ALONE: Final = ("states", "connections", "points", "objects", "queues")
"""Dimensions that have an index of their own."""
_COLUMNS: Final = (
    ("states", _messages.state),
    ("events", _messages.event),
    ("queues", _messages.queue_id),
    ("connections", _messages.connection_id),
    ("points", _messages.integration_point),
    ("objects", _messages.object_name),
)


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column


def _hidden(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same value, as an expression that no index is chosen for."""
    return func.coalesce(column, column)
