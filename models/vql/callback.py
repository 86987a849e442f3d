"""The query by which a receive job calls back for source records: compiled once per run, run once per batch of ids.

The statement's text never changes: ids travel as one parameter. An object's own fields are read as the whole of the
record's data, once per row, which is faster than one extract per field; related records are read once each, however
many rows refer to them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import datetime
from itertools import repeat
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, Table, Text, cast, select
from sqlmodel import Session

from models.data_model import ObjectModel
from models.permissions import Actor
from models.sets import one_of, packed
from models.system_fields import SYSTEM_COLUMNS
from models.tables import RecordStatus
from models.versions import VERSION_ID
from models.vql.conditions import condition
from models.vql.errors import VqlError, invalid
from models.vql.parsing import parse_criteria, parse_items
from models.vql.portable import columns_in_json
from models.vql.printing import print_item, print_query
from models.vql.schema import Attribute, Catalog, Hop
from models.vql.scope import RECORDS, VERSIONS, Scope
from models.vql.select import check_item
from models.vql.tree import Expr, Function, Operand, Query, Versions

IDS = "record_ids"
"""The parameter that carries the ids."""
_FIXED = 5
"""Columns that every row begins with: record_id, global_id, link, name, status."""
_STATUS_AT = 4

_STATUS = {status.value: status for status in RecordStatus}
_TEXTS = frozenset({"record_id", "global_id", "name", "link", "state", VERSION_ID})
"""Columns of system fields that hold text and nothing else."""

Columns = list[Sequence[Any]]
Row = tuple[Any, ...]
_Asked = tuple[tuple[Hop, ...], Attribute]
"""A field, and the steps that lead to it."""


@dataclass(slots=True)
class _Reading:
    """The records of one object, read by id: their data where it is asked, and the system fields asked of them."""

    statement: Select[Any]
    system: tuple[str, ...]
    has_data: bool
    as_one: bool
    """Whether the statement answers all rows as one, each column in JSON, their data last."""
    walks: "list[_Walk]" = field_of(default_factory=list)

    def read(self, session: Session, ids: Iterable[str]) -> tuple[Columns, list[dict[str, Any]]]:
        """The rows found: the columns that every row begins with, and each row's values by path from this object."""
        asked = session.connection().execute(self.statement, {IDS: packed(ids)})
        loads = orjson.loads
        columns: Columns
        values: list[dict[str, Any]]
        if self.as_one:
            # One row to fetch: between two rows the interpreter's lock is let go, and another thread takes it.
            *columns, values = map(loads, asked.one())
            columns[_STATUS_AT] = [_STATUS[status] for status in columns[_STATUS_AT]]
        else:
            found = asked.all()
            columns = list(zip(*found, strict=True)) or [()] * (_FIXED + len(self.system))
            values = [loads(row[-1]) for row in found] if self.has_data else [{} for _ in found]
        for place, name in enumerate(self.system, start=_FIXED):
            for each, value in zip(values, columns[place], strict=True):
                each[name] = value
        for walk in self.walks:
            walk.add(session, values)
        return columns[:_FIXED], values


@dataclass(slots=True)
class _Walk:
    """A relationship to one record, and what is read there. `names` are paths from the related object."""

    hop: Hop
    reading: _Reading
    names: Sequence[str]

    def add(self, session: Session, rows: Sequence[dict[str, Any]]) -> None:
        """Give each row the values of the record it refers to, under their dotted names."""
        reference = self.hop.field.name
        wanted = sorted({value for row in rows if (value := row.get(reference)) is not None})
        if not wanted:
            return
        (found, *_), read = self.reading.read(session, wanted)
        related = dict(zip(found, read, strict=True))
        keys = [(f"{self.hop.name}.{name}", name) for name in self.names]
        for row in rows:
            values = related.get(row.get(reference, ""))
            if values is not None:
                for key, name in keys:
                    row[key] = values.get(name)


@dataclass(frozen=True, slots=True)
class Callback:
    """A compiled call-back. `query` is what it asks, without the ids; `names` are its items as VQL writes them."""

    query: Query
    names: tuple[str, ...]
    model: ObjectModel
    _reading: _Reading
    _paths: tuple[str, ...]
    _labels: Mapping[int, Mapping[str, str]]

    @property
    def text(self) -> str:
        """The query as VQL, without the ids."""
        return print_query(self.query)

    def columns(self, session: Session, ids: Sequence[str]) -> Columns:
        """Read by id (at most a few hundred ids at a time); in no particular order, nothing for what is not found.

        Column by column: record_id, global_id, link, name, status, and a column for each item with its values as the
        store keeps them: a picklist value's name, a referenced record's id, None for an empty field. For documents the
        ids are version ids, and so is the first column.
        """
        columns, values = self._reading.read(session, ids)
        columns += [list(map(dict.get, values, repeat(path))) for path in self._paths]
        for place, labels in self._labels.items():
            columns[_FIXED + place] = [labels.get(value, value) for value in columns[_FIXED + place]]
        return columns

    def rows(self, session: Session, ids: Sequence[str]) -> list[Row]:
        """The same, row by row."""
        return list(zip(*self.columns(session, ids), strict=True))


