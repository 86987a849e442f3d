"""Criteria of an outbound integration point: which of the changed records it sends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from models.data_model import ObjectModel, load_object
from models.errors import NotPossible
from models.system_fields import SYSTEM_COLUMNS
from models.tables import FieldType, Record, table_of
from models.time import from_iso
from models.versions import STATE, STATETYPE, StateType

_records = table_of(Record)

_REMEDY = "Correct the criteria of the integration point."


def conditions(
    session: Session, model: ObjectModel, criteria: Mapping[str, Any], table: Table = _records
) -> Iterator[ColumnElement[bool]]:
    """Conditions on a table of records or versions, one for each field of `criteria`: a row holds that value.

    A field may be one across an object reference (`study__vr.name__v`); an empty value asks for an empty field, and of
    a list of values a row must hold one. `STATETYPE()` stands for the type of the lifecycle state. Raises NotPossible
    for a field that the object no longer has and for a value that the field cannot hold.
    """
    for path, wanted in criteria.items():
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        yield or_(*(_condition(session, model, path, value, table) for value in values))


def _condition(session: Session, model: ObjectModel, path: str, value: Any, table: Table) -> ColumnElement[bool]:
    if path == STATETYPE:
        return _in_states(model, value, table)
    relationship, dot, name = path.rpartition(".")
    if not dot:
        return _holds(table.c, model, name, value)
    reference = model.relationships.get(relationship)
    if reference is None or reference.reference is None:
        raise NotPossible(f"{model.label} has no relationship {relationship}.", _REMEDY)
    parent = aliased(_records)
    related = load_object(session, model.vault_id, reference.reference)
    return (
        select(parent.c.id)
        .where(
            parent.c.vault_id == model.vault_id,
            parent.c.record_id == table.c.data[reference.name].as_string(),
            _holds(parent.c, related, name, value),
        )
        .exists()
    )


def _in_states(model: ObjectModel, value: Any, table: Table) -> ColumnElement[bool]:
    try:
        states: Sequence[str] = model.states_of_type(StateType(str(value)))
    except ValueError:
        types = ", ".join(StateType)
        raise NotPossible(f"{value!r} is no type of lifecycle states: {types}.", _REMEDY) from None
    inside: ColumnElement[bool] = table.c[SYSTEM_COLUMNS[STATE]].in_(states)
    return inside


def _holds(columns: Any, model: ObjectModel, name: str, value: Any) -> ColumnElement[bool]:
    field = model.fields.get(name)
    if field is None and name not in SYSTEM_COLUMNS:
        raise NotPossible(f"{model.label} has no field {name}.", _REMEDY)
    element: Any = columns.data[name] if field is not None else columns[SYSTEM_COLUMNS[name]]
    if value is None or value == "":
        empty: ColumnElement[bool] = (element.as_string() if field is not None else element).is_(None)
        return empty
    try:
        wanted = _wanted(model, name, value)
    except ValueError as problem:
        raise NotPossible(f"Criteria {name} of {model.label}: {problem}", _REMEDY) from problem
    if field is not None:
        match field.type:
            case FieldType.YES_NO:
                element = element.as_boolean()
            case FieldType.NUMBER:
                element = element.as_float()
            case _:
                element = element.as_string()
    holds: ColumnElement[bool] = element == wanted
    return holds


def _wanted(model: ObjectModel, name: str, value: Any) -> Any:
    """The value as the store keeps it. Raises ValueError for what the field can never hold."""
    field = model.fields.get(name)
    if field is not None:
        # A picklist value may have been made inactive since: records hold it still.
        return str(value) if field.type in (FieldType.PICKLIST, FieldType.OBJECT) else model.cleaners[name](value)
    match name:
        case "status__v":
            return model.cleaners[name](value)
        case "created_by__v" | "modified_by__v":
            return int(str(value))
        case "created_date__v" | "modified_date__v":
            return from_iso(str(value))
        case _:
            return str(value)
