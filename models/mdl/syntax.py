"""MDL text as a tree of components, with the place of everything in the text.

Strings stand in single quotes. Assumed: a backslash escapes as in VQL (backslash, quote, n, r, t), and two quotes stand
for one; the vendor publishes no escapes. Criteria stand in square brackets.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, v_args

from models.errors import ConsoleError

LONGEST_TEXT = 1_000_000
"""Characters of a text that is read at all."""
_T = TypeVar("_T")


class MdlError(ConsoleError):
    """A text is not MDL that can be imported. `line` and `column` count from 1."""

    title = "The MDL text cannot be imported"

    def __init__(self, message: str, line: int, column: int, remedy: str = "") -> None:
        self.line = line
        self.column = column
        super().__init__(f"Line {line}, column {column}: {message}", remedy)


@dataclass(frozen=True)
class Place:
    """Where something stands in a text; places are equal, so that equal components are, wherever they stand."""

    line: int = field(default=1, compare=False)
    column: int = field(default=1, compare=False)

    def refuse(self, message: str, remedy: str = "") -> MdlError:
        """The error that names this place."""
        return MdlError(message, self.line, self.column, remedy)


NOWHERE = Place()
"""The place of what was not read from a text."""


@dataclass(frozen=True)
class Expression:
    """A value in square brackets: Criteria VQL."""

    text: str


Value = str | bool | int | float | Expression


@dataclass(frozen=True)
class Attribute:
    """`name(value, ..)`; without a value it is empty."""

    name: str
    values: tuple[Value, ...]
    place: Place = NOWHERE


@dataclass(frozen=True)
class Component:
    """`Type name ( attributes and subcomponents )`."""

    type: str
    name: str
    attributes: tuple[Attribute, ...] = ()
    children: tuple["Component", ...] = ()
    place: Place = NOWHERE


@dataclass(frozen=True)
class Command:
    """`RECREATE` or another verb, and the component that it is about."""

    verb: str
    component: Component
    place: Place = NOWHERE


def parse(text: str) -> tuple[Command, ...]:
    """Read the commands of a text. Raises MdlError with line and column."""
    if len(text) > LONGEST_TEXT:
        raise MdlError(f"The text has {len(text)} characters; at most {LONGEST_TEXT} are read.", 1, 1)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _refusal(error, text) from None
    commands: tuple[Command, ...] = _Builder().transform(tree)
    return commands


@cache
def _parser() -> Lark:
    grammar = files("models.mdl").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


_WORDS = {
    "VERB": "a command such as RECREATE",
    "TYPE": "a component type",
    "NAME": "a name",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "SEMICOLON": ";",
    "STRING": "text in quotes",
    "YES": "true",
    "NO": "false",
    "NUMBER": "a number",
    "EXPRESSION": "criteria in square brackets",
    "$END": "the end of the text",
}


def _refusal(error: UnexpectedInput, text: str) -> MdlError:
    if isinstance(error, UnexpectedCharacters):
        sign = text[error.pos_in_stream or 0 :][:1]
        if sign in ("'", "["):
            return MdlError("A quote or a bracket is opened here and not closed.", error.line, error.column)
        return MdlError(f"{sign!r} is not expected here.", error.line, error.column, _expected(error.allowed or ()))
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        found = str(error.token)
        shown = found if len(found) <= 40 else f"{found[:40]}.."
        return MdlError(f"{shown} is not expected here.", error.line, error.column, _expected(error.accepts or ()))
    expected = error.expected if isinstance(error, UnexpectedEOF | UnexpectedToken) else ()
    lines = text.split("\n")
    return MdlError("The text ends too early.", len(lines), len(lines[-1]) + 1, _expected(expected))


def _expected(names: Any) -> str:
    words = sorted({_WORDS.get(name, name) for name in names if name != "$END"})
    return f"Expected: {' or '.join(words)}." if words else ""


_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_MEANS = {"n": "\n", "r": "\r", "t": "\t"}


def _unescaped(token: str) -> str:
    return _ESCAPE.sub(lambda found: _MEANS.get(found[1], found[1]) if found[1] else "'", token[1:-1])


def _placed(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


def _inline(method: Callable[..., _T]) -> Callable[..., _T]:
    wrapped: Callable[..., _T] = v_args(inline=True)(method)
    return wrapped


class _Builder(Transformer[Token, Any]):
    """Makes typed components of the parsed tree."""

    def start(self, commands: list[Command]) -> tuple[Command, ...]:
        return tuple(commands)

    def command(self, parts: list[Any]) -> Command:
        verb, *rest = parts
        return Command(str(verb), self.component(rest), _placed(verb))

    def component(self, parts: list[Any]) -> Component:
        kind, name, *items = parts
        attributes = tuple(item for item in items if isinstance(item, Attribute))
        children = tuple(item for item in items if isinstance(item, Component))
        return Component(str(kind), str(name), attributes, children, _placed(kind))

    def attribute(self, parts: list[Any]) -> Attribute:
        name, *values = parts
        return Attribute(str(name), tuple(values), _placed(name))

    @_inline
    def string(self, token: Token) -> str:
        return _unescaped(token)

    @_inline
    def yes(self, _token: Token) -> bool:
        return True

    @_inline
    def no(self, _token: Token) -> bool:
        return False

    @_inline
    def number(self, token: Token) -> int | float:
        return float(token) if "." in token else int(token)

    @_inline
    def expression(self, token: Token) -> Expression:
        return Expression(str(token[1:-1]))
