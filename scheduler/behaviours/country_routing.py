"""Documents go to those Vault CRMs that have a Connection Country for the document's Country (seed S2).

The Connection Countries are those of the connection, and of the feature that the point's integration serves. Assumed:
a document without a Country goes nowhere; one whose Country is changed is withdrawn where it is no longer wanted; when
a country is selected, its documents go as they are.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.data_model import load_object
from models.sets import one_of
from models.tables import Connection, Record, RecordStatus, table_of
from scheduler.behaviour import Behaviour, Sending
from scheduler.behaviours.connection_country import CONNECTION, COUNTRY, FEATURE, OBJECT

_records = table_of(Record)
_connections = table_of(Connection)


class CountryRouting(Behaviour):
    """Lets through what is of a country that this connection is connected for."""

    about = "Only documents of a Country for which this connection has an active Connection Country are sent."

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:
        """Documents of the countries that are selected at the other end."""
        return [_of(sending, _countries(session, sending))]

    def stirs(
        self, session: Session, sending: Sending, since: datetime, until: datetime
    ) -> Iterable[ColumnElement[bool]]:
        """Documents of a country that was selected meanwhile."""
        selected = _countries(session, sending, _records.c.modified_at >= since, _records.c.modified_at < until)
        return [_of(sending, selected)] if selected else []


def _countries(session: Session, sending: Sending, *where: ColumnElement[bool]) -> list[str]:
    """The Countries, by id, for which the connection is connected, by what its Connection Countries are like."""
    model = load_object(session, sending.vault_id, OBJECT)
    connection = session.execute(
        select(_connections.c.api_name).where(_connections.c.id == sending.connection_id)
    ).scalar_one()
    statement = select(_records.c.data[COUNTRY].as_string()).where(
        _records.c.object_id == model.id,
        _records.c.status == RecordStatus.ACTIVE,
        _records.c.data[CONNECTION].as_string() == connection,
        _records.c.data[FEATURE].as_string() == sending.feature,
        *where,
    )
    return [country for country in session.execute(statement.distinct()).scalars() if country]


def _of(sending: Sending, countries: list[str]) -> ColumnElement[bool]:
    return one_of(sending.table.c.data[COUNTRY].as_string(), countries)


BEHAVIOUR = CountryRouting()
