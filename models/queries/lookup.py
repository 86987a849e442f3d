"""Finding what a person names on the command line, in one Vault or among several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from models.data_model import ObjectModel
from models.errors import InvalidInput
from models.queries.window import fetch, matches
from models.system_fields import SYSTEM_COLUMNS, system_column
from models.tables import (
    Connection,
    ExceptionMessage,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    JobRun,
    Queue,
    Record,
    User,
    Vault,
    table_of,
)
from models.time import from_iso

_vaults = table_of(Vault).c
_records = table_of(Record).c


@dataclass(frozen=True, slots=True)
class Named:
    """Something that people name: by its API name, its label, or its number."""

    key: int
    vault_id: int
    vault: str
    api_name: str
    label: str
    connection_id: int | None = None


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """A record and the Vault it is in."""

    vault_id: int
    vault: str
    record_id: str
    object_id: int


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record in a list, with the values of its object's own fields as the store keeps them."""

    record_id: str
    name: str
    global_id: str
    link: str | None
    status: str
    state: str | None
    modified_at: datetime
    fields: Mapping[str, Any]


def named(
    session: Session,
    kind: type[Connection | Integration | IntegrationPoint | IntegrationRule | Queue],
    vault_ids: Sequence[int],
) -> tuple[Named, ...]:
    """All connections, integrations, points, rules or queues of these Vaults, by their names."""
    columns = table_of(kind).c
    label = columns.label if kind is Queue else columns.name
    more = (columns.connection_id,) if kind is Integration else ()
    statement = (
        select(columns.id, columns.vault_id, _vaults.name, columns.api_name, label, *more)
        .join(table_of(Vault), _vaults.id == columns.vault_id)
        .where(columns.vault_id.in_(vault_ids))
        .order_by(_vaults.name, columns.id)
    )
    return tuple(Named(*row) for row in fetch(session, statement))


def vault_of(session: Session, kind: type[ExceptionMessage | JobRun], key: int) -> int | None:
    """Id of the Vault that a user exception message or job run belongs to; None when there is no such one."""
    columns = table_of(kind).c
    return session.execute(select(columns.vault_id).where(columns.id == key)).scalar_one_or_none()


def record_places(session: Session, vault_ids: Sequence[int], text: str) -> tuple[RecordPlace, ...]:
    """Records of these Vaults with this id or Global ID; an id may occur in several Vaults."""
    statement = (
        select(_records.vault_id, _vaults.name, _records.record_id, _records.object_id)
        .join(table_of(Vault), _vaults.id == _records.vault_id)
        .where(_records.vault_id.in_(vault_ids), (_records.record_id == text) | (_records.global_id == text))
        .order_by(_vaults.name)
    )
    return tuple(RecordPlace(*row) for row in fetch(session, statement))


def record_lines(
    session: Session, model: ObjectModel, conditions: Mapping[str, str], limit: int, *, text: str = ""
) -> tuple[int, tuple[RecordLine, ...]]:
    """How many records of an object meet all conditions (field = value), and the first of them by id.

    An empty value asks for an empty field; `text` filters as the list of records does.

    Raises InvalidInput that names every condition that cannot be met.
    """
    wanted = [_records.object_id == model.id, _records.vault_id == model.vault_id, *_conditions(model, conditions)]
    if text:
        wanted.append(
            matches(text, _records.name, _records.record_id, _records.global_id, func.coalesce(_records.link, ""))
        )
    total = session.execute(select(func.count()).where(*wanted)).scalar_one()
    statement = (
        select(
            _records.record_id,
            _records.name,
            _records.global_id,
            _records.link,
            _records.status,
            _records.state,
            _records.modified_at,
            _records.data,
        )
        .where(*wanted)
        .order_by(_records.record_id)
        .limit(limit)
    )
    return total, tuple(RecordLine(*row) for row in fetch(session, statement))


def _conditions(model: ObjectModel, conditions: Mapping[str, str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    problems: dict[str, str] = {}
    for name, text in conditions.items():
        if name not in model.fields and name not in SYSTEM_COLUMNS:
            problems[name] = f"{model.label} has no such field."
            continue
        try:
            found.append(_condition(model, name, text))
        except ValueError as problem:
            problems[name] = str(problem)
    if problems:
        raise InvalidInput(problems)
    return found


def _condition(model: ObjectModel, name: str, text: str) -> ColumnElement[bool]:
    if name in SYSTEM_COLUMNS:
        return _system_condition(model, name, text)
    held: Any = _records.data[name]
    holds: ColumnElement[bool]
    if text == "":
        holds = held.as_string().is_(None)
        return holds
    value = model.cleaners[name](text)
    match model.fields[name].type:
        case FieldType.YES_NO:
            holds = held.as_boolean() == value
        case FieldType.NUMBER:
            holds = held.as_float() == value
        case _:
            holds = held.as_string() == value
    return holds


def _system_condition(model: ObjectModel, name: str, text: str) -> ColumnElement[bool]:
    column = system_column(name)
    if text == "":
        return column.is_(None)
    if name in model.cleaners:
        holds: ColumnElement[bool] = column == model.cleaners[name](text)
        return holds
    if name.endswith("_date__v"):
        try:
            return column == from_iso(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a date and time; write it as 2026-01-31T12:00:00.000Z.") from None
    if name.endswith("_by__v"):
        users = table_of(User).c
        return column.in_(select(users.id).where(users.vault_id == model.vault_id, users.username == text))
    return column == text
