"""A Person is an Account of a CRM organisation when their identifiers are equal, and the other way round (seed S4).

Which fields are compared is a setting of the Vault or of one connection (`models.services.identifiers`).

Assumed: the reference that is filled is the one to the object that is called Account or Person; who has no identifier,
or one that nobody has over there, makes the record fail, so that it is tried again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from models.data_model import FieldModel, ObjectModel, load_object
from models.errors import NotPossible
from models.services.identifiers import identifiers_of
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, table_of
from scheduler.behaviour import Asking, Behaviour, Receiving
from scheduler.matching import EXTERNAL_ID, field_called

PERSON, ACCOUNT = "Person", "Account"
_records = table_of(Record)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference to persons or accounts: its field, the object it names, and the object's identifier."""

    field: FieldModel
    model: ObjectModel
    identifier: str

    @property
    def item(self) -> str:
        """What a query asks to get the identifier."""
        return f"{self.field.relationship}.{self.identifier}"


class PersonToAccount(Behaviour):
    """Fills the reference to the Account of a Person, or to the Person of an Account."""

    about = "The Person is found as the Account with the same identifier, or the other way round."

    def asks(self, asking: Asking) -> Iterable[str]:
        """The identifier of the Person or Account that a source record names."""
        found = _reference(asking.session, asking.connection_id, asking.source)
        return () if found is None else (found.item,)

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Fill the reference in each draft of an object that has one."""
        route = receiving.route
        there = _reference(write, route.connection_id, route.source)
        here = _reference(write, route.connection_id, receiving.target.model)
        if there is None or here is None:
            return
        wanted = {str(value) for row, _ in receiving.pairs if (value := row.values.get(there.item)) is not None}
        known = _by_identifier(write, here, wanted)
        for row, draft in receiving.pairs:
            value = row.values.get(there.item)
            if value is None:
                draft.fail(here.field.name, f"The {there.model.label} has no {there.identifier} to be matched by.")
            elif (record_id := known.get(str(value))) is None:
                draft.fail(here.field.name, f"No {here.model.label} has {here.identifier} {value}.")
            else:
                draft.values[here.field.name] = record_id


def _reference(session: Session, connection_id: int, model: ObjectModel) -> _Reference | None:
    """The reference of an object to persons or accounts. Raises NotPossible when these have no such identifier."""
    for field in model.references:
        if field.reference is None:
            continue
        other = load_object(session, model.vault_id, field.reference)
        if other.label not in (PERSON, ACCOUNT):
            continue
        settings = identifiers_of(session, connection_id)
        identifier = field_called(other, EXTERNAL_ID)
        if settings is not None:
            identifier = settings.person_field if other.label == PERSON else settings.account_field
        if identifier is None or identifier not in other.fields:
            raise NotPossible(
                f"{other.label} has no field {identifier or 'External ID'} to be matched by.",
                "Set the identifiers of the connection, or of the Vault.",
            )
        return _Reference(field, other, identifier)
    return None


def _by_identifier(session: Session, here: _Reference, values: Iterable[str]) -> Mapping[str, str]:
    """Identifier to record id; of several records the oldest."""
    column = _records.c.data[here.identifier].as_string()
    statement = (
        select(_records.c.record_id, column)
        .where(_records.c.object_id == here.model.id, one_of(column, sorted(values)))
        .order_by(_records.c.id.desc())
    )
    return {value: record_id for record_id, value in session.execute(statement)}


BEHAVIOUR = PersonToAccount()
