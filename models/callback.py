"""Reads source records for a receive job: only the asked fields, walking object references one level up.

The call-back is set-based: one statement for the records and one for each relationship that is walked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.data_model import ObjectModel
from models.system_fields import SYSTEM_COLUMNS
from models.tables import Record, table_of

_records = table_of(Record)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source record: who it is, and the asked fields by path."""

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
    """Read records by id; answers a row for each that still exists, with every path's value (None when empty)."""
    own = [path for path in paths if "." not in path]
    walked: dict[str, list[str]] = {}
    for path in paths:
        relationship, dot, name = path.rpartition(".")
        if dot:
            walked.setdefault(relationship, []).append(name)
    rows: dict[str, SourceRow] = {}
    references: dict[str, dict[str, str]] = {relationship: {} for relationship in walked}
    for row in session.execute(_statement(model.vault_id, model.id, record_ids, own)):
        mapping = row._mapping  # noqa: SLF001 - the public name of a row's columns by key
        data = mapping["data"]
        values = {path: mapping[path] if path in SYSTEM_COLUMNS else data.get(path) for path in own}
        rows[mapping["_id"]] = SourceRow(
            mapping["_id"], mapping["_global_id"], mapping["_link"], mapping["_name"], values
        )
        for relationship, found in references.items():
            reference = data.get(model.relationships[relationship].name)
            if reference is not None:
                found[mapping["_id"]] = reference
    for relationship, names in walked.items():
        _walk(session, model, relationship, names, references[relationship], rows)
    return rows


def _walk(
    session: Session,
    model: ObjectModel,
    relationship: str,
    names: Sequence[str],
    references: Mapping[str, str],
    rows: Mapping[str, SourceRow],
) -> None:
    reference = model.relationships[relationship]
    wanted = sorted(set(references.values()))
    found: dict[str, dict[str, Any]] = {}
    if wanted and reference.reference_id is not None:
        for row in session.execute(_statement(model.vault_id, reference.reference_id, wanted, names)):
            mapping = row._mapping  # noqa: SLF001
            found[mapping["_id"]] = {
                name: mapping[name] if name in SYSTEM_COLUMNS else mapping["data"].get(name) for name in names
            }
    empty: dict[str, Any] = dict.fromkeys(names)
    for record_id, source in rows.items():
        values = found.get(references.get(record_id, ""), empty)
        source.values.update({f"{relationship}.{name}": value for name, value in values.items()})


def _statement(vault_id: int, object_id: int, record_ids: Sequence[str], paths: Sequence[str]) -> Any:
    columns = [
        _records.c.record_id.label("_id"),
        _records.c.global_id.label("_global_id"),
        _records.c.link.label("_link"),
        _records.c.name.label("_name"),
        *(_records.c[SYSTEM_COLUMNS[path]].label(path) for path in paths if path in SYSTEM_COLUMNS),
        _records.c.data,
    ]
    return select(*columns).where(
        _records.c.vault_id == vault_id,
        _records.c.object_id == object_id,
        _records.c.record_id.in_(record_ids),
    )
