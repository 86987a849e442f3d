"""Integration rules and their field rules: configured in the target Vault (integration facts, section 2)."""

from sqlalchemy import func, select

from models.audit import audit
from models.data_model import FieldModel, ObjectModel, load_object
from models.errors import NotFound, NotPossible
from models.feed import Topic
from models.naming import LONGEST_CUSTOM_NAME, LONGEST_NAME, api_name_problem, custom_name
from models.permissions import Actor, Permission
from models.services.checks import LARGEST_ID, Checks, in_vault
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    Direction,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    ReferenceLookup,
    table_of,
)

OBJECT_NAME = "integrationrule"
FIELD_RULE_OBJECT_NAME = "fieldrule"
LONGEST_LABEL = 60
LONGEST_QUERY_OBJECT = 1500

_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)


def create_rule(
    write: WriteSession,
    actor: Actor,
    point_id: int,
    *,
    name: str,
    api_name: str,
    primary_query_object: str | None = None,
    active: bool = True,
    standard: bool = False,
) -> IntegrationRule:
    """Create a rule under an inbound integration point, last in its order. A custom name ends in `__c`.

    `primary_query_object` is the source object that its field rules read unless they name another. Raises NotAllowed,
    NotFound, NotPossible for an outbound point, InvalidInput.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    point = in_vault(write, IntegrationPoint, point_id, actor.vault_id, "integration point")
    if point.direction is not Direction.INBOUND:
        raise NotPossible(f"{point.name} is outbound.", "Integration rules belong to the receiving, inbound point.")
    checks = Checks()
    name = checks.text("name", name, LONGEST_LABEL, required=True)
    api_name = api_name.strip() if standard else custom_name(api_name.strip())
    checks.api_name("api_name", api_name, standard=standard)
    primary = checks.text("primary_query_object", primary_query_object or "", LONGEST_QUERY_OBJECT)
    checks.unless(
        write,
        "api_name",
        f"{point.name} already has a rule with the API name {api_name}.",
        _rules.c.point_id == point_id,
        _rules.c.api_name == api_name,
    )
    checks.done()
    position = write.execute(select(func.count()).select_from(_rules).where(_rules.c.point_id == point_id)).scalar_one()
    rule = IntegrationRule(
        vault_id=actor.vault_id,
        point_id=point_id,
        name=name,
        api_name=api_name,
        active=active,
        standard=standard,
        primary_query_object=primary or None,
        position=position,
    )
    write.add(rule)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=name)
    write.changed(Topic.RULES, actor.vault_id)
    return rule


def add_field_rule(
    write: WriteSession,
    actor: Actor,
    rule_id: int,
    *,
    target_object: str,
    target_field: str,
    query_field: str | None = None,
    query_object: str = "",
    default_value: str | None = None,
    target_lookup_field: str | None = None,
    reference_lookup_id: int | None = None,
    api_name: str = "",
    active: bool = True,
) -> FieldRule:
    """Add a field rule, last in its rule's order: it fills a target field from a query field, a default, or both.

    The target must exist in this Vault now. The query side is the source Vault's and is named only; `query_field` may
    walk one object reference (`study__vr.name__v`). Without a query object the rule's primary one is read. Without a
    name the rule is called after its target field. Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    rule = in_vault(write, IntegrationRule, rule_id, actor.vault_id, "integration rule")
    checks = Checks()
    _check_target(checks, write, actor.vault_id, target_object, target_field, target_lookup_field)
    query_object = query_object or ((rule.primary_query_object or "") if query_field else "")
    _check_query(checks, query_object, query_field, default_value)
    _check_lookup(checks, write, rule, reference_lookup_id, query_field)
    taken = set(write.execute(select(_field_rules.c.api_name).where(_field_rules.c.rule_id == rule_id)).scalars())
    if api_name:
        api_name = custom_name(api_name.strip())
        # Field rules of standard rules carry the vendor's own names.
        checks.api_name("api_name", api_name, standard=rule.standard)
        checks.refuse("api_name", f"{rule.name} already has a field rule {api_name}.", when=api_name in taken)
    else:
        api_name = _free_name(target_field, taken)
    checks.done()
    field_rule = FieldRule(
        rule_id=rule_id,
        api_name=api_name,
        active=active,
        target_object=target_object,
        target_field=target_field,
        query_object=query_object,
        query_field=query_field,
        default_value=default_value,
        target_lookup_field=target_lookup_field,
        reference_lookup_id=reference_lookup_id,
        position=len(taken),
    )
    write.add(field_rule)
    write.flush()
    item = f"{rule.name}: {target_object}.{target_field}"
    audit(write, actor, action="Create", object_name=FIELD_RULE_OBJECT_NAME, item=item)
    write.changed(Topic.RULES, actor.vault_id)
    return field_rule


