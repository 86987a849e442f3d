"""Generated queries over generated data: the database answers as plain Python does, and printing loses nothing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from models.data_model import load_object
from models.services.records import change_record, create_records
from models.store import Store, WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import Record, table_of
from models.vql import VqlError, compile_callback, conditions_of, parse, parse_criteria, parse_items, run_query
from models.vql.printing import print_criteria, print_item, print_query
from models.vql.tree import Query
from tests.vql.conftest import SYSTEM, VAULT
from tests.vql.generated import OBJECTS, TO_MANY, TO_ONE, datasets, expressions, operands, queries
from tests.vql.naive import Naive, NaiveObject

_records = table_of(Record)


class Undo(Exception):
    """Leaves a write transaction without writing."""


@contextmanager
def unwritten(store: Store) -> Iterator[WriteSession]:
    """A write transaction that is rolled back."""
    with suppress(Undo), store.write() as write:
        yield write
        raise Undo


def fill(write: WriteSession, data: Mapping[str, list[dict[str, Any]]]) -> None:
    """Make the records; references, drawn as places in the list, are set once all have ids."""
    write.execute(delete(_records))
    ids: dict[str, list[str]] = {}
    for name, rows in data.items():
        references = {field for field, _ in TO_ONE[name].values()}
        made = [{key: value for key, value in row.items() if key not in references} for row in rows]
        ids[name] = create_records(write, SYSTEM, name, made) if made else []
    for name, rows in data.items():
        for record_id, row in zip(ids[name], rows, strict=True):
            values = {
                field: ids[target][row[field]]
                for field, target in TO_ONE[name].values()
                if row[field] < len(ids[target])
            }
            if values:
                change_record(write, SYSTEM, record_id, values)


def in_memory(write: WriteSession) -> Naive:
    """The Vault as it is stored, read whole into memory."""
    objects: dict[str, NaiveObject] = {}
    for name in OBJECTS:
        model = load_object(write, VAULT, name)
        rows: list[Mapping[str, Any]] = []
        for row in write.execute(select(_records).where(_records.c.object_id == model.id).order_by(_records.c.id)):
            system = {field: getattr(row, column) for field, column in SYSTEM_COLUMNS.items()}
            rows.append({**system, **row.data, "status__v": str(row.status)})
        labels = {field.name: field.picklist for field in model.fields.values() if field.picklist}
        objects[name] = NaiveObject(
            rows,
            TO_ONE[name],
            TO_MANY[name],
            {
                **labels,
                "state__v": model.states,
                "status__v": {"active__v": "Active", "inactive__v": "Inactive"},
            },
            frozenset({*labels, "status__v"}),
            frozenset({"day__c"}),
            frozenset({"moment__c", "created_date__v"}),
            {"initial": list(model.states)[:1], "STEADYSTATE": ()},
        )
    return Naive(objects, write.now)


def read(query: Query) -> str:
    """The text of a query that is not too long for a reader; others are not drawn."""
    text = print_query(query)
    try:
        parse(text)
    except VqlError as error:
        assume("relationships" not in error.message)
        raise
    return text


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its subqueries reduced to data and total."""
    return {
        key: {"data": value["data"], "total": value["responseDetails"]["total"]} if isinstance(value, dict) else value
        for key, value in row.items()
    }


@settings(max_examples=120)
@given(data=datasets, asked=st.lists(queries, min_size=1, max_size=4))
def test_the_database_answers_as_plain_python_does(vault: Store, data: Any, asked: list[Query]) -> None:
    texts = [read(query) for query in asked]
    with unwritten(vault) as write:
        fill(write, data)
        naive = in_memory(write)
        for query, text in zip(asked, texts, strict=True):
            answer = run_query(write, SYSTEM, text, now=write.now)
            expected, total = naive.answer(query)
            assert [plain(row) for row in answer.data] == expected, text
            assert (answer.details.size, answer.details.total) == (len(expected), total), text
            assert [field.name for field in answer.fields] == [*expected[0]] if expected else True


@settings(max_examples=60)
@given(data=datasets, name=st.sampled_from(OBJECTS), drawn=st.data())
def test_a_call_back_reads_what_a_query_with_the_same_criteria_answers(
    vault: Store, data: Any, name: str, drawn: st.DataObject
) -> None:
    items = [operand for operand, _ in drawn.draw(st.lists(operands(name), min_size=1, max_size=5))]
    where = print_criteria(drawn.draw(expressions(name)))
    try:
        parse_criteria(where)
    except VqlError as error:
        assume("relationships" not in error.message)
        raise
    with unwritten(vault) as write:
        fill(write, data)
        naive = in_memory(write)
        expr = parse_criteria(where)
        chosen = naive.chosen(name, expr, Query((), name))
        model = load_object(write, VAULT, name)
        callback = compile_callback(write, model, SYSTEM, [print_item(item) for item in items], where, now=write.now)
        ids = [row["id"] for row in naive.objects[name].rows]
        rows = {row[0]: row for row in callback.rows(write, ids)}
        assert set(rows) == {row["id"] for row in chosen}
        for row in chosen:
            _, global_id, link, named, status, *values = rows[row["id"]]
            assert (global_id, link, named, status) == (
                row["global_id__sys"],
                row["link__sys"],
                row["name__v"],
                row["status__v"],
            )
            assert values == [naive.find(name, row, item)[0] for item in items]
        condition = conditions_of(write, model, where, now=write.now)
        statement = select(_records.c.record_id).where(_records.c.object_id == model.id, condition)
        assert set(write.execute(statement).scalars()) == set(rows)


@settings(max_examples=200)
@given(query=queries)
def test_a_printed_query_reads_as_the_same_query(query: Query) -> None:
    assert parse(read(query)) == query


@given(text=st.text(max_size=60))
def test_garbage_is_refused_in_words_and_never_breaks(text: str) -> None:
    readers: tuple[Callable[[str], object], ...] = (parse, parse_criteria, parse_items)
    for reader in readers:
        refusal = refusal_of(partial(reader, text))
        assert refusal is None or refusal.message


WORDS = (
    "SELECT FROM WHERE ORDER BY AND OR IN LIKE CONTAINS BETWEEN ( ) , . = != < 'a' 'a%' '\\\\' '\\q' ' 5 -5 1e999 "
    "99999999999999999999 null true id name__v study__vr sites__vr study__v TOLABEL STEADYSTATE STATETYPE TODAY "
    "LAST_DAYS:3 DAYS_AGO:99999999 ASC DESC MAXROWS SKIP PAGESIZE LIMIT ALLVERSIONS * FIND COUNT -- ;"
)


@settings(max_examples=150)
@given(words=st.lists(st.sampled_from((*WORDS.split(), "\n")), max_size=25), begun=st.booleans())
def test_scrambled_queries_are_answered_or_refused_in_words(vault: Store, words: list[str], begun: bool) -> None:
    text = " ".join([*(("SELECT", "id", "FROM", "study__v") if begun else ()), *words])
    with vault.read() as session:
        refusal = refusal_of(lambda: run_query(session, SYSTEM, text, now=vault.clock.now()))
    if refusal is not None and refusal.position is not None and refusal.line is not None:
        line = text.split("\n")[refusal.line - 1]
        assert 1 <= refusal.position <= len(line) + 1


def refusal_of(action: Callable[[], object]) -> VqlError | None:
    """What an action is refused with; anything but a refusal goes on."""
    try:
        action()
    except VqlError as error:
        return error
    return None
