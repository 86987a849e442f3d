"""Changing and deleting custom integrations, their points, and what outbound points watch (seed S1, "Integrations").

Standard ones are on or off by their Status; their names and API names stay, and they are not deleted (Assumed).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select

from models.audit import audit
from models.data_model import load_object
from models.errors import NotFound, NotPossible
from models.feed import Topic
from models.naming import LONGEST_NAME
from models.permissions import Actor, Permission
from models.removal import remove_rows
from models.services.checks import LARGEST_ID, Checks, changed, in_vault, key_of
from models.services.integrations import OBJECT_NAME, POINT_OBJECT_NAME, path_problem
from models.services.rule_parts import all_values, rule_place
from models.services.rules import drop_rule
from models.store import WriteSession
from models.tables import (
    Direction,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Matching,
    PointSource,
    VaultObject,
    table_of,
)

_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)
_rules = table_of(IntegrationRule)


def edit_integration(write: WriteSession, actor: Actor, integration_id: int, values: Mapping[str, Any]) -> bool:
    """Change `name`, `api_name` or `feature` of a custom integration; answers False when nothing differs.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    integration = _integration(write, actor, integration_id)
    names = ("name", "api_name", "feature")
    wanted = {name: getattr(integration, name) for name in names} | {n: v for n, v in values.items() if n in names}
    checks = Checks()
    cleaned = _names(checks, integration, wanted) | {"feature": checks.text("feature", wanted["feature"] or "", 100)}
    checks.unless(
        write,
        "api_name",
        f"The connection already has an integration with the API name {cleaned['api_name']}.",
        _integrations.c.connection_id == integration.connection_id,
        _integrations.c.api_name == cleaned["api_name"],
        _integrations.c.id != integration_id,
    )
    checks.done()
    return _save(write, actor, integration, cleaned, OBJECT_NAME, integration.name)


def delete_integration(write: WriteSession, actor: Actor, integration_id: int) -> None:
    """Delete a custom integration with its points, rules, and what failed in it.

    Raises NotAllowed, NotFound, NotPossible for a standard one, and for one that is Active.
    """
    integration = _integration(write, actor, integration_id)
    if (problem := integration_delete_problem(integration)) is not None:
        raise NotPossible(problem, "Set its Status to Inactive." if integration.standard else "Inactivate it first.")
    for point_id in write.execute(select(_points.c.id).where(_points.c.integration_id == integration_id)).scalars():
        _drop_point(write, actor, write.get_one(IntegrationPoint, point_id))
    _drop(write, actor, integration, _integrations, OBJECT_NAME, integration.name)


def integration_delete_problem(integration: Integration) -> str | None:
    """Why an integration cannot be deleted; None when it can."""
    if integration.standard:
        return f"{integration.name} is a standard integration, which is turned off, not deleted."
    return f"{integration.name} is Active." if integration.active else None


def edit_point(write: WriteSession, actor: Actor, point_id: int, values: Mapping[str, Any]) -> bool:
    """Change `name`, `api_name`, `matching`, `creates` or `updates` of a point; answers False when nothing differs.

    Messages name the inbound point: with another API name, the outbound point of the partner must name the new one.
    Raises NotAllowed, NotFound, InvalidInput.
    """
    point = _point(write, actor, point_id)
    names = ("name", "api_name", "matching", "creates", "updates")
    wanted = {name: getattr(point, name) for name in names} | {n: v for n, v in values.items() if n in names}
    checks = Checks()
    cleaned = _names(checks, point, wanted) | _matching(checks, point, wanted)
    integration = write.get_one(Integration, point.integration_id)
    siblings = select(_integrations.c.id).where(_integrations.c.connection_id == integration.connection_id)
    within = _points.c.integration_id == point.integration_id
    if point.direction is Direction.INBOUND:
        within |= _points.c.integration_id.in_(siblings) & (_points.c.direction == Direction.INBOUND)
    checks.unless(
        write,
        "api_name",
        f"The connection already has an integration point with the API name {cleaned['api_name']}.",
        within,
        _points.c.api_name == cleaned["api_name"],
        _points.c.id != point_id,
    )
    checks.done()
    return _save(write, actor, point, cleaned, POINT_OBJECT_NAME, point.name)


def delete_point(write: WriteSession, actor: Actor, point_id: int) -> None:
    """Delete a custom point with its rules, what it watches, and what failed in it.

    Raises NotAllowed, NotFound, NotPossible for a standard one.
    """
    point = _point(write, actor, point_id)
    if (problem := point_delete_problem(point)) is not None:
        raise NotPossible(problem, "Inactivate the integration, or the rules of the point.")
    _drop_point(write, actor, point)


def point_delete_problem(point: IntegrationPoint) -> str | None:
    """Why a point cannot be deleted; None when it can."""
    return None if _is_custom(point) else f"{point.name} is a standard integration point."


