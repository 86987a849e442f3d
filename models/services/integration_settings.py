"""How an integration applies what it receives: its way of matching, its delete policy, and inactivation of targets.

These are settings of the receiving Vault's integration (integration facts, section 5; seeds S0, S2, S4).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.data_model import DOCUMENTS, ObjectModel, load_object
from models.errors import InvalidInput, NotFound
from models.feed import Topic
from models.naming import api_name_problem
from models.permissions import Actor, Permission
from models.services.checks import Checks, changed, in_vault
from models.services.integrations import OBJECT_NAME
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    DeletePolicy,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Matching,
    table_of,
)

_points = table_of(IntegrationPoint)
_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)

LONGEST_PATH = 60
LONGEST_TEXT = 255
VALUE = "{value}"
"""In a mark text: the value that the mark field holds (Assumed)."""

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class IntegrationSettings:
    """The settings of an integration; a text that does not matter is empty."""

    matching: Matching = Matching.LINK
    match_source_field: str = ""
    match_target_field: str = ""
    delete_policy: DeletePolicy = DeletePolicy.LEAVE
    mark_field: str = ""
    mark_text: str = ""
    inactivates_targets: bool = False


SETTINGS = tuple(IntegrationSettings.__dataclass_fields__)
"""The settings by name."""


def integration_settings(session: Session, vault_id: int, integration_id: int) -> IntegrationSettings:
    """The settings of an integration of a Vault. Raises NotFound."""
    return _settings_of(in_vault(session, Integration, integration_id, vault_id, "integration"))


def change_integration_settings(
    write: WriteSession, actor: Actor, integration_id: int, values: Mapping[str, Any]
) -> tuple[str, ...]:
    """Change settings of an integration, of those in `SETTINGS`; answers the names of those that differed.

    Matching by fields needs both fields, and marking needs a field and a text; what another choice does not need is
    kept for later. They apply from the next receive run on. Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    integration = in_vault(write, Integration, integration_id, actor.vault_id, "integration")
    unknown = {name: f"It is one of {', '.join(SETTINGS)}." for name in values if name not in SETTINGS}
    if unknown:
        raise InvalidInput(unknown)
    before = asdict(_settings_of(integration))
    checks = Checks()
    after = _checked(checks, {**before, **values})
    _check_targets(checks, list(_targets(write, integration)), after)
    checks.done()
    changes = changed(before, after)
    if not changes:
        return ()
    for name, (_old, new) in changes.items():
        setattr(integration, name, None if new == "" else new)
    integration.modified_at = write.now
    write.add(integration)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=integration.name, changes=changes)
    write.changed(Topic.INTEGRATIONS, actor.vault_id)
    return tuple(changes)


def _settings_of(row: Integration) -> IntegrationSettings:
    return IntegrationSettings(
        row.matching,
        row.match_source_field or "",
        row.match_target_field or "",
        row.delete_policy,
        row.mark_field or "",
        row.mark_text or "",
        row.inactivates_targets,
    )


def _checked(checks: Checks, values: Mapping[str, Any]) -> dict[str, Any]:
    matching = _choice(checks, "matching", Matching, values["matching"])
    policy = _choice(checks, "delete_policy", DeletePolicy, values["delete_policy"])
    after: dict[str, Any] = {"matching": matching, "delete_policy": policy}
    for name in ("match_source_field", "match_target_field", "mark_field"):
        needed = policy is DeletePolicy.MARK if name == "mark_field" else matching is Matching.FIELDS
        path = after[name] = checks.text(name, str(values[name] or ""), LONGEST_PATH, required=needed)
        walks = name == "match_source_field"
        checks.refuse(name, "It walks one object reference at most.", when=path.count(".") > 1)
        checks.refuse(name, "It is a field of the object itself.", when="." in path and not walks)
        for part in path.split(".") if path else ():
            checks.note(name, api_name_problem(part, standard=True))
    after["mark_text"] = checks.text(
        "mark_text", str(values["mark_text"] or ""), LONGEST_TEXT, required=policy is DeletePolicy.MARK
    )
    after["inactivates_targets"] = _switch(checks, "inactivates_targets", values["inactivates_targets"])
    return {name: after[name] for name in SETTINGS}


def _targets(write: WriteSession, integration: Integration) -> Iterator[ObjectModel]:
    """The objects that the integration's rules fill, as far as the Vault still has them."""
    statement = (
        select(_field_rules.c.target_object)
        .distinct()
        .join(_rules, _rules.c.id == _field_rules.c.rule_id)
        .join(_points, _points.c.id == _rules.c.point_id)
        .where(_points.c.integration_id == integration.id)
    )
    for name in write.execute(statement).scalars():
        try:
            yield load_object(write, integration.vault_id, name or DOCUMENTS)
        except NotFound:
            continue


def _check_targets(checks: Checks, targets: list[ObjectModel], after: Mapping[str, Any]) -> None:
    """Check names and text against what the rules fill; without any rule there is nothing to check them against."""
    if not targets:
        return
    names = " or ".join(model.label for model in targets)
    if after["matching"] is Matching.FIELDS and (field := after["match_target_field"]):
        known = any(field in model.fields or field in SYSTEM_COLUMNS for model in targets)
        checks.refuse("match_target_field", f"{names} has no field {field}.", when=not known)
    if after["delete_policy"] is not DeletePolicy.MARK or not (field := after["mark_field"]):
        return
    having = [model for model in targets if field in model.cleaners]
    checks.refuse("mark_field", f"{names} has no field {field} that can be written.", when=not having)
    if after["mark_text"] and VALUE not in after["mark_text"]:
        for model in having:
            _, problems = model.clean({field: after["mark_text"]})
            checks.note("mark_text", problems.get(field))


def _choice(checks: Checks, field: str, choices: type[_Choice], value: Any) -> _Choice | None:
    try:
        return choices(value)
    except ValueError:
        checks.note(field, f"It is one of {', '.join(choices)}.")
        return None


def _switch(checks: Checks, field: str, value: Any) -> bool:
    word = str(value).strip().lower()
    checks.refuse(field, "It is true or false.", when=word not in ("true", "yes", "false", "no"))
    return word in ("true", "yes")
