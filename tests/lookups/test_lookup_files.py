"""CSV mapping files: what each row does, what is refused and why, and what comes out again."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InvalidInput, NotAllowed
from models.queries.lookups import lookup_row
from models.services.lookup_files import (
    MOST_ROWS,
    LoadMode,
    LoadReport,
    RowAction,
    _judge,
    _read,
    export_keys,
    load_keys,
)
from models.services.lookups import key_problem, set_key
from models.services.records import create_record
from models.services.vaults import create_user
from tests.builders import user
from tests.lookups.conftest import Desk

HEADING = "source_key,target_key\n"
ODD = "[/foo] [@click=app.quit]x[/]"


def load(desk: Desk, lookup: int, text: str | bytes, **options: object) -> LoadReport:
    data = text.encode() if isinstance(text, str) else text
    with desk.store.write() as write:
        return load_keys(write, desk.admin, lookup, data, **options)  # type: ignore[arg-type]


def rows(report: LoadReport) -> list[tuple[int, str, str]]:
    return [(line.line, line.action.value, line.source_key) for line in report.lines]


def problem(desk: Desk, lookup: int, text: str | bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        load(desk, lookup, text)
    return refused.value.fields["file"]


def test_each_row_is_reported_with_its_line_and_what_became_of_it(desk: Desk) -> None:
    lookup = desk.lookup()
    load(desk, lookup, HEADING + "a,1\nb,2\n")
    report = load(desk, lookup, HEADING + "a,1\nb,two\n\nc,3\n,4\nd,\n")

    assert rows(report) == [
        (2, "unchanged", "a"),
        (3, "changed", "b"),
        (5, "added", "c"),
        (6, "refused", ""),
        (7, "refused", "d"),
    ]
    assert [line.reason for line in report.lines] == [
        "",
        "It was '2'.",
        "",
        "source_key: This is needed.",
        "target_key: This is needed.",
    ]
    assert report.counts == {"added": 1, "changed": 1, "unchanged": 1, "refused": 2, "removed": 0}
    assert desk.pairs(lookup) == {"a": "1", "b": "two", "c": "3"}


def test_adding_leaves_other_keys_and_replacing_removes_them(desk: Desk) -> None:
    lookup = desk.lookup()
    load(desk, lookup, HEADING + "a,1\nb,2\n")
    assert load(desk, lookup, HEADING + "c,3\n").removed == ()
    report = load(desk, lookup, HEADING + "b,2\nd,4\n", mode=LoadMode.REPLACE)

    assert report.removed == ("a", "c")
    assert desk.pairs(lookup) == {"b": "2", "d": "4"}


def test_a_replacement_keeps_the_pair_of_a_row_it_refuses(desk: Desk) -> None:
    lookup = desk.lookup()
    load(desk, lookup, HEADING + "a,1\n")
    load(desk, lookup, HEADING + "a,\nb,2\n", mode=LoadMode.REPLACE)
    assert desk.pairs(lookup) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("mode", LoadMode)
def test_all_or_nothing_loads_nothing_when_a_row_is_refused(desk: Desk, mode: LoadMode) -> None:
    lookup = desk.lookup()
    load(desk, lookup, HEADING + "a,1\nb,2\n")
    audited = desk.audited()
    report = load(desk, lookup, HEADING + "a,one\nc,3\nd,\n", mode=mode, all_or_nothing=True)

    assert not report.loaded
    assert report.counts["refused"] == 1
    assert desk.pairs(lookup) == {"a": "1", "b": "2"}
    assert desk.audited() == audited


def test_all_or_nothing_loads_a_file_without_faults(desk: Desk) -> None:
    lookup = desk.lookup()
    assert load(desk, lookup, HEADING + "a,1\n", all_or_nothing=True).loaded
    assert desk.pairs(lookup) == {"a": "1"}


def test_a_check_reports_and_writes_nothing(desk: Desk) -> None:
    lookup = desk.lookup()
    report = load(desk, lookup, HEADING + "a,1\n", check=True)
    assert (report.loaded, rows(report)) == (False, [(2, "added", "a")])
    assert desk.pairs(lookup) == {}


def test_a_source_key_that_comes_twice_counts_where_it_is_first(desk: Desk) -> None:
    lookup = desk.lookup()
    report = load(desk, lookup, HEADING + "a,1\na,1\na,2\n")

    assert rows(report) == [(2, "added", "a"), (3, "unchanged", "a"), (4, "refused", "a")]
    assert report.lines[1].reason == "The same as line 2."
    assert report.lines[2].reason == "Line 2 maps this source key already, to '1'."
    assert desk.pairs(lookup) == {"a": "1"}


def test_loading_is_audited_as_a_whole_and_pair_by_pair(desk: Desk) -> None:
    lookup = desk.lookup()
    load(desk, lookup, HEADING + "a,1\nb,2\n")
    before = len(desk.audited())
    load(desk, lookup, HEADING + "a,one\nc,3\n", mode=LoadMode.REPLACE)

    assert desk.audited()[before:] == [
        ("Load", "Code", "mode", None, "replace"),
        ("Load", "Code", "added", None, "1"),
        ("Load", "Code", "changed", None, "1"),
        ("Load", "Code", "removed", None, "1"),
        ("Create", "Code: c", "target_key", None, "3"),
        ("Edit", "Code: a", "target_key", "1", "one"),
        ("Delete", "Code: b", "target_key", "2", None),
    ]


def test_a_load_that_changes_nothing_is_not_audited(desk: Desk) -> None:
    lookup = desk.lookup()
    load(desk, lookup, HEADING + "a,1\n")
    before = desk.audited()
    load(desk, lookup, HEADING + "a,1\n")
    assert desk.audited() == before


def test_loaded_keys_are_missing_no_more(desk: Desk) -> None:
    lookup = desk.lookup()
    desk.miss(lookup, "a")
    desk.miss(lookup, "b")
    load(desk, lookup, HEADING + "a,1\n")
    with desk.store.read() as session:
        row = lookup_row(session, 1002, lookup)
    assert row is not None
    assert row.missing == 1


def test_loading_needs_manage_connections_before_the_file_is_looked_at(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        create_user(write, 1002, "rita@lab.example.com", "Rita", "Reader", "Read-Only User")
    with pytest.raises(NotAllowed), desk.store.write() as write:
        load_keys(write, user(desk.store, 1002, "rita@lab.example.com"), lookup, b"")


def test_target_keys_of_an_object_lookup_without_a_record_are_loaded_and_pointed_out(desk: Desk) -> None:
    lookup = desk.lookup("p", "P", type="object", target_object="product__v", target_key_field="code__c")
    with desk.store.write() as write:
        create_record(write, desk.pair.target.system, "product__v", {"name__v": "One", "code__c": "C1"})
    report = load(desk, lookup, HEADING + "a,C1\nb,C2\n")

    assert [line.reason for line in report.lines] == ["", "No product__v record has this code__c yet."]
    assert desk.pairs(lookup) == {"a": "C1", "b": "C2"}


# The forms that files come in


@pytest.mark.parametrize(
    "text",
    [
        "source_key,target_key\na,1\n",
        "source_key,target_key\r\na,1\r\n",
        "source_key,target_key\ra,1",
        "\ufeffsource_key,target_key\na,1",
        '"source_key","target_key"\n"a","1"\n',
        "source_key;target_key\na;1\n",
        "source_key\ttarget_key\na\t1\n",
        "source_key|target_key\na|1\n",
        "sep=;\nsource_key;target_key\na;1\n",
        "Source Key,Target Key\na,1\n",
        "source_key__c,target_key__c\na,1\n",
        "target_key,source_key\n1,a\n",
        "id,source_key,note,target_key\n7,a,whatever,1\n",
        "\n\nsource_key,target_key\n\na,1\n,\n",
    ],
)
def test_every_usual_form_of_a_mapping_file_is_read(desk: Desk, text: str) -> None:
    lookup = desk.lookup()
    load(desk, lookup, text)
    assert desk.pairs(lookup) == {"a": "1"}


def test_columns_that_no_lookup_has_are_named(desk: Desk) -> None:
    assert load(desk, desk.lookup(), "source_key,note,target_key\na,x,1\n").ignored == ("note",)


def test_quotes_hold_separators_quotes_and_line_breaks(desk: Desk) -> None:
    lookup = desk.lookup()
    report = load(desk, lookup, HEADING + '"a, b","say ""x"""\n"two\nlines",1\nlast,2\n')

    assert desk.pairs(lookup) == {"a, b": 'say "x"', "two\nlines": "1", "last": "2"}
    assert [line.line for line in report.lines] == [2, 3, 5]


