"""What people type into the filter line: terms, words and quotes, and what is wrong with them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.doing.messages import line_of, problems
from models.errors import InvalidInput
from models.queries.message_filter import TERMS, MessageFilter, in_words
from models.queries.message_terms import pieces, read_line, values_of, write_line
from models.tables import Direction, MessageState

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def wanted(line: str) -> MessageFilter:
    read = read_line(line, NOW)
    assert read.problems == ()
    return read.filter


def test_terms_and_words_may_stand_in_any_order() -> None:
    found = wanted("study state:failed,queued dir:out point:product_inbound__c attr:color=red alpha")
    assert found == MessageFilter(
        states=(MessageState.QUEUED,),
        failed=True,
        direction=Direction.OUTBOUND,
        point="product_inbound__c",
        attributes=(("color", "red"),),
        words=("study", "alpha"),
    )


def test_a_value_with_blanks_stands_in_quotes() -> None:
    found = wanted('key:"Product 001" attr:note="a ""b"" c" "two words" "state:new"')
    assert found.key == "Product 001"
    assert found.attributes == (("note", 'a "b" c'),)
    assert found.words == ("two words", "state:new")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1h", NOW - timedelta(hours=1)),
        ("1d12h", NOW - timedelta(hours=36)),
        ("-2h", NOW - timedelta(hours=2)),
        ("07:30", NOW - timedelta(minutes=30)),
        ("2026-01-04", datetime(2026, 1, 4, tzinfo=UTC)),
        ("2026-01-04T09:15", datetime(2026, 1, 4, 9, 15, tzinfo=UTC)),
    ],
)
def test_times_are_lab_time_and_a_bare_duration_is_so_long_ago(text: str, moment: datetime) -> None:
    assert wanted(f"since:{text}").since == moment


def test_until_a_day_means_its_end() -> None:
    assert wanted("until:2026-01-04").until == datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("state:lost", "There is no state “lost”"),
        ("colour:red", "There is no term “colour”"),
        ("state:", "state: needs one of queued"),
        ("key:", "key: needs a value"),
        ("since:soon", "soon is no time"),
        ("attr:color", "attr:name=value"),
        ("run:abc", "its number"),
        ('key:"open', "not closed"),
        ("direction:up", "There is no direction “up”"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_holds(line: str, said: str) -> None:
    read = read_line(f"alpha {line}", NOW)
    assert any(said in problem for problem in read.problems)
    assert read.filter.words[:1] == ("alpha",)


@given(st.text())
def test_no_line_breaks_the_reading(line: str) -> None:
    read_line(line, NOW)
    assert problems(line, NOW) == read_line(line, NOW).problems


VALUES = st.text(min_size=1).filter(lambda text: bool(text.strip()))


@given(st.lists(st.tuples(st.sampled_from(["", *(term.name for term in TERMS)]), VALUES)))
def test_a_line_that_is_written_reads_as_what_was_meant(said: list[tuple[str, str]]) -> None:
    assert [(piece.name, piece.value) for piece in pieces(write_line(said))] == said


def test_the_form_makes_the_line_that_says_the_same() -> None:
    line = 'state:failed key:"Product 001" attr:a=1 attr:b=2 alpha "two words"'
    values = {name: "; ".join(found) if name == "attr" else found[0] for name, found in values_of(line).items() if name}
    assert line_of(values | {"words": 'alpha "two words"'}, NOW) == line


def test_the_form_names_each_field_that_cannot_be_read() -> None:
    with pytest.raises(InvalidInput) as caught:
        line_of({"since": "soon", "attr": "x", "key": "good"}, NOW)
    assert set(caught.value.fields) == {"since", "attr"}


def test_a_filter_can_be_said_in_words() -> None:
    found = wanted('state:failed,queued key:"Product 001" since:1h attr:a=1 alpha')
    assert in_words(found) == "queued, failed, key Product 001, a=1, since 2026-01-05 07:00, with “alpha”"
