"""Binds field rules to a target object: what cannot be bound is a problem in words, before any record is touched."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.data_model import Cleaner, FieldModel, ObjectModel, cleaner_for
from models.rules.compiled import CompiledFieldRule, CompiledTarget, Lookup
from models.tables import FieldType, LookupType


def compile_target(
    rule_name: str,
    model: ObjectModel,
    rules: Sequence[Any],
    lookups: Mapping[int, Lookup],
    *,
    primary_query_object: str | None = None,
    rule_id: int = 0,
) -> tuple[CompiledTarget, dict[str, str]]:
    """Bind field rules (rows of the field rule table) to a target object.

    Answers the compiled target and, by target field, what is wrong with the rules that cannot be bound: the object no
    longer has the field (seed S1, limitations), the query field walks a relationship and the rule has no primary query
    object (integration facts, section 2), the lookup finds records of another object.
    """
    compiled: list[CompiledFieldRule] = []
    problems: dict[str, str] = {}
    for rule in rules:
        name = rule.target_docfield or rule.target_field
        problem = (
            f"{model.label} has no field {name}."
            if name not in model.cleaners
            else _query_problem(rule, primary_query_object)
        )
        lookup = lookups.get(rule.reference_lookup_id) if rule.reference_lookup_id is not None else None
        field = model.fields.get(name)
        reference = field if field is not None and field.type is FieldType.OBJECT else None
        if problem is None and lookup is not None:
            problem = _lookup_problem(lookup, reference)
        if problem is not None:
            problems[name] = f"Field rule {rule.api_name}: {problem}"
            continue
        match_on = None if reference is None else _match_on(rule, lookup)
        compiled.append(
            CompiledFieldRule(
                name=rule.api_name,
                target_field=name,
                query_item=query_item_of(rule),
                default=rule.default_value or None,
                lookup=lookup,
                reference=reference,
                match_on=match_on,
                cleaner=str if match_on not in (None, "id") else model.cleaners[name],
                sound=model.sound_columns.get(name),
                read_as=_reading(rule),
            )
        )
    return CompiledTarget(rule_name, model, tuple(compiled), rule_id), problems


def query_item_of(rule: Any) -> str | None:
    """What the call-back selects for a field rule: its raw select, or its query field; None for a default alone."""
    return rule.query_field_select or rule.query_field or None


def _query_problem(rule: Any, primary: str | None) -> str | None:
    item = query_item_of(rule)
    if item is not None and "." in item and not primary:
        return f"{item} walks a relationship, and the rule has no primary query object to begin at."
    kind = rule.query_field_type
    return f"{kind} is no type of a query field." if kind and kind not in tuple(FieldType) else None


def _lookup_problem(lookup: Lookup, reference: FieldModel | None) -> str | None:
    if lookup.type is not LookupType.OBJECT or reference is None or reference.reference == lookup.target_object:
        return None
    return (
        f"Reference lookup {lookup.name} finds records of {lookup.target_object}, and the field refers to "
        f"{reference.reference}."
    )


def _match_on(rule: Any, lookup: Lookup | None) -> str | None:
    """The field of the referenced object by which its record is found.

    That of the rule goes before the Target Key Field of a lookup of type Object (Assumed).
    """
    if rule.target_lookup_field:
        return str(rule.target_lookup_field)
    return lookup.target_key_field if lookup is not None and lookup.type is LookupType.OBJECT else None


def _reading(rule: Any) -> Cleaner | None:
    return cleaner_for(FieldType(rule.query_field_type)) if rule.query_field_type else None