def test_a_row_with_too_few_or_too_many_cells_is_refused_alone(desk: Desk) -> None:
    lookup = desk.lookup()
    report = load(desk, lookup, HEADING + "a\nb,2,3\nc,3\n")
    assert [line.action for line in report.lines] == [RowAction.REFUSED, RowAction.REFUSED, RowAction.ADDED]
    assert report.lines[0].reason == "A cell is missing."
    assert "3 cells" in report.lines[1].reason


def test_markup_formulas_and_other_scripts_are_data(desk: Desk) -> None:
    lookup = desk.lookup()
    held = {ODD: "=1+1", "Ägypten": "مصر", "a\u202eb": "🧪", "'; DROP TABLE record; --": "\\"}
    load(desk, lookup, export_keys(held))
    assert desk.pairs(lookup) == held


# What is no mapping file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("\ufeff", "empty"),
        (HEADING, "no rows"),
        ("a,b\nc,d\n", "Line 1: the heading has no column source_key"),
        ("source_key,source_key,target_key\n", "Line 1: the heading has 2 columns source_key"),
        ("source_key\na\n", "Line 1: the heading has no column target_key"),
        (HEADING + 'a,1\n"b,2\nc,3\n', "Line 3: this is not CSV: a quote is opened and never closed"),
        (HEADING + 'a,"1"x\n', "Line 2: this is not CSV"),
        (HEADING + "a,1\nb\0,2\n", "Line 3: the file holds a NUL sign"),
        (HEADING.encode() + b"a,1\nb\xe9,2\n", "Line 3: this is not UTF-8"),
        (HEADING.encode("utf-16"), "Line 1: the file is UTF-16"),
        (b"PK\x03\x04rest of a workbook", "Line 1: the file is a spreadsheet"),
        pytest.param(HEADING + "a,1\n" * (MOST_ROWS + 1), "too many", id="too many rows"),
        (b"x" * 8_000_001, "too large"),
    ],
)
def test_what_is_no_mapping_file_is_refused_with_its_line(desk: Desk, text: str | bytes, said: str) -> None:
    lookup = desk.lookup()
    assert said in problem(desk, lookup, text)
    assert desk.pairs(lookup) == {}


