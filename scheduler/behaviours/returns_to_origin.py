"""What came from a Vault goes back to that Vault only: a Case Request to the Vault CRM of its Inquiry (seed S2).

Assumed: where a record came from is told by its Link; one without a Link goes to every partner, which finds its own by
External ID.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.tables import Connection, Record, table_of
from scheduler.behaviour import Behaviour, Sending

_connections = table_of(Connection)
_records = table_of(Record)


class ReturnsToOrigin(Behaviour):
    """Sends records whose Link is one of the partner's Global IDs, which begin with the id of its Vault."""

    about = "Only records that came from the Vault at the other end are sent there."

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:
        """Records that came from the partner, or from nobody knows where."""
        partner = session.execute(
            select(_connections.c.remote_vault_id).where(_connections.c.id == sending.connection_id)
        ).scalar()
        link = sending.table.c.link
        return [link.is_(None) | link.startswith(f"{partner}_", autoescape=True)]


BEHAVIOUR = ReturnsToOrigin()
