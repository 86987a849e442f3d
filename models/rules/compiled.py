"""Integration rules of one inbound point, compiled: what to ask the source for, and what each target field receives.

Value order (Assumed, integration facts, section 2): query value, then the reference lookup, then if empty the
default, else nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.data_model import Cleaner, FieldModel, ObjectModel
from models.tables import FieldType


@dataclass(frozen=True, slots=True)
class CompiledFieldRule:
    """One active field rule, bound to its target field."""

    name: str
    target_field: str
    query_field: str | None
    default: str | None
    lookup_name: str | None
    lookup: Mapping[str, str] | None
    reference: FieldModel | None
    """The target field when it refers to another object and `match_on` names what to find the record by."""
    match_on: str | None

    cleaner: Cleaner
    """Checks a value for the target field."""

    @property
    def resolves(self) -> bool:
        """Whether the value is a key by which the referenced record is found, rather than its id."""
        return self.reference is not None and self.match_on not in (None, "id")

    def evaluate(self, row: Mapping[str, Any]) -> Any:
        """The checked value for the target field, None for empty. Raises ValueError with what is wrong."""
        value = row.get(self.query_field) if self.query_field is not None else None
        if value is not None and self.lookup is not None:
            key = value if isinstance(value, str) else str(value)
            value = self.lookup.get(key)
            if value is None and self.default is None:
                raise ValueError(f"Reference lookup {self.lookup_name} has no entry for {key!r}.")
        if value is None:
            value = self.default
        return None if value is None else self.cleaner(value)


@dataclass(frozen=True)
class CompiledTarget:
    """What one integration rule writes to one target object."""

    rule_name: str
    model: ObjectModel
    field_rules: tuple[CompiledFieldRule, ...]

    def evaluate(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Work out the target fields for one source row; answers checked values and problems by target field.

        A reference that is matched on a field is answered as that field's value, not yet as a record id. An empty
        value is None. A problem leaves its field out of the values.
        """
        get = row.get
        try:
            # Nearly every row is sound: plain mappings first, without a guard around each of them.
            values = {
                target_field: cleaner(value) if (value := get(query_field)) is not None else None
                for target_field, query_field, cleaner in self.plain
            }
        except ValueError:
            return self._evaluate_each(row, self.field_rules)
        if not self.others:
            return values, {}
        more, problems = self._evaluate_each(row, self.others)
        values.update(more)
        return values, problems

    @cached_property
    def plain(self) -> tuple[tuple[str, str, Cleaner], ...]:
        """The field rules that only copy: target field, query field, cleaner."""
        return tuple(
            (rule.target_field, rule.query_field, rule.cleaner)
            for rule in self.field_rules
            if rule.query_field is not None and rule.lookup is None and rule.default is None
        )

    @cached_property
    def others(self) -> tuple[CompiledFieldRule, ...]:
        """The field rules with a lookup or a default."""
        copied = {target_field for target_field, _, _ in self.plain}
        return tuple(rule for rule in self.field_rules if rule.target_field not in copied)

    def _evaluate_each(
        self, row: Mapping[str, Any], rules: Sequence[CompiledFieldRule]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for rule in rules:
            try:
                values[rule.target_field] = rule.evaluate(row)
            except ValueError as problem:
                problems[rule.target_field] = str(problem)
        return values, problems


@dataclass(frozen=True, slots=True)
class CompiledPoint:
    """The active rules of an inbound point for one source object, in their order."""

    targets: tuple[CompiledTarget, ...]
    paths: tuple[str, ...]
    """The distinct query fields of all targets: what the call-back asks for."""


def compile_target(
    rule_name: str, model: ObjectModel, rules: Sequence[Any], lookups: Mapping[int, tuple[str, Mapping[str, str]]]
) -> tuple[CompiledTarget, dict[str, str]]:
    """Bind field rules (rows of the field rule table) to a target object.

    Answers the compiled target and, by target field, what is wrong with the rules that cannot be bound: the object no
    longer has the field (seed S1, limitations), or the reference has nothing to be matched on.
    """
    compiled: list[CompiledFieldRule] = []
    problems: dict[str, str] = {}
    for rule in rules:
        if rule.target_field not in model.cleaners:
            problems[rule.target_field] = f"Field rule {rule.api_name}: {model.label} has no field {rule.target_field}."
            continue
        field = model.fields.get(rule.target_field)
        reference = field if field is not None and field.type is FieldType.OBJECT else None
        match_on = rule.target_lookup_field if reference is not None else None
        lookup_name, lookup = lookups.get(rule.reference_lookup_id, (None, None))
        compiled.append(
            CompiledFieldRule(
                name=rule.api_name,
                target_field=rule.target_field,
                query_field=rule.query_field or None,
                default=rule.default_value,
                lookup_name=lookup_name,
                lookup=lookup,
                reference=reference,
                match_on=match_on,
                cleaner=str if match_on not in (None, "id") else model.cleaners[rule.target_field],
            )
        )
    return CompiledTarget(rule_name, model, tuple(compiled)), problems