# Export


def test_an_export_loads_again_and_changes_nothing(desk: Desk) -> None:
    lookup = desk.lookup()
    with desk.store.write() as write:
        for source, target in (("b", "2"), ("a, c", 'x "y"'), (" blank ", "line\nbreak"), ("ä", "=1")):
            set_key(write, desk.admin, lookup, source, target)
    data = export_keys(desk.pairs(lookup))
    report = load(desk, lookup, data, mode=LoadMode.REPLACE)

    assert data.startswith(b"source_key,target_key\r\n")
    assert report.counts == {"added": 0, "changed": 0, "unchanged": 4, "refused": 0, "removed": 0}


GOOD = st.text(min_size=1, max_size=20).filter(lambda text: key_problem(text) is None)


@given(st.dictionaries(GOOD, GOOD, min_size=1, max_size=20))
def test_whatever_keys_may_be_they_come_back_from_an_export(pairs: dict[str, str]) -> None:
    found, ignored = _read(export_keys(pairs))
    assert {row.source_key: row.target_key for row in found} == pairs
    assert not ignored
    assert {line.action for line in _judge(found, pairs)} == {RowAction.UNCHANGED}


@given(st.binary(max_size=300))
def test_no_file_is_worse_than_refused(data: bytes) -> None:
    with suppress(InvalidInput):
        rows, _ = _read(data)
        assert rows
