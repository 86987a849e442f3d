"""The conditions of a query as SQL: values checked against the fields they are compared with, null rules, dates.

Assumed, where the facts are silent: a date stands for midnight when it is compared with a date and time; TODAY and
DAYS_AGO:n are whole days in UTC, LAST_DAYS:n is from the beginning of the day n days ago to the end of today, and such
a span is equal to whatever lies within it; only `=` and `!=` compare with null.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, or_, select

from models.data_model import ObjectModel
from models.sets import one_of
from models.time import from_iso, iso
from models.versions import StateType
from models.vql.errors import invalid
from models.vql.portable import bracketed, consists_of, lower, text_in
from models.vql.schema import CHOICES, TEXTS, Attribute, AttributeType, Resolved
from models.vql.scope import Scope, table_for
from models.vql.tree import (
    Between,
    Comparison,
    Contains,
    DateLiteral,
    Days,
    Expr,
    Function,
    Joiner,
    Like,
    Literal,
    Operand,
    Operator,
    StateLiteral,
    States,
    Value,
    Within,
)

TOGETHER = 100
"""Conditions that are joined in one go: databases limit how deep an expression is."""
LONGEST_PATTERN = 1_500
"""Characters of a LIKE pattern: no field is longer."""
LONGEST_USER_NUMBER = 15
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z")
_DATES = (AttributeType.DATE, AttributeType.DATETIME)
_STATE_TYPES = {
    States.STEADY: StateType.STEADY,
    States.OBSOLETE: StateType.OBSOLETE,
    States.SUPERSEDED: StateType.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class _Span:
    """What a value stands for, as it is stored: from `low` to before `high`, or `low` itself when `high` is None."""

    low: Any
    high: Any = None


@dataclass(frozen=True, slots=True)
class _Left:
    """The left side of a condition, ready to be compared."""

    attribute: Attribute
    element: ColumnElement[Any]
    at: int
    folded: bool = False


def condition(scope: Scope, expr: Expr) -> ColumnElement[bool]:
    """The expression as one SQL condition. Raises VqlError with the place of what cannot be compared."""
    match expr:
        case Comparison(operand, operator, value):
            return _comparison(scope, operand, operator, value)
        case Between(operand, low, high):
            left = _left(scope, operand)
            _require_order(left)
            return and_(
                _ordered(left, Operator.AT_LEAST, _span(scope, left, low)),
                _ordered(left, Operator.AT_MOST, _span(scope, left, high)),
            )
        case Contains(operand, values):
            return _contains(scope, operand, values)
        case Like(operand, pieces):
            return _like(scope, operand, pieces, expr.at)
        case Within():
            return _within(scope, expr)
        case _:
            parts = [condition(scope, part) for part in expr.parts]
            return _joined(expr.joiner, parts)


def _joined(joiner: Joiner, parts: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Join conditions so that the expression is flat enough for every database."""
    word = and_ if joiner is Joiner.AND else or_
    while len(parts) > TOGETHER:
        parts = [bracketed(word(*parts[start : start + TOGETHER])) for start in range(0, len(parts), TOGETHER)]
    return word(*parts)


def _left(scope: Scope, operand: Operand) -> _Left:
    resolved = scope.resolve(operand)
    attribute, element = resolved.attribute, scope.element(resolved)
    match operand.function:
        case Function.TOLABEL:
            return _Left(attribute, _label(resolved, element, operand.at), operand.at)
        case Function.TONAME:
            _require_choice(attribute, operand)
        case Function.CASEINSENSITIVE:
            if attribute.type not in TEXTS:
                raise invalid(f"[CASEINSENSITIVE] takes a text; [{attribute.name}] is none", operand.at)
            return _Left(attribute, lower(element), operand.at, folded=True)
        case Function.LONGTEXT:
            raise invalid("[LONGTEXT] is for the SELECT clause", operand.at, "Compare the field itself.")
    return _Left(attribute, element, operand.at)


def _label(resolved: Resolved, element: ColumnElement[Any], at: int) -> ColumnElement[Any]:
    attribute = resolved.attribute
    _require_choice(attribute, Operand((attribute.name,), Function.TOLABEL, at))
    if not attribute.labels:
        return element
    # Records may hold a value that is inactive by now: its name stands for its label.
    return case(dict(attribute.labels), value=element, else_=element)


def _require_choice(attribute: Attribute, operand: Operand) -> None:
    if attribute.type not in CHOICES:
        function = operand.function.value if operand.function else ""
        raise invalid(f"[{function}] takes a picklist or a lifecycle state; [{attribute.name}] is neither", operand.at)


def _require_order(left: _Left) -> None:
    if left.attribute.type is AttributeType.YES_NO:
        raise invalid(f"[{left.attribute.name}] is yes or no: it has no order", left.at, "Compare it by = or !=.")


