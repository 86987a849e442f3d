"""The record says who created it over there: [First Name] [Last Name] ([Email]), for users of the other side (seed S4).

Assumed: the field that is filled is the one with the label From. What the platform itself created names nobody.
"""

from collections.abc import Iterable

from sqlalchemy import select

from models.data_model import ObjectModel
from models.sets import one_of_numbers
from models.store import WriteSession
from models.tables import User, table_of
from scheduler.behaviour import Asking, Behaviour, Receiving

FROM = "From"
CREATED_BY = "created_by__v"
_users = table_of(User)


class FromCreator(Behaviour):
    """Fills the field From with the creator of the source record."""

    about = "From is filled with name and email of the user who created the record in the source Vault."

    def asks(self, asking: Asking) -> Iterable[str]:
        """Who created the source record."""
        return (CREATED_BY,)

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Fill From in each draft of an object that has it."""
        name = _field(receiving.target.model)
        if name is None:
            return
        ids = {str(row.values[CREATED_BY]) for row, _ in receiving.pairs if row.values.get(CREATED_BY) is not None}
        if not ids:
            return
        statement = select(_users).where(one_of_numbers(_users.c.id, sorted(map(int, ids))))
        words = {
            str(row.id): f"{row.first_name} {row.last_name} ({row.email or row.username})".strip()
            for row in write.execute(statement)
        }
        for row, draft in receiving.pairs:
            if (text := words.get(str(row.values.get(CREATED_BY)))) is not None:
                draft.values[name] = text


def _field(model: ObjectModel) -> str | None:
    return next((field.name for field in model.fields.values() if field.label == FROM), None)


BEHAVIOUR = FromCreator()
