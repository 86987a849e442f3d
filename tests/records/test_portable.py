"""Statements with SQL of their own are written for PostgreSQL as well."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Text, cast, delete, func, insert, make_url, select
from sqlalchemy.engine import Dialect

from models.bulk import TOGETHER, _compiled, bulk_insert
from models.data_model import _is_text
from models.sets import one_of
from models.store import Store
from models.tables import FieldType, ObjectField, Picklist, PicklistValue, Record, SparkMessageBody, table_of
from models.vql.portable import columns_in_json
from tests.records.conftest import VAULT, make

_records = table_of(Record)

HOSTILE = (
    "",
    "\x00",
    "a\x00b",
    "\\u0000",
    "\\",
    '"',
    "'; DROP TABLE record; --",
    "[/foo]",
    "漢字 🇩🇪",
    "\u2028",
    "null",
    "1e400",
)

SQLITE: Dialect = make_url("sqlite://").get_dialect()()
POSTGRESQL: Dialect = make_url("postgresql+psycopg://host/database").get_dialect()()


def test_many_keys_travel_as_one_parameter_of_a_json_array_on_both() -> None:
    statement = select(_records.c.id).where(one_of(_records.c.record_id, ["A'1", 'B"2']))
    for dialect, function in (
        (SQLITE, "json_each("),
        (POSTGRESQL, "json_array_elements_text(CAST("),
    ):
        compiled = statement.compile(dialect=dialect)
        assert function in str(compiled)
        assert list(compiled.params.values()) == ['["A\'1","B\\"2"]']
        assert "A'1" not in str(compiled)


def test_the_statement_is_the_same_whatever_the_keys_are() -> None:
    texts = {
        str(select(_records.c.id).where(one_of(_records.c.link, keys)).compile(dialect=POSTGRESQL))
        for keys in ([], ["a"], ["a", "b"])
    }
    assert len(texts) == 1


@pytest.mark.parametrize(
    "keys", [[], ["V0T000000009999"], ["'; DROP TABLE record; --"], ["ä", "薬", "\\", '"', "a\nb"], ["[1]", "null"]]
)
def test_the_database_finds_exactly_the_keys_that_are_there(vault: Store, keys: list[str]) -> None:
    records = [make(vault, link__sys=each) for each in keys]
    make(vault, link__sys="other")
    make(vault)
    with vault.read() as session:
        found = session.execute(select(_records.c.record_id).where(one_of(_records.c.link, keys))).scalars().all()
        none = session.execute(select(_records.c.id).where(one_of(_records.c.link, ["another"]))).all()
    assert sorted(found) == sorted(records)
    assert none == []


@pytest.mark.parametrize(
    ("dialect", "texts", "json"),
    [
        (SQLITE, "json_group_array(anon_1.name)", "'[' || coalesce(group_concat(anon_1.data), '') || ']'"),
        (
            POSTGRESQL,
            "CAST(coalesce(json_agg(anon_1.name), '[]') AS TEXT)",
            "CAST(coalesce(json_agg(CAST(anon_1.data AS JSON)), '[]') AS TEXT)",
        ),
    ],
    ids=["sqlite", "postgresql"],
)
def test_columns_in_json_are_written_for_each_database(dialect: Dialect, texts: str, json: str) -> None:
    statement = columns_in_json(select(_records.c.name, cast(_records.c.data, Text).label("data")))
    text = str(statement.compile(dialect=dialect))
    assert texts in text
    assert json in text


@given(labels=st.lists(st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE)).filter(_is_text), max_size=4))
def test_columns_in_json_hold_every_text_and_every_json_as_it_is(vault: Store, labels: list[str]) -> None:
    rows = func.json_each(orjson.dumps(labels).decode()).table_valued("value")
    statement = columns_in_json(select(rows.c.value, func.json_object("key", rows.c.value).label("json")))
    with vault.read() as session:
        texts, jsons = map(orjson.loads, session.execute(statement).one())
    assert texts == labels
    assert jsons == [{"key": label} for label in labels]


@pytest.mark.parametrize(("dialect", "named"), [(SQLITE, False), (POSTGRESQL, True)], ids=["sqlite", "postgresql"])
@pytest.mark.parametrize("table", [_records, table_of(SparkMessageBody)], ids=lambda table: table.name)
def test_a_bulk_insert_compiles_with_its_values_in_the_given_order(dialect: Dialect, named: bool, table: Any) -> None:
    names = tuple(column.name for column in table.columns if column.name != "id")[::-1]
    text, order = _compiled(dialect, table, names)
    assert text.startswith(f"INSERT INTO {table.name} (")
    assert order == (None if named else names)
    if named:
        assert all(f"%({name})s" in text for name in names)


def test_a_bulk_insert_converts_values_as_the_column_says(vault: Store) -> None:
    table = table_of(ObjectField)
    with vault.write() as write:
        object_id = write.execute(select(_records.c.object_id)).scalar() or 1
        bulk_insert(
            write,
            table,
            same={"object_id": object_id, "type": FieldType.YES_NO, "required": True, "several": False},
            columns=("name", "label", "unique", "position"),
            rows=[("one__c", "One", False, 7), ("two__c", "Two", True, 8)],
        )
    with vault.read() as session:
        rows = session.execute(select(table).where(table.c.name.in_(("one__c", "two__c"))).order_by(table.c.id)).all()
    assert [(row.name, row.type, row.required, row.unique, row.position) for row in rows] == [
        ("one__c", FieldType.YES_NO, True, False, 7),
        ("two__c", FieldType.YES_NO, True, True, 8),
    ]


def test_a_bulk_insert_of_no_rows_does_nothing(vault: Store) -> None:
    with vault.write() as write:
        bulk_insert(write, table_of(PicklistValue), same={"picklist_id": 1}, columns=("name", "label"), rows=[])


@given(
    labels=st.lists(st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE)), min_size=TOGETHER, max_size=TOGETHER + 5)
)
def test_many_rows_at_once_keep_every_text_as_it_is(vault: Store, labels: list[str]) -> None:
    picklist, values = table_of(Picklist), table_of(PicklistValue)
    with vault.write() as write:
        write.execute(delete(picklist).where(picklist.c.name == "bulk__c"))
        inserted = write.execute(
            insert(picklist).values(vault_id=VAULT, name="bulk__c", label="Bulk").returning(picklist.c.id)
        )
        same = {"picklist_id": inserted.scalar_one(), "position": 0, "active": True}
        rows = [(f"v{number}__c", label) for number, label in enumerate(labels)]
        bulk_insert(write, values, same=same, columns=("name", "label"), rows=rows)
    own = select(values.c.name, values.c.label, values.c.active).where(values.c.picklist_id == same["picklist_id"])
    with vault.read() as session:
        kept = session.execute(own.order_by(values.c.id)).all()
    assert [tuple(row) for row in kept] == [(name, label, True) for name, label in rows]


def test_a_vault_number_is_part_of_every_id(vault: Store) -> None:
    assert make(vault).startswith("V0T")
    with vault.read() as session:
        assert session.execute(select(_records.c.vault_id)).scalars().all() == [VAULT]
