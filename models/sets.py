"""Asking for many rows by key with one parameter.

`column IN (:p1, ..., :p500)` makes SQLAlchemy prepare five hundred parameters for each statement; here the keys travel
as one JSON array, and the statement's text is always the same.
"""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Integer, String, bindparam, cast, column, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _KeysInJson(FunctionElement[str]):
    """A JSON array as rows with one text column, `value`."""

    name = "keys_in_json"
    inherit_cache = True


@compiles(_KeysInJson, "sqlite")
def _on_sqlite(element: _KeysInJson, compiler: Any, **options: Any) -> str:
    return f"json_each{compiler.process(element.clause_expr, **options)}"


@compiles(_KeysInJson, "postgresql")
def _on_postgresql(element: _KeysInJson, compiler: Any, **options: Any) -> str:
    keys = compiler.process(element.clause_expr, **options)
    return f"(SELECT json_array_elements_text(CAST({keys} AS JSON)) AS value)"


def one_of(text_column: ColumnElement[Any], keys: Iterable[str] | str) -> ColumnElement[bool]:
    """A condition: the text column holds one of the keys.

    In a statement that is built once, `keys` is the name of the parameter that will carry `packed` keys.
    """
    packed_keys = bindparam(keys, type_=String()) if isinstance(keys, str) else literal(packed(keys), String())
    listed = _KeysInJson(packed_keys).table_valued(column("value", String()))
    return text_column.in_(select(listed.c.value))


def one_of_numbers(number_column: ColumnElement[Any], keys: Iterable[int]) -> ColumnElement[bool]:
    """A condition: the whole-number column holds one of the keys."""
    packed_keys = literal(packed(map(str, keys)), String())
    listed = _KeysInJson(packed_keys).table_valued(column("value", String()))
    return number_column.in_(select(cast(listed.c.value, Integer)))


def packed(keys: Iterable[str]) -> str:
    """Keys as a statement's one parameter."""
    return orjson.dumps(list(keys)).decode()