def _comparison(scope: Scope, operand: Operand, operator: Operator, value: Value) -> ColumnElement[bool]:
    if isinstance(value, StateLiteral):
        return _in_states(scope, operand, operator, value)
    left = _left(scope, operand)
    if isinstance(value, Literal) and value.value is None:
        if operator is Operator.EQUAL:
            return left.element.is_(None)
        if operator is Operator.NOT_EQUAL:
            return left.element.is_not(None)
        raise invalid(f"[{operator.value}] does not compare with null", value.at, "Compare with null by = or !=.")
    span = _span(scope, left, value)
    if operator is Operator.EQUAL:
        return _equal(left, span)
    if operator is Operator.NOT_EQUAL:
        if span.high is None:
            return left.element.is_distinct_from(span.low)
        return or_(left.element.is_(None), left.element < span.low, left.element >= span.high)
    _require_order(left)
    return _ordered(left, operator, span)


def _equal(left: _Left, span: _Span) -> ColumnElement[bool]:
    if span.high is None:
        equal: ColumnElement[bool] = left.element == span.low
        return equal
    return and_(left.element >= span.low, left.element < span.high)


def _ordered(left: _Left, operator: Operator, span: _Span) -> ColumnElement[bool]:
    element: Any = left.element
    ordered: ColumnElement[bool]
    match operator:
        case Operator.LESS:
            ordered = element < span.low
        case Operator.AT_LEAST:
            ordered = element >= span.low
        case Operator.AT_MOST:
            ordered = element <= span.low if span.high is None else element < span.high
        case _:
            ordered = element > span.low if span.high is None else element >= span.high
    return ordered


def _contains(scope: Scope, operand: Operand, values: tuple[Value, ...]) -> ColumnElement[bool]:
    left = _left(scope, operand)
    spans = [_span(scope, left, value) for value in values]
    wide = [_equal(left, span) for span in spans if span.high is not None]
    points = [span.low for span in spans if span.high is None]
    if points and all(isinstance(point, str) for point in points):
        wide.append(one_of(left.element, points))
    elif points:
        wide.append(left.element.in_(points))
    return _joined(Joiner.OR, wide)


def _like(scope: Scope, operand: Operand, pieces: tuple[str, ...], at: int) -> ColumnElement[bool]:
    left = _left(scope, operand)
    if left.attribute.type not in TEXTS:
        raise invalid(f"[LIKE] compares text; [{left.attribute.name}] is none", at)
    if sum(map(len, pieces)) + len(pieces) > LONGEST_PATTERN:
        raise invalid(f"The pattern is longer than {LONGEST_PATTERN:,} characters", at)
    return consists_of(left.element, tuple(piece.lower() for piece in pieces) if left.folded else pieces)


def _span(scope: Scope, left: _Left, value: Value) -> _Span:
    """What a value stands for beside this field. Raises VqlError when the field can never hold it."""
    attribute = left.attribute
    if isinstance(value, StateLiteral):
        raise invalid(f"[{value.states.value}] is compared by = or != with a lifecycle state", value.at)
    if isinstance(value, DateLiteral):
        if attribute.type not in _DATES:
            raise invalid(f"[{value.days.value}] is compared with a date; [{attribute.name}] is none", value.at)
        return _days(scope.catalog.now, attribute, value)
    stored = _stored(attribute, value)
    return _Span(stored.lower() if left.folded else stored)


_WANTED = {
    AttributeType.NUMBER: "a number",
    AttributeType.USER: "a user's number",
    AttributeType.YES_NO: "true or false",
    AttributeType.DATE: "a date, as '2026-01-31'",
    AttributeType.DATETIME: "a date and time, as '2026-01-31T12:00:00.000Z'",
}


