"""Connections of a Vault, for the Connections area."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, fetch_one, matches, ordered, row_of
from models.tables import (
    Connection,
    ConnectionStat,
    ExceptionMessage,
    Integration,
    MessageState,
    Queue,
    QueueConnection,
    SigningCertificate,
    SparkMessage,
    User,
    table_of,
)

_table = table_of(Connection)
_c = _table.c
_stats = table_of(ConnectionStat).c
_exceptions = table_of(ExceptionMessage).c

SORTS: dict[str, Any] = {
    "name": func.lower(_c.name),
    "state": _c.state,
    "type": _c.type,
    "remote": func.lower(_c.remote_vault_name),
}


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection in the list, with what it moved today and how many user exception messages are active."""

    key: int
    name: str
    api_name: str
    type: str
    state: str
    remote: str
    sent: int
    received: int
    exceptions: int


@dataclass(frozen=True, slots=True)
class IntegrationLine:
    """An integration of the connection."""

    key: int
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class DayStats:
    """Connection Stats of one day."""

    day: date
    sent: int = 0
    received: int = 0
    failures: int = 0
    retries: int = 0
    timeouts: int = 0
    fatal_errors: int = 0


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue that uses the connection; `queued` counts the messages of this connection that wait in it."""

    key: int
    label: str
    type: str
    active: bool
    deliver_to: str | None
    queued: int


@dataclass(frozen=True, slots=True)
class ConnectionDetail:
    """All that the Connections area shows about one connection."""

    key: int
    record_id: str
    name: str
    api_name: str
    type: str
    state: str
    system_managed: bool
    cross_domain: bool
    description: str
    url: str | None
    remote_vault_id: int | None
    remote_vault_name: str
    remote_dns_host: str
    remote_connection_id: int | None
    created_at: datetime
    modified_at: datetime
    authorized_user: str | None
    certificate: str | None
    remote_state: str | None
    remote_name: str | None
    exceptions: int
    integrations: tuple[IntegrationLine, ...]
    stats: tuple[DayStats, ...]
    queues: tuple[QueueLine, ...]


def listing(
    vault_id: int, today: date, *, text: str = "", sort: str = "name", descending: bool = False
) -> Listing[ConnectionRow]:
    """The connections of a Vault; `today` is the lab's day, `text` filters by name, API name and remote Vault."""
    keys = select(_c.id).where(_c.vault_id == vault_id)
    if text:
        keys = keys.where(matches(text, _c.name, _c.api_name, _c.remote_vault_name, _c.state))
    day = (_stats.connection_id == _c.id, _stats.day == today)
    rows = select(
        _c.id,
        _c.name,
        _c.api_name,
        _c.type,
        _c.state,
        _c.remote_vault_name,
        func.coalesce(select(_stats.sent).where(*day).scalar_subquery(), 0),
        func.coalesce(select(_stats.received).where(*day).scalar_subquery(), 0),
        _active_exceptions(vault_id).correlate(_table).scalar_subquery(),
    ).where(_c.vault_id == vault_id)
    made = Listing(_c.id, keys, rows, lambda row: ConnectionRow(*row))
    return ordered(made, SORTS, sort, descending=descending)


def _active_exceptions(vault_id: int) -> Any:
    return select(func.count()).where(
        _exceptions.vault_id == vault_id, _exceptions.active, _exceptions.connection_id == _c.id
    )


def detail(session: Session, vault_id: int, connection_id: int, today: date) -> ConnectionDetail | None:
    """One connection of a Vault with the Connection Stats of the seven days up to `today`; None when it is gone."""
    users, certificates = table_of(User), table_of(SigningCertificate)
    remote = _table.alias("remote")
    statement = (
        select(
            _c.id,
            _c.record_id,
            _c.name,
            _c.api_name,
            _c.type,
            _c.state,
            _c.system_managed,
            _c.cross_domain,
            _c.description,
            _c.url,
            _c.remote_vault_id,
            _c.remote_vault_name,
            _c.remote_dns_host,
            _c.remote_connection_id,
            _c.created_at,
            _c.modified_at,
            users.c.username,
            certificates.c.certificate_id,
            remote.c.state,
            remote.c.name,
            _active_exceptions(vault_id).correlate(_table).scalar_subquery(),
        )
        .outerjoin(users, users.c.id == _c.authorized_user_id)
        .outerjoin(certificates, certificates.c.id == _c.certificate_id)
        .outerjoin(remote, remote.c.id == _c.remote_connection_id)
        .where(_c.vault_id == vault_id, _c.id == connection_id)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    return row_of(
        ConnectionDetail,
        row,
        integrations=_integrations(session, vault_id, connection_id),
        stats=day_stats(session, connection_id, today),
        queues=_queues(session, vault_id, connection_id),
    )


def _integrations(session: Session, vault_id: int, connection_id: int) -> tuple[IntegrationLine, ...]:
    columns = table_of(Integration).c
    statement = (
        select(columns.id, columns.name, columns.active)
        .where(columns.vault_id == vault_id, columns.connection_id == connection_id)
        .order_by(columns.name)
    )
    return tuple(IntegrationLine(*row) for row in fetch(session, statement))


def day_stats(session: Session, connection_id: int, until: date, days: int = 7) -> tuple[DayStats, ...]:
    """The Connection Stats of so many days, `until` first; a day on which nothing moved is there with zeros."""
    statement = select(
        _stats.day,
        _stats.sent,
        _stats.received,
        _stats.failures,
        _stats.retries,
        _stats.timeouts,
        _stats.fatal_errors,
    ).where(_stats.connection_id == connection_id, _stats.day > until - timedelta(days=days), _stats.day <= until)
    found = {row[0]: DayStats(*row) for row in fetch(session, statement)}
    shown = (until - timedelta(days=back) for back in range(days))
    return tuple(found.get(day, DayStats(day)) for day in shown)


def _queues(session: Session, vault_id: int, connection_id: int) -> tuple[QueueLine, ...]:
    queues, links, messages = table_of(Queue), table_of(QueueConnection), table_of(SparkMessage).c
    queued = (
        select(func.count())
        .where(
            messages.queue_id == queues.c.id,
            messages.state == MessageState.QUEUED,
            # As a sum, so that SQLite finds the few that wait by their state, and not all that went through here.
            messages.connection_id + 0 == connection_id,
        )
        .scalar_subquery()
    )
    statement = (
        select(queues.c.id, queues.c.label, queues.c.type, queues.c.active, links.c.deliver_to_queue, queued)
        .join(links, links.c.queue_id == queues.c.id)
        .where(queues.c.vault_id == vault_id, links.c.connection_id == connection_id)
        .order_by(queues.c.type.desc(), queues.c.label)
    )
    return tuple(QueueLine(*row) for row in fetch(session, statement))
