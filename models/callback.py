"""Calls back for source records: VQL queries that are made from the rules and compiled once per run.

Rules with the same filter are answered by one query; it selects what their field rules ask for, and is run for the
items of one message at a time, as the user whom the source Vault lets in (seed S1, Authorized Connection User).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.data_model import ObjectModel
from models.permissions import Actor
from models.sets import one_of
from models.tables import RecordStatus, Tombstone, table_of
from models.vql.callback import Callback, compile_callback
from models.vql.parsing import parse_criteria
from models.vql.tree import Joiner, join

_tombstones = table_of(Tombstone)
_FIXED = 5
"""Columns that every call-back begins with, before those that the rules ask for: those of a source row."""


@dataclass(slots=True)
class SourceRow:
    """A source record: who it is. `values` holds what the engine itself asks for, beside the rules."""

    record_id: str
    global_id: str
    link: str | None
    name: str
    status: RecordStatus
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Source records in the order in which they were asked for, and their values column by column, by query item."""

    rows: Sequence[SourceRow]
    columns: Mapping[str, Sequence[Any]]

    def values_of(self, place: int) -> dict[str, Any]:
        """What the record at a place gave for each query item."""
        return {item: column[place] for item, column in self.columns.items()}


@dataclass(frozen=True, slots=True)
class CallBack:
    """One compiled query for records of the source. `also` are the items that the engine asks for, beside the rules."""

    query: Callback
    items: tuple[str, ...]
    also: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query as VQL, without the ids."""
        return self.query.text

    def read(self, session: Session, ids: Sequence[str]) -> SourceRows:
        """Ask for records by id, each once; those that are gone, or kept out by the filter, are not answered."""
        found = self.query.columns(session, ids)
        if found[0] != ids:
            order = {each: place for place, each in enumerate(ids)}
            places = sorted(range(len(found[0])), key=lambda place: order[found[0][place]])
            found = [[column[place] for place in places] for column in found]
        columns = dict(zip(self.items, found[_FIXED:], strict=True))
        own: Iterable[Mapping[str, Any]] = repeat(_NOTHING)
        if self.also:
            asked = zip(*(columns[item] for item in self.also), strict=True)
            own = [dict(zip(self.also, values, strict=True)) for values in asked]
        return SourceRows(list(map(SourceRow, *found[:_FIXED], own)), columns)


_NOTHING: Mapping[str, Any] = {}


def compile_call_back(
    session: Session,
    source: ObjectModel,
    reader: Actor,
    items: Sequence[str],
    filters: Sequence[str],
    *,
    also: Sequence[str] = (),
    now: datetime,
) -> CallBack:
    """Compile the query for these query items of the records that all filter clauses let through.

    `now` is the lab time that TODAY and its like are reckoned from. Raises VqlError: what the source does not have, or
    what the reader may not see.
    """
    every = tuple(dict.fromkeys((*items, *also)))
    where = join(Joiner.AND, [parse_criteria(clause) for clause in filters]) if filters else ""
    return CallBack(compile_callback(session, source, reader, every, where, now=now), every, tuple(also))


@dataclass(frozen=True, slots=True)
class DeletedRecord:
    """What the source still knows of a record that was deleted."""

    record_id: str
    global_id: str
    name: str


def read_deleted(session: Session, source: ObjectModel, record_ids: Sequence[str]) -> list[DeletedRecord]:
    """Those of the records that the source Vault has deleted, in the order in which it did."""
    statement = (
        select(_tombstones.c.record_id, _tombstones.c.global_id, _tombstones.c.name)
        .where(
            _tombstones.c.vault_id == source.vault_id,
            one_of(_tombstones.c.record_id, record_ids),
            _tombstones.c.object_id + 0 == source.id,
        )
        .order_by(_tombstones.c.id)
    )
    return [DeletedRecord(*row) for row in session.execute(statement)]
