"""Measures VQL against hand-written SQL of the same question, by the raw driver, on the same store in the same run.

Both sides read a page and say how many rows there are: they count where the page does not tell. Each time is that of
the least disturbed round, both sides taking turns.
"""
# ruff: noqa: S608 - the questions are our own

import gc
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import insert, select
from sqlmodel import Session

from models.data_model import load_object
from models.opening import open_store
from models.permissions import Actor
from models.services.objects import FieldSpec, create_object, create_picklist
from models.services.vaults import create_vault
from models.store import Store
from models.tables import FieldType, Record, RecordStatus, VaultObject, table_of
from models.time import iso
from models.vql import compile_callback, run_query
from models.vql.run import PAGE

VAULT = 1001
PARENTS = 1_000
BATCH = 10_000
_AREAS = ("oncology__c", "cardiology__c", "neurology__c", "other__c")
_records = table_of(Record)
_objects = table_of(VaultObject)

_PAGE = f"LIMIT {PAGE}"


@dataclass(frozen=True, slots=True)
class Question:
    """A question in both languages. `{own}` and `{parent}` stand for the ids of the two objects in the SQL."""

    name: str
    vql: str
    page_sql: str
    count_sql: str


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Seconds of one question, in VQL and in SQL, and how many rows it has."""

    question: str
    rows: int
    vql_seconds: float
    sql_seconds: float

    @property
    def ratio(self) -> float:
        """Time of VQL as a multiple of the SQL's."""
        return self.vql_seconds / self.sql_seconds


_FIELDS = "r.record_id, r.name, json_extract(r.data, '$.number__c'), json_extract(r.data, '$.day__c')"

QUESTIONS = (
    Question(
        "own fields, sorted",
        "SELECT id, name__v, number__c, day__c FROM product__c WHERE flag__c = true AND number__c < 100 "
        "ORDER BY number__c",
        f"SELECT {_FIELDS} FROM record r WHERE r.object_id = {{own}} AND json_extract(r.data, '$.flag__c') = 1 "
        f"AND json_extract(r.data, '$.number__c') < 100 ORDER BY json_extract(r.data, '$.number__c'), r.id {_PAGE}",
        "SELECT count(*) FROM record r WHERE r.object_id = {own} AND json_extract(r.data, '$.flag__c') = 1 "
        "AND json_extract(r.data, '$.number__c') < 100",
    ),
    Question(
        "a field of a related record",
        "SELECT id, name__v, number__c, day__c, study__cr.name__v FROM product__c WHERE study__cr.code__c = 'code 7'",
        f"SELECT {_FIELDS}, p.name FROM record r JOIN record p ON p.vault_id = r.vault_id "
        "AND p.record_id = json_extract(r.data, '$.study__c') "
        f"WHERE r.object_id = {{own}} AND json_extract(p.data, '$.code__c') = 'code 7' ORDER BY r.id {_PAGE}",
        "SELECT count(*) FROM record r JOIN record p ON p.vault_id = r.vault_id "
        "AND p.record_id = json_extract(r.data, '$.study__c') "
        "WHERE r.object_id = {own} AND json_extract(p.data, '$.code__c') = 'code 7'",
    ),
    Question(
        "records that have such a related record",
        "SELECT id, name__v FROM study__c WHERE id IN (SELECT id FROM products__cr WHERE area__c = 'other__c' "
        "AND number__c > 9990)",
        "SELECT r.record_id, r.name FROM record r WHERE r.object_id = {parent} AND r.record_id IN (SELECT "
        "json_extract(c.data, '$.study__c') FROM record c WHERE c.object_id = {own} "
        "AND json_extract(c.data, '$.area__c') = 'other__c' AND json_extract(c.data, '$.number__c') > 9990) "
        f"ORDER BY r.id {_PAGE}",
        "SELECT count(*) FROM record r WHERE r.object_id = {parent} AND r.record_id IN (SELECT "
        "json_extract(c.data, '$.study__c') FROM record c WHERE c.object_id = {own} "
        "AND json_extract(c.data, '$.area__c') = 'other__c' AND json_extract(c.data, '$.number__c') > 9990)",
    ),
    Question(
        "a beginning of a text, either case of many",
        "SELECT id, name__v, number__c, day__c FROM product__c WHERE name__v LIKE 'Product 99%' "
        "AND area__c CONTAINS ('other__c', 'oncology__c')",
        f"SELECT {_FIELDS} FROM record r WHERE r.object_id = {{own}} AND r.name GLOB 'Product 99*' "
        f"AND json_extract(r.data, '$.area__c') IN ('other__c', 'oncology__c') ORDER BY r.id {_PAGE}",
        "SELECT count(*) FROM record r WHERE r.object_id = {own} AND r.name GLOB 'Product 99*' "
        "AND json_extract(r.data, '$.area__c') IN ('other__c', 'oncology__c')",
    ),
    Question(
        "changed since",
        "SELECT id, name__v, number__c, day__c FROM product__c WHERE modified_date__v >= '{since}'",
        f"SELECT {_FIELDS} FROM record r WHERE r.object_id = {{own}} AND r.modified_at >= '{{since}}' "
        f"ORDER BY r.id {_PAGE}",
        "SELECT count(*) FROM record r WHERE r.object_id = {own} AND r.modified_at >= '{since}'",
    ),
    Question(
        "everything, the first page",
        "SELECT id, name__v, number__c, day__c FROM product__c",
        f"SELECT {_FIELDS} FROM record r WHERE r.object_id = {{own}} ORDER BY r.id {_PAGE}",
        "SELECT count(*) FROM record r WHERE r.object_id = {own}",
    ),
)


