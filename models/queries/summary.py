"""The store seen across its Vaults, for `status` and `vaults` on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from models.queries.window import fetch
from models.tables import (
    Connection,
    ConnectionStat,
    ConnectionState,
    ExceptionItem,
    ExceptionMessage,
    ItemStatus,
    MessageState,
    Queue,
    Record,
    SparkMessage,
    User,
    Vault,
    table_of,
)

_vaults = table_of(Vault).c
_connections = table_of(Connection).c
_queues = table_of(Queue).c
_messages = table_of(SparkMessage).c
_records = table_of(Record).c


@dataclass(frozen=True, slots=True)
class VaultSummary:
    """A Vault and what is in it. `exceptions` counts active user exception messages, `open_items` their open items."""

    key: int
    name: str
    dns_host: str
    domain: str
    family: str
    applications: Sequence[str]
    features: Sequence[str]
    sandbox: bool
    parent_id: int | None
    users: int
    connections: int
    active_connections: int
    records: int
    queued: int
    exceptions: int
    open_items: int


@dataclass(frozen=True, slots=True)
class ConnectionToday:
    """One Vault's side of a connection, with the day's Connection Stats."""

    key: int
    vault_id: int
    vault: str
    name: str
    api_name: str
    state: str
    remote_vault: str
    sent: int
    received: int
    failures: int
    retries: int
    timeouts: int
    fatal_errors: int


@dataclass(frozen=True, slots=True)
class QueueWaiting:
    """A queue in which messages wait."""

    key: int
    vault_id: int
    vault: str
    label: str
    api_name: str
    type: str
    active: bool
    delivery_enabled: bool
    queued: int


def vault_summaries(session: Session) -> tuple[VaultSummary, ...]:
    """All Vaults, production before sandboxes, by name."""
    users, exceptions, items = table_of(User).c, table_of(ExceptionMessage).c, table_of(ExceptionItem).c
    is_active = _connections.state == ConnectionState.ACTIVE
    statement = select(
        _vaults.id,
        _vaults.name,
        _vaults.dns_host,
        _vaults.domain,
        _vaults.family,
        _vaults.applications,
        _vaults.features,
        _vaults.sandbox,
        _vaults.parent_id,
        _count(users.vault_id),
        _count(_connections.vault_id),
        _count(_connections.vault_id, is_active),
        _count(_records.vault_id),
        _count(_messages.vault_id, _messages.state == MessageState.QUEUED),
        _count(exceptions.vault_id, exceptions.active),
        _count(items.vault_id, items.status == ItemStatus.OPEN),
    ).order_by(_vaults.sandbox, _vaults.name)
    return tuple(VaultSummary(*row) for row in fetch(session, statement))


def _count(vault_id: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Any:
    """How many rows of a table belong to the Vault of the row that is selected."""
    return select(func.count()).where(vault_id == _vaults.id, *conditions).correlate(table_of(Vault)).scalar_subquery()


def connections_today(session: Session, vault_ids: Sequence[int], today: date) -> tuple[ConnectionToday, ...]:
    """The connections of these Vaults with what moved on the lab's day, by Vault and name."""
    stats = table_of(ConnectionStat)
    numbers = ("sent", "received", "failures", "retries", "timeouts", "fatal_errors")
    statement = (
        select(
            _connections.id,
            _connections.vault_id,
            _vaults.name,
            _connections.name,
            _connections.api_name,
            _connections.state,
            _connections.remote_vault_name,
            *(func.coalesce(stats.c[name], 0) for name in numbers),
        )
        .join(table_of(Vault), _vaults.id == _connections.vault_id)
        .outerjoin(stats, (stats.c.connection_id == _connections.id) & (stats.c.day == today))
        .where(_connections.vault_id.in_(vault_ids))
        .order_by(_vaults.sandbox, _vaults.name, _connections.name)
    )
    return tuple(ConnectionToday(*row) for row in fetch(session, statement))


def queues_waiting(session: Session, vault_ids: Sequence[int]) -> tuple[QueueWaiting, ...]:
    """The queues of these Vaults in which messages wait, by Vault and label."""
    statement = (
        select(
            _queues.id,
            _queues.vault_id,
            _vaults.name,
            _queues.label,
            _queues.api_name,
            _queues.type,
            _queues.active,
            _queues.delivery_enabled,
            func.count(),
        )
        .join(table_of(Vault), _vaults.id == _queues.vault_id)
        .join(table_of(SparkMessage), _messages.queue_id == _queues.id)
        .where(_queues.vault_id.in_(vault_ids), _messages.state == MessageState.QUEUED)
        .group_by(_queues.id, _vaults.id)
        .order_by(_vaults.name, _queues.label)
    )
    return tuple(QueueWaiting(*row) for row in fetch(session, statement))
