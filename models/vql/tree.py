"""The syntax tree of a query: frozen, compared by what it says and not by where it stood in the text.

`at` is always the offset of a node in the text it was read from, for errors; it is no part of the query.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Versions(StrEnum):
    """Which versions of documents are asked."""

    ALL = "ALLVERSIONS"
    LATEST = "LATESTVERSION"


class Function(StrEnum):
    """What may be applied to a field."""

    TOLABEL = "TOLABEL"
    TONAME = "TONAME"
    CASEINSENSITIVE = "CASEINSENSITIVE"
    LONGTEXT = "LONGTEXT"


class Operator(StrEnum):
    """How a field is compared with one value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    GREATER = ">"
    AT_MOST = "<="
    AT_LEAST = ">="


class Joiner(StrEnum):
    """How conditions are joined."""

    AND = "AND"
    OR = "OR"


class Days(StrEnum):
    """Kinds of dates that move with the clock."""

    TODAY = "TODAY"
    LAST_DAYS = "LAST_DAYS"
    DAYS_AGO = "DAYS_AGO"


class States(StrEnum):
    """Names for the lifecycle states of a type."""

    STEADY = "STEADYSTATE"
    OBSOLETE = "OBSOLETESTATE"
    SUPERSEDED = "SUPERSEDEDSTATE"
    OF_TYPE = "STATETYPE"


@dataclass(frozen=True, slots=True)
class Operand:
    """A field, through the relationships that lead to it: `("study__vr", "name__v")`; perhaps within a function."""

    path: tuple[str, ...]
    function: Function | None = None
    at: int = field(default=0, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The dotted name under which an answer holds the field."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Literal:
    """A written value: text, number, yes or no, or None for null."""

    value: str | int | float | bool | None
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DateLiteral:
    """A day or a span of days, reckoned from the lab clock. `count` is 0 for TODAY."""

    days: Days
    count: int = 0
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StateLiteral:
    """The lifecycle states of one type; `type` is what STATETYPE was given, else empty."""

    states: States
    type: str = ""
    at: int = field(default=0, compare=False, repr=False)


Value = Literal | DateLiteral | StateLiteral


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field compared with one value."""

    operand: Operand
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """A field from one value to another, both included."""

    operand: Operand
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Contains:
    """A field that has any of the values."""

    operand: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """A text that consists of these pieces, with anything between them; a single piece is the whole text."""

    operand: Operand
    pieces: tuple[str, ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Within:
    """A field whose value a subquery answers."""

    operand: Operand
    query: "Query"


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more conditions joined by one word; none of them is a junction by the same word. Make it by `join`."""

    joiner: Joiner
    parts: tuple["Expr", ...]


Condition = Comparison | Between | Contains | Like | Within
Expr = Condition | Junction


@dataclass(frozen=True, slots=True)
class Subselect:
    """The related records of each row, as a query of their own; its target is a relationship."""

    query: "Query"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sort:
    """A field to sort by."""

    operand: Operand
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, or a subquery. Counts of rows are None where the text does not say."""

    items: tuple[Operand | Subselect, ...]
    target: str
    versions: Versions | None = None
    where: Expr | None = None
    order: tuple[Sort, ...] = ()
    maxrows: int | None = None
    skip: int | None = None
    pagesize: int | None = None
    pageoffset: int | None = None
    at: int = field(default=0, compare=False, repr=False)
    """Where the target stands."""


def join(joiner: Joiner, parts: Iterable[Expr]) -> Expr:
    """Join conditions (at least one) by a word; what is joined by the same word already becomes part of the whole."""
    flat: list[Expr] = []
    for part in parts:
        if isinstance(part, Junction) and part.joiner is joiner:
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else Junction(joiner, tuple(flat))


def conditions_in(expr: Expr | None) -> Iterator[tuple[Condition, int]]:
    """The single conditions of an expression, left to right, each with the number of junctions it is inside of."""
    waiting: list[tuple[Expr, int]] = [] if expr is None else [(expr, 0)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, Junction):
            waiting.extend((part, depth + 1) for part in reversed(each.parts))
        else:
            yield each, depth


def subqueries_in(query: Query) -> Iterator[Query]:
    """The subqueries of a query: of its items first, then of its conditions."""
    for item in query.items:
        if isinstance(item, Subselect):
            yield item.query
    for condition, _ in conditions_in(query.where):
        if isinstance(condition, Within):
            yield condition.query


def operands_in(query: Query) -> Iterator[Operand]:
    """The fields that a query itself names: asked, compared, sorted by; not those of its subqueries."""
    for item in query.items:
        if isinstance(item, Operand):
            yield item
    for condition, _ in conditions_in(query.where):
        yield condition.operand
    for sort in query.order:
        yield sort.operand
