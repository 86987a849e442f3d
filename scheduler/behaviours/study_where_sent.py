"""An Activity names its Study over there when the Vault is set up to send Studies, and none otherwise (seed S4).

Assumed: set up means that the Study has arrived; the reference that is filled is the one to the object that is called
Clinical Study. Without the Study the Activity arrives all the same.
"""

from collections.abc import Iterable

from sqlalchemy import select

from models.data_model import FieldModel, ObjectModel
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, VaultObject, table_of
from scheduler.behaviour import Asking, Behaviour, Receiving

STUDY, CLINICAL_STUDY = "Study", "Clinical Study"
_records, _objects = table_of(Record), table_of(VaultObject)


class StudyWhereSent(Behaviour):
    """Fills the reference to the Clinical Study that the Study of an Activity has become, if it has."""

    about = "The Study of an Activity is named where Studies are sent as well."

    def asks(self, asking: Asking) -> Iterable[str]:
        """The Global ID of the Study."""
        field = _reference(asking, asking.source, STUDY)
        return () if field is None else (f"{field.relationship}.global_id__sys",)

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Fill the reference in each draft whose Study is there."""
        route = receiving.route
        asking = Asking(write, route.connection_id, route.source)
        field = _reference(asking, receiving.target.model, CLINICAL_STUDY)
        (item,) = tuple(self.asks(asking)) or ("",)
        if field is None or not item:
            return
        wanted = sorted({str(value) for row, _ in receiving.pairs if (value := row.values.get(item)) is not None})
        statement = select(_records.c.link, _records.c.record_id).where(
            _records.c.object_id == field.reference_id, one_of(_records.c.link, wanted)
        )
        there = dict(write.execute(statement).all()) if wanted else {}
        for row, draft in receiving.pairs:
            if (record_id := there.get(row.values.get(item))) is not None:
                draft.values[field.name] = record_id


def _reference(asking: Asking, model: ObjectModel, label: str) -> FieldModel | None:
    statement = select(_objects.c.name).where(_objects.c.vault_id == model.vault_id, _objects.c.label == label)
    names = set(asking.session.execute(statement).scalars())
    return next((field for field in model.references if field.reference in names), None)


BEHAVIOUR = StudyWhereSent()
