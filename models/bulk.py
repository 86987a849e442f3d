"""Inserting many rows at the speed of the driver, with SQL and value conversion still those of the dialect.

SQLAlchemy's own executemany spends more time on preparing each row than the database on writing it. Here the statement
is compiled once, values that are the same in all rows are converted once, and each row is one tuple.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import orjson
from sqlalchemy import JSON, Enum, Table, bindparam, column, insert
from sqlalchemy import table as sa_table
from sqlalchemy.engine import Dialect
from sqlmodel import Session

from models import sqlite

TOGETHER = 250
"""So many rows travel to SQLite in one call: that is quicker than row by row, and other threads of the program go on
meanwhile."""


def bulk_insert(
    session: Session, table: Table, *, same: Mapping[str, Any], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert `rows`, each with a value per name in `columns`, and the values of `same` in every row."""
    if not rows:
        return
    connection = session.connection()
    dialect = connection.dialect
    names = (*same, *columns)
    shared = [_convert(dialect, table, name, value) for name, value in same.items()]
    by_column: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for place, name in enumerate(columns):
        converter = _converter(dialect, table, name)
        if converter is not None:
            by_column[place] = map(converter, by_column[place])
    converted = zip(*by_column, strict=True)
    left = len(rows)
    if dialect.name == "sqlite" and left >= TOGETHER:
        together = sqlite.insert_together(table.name, (*same,), (*columns,), TOGETHER)
        for _ in range(left // TOGETHER):
            connection.exec_driver_sql(together, (*shared, *chain.from_iterable(islice(converted, TOGETHER))))
        left %= TOGETHER
    if not left:
        return
    statement, order = _compiled(dialect, table, names)
    ready = [(*shared, *values) for values in converted]
    if order is None:
        connection.exec_driver_sql(statement, [dict(zip(names, values, strict=True)) for values in ready])
        return
    if order != names:
        raise RuntimeError(f"the order of columns was not kept: {order}")
    connection.exec_driver_sql(statement, ready)


@lru_cache(maxsize=64)
def _compiled(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[str, tuple[str, ...] | None]:
    """The statement's text, and the order of its values; None for a driver that takes values by name."""
    # As one table clause with the columns in the caller's order, because the compiler keeps to that order.
    clause = sa_table(table.name, *(column(name, table.c[name].type) for name in names), schema=table.schema)
    compiled = insert(clause).values({name: bindparam(name) for name in names}).compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ()) if dialect.positional else None


@lru_cache(maxsize=256)
def _converter(dialect: Dialect, table: Table, name: str) -> Any:
    kind = table.c[name].type
    if isinstance(kind, JSON) and kind.none_as_null:
        return _json
    converter = kind.dialect_impl(dialect).bind_processor(dialect)
    if converter is not None and isinstance(kind, Enum) and kind.enum_class is not None:
        # There are few members and many rows.
        return {member: converter(member) for member in kind.enum_class}.__getitem__
    return converter


def _json(value: Any) -> str | None:
    """As the store's engine writes it, without the steps between."""
    return None if value is None else orjson.dumps(value).decode()


def _convert(dialect: Dialect, table: Table, name: str, value: Any) -> Any:
    converter = _converter(dialect, table, name)
    return value if converter is None else converter(value)
