"""What a receive run needs to know about one kind of message: point, source object, rules, and who may read and write.

A route is worked out once per run; everything that can be wrong with the set-up is found here, before any item.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from models.callback import unknown_paths
from models.data_model import ObjectModel, load_object
from models.errors import ConsoleError
from models.permissions import Actor, Right, actor_of
from models.rules.compiled import CompiledPoint
from models.rules.load import load_point_rules
from models.tables import (
    Connection,
    ConnectionState,
    Direction,
    Integration,
    IntegrationPoint,
    Matching,
    Vault,
    table_of,
)

_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_vaults = table_of(Vault)


class RouteBroken(ConsoleError):
    """The set-up does not let any item of a message be applied. `integration_id` is known when the point is.

    `concerns_sender` says that the sending Vault has a part in it and is told as well.
    """

    title = "The message cannot be processed"

    def __init__(
        self, message: str, remedy: str, point: Row[Any] | None = None, *, concerns_sender: bool = False
    ) -> None:
        super().__init__(message, remedy)
        self.point = point
        self.concerns_sender = concerns_sender


@dataclass(frozen=True)
class Route:
    """How items of one object, sent to one inbound point, become records of this Vault."""

    vault_id: int
    connection_id: int
    integration_id: int
    point_id: int
    point_name: str
    matching: Matching
    creates: bool
    updates: bool
    source: ObjectModel
    rules: CompiledPoint
    writes_as: int | None


def find_point(session: Session, connection_id: int, point_name: str) -> Row[Any] | None:
    """The inbound point that a message names, with its integration; None when the connection has none."""
    statement = (
        select(
            _points,
            _integrations.c.active.label("integration_active"),
            _integrations.c.name.label("integration_name"),
            _integrations.c.matching.label("integration_matching"),
        )
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(
            _integrations.c.connection_id == connection_id,
            _points.c.api_name == point_name,
            _points.c.direction == Direction.INBOUND,
        )
    )
    return session.execute(statement).one_or_none()


def load_route(session: Session, connection_id: int, point_name: str, object_name: str) -> Route:
    """Work out a route. Raises RouteBroken with what is wrong and what to do."""
    point = find_point(session, connection_id, point_name)
    own = session.execute(select(_connections).where(_connections.c.id == connection_id)).one()
    if point is None:
        raise RouteBroken(
            f"Connection {own.api_name} has no inbound integration point {point_name}.",
            "Create the point, or correct the remote point in the sending Vault.",
            concerns_sender=True,
        )
    if own.state is not ConnectionState.ACTIVE:
        raise RouteBroken(
            f"Connection {own.api_name} is {own.state.value}, not active.", "Establish the connection again.", point
        )
    if not point.integration_active:
        raise RouteBroken(
            f"Integration {point.integration_name} is inactive in this Vault.",
            "Set its Status to Active.",
            point,
            concerns_sender=True,
        )
    remote = session.execute(
        select(_connections, _vaults.c.name.label("vault_name"))
        .join(_vaults, _vaults.c.id == _connections.c.vault_id)
        .where(_connections.c.id == own.remote_connection_id)
    ).one_or_none()
    if remote is None:
        raise RouteBroken(
            f"Connection {own.api_name} has no partner in another Vault.", "Establish the connection again.", point
        )
    if remote.state is not ConnectionState.ACTIVE or remote.remote_connection_id != own.id:
        raise RouteBroken(
            f"The call-back to {remote.vault_name} is refused: its connection {remote.api_name} is not active for this "
            "Vault.",
            "Establish the connection again.",
            point,
            concerns_sender=True,
        )
    reader = _reader(session, remote, object_name, point)
    try:
        source = load_object(session, remote.vault_id, object_name)
        rules = load_point_rules(session, own.vault_id, connection_id, point.id, object_name)
        related = _related(session, source, rules.paths)
        problems = unknown_paths(source, related, rules.paths)
    except ConsoleError as error:
        raise RouteBroken(error.message, error.remedy, point) from error
    if problems:
        raise RouteBroken(
            f"The call-back to {remote.vault_name} fails: {' '.join(problems.values())}",
            "Correct the query field of the field rule, or bring the field back.",
            point,
        )
    for walked in related.values():
        _require_reading(reader, remote, walked.name, point)
    return Route(
        vault_id=own.vault_id,
        connection_id=connection_id,
        integration_id=point.integration_id,
        point_id=point.id,
        point_name=point.name,
        matching=point.matching or point.integration_matching,
        creates=point.creates,
        updates=point.updates,
        source=source,
        rules=rules,
        writes_as=own.authorized_user_id,
    )


def _reader(session: Session, remote: Row[Any], object_name: str, point: Row[Any]) -> Actor:
    """The source Vault lets the call-back in as its connection's Authorized Connection User (seed S1)."""
    if remote.authorized_user_id is None:
        raise RouteBroken(
            f"Connection {remote.api_name} of {remote.vault_name} has no Authorized Connection User.",
            "Select one in the sending Vault: the call-back reads records as this user.",
            point,
            concerns_sender=True,
        )
    try:
        reader = actor_of(session, remote.authorized_user_id)
    except ConsoleError as error:
        raise _refused(remote, error, point) from error
    _require_reading(reader, remote, object_name, point)
    return reader


def _require_reading(reader: Actor, remote: Row[Any], object_name: str, point: Row[Any]) -> None:
    try:
        reader.require_object(object_name, Right.READ)
    except ConsoleError as error:
        raise _refused(remote, error, point) from error


def _refused(remote: Row[Any], error: ConsoleError, point: Row[Any]) -> RouteBroken:
    said = f"The call-back to {remote.vault_name} is refused: {error.message}"
    return RouteBroken(said, error.remedy, point, concerns_sender=True)


def _related(session: Session, source: ObjectModel, paths: Iterable[str]) -> Mapping[str, ObjectModel]:
    """The objects that the paths walk to, by the relationship."""
    walked = {path.rpartition(".")[0] for path in paths if "." in path}
    return {
        relationship: load_object(session, source.vault_id, field.reference)
        for relationship, field in source.relationships.items()
        if relationship in walked and field.reference is not None
    }