def bench_query(
    folder: Path, records: int = 1_000_000, progress: Callable[[str], None] = lambda _step: None, rounds: int = 3
) -> tuple[QueryResult, ...]:
    """Ask every question of `records` records, in a store made in the empty `folder`, in so many rounds."""
    path = folder / "bench.sqlite3"
    store = open_store(path)
    try:
        progress(f"making {records:,} records")
        own, parent = _fill(store, records)
        raw = sqlite3.connect(path)
        raw.execute("PRAGMA cache_size = -2048")
        # In a transaction, as the other side: what it has read stays at hand.
        raw.execute("BEGIN")
        known = {"own": own, "parent": parent, "since": iso(_moment(PARENTS + records * 97 // 100))}
        results: list[QueryResult] = []
        with store.read() as session:
            for question in QUESTIONS:
                progress(question.name)
                results.append(_ask(session, raw, question, known, rounds))
            progress("a call-back of 500 ids")
            results.append(_call_back(session, raw, records, rounds))
        raw.close()
    finally:
        store.close()
    return tuple(results)


def _ask(
    session: Session, raw: sqlite3.Connection, question: Question, known: dict[str, Any], rounds: int
) -> QueryResult:
    actor, now = Actor.system(VAULT), datetime(2026, 1, 2, tzinfo=UTC)
    found: list[Any] = [None, None]

    def by_vql() -> None:
        found[0] = run_query(session, actor, question.vql.format(**known), now=now)

    def by_sql() -> None:
        rows = raw.execute(question.page_sql.format(**known)).fetchall()
        counts = len(rows) == PAGE
        found[1] = (rows, raw.execute(question.count_sql.format(**known)).fetchone()[0] if counts else len(rows))

    vql, sql = _least((by_vql, by_sql), rounds)
    answer, (rows, total) = found
    if (answer.details.total, [row["id"] for row in answer.data]) != (total, [row[0] for row in rows]):
        raise ValueError(f"the two answers to “{question.name}” differ")
    return QueryResult(question.name, total, vql, sql)


def _call_back(session: Session, raw: sqlite3.Connection, records: int, rounds: int) -> QueryResult:
    """The receive job's query, against the driver reading the same rows and their JSON."""
    model = load_object(session, VAULT, "product__c")
    names = ["name__v", *(name for name in model.fields if name != "study__c"), "study__cr.name__v"]
    callback = compile_callback(session, model, None, names, "number__c >= 0", now=datetime(2026, 1, 2, tzinfo=UTC))
    step = max(1, records // 20_000)
    wanted = [_id("V0P", number) for number in range(0, records, step)]
    batches = [wanted[start : start + 500] for start in range(0, len(wanted), 500)]
    sql = (
        "SELECT r.record_id, r.global_id, r.link, r.name, r.status, r.data, p.name FROM record r LEFT JOIN record p "
        "ON p.vault_id = r.vault_id AND p.record_id = json_extract(r.data, '$.study__c') WHERE r.vault_id = ? "
        "AND r.record_id IN (SELECT value FROM json_each(?)) AND json_extract(r.data, '$.number__c') >= 0"
    )

    def by_callback() -> None:
        for batch in batches:
            callback.columns(session, batch)

    def by_sql() -> None:
        for batch in batches:
            for row in raw.execute(sql, (VAULT, orjson.dumps(batch).decode())).fetchall():
                orjson.loads(row[5])

    called, floor = _least((by_callback, by_sql), rounds)
    return QueryResult("call-backs of 500 ids", len(wanted), called, floor)


def _least(ways: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """Least seconds of each way; they take turns, after one round that does not count."""
    seconds: list[list[float]] = [[] for _ in ways]
    for number in range(rounds + 1):
        for way, measured in zip(ways, seconds, strict=True):
            gc.collect()
            began = time.perf_counter()
            way()
            if number:
                measured.append(time.perf_counter() - began)
    return [min(measured) for measured in seconds]


def _fill(store: Store, records: int) -> tuple[int, int]:
    """A Vault with Products of Studies; answers the ids of both objects."""
    fields = [
        FieldSpec("flag__c", type=FieldType.YES_NO),
        FieldSpec("number__c", type=FieldType.NUMBER),
        FieldSpec("day__c", type=FieldType.DATE),
        FieldSpec("area__c", type=FieldType.PICKLIST, picklist="area__c"),
        FieldSpec("study__c", type=FieldType.OBJECT, reference_object="study__c"),
        *(FieldSpec(f"field_{number}__c", max_length=200) for number in range(1, 8)),
    ]
    with store.write() as write:
        create_vault(
            write, id=VAULT, name="Bench", dns_host="bench.bench.example", domain="bench.example", family="Quality"
        )
        create_picklist(write, VAULT, "area__c", "Area", _AREAS)
        create_object(write, VAULT, "study__c", "Study", "Studies", "V0S", [FieldSpec("code__c", "Code")])
        create_object(write, VAULT, "product__c", "Product", "Products", "V0P", fields)
        ids: dict[str, int] = {row.name: row.id for row in write.execute(select(_objects.c.name, _objects.c.id))}
    studies = [(_id("V0S", number), f"Study {number}", {"code__c": f"code {number}"}) for number in range(PARENTS)]
    _insert(store, ids["study__c"], 0, studies)
    for start in range(0, records, BATCH):
        rows = [(_id("V0P", number), f"Product {number}", _data(number)) for number in range(start, start + BATCH)]
        _insert(store, ids["product__c"], start + PARENTS, rows[: records - start])
    return ids["product__c"], ids["study__c"]


def _data(number: int) -> dict[str, Any]:
    return {
        "flag__c": number % 3 == 0,
        "number__c": number * 7919 % 10_007,
        "day__c": f"2026-01-{number % 28 + 1:02}",
        "area__c": _AREAS[number % 4],
        "study__c": _id("V0S", number * 31 % PARENTS),
        **{f"field_{field}__c": f"value {field} of product {number}" for field in range(1, 8)},
    }


def _insert(store: Store, object_id: int, first: int, rows: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
    with store.write() as write:
        write.connection().execute(
            insert(_records),
            [
                {
                    "vault_id": VAULT,
                    "object_id": object_id,
                    "record_id": record_id,
                    "name": name,
                    "global_id": f"{VAULT}_{first + place}",
                    "status": RecordStatus.ACTIVE,
                    "created_at": _moment(first + place),
                    "modified_at": _moment(first + place),
                    "data": data,
                }
                for place, (record_id, name, data) in enumerate(rows)
            ],
        )


def _moment(place: int) -> datetime:
    return datetime(2026, 1, 1, place // 1_000_000, place // 17_000 % 60, place % 60, tzinfo=UTC)


def _id(prefix: str, number: int) -> str:
    return f"{prefix}{number + 1001:012d}"
