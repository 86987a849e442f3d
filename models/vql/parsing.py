"""Reads the text of a query, or of criteria, into its syntax tree. The grammar is `vql.lark` beside this module."""

import math
import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from models.data_model import LARGEST_NUMBER
from models.vql.errors import VqlError, place_of, syntax
from models.vql.tree import Expr, Operand, Query, Subselect, conditions_in, operands_in, subqueries_in

if TYPE_CHECKING:
    from lark import Lark, Token

LONGEST_QUERY = 50_000
"""Characters of a query (integration facts, section 6)."""
MOST_RELATIONSHIPS = 10
"""Relationships that one query may walk (integration facts, section 6)."""
DEEPEST = 50
"""Brackets within brackets of conditions (Assumed: deep enough for anything that a person writes)."""
LONGEST_EXCERPT = 200
"""Characters of a query that an error repeats."""

_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "%": "%", "n": "\n", "t": "\t", "r": "\r"}
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_AGGREGATES = {"count", "sum", "min", "max", "avg"}
_NO_AGGREGATES = "VQL has no aggregates; an answer says how many rows there are in its response details."
_FIELD = r"[a-z]\w*__[a-z]+"
_PLAIN = re.compile(rf"({_FIELD}\.){{0,{MOST_RELATIONSHIPS}}}({_FIELD}|id)", re.ASCII)
"""One field without a function: no word of the grammar looks like it."""
_WORD_BEFORE = re.compile(r"([A-Za-z_]\w*)\s*$")
_KEYWORDS_NOT_HERE = {
    "FIND": "Full-text search with FIND is not part of this VQL; filter with WHERE.",
    "GROUP": "VQL has no GROUP BY; ask for the rows and group them outside.",
    "HAVING": "VQL has no HAVING; ask for the rows and group them outside.",
    "DISTINCT": "VQL has no DISTINCT; ask for the rows and drop the repeated ones outside.",
    "NOT": "VQL has no NOT; use != or the opposite comparison.",
    "AS": "Fields are answered under their own names; leave the AS out.",
    "JOIN": "VQL has no JOIN; walk a relationship, as in study__vr.name__v.",
    "*": "VQL has no SELECT *; name each field.",
}


def parse(text: str) -> Query:
    """Read a query. Raises VqlError with its place when it is none."""
    query: Query = _parsed("query", text)
    return query


def parse_criteria(text: str) -> Expr:
    """Read criteria: the body of a WHERE, without the word. Raises VqlError with its place."""
    criteria: Expr = _parsed("criteria", text)
    return criteria


def parse_items(text: str) -> tuple[Operand | Subselect, ...]:
    """Read what stands between SELECT and FROM. Raises VqlError with its place."""
    if _PLAIN.fullmatch(text):
        # What most field rules ask for: a run that asks for nothing else does not pay for the parser.
        return (Operand(tuple(text.split("."))),)
    items: tuple[Operand | Subselect, ...] = _parsed("items", text)
    return items


def _parsed(start: str, text: str) -> Any:
    from lark.exceptions import UnexpectedInput  # here, because a start of the program does not pay for the parser

    try:
        if len(text) > LONGEST_QUERY:
            raise syntax(f"The query has {len(text):,} characters; at most {LONGEST_QUERY:,} are read.", None)
        try:
            tree: Any = _parser().parse(text, start=start)
        except UnexpectedInput as trouble:
            raise _refusal(text, trouble) from None
        whole: Query = tree
        if start == "criteria":
            whole = Query((), "", where=tree)
        elif start == "items":
            whole = Query(tree, "")
        _check(whole)
    except VqlError as error:
        raise error.place(text) from None
    return tree


@lru_cache(maxsize=1)
def _parser() -> "Lark":
    from lark import Lark

    from models.vql.building import TreeBuilder

    grammar = files("models.vql").joinpath("vql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", start=["query", "criteria", "items"], transformer=TreeBuilder())


