"""Turns a query into SQL that filters, joins, sorts and pages in the database.

Every row of the answer is one row of the page statement; related records come with one more statement per relationship
and page. Rows without an ORDER BY, and rows that it leaves equal, come in the order in which they were made (Assumed).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from models.data_model import ObjectModel
from models.sets import one_of
from models.vql.conditions import condition
from models.vql.errors import invalid
from models.vql.portable import text_in
from models.vql.schema import Catalog
from models.vql.scope import RECORDS, Scope, table_for
from models.vql.select import OutputColumn, output_columns
from models.vql.tree import Operand, Query, Sort, Subselect

PARENTS = "parent_ids"
"""The parameter of a statement for related records: the ids of the page's rows, or those that they refer to."""


@dataclass(frozen=True, slots=True)
class Nested:
    """A subquery among the items.

    `statement` takes `PARENTS` and answers the id that each related record belongs to, its place among the records of
    that id (from 1), how many those are, and its columns. `place` is where the page statement answers the id.
    """

    key: str
    query: Query
    model: ObjectModel
    columns: tuple[OutputColumn, ...]
    statement: Select[Any]
    place: int


@dataclass(frozen=True, slots=True)
class Translated:
    """A query as SQL. `statement` answers the record's id, the columns, then what the nested queries go by."""

    query: Query
    model: ObjectModel
    columns: tuple[OutputColumn, ...]
    nested: tuple[Nested, ...]
    statement: Select[Any]
    count: Select[Any]
    keys: tuple[str, ...]
    """Keys of the answer, nested queries included, in the order in which they were asked."""


def translate(catalog: Catalog, query: Query) -> Translated:
    """Translate a query, sorted but neither paged nor cut. Raises VqlError with the place in its text."""
    model = catalog.object(query.target, query.at)
    table = table_for(model, query.versions, query.at)
    scope = Scope(catalog, model, catalog.alias(table), joined=True)
    columns = _columns(scope, query)
    selected = [scope.table.c.record_id, *_elements(scope, columns)]
    nested: dict[str, Nested] = {}
    for item in query.items:
        if isinstance(item, Subselect):
            if item.query.target in nested:
                raise invalid(f"[{item.query.target}] is asked twice", item.at, "Ask for its records once.")
            each, link = _nested(scope, item.query, len(selected))
            nested[each.key] = each
            if link is not None:
                selected.append(link)
    order = _order(scope, query.order)
    where = _where(scope, query)
    statement = select(*selected).select_from(scope.from_clause).where(*where).order_by(*order, scope.table.c.id)
    keys = tuple(dict.fromkeys(_keys(query, columns)))
    return Translated(
        query, model, tuple(columns), tuple(nested.values()), statement, _count(catalog, model, query), keys
    )


def _keys(query: Query, columns: Sequence[OutputColumn]) -> list[str]:
    by_item = {column.operand: column.key for column in columns}
    return [item.query.target if isinstance(item, Subselect) else by_item[item] for item in query.items]


def _count(catalog: Catalog, model: ObjectModel, query: Query) -> Select[Any]:
    """How many rows there are: with the joins of the conditions, without those of the answer."""
    scope = Scope(catalog, model, catalog.alias(table_for(model, query.versions, query.at)), joined=True)
    where = _where(scope, query)
    return select(func.count()).select_from(scope.from_clause).where(*where)


def _columns(scope: Scope, query: Query) -> list[OutputColumn]:
    return output_columns([(item, scope.resolve(item)) for item in query.items if isinstance(item, Operand)])


def _elements(scope: Scope, columns: Sequence[OutputColumn]) -> list[ColumnElement[Any]]:
    return [
        scope.element(scope.resolve(column.operand)).label(f"value_{number}") for number, column in enumerate(columns)
    ]


def _order(scope: Scope, sorts: Sequence[Sort]) -> list[ColumnElement[Any]]:
    """Nothing comes before everything else, and last when the order is turned round (integration facts, section 6)."""
    order: list[ColumnElement[Any]] = []
    for sort in sorts:
        element = scope.element(scope.resolve(sort.operand))
        order.append(element.desc().nulls_last() if sort.descending else element.asc().nulls_first())
    return order


def _where(scope: Scope, query: Query) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [scope.table.c.object_id == scope.model.id]
    if query.where is not None:
        where.append(condition(scope, query.where))
    return where


def _nested(outer: Scope, query: Query, place: int) -> tuple[Nested, ColumnElement[Any] | None]:
    """A subquery among the items, and what the page statement answers for it; None when that is the record's id."""
    catalog = outer.catalog
    hop = catalog.hop(outer.model, query.target, query.at)
    children = None if hop else catalog.children(outer.model, query.target, query.at)
    if hop is not None:
        model = hop.target
    elif children is not None:
        model = children.source
    else:
        known = ", ".join([*outer.model.relationships, *catalog.inbound_names(outer.model)]) or "none"
        raise invalid(
            f"[{query.target}] is not a relationship of [{outer.model.name}]", query.at, f"Its relationships: {known}."
        )
    if query.versions is not None:
        raise invalid("A subquery among the items asks for the latest versions", query.at)
    scope = Scope(catalog, model, catalog.alias(RECORDS), joined=True)
    columns = _columns(scope, query)
    belongs_to = text_in(scope.table.c.data, children.field.name) if children else scope.table.c.record_id
    elements = _elements(scope, columns)
    ordered = [*_order(scope, query.order), scope.table.c.id]
    where = _where(scope, query)
    inner = (
        select(
            belongs_to.label("belongs_to"),
            func.row_number().over(partition_by=belongs_to, order_by=ordered).label("place"),
            func.count().over(partition_by=belongs_to).label("total"),
            *elements,
        )
        .select_from(scope.from_clause)
        .where(*where, one_of(belongs_to, PARENTS))
        .subquery()
    )
    statement = select(inner).order_by(inner.c.belongs_to, inner.c.place)
    nested = Nested(query.target, query, model, tuple(columns), statement, place if hop else 0)
    if hop is None:
        return nested, None
    return nested, text_in(outer.table.c.data, hop.field.name).label(f"refers_{place}")
