"""SQL that the databases write each in their own way."""

from typing import Any

from sqlalchemy import ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

_GLOB_SIGNS = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})
_LIKE_SIGNS = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


class _Consists(FunctionElement[bool]):
    """A text consists of pieces: the text, and the pattern as GLOB and as LIKE read it."""

    name = "consists"
    type = Boolean()
    inherit_cache = True


@compiles(_Consists, "sqlite")
def _consists_on_sqlite(element: _Consists, compiler: Any, **options: Any) -> str:
    # LIKE on SQLite takes upper and lower case for the same.
    text, glob, _ = element.clauses
    return f"({compiler.process(text, **options)} GLOB {compiler.process(glob, **options)})"


@compiles(_Consists)
def _consists_elsewhere(element: _Consists, compiler: Any, **options: Any) -> str:
    text, _, like = element.clauses
    return f"({compiler.process(text, **options)} LIKE {compiler.process(like, **options)} ESCAPE '\\')"


def consists_of(text: ColumnElement[Any], pieces: tuple[str, ...]) -> ColumnElement[bool]:
    """A condition: the text is these pieces with anything between them; upper and lower case differ."""
    first, *rest = pieces
    # Nothing between two wildcards: one wildcard, which is quicker.
    pieces = (first, *(piece for piece in rest[:-1] if piece), *rest[-1:])
    glob = "*".join(piece.translate(_GLOB_SIGNS) for piece in pieces)
    like = "%".join(piece.translate(_LIKE_SIGNS) for piece in pieces)
    return _Consists(text, literal(glob, String()), literal(like, String()))


class _Lower(FunctionElement[str]):
    """A text in lower case, in every script."""

    name = "lower_in_any_script"
    type = String()
    inherit_cache = True


@compiles(_Lower, "sqlite")
def _lower_on_sqlite(element: _Lower, compiler: Any, **options: Any) -> str:
    # SQLite's own lower() knows the letters of ASCII only.
    return f"unicode_lower({compiler.process(element.clauses, **options)})"


@compiles(_Lower)
def _lower_elsewhere(element: _Lower, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


def lower(text: ColumnElement[Any]) -> ColumnElement[str]:
    """The text in lower case."""
    return _Lower(text)


class _Bracketed(FunctionElement[bool]):
    """A condition in brackets that stay: conditions joined by the same word would lose them."""

    name = "bracketed"
    type = Boolean()
    inherit_cache = True


@compiles(_Bracketed)
def _bracketed(element: _Bracketed, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


def bracketed(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition in brackets, a level of its own in the expression."""
    return _Bracketed(condition)
