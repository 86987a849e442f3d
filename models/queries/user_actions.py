"""User actions of one record for reading: which there are, and why one cannot be performed now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.data_model import ObjectModel, load_object
from models.record_writer import existing_from_row
from models.tables import Record, VaultObject, table_of

_records, _objects = table_of(Record), table_of(VaultObject)
DONE = "This was done already."


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action of a record. `why_not` is empty when it can be performed; `sets` says what it sets, in words."""

    name: str
    about: str
    sets: str
    done: bool
    why_not: str


def action_lines(model: ObjectModel, values: Mapping[str, Any]) -> tuple[ActionLine, ...]:
    """The actions of a record with these values, in the object's order."""
    return tuple(
        ActionLine(
            action.label,
            action.about,
            model.told(action.sets),
            done := action.is_done(values),
            DONE if done else action.why_not(model, values),
        )
        for action in model.actions
    )


def actions_of(session: Session, vault_id: int, record_id: str) -> tuple[str, tuple[ActionLine, ...]] | None:
    """API name of a record's object, and the record's actions; None when the record is gone."""
    statement = (
        select(_records, _objects.c.name.label("object_name"))
        .join(_objects, _objects.c.id == _records.c.object_id)
        .where(_records.c.vault_id == vault_id, _records.c.record_id == record_id)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    model = load_object(session, vault_id, row.object_name)
    return model.name, action_lines(model, existing_from_row(row).values)
