"""What a query answers: rows and keys, pages, related records, functions, dates, descriptions, documents."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url

from models.data_model import load_object
from models.services.documents import change_state, create_document, new_version
from models.services.objects import FieldSpec, NamedState, create_object
from models.services.records import change_record
from models.store import Store
from models.tables import FieldType, ObjectKind
from models.versions import StateType
from models.vql import compile_callback, parse
from models.vql.parsing import parse_items
from models.vql.schema import Catalog
from models.vql.translate import translate
from tests.conftest import ManualClock
from tests.vql.conftest import SYSTEM, VAULT, ask, make, make_many, names


def test_a_row_holds_what_was_asked_under_its_name(vault: Store) -> None:
    study = make(vault, "study__v", "One", area__c="cardiology__c", number__c=5)
    site = make(vault, "site__v", "North", study__v=study, flag__c=True, moment__c="2026-01-05T08:00:00.000Z")
    answer = ask(
        vault,
        "SELECT id, name__v, status__v, state__v, flag__c, moment__c, day__c, study__v, study__vr.name__v, "
        "study__vr.area__c, study__vr.number__c, created_date__v FROM site__v",
    )
    assert answer.data == (
        {
            "id": site,
            "name__v": "North",
            "status__v": ["active__v"],
            "state__v": "planned__c",
            "flag__c": True,
            "moment__c": "2026-01-05T08:00:00.000Z",
            "day__c": None,
            "study__v": study,
            "study__vr.name__v": "One",
            "study__vr.area__c": ["cardiology__c"],
            "study__vr.number__c": 5,
            "created_date__v": answer.data[0]["created_date__v"],
        },
    )
    assert answer.data[0]["created_date__v"].startswith("2026-01-05T08:00:00")


def test_labels_are_answered_under_the_field_s_name_and_beside_the_plain_field_as_written(vault: Store) -> None:
    make(vault, "study__v", "One", area__c="cardiology__c", state__v="open__c")
    assert ask(vault, "SELECT TOLABEL(area__c), TOLABEL(state__v) FROM study__v").data == (
        {"area__c": ["Heart"], "state__v": "Open for All"},
    )
    assert ask(vault, "SELECT area__c, TOLABEL(area__c), TONAME(state__v) FROM study__v").data == (
        {"area__c": ["cardiology__c"], "TOLABEL(area__c)": ["Heart"], "state__v": "open__c"},
    )


def test_pages_follow_one_another_to_the_end_and_name_each_other(vault: Store) -> None:
    make_many(vault, "study__v", [{"name__v": f"{number:02}"} for number in range(10)])
    text: str | None = "SELECT name__v FROM study__v ORDER BY name__v ASC PAGESIZE 4"
    seen: list[tuple[str, ...]] = []
    while text:
        answer = ask(vault, text)
        assert answer.details.total == 10
        seen.append(tuple(row["name__v"] for row in answer.data))
        text = answer.details.next_page
    assert seen == [("00", "01", "02", "03"), ("04", "05", "06", "07"), ("08", "09")]
    assert answer.details.document() == {
        "pagesize": 4,
        "pageoffset": 8,
        "size": 2,
        "total": 10,
        "previous_page": "SELECT name__v FROM study__v ORDER BY name__v ASC PAGESIZE 4 PAGEOFFSET 4",
    }


@pytest.mark.parametrize(
    ("paging", "expected", "total"),
    [
        ("LIMIT 2", "01", 6),
        ("LIMIT 2 OFFSET 3", "34", 6),
        ("PAGESIZE 2 PAGEOFFSET 5", "5", 6),
        ("SKIP 4", "45", 2),
        ("MAXROWS 2 SKIP 1", "12", 2),
        ("MAXROWS 3 PAGESIZE 2 PAGEOFFSET 2", "2", 3),
        ("MAXROWS 3 PAGEOFFSET 3", "", 3),
        ("MAXROWS 0", "", 0),
        ("PAGESIZE 0", "", 6),
        ("SKIP 9", "", 0),
    ],
)
def test_rows_are_skipped_cut_and_paged(vault: Store, paging: str, expected: str, total: int) -> None:
    make_many(vault, "study__v", [{"name__v": str(number)} for number in range(6)])
    answer = ask(vault, f"SELECT name__v FROM study__v ORDER BY name__v {paging}")
    assert "".join(row["name__v"] for row in answer.data) == expected
    assert (answer.details.size, answer.details.total) == (len(expected), total)


def test_a_page_is_never_larger_than_the_vault_s(vault: Store) -> None:
    make_many(vault, "study__v", [{"name__v": str(number)} for number in range(5)])
    answer = ask(vault, "SELECT name__v FROM study__v PAGESIZE 5", page=2)
    assert (answer.details.pagesize, answer.details.size, answer.details.total) == (2, 2, 5)


def test_related_records_come_with_pages_and_totals_of_their_own(vault: Store) -> None:
    one, two, _none = (make(vault, "study__v", name) for name in ("One", "Two", "None"))
    make_many(vault, "site__v", [{"name__v": f"S{number}", "study__v": one} for number in range(4)])
    make_many(vault, "site__v", [{"name__v": "T0", "study__v": two}])
    answer = ask(
        vault,
        "SELECT name__v, (SELECT name__v FROM sites__vr WHERE name__v != 'S0' ORDER BY name__v DESC) FROM study__v",
        subquery_page=2,
    )
    assert [[row["name__v"], row["sites__vr"]["data"]] for row in answer.data] == [
        ["One", [{"name__v": "S3"}, {"name__v": "S2"}]],
        ["Two", [{"name__v": "T0"}]],
        ["None", []],
    ]
    assert [row["sites__vr"]["responseDetails"] for row in answer.data] == [
        {"pagesize": 2, "pageoffset": 0, "size": 2, "total": 3},
        {"pagesize": 2, "pageoffset": 0, "size": 1, "total": 1},
        {"pagesize": 2, "pageoffset": 0, "size": 0, "total": 0},
    ]


def test_a_subquery_leads_to_the_one_record_as_well(vault: Store) -> None:
    study = make(vault, "study__v", "One")
    make(vault, "site__v", "With", study__v=study)
    make(vault, "site__v", "Without")
    rows = ask(vault, "SELECT name__v, (SELECT name__v FROM study__vr) FROM site__v").data
    assert [(row["name__v"], row["study__vr"]["data"]) for row in rows] == [
        ("With", [{"name__v": "One"}]),
        ("Without", []),
    ]


def test_a_second_reference_to_the_same_object_has_a_name_of_its_own(vault: Store) -> None:
    with vault.write() as write:
        fields = [
            FieldSpec(name, type=FieldType.OBJECT, reference_object="study__v")
            for name in ("first__v", "second__v", "third__c")
        ]
        create_object(write, VAULT, "country__v", "Country", "Countries", "V0C", fields)
        catalog = Catalog(write, VAULT, write.now)
        named = catalog.inbound_names(load_object(write, VAULT, "study__v"))
    assert [name for name, source in named.items() if source == "country__v"] == [
        "countries__vr",
        "countries_by_second__vr",
        "countries__cr",
    ]


def test_dates_move_with_the_lab_clock(vault: Store, clock: ManualClock) -> None:
    make(vault, "study__v", "today", day__c="2026-01-05", moment__c="2026-01-05T23:59:59.999Z")
    make(vault, "study__v", "before", day__c="2026-01-04", moment__c="2026-01-04T00:00:00.000Z")
    asked: dict[str, list[str]] = {
        "day__c = TODAY": ["today"],
        "moment__c = TODAY": ["today"],
        "moment__c = DAYS_AGO:1": ["before"],
        "moment__c >= LAST_DAYS:1": ["today", "before"],
        "moment__c < '2026-01-05'": ["before"],
        "day__c != TODAY": ["before"],
        "moment__c BETWEEN DAYS_AGO:1 AND DAYS_AGO:1": ["before"],
    }
    for where, expected in asked.items():
        assert names(vault, f"SELECT name__v FROM study__v WHERE {where}") == expected, where
    clock.advance(days=1)
    assert names(vault, "SELECT name__v FROM study__v WHERE day__c = DAYS_AGO:1") == ["today"]


def test_an_empty_value_is_unequal_to_anything_and_sorts_first(vault: Store) -> None:
    make_many(
        vault, "study__v", [{"name__v": "b", "text__c": "b"}, {"name__v": "none"}, {"name__v": "a", "text__c": "a"}]
    )
    assert names(vault, "SELECT name__v FROM study__v WHERE text__c != 'a'") == ["b", "none"]
    assert names(vault, "SELECT name__v FROM study__v WHERE text__c = null") == ["none"]
    assert names(vault, "SELECT name__v FROM study__v WHERE text__c != null") == ["b", "a"]
    assert names(vault, "SELECT name__v FROM study__v ORDER BY text__c") == ["none", "a", "b"]
    assert names(vault, "SELECT name__v FROM study__v ORDER BY text__c DESC") == ["b", "a", "none"]


def test_upper_and_lower_case_differ_unless_asked_otherwise_in_any_script(vault: Store) -> None:
    make_many(vault, "study__v", [{"name__v": name} for name in ("Äpfel", "äpfel", "ÄPFEL", "apfel")])
    assert names(vault, "SELECT name__v FROM study__v WHERE name__v LIKE 'äp%'") == ["äpfel"]
    assert len(names(vault, "SELECT name__v FROM study__v WHERE CASEINSENSITIVE(name__v) = 'äPFEL'")) == 3


def test_thousands_of_conditions_and_values_are_no_trouble(vault: Store) -> None:
    make_many(vault, "study__v", [{"name__v": str(number), "number__c": number} for number in range(20)])
    many = " OR ".join(f"number__c = {number}" for number in range(2_500))
    assert ask(vault, f"SELECT name__v FROM study__v WHERE {many}").details.total == 20
    listed = ", ".join(f"'{number}'" for number in range(5, 5_000))
    assert ask(vault, f"SELECT name__v FROM study__v WHERE name__v CONTAINS ({listed})").details.total == 15
    numbers = ", ".join(map(str, range(5, 5_000)))
    assert ask(vault, f"SELECT name__v FROM study__v WHERE number__c CONTAINS ({numbers})").details.total == 15


def test_describe_tells_what_each_column_is(vault: Store) -> None:
    answer = ask(vault, "SELECT id, text__c, area__c, study__vr.name__v, (SELECT text__c FROM visits__cr) FROM site__v")
    document = answer.document(describe=True)["queryDescribe"]
    assert document["object"] == {"name": "site__v", "label": "Site"}
    assert [tuple(field.values())[:5] for field in document["fields"]] == [
        ("id", "ID", "ID", True, 20),
        ("text__c", "Text", "String", False, 50),
        ("area__c", "Area", "Picklist", False, None),
        ("study__vr.name__v", "Name", "String", False, 255),
        ("visits__cr", "Visit", "Subquery", False, None),
    ]
    assert document["fields"][-1]["fields"][0]["name"] == "text__c"


def test_a_reference_to_a_deleted_record_leads_nowhere(vault: Store) -> None:
    make(vault, "site__v", "Lost", study__v=make(vault, "study__v", "Gone"))
    with vault.write() as write:
        from sqlalchemy import delete

        from models.tables import Record, table_of

        records = table_of(Record)
        write.execute(delete(records).where(records.c.name == "Gone"))
    assert ask(vault, "SELECT name__v, study__vr.name__v FROM site__v WHERE study__vr.name__v = null").data == (
        {"name__v": "Lost", "study__vr.name__v": None},
    )


@pytest.fixture
def papers(vault: Store) -> Store:
    states: list[NamedState] = [
        "draft__c",
        ("approved__c", "Approved", StateType.STEADY),
        ("old__c", "Superseded", StateType.SUPERSEDED),
        ("void__c", "Obsolete", StateType.OBSOLETE),
    ]
    with vault.write() as write:
        fields = [FieldSpec("study__v", "Study", FieldType.OBJECT, reference_object="study__v")]
        create_object(
            write, VAULT, "documents", "Document", "Documents", "DOC", fields, states, kind=ObjectKind.DOCUMENT
        )
    return vault


def test_documents_answer_their_latest_version_or_all(papers: Store) -> None:
    study = make(papers, "study__v", "One")
    with papers.write() as write:
        paper = create_document(write, SYSTEM, {"name__v": "Plan", "study__v": study})
        create_document(write, SYSTEM, {"name__v": "Draft"})
    with papers.write() as write:
        change_state(write, SYSTEM, paper, "approved__c")
    with papers.write() as write:
        new_version(write, SYSTEM, paper)
    assert ask(papers, "SELECT id, version_id, state__v FROM documents WHERE name__v = 'Plan'").data == (
        {"id": paper, "version_id": f"{paper}_1_1", "state__v": "draft__c"},
    )
    every = "SELECT version_id FROM ALLVERSIONS documents WHERE name__v = 'Plan' ORDER BY version_id"
    assert names(papers, every) == [f"{paper}_1_0", f"{paper}_1_1"]
    assert names(papers, "SELECT version_id FROM LATESTVERSION documents WHERE name__v = 'Plan'") == [f"{paper}_1_1"]
    steady = "SELECT version_id FROM ALLVERSIONS documents WHERE {} = STEADYSTATE()"
    assert names(papers, steady.format("status__v")) == names(papers, steady.format("state__v")) == [f"{paper}_1_0"]
    assert names(papers, "SELECT name__v FROM documents WHERE state__v = SUPERSEDEDSTATE()") == []
    assert names(papers, "SELECT name__v FROM documents WHERE state__v != STATETYPE('obsolete_state')") == [
        "Plan",
        "Draft",
    ]
    first = f"SELECT study__vr.name__v FROM ALLVERSIONS documents WHERE version_id = '{paper}_1_0'"
    assert names(papers, first) == ["One"]
    assert ask(papers, "SELECT (SELECT name__v FROM documents__vr) FROM study__v").data[0]["documents__vr"]["data"] == [
        {"name__v": "Plan"}
    ]
    with papers.read() as session:
        model = load_object(session, VAULT, "documents")
        callback = compile_callback(
            session, model, SYSTEM, ["id", "state__v", "study__vr.name__v"], now=papers.clock.now()
        )
        rows = callback.rows(session, [f"{paper}_1_0"])
    assert [(row[0], *row[5:]) for row in rows] == [(f"{paper}_1_0", paper, "approved__c", "One")]


TO_ONE = (
    "SELECT id, number__c, flag__c, study__vr.parent__vr.name__v FROM site__v WHERE CASEINSENSITIVE(name__v) LIKE 'a%' "
    "AND study__vr.flag__c != true AND TOLABEL(area__c) = 'Heart' ORDER BY study__vr.number__c DESC, day__c"
)
TO_MANY = (
    "SELECT id, (SELECT id FROM sites__vr ORDER BY name__v), (SELECT id FROM parent__vr) FROM study__v "
    "WHERE id IN (SELECT study__v FROM site__v WHERE moment__c = TODAY) AND name__v CONTAINS ('a', 'b')"
)


@pytest.mark.parametrize(
    "text",
    ["id", "name__v", "study__vr.name__v", "a__vr.b__cr.id", "study__v", "a1__b__c", "_x__v", "Name__v", "a-b__v"],
)
def test_a_field_that_is_read_without_the_parser_is_read_as_the_parser_does(text: str) -> None:
    assert parse_items(text) == parse(f"SELECT {text} FROM site__v").items


@pytest.mark.parametrize("text", [TO_ONE, TO_MANY])
def test_every_query_compiles_for_postgresql_too_without_values_in_its_text(vault: Store, text: str) -> None:
    dialect = make_url("postgresql+psycopg://host/database").get_dialect()()
    with vault.read() as session:
        translated = translate(Catalog(session, VAULT, vault.clock.now()), parse(text))
    statements = [translated.statement, translated.count, *(each.statement for each in translated.nested)]
    for statement in statements:
        compiled = str(statement.compile(dialect=dialect))
        assert "GLOB" not in compiled
        assert "unicode_lower" not in compiled
        assert "Heart" not in compiled
    assert "NULLS" in str(statements[0].compile(dialect=dialect)) or translated.nested


def test_the_call_back_s_statement_stays_the_same_and_reads_each_related_record_once(
    vault: Store, statements: Callable[[], list[Any]]
) -> None:
    study = make(vault, "study__v", "One")
    sites = make_many(vault, "site__v", [{"name__v": str(number), "study__v": study} for number in range(30)])
    with vault.read() as session:
        model = load_object(session, VAULT, "site__v")
        asked = ["name__v", "text__c", "study__vr.name__v", "study__vr.text__c"]
        callback = compile_callback(session, model, SYSTEM, asked, "name__v != '3'", now=vault.clock.now())
        assert len(callback.rows(session, sites)) == 29
        before = statements()
        assert len(callback.rows(session, sites[:2])) == 2
        after = statements()[len(before) :]
    assert [text for text, _ in after] == [text for text, _ in before[-2:]]
    assert sum("1001" in str(parameters) for _, parameters in after) == 2
    assert callback.text == (
        "SELECT name__v, text__c, study__vr.name__v, study__vr.text__c FROM site__v WHERE name__v != '3'"
    )


@pytest.fixture
def statements(vault: Store) -> Callable[[], list[Any]]:
    from sqlalchemy import event

    seen: list[Any] = []

    @event.listens_for(vault.engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, text: str, parameters: Any, *_more: Any) -> None:
        seen.append((text, parameters))

    return lambda: list(seen)


def test_a_changed_record_is_asked_as_it_is_now(vault: Store) -> None:
    study = make(vault, "study__v", "One", text__c="old")
    with vault.write() as write:
        change_record(write, SYSTEM, study, {"text__c": None})
    assert names(vault, "SELECT name__v FROM study__v WHERE text__c = null") == ["One"]
