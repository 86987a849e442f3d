"""No second record of the same name: whoever knows that both are one pastes the Global ID (RIM-PromoMats)."""

from sqlalchemy import select

from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, table_of
from scheduler.behaviour import Behaviour, Receiving

_records = table_of(Record)


class RefuseNamesakes(Behaviour):
    """A record that would be made, and whose name another record has, becomes a user exception item instead.

    Assumed: the vendor says that none is made and what the administrator does, not how he hears of it.
    """

    about = "Where a record of the same name is not linked to the source, none is made."

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Fail the drafts of new records whose names are taken."""
        new = [(row, draft) for row, draft in receiving.pairs if draft.existing is None]
        names = sorted({str(draft.values.get("name__v")) for _, draft in new})
        if not names:
            return
        model = receiving.target.model
        statement = select(_records.c.name, _records.c.record_id).where(
            _records.c.object_id == model.id, one_of(_records.c.name, names)
        )
        taken = {row.name: row.record_id for row in write.execute(statement)}
        for row, draft in new:
            record_id = taken.get(str(draft.values.get("name__v")))
            if record_id is not None:
                draft.fail(
                    "name__v",
                    f"{model.label} {record_id} of this Vault has this name and is not linked to the source. "
                    f"If they are one, set its Link to {row.global_id}.",
                )


BEHAVIOUR = RefuseNamesakes()
