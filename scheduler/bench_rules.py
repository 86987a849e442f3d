"""Measures rule evaluation alone: source values in, checked target values out, on one core.

Twenty-four field rules, four of them with a reference lookup of fifty pairs, two with a default, over the types of
fields that connections move. The rules are compiled once; nothing touches a database.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from models.data_model import FieldModel, ObjectModel
from models.rules.binding import compile_target
from models.rules.compiled import CompiledTarget, Lookup
from models.rules.usage import LookupUsage
from models.tables import ITEMS_IN_A_MESSAGE, FieldRule, FieldType

FIELD_RULES, LOOKUPS, PAIRS = 24, 4, 50


@dataclass(frozen=True, slots=True)
class RulesResult:
    """What the bench measured. `floor_seconds` are for making the target records of the source values, unchecked.

    `single` is records per second when every record is evaluated by itself.
    """

    records: int
    field_rules: int
    lookups: int
    seconds: float
    floor_seconds: float
    single: float

    @property
    def rate(self) -> float:
        """Records per second of one core, in batches of a message's size, as a receive run evaluates them."""
        return self.records / self.seconds

    @property
    def ratio(self) -> float:
        """Speed as a share of the floor's speed."""
        return self.floor_seconds / self.seconds


def bench_rules(records: int = 100_000) -> RulesResult:
    """Evaluate the rules for `records` records in batches of a message's size, counting lookup uses as a run does."""
    target = bench_target()
    batches = list(_batches(records))
    usage = LookupUsage()
    began = time.process_time()
    made = 0
    for columns, count in batches:
        made += len(target.evaluate_all(columns, count))
        usage.note(target, columns)
    seconds = time.process_time() - began
    copies, began = 0, time.process_time()
    for columns, _ in batches:
        copied = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        copies += len(copied)
    floor = time.process_time() - began
    columns, count = batches[0]
    rows = [{item: column[place] for item, column in columns.items()} for place in range(count)]
    began = time.process_time()
    for row in rows:
        target.evaluate(row)
    single = count / max(time.process_time() - began, 1e-9)
    if made != copies:
        raise RuntimeError(f"{made} of {copies} records were evaluated")
    return RulesResult(made, FIELD_RULES, LOOKUPS, seconds, floor, single)


def bench_target() -> CompiledTarget:
    """The compiled rules that are measured."""
    pairs = {f"source {place}": f"value_{place}__c" for place in range(PAIRS)}
    picklist = {target: target for target in pairs.values()}
    fields = {field.name: field for field in _fields(picklist)}
    model = ObjectModel(1, 1, "bench__c", "Bench", "V0B", fields)
    lookups = {place: Lookup(place, f"Lookup {place}", pairs) for place in range(1, LOOKUPS + 1)}
    rules: list[Any] = []
    for place, name in enumerate(("name__v", *fields)):
        mapped = fields[name].type is FieldType.PICKLIST if name in fields else False
        rules.append(
            FieldRule(
                rule_id=1,
                api_name=f"rule_{place}__c",
                target_object="bench__c",
                target_field=name,
                query_object="bench__c",
                query_field=name,
                default_value="none" if name in ("text_1__c", "text_2__c") else None,
                reference_lookup_id=int(name.split("_")[1]) if mapped else None,
            )
        )
    target, problems = compile_target("Bench", model, rules, lookups)
    if problems or len(target.field_rules) != FIELD_RULES:
        raise RuntimeError(f"the bench's rules do not fit: {problems}")
    return target


def _fields(picklist: Mapping[str, str]) -> Iterator[FieldModel]:
    kinds: Sequence[tuple[str, FieldType, int]] = (
        ("text", FieldType.TEXT, 10),
        ("number", FieldType.NUMBER, 3),
        ("flag", FieldType.YES_NO, 2),
        ("day", FieldType.DATE, 2),
        ("moment", FieldType.DATETIME, 2),
        ("choice", FieldType.PICKLIST, LOOKUPS),
    )
    number = 0
    for name, kind, count in kinds:
        for place in range(1, count + 1):
            number += 1
            values = picklist if kind is FieldType.PICKLIST else None
            yield FieldModel(number, f"{name}_{place}__c", name, kind, max_length=200, picklist=values)


def _batches(records: int) -> Iterator[tuple[dict[str, list[Any]], int]]:
    first = date(2026, 1, 1)
    for start in range(0, records, ITEMS_IN_A_MESSAGE):
        numbers = range(start, min(start + ITEMS_IN_A_MESSAGE, records))
        days = [(first + timedelta(days=number % 365)).isoformat() for number in numbers]
        columns: dict[str, list[Any]] = {"name__v": [f"Record {number}" for number in numbers]}
        for place in range(1, 11):
            columns[f"text_{place}__c"] = [f"value {place} of record {number}" for number in numbers]
        # One in ten is empty in the source and takes the default.
        columns["text_1__c"] = [None if number % 10 == 0 else f"value of {number}" for number in numbers]
        for place in range(1, 4):
            columns[f"number_{place}__c"] = [number / 4 if place == 1 else number for number in numbers]
        for place in (1, 2):
            columns[f"flag_{place}__c"] = [number % 2 == 0 for number in numbers]
            columns[f"day_{place}__c"] = days
            columns[f"moment_{place}__c"] = [f"{day}T12:00:00.000Z" for day in days]
        for place in range(1, LOOKUPS + 1):
            columns[f"choice_{place}__c"] = [f"source {(number + place) % PAIRS}" for number in numbers]
        yield columns, len(numbers)
