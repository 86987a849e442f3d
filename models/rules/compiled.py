"""Integration rules of one inbound point, compiled: what to ask the source for, and what each target field receives.

Value order (Assumed, integration facts, section 2): query value, then the reference lookup, then if empty the
default, else nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from models.data_model import Cleaner, FieldModel, ObjectModel, SoundColumn
from models.tables import LookupType


@dataclass(frozen=True, slots=True)
class Lookup:
    """A reference lookup as field rules use it: target keys by source key.

    Of type Object, its target keys are values of the Target Key Field of a target object (integration facts, 3).
    """

    id: int
    name: str
    pairs: Mapping[str, str]
    type: LookupType = LookupType.GENERIC
    target_object: str | None = None
    target_key_field: str | None = None


@dataclass(slots=True)
class FieldTrace:
    """How one field rule came to its value for one row; filled only when somebody asks.

    `looked_up` is the target key that the lookup gave, `value` what the target field receives; a reference that is
    matched on a field (`match_on`) is that field's value, not yet a record id.
    """

    rule: str
    target_field: str
    query_item: str | None = None
    source_value: Any = None
    lookup: str | None = None
    looked_up: str | None = None
    default: str | None = None
    took_default: bool = False
    match_on: str | None = None
    value: Any = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CompiledFieldRule:
    """One active field rule, bound to its target field.

    `query_item` is what the call-back's select list has for it: the query field, or the raw select of the rule.
    """

    name: str
    target_field: str
    query_item: str | None
    default: str | None
    lookup: Lookup | None
    reference: FieldModel | None
    """The target field when it refers to another object and `match_on` names what to find the record by."""
    match_on: str | None

    cleaner: Cleaner
    """Checks a value for the target field."""
    sound: SoundColumn | None = None
    """Tells that a whole column of values needs no cleaning."""
    read_as: Cleaner | None = None
    """Reads a source value as the rule's query field type says."""

    @property
    def resolves(self) -> bool:
        """Whether the value is a key by which the referenced record is found, rather than its id."""
        return self.reference is not None and self.match_on not in (None, "id")

    def column(self, values: Sequence[Any]) -> Sequence[Any] | None:
        """The checked values for a column of source values; None when any of them has a problem."""
        try:
            if self.query_item is None:
                return [self.evaluate(None)] * len(values)
            if self.read_as is not None:
                return [self.evaluate(value) for value in values]
            if self.lookup is not None or self.default is not None:
                values = self._filled(values)
            if self.sound is not None and self.sound(values):
                return values
            cleaner = self.cleaner
            if self.lookup is not None:
                # It knows few values: each is checked once.
                clean: dict[str, Any] = {value: cleaner(value) for value in set(values) if value}
                return [clean[value] if value else None for value in values]
            return [None if value is None or value == "" else cleaner(value) for value in values]
        except ValueError:
            return None

    def evaluate(self, value: Any, trace: FieldTrace | None = None) -> Any:
        """From the source value to the checked value for the target field, None for empty.

        Raises ValueError with what is wrong.
        """
        if trace is not None:
            self._begin(trace, value)
        if value is not None and value != "":
            if self.read_as is not None:
                value = self.read_as(value)
            if self.lookup is not None:
                key = lookup_key(value)
                value = self.lookup.pairs.get(key)
                if trace is not None:
                    trace.looked_up = value
                if value is None and self.default is None:
                    raise ValueError(missing_key(self.lookup.name, key))
        if value is None or value == "":
            value = self.default
            if trace is not None:
                trace.took_default = value is not None
        cleaned = None if value is None else self.cleaner(value)
        if trace is not None:
            trace.value = cleaned
        return cleaned

    def trace(self, value: Any) -> FieldTrace:
        """Evaluate for one source value and tell step by step how."""
        trace = FieldTrace(self.name, self.target_field)
        try:
            self.evaluate(value, trace)
        except ValueError as problem:
            trace.problem = str(problem)
        return trace

    def asked(self, values: Sequence[Any]) -> list[str]:
        """The keys that a column of source values asks the reference lookup for, each as often as it is asked for."""
        if self.lookup is None:
            return []
        if self.read_as is None:
            return [lookup_key(value) for value in values if value is not None and value != ""]
        keys = []
        for value in values:
            with suppress(ValueError):
                if value is not None and value != "":
                    keys.append(lookup_key(self.read_as(value)))
        return keys

    def _filled(self, values: Sequence[Any]) -> list[Any]:
        """Values after lookup and default, before they are checked. Raises ValueError for a key without an entry."""
        default = self.default
        if self.lookup is not None:
            pairs = self.lookup.pairs
            asked = [None if value is None or value == "" else lookup_key(value) for value in values]
            values = [pairs.get(key) if key is not None else None for key in asked]
            if default is None and None in values:
                for key, value in zip(asked, values, strict=True):
                    if value is None and key is not None:
                        raise ValueError(missing_key(self.lookup.name, key))
        return [default if value is None or value == "" else value for value in values]

    def _begin(self, trace: FieldTrace, value: Any) -> None:
        trace.query_item, trace.source_value = self.query_item, value
        trace.lookup = None if self.lookup is None else self.lookup.name
        trace.default, trace.match_on = self.default, self.match_on