def _check_target(
    checks: Checks, write: WriteSession, vault_id: int, object_name: str, field_name: str, match_on: str | None
) -> None:
    model = _object(checks, write, vault_id, "target_object", object_name)
    if model is None:
        return
    if field_name not in model.cleaners:
        checks.note("target_field", f"{model.label} has no field {field_name} that can be written.")
    elif match_on is not None:
        _check_match(checks, write, vault_id, model.fields.get(field_name), match_on)


def _check_match(checks: Checks, write: WriteSession, vault_id: int, field: FieldModel | None, match_on: str) -> None:
    if field is None or field.type is not FieldType.OBJECT or field.reference is None:
        checks.note("target_lookup_field", "Only a target field that is an object reference is matched.")
        return
    model = _object(checks, write, vault_id, "target_lookup_field", field.reference)
    if model is not None and match_on not in SYSTEM_COLUMNS and match_on not in model.fields:
        checks.note("target_lookup_field", f"{model.label} has no field {match_on}.")


def _check_query(checks: Checks, query_object: str, query_field: str | None, default_value: str | None) -> None:
    checks.refuse(
        "query_field",
        "A field rule needs a query field, a default value, or both.",
        when=not query_field and not default_value,
    )
    if query_field:
        checks.refuse("query_object", "Say which object of the source Vault is read.", when=not query_object)
        checks.refuse(
            "query_field",
            "It walks one object reference at most, e.g. study__vr.name__v.",
            when=query_field.count(".") > 1,
        )
        checks.text("query_field", query_field, 255)
        for part in query_field.split("."):
            checks.note("query_field", api_name_problem(part, standard=True))
    if query_object:
        checks.text("query_object", query_object, LONGEST_NAME)
        checks.note("query_object", api_name_problem(query_object, standard=True))
    checks.text("default_value", default_value or "", 1500, lines=True)


def _check_lookup(
    checks: Checks, write: WriteSession, rule: IntegrationRule, lookup_id: int | None, query_field: str | None
) -> None:
    if lookup_id is None:
        return
    lookup = write.get(ReferenceLookup, lookup_id) if 0 < lookup_id <= LARGEST_ID else None
    connection_id = write.execute(
        select(table_of(Integration).c.connection_id)
        .join(table_of(IntegrationPoint), table_of(IntegrationPoint).c.integration_id == table_of(Integration).c.id)
        .where(table_of(IntegrationPoint).c.id == rule.point_id)
    ).scalar_one()
    if lookup is None or lookup.connection_id != connection_id:
        checks.note("reference_lookup_id", "The rule's connection has no such reference lookup.")
    checks.refuse("reference_lookup_id", "A lookup needs a query field to look up.", when=not query_field)


def _object(checks: Checks, write: WriteSession, vault_id: int, field: str, name: str) -> ObjectModel | None:
    try:
        return load_object(write, vault_id, name)
    except NotFound as missing:
        checks.note(field, missing.message)
        return None


def _free_name(target_field: str, taken: set[str]) -> str:
    """The target field without its suffix, numbered where taken (integration facts, section 2; the form: Assumed)."""
    base = target_field.partition("__")[0][:LONGEST_CUSTOM_NAME]
    name, number = f"{base}__c", 1
    while name in taken:
        number += 1
        name = f"{base}_{number}__c"
    return name
