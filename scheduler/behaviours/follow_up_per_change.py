"""Each change of a source record makes a further target record, a follow-up, where others update the first one.

An updated form on a serious adverse event becomes another Inbox Item, Marked as Follow-up and linked to the Case of
the first one (About the Safety-EDC Connection).

Assumed:

- A change is one of what the rules read: a follow-up is made when the latest record that is linked to the source would
  be changed by them. So a message that is processed twice makes none, and neither does a change of anything else.
- The follow-up takes over what the latest record refers to by references that no rule fills, such as its Case.
- Its lifecycle state is that with the label Marked as Follow-up, where there is one.
"""

from collections.abc import Sequence

from sqlalchemy import select

from models.record_writer import Existing, existing_from_row
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, table_of
from scheduler.behaviour import Behaviour, Receiving

_records = table_of(Record)

FOLLOW_UP = "Marked as Follow-up"
STATE = "state__v"


class FollowUpPerChange(Behaviour):
    """Makes a new record where the latest one would be changed."""

    about = "A change of the source makes another record, Marked as Follow-up, and leaves the earlier ones as they are."

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Have those drafts make a new record that differ from the latest one of their source record."""
        model = receiving.target.model
        known = [row.global_id for row, draft in receiving.pairs if draft.existing is not None]
        latest = _latest(write, model.id, known)
        state = next((name for name, label in model.states.items() if label == FOLLOW_UP), None)
        for row, draft in receiving.pairs:
            if draft.existing is None:
                continue
            before = latest.get(row.global_id, draft.existing)
            draft.existing = before
            if draft.problems or not any(value != before.values.get(name) for name, value in draft.values.items()):
                continue
            draft.existing = None
            kept = {field.name: before.values.get(field.name) for field in model.references}
            draft.values = {**kept, **({STATE: state} if state else {}), **draft.values}


def _latest(write: WriteSession, object_id: int, links: Sequence[str]) -> dict[str, Existing]:
    """By Link, the newest record that has it."""
    if not links:
        return {}
    statement = (
        select(_records)
        .where(_records.c.object_id == object_id, one_of(_records.c.link, links))
        .order_by(_records.c.id)
    )
    return {row.link: existing_from_row(row) for row in write.execute(statement)}


BEHAVIOUR = FollowUpPerChange()
