"""Answers a query as a user of a Vault: one page of rows, how many there are, and what the columns are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlmodel import Session

from models.data_model import ObjectModel
from models.permissions import Actor
from models.sets import packed
from models.vql.errors import VqlError
from models.vql.parsing import parse
from models.vql.printing import print_query
from models.vql.schema import Catalog
from models.vql.select import OutputColumn
from models.vql.translate import PARENTS, Nested, Translated, translate
from models.vql.tree import Query

PAGE = 1_000
"""Rows on a page, and the most that a query may ask for."""
SUBQUERY_PAGE = 250
"""Related records of each row on a page (both: integration facts, section 6)."""


@dataclass(frozen=True, slots=True)
class ResponseDetails:
    """Which part of all rows an answer holds. The pages before and after are written as queries."""

    pagesize: int
    pageoffset: int
    size: int
    total: int
    next_page: str | None = None
    previous_page: str | None = None

    def document(self) -> dict[str, Any]:
        """As the vendor writes it; a page that does not exist is left out."""
        counts = {"pagesize": self.pagesize, "pageoffset": self.pageoffset, "size": self.size, "total": self.total}
        pages = {"next_page": self.next_page, "previous_page": self.previous_page}
        return counts | {name: page for name, page in pages.items() if page is not None}


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """A column of an answer. `fields` are the columns of a subquery."""

    name: str
    label: str
    type: str
    required: bool
    max_length: int | None
    fields: "tuple[FieldDescription, ...]" = ()

    def document(self) -> dict[str, Any]:
        """As the vendor writes it."""
        described: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "required": self.required,
            "max_length": self.max_length,
        }
        return described | ({"fields": [each.document() for each in self.fields]} if self.fields else {})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found. A row holds its values by key, dotted for related fields.

    Picklist values are lists; times are text as Vault writes them; a subquery is a mapping with its own
    `responseDetails` and `data`.
    """

    query: Query
    details: ResponseDetails
    object_name: str
    object_label: str
    fields: tuple[FieldDescription, ...]
    data: tuple[Mapping[str, Any], ...]

    def document(self, *, describe: bool = False) -> dict[str, Any]:
        """As the vendor writes it, with the description of the columns when it is asked for."""
        document: dict[str, Any] = {"responseStatus": "SUCCESS"}
        if describe:
            document["queryDescribe"] = {
                "object": {"name": self.object_name, "label": self.object_label},
                "fields": [each.document() for each in self.fields],
            }
        return document | {"responseDetails": self.details.document(), "data": list(self.data)}


def run_query(
    session: Session,
    reader: Actor,
    query: str | Query,
    *,
    now: datetime,
    page: int = PAGE,
    subquery_page: int = SUBQUERY_PAGE,
) -> Answer:
    """Answer a query in the reader's Vault, as far as the reader may see its objects.

    `now` is the lab time for TODAY and its like; `page` and `subquery_page` are the most rows of a page. A query that
    asks for more gets a page of that size (Assumed). Raises VqlError with its place in the text.
    """
    text = query if isinstance(query, str) else None
    tree = parse(query) if isinstance(query, str) else query
    catalog = Catalog(session, reader.vault_id, now, reader)
    try:
        translated = translate(catalog, tree)
    except VqlError as error:
        raise error if text is None else error.place(text) from None
    return _answer(session, translated, page, subquery_page)


def _answer(session: Session, translated: Translated, page: int, subquery_page: int) -> Answer:
    query = translated.query
    pagesize = page if query.pagesize is None else min(query.pagesize, page)
    offset, skip = query.pageoffset or 0, query.skip or 0
    limit = pagesize if query.maxrows is None else max(0, min(pagesize, query.maxrows - offset))
    rows = _rows(session, translated.statement.limit(limit).offset(skip + offset)) if limit else []
    if 0 < len(rows) < limit:
        total = offset + len(rows)
    else:
        total = max(0, session.connection().execute(translated.count).scalar_one() - skip)
        total = total if query.maxrows is None else min(total, query.maxrows)
    data = _data(session, translated, rows, subquery_page)
    return Answer(
        query,
        _details(query, pagesize, offset, len(rows), total),
        translated.model.name,
        translated.model.label,
        _described(translated),
        tuple(data),
    )


