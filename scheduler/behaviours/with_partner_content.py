"""Statistics go to the Vault whose content they are about: one Vault CRM has content of several Vaults.

A record is about the documents that it refers to; here they are CrossLinks, whose Link tells where they came from. One
that refers to no document goes to every partner (Assumed).
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.data_model import DOCUMENTS
from models.tables import Connection, Record, table_of
from scheduler.behaviour import Behaviour, Sending

_connections = table_of(Connection)
_records = table_of(Record)


class WithPartnerContent(Behaviour):
    """Lets through what is about documents that came from the partner."""

    about = "Only records about documents that came from the Vault at the other end are sent there."

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:
        """Records whose references to documents name CrossLinks of the partner's documents."""
        partner = session.execute(
            select(_connections.c.remote_vault_id).where(_connections.c.id == sending.connection_id)
        ).scalar()
        for field in sending.model.references:
            if field.reference != DOCUMENTS:
                continue
            reference = sending.table.c.data[field.name].as_string()
            theirs = select(_records.c.record_id).where(
                _records.c.object_id == field.reference_id,
                _records.c.link.startswith(f"{partner}_", autoescape=True),
            )
            yield reference.is_(None) | reference.in_(theirs)


BEHAVIOUR = WithPartnerContent()
