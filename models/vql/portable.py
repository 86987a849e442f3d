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


class _TextsInJson(FunctionElement[str]):
    """A column of text, of all rows, as one JSON array."""

    name = "texts_in_json"
    type = String()
    inherit_cache = True


@compiles(_TextsInJson, "sqlite")
def _texts_in_json_on_sqlite(element: _TextsInJson, compiler: Any, **options: Any) -> str:
    return f"json_group_array{compiler.process(element.clause_expr, **options)}"


@compiles(_TextsInJson)
def _texts_in_json_elsewhere(element: _TextsInJson, compiler: Any, **options: Any) -> str:
    return f"CAST(coalesce(json_agg{compiler.process(element.clause_expr, **options)}, '[]') AS TEXT)"


class _JsonInJson(FunctionElement[str]):
    """A column of JSON, of all rows, as one JSON array."""

    name = "json_in_json"
    type = String()
    inherit_cache = True


@compiles(_JsonInJson, "sqlite")
def _json_in_json_on_sqlite(element: _JsonInJson, compiler: Any, **options: Any) -> str:
    # The texts as they are: SQLite need not read what it only hands on.
    return f"'[' || coalesce(group_concat{compiler.process(element.clause_expr, **options)}, '') || ']'"


@compiles(_JsonInJson)
def _json_in_json_elsewhere(element: _JsonInJson, compiler: Any, **options: Any) -> str:
    (column,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(coalesce(json_agg(CAST({column} AS JSON)), '[]') AS TEXT)"


def columns_in_json(statement: Select[Any]) -> Select[Any]:
    """The same rows as one row: for each column a JSON array of its values, the last of which are JSON themselves.

    Text is all that the other columns may hold, and the last one is never null.
    """
    *texts, json = statement.subquery().c
    columns: list[Any] = [*map(_TextsInJson, texts), _JsonInJson(json)]
    return select(*columns)


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
