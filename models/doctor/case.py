"""What the doctor looks at: both sides of a connection, read once."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from models.data_model import ObjectModel, load_object
from models.doctor.finding import Finding, FindingKind, Place, Severity
from models.errors import NotFound
from models.queries.requirements import IntegrationRequirements, requirements_of_connection
from models.tables import (
    SEARCH_ON_DEMAND,
    Connection,
    ConnectionType,
    Direction,
    Integration,
    IntegrationPoint,
    Lab,
    Matching,
    PointSource,
    Vault,
    VaultObject,
    table_of,
)

_connections = table_of(Connection)
_vaults = table_of(Vault)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)
_objects = table_of(VaultObject)


@dataclass(frozen=True, slots=True)
class Stream:
    """What one outbound point sends: an object's changes, meant for an inbound point of the partner."""

    integration_id: int
    integration: str
    integration_api_name: str
    active: bool
    point_id: int
    point: str
    object_name: str
    remote_point: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """An inbound point with its integration."""

    integration_id: int
    integration: str
    integration_api_name: str
    active: bool
    point_id: int
    point: str
    creates: bool
    matching: Matching
    behaviours: Sequence[str]

    @property
    def takes_messages(self) -> bool:
        """Whether messages are meant for it; through others users search the partner Vault."""
        return SEARCH_ON_DEMAND not in self.behaviours


@dataclass(frozen=True)
class Side:
    """One Vault's side of the connection."""

    session: Session
    row: Row[Any]
    """The connection, with `vault_name`, `dns_host` and `domain` of its Vault."""

    @property
    def key(self) -> int:
        """The connection's id."""
        return int(self.row.id)

    @property
    def vault_id(self) -> int:
        """The Vault's id."""
        return int(self.row.vault_id)

    @property
    def vault(self) -> str:
        """The Vault's name."""
        return str(self.row.vault_name)

    @property
    def name(self) -> str:
        """The connection's name."""
        return str(self.row.name)

    def finding(
        self,
        kind: FindingKind,
        cause: str,
        remedy: str,
        *,
        severity: Severity = "stops",
        area: str = "connections",
        key: int | str | None = None,
        within: int | None = None,
        where: str = "",
        command: str = "",
    ) -> Finding:
        """A finding on this side; without more it is about the connection itself. `command` gets the Vault added."""
        key = self.key if key is None else key
        command = command or f"connections show {quoted(self.row.api_name)}"
        return Finding(
            kind,
            severity,
            cause,
            remedy,
            self.vault,
            where or f"Connection {self.name}",
            Place(area, key, self.vault_id, within),
            f"vault-console {command} --vault {self.vault_id}",
        )

    @cached_property
    def integrations(self) -> list[Row[Any]]:
        """The integrations of this side."""
        statement = select(_integrations).where(_integrations.c.connection_id == self.key).order_by(_integrations.c.id)
        return list(self.session.execute(statement))

    @cached_property
    def needs(self) -> dict[int, IntegrationRequirements]:
        """What the integrations of this side need, by id."""
        return {each.key: each for each in requirements_of_connection(self.session, self.key)}

    @cached_property
    def streams(self) -> list[Stream]:
        """What this side sends, by integration and point; also that of inactive integrations."""
        statement = (
            select(
                _integrations.c.id,
                _integrations.c.name,
                _integrations.c.api_name,
                _integrations.c.active,
                _points.c.id,
                _points.c.name,
                _objects.c.name,
                _sources.c.remote_point,
            )
            .join(_points, _points.c.integration_id == _integrations.c.id)
            .join(_sources, _sources.c.point_id == _points.c.id)
            .join(_objects, _objects.c.id == _sources.c.object_id)
            .where(_integrations.c.connection_id == self.key, _points.c.direction == Direction.OUTBOUND)
            .order_by(_integrations.c.id, _points.c.position, _sources.c.position, _sources.c.id)
        )
        return [Stream(*row) for row in self.session.execute(statement)]

    @cached_property
    def inbound(self) -> dict[str, Inbound]:
        """The inbound points of this side by API name."""
        statement = (
            select(
                _points.c.api_name,
                _integrations.c.id,
                _integrations.c.name,
                _integrations.c.api_name,
                _integrations.c.active,
                _points.c.id,
                _points.c.name,
                _points.c.creates,
                func.coalesce(_points.c.matching, _integrations.c.matching),
                _points.c.behaviours,
            )
            .join(_integrations, _integrations.c.id == _points.c.integration_id)
            .where(_integrations.c.connection_id == self.key, _points.c.direction == Direction.INBOUND)
        )
        return {row[0]: Inbound(*row[1:]) for row in self.session.execute(statement)}

    def model(self, object_name: str) -> ObjectModel | None:
        """An object of this side's Vault; None when the Vault has none of that name."""
        if object_name not in self._models:
            try:
                self._models[object_name] = load_object(self.session, self.vault_id, object_name)
            except NotFound:
                self._models[object_name] = None
        return self._models[object_name]

    @cached_property
    def _models(self) -> dict[str, ObjectModel | None]:
        return {}


@dataclass(frozen=True)
class Case:
    """A connection to examine, and the moment for which dates are judged: lab time, and real time for the engine."""

    session: Session
    own: Side
    remote: Side | None
    now: datetime
    real_now: datetime

    @property
    def is_vault_to_vault(self) -> bool:
        """Whether two Vaults are connected."""
        return self.own.row.type is ConnectionType.VAULT_TO_VAULT

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that are there, the own one first."""
        return (self.own,) if self.remote is None else (self.own, self.remote)

    @property
    def flows(self) -> tuple[tuple[Side, Side], ...]:
        """Sender and receiver, both ways; empty while there is no partner."""
        return () if self.remote is None else ((self.own, self.remote), (self.remote, self.own))


def open_case(session: Session, vault_id: int, connection_id: int, now: datetime, real_now: datetime) -> Case:
    """Read both sides of a connection. Raises NotFound when the Vault has no such connection.

    While the lab clock stands, what was just written is a little ahead of it: it is no future.
    """
    own = _side(session, connection_id)
    if own is None or own.vault_id != vault_id:
        raise NotFound("This Vault has no such connection.", "Choose one of the Connections list.")
    remote = _side(session, own.row.remote_connection_id) if own.row.remote_connection_id is not None else None
    latest: datetime = session.execute(select(table_of(Lab).c.last_tick)).scalar_one()
    return Case(session, own, remote, max(now, latest), real_now)


def quoted(word: object) -> str:
    """A word as a shell takes it."""
    return shlex.quote(str(word))


def _side(session: Session, connection_id: int) -> Side | None:
    statement = (
        select(_connections, _vaults.c.name.label("vault_name"), _vaults.c.dns_host, _vaults.c.domain)
        .join(_vaults, _vaults.c.id == _connections.c.vault_id)
        .where(_connections.c.id == connection_id)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else Side(session, row)
