"""Deletions over a connection: what becomes of a record's targets, before it is done, and which source is gone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.queries.window import fetch
from models.tables import (
    Connection,
    ConnectionState,
    DeletePolicy,
    Direction,
    Integration,
    IntegrationPoint,
    Matching,
    PointSource,
    Record,
    Tombstone,
    Vault,
    VaultObject,
    table_of,
)

_records = table_of(Record).c
_objects = table_of(VaultObject).c
_vaults = table_of(Vault).c
MOST = 20
"""Targets that are told of one by one."""


@dataclass(frozen=True, slots=True)
class Fate:
    """A target record, and what its Vault's integration does to it.

    `policy` is "leave" as well when no active integration tells that Vault of the deletion; `integration` is then
    empty. `mark_field` and `mark_text` say how a target is marked.
    """

    vault: str
    name: str
    object_label: str
    policy: str
    integration: str = ""
    mark_field: str = ""
    mark_text: str = ""


@dataclass(frozen=True, slots=True)
class DeletedSource:
    """The record of another Vault that a record is linked with, and that was deleted."""

    vault: str
    record_id: str
    name: str
    deleted_at: datetime


def deleted_source(session: Session, vault_id: int, link: str) -> DeletedSource | None:
    """The deleted record of a connected Vault that a record of this one holds the Link of; None without one."""
    tombstones = table_of(Tombstone).c
    statement = (
        select(_vaults.name, tombstones.record_id, tombstones.name, tombstones.deleted_at)
        .select_from(table_of(Tombstone))
        .join(table_of(Vault), _vaults.id == tombstones.vault_id)
        .where(tombstones.vault_id.in_(_connected(vault_id)), tombstones.global_id == link)
        .order_by(tombstones.id.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else DeletedSource(*row)


def _connected(vault_id: int) -> Any:
    """Ids of the Vaults that this one has a connection with."""
    connections = table_of(Connection).c
    return select(connections.remote_vault_id).where(
        connections.vault_id == vault_id, connections.remote_vault_id.is_not(None)
    )


def fates_of_targets(session: Session, vault_id: int, record_id: str) -> tuple[Fate, ...]:
    """What becomes of each target of a record by the delete policies as they are now; empty without a target."""
    record = session.execute(
        select(_records.object_id, _records.global_id).where(
            _records.vault_id == vault_id, _records.record_id == record_id
        )
    ).one_or_none()
    if record is None:
        return ()
    ways = _ways(session, record.object_id)
    # By way of the objects: the index over object and Link finds them without a search through all records.
    objects = select(_objects.id).where(_objects.vault_id.in_(_connected(vault_id)))
    statement = (
        select(_records.vault_id, _vaults.name.label("vault"), _records.name, _objects.label)
        .join(table_of(VaultObject), _objects.id == _records.object_id)
        .join(table_of(Vault), _vaults.id == _records.vault_id)
        .where(_records.object_id.in_(objects), _records.link == record.global_id)
        .order_by(_vaults.name, _records.id)
        .limit(MOST)
    )
    return tuple(
        Fate(row.vault, row.name, row.label, *ways.get(row.vault_id, ("leave",))) for row in fetch(session, statement)
    )


def _ways(session: Session, object_id: int) -> dict[int, tuple[str, str, str, str]]:
    """By remote Vault: delete policy, integration, mark field and mark text of those that are told of an object.

    Of several integrations of one Vault, one that does something to its targets is told of. Records that came from the
    Vault itself, those matched by origin, stay.
    """
    here, there = table_of(Integration).alias("here"), table_of(Integration).alias("there")
    out, into = table_of(IntegrationPoint).alias("out"), table_of(IntegrationPoint).alias("into")
    sources, connections = table_of(PointSource), table_of(Connection)
    statement = (
        select(there, into.c.matching.label("own_matching"))
        .select_from(sources)
        .join(out, out.c.id == sources.c.point_id)
        .join(here, here.c.id == out.c.integration_id)
        .join(connections, connections.c.id == here.c.connection_id)
        .join(there, there.c.connection_id == connections.c.remote_connection_id)
        .join(into, into.c.integration_id == there.c.id)
        .where(
            sources.c.object_id == object_id,
            into.c.api_name == sources.c.remote_point,
            into.c.direction == Direction.INBOUND,
            here.c.active,
            there.c.active,
            connections.c.state == ConnectionState.ACTIVE,
        )
        .order_by(there.c.id)
    )
    ways: dict[int, tuple[str, str, str, str]] = {}
    for row in fetch(session, statement):
        if (row.own_matching or row.matching) is Matching.ORIGIN:
            continue
        if row.vault_id not in ways or ways[row.vault_id][0] == DeletePolicy.LEAVE:
            ways[row.vault_id] = (row.delete_policy.value, row.name, row.mark_field or "", row.mark_text or "")
    return ways
