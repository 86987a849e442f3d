"""Answers queries in plain Python over rows held in memory: what the translation to SQL must agree with.

Slow and simple on purpose; it shares nothing with `models.vql` but the syntax tree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.vql.tree import (
    Between,
    Comparison,
    Contains,
    DateLiteral,
    Days,
    Expr,
    Function,
    Joiner,
    Junction,
    Like,
    Literal,
    Operand,
    Operator,
    Query,
    StateLiteral,
    Subselect,
    Value,
    Within,
)

Row = Mapping[str, Any]


@dataclass
class NaiveObject:
    """An object: its rows in the order in which they were made, and what it is related with.

    `to_one` maps a relationship to its field and object; `to_many` to the referring object and its field. `labels`
    has the labels of picklist values by field, `moments` the fields that hold dates with a time. `states` has the
    lifecycle states of each type.
    """

    rows: list[Row]
    to_one: Mapping[str, tuple[str, str]]
    to_many: Mapping[str, tuple[str, str]]
    labels: Mapping[str, Mapping[str, str]]
    picklists: frozenset[str]
    days: frozenset[str]
    moments: frozenset[str]
    states: Mapping[str, Sequence[str]]


class Naive:
    """A Vault in memory."""

    def __init__(self, objects: Mapping[str, NaiveObject], now: datetime) -> None:
        self.objects = objects
        self.today = now.astimezone(UTC).date()

    def answer(self, query: Query) -> tuple[list[dict[str, Any]], int]:
        """The rows of the page, and how many there are in all."""
        rows = self.chosen(query.target, query.where, query)
        return self.page(query.target, query, rows)

    def page(self, name: str, query: Query, rows: list[Row]) -> tuple[list[dict[str, Any]], int]:
        rows = rows[query.skip or 0 :]
        if query.maxrows is not None:
            rows = rows[: query.maxrows]
        begin = query.pageoffset or 0
        shown = rows[begin:] if query.pagesize is None else rows[begin : begin + query.pagesize]
        return [self.project(name, query, row) for row in shown], len(rows)

    def chosen(self, name: str, where: Expr | None, query: Query) -> list[Row]:
        rows = [row for row in self.objects[name].rows if where is None or self.holds(name, row, where)]
        for sort in reversed(query.order):
            # None before everything else: (False, ..) sorts before (True, ..).
            def key(row: Row, operand: Operand = sort.operand) -> tuple[bool, Any]:
                value, _, _ = self.find(name, row, operand)
                return (value is not None, 0 if value is None else value)

            # Reverse order keeps the order of equal rows.
            rows = sorted(rows, key=key, reverse=sort.descending)
        return rows

    def project(self, name: str, query: Query, row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in query.items:
            if isinstance(item, Subselect):
                found[item.query.target] = self.related(name, item.query, row)
                continue
            value, holder, field = self.find(name, row, item)
            here = self.objects[holder]
            if value is not None:
                if item.function is Function.TOLABEL:
                    value = here.labels[field].get(value, value)
                if field in here.picklists:
                    value = [value]
                if isinstance(value, datetime):
                    value = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            found[item.name] = value
        return found

    def related(self, name: str, query: Query, row: Row) -> dict[str, Any]:
        here = self.objects[name]
        if query.target in here.to_one:
            field, target = here.to_one[query.target]
            belongs: Any = [each for each in self.objects[target].rows if each["id"] == row.get(field)]
        else:
            target, field = here.to_many[query.target]
            belongs = [each for each in self.objects[target].rows if each.get(field) == row["id"]]
        chosen = [each for each in self.chosen(target, query.where, query) if each in belongs]
        shown, total = self.page(target, query, chosen)
        return {"data": shown, "total": total}

    def find(self, name: str, row: Row | None, operand: Operand) -> tuple[Any, str, str]:
        """A field's value, the object that has it, and the field."""
        for relationship in operand.path[:-1]:
            field, target = self.objects[name].to_one[relationship]
            wanted = None if row is None else row.get(field)
            row = next((each for each in self.objects[target].rows if each["id"] == wanted), None)
            name = target
        field = operand.path[-1]
        return (None if row is None else row.get(field)), name, field

    def holds(self, name: str, row: Row, expr: Expr) -> bool:
        match expr:
            case Junction(Joiner.AND, parts):
                return all(self.holds(name, row, part) for part in parts)
            case Junction(_, parts):
                return any(self.holds(name, row, part) for part in parts)
            case Comparison(operand, operator, StateLiteral() as value):
                _, holder, _ = self.find(name, row, operand)
                state, _, _ = self.find(name, row, Operand((*operand.path[:-1], "state__v")))
                inside = state in self.objects[holder].states[value.type or value.states.value]
                return inside if operator is Operator.EQUAL else not inside
            case Comparison(operand, operator, value):
                return self.compare(self.left(name, row, operand), operator, value)
            case Between(operand, low, high):
                left = self.left(name, row, operand)
                return self.compare(left, Operator.AT_LEAST, low) and self.compare(left, Operator.AT_MOST, high)
            case Contains(operand, values):
                left = self.left(name, row, operand)
                return any(self.compare(left, Operator.EQUAL, value) for value in values)
            case Like(operand, pieces):
                left = self.left(name, row, operand)
                folded = [piece.lower() for piece in pieces] if left[1] else list(pieces)
                return left[0] is not None and consists(left[0], folded)
            case Within(operand, query):
                return self.within(name, row, operand, query)

    def left(self, name: str, row: Row, operand: Operand) -> tuple[Any, bool, bool]:
        """The value to compare; whether case does not count; whether it is a date with a time."""
        value, holder, field = self.find(name, row, operand)
        if value is not None and operand.function is Function.TOLABEL:
            value = self.objects[holder].labels[field].get(value, value)
        folded = operand.function is Function.CASEINSENSITIVE
        if folded and value is not None:
            value = value.lower()
        return value, folded, field in self.objects[holder].moments

    def compare(self, left: tuple[Any, bool, bool], operator: Operator, value: Value) -> bool:
        have, folded, moment = left
        if isinstance(value, Literal) and value.value is None:
            return (have is None) is (operator is Operator.EQUAL)
        if have is None:
            return operator is Operator.NOT_EQUAL
        low, high = self.span(value, moment)
        if folded:
            low = high = low.lower()
        if isinstance(have, str) and moment:
            have = datetime.fromisoformat(have)
        held: dict[Operator, Any] = {
            Operator.EQUAL: low <= have <= high,
            Operator.NOT_EQUAL: not low <= have <= high,
            Operator.LESS: have < low,
            Operator.AT_LEAST: have >= low,
            Operator.AT_MOST: have <= high,
            Operator.GREATER: have > high,
        }
        return bool(held[operator])

    def span(self, value: Value, moment: bool) -> tuple[Any, Any]:
        """The first and the last thing that a value stands for."""
        if isinstance(value, DateLiteral):
            first = self.today - timedelta(days=value.count)
            last = first if value.days is Days.DAYS_AGO else self.today
            if not moment:
                return first.isoformat(), last.isoformat()
            return midnight(first), midnight(last) + timedelta(days=1) - timedelta(milliseconds=1)
        assert isinstance(value, Literal)
        if moment:
            text = str(value.value)
            point = midnight(date.fromisoformat(text)) if len(text) == 10 else datetime.fromisoformat(text)
            return point, point
        return value.value, value.value

    def within(self, name: str, row: Row, operand: Operand, query: Query) -> bool:
        asked = query.items[0]
        assert isinstance(asked, Operand)
        here = self.objects[name]
        value, folded, _ = self.left(name, row, operand)
        ids = asked.path == operand.path == ("id",)
        if query.target in here.to_one:
            field, target = here.to_one[query.target]
            if ids:
                value = row.get(field)
        elif query.target in here.to_many:
            target, field = here.to_many[query.target]
            if ids:
                rows = self.chosen(target, query.where, query)
                return any(each.get(field) == row["id"] for each in rows)
        else:
            target = query.target
        found = {self.find(target, each, asked)[0] for each in self.chosen(target, query.where, query)}
        if folded:
            found = {each.lower() for each in found if each is not None}
        return value is not None and value in found


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def consists(text: str, pieces: Iterable[str]) -> bool:
    """Whether a text consists of pieces with anything between them, by trying."""
    first, *rest = pieces
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    return any(consists(text[begin:], rest) for begin in range(len(first), len(text) + 1))
