"""Criteria of an outbound integration point: which of the changed records it sends."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from models.data_model import ObjectModel, load_object
from models.errors import NotPossible
from models.system_fields import SYSTEM_COLUMNS
from models.tables import FieldType, Record, table_of
from models.time import from_iso

_records = table_of(Record)

_REMEDY = "Correct the criteria of the integration point."


def conditions(session: Session, model: ObjectModel, criteria: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    """Conditions on the record table, one for each field of `criteria`: a record of `model` holds that value.

    A field may be one across an object reference (`study__vr.name__v`); an empty value asks for an empty field. Raises
    NotPossible for a field that the object no longer has and for a value that the field cannot hold.
    """
    for path, value in criteria.items():
        relationship, dot, name = path.rpartition(".")
        if not dot:
            yield _holds(_records.c, model, name, value)
            continue
        reference = model.relationships.get(relationship)
        if reference is None or reference.reference is None:
            raise NotPossible(f"{model.label} has no relationship {relationship}.", _REMEDY)
        parent = aliased(_records)
        yield (
            select(parent.c.id)
            .where(
                parent.c.vault_id == model.vault_id,
                parent.c.record_id == _records.c.data[reference.name].as_string(),
                _holds(parent.c, load_object(session, model.vault_id, reference.reference), name, value),
            )
            .exists()
        )


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
