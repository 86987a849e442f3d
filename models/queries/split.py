"""Both halves of one connection, so that what belongs together stands together, and what is missing is seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session

from models.queries.requirements import requirements_of_connection
from models.queries.window import fetch
from models.tables import (
    ApprovalTask,
    Connection,
    ConnectionType,
    Direction,
    Integration,
    IntegrationPoint,
    MessageState,
    PointSource,
    Queue,
    QueueConnection,
    SparkMessage,
    Vault,
    VaultObject,
    table_of,
)

_connections = table_of(Connection).c
_vaults = table_of(Vault).c
_tasks = table_of(ApprovalTask)
_integrations = table_of(Integration).c
_points = table_of(IntegrationPoint).c
_sources = table_of(PointSource).c
_objects = table_of(VaultObject).c
_queues = table_of(Queue).c
_served = table_of(QueueConnection).c
_messages = table_of(SparkMessage).c

H = TypeVar("H")
Way = Literal["both", "out", "in"]
"""How two halves are tied: on the same level, out of the near one, or into it."""


@dataclass(frozen=True, slots=True)
class Pair(Generic[H]):
    """Two halves that belong together; one of them is None where it is missing."""

    near: H | None
    far: H | None
    way: Way = "both"


@dataclass(frozen=True, slots=True)
class IntegrationHalf:
    """An integration of one side; `why_not` says why it cannot be switched to its other Status."""

    key: int
    name: str
    api_name: str
    active: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class PointHalf:
    """An integration point of one side. `objects` is what an outbound one watches for the point it is paired with."""

    key: int
    integration_id: int
    name: str
    api_name: str
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueHalf:
    """A queue that serves the connection; `waiting` counts its messages of this connection that wait in it."""

    key: int
    label: str
    api_name: str
    active: bool
    delivers: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class Halves:
    """What the two sides of a connection consist of, paired."""

    integrations: tuple[Pair[IntegrationHalf], ...]
    points: tuple[Pair[PointHalf], ...]
    queues: tuple[Pair[QueueHalf], ...]


@dataclass(frozen=True, slots=True)
class OtherHalf:
    """A Vault that a connection can be established with; `connection_id` is None where it has no such connection."""

    vault_id: int
    vault: str
    family: str
    connection_id: int | None
    connection: str
    state: str


def partner_of(session: Session, connection_id: int) -> tuple[int, int] | None:
    """Vault and id of the connection at the other end: established, waiting for approval, or left behind by a reset.

    None when there is no other end yet.
    """
    own = select(_connections.remote_connection_id).where(_connections.id == connection_id).scalar_subquery()
    files = select(_tasks.c.file_id).where(_tasks.c.connection_id == connection_id, _tasks.c.completed_at.is_(None))
    waiting = select(_tasks.c.connection_id).where(_tasks.c.file_id.in_(files))
    for condition in (
        _connections.id == own,
        _connections.id.in_(waiting),
        _connections.remote_connection_id == connection_id,
    ):
        statement = select(_connections.vault_id, _connections.id).where(condition, _connections.id != connection_id)
        row = session.execute(statement.order_by(_connections.id)).first()
        if row is not None:
            return row[0], row[1]
    return None


def other_halves(session: Session, connection_id: int) -> tuple[OtherHalf, ...]:
    """The Vaults that a connection can be established with, those first that have its other half already.

    The halves of a standard connection are of one standard connection, those of a custom one share their API name, as
    Connect from File has it (seed S1). What is established with another Vault already is left out. Empty for External
    and Local connections.
    """
    connection = session.get(Connection, connection_id)
    if connection is None or connection.type is not ConnectionType.VAULT_TO_VAULT:
        return ()
    half = table_of(Connection).alias("half")
    alike = (
        half.c.standard_connection == connection.standard_connection
        if connection.standard_connection
        else and_(half.c.api_name == connection.api_name, half.c.standard_connection == "")
    )
    statement = (
        select(_vaults.id, _vaults.name, _vaults.family, half.c.id, half.c.name, half.c.state)
        .outerjoin(half, and_(half.c.vault_id == _vaults.id, half.c.type == ConnectionType.VAULT_TO_VAULT, alike))
        .where(
            _vaults.id != connection.vault_id,
            or_(half.c.remote_connection_id.is_(None), half.c.remote_connection_id == connection_id),
        )
        .order_by(half.c.id.is_(None), func.lower(_vaults.name), half.c.id)
    )
    if connection.system_managed:
        statement = statement.where(half.c.id.is_not(None))
    return tuple(
        OtherHalf(row[0], row[1], row[2], row[3], row[4] or "", str(row[5] or "")) for row in fetch(session, statement)
    )


def halves(session: Session, near_id: int, far_id: int | None) -> Halves:
    """Pair what two connections consist of. Without a far one every half stands alone."""
    points = tuple(_pair_points(session, near_id, far_id))
    return Halves(
        tuple(_pair_integrations(session, near_id, far_id, points)),
        points,
        tuple(_pair_queues(session, near_id, far_id)),
    )


def _pair_points(session: Session, near_id: int, far_id: int | None) -> Iterable[Pair[PointHalf]]:
    """An outbound point and the inbound one whose API name its messages carry."""
    ways: tuple[tuple[Way, int | None, int | None], ...] = (("out", near_id, far_id), ("in", far_id, near_id))
    for way, sender, receiver in ways:
        inbound = _inbound(session, receiver)
        met: set[str] = set()
        for remote_point, source in _outbound(session, sender):
            target = inbound.get(remote_point)
            met.add(remote_point)
            yield Pair(source, target, way) if way == "out" else Pair(target, source, way)
        for name, target in inbound.items():
            if name not in met:
                yield Pair(None, target, way) if way == "out" else Pair(target, None, way)


def _inbound(session: Session, connection_id: int | None) -> dict[str, PointHalf]:
    statement = (
        select(_points.id, _points.integration_id, _points.name, _points.api_name)
        .join(table_of(Integration), _integrations.id == _points.integration_id)
        .where(_integrations.connection_id == connection_id, _points.direction == Direction.INBOUND)
        .order_by(_points.integration_id, _points.position, _points.id)
    )
    return {row[3]: PointHalf(*row) for row in fetch(session, statement)}


def _outbound(session: Session, connection_id: int | None) -> list[tuple[str, PointHalf]]:
    """Outbound points, once per inbound point that they are meant for; points without a source for none."""
    statement = (
        select(
            _points.id, _points.integration_id, _points.name, _points.api_name, _sources.remote_point, _objects.label
        )
        .join(table_of(Integration), _integrations.id == _points.integration_id)
        .outerjoin(table_of(PointSource), _sources.point_id == _points.id)
        .outerjoin(table_of(VaultObject), _objects.id == _sources.object_id)
        .where(_integrations.connection_id == connection_id, _points.direction == Direction.OUTBOUND)
        .order_by(_points.integration_id, _points.position, _points.id, _sources.position, _sources.id)
    )
    found: dict[tuple[int, str], PointHalf] = {}
    for *row, remote_point, label in fetch(session, statement):
        key = (row[0], remote_point or "")
        before = found[key].objects if key in found else ()
        found[key] = PointHalf(row[0], row[1], row[2], row[3], (*before, label) if label else before)
    return [(remote_point, half) for (_, remote_point), half in found.items()]


def _pair_integrations(
    session: Session, near_id: int, far_id: int | None, points: Iterable[Pair[PointHalf]]
) -> Iterable[Pair[IntegrationHalf]]:
    """Integrations whose points are tied, else those of one API name."""
    near, far = _integrations_of(session, near_id), _integrations_of(session, far_id)
    tied: dict[int, list[int]] = {}
    for pair in points:
        if pair.near is not None and pair.far is not None:
            others = tied.setdefault(pair.near.integration_id, [])
            if pair.far.integration_id not in others:
                others.append(pair.far.integration_id)
    by_name = {half.api_name: key for key, half in far.items()}
    met: set[int] = set()
    for key, half in near.items():
        others = tied.get(key) or [by_name[half.api_name]] if half.api_name in by_name or key in tied else []
        met.update(others)
        for other in others:
            yield Pair(half, far[other])
        if not others:
            yield Pair(half, None)
    for key, half in far.items():
        if key not in met:
            yield Pair(None, half)


def _integrations_of(session: Session, connection_id: int | None) -> dict[int, IntegrationHalf]:
    found = requirements_of_connection(session, connection_id) if connection_id is not None else ()
    return {
        each.key: IntegrationHalf(
            each.key,
            each.name,
            each.api_name,
            each.active,
            " ".join(each.switching_problem(active=not each.active)).strip(),
        )
        for each in sorted(found, key=lambda each: (each.name.lower(), each.key))
    }


def _pair_queues(session: Session, near_id: int, far_id: int | None) -> Iterable[Pair[QueueHalf]]:
    """An outbound queue and the inbound one that it delivers to."""
    ways: tuple[tuple[Way, int | None, int | None], ...] = (("out", near_id, far_id), ("in", far_id, near_id))
    for way, sender, receiver in ways:
        inbound = {half.api_name: half for _, half in _queues_of(session, receiver, Direction.INBOUND)}
        met: set[str] = set()
        for deliver_to, source in _queues_of(session, sender, Direction.OUTBOUND):
            target = inbound.get(deliver_to)
            met.add(deliver_to)
            yield Pair(source, target, way) if way == "out" else Pair(target, source, way)
        for name, target in inbound.items():
            if name not in met:
                yield Pair(None, target, way) if way == "out" else Pair(target, None, way)


def _queues_of(session: Session, connection_id: int | None, type_: Direction) -> list[tuple[str, QueueHalf]]:
    waiting = (
        select(func.count())
        .where(
            _messages.queue_id == _queues.id,
            _messages.state == MessageState.QUEUED,
            _messages.connection_id == connection_id,
        )
        .correlate(table_of(Queue))
        .scalar_subquery()
    )
    statement = (
        select(
            _served.deliver_to_queue,
            _queues.id,
            _queues.label,
            _queues.api_name,
            _queues.active & _served.active,
            _queues.delivery_enabled,
            waiting,
        )
        .join(table_of(QueueConnection), _served.queue_id == _queues.id)
        .where(_served.connection_id == connection_id, _queues.type == type_)
        .order_by(func.lower(_queues.label), _queues.id)
    )
    return [
        (row[0] or "", QueueHalf(row[1], row[2], row[3], bool(row[4]), bool(row[5]), row[6]))
        for row in fetch(session, statement)
    ]
