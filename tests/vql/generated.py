"""Draws data and queries: small pools of values, so that conditions hit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

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
    Query,
    Sort,
    StateLiteral,
    States,
    Subselect,
    Within,
    join,
)

TEXTS = ("a", "A", "ab", "aB", "b", "b%", "a_b", "a*b", "[x]", "ä", "Ä", "it's", "10", "\\", "x\ny", "?")
NUMBERS = (-1, 0, 1, 2.5, 10)
DAYS = ("2026-01-05", "2026-01-04", "2026-01-02", "2025-12-31", "2026-01-06")
MOMENTS = tuple(f"{day}T{time}Z" for day in DAYS[:3] for time in ("00:00:00.000", "08:00:00.000", "23:59:59.999"))
AREAS = ("oncology__c", "cardiology__c", "other__c")
STATES = ("planned__c", "open__c")
STATUSES = ("active__v", "inactive__v")

POOLS: Mapping[str, tuple[Any, ...]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "flag": (True, False),
    "day": DAYS,
    "moment": MOMENTS,
    "area": (*AREAS, "gone__c"),
    "state": STATES,
    "status": STATUSES,
    "id": ("V0S000000001001", "V0S000000001002", "V0T000000001003", "none"),
}
KINDS = {
    "name__v": "text",
    "link__sys": "text",
    "status__v": "status",
    "state__v": "state",
    "id": "id",
    "text__c": "text",
    "number__c": "number",
    "flag__c": "flag",
    "day__c": "day",
    "moment__c": "moment",
    "area__c": "area",
    "created_date__v": "moment",
}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "study__v": (*KINDS,),
    "site__v": (*KINDS,),
    "visit__c": ("name__v", "id", "text__c", "status__v", "link__sys"),
}
TO_ONE: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "study__v": {"parent__vr": ("parent__v", "study__v")},
    "site__v": {"study__vr": ("study__v", "study__v"), "backup__cr": ("backup__c", "study__v")},
    "visit__c": {"site__cr": ("site__c", "site__v")},
}
TO_MANY: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "study__v": {
        "studies__vr": ("study__v", "parent__v"),
        "sites__vr": ("site__v", "study__v"),
        "sites__cr": ("site__v", "backup__c"),
    },
    "site__v": {"visits__cr": ("visit__c", "site__c")},
    "visit__c": {},
}

OBJECTS = tuple(FIELDS)
_ORDERED = tuple(Operator)
_TEXT_KINDS = frozenset({"text", "area", "state", "status", "id"})
_CHOICES = frozenset({"area", "state", "status"})
LABELS = ("Heart", "Open for All", "Active", "Oncology", "A")


def _row(name: str) -> st.SearchStrategy[dict[str, Any]]:
    def some(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
        return st.sampled_from((*values, None))

    system = {"name__v": st.sampled_from(TEXTS), "link__sys": some(TEXTS), "status__v": st.sampled_from(STATUSES)}
    if name == "visit__c":
        return st.fixed_dictionaries({**system, "text__c": some(TEXTS), "site__c": st.integers(0, 6)})
    own = {
        "state__v": st.sampled_from(STATES),
        "text__c": some(TEXTS),
        "number__c": some(NUMBERS),
        "flag__c": some((True, False)),
        "day__c": some(DAYS),
        "moment__c": some(MOMENTS),
        "area__c": some(AREAS),
    }
    references = {field: st.integers(0, 6) for field, _ in TO_ONE[name].values()}
    return st.fixed_dictionaries({**system, **own, **references})


datasets = st.fixed_dictionaries({name: st.lists(_row(name), max_size=6) for name in OBJECTS})
"""Rows of each object; a reference is the place of the row it refers to, and refers to nothing beyond the last."""


@st.composite
def _paths(draw: st.DrawFn, name: str, depth: int) -> tuple[tuple[str, ...], str]:
    """Steps to one related record, and the object they lead to."""
    steps: list[str] = []
    while depth and TO_ONE[name] and draw(st.integers(0, 3)) == 0:
        step = draw(st.sampled_from(sorted(TO_ONE[name])))
        steps.append(step)
        name = TO_ONE[name][step][1]
        depth -= 1
    return tuple(steps), name


@st.composite
def operands(draw: st.DrawFn, name: str, depth: int = 2) -> tuple[Operand, str]:
    """A field, and what kind it is of."""
    steps, holder = draw(_paths(name, depth))
    field = draw(st.sampled_from(FIELDS[holder]))
    return Operand((*steps, field)), KINDS[field]


def _literals(kind: str) -> st.SearchStrategy[Any]:
    values = st.sampled_from(POOLS[kind]).map(Literal)
    if kind not in ("day", "moment"):
        return values
    moving = st.builds(DateLiteral, st.sampled_from((Days.LAST_DAYS, Days.DAYS_AGO)), st.integers(0, 4))
    days = st.sampled_from(DAYS).map(Literal)
    return st.one_of(values, days, moving, st.just(DateLiteral(Days.TODAY)))


@st.composite
def conditions(draw: st.DrawFn, name: str, *, nested: bool) -> Expr:
    operand, kind = draw(operands(name))
    shape = draw(st.integers(0, 9))
    if shape == 9 and nested:
        return draw(_within(name))
    if shape == 8 and kind == "state":
        equal = st.sampled_from((Operator.EQUAL, Operator.NOT_EQUAL))
        types = st.sampled_from((StateLiteral(States.OF_TYPE, "initial"), StateLiteral(States.STEADY)))
        return Comparison(operand, draw(equal), draw(types))
    if shape == 7:
        return Comparison(operand, draw(st.sampled_from((Operator.EQUAL, Operator.NOT_EQUAL))), Literal(None))
    values = _literals(kind)
    if kind in _CHOICES and shape in (5, 6):
        function = draw(st.sampled_from((Function.TOLABEL, Function.TONAME)))
        operand = Operand(operand.path, function)
        values = st.sampled_from((*LABELS, *POOLS[kind])).map(Literal)
    elif kind in _TEXT_KINDS and shape in (4, 5):
        operand = Operand(operand.path, Function.CASEINSENSITIVE)
    if kind in _TEXT_KINDS and shape in (2, 3, 4):
        return Like(operand, draw(_patterns))
    if kind == "flag":
        return Comparison(operand, draw(st.sampled_from((Operator.EQUAL, Operator.NOT_EQUAL))), draw(values))
    if shape == 1:
        return Between(operand, draw(values), draw(values))
    if shape == 0:
        return Contains(operand, tuple(draw(st.lists(values, min_size=1, max_size=3))))
    return Comparison(operand, draw(st.sampled_from(_ORDERED)), draw(values))


_patterns = st.builds(
    lambda first, rest: (first, *rest),
    st.sampled_from(("a", "A", "ab", "b%", "a_", "a*", "[", "\\", "?", "ä", "it'")),
    st.lists(st.sampled_from(("", "b", "x", "]", "%", "s")), max_size=2),
)


@st.composite
def _within(draw: st.DrawFn, name: str) -> Within:
    kinds = [*TO_ONE[name].values(), *(("id", source) for source in OBJECTS)]
    related: list[tuple[str, str]] = [(step, target) for step, (_, target) in TO_ONE[name].items()]
    related += [(step, source) for step, (source, _) in TO_MANY[name].items()]
    by_relationship = draw(st.booleans())
    if related and by_relationship:
        target, holder = draw(st.sampled_from(related))
        left, asked = Operand(("id",)), Operand(("id",))
    else:
        field, holder = draw(st.sampled_from(kinds))
        target, left = holder, Operand((field,))
        if field == "id":
            to_this = [field for field, of in TO_ONE[holder].values() if of == name]
            asked = Operand((draw(st.sampled_from(to_this)),)) if to_this else Operand(("id",))
            left = left if to_this else Operand(("name__v",))
        else:
            asked = Operand(("id",))
    where = draw(st.none() | expressions(holder, nested=False))
    return Within(left, Query((asked,), target, where=where))


def expressions(name: str, *, nested: bool = True) -> st.SearchStrategy[Expr]:
    """Conditions in junctions of junctions."""
    one = conditions(name, nested=nested)
    return st.recursive(
        one,
        lambda inner: st.builds(join, st.sampled_from(tuple(Joiner)), st.lists(inner, min_size=2, max_size=3)),
        max_leaves=4,
    )


@st.composite
def _subselect(draw: st.DrawFn, name: str) -> Subselect:
    related = {step: target for step, (_, target) in TO_ONE[name].items()}
    related |= {step: source for step, (source, _) in TO_MANY[name].items()}
    target = draw(st.sampled_from(sorted(related)))
    return Subselect(draw(_query(related[target], target, nested=False)))


@dataclass(frozen=True)
class _Counts:
    maxrows: int | None
    skip: int | None
    pagesize: int | None
    pageoffset: int | None


_counts = st.builds(_Counts, *(st.none() | st.integers(0, 5) for _ in range(4)))


@st.composite
def _query(draw: st.DrawFn, name: str, target: str, *, nested: bool) -> Query:
    items: list[Any] = []
    for operand, kind in draw(st.lists(operands(name), min_size=1, max_size=4)):
        function = Function.TOLABEL if kind in _CHOICES and draw(st.booleans()) else None
        items.append(Operand(operand.path, function))
    items = list({item.name: item for item in items}.values())
    if nested and (TO_ONE[name] or TO_MANY[name]) and draw(st.integers(0, 3)) == 0:
        items.append(draw(_subselect(name)))
    where = draw(st.none() | expressions(name, nested=nested))
    sorts = draw(st.lists(st.builds(Sort, operands(name).map(lambda found: found[0]), st.booleans()), max_size=2))
    counts = draw(_counts)
    return Query(
        tuple(items),
        target,
        None,
        where,
        tuple(sorts),
        counts.maxrows,
        counts.skip,
        counts.pagesize,
        counts.pageoffset,
    )


queries = st.sampled_from(OBJECTS).flatmap(lambda name: _query(name, name, nested=True))
