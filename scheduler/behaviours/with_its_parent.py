"""A record goes again when the record that it belongs to has changed.

So attachments go with an adverse event that is transferred later, and anchors with a document that becomes steady: by
then the gate of the point opens for records that nobody touches. What is the same over there stays as it is.

A record belongs to those that its required object references name (Assumed).
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session

from scheduler.behaviour import Behaviour, Sending, referring_to_changed


class WithItsParent(Behaviour):
    """Watches the parents of the records that a point sends."""

    about = "A record is also sent when the record that it belongs to has changed."

    def stirs(
        self, session: Session, sending: Sending, since: datetime, until: datetime
    ) -> Iterable[ColumnElement[bool]]:
        """Records of which a parent has changed in the span of time."""
        required = [field for field in sending.model.references if field.required]
        return referring_to_changed(session, sending, required, since, until)


BEHAVIOUR = WithItsParent()
