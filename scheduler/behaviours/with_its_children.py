"""A record goes again when one that belongs to it has changed: an Account when it gets an Inquiry (seed S3).

Where a data usage agreement lets only Accounts with Inquiries be taken over, an Account that nobody touches begins to
count with its first Inquiry. A record belongs to those that its required object references name (Assumed).
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.tables import ObjectField, Record, table_of
from scheduler.behaviour import Behaviour, Sending

_records = table_of(Record)
_fields = table_of(ObjectField)


class WithItsChildren(Behaviour):
    """Watches the records that refer to those that a point sends."""

    about = "A record is also sent when one that belongs to it has changed."

    def stirs(
        self, session: Session, sending: Sending, since: datetime, until: datetime
    ) -> Iterable[ColumnElement[bool]]:
        """Records to which a changed one belongs."""
        referring = select(_fields.c.object_id, _fields.c.name).where(
            _fields.c.reference_object_id == sending.model.id, _fields.c.required
        )
        for object_id, name in session.execute(referring).all():
            changed = select(_records.c.data[name].as_string()).where(
                _records.c.object_id == object_id,
                _records.c.modified_at >= since,
                _records.c.modified_at < until,
            )
            if session.execute(changed.limit(1)).first() is not None:
                yield sending.table.c.record_id.in_(changed)


BEHAVIOUR = WithItsChildren()
