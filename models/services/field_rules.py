"""Field rules: what fills a field of a target object or of a document (integration facts, section 2)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.data_model import DOCUMENTS, FieldModel, ObjectModel, load_object
from models.errors import NotFound
from models.feed import Topic
from models.naming import LONGEST_NAME, api_name_problem, custom_name
from models.permissions import Actor, Permission
from models.services.checks import LARGEST_ID, Checks
from models.services.query_object_rules import select_problem
from models.services.rule_parts import (
    RulePlace,
    child_of,
    clean_label,
    free_name,
    next_position,
    refuse_locked,
    remove,
    rule_place,
    save,
)
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import FieldRule, FieldType, IntegrationRule, LookupType, ObjectKind, ReferenceLookup, table_of

FIELD_RULE_OBJECT_NAME = "fieldrule"
FIELDS = (
    "api_name",
    "label",
    "active",
    "target_object",
    "target_field",
    "target_docfield",
    "query_object",
    "query_field",
    "query_field_select",
    "query_field_type",
    "default_value",
    "target_lookup_field",
    "reference_lookup_id",
)
"""What a person may set."""
LONGEST_PATH = 255
LONGEST_SELECT = 500
LONGEST_DEFAULT = 1500

_field_rules = table_of(FieldRule)


def field_rule_item(rule: IntegrationRule, row: FieldRule) -> str:
    """What the audit calls a field rule: its rule and what it fills."""
    target = f"document {row.target_docfield}" if row.target_docfield else f"{row.target_object}.{row.target_field}"
    return f"{rule.name}: {target}"


def add_field_rule(
    write: WriteSession,
    actor: Actor,
    rule_id: int,
    *,
    target_object: str = "",
    target_field: str = "",
    target_docfield: str | None = None,
    query_field: str | None = None,
    query_object: str = "",
    query_field_select: str | None = None,
    query_field_type: str | None = None,
    default_value: str | None = None,
    target_lookup_field: str | None = None,
    reference_lookup_id: int | None = None,
    label: str = "",
    api_name: str = "",
    active: bool = True,
) -> FieldRule:
    """Add a field rule, last in its rule's order: it fills a target field from a query field, a default, or both.

    The target must exist in this Vault now; a document's field is only named. The query side is the source Vault's
    and is named only; `query_field` may walk one object reference (`study__vr.name__v`) when the rule has a primary
    query object. `query_field_select` is what the call-back selects in its place (`TONAME(status__v)`),
    `query_field_type` the type of that value, one of the types of object fields (Assumed: the vendor publishes no
    list). Without a query object the rule's primary one is read. Without a name the rule is called after its target
    field. Raises NotAllowed, NotFound, NotPossible where defaults are locked, InvalidInput.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    place = rule_place(write, actor.vault_id, rule_id)
    if default_value:
        refuse_locked(place.default_lock)
    given = {
        "target_object": target_object,
        "target_field": target_field,
        "target_docfield": target_docfield,
        "query_object": query_object,
        "query_field": query_field,
        "query_field_select": query_field_select,
        "query_field_type": query_field_type,
        "default_value": default_value,
        "target_lookup_field": target_lookup_field,
        "reference_lookup_id": reference_lookup_id,
        "label": label,
        "api_name": api_name,
        "active": active,
    }
    values, checks = check_field_rule(write, place, given)
    checks.done()
    position = next_position(write, _field_rules, _field_rules.c.rule_id == rule_id)
    row = FieldRule(rule_id=rule_id, position=position, **values)
    write.add(row)
    write.flush()
    item = field_rule_item(place.rule, row)
    audit(write, actor, action="Create", object_name=FIELD_RULE_OBJECT_NAME, item=item)
    write.changed(Topic.RULES, actor.vault_id)
    return row


