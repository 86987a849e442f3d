"""What importing rules would change: added, changed with old and new values, removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.mdl.components import (
    FIELD_RULE,
    QUERY_OBJECT_RULE,
    RULE,
    FieldRuleText,
    QueryObjectRuleText,
    RuleText,
    values_of,
)


class Kind(StrEnum):
    """What becomes of a component."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """One component that is added, changed or removed; `values` maps an attribute to its old and new value."""

    kind: Kind
    type: str
    rule: str
    name: str
    values: dict[str, tuple[Any, Any]]


Child = QueryObjectRuleText | FieldRuleText
ORDER = "order"
"""Stands for the order of the subcomponents among a rule's values."""


def difference(before: RuleText | None, after: RuleText) -> tuple[Change, ...]:
    """What makes a rule, or none, into another one; empty when the two are equal.

    RECREATE makes a rule anew: subcomponents that the new text leaves out are removed.
    """
    if before is None:
        children: tuple[Child, ...] = (*after.query_object_rules, *after.field_rules)
        return (
            Change(Kind.ADDED, RULE, after.name, after.name, _set(after)),
            *(Change(Kind.ADDED, _type(child), after.name, child.name, _set(child)) for child in children),
        )
    values = _changed(before, after)
    found = [
        *_children(after.name, before.query_object_rules, after.query_object_rules),
        *_children(after.name, before.field_rules, after.field_rules),
    ]
    for old, new in ((before.query_object_rules, after.query_object_rules), (before.field_rules, after.field_rules)):
        was, becomes = _common_order(old, new), _common_order(new, old)
        if was != becomes:
            values[ORDER] = (", ".join(was), ", ".join(becomes))
    if values:
        found.insert(0, Change(Kind.CHANGED, RULE, after.name, after.name, values))
    return tuple(found)


def _children(rule: str, before: Sequence[Child], after: Sequence[Child]) -> list[Change]:
    old, new = {child.name: child for child in before}, {child.name: child for child in after}
    found = [
        Change(Kind.REMOVED, _type(child), rule, name, {key: (was, None) for key, (_, was) in _set(child).items()})
        for name, child in old.items()
        if name not in new
    ]
    for name, child in new.items():
        if name not in old:
            found.append(Change(Kind.ADDED, _type(child), rule, name, _set(child)))
        elif values := _changed(old[name], child):
            found.append(Change(Kind.CHANGED, _type(child), rule, name, values))
    return found


def _type(child: Child) -> str:
    return QUERY_OBJECT_RULE if isinstance(child, QueryObjectRuleText) else FIELD_RULE


def _set(text: RuleText | Child) -> dict[str, tuple[Any, Any]]:
    return {name: (None, value) for name, value in values_of(text).items() if value != ""}


def _changed(before: RuleText | Child, after: RuleText | Child) -> dict[str, tuple[Any, Any]]:
    old, new = values_of(before), values_of(after)
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}


def _common_order(texts: Sequence[Child], others: Sequence[Child]) -> list[str]:
    kept = {other.name for other in others}
    return [text.name for text in texts if text.name in kept]


def sentences(changes: Sequence[Change]) -> tuple[str, ...]:
    """The changes as lines to read, a rule and then what is in it."""
    lines: list[str] = []
    for change in changes:
        sign = {Kind.ADDED: "+", Kind.CHANGED: "~", Kind.REMOVED: "-"}[change.kind]
        indent = "" if change.type == RULE else "    "
        within = f" of {change.rule}" if change.type != RULE else ""
        lines.append(f"{indent}{sign} {change.type} {change.name}{within} is {change.kind}")
        if change.kind is Kind.CHANGED:
            lines += [
                f"{indent}    {name}: {_shown(old)} becomes {_shown(new)}" for name, (old, new) in change.values.items()
            ]
        elif change.kind is Kind.ADDED:
            told = ", ".join(f"{name} {_shown(new)}" for name, (_, new) in change.values.items())
            lines.append(f"{indent}    {told}")
    return tuple(lines)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"“{value}”" if value else "empty"
