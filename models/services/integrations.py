"""Integrations of a connection: making them with their points and rules, switching them, and when they last ran.

Integrations and their points belong to the connection page and need Manage Connections; rules need Manage
Integrations (integration facts, section 7).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlmodel import Session

from models.audit import audit
from models.data_model import ObjectModel, load_object
from models.errors import InvalidInput, NotFound, NotPossible
from models.feed import Topic
from models.naming import LONGEST_NAME, name_from_label
from models.permissions import Actor, Permission
from models.queries.requirements import requirements_of
from models.services.checks import TYPE_LABELS, Checks, connection_in_vault, in_vault
from models.services.integration_needs import NO_NEEDS, Needs, checked_needs
from models.services.jobs import mark_requested
from models.services.rule_parts import free_name
from models.services.rules import add_field_rule, create_rule
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    ConnectionType,
    Direction,
    Integration,
    IntegrationPoint,
    JobKind,
    Matching,
    PointSource,
    table_of,
)
from models.time import whole_milliseconds
from models.versions import STATETYPE

__all__ = [
    "add_field_rule",
    "add_point_source",
    "create_integration",
    "create_point",
    "create_rule",
    "last_successful_run_time",
    "require_switchable",
    "set_integration_active",
    "set_last_successful_run_time",
]

OBJECT_NAME = "integration__sys"
POINT_OBJECT_NAME = "integration_point__sys"
SENDS_WHAT_IS_THERE = "send_what_is_there"
"""The behaviour of an outbound point whose integration begins with all that is there (`scheduler.behaviours`)."""

_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)


def create_integration(
    write: WriteSession,
    actor: Actor,
    connection_id: int,
    *,
    name: str,
    api_name: str = "",
    feature: str = "",
    standard: bool = False,
    active: bool = False,
    needs: Needs = NO_NEEDS,
) -> Integration:
    """Create an integration on a Vault to Vault connection; an active one begins to look for changes from now on.

    Without an API name it is called after its name, numbered where that is taken. What it needs is kept, not asked
    for: the integrations that it names may be made after it.
    Raises NotAllowed, NotFound, NotPossible for another type of connection, and InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    if connection.type is not ConnectionType.VAULT_TO_VAULT:
        raise NotPossible(
            f"{connection.name} is of type {TYPE_LABELS[connection.type]}.",
            "Only Vault to Vault connections have integrations.",
        )
    checks = Checks()
    if not api_name.strip():
        api_name = _free_name(write, name, _integrations.c.connection_id == connection_id, _integrations)
    name, api_name = _check_names(checks, name, api_name, standard=standard)
    feature = checks.text("feature", feature, 100)
    needs = checked_needs(checks, needs)
    taken = f"{connection.name} already has an integration with the API name {api_name}."
    checks.unless(
        write,
        "api_name",
        taken,
        _integrations.c.connection_id == connection_id,
        _integrations.c.api_name == api_name,
    )
    checks.done()
    since = write.now if active else None
    integration = Integration(
        vault_id=actor.vault_id,
        connection_id=connection_id,
        name=name,
        api_name=api_name,
        feature=feature,
        active=active,
        standard=standard,
        last_successful_send=since,
        last_successful_receive=since,
        modified_at=write.now,
        **asdict(needs),
    )
    write.add(integration)
    write.flush()
    _created(write, actor, OBJECT_NAME, name)
    return integration


