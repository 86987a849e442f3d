"""What the database itself holds the store's rows to, and that another database could."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

import models.tables
from models.store import Store
from models.tables import Lab, ProfilePermission, SecurityProfile, Vault, table_of
from models.time import UtcTime, from_iso, iso

TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}
ENUM_COLUMNS = [column for table in TABLES.values() for column in table.c if isinstance(column.type, Enum)]


def sample(column: Column[Any]) -> object:
    """A value that a column takes, as SQLite stores it."""
    kind = column.type
    if isinstance(kind, Enum):
        return kind.enums[0]
    if isinstance(kind, UtcTime):
        return "2026-01-05T08:00:00.000Z"
    if isinstance(kind, Date):
        return "2026-01-05"
    if isinstance(kind, JSON):
        return "{}"
    if isinstance(kind, Boolean | Integer | Float):
        return 1
    return "x"


def put(store: Store, table: Table, values: dict[str, object]) -> None:
    """Put one row into an empty table past the program's own checks and past the foreign keys."""
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    with closing(store.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("BEGIN")
        try:
            cursor.execute(f'DELETE FROM "{table.name}"')
            cursor.execute(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', tuple(values.values()))
        finally:
            cursor.execute("ROLLBACK")
            cursor.execute("PRAGMA foreign_keys = ON")


# Values


def test_the_tables_have_enum_columns_to_test() -> None:
    assert len(ENUM_COLUMNS) > 10


def test_every_enumeration_of_the_tables_is_used_in_a_column() -> None:
    kinds = {kind for kind in vars(models.tables).values() if isinstance(kind, type) and issubclass(kind, StrEnum)}
    assert {column.type.enum_class for column in ENUM_COLUMNS if isinstance(column.type, Enum)} == kinds


@pytest.mark.parametrize("column", ENUM_COLUMNS, ids=str)
def test_the_database_takes_every_value_of_an_enumeration_and_no_other(store: Store, column: Column[Any]) -> None:
    table, kind = column.table, column.type
    assert isinstance(table, Table)
    assert isinstance(kind, Enum)
    row = {other.name: sample(other) for other in table.c}
    taken = []
    for value in kind.enums:
        try:
            put(store, table, {**row, column.name: value})
        except sqlite3.IntegrityError as error:
            if f"ck_{table.name}_{kind.name}" not in str(error):
                continue  # the value is one, but another rule of the table forbids it in this row
            raise
        taken.append(value)
    assert taken
    for value in ("no such value", kind.enums[0].upper() + "_", ""):
        with pytest.raises(sqlite3.IntegrityError, match=f"ck_{table.name}_{kind.name}"):
            put(store, table, {**row, column.name: value})


def test_an_enumeration_is_stored_by_its_value_as_the_vendor_writes_it() -> None:
    for column in ENUM_COLUMNS:
        assert isinstance(column.type, Enum)
        assert column.type.enum_class is not None
        assert column.type.enums == [member.value for member in column.type.enum_class]


def test_there_is_only_one_lab(store: Store) -> None:
    with store.read() as session:
        lab = session.execute(select(table_of(Lab))).mappings().one()
    with pytest.raises(IntegrityError, match="one_row"), store.write() as write:
        write.execute(insert(table_of(Lab)), {**lab, "id": 2})


# References


@pytest.fixture
def profile(store: Store) -> int:
    with store.write() as write:
        write.add(Vault(id=1, name="RIM", dns_host="rim.example.com", domain="example.com", family="RIM"))
        write.flush()
        row = SecurityProfile(vault_id=1, name="Vault Owner")
        write.add(row)
        write.flush()
        assert row.id is not None
        write.add(ProfilePermission(profile_id=row.id, permission="Admin: Spark Queues"))
    return row.id


def test_a_row_cannot_refer_to_what_is_not_there(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as write:
        write.execute(insert(table_of(SecurityProfile)), {"vault_id": 99, "name": "Lost", "standard": True})


def test_a_row_that_others_refer_to_cannot_go(store: Store, profile: int) -> None:
    with pytest.raises(IntegrityError), store.write() as write:
        write.execute(table_of(Vault).delete())
    with store.read() as session:
        assert session.get(SecurityProfile, profile) is not None


def test_what_is_a_part_of_a_row_goes_with_it(store: Store, profile: int) -> None:
    with store.write() as write:
        write.execute(table_of(SecurityProfile).delete().where(table_of(SecurityProfile).c.id == profile))
    with store.read() as session:
        assert session.get(ProfilePermission, (profile, "Admin: Spark Queues")) is None


def test_every_reference_from_a_row_says_where_it_leads() -> None:
    for table in TABLES.values():
        for key in table.foreign_keys:
            assert key.column.table.name in TABLES


# Time


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="without a time zone"), store.write() as write:
        write.execute(table_of(Lab).update().values(alive_until=datetime(2026, 1, 5)))  # noqa: DTZ001


def test_a_time_comes_back_in_utc_and_whole_milliseconds(store: Store) -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    with store.write() as write:
        moment = datetime(2026, 1, 5, 13, 30, 0, 123_999, tzinfo=there)
        write.execute(table_of(Lab).update().values(alive_until=moment))
    with store.read() as session:
        lab = session.get(Lab, 1)
        stored = session.execute(text("SELECT alive_until FROM lab")).scalar_one()
    assert lab is not None
    assert lab.alive_until == datetime(2026, 1, 5, 8, 0, 0, 123_000, tzinfo=UTC)
    assert stored == "2026-01-05T08:00:00.123Z"


def test_times_as_they_are_stored_sort_as_time_does() -> None:
    moments = [
        datetime(2026, 1, 5, 8, tzinfo=UTC) + timedelta(milliseconds=step) for step in (0, 1, 999, 1000, 86_400_000)
    ]
    assert [from_iso(line) for line in sorted(map(iso, moments))] == moments


# Another database


@pytest.mark.parametrize("table", TABLES.values(), ids=str)
def test_a_table_can_be_made_in_postgresql(table: Table) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statement = str(CreateTable(table).compile(dialect=dialect))
    for column in table.c:
        if isinstance(column.type, UtcTime):
            assert f"{column.name} TIMESTAMP WITH TIME ZONE" in statement
        assert not isinstance(column.type, DateTime), f"{column}: a time without a zone"
    for index in table.indexes:
        statement += str(CreateIndex(index).compile(dialect=dialect))
    names = [str(rule.name) for rule in table.constraints] + [str(index.name) for index in table.indexes]
    assert all(name in statement for name in names)
    assert max(map(len, [table.name, *names])) <= 63, "PostgreSQL cuts longer names"


def test_a_time_in_postgresql_is_an_aware_time_both_ways() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    moment = datetime(2026, 1, 5, 8, 0, 0, 123_999, tzinfo=UTC)
    kind = UtcTime()
    assert kind.process_bind_param(moment, dialect) == moment.replace(microsecond=123_000)
    assert kind.process_result_value(moment, dialect) == moment.replace(microsecond=123_000)
    assert kind.process_bind_param(moment, SQLiteDialect()) == "2026-01-05T08:00:00.123Z"