def change_field_rule(write: WriteSession, actor: Actor, key: int, values: Mapping[str, Any]) -> bool:
    """Change fields of a field rule, its activation too; answers False when nothing differs.

    A rule whose target is gone from the Vault can still be switched on or off; any other change must put it right.
    Raises NotAllowed, NotFound, NotPossible where defaults are locked, InvalidInput.
    """
    row, place = _manage(write, actor, key)
    before = {name: getattr(row, name) for name in FIELDS}
    given = {name: value for name, value in values.items() if name in FIELDS}
    cleaned, checks = check_field_rule(write, place, before | given, row)
    if set(given) == {"active"}:
        cleaned = before | {"active": cleaned["active"]}
    else:
        checks.done()
    if (cleaned["default_value"] or None) != (before["default_value"] or None):
        refuse_locked(place.default_lock)
    item = field_rule_item(place.rule, row)
    return save(write, actor, row, cleaned, object_name=FIELD_RULE_OBJECT_NAME, item=item)


def delete_field_rule(write: WriteSession, actor: Actor, key: int) -> None:
    """Delete a field rule. Raises NotAllowed, NotFound, NotPossible when its default is locked."""
    row, place = _manage(write, actor, key)
    if row.default_value:
        refuse_locked(place.default_lock)
    remove(write, actor, row, object_name=FIELD_RULE_OBJECT_NAME, item=field_rule_item(place.rule, row))


def check_field_rule(
    session: Session, place: RulePlace, values: Mapping[str, Any], row: FieldRule | None = None
) -> tuple[dict[str, Any], Checks]:
    """Check a field rule as it would be saved: cleaned values, and what is wrong with them."""
    checks = Checks()
    texts = [name for name in FIELDS if name not in ("active", "reference_lookup_id")]
    cleaned: dict[str, Any] = {name: _text(values.get(name)) for name in texts}
    cleaned |= {"active": bool(values.get("active", True)), "reference_lookup_id": values.get("reference_lookup_id")}
    cleaned["label"] = clean_label(checks, cleaned["label"])
    target = _check_target(checks, session, place, cleaned)
    if not cleaned["query_object"] and cleaned["query_field"]:
        cleaned["query_object"] = place.rule.primary_query_object or ""
    _check_query(checks, place.rule, cleaned)
    _check_lookup(checks, session, place, cleaned, target)
    _check_name(checks, session, place, cleaned, row)
    for name in FIELDS:
        if name not in ("api_name", "label", "active", "target_object", "target_field", "query_object"):
            cleaned[name] = cleaned[name] or None
    return cleaned, checks


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _check_name(
    checks: Checks, session: Session, place: RulePlace, values: dict[str, Any], row: FieldRule | None
) -> None:
    statement = select(_field_rules.c.id, _field_rules.c.api_name).where(_field_rules.c.rule_id == place.key)
    taken = {found.api_name for found in session.execute(statement) if row is None or found.id != row.id}
    name = values["api_name"].strip()
    if not name:
        name = free_name(values["target_docfield"] or values["target_field"] or "field", taken)
    elif row is None or name != row.api_name:
        name = custom_name(name)
        # Field rules of standard rules carry the vendor's own names.
        checks.api_name("api_name", name, standard=place.rule.standard)
        checks.refuse("api_name", f"{place.rule.name} already has a field rule {name}.", when=name in taken)
    values["api_name"] = name


def _check_target(checks: Checks, session: Session, place: RulePlace, values: Mapping[str, Any]) -> FieldModel | None:
    """Check what is filled; answers the field, where it is one of the object's own."""
    object_name, field_name = values["target_object"], values["target_field"]
    docfield, match_on = values["target_docfield"], values["target_lookup_field"]
    where = "target_object"
    if docfield:
        both = "It fills a field of an object or of a document, not both."
        checks.refuse("target_docfield", both, when=bool(object_name or field_name))
        object_name, field_name, where = DOCUMENTS, docfield, "target_docfield"
    elif not object_name:
        checks.note("target_object", "Choose the object that is filled, or a field of documents.")
        return None
    model = _object(checks, session, place.rule.vault_id, where, object_name)
    if model is None:
        return None
    if model.kind is ObjectKind.DOCUMENT and not docfield:
        checks.note("target_object", "Name the field of documents as document field, without a target object.")
    where = "target_docfield" if docfield else "target_field"
    if not field_name:
        checks.note(where, "Choose the field that is filled.")
    elif field_name not in model.cleaners:
        checks.note(where, f"{model.label} has no field {field_name} that can be written.")
    elif match_on:
        _check_match(checks, session, place.rule.vault_id, model.fields.get(field_name), match_on)
    return model.fields.get(field_name)


