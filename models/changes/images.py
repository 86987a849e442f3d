"""Rows of configuration as plain values: reading them, what differs, and how that is kept as JSON."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, Table, Text, cast, select
from sqlmodel import Session

from models.changes.kinds import KINDS, Kind
from models.sets import one_of
from models.time import UtcTime, from_iso, iso

TOGETHER = 500
"""Rows that are asked for by key in one statement."""

Key = tuple[Any, ...]
"""The primary key of a row."""
Values = Mapping[str, Any]
"""Columns of a row, by name."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row before and after a transaction: None where it was not, or is no more; of an edited row what differs."""

    kind: Kind
    key: Key
    before: Values | None
    after: Values | None

    @property
    def place(self) -> tuple[str, Key]:
        """What names the row in the whole store."""
        return self.kind.table.name, self.key

    def reversed(self) -> "RowChange":
        """The change that takes this one back."""
        return RowChange(self.kind, self.key, self.after, self.before)

    def as_json(self) -> dict[str, Any]:
        """The change as it is kept."""
        return {
            "table": self.kind.table.name,
            "key": list(self.key),
            "before": _plain(self.before),
            "after": _plain(self.after),
        }


def from_json(kept: Mapping[str, Any]) -> RowChange:
    """A change that was kept."""
    kind = KINDS[kept["table"]]
    before, after = (_typed(kind.table, kept[name]) for name in ("before", "after"))
    return RowChange(kind, tuple(kept["key"]), before, after)


def differing_rows(earlier: Session, session: Session, names: Collection[str]) -> list[RowChange]:
    """What of the configuration differs between two sessions in some tables, parents before children."""
    found: list[RowChange] = []
    for name, kind in KINDS.items():
        if name in names:
            different = _raw(earlier, kind) ^ _raw(session, kind)
            keys = {row[: len(kind.key)] for row in different}
            found += _difference(kind, rows_by_key(earlier, kind, keys), rows_by_key(session, kind, keys))
    return found


def _raw(session: Session, kind: Kind) -> set[tuple[Any, ...]]:
    """All rows of a table as the database holds them, their keys first: a lookup may have very many."""
    columns = (*kind.key, *sorted(kind.counting - set(kind.key)))
    connection = session.connection()
    # JSON as text: not every driver leaves it as it is stored.
    plain = (kind.table.c[name] for name in columns)
    statement = select(*(cast(each, Text) if isinstance(each.type, JSON) else each for each in plain)).compile(
        dialect=connection.dialect
    )
    return set(map(tuple, connection.exec_driver_sql(str(statement))))


def rows_by_key(session: Session, kind: Kind, keys: Iterable[Key]) -> dict[Key, Values]:
    """The rows of a table that have these keys and are there."""
    wanted: dict[Any, list[Any]] = {}
    for key in keys:
        wanted.setdefault(key[:-1], []).append(key[-1])
    *heads, last = (kind.table.c[name] for name in kind.key)
    found: dict[Key, Values] = {}
    for values, tails in wanted.items():
        above = [column == value for column, value in zip(heads, values, strict=True)]
        for start in range(0, len(tails), TOGETHER):
            some = tails[start : start + TOGETHER]
            named = one_of(last, some) if isinstance(some[0], str) else last.in_(some)
            found |= _by_key(kind, session.execute(select(kind.table).where(*above, named)).mappings())
    return found


def _difference(kind: Kind, before: Mapping[Key, Values], after: Mapping[Key, Values]) -> Iterable[RowChange]:
    for key, old in before.items():
        new = after.get(key)
        if new is None:
            yield RowChange(kind, key, old, None)
        elif new != old:
            names = [name for name in old if name in kind.counting and old[name] != new[name]]
            if names:
                yield RowChange(kind, key, {name: old[name] for name in names}, {name: new[name] for name in names})
    for key, new in after.items():
        if key not in before:
            yield RowChange(kind, key, None, new)


def _by_key(kind: Kind, rows: Iterable[Mapping[Any, Any]]) -> dict[Key, Values]:
    names: Sequence[str] = kind.key
    return {tuple(row[name] for name in names): {str(name): value for name, value in row.items()} for row in rows}


def _plain(values: Values | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: iso(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is None or not is_sealed(name)
    }


def is_sealed(name: str) -> bool:
    """Whether a column holds a secret: that is compared, and never kept beside its row."""
    return name.startswith("sealed_")


def _typed(table: Table, values: Values | None) -> dict[str, Any] | None:
    return None if values is None else {name: _value(table, name, value) for name, value in values.items()}


def _value(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, UtcTime):
        return from_iso(value)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return value
