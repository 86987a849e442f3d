"""Reads source records for a receive job: only the asked fields, walking object references one level up.

The call-back is set-based: one statement for the records and one for each relationship that is walked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Select, Text, bindparam, cast, select
from sqlmodel import Session

from models.data_model import ObjectModel
from models.sets import one_of, packed
from models.system_fields import SYSTEM_COLUMNS
from models.tables import Record, table_of

_records = table_of(Record)

_FIXED = 5
"""Columns that every call-back reads, before the asked system fields."""


@dataclass(slots=True)
class SourceRow:
    """A source record: who it is, and its values by query field; an empty field may be absent."""

    record_id: str
    global_id: str
    link: str | None
    name: str
    values: dict[str, Any]


def unknown_paths(model: ObjectModel, related: Mapping[str, ObjectModel], paths: Iterable[str]) -> dict[str, str]:
    """What is wrong with the paths that the source object cannot answer, by path."""
    problems: dict[str, str] = {}
    for path in paths:
        relationship, dot, name = path.rpartition(".")
        holder = related.get(relationship) if dot else model
        if holder is None:
            problems[path] = f"{model.label} has no relationship {relationship}."
        elif name not in SYSTEM_COLUMNS and name not in holder.fields:
            problems[path] = f"{holder.label} has no field {name}."
    return problems


def read_source_rows(
    session: Session, model: ObjectModel, record_ids: Sequence[str], paths: Sequence[str]
) -> dict[str, SourceRow]:
    """Read records by id; answers a row for each that still exists, ready to give the value of every path."""
    system = [path for path in paths if path in SYSTEM_COLUMNS]
    walked: dict[str, list[str]] = {}
    for path in paths:
        relationship, dot, name = path.rpartition(".")
        if dot:
            walked.setdefault(relationship, []).append(name)
    rows = _read(session, model.vault_id, model.id, record_ids, system)
    for relationship, names in walked.items():
        _walk(session, model, relationship, names, rows)
    return rows


def _read(
    session: Session, vault_id: int, object_id: int, record_ids: Sequence[str], system: Sequence[str]
) -> dict[str, SourceRow]:
    found = session.connection().execute(
        _reading(tuple(system)), {"vault_id": vault_id, "object_id": object_id, "record_ids": packed(record_ids)}
    )
    rows: dict[str, SourceRow] = {}
    places = tuple(enumerate(system, start=_FIXED))
    for row in found.all():
        values = orjson.loads(row[4])
        for place, path in places:
            values[path] = row[place]
        rows[row[0]] = SourceRow(row[0], row[1], row[2], row[3], values)
    return rows


@lru_cache(maxsize=256)
def _reading(system: tuple[str, ...]) -> Select[Any]:
    fixed = (
        _records.c.record_id,
        _records.c.global_id,
        _records.c.link,
        _records.c.name,
        cast(_records.c.data, Text),
    )
    return select(*fixed, *(_records.c[SYSTEM_COLUMNS[path]] for path in system)).where(
        _records.c.vault_id == bindparam("vault_id"),
        one_of(_records.c.record_id, "record_ids"),
        # Through a sum, so that the planner goes by the ids and does not walk the whole object.
        _records.c.object_id + 0 == bindparam("object_id"),
    )


def _walk(
    session: Session, model: ObjectModel, relationship: str, names: Sequence[str], rows: Mapping[str, SourceRow]
) -> None:
    """Give each row the values of the record it refers to, under the dotted names of the query fields."""
    reference = model.relationships[relationship]
    wanted = sorted({value for row in rows.values() if (value := row.values.get(reference.name)) is not None})
    related: Mapping[str, SourceRow] = {}
    if wanted and reference.reference_id is not None:
        system = [name for name in names if name in SYSTEM_COLUMNS]
        related = _read(session, model.vault_id, reference.reference_id, wanted, system)
    for row in rows.values():
        parent = related.get(row.values.get(reference.name, ""))
        if parent is not None:
            row.values.update({f"{relationship}.{name}": parent.values.get(name) for name in names})
