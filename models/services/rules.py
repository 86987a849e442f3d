"""Integration rules: configured in the target Vault (integration facts, section 2).

Inactivating or deleting a rule does the same to its query object rules and field rules. Several rules may hang under
one integration point. Field rules are in `models.services.field_rules`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.naming import custom_name, name_from_label
from models.permissions import Actor, Permission
from models.services.checks import Checks, in_vault, key_of
from models.services.field_rules import (
    FIELD_RULE_OBJECT_NAME,
    add_field_rule,
    field_rule_item,
)
from models.services.query_object_rules import QUERY_OBJECT_RULE_OBJECT_NAME
from models.services.rule_parts import (
    LONGEST_LABEL,
    LONGEST_QUERY_OBJECT,
    RulePlace,
    free_name,
    next_position,
    refuse_locked,
    remove,
    reorder,
    rule_place,
    save,
)
from models.store import WriteSession
from models.tables import Direction, FieldRule, IntegrationPoint, IntegrationRule, QueryObjectRule, table_of

__all__ = [
    "OBJECT_NAME",
    "add_field_rule",
    "change_rule",
    "check_rule",
    "create_rule",
    "delete_problem",
    "delete_rule",
    "order_children",
    "set_rule_active",
]

OBJECT_NAME = "integrationrule"

_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)
_query_rules = table_of(QueryObjectRule)


def create_rule(
    write: WriteSession,
    actor: Actor,
    point_id: int,
    *,
    name: str,
    api_name: str = "",
    primary_query_object: str | None = None,
    active: bool = True,
    standard: bool = False,
) -> IntegrationRule:
    """Create a rule under an inbound integration point, last in its order. A custom name ends in `__c`.

    `name` is its label. Without an API name it is called after the label, numbered where that is taken.
    `primary_query_object` is the source object that its field rules read unless they name another; without it they
    cannot walk relationships. Raises NotAllowed, NotFound, NotPossible for an outbound point, InvalidInput.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    point = in_vault(write, IntegrationPoint, point_id, actor.vault_id, "integration point")
    if point.direction is not Direction.INBOUND:
        raise NotPossible(f"{point.name} is outbound.", "Integration rules belong to the receiving, inbound point.")
    given = {"name": name, "api_name": api_name, "primary_query_object": primary_query_object}
    values, checks = check_rule(write, point, given, standard=standard)
    checks.done()
    rule = IntegrationRule(
        vault_id=actor.vault_id,
        point_id=point_id,
        active=active,
        standard=standard,
        position=next_position(write, _rules, _rules.c.point_id == point_id),
        **values,
    )
    write.add(rule)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=rule.name)
    write.changed(Topic.RULES, actor.vault_id)
    return rule


def check_rule(
    session: Session,
    point: IntegrationPoint,
    values: Mapping[str, Any],
    *,
    standard: bool,
    rule: IntegrationRule | None = None,
) -> tuple[dict[str, Any], Checks]:
    """Check a rule as it would be saved, a new one or `rule`: cleaned values, and what is wrong with them."""
    checks = Checks()
    name = checks.text("name", values.get("name") or "", LONGEST_LABEL, required=True)
    others = select(_rules.c.id, _rules.c.api_name).where(_rules.c.point_id == point.id)
    taken = {row.api_name for row in session.execute(others) if rule is None or row.id != rule.id}
    api_name = (values.get("api_name") or "").strip()
    if rule is not None and standard:
        checks.refuse(
            "api_name", "The API name of a standard rule stays as it is.", when=api_name not in ("", rule.api_name)
        )
        api_name = rule.api_name
    elif not api_name:
        api_name = free_name(name_from_label(name), taken)
    api_name = api_name if standard else custom_name(api_name)
    checks.api_name("api_name", api_name, standard=standard)
    checks.refuse("api_name", f"{point.name} already has a rule with the API name {api_name}.", when=api_name in taken)
    primary = checks.text("primary_query_object", values.get("primary_query_object") or "", LONGEST_QUERY_OBJECT)
    if rule is not None and rule.primary_query_object and not primary:
        walking = _walking(session, key_of(rule))
        checks.refuse(
            "primary_query_object",
            f"Without it no field rule may walk a relationship, as {', '.join(walking)} does.",
            when=bool(walking),
        )
    return {"name": name, "api_name": api_name, "primary_query_object": primary or None}, checks


def change_rule(write: WriteSession, actor: Actor, rule_id: int, values: Mapping[str, Any]) -> bool:
    """Change `name` (the label), `api_name` of a custom rule, or `primary_query_object`; answers whether any differs.

    Raises NotAllowed, NotFound, and InvalidInput, also for a primary query object that is taken away from field rules
    that walk relationships.
    """
    place = _manage(write, actor, rule_id)
    rule = place.rule
    before = {name: getattr(rule, name) for name in ("name", "api_name", "primary_query_object")}
    wanted = before | {name: value for name, value in values.items() if name in before}
    after, checks = check_rule(write, place.point, wanted, standard=rule.standard, rule=rule)
    checks.done()
    return save(write, actor, rule, after, object_name=OBJECT_NAME, item=rule.name)


