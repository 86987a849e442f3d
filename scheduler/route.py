"""What a receive run needs to know about one kind of message: point, source object, rules, and who may read and write.

A route is worked out once per run; everything that can be wrong with the set-up is found here, before any item.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from models.callback import CallBack, compile_call_back
from models.data_model import ObjectModel, load_object
from models.errors import ConsoleError
from models.permissions import Actor, actor_of
from models.rules.compiled import CompiledPoint
from models.rules.load import load_point_rules
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    Connection,
    ConnectionState,
    DeletePolicy,
    Direction,
    Integration,
    IntegrationPoint,
    Matching,
    Vault,
    table_of,
)
from models.versions import ASKED
from models.vql.errors import VqlError, VqlErrorType
from scheduler.behaviour import Asking, Behaviour, behaviours_of

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


@dataclass(frozen=True, slots=True)
class Following:
    """What an integration does to target records when their source records go: deleted, or inactivated.

    Records that came from this Vault itself, those matched by origin, are its own and stay (Assumed).
    """

    policy: DeletePolicy = DeletePolicy.LEAVE
    mark_field: str = ""
    mark_text: str = ""
    inactivates: bool = False


@dataclass(frozen=True)
class Route:
    """How items of one object, sent to one inbound point, become records of this Vault.

    `calls` has the compiled call-back for the rules with these filter clauses. `match_fields` is the pair of source
    query item and target field for matching by fields. Names are those of the tables.
    """

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
    calls: Mapping[tuple[str, ...], CallBack]
    writes_as: int | None
    match_fields: tuple[str, str] | None = None
    following: Following = Following()
    behaviours: tuple[Behaviour, ...] = ()
    point_api_name: str = ""


def find_point(session: Session, connection_id: int, point_name: str) -> Row[Any] | None:
    """The inbound point that a message names, with its integration; None when the connection has none."""
    statement = (
        select(
            _points,
            _integrations.c.active.label("integration_active"),
            _integrations.c.name.label("integration_name"),
            _integrations.c.matching.label("integration_matching"),
            _integrations.c.match_source_field,
            _integrations.c.match_target_field,
            _integrations.c.delete_policy,
            _integrations.c.mark_field,
            _integrations.c.mark_text,
            _integrations.c.inactivates_targets,
        )
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(
            _integrations.c.connection_id == connection_id,
            _points.c.api_name == point_name,
            _points.c.direction == Direction.INBOUND,
        )
    )
    return session.execute(statement).one_or_none()


def load_route(session: Session, connection_id: int, point_name: str, object_name: str, now: datetime) -> Route:
    """Work out a route. `now` is the lab time for filters such as `LAST_DAYS:3`.

    Raises RouteBroken with what is wrong and what to do.
    """
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
    reader = _reader(session, remote, point)
    try:
        source = load_object(session, remote.vault_id, object_name)
        rules = load_point_rules(session, own.vault_id, connection_id, point.id, object_name)
        behaviours = behaviours_of(point.behaviours)
        asking = Asking(session, connection_id, source)
        asked = [item for behaviour in behaviours for item in behaviour.asks(asking)]
    except ConsoleError as error:
        raise RouteBroken(error.message, error.remedy, point) from error
    match_fields = _match_fields(point, rules)
    also = () if match_fields is None else match_fields[:1]
    if source.is_document:
        also = (*also, *ASKED)
    also = (*also, *asked)
    return Route(
        vault_id=own.vault_id,
        connection_id=connection_id,
        integration_id=point.integration_id,
        point_id=point.id,
        point_name=point.name,
        matching=_matching(point),
        creates=point.creates,
        updates=point.updates,
        source=source,
        rules=rules,
        calls=_call_backs(session, source, reader, rules, also, now, remote, point),
        writes_as=own.authorized_user_id,
        match_fields=match_fields,
        following=_following(point),
        behaviours=behaviours,
        point_api_name=point_name,
    )


def _matching(point: Row[Any]) -> Matching:
    matching: Matching = point.matching or point.integration_matching
    return matching


def _match_fields(point: Row[Any], rules: CompiledPoint) -> tuple[str, str] | None:
    if _matching(point) is not Matching.FIELDS:
        return None
    source, target = point.match_source_field, point.match_target_field
    remedy = "Set both fields in the integration's settings, or another way of matching."
    if not source or not target:
        raise RouteBroken(
            f"{point.integration_name} matches by a pair of fields, and the pair is not complete.", remedy, point
        )
    if not any(target in each.model.fields or target in SYSTEM_COLUMNS for each in rules.targets):
        names = " or ".join(dict.fromkeys(each.model.label for each in rules.targets))
        raise RouteBroken(f"{point.integration_name} matches by {target}: {names} has no such field.", remedy, point)
    return source, target


def _following(point: Row[Any]) -> Following:
    if _matching(point) is Matching.ORIGIN:
        return Following()
    return Following(
        point.delete_policy, point.mark_field or "", point.mark_text or "", inactivates=point.inactivates_targets
    )


def _call_backs(
    session: Session,
    source: ObjectModel,
    reader: Actor,
    rules: CompiledPoint,
    also: tuple[str, ...],
    now: datetime,
    remote: Row[Any],
    point: Row[Any],
) -> dict[tuple[str, ...], CallBack]:
    """One query for all rules with the same filter."""
    calls: dict[tuple[str, ...], CallBack] = {}
    for filters in dict.fromkeys(rule.filters for rule in rules.rules):
        sharing = [rule for rule in rules.rules if rule.filters == filters]
        items = sorted({item for rule in sharing for item in rule.items})
        try:
            calls[filters] = compile_call_back(session, source, reader, items, filters, also=also, now=now)
        except VqlError as error:
            raise _unanswered(remote, error, [rule.name for rule in sharing], point) from error
    return calls


def _unanswered(remote: Row[Any], error: VqlError, rules: list[str], point: Row[Any]) -> RouteBroken:
    """What the source Vault answers to a call-back that it cannot or may not answer."""
    if error.type is VqlErrorType.INSUFFICIENT_ACCESS:
        said = f"The call-back to {remote.vault_name} is refused: {error.type}: {error.message}"
        return RouteBroken(said, error.remedy, point, concerns_sender=True)
    said = f"The call-back to {remote.vault_name} fails: {error.type}: {error.message} (rule {', '.join(rules)})."
    return RouteBroken(
        said,
        "Correct the query field or filter of the rule, or bring the field back.",
        point,
    )


def _reader(session: Session, remote: Row[Any], point: Row[Any]) -> Actor:
    """The source Vault lets the call-back in as its connection's Authorized Connection User (seed S1)."""
    if remote.authorized_user_id is None:
        raise RouteBroken(
            f"Connection {remote.api_name} of {remote.vault_name} has no Authorized Connection User.",
            "Select one in the sending Vault: the call-back reads records as this user.",
            point,
            concerns_sender=True,
        )
    try:
        return actor_of(session, remote.authorized_user_id)
    except ConsoleError as error:
        said = f"The call-back to {remote.vault_name} is refused: {error.message}"
        raise RouteBroken(said, error.remedy, point, concerns_sender=True) from error