def create_point(
    write: WriteSession,
    actor: Actor,
    integration_id: int,
    *,
    name: str,
    api_name: str = "",
    direction: Direction,
    matching: Matching | None = None,
    creates: bool = True,
    updates: bool = True,
    behaviours: Sequence[str] = (),
    standard: bool = False,
) -> IntegrationPoint:
    """Create an integration point, last in the integration's order.

    A message finds its inbound point by API name within the connection, so two inbound points of one connection cannot
    share a name. Without an API name it is called after its name, numbered where that is taken. `behaviours` are kept,
    not checked: the jobs know them. Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    integration = in_vault(write, Integration, integration_id, actor.vault_id, "integration")
    checks = Checks()
    siblings = select(_integrations.c.id).where(_integrations.c.connection_id == integration.connection_id)
    if not api_name.strip():
        api_name = _free_name(write, name, _points.c.integration_id.in_(siblings), _points)
    name, api_name = _check_names(checks, name, api_name, standard=standard)
    own = (_points.c.integration_id == integration_id, _points.c.api_name == api_name)
    taken = f"{integration.name} already has an integration point with the API name {api_name}."
    checks.unless(write, "api_name", taken, *own)
    if direction is Direction.INBOUND:
        checks.unless(
            write,
            "api_name",
            f"Another integration of this connection has an inbound point with the API name {api_name}.",
            _points.c.integration_id.in_(siblings),
            _points.c.api_name == api_name,
            _points.c.direction == Direction.INBOUND,
        )
    else:
        checks.refuse("matching", "Only an inbound point matches records.", when=matching is not None)
    checks.done()
    position = write.execute(
        select(func.count()).select_from(_points).where(_points.c.integration_id == integration_id)
    ).scalar_one()
    point = IntegrationPoint(
        vault_id=actor.vault_id,
        integration_id=integration_id,
        name=name,
        api_name=api_name,
        direction=direction,
        matching=matching,
        creates=creates,
        updates=updates,
        behaviours=list(behaviours),
        position=position,
    )
    write.add(point)
    write.flush()
    _created(write, actor, POINT_OBJECT_NAME, name)
    return point


def add_point_source(
    write: WriteSession,
    actor: Actor,
    point_id: int,
    *,
    object_name: str,
    remote_point: str,
    criteria: Mapping[str, Any] | None = None,
) -> PointSource:
    """Have an outbound point watch an object and send its changes to an inbound point of the remote Vault.

    `criteria` maps a field, or one across an object reference (`study__vr.name__v`), to the value that a record must
    hold to be sent; of several values in a list it must hold one. `STATETYPE()` asks for the type of its lifecycle
    state (`steady`). The remote point is named, not checked: it is the remote Vault's. Raises NotAllowed, NotFound,
    NotPossible for an inbound point, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    point = in_vault(write, IntegrationPoint, point_id, actor.vault_id, "integration point")
    if point.direction is not Direction.OUTBOUND:
        raise NotPossible(f"{point.name} is inbound.", "Only an outbound integration point watches objects.")
    model = load_object(write, actor.vault_id, object_name)
    criteria = dict(criteria or {})
    checks = Checks()
    remote_point = checks.text("remote_point", remote_point, LONGEST_NAME, required=True)
    for path in criteria:
        checks.note(f"criteria {path}", path_problem(write, model, path))
    checks.unless(
        write,
        "remote_point",
        f"{point.name} already sends {model.label} to {remote_point}.",
        _sources.c.point_id == point_id,
        _sources.c.object_id == model.id,
        _sources.c.remote_point == remote_point,
    )
    checks.done()
    position = write.execute(
        select(func.count()).select_from(_sources).where(_sources.c.point_id == point_id)
    ).scalar_one()
    source = PointSource(
        point_id=point_id,
        object_id=model.id,
        remote_point=remote_point,
        criteria=criteria,
        position=position,
    )
    write.add(source)
    write.flush()
    _created(write, actor, POINT_OBJECT_NAME, f"{point.name}: {model.label}")
    return source


def set_integration_active(write: WriteSession, actor: Actor, integration_id: int, active: bool) -> bool:  # noqa: FBT001
    """Switch an integration on or off; answers False when it was so already, and then nothing is touched.

    Activation and re-activation set Last Successful Run Time to now (seed S3): what changed while the integration was
    inactive is not sent. Only the first activation of an integration that sends what is there leaves it to look for
    changes from the beginning (RIM-PromoMats: the first connection pushes what exists). Raises NotAllowed, NotFound,
    and NotPossible that names what is missing: an application or local feature of the Vault, an integration that this
    one depends on, or one that it supersedes and that is still active; and for one that an active integration depends
    on (seed S0).
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    integration = in_vault(write, Integration, integration_id, actor.vault_id, "integration")
    if integration.active == active:
        return False
    require_switchable(write, integration_id, active=active)
    integration.active = active
    changes: dict[str, tuple[Any, Any]] = {"status__v": (_status(not active), _status(active))}
    if active:
        begins = integration.last_successful_send is None and _sends_what_is_there(write, integration_id)
        changes |= _move_run_times(integration, write.now)
        if begins:
            integration.last_successful_send = None
    _saved(write, actor, integration, changes)
    return True


def require_switchable(session: Session, integration_id: int, *, active: bool) -> None:
    """Let pass an integration that can be switched so, by what it needs and by what needs it. Raises NotPossible."""
    found = requirements_of(session, integration_id)
    problem, remedy = found.switching_problem(active=active) if found is not None else ("", "")
    if problem:
        raise NotPossible(problem, remedy)


def set_last_successful_run_time(write: WriteSession, actor: Actor, integration_id: int, moment: datetime) -> bool:
    """Set the time from which on an integration looks for changes; answers False when that changes nothing.

    A time before now has the Vault's send and receive jobs run at once for the connection (seed S3). Raises
    NotAllowed, NotFound, and InvalidInput for a time in the future or without a time zone.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    integration = in_vault(write, Integration, integration_id, actor.vault_id, "integration")
    field = "last_successful_run_time"
    if moment.tzinfo is None:
        raise InvalidInput({field: "A time with its time zone is needed, e.g. 2026-01-31T12:00:00.000Z."})
    moment = whole_milliseconds(moment)
    if moment > write.now:
        raise InvalidInput({field: "This is a time in the future: choose one up to now."})
    changes = _move_run_times(integration, moment)
    if not changes:
        return False
    _saved(write, actor, integration, changes)
    if moment < write.now:
        for kind in (JobKind.SEND, JobKind.RECEIVE):
            mark_requested(write, actor.vault_id, kind, integration.connection_id)
    return True