def _stored(attribute: Attribute, value: Literal) -> Any:
    """A written value as the store keeps it in this field."""
    stored: Any = None
    match attribute.type, value.value:
        case AttributeType.YES_NO, bool(flag):
            stored = flag
        case _, bool():
            pass
        case AttributeType.NUMBER, int() | float():
            stored = value.value
        case AttributeType.USER, int(number):
            stored = number
        case AttributeType.USER, str(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_USER_NUMBER:
            stored = int(text)
        case ((AttributeType.DATE | AttributeType.DATETIME), str(text)):
            stored = _date(attribute, text)
        case kind, str(text) if kind in TEXTS:
            stored = text
    if stored is None:
        raise invalid(f"[{attribute.name}] is compared with {_WANTED.get(attribute.type, 'a text')}", value.at)
    return stored


def _date(attribute: Attribute, text: str) -> Any:
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return day.isoformat() if attribute.type is AttributeType.DATE else _moment(attribute, day)
        if attribute.type is AttributeType.DATETIME and _DATETIME.fullmatch(text):
            moment = from_iso(text)
            return iso(moment) if attribute.own else moment
    except ValueError:
        pass
    return None


def _moment(attribute: Attribute, day: date) -> Any:
    """Midnight at the beginning of a day, as the field keeps it."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return iso(moment) if attribute.own else moment


def _days(now: datetime, attribute: Attribute, value: DateLiteral) -> _Span:
    today = now.astimezone(UTC).date()
    try:
        first = today - timedelta(days=value.count)
        last = first if value.days is Days.DAYS_AGO else today
        after = last + timedelta(days=1)
    except OverflowError:
        raise invalid(f"{value.count} days ago there was no calendar", value.at) from None
    if attribute.type is AttributeType.DATE:
        return _Span(first.isoformat(), after.isoformat())
    return _Span(_moment(attribute, first), _moment(attribute, after))


def _in_states(scope: Scope, operand: Operand, operator: Operator, value: StateLiteral) -> ColumnElement[bool]:
    """Whether the record is in a lifecycle state of a type; documents are asked by `status__v` as well."""
    resolved = scope.resolve(operand)
    model = resolved.hops[-1].target if resolved.hops else scope.model
    asked = resolved.attribute.name
    if operand.function is not None or not (asked == "state__v" or (model.is_document and asked == "status__v")):
        raise invalid(f"[{value.states.value}] is compared with a lifecycle state; [{asked}] is none", value.at)
    if operator not in (Operator.EQUAL, Operator.NOT_EQUAL):
        raise invalid(f"[{value.states.value}] is compared by = or !=", value.at)
    state = Operand((*operand.path[:-1], "state__v"), None, operand.at)
    element = scope.element(scope.resolve(state))
    names = _states(model, value)
    inside = element.in_(names) if names else false()
    if operator is Operator.EQUAL:
        return inside
    return or_(element.is_(None), element.not_in(names)) if names else ~inside


def _states(model: ObjectModel, value: StateLiteral) -> list[str]:
    wanted = _STATE_TYPES.get(value.states)
    if wanted is None:
        # Assumed: `steady`, `steady_state`, and `steady_state__sys` name the same type.
        name = value.type.partition("__")[0].removesuffix("_state")
        try:
            wanted = StateType({"starting": "initial"}.get(name, name))
        except ValueError:
            known = ", ".join(each.value for each in StateType)
            raise invalid(f"[{value.type}] is not a state type", value.at, f"The types: {known}.") from None
    names = list(model.states_of_type(wanted))
    if not names and wanted is StateType.INITIAL and model.starting_state is not None:
        names = [model.starting_state]
    return names


def _within(scope: Scope, within: Within) -> ColumnElement[bool]:
    """A field among the answers of a subquery, which asks an object, or the records that a relationship leads to.

    Assumed: `id IN (SELECT id FROM sites__vr ..)` holds for a record that has such a site, and `id IN (SELECT id FROM
    study__vr ..)` for one that refers to such a study.
    """
    query = within.query
    if len(query.items) != 1 or not isinstance(query.items[0], Operand) or query.items[0].function is not None:
        raise invalid("A subquery of IN asks for one field", query.at)
    if query.order or (query.maxrows, query.skip, query.pagesize, query.pageoffset) != (None,) * 4:
        raise invalid("A subquery of IN is neither sorted nor paged", query.at)
    left = _left(scope, within.operand)
    asked = query.items[0]
    catalog = scope.catalog
    plain_ids = asked.path == ("id",) and within.operand.path == ("id",) and within.operand.function is None
    hop = catalog.hop(scope.model, query.target, query.at)
    children = None if hop else catalog.children(scope.model, query.target, query.at)
    model = hop.target if hop else children.source if children else catalog.object(query.target, query.at)
    element = left.element
    if plain_ids and hop is not None:
        element = text_in(scope.table.c.data, hop.field.name)
    inner = Scope(catalog, model, catalog.alias(table_for(model, query.versions, query.at)), joined=True)
    resolved = inner.resolve(asked)
    answer = inner.element(resolved)
    if plain_ids and children is not None:
        answer = text_in(inner.table.c.data, children.field.name)
    elif not _alike(left.attribute, resolved.attribute):
        raise invalid(
            f"[{left.attribute.name}] is not compared with [{resolved.attribute.name}]: their types differ", asked.at
        )
    where: Iterable[ColumnElement[bool]] = [inner.table.c.object_id == model.id]
    if query.where is not None:
        where = [*where, condition(inner, query.where)]
    if left.folded:
        answer = lower(answer)
    return element.in_(select(answer).select_from(inner.from_clause).where(*where))


def _alike(one: Attribute, other: Attribute) -> bool:
    return one.type is other.type or (one.type in TEXTS and other.type in TEXTS)
