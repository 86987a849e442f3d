"""A record goes again when the record that it belongs to has changed.

So attachments go with an adverse event that is transferred later, and anchors with a document that becomes steady: by
then the gate of the point opens for records that nobody touches. What is the same over there stays as it is.

A record belongs to those that its required object references name (Assumed).
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.tables import Record, table_of
from scheduler.behaviour import Behaviour, Sending

_records = table_of(Record)


class WithItsParent(Behaviour):
    """Watches the parents of the records that a point sends."""

    about = "A record is also sent when the record that it belongs to has changed."

    def stirs(
        self, session: Session, sending: Sending, since: datetime, until: datetime
    ) -> Iterable[ColumnElement[bool]]:
        """Records of which a parent has changed in the span of time."""
        parents = _records.alias("parent")
        for field in sending.model.references:
            if not field.required:
                continue
            changed = select(parents.c.record_id).where(
                parents.c.object_id == field.reference_id,
                parents.c.modified_at >= since,
                parents.c.modified_at < until,
            )
            # Mostly nothing has changed, and then no reference need be read.
            if session.execute(changed.limit(1)).first() is not None:
                yield sending.table.c.data[field.name].as_string().in_(changed)


BEHAVIOUR = WithItsParent()
