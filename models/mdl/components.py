"""Integration rules as MDL knows them: typed components, made of a parsed text, and printed as one.

An attribute that is left out is empty, as RECREATE makes the component anew; `active` that is left out is true
(Assumed). Objects and fields may be written with or without their prefixes `Object.`, `Field.` and `Docfield.`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from models.mdl.syntax import NOWHERE, Attribute, Component, Expression, Place, Value, parse

RULE: Final = "Integrationrule"
QUERY_OBJECT_RULE: Final = "Queryobjectrule"
FIELD_RULE: Final = "Fieldrule"
VERB: Final = "RECREATE"

_PREFIXES: Final = {"target_object": "Object.", "target_object_field": "Field.", "target_docfield": "Docfield."}
_CRITERIA: Final = "filter_clause"
_ACTIVE: Final = "active"
_DEFAULT: Final = "field_default"
_BRACKETED = re.compile(r"(?:[^'\]]|'(?:[^'\\]|\\.|'')*')*", re.DOTALL)


@dataclass(frozen=True)
class QueryObjectRuleText:
    """A `Queryobjectrule`; its attributes are named as MDL names them."""

    name: str
    label: str = ""
    active: bool = True
    query_object: str = ""
    filter_clause: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True)
class FieldRuleText:
    """A `Fieldrule`."""

    name: str
    label: str = ""
    active: bool = True
    target_object: str = ""
    target_object_field: str = ""
    target_docfield: str = ""
    query_object: str = ""
    query_field: str = ""
    query_field_select: str = ""
    query_field_type: str = ""
    field_default: str = ""
    target_field_lookup: str = ""
    reference_lookup_type: str = ""
    reference_lookup: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True)
class RuleText:
    """An `Integrationrule` with its subcomponents. Connection and point are API names."""

    name: str
    connection: str
    integration_point: str
    label: str = ""
    active: bool = True
    primary_query_object: str = ""
    query_object_rules: tuple[QueryObjectRuleText, ...] = ()
    field_rules: tuple[FieldRuleText, ...] = ()
    place: Place = NOWHERE

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells a rule from others of its Vault."""
        return (self.connection, self.integration_point, self.name)


_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    RULE: ("label", _ACTIVE, "integration_point", "connection", "primary_query_object"),
    QUERY_OBJECT_RULE: ("label", _ACTIVE, "query_object", _CRITERIA),
    FIELD_RULE: tuple(item.name for item in fields(FieldRuleText) if item.name not in ("name", "place")),
}
"""The attributes of each component, in the order in which they are printed."""


def read_rules(text: str) -> tuple[RuleText, ...]:
    """The integration rules of an MDL text. Raises MdlError with line and column."""
    found: list[RuleText] = []
    for command in parse(text):
        if command.verb != VERB:
            raise command.place.refuse(f"{command.verb} is not imported.", f"Write {VERB} {RULE} ...")
        rule = _rule(command.component)
        if any(other.key == rule.key for other in found):
            raise rule.place.refuse(f"{rule.name} is there twice.")
        found.append(rule)
    return tuple(found)


def print_rules(rules: Iterable[RuleText]) -> str:
    """The rules as MDL text, each with all attributes that are not empty."""
    return "\n".join(_printed_rule(rule) for rule in rules)


def values_of(text: RuleText | QueryObjectRuleText | FieldRuleText) -> dict[str, Any]:
    """The attributes of a component, without its name and its subcomponents."""
    left_out = ("name", "place", "query_object_rules", "field_rules")
    return {item.name: getattr(text, item.name) for item in fields(text) if item.name not in left_out}


def _rule(component: Component) -> RuleText:
    if component.type != RULE:
        raise component.place.refuse(f"{component.type} is not imported.", f"Only {RULE} is.")
    values = _values(component)
    for needed in ("connection", "integration_point"):
        if not values.get(needed):
            raise component.place.refuse(f"{component.name} names no {needed}.", f"Write {needed}('..') in it.")
    queries, field_rules = _children(component)
    return RuleText(
        component.name,
        query_object_rules=tuple(queries),
        field_rules=tuple(field_rules),
        place=component.place,
        **values,
    )


