"""The first record that arrives has all others of its kind fetched with it (RIM-PromoMats, compliance packages)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session

from models.tables import Record, table_of
from scheduler.behaviour import Behaviour
from scheduler.route import Route

_records = table_of(Record)


class PullAllAtFirst(Behaviour):
    """Until a target record is linked, the call-back asks for every source record that the rules let through.

    Assumed: it is the first when nothing here has the Global ID of such a source record as its Link. Documents are
    left out, because messages name their versions.
    """

    about = "The first record that arrives has all others of its kind fetched with it."

    def reach(self, session: Session, route: Route, items: Sequence[str]) -> Sequence[str]:
        """The items alone once anything is linked; before that, all records of the source object after them."""
        if route.source.is_document:
            return items
        theirs = select(_records.c.global_id).where(_records.c.object_id == route.source.id)
        targets = {target.model.id for target in route.rules.targets}
        linked = select(_records.c.id).where(_records.c.object_id.in_(targets), _records.c.link.in_(theirs)).limit(1)
        if session.execute(linked).first() is not None:
            return items
        every = select(_records.c.record_id).where(_records.c.object_id == route.source.id).order_by(_records.c.id)
        return [*items, *session.execute(every).scalars()]


BEHAVIOUR = PullAllAtFirst()