def _refusal(text: str, trouble: Any) -> VqlError:
    """The vendor's words for a text that the grammar does not know."""
    from lark.exceptions import UnexpectedToken

    at = trouble.pos_in_stream
    if not isinstance(trouble, UnexpectedToken):
        sign = text[at : at + 1]
        remedies = {
            "'": "The text begun here has no closing quote; a quote within a text is written \\'.",
            '"': "Texts stand in single quotes.",
        }
        return _unknown(text, sign, at, _KEYWORDS_NOT_HERE.get(sign, remedies.get(sign, "")))
    token: Token = trouble.token
    if token.type == "$END":
        return _unknown(text, "end of query", len(text), "The query breaks off here.")
    word = str(token)
    remedy = _KEYWORDS_NOT_HERE.get(word.upper(), "")
    before = _WORD_BEFORE.search(text[max(0, at - LONGEST_EXCERPT) : at])
    if before is not None and not remedy:
        if token.type == "LPAR":
            word, at = before[1], at - len(before[0])
            remedy = _NO_AGGREGATES if word.lower() in _AGGREGATES else "No function has this name."
        remedy = _KEYWORDS_NOT_HERE.get(before[1].upper(), remedy)
    return _unknown(text, word, at, remedy)


def _unknown(text: str, word: str, at: int, remedy: str) -> VqlError:
    line, position = place_of(text, at)
    excerpt = text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT]}…"
    clipped = word if len(word) <= LONGEST_EXCERPT else f"{word[:LONGEST_EXCERPT]}…"
    return syntax(
        f"Cannot parse the search phrase [{excerpt}]: Unknown token [{clipped}] found near position [{position}] at "
        f"line [{line}]",
        at,
        remedy,
    )


def _check(query: Query) -> None:
    """Refuse what the grammar lets pass: too many relationships, too deep, a subquery within a subquery."""
    walked: set[tuple[str, ...]] = set()
    subqueries = list(subqueries_in(query))
    for number, each in enumerate([query, *subqueries]):
        for operand in operands_in(each):
            hops = operand.path[:-1]
            walked.update((str(number), *hops[:length]) for length in range(1, len(hops) + 1))
        if any(depth > DEEPEST for _, depth in conditions_in(each.where)):
            raise syntax(f"The conditions are nested deeper than {DEEPEST} brackets.", each.at, "Write them flatter.")
        if number and (inner := next(subqueries_in(each), None)) is not None:
            raise syntax("A subquery holds a subquery; one level is read.", inner.at, "Write it as a query of its own.")
    if len(walked) + len(subqueries) > MOST_RELATIONSHIPS:
        raise syntax(
            f"The query walks {len(walked) + len(subqueries)} relationships; at most {MOST_RELATIONSHIPS} are walked.",
            query.at,
            "Ask for less in one query.",
        )


def unescaped(token: str, at: int) -> str:
    """The text that a quoted string stands for. Raises VqlError for a lone backslash."""
    return _ESCAPE.sub(lambda found: _sign(found, at), token[1:-1])


def pattern(token: str, at: int) -> tuple[str, ...]:
    """The pieces of a LIKE pattern between its wildcards. Raises VqlError for a wildcard at its beginning."""
    body = token[1:-1]
    if body.startswith("%"):
        raise syntax("A LIKE pattern cannot begin with %.", at, "Begin it with what the values begin with.")
    pieces: list[str] = []
    begun = 0
    for found in re.finditer(r"\\.|%", body, re.DOTALL):
        if found[0][0] == "%":
            pieces.append(body[begun : found.start()])
            begun = found.end()
    pieces.append(body[begun:])
    return tuple(_ESCAPE.sub(lambda found: _sign(found, at), piece) for piece in pieces)


def number(token: str, at: int) -> int | float:
    """The number that a token stands for. Raises VqlError for one that no field can hold."""
    too_large = syntax("The number is too large.", at)
    if len(token) > LONGEST_EXCERPT:
        raise too_large
    read = float(token) if any(sign in token for sign in ".eE") else int(token)
    if math.isinf(read) or (abs(read) > LARGEST_NUMBER and isinstance(read, int)):
        raise too_large
    return read


def _sign(found: "re.Match[str]", at: int) -> str:
    if found[0] == "''":
        return "'"
    if (sign := _ESCAPES.get(found[1])) is None:
        raise syntax(
            f"A backslash before {found[1]!r} has no meaning.",
            at,
            "Write a backslash as \\\\; the escapes are \\\\ \\' '' \\\" \\% \\n \\t \\r.",
        )
    return sign
