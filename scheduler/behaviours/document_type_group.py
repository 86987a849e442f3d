"""Only documents whose type is in the connection's document type group are sent (seed S2, Document Transfer).

Assumed: the names of objects and fields; the group is the one with the name of the connection, as either Vault calls
it, so that the duplicates of a connection share it; without such a group nothing is sent.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.data_model import load_object
from models.sets import one_of
from models.tables import Connection, Record, RecordStatus, table_of
from scheduler.behaviour import Behaviour, Sending

_records = table_of(Record)
_connections = table_of(Connection)

GROUP, MEMBER = "sim_document_type_group__c", "sim_grouped_document_type__c"


class DocumentTypeGroup(Behaviour):
    """Lets through documents of the types that an administrator has put into the group."""

    about = "Only documents whose type is in the connection's document type group are sent."

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:
        """Documents of the types in the group; a member of a group bears the name of the type."""
        groups, members = (load_object(session, sending.vault_id, name) for name in (GROUP, MEMBER))
        own = (
            select(_connections.c.remote_connection_id)
            .where(_connections.c.id == sending.connection_id)
            .scalar_subquery()
        )
        names = select(_connections.c.name).where(_connections.c.id.in_((sending.connection_id, own)))
        group = select(_records.c.record_id).where(
            _records.c.object_id == groups.id, _records.c.status == RecordStatus.ACTIVE, _records.c.name.in_(names)
        )
        types = session.execute(
            select(_records.c.name).where(
                _records.c.object_id == members.id,
                _records.c.status == RecordStatus.ACTIVE,
                _records.c.data[GROUP].as_string().in_(group),
            )
        ).scalars()
        return [one_of(sending.table.c.data["type__v"].as_string(), list(types))]


BEHAVIOUR = DocumentTypeGroup()