def set_rule_active(
    write: WriteSession, actor: Actor, rule_id: int, *, active: bool, with_children: bool = False
) -> bool:
    """Activate or inactivate a rule; answers False when it was so already.

    Inactivation inactivates its children as well; activation leaves them as they are unless `with_children`
    (integration facts, section 2). Raises NotAllowed, NotFound, and NotPossible where the integration locks it.
    """
    place = _manage(write, actor, rule_id)
    if place.rule.active == active:
        return False
    refuse_locked(place.activation_lock)
    save(write, actor, place.rule, {"active": active}, object_name=OBJECT_NAME, item=place.rule.name)
    if not active or with_children:
        _switch_children(write, actor, place, active=active)
    return True


def delete_problem(place: RulePlace) -> str | None:
    """Why a rule cannot be deleted; None when it can. Standard ones stay (Assumed), as other standard components."""
    if place.rule.standard:
        return f"{place.rule.name} is a standard rule: it can be inactivated, not deleted."
    return place.activation_lock


def delete_rule(write: WriteSession, actor: Actor, rule_id: int) -> None:
    """Delete a custom rule with all its children. Raises NotAllowed, NotFound, NotPossible with the reason."""
    place = _manage(write, actor, rule_id)
    if (problem := delete_problem(place)) is not None:
        raise NotPossible(problem, "Inactivate it, if it may be.")
    drop_rule(write, actor, place)


def drop_rule(write: WriteSession, actor: Actor, place: RulePlace) -> None:
    """Remove a rule and its children, each with its row in the audit; asks nothing."""
    for child, object_name, item in _children(write, place):
        remove(write, actor, child, object_name=object_name, item=item)
    remove(write, actor, place.rule, object_name=OBJECT_NAME, item=place.rule.name)


def order_rules(write: WriteSession, actor: Actor, point_id: int, names: Sequence[str]) -> None:
    """Give the rules of a point that are named by their API names this order; the others keep their places.

    Raises NotAllowed, NotFound.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    in_vault(write, IntegrationPoint, point_id, actor.vault_id, "integration point")
    own = _rules.c.point_id == point_id
    rows = write.execute(select(_rules.c.api_name).where(own).order_by(_rules.c.position, _rules.c.id))
    present = list(rows.scalars())
    wanted = iter([name for name in dict.fromkeys(names) if name in present])
    reorder(write, _rules, own, [next(wanted) if name in names else name for name in present])
    write.changed(Topic.RULES, actor.vault_id)


def order_children(
    write: WriteSession,
    actor: Actor,
    rule_id: int,
    *,
    query_object_rules: Collection[str],
    field_rules: Collection[str],
) -> None:
    """Give a rule's children the order of these API names. Raises NotAllowed, NotFound."""
    _manage(write, actor, rule_id)
    reorder(write, _query_rules, _query_rules.c.rule_id == rule_id, query_object_rules)
    reorder(write, _field_rules, _field_rules.c.rule_id == rule_id, field_rules)
    write.changed(Topic.RULES, actor.vault_id)


def _manage(write: WriteSession, actor: Actor, rule_id: int) -> RulePlace:
    actor.require(Permission.MANAGE_INTEGRATIONS)
    return rule_place(write, actor.vault_id, rule_id)


def _walking(session: Session, rule_id: int) -> list[str]:
    """The field rules of a rule that walk a relationship."""
    statement = (
        select(_field_rules.c.api_name)
        .where(
            _field_rules.c.rule_id == rule_id,
            _field_rules.c.query_field.contains(".") | _field_rules.c.query_field_select.contains("."),
        )
        .order_by(_field_rules.c.position)
    )
    return list(session.execute(statement).scalars())


def _children(write: WriteSession, place: RulePlace) -> list[tuple[Any, str, str]]:
    """The children of a rule: the row, its object's name, and what people call it."""
    found: list[tuple[Any, str, str]] = []
    for key in write.execute(select(_query_rules.c.id).where(_query_rules.c.rule_id == place.key)).scalars():
        row = write.get_one(QueryObjectRule, key)
        found.append((row, QUERY_OBJECT_RULE_OBJECT_NAME, f"{place.rule.name}: {row.api_name}"))
    for key in write.execute(select(_field_rules.c.id).where(_field_rules.c.rule_id == place.key)).scalars():
        field_rule = write.get_one(FieldRule, key)
        found.append((field_rule, FIELD_RULE_OBJECT_NAME, field_rule_item(place.rule, field_rule)))
    return found


def _switch_children(write: WriteSession, actor: Actor, place: RulePlace, *, active: bool) -> None:
    for child, object_name, item in _children(write, place):
        save(write, actor, child, {"active": active}, object_name=object_name, item=item)