def last_successful_run_time(integration: Integration, directions: Collection[Direction]) -> datetime | None:
    """The one time that people read: the earlier of those of the directions that the integration has points for.

    None when the integration never was active. Without any direction both times count.
    """
    times = {
        Direction.OUTBOUND: integration.last_successful_send,
        Direction.INBOUND: integration.last_successful_receive,
    }
    known = [time for direction, time in times.items() if time and (direction in directions or not directions)]
    return min(known, default=None)


def _sends_what_is_there(write: WriteSession, integration_id: int) -> bool:
    points = select(_points.c.behaviours).where(
        _points.c.integration_id == integration_id, _points.c.direction == Direction.OUTBOUND
    )
    return any(SENDS_WHAT_IS_THERE in behaviours for behaviours in write.execute(points).scalars())


def _free_name(write: WriteSession, name: str, among: ColumnElement[bool], table: Table) -> str:
    taken = set(write.execute(select(table.c.api_name).where(among)).scalars())
    return free_name(name_from_label(name), taken)


def _check_names(checks: Checks, name: str, api_name: str, *, standard: bool) -> tuple[str, str]:
    name, api_name = checks.text("name", name, 100, required=True), api_name.strip()
    checks.api_name("api_name", api_name, standard=standard)
    return name, api_name


def path_problem(write: WriteSession, model: ObjectModel, path: str) -> str | None:
    """What is wrong with a field of an object, or one across an object reference; None for a good one."""
    if path == STATETYPE:
        return None if model.state_types else f"No lifecycle state of {model.label} has a type."
    relationship, dot, name = path.rpartition(".")
    holder = model
    if dot:
        reference = model.relationships.get(relationship)
        if reference is None or reference.reference is None:
            return f"{model.label} has no relationship {relationship}."
        try:
            holder = load_object(write, model.vault_id, reference.reference)
        except NotFound as missing:
            return missing.message
    if name in SYSTEM_COLUMNS or name in holder.fields:
        return None
    return f"{holder.label} has no field {name}."


def _move_run_times(integration: Integration, moment: datetime) -> dict[str, tuple[Any, Any]]:
    """Set both directions' times; answers the change in the one time that people read, empty when there is none."""
    before = last_successful_run_time(integration, ())
    same = integration.last_successful_send == integration.last_successful_receive == moment
    integration.last_successful_send = integration.last_successful_receive = moment
    return {} if same else {"last_successful_run_time": (before, moment)}


def _status(active: bool) -> str:  # noqa: FBT001
    return "active__v" if active else "inactive__v"


def _created(write: WriteSession, actor: Actor, object_name: str, item: str) -> None:
    audit(write, actor, action="Create", object_name=object_name, item=item)
    write.changed(Topic.INTEGRATIONS, actor.vault_id)


def _saved(write: WriteSession, actor: Actor, integration: Integration, changes: Mapping[str, tuple[Any, Any]]) -> None:
    integration.modified_at = write.now
    write.add(integration)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=integration.name, changes=changes)
    write.changed(Topic.INTEGRATIONS, actor.vault_id)
