"""Makes the syntax tree while the parser reads. Apart from `parsing`, because the parser's library loads with it."""

import re
from typing import Any

from lark import Token, Transformer, v_args

from models.vql.errors import syntax
from models.vql.parsing import number, pattern, unescaped
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
    Value,
    Versions,
    Within,
    join,
)

_PAGING = {"limit": "pagesize", "offset": "pageoffset"}
"""Old names of parts of a query."""

Path = tuple[tuple[str, ...], int]
Page = tuple[str, int, int]


@v_args(inline=True)
class TreeBuilder(Transformer[Token, Query]):
    """One method for each rule of the grammar, named after it."""

    def query(self, _select: Token, items: tuple[Operand | Subselect, ...], _from: Token, *parts: Any) -> Query:
        """A query or subquery from its clauses, in the order of the text."""
        given: dict[str, Any] = {}
        for part in parts:
            match part:
                case Token():
                    given |= {"target": str(part), "at": part.start_pos}
                case Versions():
                    given["versions"] = part
                case ("order", sorts):
                    given["order"] = sorts
                case (str(name), int(count), int(at)):
                    if name in given:
                        raise syntax(f"{name.upper()} is given twice.", at, "Leave one of them out.")
                    given[name] = count
                case _:
                    given["where"] = part
        return Query(items, **given)

    def items(self, *items: Operand | Subselect) -> tuple[Operand | Subselect, ...]:
        """What is asked for."""
        return items

    def subselect(self, query: Query) -> Subselect:
        """Related records."""
        return Subselect(query, query.at)

    def versions(self, word: Token) -> Versions:
        """Which versions."""
        return Versions(word.upper())

    def plain(self, path: Path) -> Operand:
        """A field."""
        return Operand(path[0], None, path[1])

    def applied(self, function: Token, path: Path) -> Operand:
        """A field within a function."""
        return Operand(path[0], Function(function.upper()), function.start_pos or 0)

    def path(self, *names: Token) -> Path:
        """Names with dots between them."""
        return tuple(map(str, names)), names[0].start_pos or 0

    def where(self, _word: Token, expr: Expr) -> Expr:
        """The conditions."""
        return expr

    def any_of(self, *parts: Expr) -> Expr:
        """Conditions of which one is enough."""
        return join(Joiner.OR, parts)

    def all_of(self, *parts: Expr) -> Expr:
        """Conditions that all hold."""
        return join(Joiner.AND, parts)

    def enclosed(self, expr: Expr) -> Expr:
        """Conditions in brackets."""
        return expr

    def comparison(self, operand: Operand, operator: Token, value: Value) -> Comparison:
        """A field compared with a value."""
        return Comparison(operand, Operator(operator), value)

    def between(self, operand: Operand, _word: Token, low: Value, high: Value) -> Between:
        """A field between two values."""
        return Between(operand, low, high)

    def contains(self, operand: Operand, _word: Token, *values: Value) -> Contains:
        """A field that has one of several values."""
        return Contains(operand, values)

    def like(self, operand: Operand, _word: Token, text: Token) -> Like:
        """A field that begins like this."""
        at = text.start_pos or 0
        return Like(operand, pattern(text, at), at)

    def within(self, operand: Operand, _word: Token, query: Query) -> Within:
        """A field among the answers of a subquery."""
        return Within(operand, query)

    def string(self, token: Token) -> Literal:
        """A text."""
        at = token.start_pos or 0
        return Literal(unescaped(token, at), at)

    def number(self, token: Token) -> Literal:
        """A number."""
        at = token.start_pos or 0
        return Literal(number(token, at), at)

    def true(self, token: Token) -> Literal:
        """Yes."""
        return Literal(True, token.start_pos or 0)  # noqa: FBT003 - the value itself

    def false(self, token: Token) -> Literal:
        """No."""
        return Literal(False, token.start_pos or 0)  # noqa: FBT003 - the value itself

    def null(self, token: Token) -> Literal:
        """Nothing."""
        return Literal(None, token.start_pos or 0)

    def today(self, token: Token) -> DateLiteral:
        """The present day."""
        return DateLiteral(Days.TODAY, 0, token.start_pos or 0)

    def days(self, token: Token) -> DateLiteral:
        """A day, or days, before the present one."""
        word, count = re.split(r"\s*:\s*", token)
        at = token.start_pos or 0
        return DateLiteral(Days(word.upper()), whole(count, at), at)

    def state(self, word: Token) -> StateLiteral:
        """The states of a documented type."""
        return StateLiteral(States(word.upper()), "", word.start_pos or 0)

    def state_type(self, word: Token, name: Token) -> StateLiteral:
        """The states of a named type."""
        return StateLiteral(States.OF_TYPE, unescaped(name, name.start_pos or 0), word.start_pos or 0)

    def order(self, _order: Token, _by: Token, *sorts: Sort) -> tuple[str, tuple[Sort, ...]]:
        """What the answer is sorted by."""
        return "order", sorts

    def sort(self, path: Path, direction: Token | None = None) -> Sort:
        """One field to sort by."""
        return Sort(Operand(path[0], None, path[1]), direction is not None and direction.type == "DESC")

    def page(self, word: Token, count: Token) -> Page:
        """How many rows, or where they begin."""
        name = word.lower()
        at = count.start_pos or 0
        return _PAGING.get(name, name), whole(count, at), word.start_pos or 0


def whole(token: str, at: int) -> int:
    """A whole number of rows or days. Raises VqlError."""
    read = number(token, at)
    if not isinstance(read, int) or read < 0:
        raise syntax(f"{token} is not a whole number from 0.", at)
    return read