def _details(query: Query, pagesize: int, offset: int, size: int, total: int) -> ResponseDetails:
    def at(pageoffset: int) -> str:
        return print_query(replace(query, pagesize=pagesize, pageoffset=pageoffset))

    return ResponseDetails(
        pagesize,
        offset,
        size,
        total,
        at(offset + size) if size and offset + size < total else None,
        at(max(0, offset - pagesize)) if offset and pagesize else None,
    )


def _rows(session: Session, statement: Select[Any], parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    return session.connection().execute(statement, parameters or {}).all()


def _data(session: Session, translated: Translated, rows: Sequence[Any], subquery_page: int) -> list[Mapping[str, Any]]:
    columns = translated.columns
    related = {each.key: _related(session, each, rows, subquery_page) for each in translated.nested}
    places = {each.key: each.place for each in translated.nested}
    data: list[Mapping[str, Any]] = []
    for row, values in zip(rows, _values(columns, rows, 1), strict=True):
        for key, found in related.items():
            values[key] = found.get(row[places[key]]) or _subanswer([], 0, 0, subquery_page)
        data.append({key: values[key] for key in translated.keys} if related else values)
    return data


def _values(columns: Sequence[OutputColumn], rows: Sequence[Any], first: int) -> list[dict[str, Any]]:
    """The values of rows by key; `first` is the place of the first column. Worked out column by column."""
    if not columns:
        return [{} for _ in rows]
    keys = [column.key for column in columns]
    worked = [column.values([row[place] for row in rows]) for place, column in enumerate(columns, start=first)]
    return [dict(zip(keys, values, strict=True)) for values in zip(*worked, strict=True)]


def _related(session: Session, nested: Nested, rows: Sequence[Any], subquery_page: int) -> dict[str, Any]:
    """The answer of a subquery for each id that it belongs to."""
    query = nested.query
    pagesize = subquery_page if query.pagesize is None else min(query.pagesize, subquery_page)
    offset, skip = query.pageoffset or 0, query.skip or 0
    limit = pagesize if query.maxrows is None else max(0, min(pagesize, query.maxrows - offset))
    ids = {row[nested.place] for row in rows if row[nested.place] is not None}
    place = nested.statement.selected_columns.place
    totals: dict[str, int] = {}
    data: dict[str, list[dict[str, Any]]] = {}
    # The first of each is always read: it tells how many there are.
    wanted = nested.statement.where((place == 1) | ((place > skip + offset) & (place <= skip + offset + limit)))
    found_rows = _rows(session, wanted, {PARENTS: packed(sorted(ids))}) if ids else ()
    for row, values in zip(found_rows, _values(nested.columns, found_rows, 3), strict=True):
        total = max(0, row[2] - skip)
        totals[row[0]] = total if query.maxrows is None else min(total, query.maxrows)
        found = data.setdefault(row[0], [])
        if skip + offset < row[1] <= skip + offset + limit:
            found.append(values)
    return {key: _subanswer(data[key], total, offset, pagesize) for key, total in totals.items()}


def _subanswer(data: list[dict[str, Any]], total: int, offset: int, pagesize: int) -> dict[str, Any]:
    details = ResponseDetails(pagesize, offset, len(data), total)
    return {"responseDetails": details.document(), "data": data}


def _described(translated: Translated) -> tuple[FieldDescription, ...]:
    described = {column.key: _describe(column) for column in translated.columns}
    for each in translated.nested:
        described[each.key] = _describe_nested(each.key, each.model, each.columns)
    return tuple(described[key] for key in translated.keys)


def _describe(column: OutputColumn) -> FieldDescription:
    attribute = column.attribute
    related = len(column.operand.path) > 1
    return FieldDescription(
        column.key, attribute.label, column.type.value, attribute.required and not related, attribute.max_length
    )


def _describe_nested(key: str, model: ObjectModel, columns: Sequence[OutputColumn]) -> FieldDescription:
    return FieldDescription(
        key, model.label, "Subquery", required=False, max_length=None, fields=tuple(map(_describe, columns))
    )
