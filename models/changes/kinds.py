"""Which tables hold configuration, which of their columns count, and what changing them needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Table
from sqlmodel import SQLModel

from models.feed import Topic
from models.permissions import Permission
from models.tables import (
    Connection,
    ConnectionAuthorization,
    ConnectionClient,
    ExceptionNotification,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Job,
    PointSource,
    QueryObjectRule,
    Queue,
    QueueConnection,
    ReferenceLookup,
    ReferenceLookupKey,
    Vault,
    table_of,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One table of configuration.

    `counting` are the columns that are configuration; the others are times, counters and the like, which come and go
    with the whole row. `moving` are those of them that jobs write as well: where a job was faster, its value stays.
    """

    table: Table
    label: str
    permission: Permission
    topics: tuple[Topic, ...]
    counting: frozenset[str]
    moving: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, ...]:
        """The names of its primary key."""
        return tuple(column.name for column in self.table.primary_key.columns)


def _kind(
    model: type[SQLModel],
    label: str,
    permission: Permission,
    *topics: Topic,
    only: Collection[str] = (),
    without: Collection[str] = (),
    moving: Collection[str] = (),
) -> Kind:
    table = table_of(model)
    counting = frozenset(only) or frozenset(table.c.keys()) - frozenset(without)
    return Kind(table, label, permission, topics, counting, frozenset(moving))


_CONNECTIONS, _INTEGRATIONS, _QUEUES = (
    Permission.MANAGE_CONNECTIONS,
    Permission.MANAGE_INTEGRATIONS,
    Permission.SPARK_QUEUES,
)
_LAST_RUNS = ("last_successful_send", "last_successful_receive")

KINDS: Mapping[str, Kind] = {
    kind.table.name: kind
    for kind in (
        _kind(
            Vault,
            "Vault",
            _CONNECTIONS,
            Topic.CONNECTIONS,
            Topic.VAULTS,
            Topic.INTEGRATIONS,
            only=("client_id_filtering", "applications", "features"),
        ),
        _kind(ConnectionAuthorization, "Authorization", _CONNECTIONS, Topic.CONNECTIONS, without=("modified_at",)),
        _kind(Connection, "Connection", _CONNECTIONS, Topic.CONNECTIONS, without=("modified_at",)),
        _kind(ConnectionClient, "Connection Client", _CONNECTIONS, Topic.CONNECTIONS),
        _kind(
            Integration,
            "Integration",
            _CONNECTIONS,
            Topic.INTEGRATIONS,
            Topic.CONNECTIONS,
            without=("modified_at",),
            moving=_LAST_RUNS,
        ),
        _kind(IntegrationPoint, "Integration Point", _CONNECTIONS, Topic.INTEGRATIONS),
        _kind(PointSource, "Object of an Integration Point", _CONNECTIONS, Topic.INTEGRATIONS),
        _kind(ReferenceLookup, "Reference Lookup", _CONNECTIONS, Topic.RULES, Topic.CONNECTIONS),
        _kind(
            ReferenceLookupKey,
            "Lookup Key",
            _CONNECTIONS,
            Topic.RULES,
            Topic.CONNECTIONS,
            without=("uses", "last_used_at"),
        ),
        _kind(IntegrationRule, "Integration Rule", _INTEGRATIONS, Topic.RULES, Topic.INTEGRATIONS),
        _kind(QueryObjectRule, "Query Object Rule", _INTEGRATIONS, Topic.RULES),
        _kind(FieldRule, "Field Rule", _INTEGRATIONS, Topic.RULES),
        _kind(Queue, "Queue", _QUEUES, Topic.QUEUES),
        _kind(QueueConnection, "Queue Connection", _QUEUES, Topic.QUEUES, Topic.CONNECTIONS),
        _kind(Job, "Job", _INTEGRATIONS, Topic.JOBS, only=("longest_seconds",)),
        _kind(
            ExceptionNotification,
            "Exception Notification",
            _INTEGRATIONS,
            Topic.EXCEPTIONS,
            only=("bell", "log_file", "sealed_command", "time_limit"),
        ),
    )
}
"""The tables of configuration, parents before children."""


def with_children(names: Collection[str]) -> set[str]:
    """These tables of configuration and all that hang under them: what goes when a row of one of them is deleted."""
    found = {name for name in names if name in KINDS}
    for name, kind in KINDS.items():
        if any(reference.column.table.name in found for reference in kind.table.foreign_keys):
            found.add(name)
    return found