def _check_match(checks: Checks, session: Session, vault_id: int, field: FieldModel | None, match_on: str) -> None:
    if field is None or field.type is not FieldType.OBJECT or field.reference is None:
        checks.note("target_lookup_field", "Only a target field that is an object reference is matched.")
        return
    model = _object(checks, session, vault_id, "target_lookup_field", field.reference)
    if model is not None and match_on not in SYSTEM_COLUMNS and match_on not in model.fields:
        checks.note("target_lookup_field", f"{model.label} has no field {match_on}.")


def _check_query(checks: Checks, rule: IntegrationRule, values: Mapping[str, Any]) -> None:
    query_object, query_field, default = values["query_object"], values["query_field"], values["default_value"]
    select_item, select_type = values["query_field_select"], values["query_field_type"]
    walks = "." in query_field or "." in select_item
    needed = "A field rule needs a query field, a default value, or both."
    checks.refuse("query_field", needed, when=not query_field and not default)
    if query_field:
        checks.refuse("query_object", "Say which object of the source Vault is read.", when=not query_object)
        checks.refuse(
            "query_field",
            "It walks one object reference at most, e.g. study__vr.name__v.",
            when=query_field.count(".") > 1,
        )
        checks.refuse(
            "query_field" if "." in query_field else "query_field_select",
            f"{rule.name} has no primary query object, so its field rules cannot walk relationships.",
            when=walks and not rule.primary_query_object,
        )
        checks.text("query_field", query_field, LONGEST_PATH)
        for part in query_field.split("."):
            checks.note("query_field", api_name_problem(part, standard=True))
    if query_object:
        checks.text("query_object", query_object, LONGEST_NAME)
        checks.note("query_object", api_name_problem(query_object, standard=True))
    checks.text("query_field_select", select_item, LONGEST_SELECT)
    checks.note("query_field_select", select_problem(select_item))
    alone = "What is selected belongs to a query field: name that too."
    checks.refuse("query_field_select", alone, when=bool(select_item) and not query_field)
    checks.refuse(
        "query_field_type",
        f"It is one of {', '.join(FieldType)}.",
        when=bool(select_type) and select_type not in tuple(FieldType),
    )
    checks.refuse(
        "query_field_type",
        "It says what type the selected value has: give what is selected too.",
        when=bool(select_type) and not select_item,
    )
    checks.text("default_value", default, LONGEST_DEFAULT, lines=True)


def _check_lookup(
    checks: Checks, session: Session, place: RulePlace, values: Mapping[str, Any], target: FieldModel | None
) -> None:
    lookup_id = values["reference_lookup_id"]
    if lookup_id is None:
        return
    lookup = session.get(ReferenceLookup, lookup_id) if 0 < lookup_id <= LARGEST_ID else None
    if lookup is None or lookup.connection_id != place.connection.id:
        checks.note("reference_lookup_id", "The rule's connection has no such reference lookup.")
    elif lookup.type is LookupType.OBJECT and target is not None and target.type is FieldType.OBJECT:
        checks.refuse(
            "reference_lookup_id",
            f"{lookup.name} finds records of {lookup.target_object}, and the field refers to {target.reference}.",
            when=target.reference != lookup.target_object,
        )
    checks.refuse("reference_lookup_id", "A lookup needs a query field to look up.", when=not values["query_field"])


def _object(checks: Checks, session: Session, vault_id: int, field: str, name: str) -> ObjectModel | None:
    try:
        return load_object(session, vault_id, name)
    except NotFound as missing:
        checks.note(field, missing.message)
        return None


def _manage(write: WriteSession, actor: Actor, key: int) -> tuple[FieldRule, RulePlace]:
    actor.require(Permission.MANAGE_INTEGRATIONS)
    return child_of(write, FieldRule, key, actor.vault_id, "field rule")
