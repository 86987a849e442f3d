"""Each change of a source record makes a further target record, a follow-up, where others update the first one.

An updated form on a serious adverse event becomes another Inbox Item, Marked as Follow-up and linked to the Case of
the first one (About the Safety-EDC Connection).

Assumed:

- A change is one of what the rules read: a follow-up is made when they give other values than those with which the
  latest record was made. So a message that is processed twice makes none, and neither does a change of anything else;
  and what people edit in the record stays. The field Received Content tells these values apart. A record without it,
  such as one made by hand, is compared as it stands.
- The follow-up takes over what the latest record refers to by references that no rule fills, such as its Case.
- Its lifecycle state is that with the label Marked as Follow-up, where there is one.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from models.record_writer import Existing, existing_from_row
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, table_of
from scheduler.behaviour import Behaviour, Receiving

_records = table_of(Record)

FOLLOW_UP = "Marked as Follow-up"
STATE = "state__v"
RECEIVED = "sim_received_content__c"
"""A text by which the values that a record was made with are known again."""
UNCHANGED = "Nothing has changed of what is received."


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
            content = _fingerprint(draft.values)
            if draft.existing is None:
                draft.values |= {RECEIVED: content} if RECEIVED in model.fields else {}
                continue
            before = latest.get(row.global_id, draft.existing)
            if _same(before, draft.values, content):
                draft.skip(UNCHANGED)
                continue
            draft.existing = None
            draft.values |= {RECEIVED: content} if RECEIVED in model.fields else {}
            kept = {field.name: before.values.get(field.name) for field in model.references}
            draft.values = {**kept, **({STATE: state} if state else {}), **draft.values}


def _fingerprint(values: Mapping[str, Any]) -> str:
    return sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _same(before: Existing, values: Mapping[str, Any], content: str) -> bool:
    known = before.values.get(RECEIVED)
    if known is not None:
        return bool(known == content)
    return all(value == before.values.get(name) for name, value in values.items())


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
