"""SQL that the databases write each in their own way."""

from typing import Any

from sqlalchemy import ColumnElement, Select, String, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, Float

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


class _RowsInJson(FunctionElement[str]):
    """All rows as one JSON array of arrays; the last column is JSON itself."""

    name = "rows_in_json"
    type = String()
    inherit_cache = True


@compiles(_RowsInJson, "sqlite")
def _rows_in_json_on_sqlite(element: _RowsInJson, compiler: Any, **options: Any) -> str:
    *columns, last = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_group_array(json_array({', '.join(columns)}, json({last})))"


@compiles(_RowsInJson)
def _rows_in_json_elsewhere(element: _RowsInJson, compiler: Any, **options: Any) -> str:
    *columns, last = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(coalesce(json_agg(json_build_array({', '.join(columns)}, CAST({last} AS JSON))), '[]') AS TEXT)"


def rows_in_json(statement: Select[Any]) -> Select[tuple[str]]:
    """The same rows as one value: an array of arrays in JSON, each ending with the JSON of its last column.

    Text is all that the other columns may hold.
    """
    rows = statement.subquery()
    return select(_RowsInJson(*rows.c))


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


class _JsonText(FunctionElement[str]):
    """A text in JSON: the JSON, the path as SQLite writes it, and the name."""

    name = "json_text"
    type = String()
    inherit_cache = True


class _JsonNumber(FunctionElement[float]):
    """A number in JSON: the JSON, the path as SQLite writes it, and the name."""

    name = "json_number"
    type = Float()
    inherit_cache = True


class _JsonFlag(FunctionElement[bool]):
    """Yes or no in JSON: the JSON, the path as SQLite writes it, and the name."""

    name = "json_flag"
    type = Boolean()
    inherit_cache = True


@compiles(_JsonText, "sqlite")
@compiles(_JsonNumber, "sqlite")
@compiles(_JsonFlag, "sqlite")
def _in_json_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    # Taken out of its JSON, a value is what it was there: no cast is needed, and each costs.
    json, path, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"json_extract({json}, {path})"


@compiles(_JsonText)
def _json_text(element: _JsonText, compiler: Any, **options: Any) -> str:
    json, _, name = element.clauses
    return f"({compiler.process(json, **options)} ->> {compiler.process(name, **options)})"


@compiles(_JsonNumber)
def _json_number(element: _JsonNumber, compiler: Any, **options: Any) -> str:
    return _checked(element, compiler, "number", "DOUBLE PRECISION", options)


@compiles(_JsonFlag)
def _json_flag(element: _JsonFlag, compiler: Any, **options: Any) -> str:
    return _checked(element, compiler, "boolean", "BOOLEAN", options)


def _checked(element: Any, compiler: Any, kind: str, wanted: str, options: Any) -> str:
    """A cast that never fails: the planner may try it on rows of other objects, whose field is of another type."""
    column, _, key = element.clauses
    json, name = compiler.process(column, **options), compiler.process(key, **options)
    return f"CASE WHEN json_typeof({json} -> {name}) = '{kind}' THEN CAST({json} ->> {name} AS {wanted}) END"


def text_in(json: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """The text that a JSON object has under a name."""
    return _JsonText(json, *_places(name))


def number_in(json: ColumnElement[Any], name: str) -> ColumnElement[float]:
    """The number that a JSON object has under a name."""
    return _JsonNumber(json, *_places(name))


def flag_in(json: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The yes or no that a JSON object has under a name."""
    return _JsonFlag(json, *_places(name))


def _places(name: str) -> tuple[ColumnElement[str], ColumnElement[str]]:
    return literal(f'$."{name}"', String()), literal(name, String())