Evaluated = tuple[dict[str, Any], dict[str, str]]
"""Values and problems of one row, by target field."""


@dataclass(frozen=True)
class CompiledTarget:
    """What one integration rule writes to one target object."""

    rule_name: str
    model: ObjectModel
    field_rules: tuple[CompiledFieldRule, ...]
    rule_id: int = 0

    def evaluate(self, row: Mapping[str, Any]) -> Evaluated:
        """Work out the target fields for one source row, a value per query item: checked values, problems.

        A reference that is matched on a field is answered as that field's value, not yet as a record id. An empty
        value is None. A problem leaves its field out of the values.
        """
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for rule in self.field_rules:
            try:
                values[rule.target_field] = rule.evaluate(_asked(row, rule))
            except ValueError as problem:
                problems[rule.target_field] = str(problem)
        return values, problems

    def evaluate_all(self, columns: Mapping[str, Sequence[Any]], count: int) -> list[Evaluated]:
        """The same for `count` rows, field by field, from a column of source values per query item.

        A column that is sound as a whole is checked as a whole; where any value is not, the rows are evaluated one by
        one.
        """
        made: list[Sequence[Any]] = []
        for rule in self.field_rules:
            column = rule.column(columns[rule.query_item] if rule.query_item is not None else [None] * count)
            if column is None:
                rows = ({item: column[place] for item, column in columns.items()} for place in range(count))
                return [self.evaluate(row) for row in rows]
            made.append(column)
        if not made:
            return [({}, {}) for _ in range(count)]
        names = [rule.target_field for rule in self.field_rules]
        return [(dict(zip(names, values, strict=True)), {}) for values in zip(*made, strict=True)]

    def trace(self, row: Mapping[str, Any]) -> list[FieldTrace]:
        """How each field rule came to its value for one source row, in the order of the rules."""
        return [rule.trace(_asked(row, rule)) for rule in self.field_rules]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """An active integration rule for one source object: a unit that takes the source records its filter lets through.

    `filters` are the filter clauses of its query object rules, all of which must hold (Assumed); none lets every record
    through. `items` are the distinct query items of its targets.
    """

    id: int
    name: str
    targets: tuple[CompiledTarget, ...]
    filters: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledPoint:
    """The active rules of an inbound point for one source object, in their order."""

    rules: tuple[CompiledRule, ...]

    @property
    def targets(self) -> tuple[CompiledTarget, ...]:
        """What all rules write, in their order."""
        return tuple(target for rule in self.rules for target in rule.targets)

    @property
    def items(self) -> tuple[str, ...]:
        """The distinct query items of all rules."""
        return tuple(sorted({item for rule in self.rules for item in rule.items}))


def _asked(row: Mapping[str, Any], rule: CompiledFieldRule) -> Any:
    return row.get(rule.query_item) if rule.query_item is not None else None


def lookup_key(value: Any) -> str:
    """A source value as it is written in a mapping file."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def missing_key(lookup: str, key: str) -> str:
    """What is wrong with a value for which the lookup of this name has no entry."""
    return f"Reference lookup {lookup} has no entry for {key!r}."