def compile_callback(
    session: Session,
    model: ObjectModel,
    actor: Actor | None,
    select: Sequence[str],
    where: str | Expr = "",
    *,
    now: datetime,
) -> Callback:
    """Compile a call-back for records of an object.

    `select` are items as VQL writes them (`name__v`, `study__vr.global_id__sys`, `TOLABEL(kind__c)`), `where` criteria
    or empty; `now` is the lab time for TODAY and its like. `actor` is who reads: None may read everything. Raises
    VqlError for what the object does not have, and for objects that the actor may not read.
    """
    catalog = Catalog(session, model.vault_id, now, actor)
    catalog.add(model)
    catalog.object(model.name)
    operands = [_operand(text) for text in select]
    resolved = [catalog.resolve(model, operand) for operand in operands]
    for operand, each in zip(operands, resolved, strict=True):
        check_item(operand, each)
    expr = (parse_criteria(where) if where.strip() else None) if isinstance(where, str) else where
    table = VERSIONS if model.is_document else RECORDS
    extra = _condition(catalog, model, table, expr, where)
    root = _reading(model, table, [(each.hops, each.attribute) for each in resolved], extra)
    return Callback(
        Query(tuple(operands), model.name, Versions.ALL if model.is_document else None, expr),
        tuple(map(print_item, operands)),
        model,
        root,
        tuple(operand.name for operand in operands),
        {
            place: each.attribute.labels
            for place, (operand, each) in enumerate(zip(operands, resolved, strict=True))
            if operand.function is Function.TOLABEL and each.attribute.labels
        },
    )


def conditions_of(
    session: Session,
    model: ObjectModel,
    where: str | Expr,
    *,
    now: datetime,
    table: Table = RECORDS,
    actor: Actor | None = None,
) -> ColumnElement[bool]:
    """Criteria as a condition on the rows of `table` (records, or document versions), for a statement of one's own.

    The statement itself says that the rows are of `model`. Raises VqlError with the place in `where`.
    """
    catalog = Catalog(session, model.vault_id, now, actor)
    catalog.add(model)
    expr = parse_criteria(where) if isinstance(where, str) else where
    try:
        return condition(Scope(catalog, model, table, joined=False), expr)
    except VqlError as error:
        raise error.place(where if isinstance(where, str) else "") from None


def _operand(text: str) -> Operand:
    items = parse_items(text)
    if len(items) != 1 or not isinstance(items[0], Operand):
        raise invalid(f"[{text}] is not one field", 0, "Ask for each field by itself.").place(text)
    return items[0]


def _condition(
    catalog: Catalog, model: ObjectModel, table: Table, expr: Expr | None, where: str | Expr
) -> ColumnElement[bool] | None:
    if expr is None:
        return None
    try:
        return condition(Scope(catalog, model, table, joined=False), expr)
    except VqlError as error:
        raise error.place(where if isinstance(where, str) else "") from None


def _reading(
    model: ObjectModel, table: Table, asked: Sequence[_Asked], extra: ColumnElement[bool] | None = None
) -> _Reading:
    """Read these fields of an object; for those of related objects, walk to each of them, and from there on."""
    columns = table.c
    versions = {VERSION_ID: VERSION_ID} if VERSION_ID in columns else {}
    key, places = columns[versions.get(VERSION_ID, "record_id")], SYSTEM_COLUMNS | versions
    system = tuple(dict.fromkeys(field.name for hops, field in asked if not hops and field.name in places))
    has_data = any(hops or field.name not in places for hops, field in asked)
    # Times and users are no text; with them, and without data, rows are read as rows.
    as_one = has_data and all(places[name] in _TEXTS for name in system)
    statement = select(
        key,
        columns.global_id,
        columns.link,
        columns.name,
        columns.status,
        *(columns[places[name]] for name in system),
        *((cast(columns.data, Text),) if has_data else ()),
    ).where(
        columns.vault_id == model.vault_id,
        one_of(key, IDS),
        # Through a sum, so that the planner goes by the ids and does not walk the whole object.
        columns.object_id + 0 == model.id,
    )
    statement = statement if extra is None else statement.where(extra)
    reading = _Reading(columns_in_json(statement) if as_one else statement, system, has_data, as_one)
    walked: dict[str, list[_Asked]] = {}
    for hops, field in asked:
        if hops:
            walked.setdefault(hops[0].name, []).append((hops, field))
    for fields in walked.values():
        hop = fields[0][0][0]
        names = dict.fromkeys(".".join((*(each.name for each in hops[1:]), field.name)) for hops, field in fields)
        there = _reading(hop.target, RECORDS, [(hops[1:], field) for hops, field in fields])
        reading.walks.append(_Walk(hop, there, list(names)))
    return reading
