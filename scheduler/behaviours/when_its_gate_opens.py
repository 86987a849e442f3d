"""A record goes again when a record behind its gate has changed.

Criteria of a point may ask for a field across a reference, e.g. for *Connect to Vault CDMS* on the Study of a site.
When the Study is edited so that the gate opens, its sites go, though nobody touches them; letters go with the
distribution that a user sends. What is the same over there stays as it is.

Assumed: that the vendor's gates send what is there already when they are opened.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session

from scheduler.behaviour import Behaviour, Sending, referring_to_changed


class WhenItsGateOpens(Behaviour):
    """Watches the records that the criteria of a point look at across a reference."""

    about = "A record is also sent when the record that its gate is on has changed."

    def stirs(
        self, session: Session, sending: Sending, since: datetime, until: datetime
    ) -> Iterable[ColumnElement[bool]]:
        """Records of which one that the criteria look at has changed in the span of time."""
        walked = {path.partition(".")[0] for path in sending.criteria if "." in path}
        fields = [field for name, field in sending.model.relationships.items() if name in walked]
        return referring_to_changed(session, sending, fields, since, until)


BEHAVIOUR = WhenItsGateOpens()