def _children(component: Component) -> tuple[list[QueryObjectRuleText], list[FieldRuleText]]:
    queries: list[QueryObjectRuleText] = []
    field_rules: list[FieldRuleText] = []
    seen: set[tuple[str, str]] = set()
    for child in component.children:
        if child.type not in (QUERY_OBJECT_RULE, FIELD_RULE):
            raise child.place.refuse(
                f"{component.type} has no subcomponents {child.type}.", f"It has {QUERY_OBJECT_RULE} and {FIELD_RULE}."
            )
        if child.children:
            raise child.children[0].place.refuse(f"{child.type} has no subcomponents.")
        if (child.type, child.name) in seen:
            raise child.place.refuse(f"{child.name} is there twice.")
        seen.add((child.type, child.name))
        if child.type == QUERY_OBJECT_RULE:
            queries.append(QueryObjectRuleText(child.name, place=child.place, **_values(child)))
        else:
            field_rules.append(FieldRuleText(child.name, place=child.place, **_values(child)))
    return queries, field_rules


def _values(component: Component) -> dict[str, Any]:
    known = _ATTRIBUTES[component.type]
    found: dict[str, Any] = {}
    for attribute in component.attributes:
        if attribute.name not in known:
            raise attribute.place.refuse(
                f"{component.type} has no attribute {attribute.name}.", f"It has {', '.join(known)}."
            )
        if attribute.name in found:
            raise attribute.place.refuse(f"{attribute.name} is there twice.")
        found[attribute.name] = _value(attribute)
    return found


def _value(attribute: Attribute) -> str | bool:
    if len(attribute.values) > 1:
        raise attribute.place.refuse(f"{attribute.name} takes one value.")
    value: Value | None = attribute.values[0] if attribute.values else None
    if attribute.name == _ACTIVE:
        if isinstance(value, bool):
            return value
        raise attribute.place.refuse("active is true or false.")
    if value is None:
        return ""
    if isinstance(value, Expression) and attribute.name == _CRITERIA:
        return value.text.strip()
    if not isinstance(value, str):
        raise attribute.place.refuse(f"{attribute.name} takes text in quotes.")
    # Only a default may begin or end with blanks.
    return value if attribute.name == _DEFAULT else value.strip().removeprefix(_PREFIXES.get(attribute.name, ""))


def _printed_rule(rule: RuleText) -> str:
    blocks = _lines(RULE, rule, "    ")
    for child in rule.query_object_rules:
        blocks.append(_printed_child(QUERY_OBJECT_RULE, child))
    for field_rule in rule.field_rules:
        blocks.append(_printed_child(FIELD_RULE, field_rule))
    return f"{VERB} {RULE} {rule.name} (\n" + ",\n".join(blocks) + "\n);\n"


def _printed_child(kind: str, child: QueryObjectRuleText | FieldRuleText) -> str:
    return f"    {kind} {child.name} (\n" + ",\n".join(_lines(kind, child, "        ")) + "\n    )"


def _lines(kind: str, text: RuleText | QueryObjectRuleText | FieldRuleText, indent: str) -> list[str]:
    lines = []
    for name in _ATTRIBUTES[kind]:
        value = getattr(text, name)
        if name == _ACTIVE:
            lines.append(f"{indent}{name}({'true' if value else 'false'})")
        elif value:
            lines.append(f"{indent}{name}({_printed(name, value)})")
    return lines


def _printed(name: str, value: str) -> str:
    if name == _CRITERIA and _BRACKETED.fullmatch(value):
        return f"[{value}]"
    return quoted(_PREFIXES.get(name, "") + value)


_SIGNS: Final = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def quoted(text: str) -> str:
    """A text in quotes, with what would end or change it escaped."""
    return "'" + "".join(_SIGNS.get(sign, sign) for sign in text) + "'"
