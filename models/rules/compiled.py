"""Integration rules of one inbound point, compiled: what to ask the source for, and what each target field receives.

Value order (Assumed, integration facts, section 2): query value, then the reference lookup, then if empty the
default, else nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.data_model import Cleaner, FieldModel, ObjectModel, SoundColumn
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
    sound: SoundColumn | None = None
    """Tells that a whole column of values needs no cleaning."""

    @property
    def resolves(self) -> bool:
        """Whether the value is a key by which the referenced record is found, rather than its id."""
        return self.reference is not None and self.match_on not in (None, "id")

    def column(self, rows: Sequence[Mapping[str, Any]]) -> list[Any] | None:
        """The checked values for many rows; None when any of them has a problem."""
        try:
            if self.query_field is None or self.lookup is not None or self.default is not None:
                return [self.evaluate(row) for row in rows]
            query_field, cleaner = self.query_field, self.cleaner
            values = [row.get(query_field) for row in rows]
            if self.sound is not None and self.sound(values):
                return values
            return [None if value is None or value == "" else cleaner(value) for value in values]
        except ValueError:
            return None

    def evaluate(self, row: Mapping[str, Any]) -> Any:
        """The checked value for the target field, None for empty. Raises ValueError with what is wrong."""
        value = row.get(self.query_field) if self.query_field is not None else None
        if value is not None and value != "" and self.lookup is not None:
            key = _lookup_key(value)
            value = self.lookup.get(key)
            if value is None and self.default is None:
                raise ValueError(f"Reference lookup {self.lookup_name} has no entry for {key!r}.")
        if value is None or value == "":
            value = self.default
        return None if value is None else self.cleaner(value)


Evaluated = tuple[dict[str, Any], dict[str, str]]
"""Values and problems of one row, by target field."""


@dataclass(frozen=True)
class CompiledTarget:
    """What one integration rule writes to one target object."""

    rule_name: str
    model: ObjectModel
    field_rules: tuple[CompiledFieldRule, ...]

    def evaluate(self, row: Mapping[str, Any]) -> Evaluated:
        """Work out the target fields for one source row: checked values and problems, by target field.

        A reference that is matched on a field is answered as that field's value, not yet as a record id. An empty
        value is None. A problem leaves its field out of the values.
        """
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for rule in self.field_rules:
            try:
                values[rule.target_field] = rule.evaluate(row)
            except ValueError as problem:
                problems[rule.target_field] = str(problem)
        return values, problems

    def evaluate_all(self, rows: Sequence[Mapping[str, Any]]) -> list[Evaluated]:
        """The same for many rows, field by field: a column of values that is sound as a whole is checked as a whole.

        Where any value is not, the rows are evaluated one by one.
        """
        if not self.field_rules:
            return [({}, {}) for _ in rows]
        columns: list[list[Any]] = []
        for rule in self.field_rules:
            column = rule.column(rows)
            if column is None:
                return [self.evaluate(row) for row in rows]
            columns.append(column)
        names = [rule.target_field for rule in self.field_rules]
        return [(dict(zip(names, values, strict=True)), {}) for values in zip(*columns, strict=True)]


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
                default=rule.default_value or None,
                lookup_name=lookup_name,
                lookup=lookup,
                reference=reference,
                match_on=match_on,
                cleaner=str if match_on not in (None, "id") else model.cleaners[rule.target_field],
                sound=model.sound_columns.get(rule.target_field),
            )
        )
    return CompiledTarget(rule_name, model, tuple(compiled)), problems


def _lookup_key(value: Any) -> str:
    """A source value as it is written in a mapping file."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