def edit_point_source(
    write: WriteSession,
    actor: Actor,
    source_id: int,
    *,
    remote_point: str | None = None,
    criteria: Mapping[str, Any] | None = None,
) -> bool:
    """Change where an outbound point sends an object's changes, or which; None leaves a field as it is.

    Answers False when nothing differs. Raises NotAllowed, NotFound, InvalidInput.
    """
    source, point, label = _source(write, actor, source_id)
    checks = Checks()
    target = source.remote_point if remote_point is None else remote_point
    target = checks.text("remote_point", target, LONGEST_NAME, required=True)
    wanted = dict(source.criteria if criteria is None else criteria)
    model = load_object(write, actor.vault_id, write.get_one(VaultObject, source.object_id).name)
    for path in wanted:
        checks.note(f"criteria {path}", path_problem(write, model, path))
    checks.unless(
        write,
        "remote_point",
        f"{point.name} already sends {label} to {target}.",
        _sources.c.point_id == source.point_id,
        _sources.c.object_id == source.object_id,
        _sources.c.remote_point == target,
        _sources.c.id != source_id,
    )
    checks.done()
    values = {"remote_point": target, "criteria": wanted}
    return _save(write, actor, source, values, POINT_OBJECT_NAME, f"{point.name}: {label}")


def remove_point_source(write: WriteSession, actor: Actor, source_id: int) -> None:
    """Have an outbound point no longer watch an object for a remote point. Raises NotAllowed, NotFound."""
    source, point, label = _source(write, actor, source_id)
    _drop(write, actor, source, _sources, POINT_OBJECT_NAME, f"{point.name}: {label}")


def _integration(write: WriteSession, actor: Actor, key: int) -> Integration:
    actor.require(Permission.MANAGE_CONNECTIONS)
    return in_vault(write, Integration, key, actor.vault_id, "integration")


def _point(write: WriteSession, actor: Actor, key: int) -> IntegrationPoint:
    actor.require(Permission.MANAGE_CONNECTIONS)
    return in_vault(write, IntegrationPoint, key, actor.vault_id, "integration point")


def _source(write: WriteSession, actor: Actor, key: int) -> tuple[PointSource, IntegrationPoint, str]:
    actor.require(Permission.MANAGE_CONNECTIONS)
    source = write.get(PointSource, key) if 0 < key <= LARGEST_ID else None
    point = write.get(IntegrationPoint, source.point_id) if source is not None else None
    if source is None or point is None or point.vault_id != actor.vault_id:
        raise NotFound(f"Vault {actor.vault_id} has no point source {key}.", "It may have been deleted meanwhile.")
    return source, point, write.get_one(VaultObject, source.object_id).label


def _is_custom(row: Integration | IntegrationPoint) -> bool:
    if isinstance(row, Integration):
        return not row.standard
    return row.api_name.partition("__")[2] in ("", "c")


def _names(checks: Checks, row: Integration | IntegrationPoint, values: Mapping[str, Any]) -> dict[str, Any]:
    name, api_name = checks.text("name", values["name"] or "", 100, required=True), (values["api_name"] or "").strip()
    custom = _is_custom(row)
    if api_name != row.api_name:
        checks.refuse("api_name", "The API name of a standard component stays as it is.", when=not custom)
        checks.api_name("api_name", api_name, standard=False)
    if name != row.name:
        checks.refuse("name", "The name of a standard component stays as it is.", when=not custom)
    return {"name": name, "api_name": api_name}


def _matching(checks: Checks, point: IntegrationPoint, values: Mapping[str, Any]) -> dict[str, Any]:
    matching = values["matching"] or None
    outbound = point.direction is Direction.OUTBOUND
    checks.refuse("matching", "Only an inbound point matches records.", when=outbound and matching is not None)
    known = matching is None or matching in tuple(Matching)
    checks.refuse("matching", f"It is one of {', '.join(Matching)}, or empty.", when=not known)
    return {
        "matching": Matching(matching) if matching and known else None,
        "creates": bool(values["creates"]),
        "updates": bool(values["updates"]),
    }


def _save(write: WriteSession, actor: Actor, row: Any, values: Mapping[str, Any], object_name: str, item: str) -> bool:
    changes = changed({name: getattr(row, name) for name in values}, values)
    if not changes:
        return False
    for name, (_old, new) in changes.items():
        setattr(row, name, new)
    if isinstance(row, Integration):
        row.modified_at = write.now
    write.add(row)
    write.flush()
    audit(write, actor, action="Edit", object_name=object_name, item=item, changes=changes)
    write.changed(Topic.INTEGRATIONS, actor.vault_id)
    return True


def _drop_point(write: WriteSession, actor: Actor, point: IntegrationPoint) -> None:
    key = key_of(point)
    for rule_id in write.execute(select(_rules.c.id).where(_rules.c.point_id == key)).scalars():
        drop_rule(write, actor, rule_place(write, actor.vault_id, rule_id))
    _drop(write, actor, point, _points, POINT_OBJECT_NAME, point.name)


def _drop(write: WriteSession, actor: Actor, row: Any, table: Table, object_name: str, item: str) -> None:
    """Remove a row with all that refers to it, whichever tables come to do so."""
    key = key_of(row)
    audit(write, actor, action="Delete", object_name=object_name, item=item, changes=all_values(row, "object_id"))
    write.flush()
    write.expunge(row)
    remove_rows(write, table, table.c.id == key)
    for topic in (Topic.INTEGRATIONS, Topic.RULES, Topic.EXCEPTIONS):
        write.changed(topic, actor.vault_id)
