"""What VQL refuses: with the vendor's error types and words, and the place in the text."""

import pytest

from models.permissions import Actor, Right, object_permission
from models.store import Store
from models.vql import VqlError, VqlErrorType, parse
from tests.vql.conftest import VAULT, ask, make, names, refused

SYNTAX, DATA, ACCESS = VqlErrorType.INCORRECT_QUERY_SYNTAX, VqlErrorType.INVALID_DATA, VqlErrorType.INSUFFICIENT_ACCESS


def unreadable(text: str) -> VqlError:
    with pytest.raises(VqlError) as caught:
        parse(text)
    assert caught.value.type is SYNTAX
    return caught.value


def test_an_unknown_word_is_named_with_its_position_and_line_as_a_vault_names_it() -> None:
    text = "SELECT id FROM study__v ORDER name__v"
    error = unreadable(text)
    assert error.message == (
        f"Cannot parse the search phrase [{text}]: Unknown token [name__v] found near position [31] at line [1]"
    )
    assert (error.line, error.position) == (1, 31)


def test_lines_and_positions_count_from_one() -> None:
    error = unreadable("SELECT id\nFROM study__v\n  BY x__c")
    assert (error.line, error.position) == (3, 3)
    assert "position [3] at line [3]" in error.message


@pytest.mark.parametrize(
    ("text", "word", "remedy"),
    [
        ("SELECT * FROM study__v", "*", "no SELECT *"),
        ("SELECT COUNT(id) FROM study__v", "COUNT", "no aggregates"),
        ("SELECT MAX(number__c) FROM study__v", "MAX", "no aggregates"),
        ("SELECT FOO(id) FROM study__v", "FOO", "No function"),
        ("SELECT id FROM study__v GROUP BY id", "GROUP", "no GROUP BY"),
        ("SELECT id FROM study__v FIND ('x')", "FIND", "FIND is not part"),
        ("SELECT id FROM study__v WHERE NOT id = 'x'", "id", "no NOT"),
        ("SELECT id FROM study__v WHERE id = 'x", "'", "no closing quote"),
        ('SELECT id FROM study__v WHERE id = "x"', '"', "single quotes"),
        ("SELECT id FROM study__v WHERE id =", "end of query", "breaks off"),
        ("", "end of query", "breaks off"),
    ],
)
def test_what_is_not_part_of_the_language_is_refused_clearly(text: str, word: str, remedy: str) -> None:
    error = unreadable(text)
    assert f"Unknown token [{word}]" in error.message
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT id FROM study__v WHERE name__v LIKE '%x'", "cannot begin with %"),
        (r"SELECT id FROM study__v WHERE name__v = 'a\b'", "backslash"),
        ("SELECT id FROM study__v LIMIT 5 PAGESIZE 6", "given twice"),
        ("SELECT id FROM study__v MAXROWS -1", "not a whole number"),
        ("SELECT id FROM study__v MAXROWS 1.5", "not a whole number"),
        ("SELECT id FROM study__v WHERE number__c = 9007199254740993", "too large"),
        ("SELECT id FROM study__v WHERE number__c = 1e999", "too large"),
        (
            "SELECT id FROM study__v WHERE id IN (SELECT id FROM sites__vr WHERE id IN (SELECT id FROM visits__cr))",
            "one level",
        ),
        (f"SELECT {', '.join(f'r{number}__vr.x' for number in range(11))} FROM study__v", "at most 10"),
        (f"SELECT id FROM study__v WHERE {'(a = 1 OR b = 1 AND ' * 60}c = 1{')' * 60}", "deeper than"),
        (f"SELECT id FROM study__v WHERE name__v = '{'x' * 50_000}'", "at most 50,000"),
    ],
)
def test_limits_of_the_language(text: str, said: str) -> None:
    assert said in unreadable(text).message


def test_ten_relationships_are_walked_and_counted_once_each() -> None:
    parse(f"SELECT {', '.join(f'r{number}__vr.x, r{number}__vr.y' for number in range(10))} FROM study__v")


@pytest.mark.parametrize(
    ("text", "said", "position"),
    [
        ("SELECT id FROM nothing__v", "[nothing__v] is not a queryable object", 16),
        ("SELECT id, nothing__v FROM study__v", "[nothing__v] is not a queryable field of [study__v]", 12),
        ("SELECT id FROM study__v WHERE Name__v = 'x'", "[Name__v] is not a queryable field", 31),
        ("SELECT id FROM study__v ORDER BY nothing__v", "[nothing__v] is not a queryable field", 34),
        ("SELECT no__vr.id FROM study__v", "[no__vr] is not a relationship of [study__v]", 8),
        ("SELECT (SELECT id FROM no__vr) FROM study__v", "[no__vr] is not a relationship of [study__v]", 24),
        ("SELECT id FROM study__v WHERE number__c = 'x'", "[number__c] is compared with a number", 43),
        ("SELECT id FROM study__v WHERE number__c = true", "[number__c] is compared with a number", 43),
        ("SELECT id FROM study__v WHERE text__c = 5", "[text__c] is compared with a text", 41),
        ("SELECT id FROM study__v WHERE flag__c = 'yes'", "true or false", 41),
        ("SELECT id FROM study__v WHERE flag__c > true", "no order", 31),
        ("SELECT id FROM study__v WHERE day__c = '2026-02-30'", "a date", 40),
        ("SELECT id FROM study__v WHERE day__c = '2026-01-05T00:00:00Z'", "a date", 40),
        ("SELECT id FROM study__v WHERE moment__c = '5.1.2026'", "a date and time", 43),
        ("SELECT id FROM study__v WHERE text__c = TODAY", "compared with a date", 41),
        ("SELECT id FROM study__v WHERE day__c = DAYS_AGO:999999999", "no calendar", 40),
        ("SELECT id FROM study__v WHERE name__v < null", "null", 41),
        ("SELECT id FROM study__v WHERE name__v CONTAINS (null)", "compared with a text", 49),
        ("SELECT id FROM study__v WHERE number__c LIKE 'a%'", "[LIKE] compares text", 46),
        ("SELECT id FROM study__v WHERE TOLABEL(name__v) = 'x'", "picklist or a lifecycle state", 31),
        ("SELECT TONAME(name__v) FROM study__v", "picklist or a lifecycle state", 8),
        ("SELECT CASEINSENSITIVE(name__v) FROM study__v", "for conditions", 8),
        ("SELECT LONGTEXT(day__c) FROM study__v", "takes a text", 8),
        ("SELECT id FROM study__v WHERE CASEINSENSITIVE(number__c) = 'x'", "takes a text", 31),
        ("SELECT id FROM study__v WHERE LONGTEXT(text__c) = 'x'", "SELECT clause", 31),
        ("SELECT id FROM study__v WHERE name__v = STEADYSTATE()", "lifecycle state", 41),
        ("SELECT id FROM study__v WHERE state__v > STEADYSTATE()", "= or !=", 42),
        ("SELECT id FROM study__v WHERE state__v = STATETYPE('odd')", "not a state type", 42),
        ("SELECT id FROM study__v WHERE status__v = STEADYSTATE()", "lifecycle state", 43),
        ("SELECT id FROM ALLVERSIONS study__v", "has no versions", 28),
        ("SELECT id FROM study__v WHERE id IN (SELECT id, name__v FROM sites__vr)", "one field", 62),
        ("SELECT id FROM study__v WHERE id IN (SELECT id FROM sites__vr LIMIT 5)", "neither sorted nor paged", 53),
        ("SELECT id FROM study__v WHERE number__c IN (SELECT name__v FROM site__v)", "types differ", 52),
        ("SELECT (SELECT id FROM sites__vr), (SELECT name__v FROM sites__vr) FROM study__v", "asked twice", 57),
    ],
)
def test_what_does_not_fit_the_data_model_is_refused_at_its_place(
    vault: Store, text: str, said: str, position: int
) -> None:
    error = refused(vault, text)
    assert error.type is DATA
    assert said in error.message
    assert (error.line, error.position) == (1, position)


def reader_of(*objects: str) -> Actor:
    rights = frozenset(object_permission(name, Right.READ) for name in objects)
    return Actor(VAULT, None, "reader@lab.example.com", rights)


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("SELECT id FROM visit__c", "visit__c"),
        ("SELECT study__vr.name__v FROM site__v", "study__v"),
        ("SELECT id FROM site__v WHERE study__vr.name__v = 'x'", "study__v"),
        ("SELECT id FROM site__v ORDER BY study__vr.name__v", "study__v"),
        ("SELECT (SELECT id FROM visits__cr) FROM site__v", "visit__c"),
        ("SELECT id FROM site__v WHERE id IN (SELECT id FROM visits__cr)", "visit__c"),
        ("SELECT id FROM site__v WHERE id IN (SELECT site__c FROM visit__c)", "visit__c"),
    ],
)
def test_a_user_without_the_right_to_read_an_object_gets_nothing_of_it_whichever_way(
    vault: Store, text: str, lacking: str
) -> None:
    error = refused(vault, text, reader_of("site__v"))
    assert error.type is ACCESS
    assert f"Object: {lacking}: Read" in error.message
    assert ask(vault, text, reader_of("site__v", "study__v", "visit__c")).details.total == 0


def test_a_read_only_session_may_query(vault: Store) -> None:
    make(vault, "study__v", "A")
    reader = Actor(VAULT, None, "x", reader_of("study__v").permissions, read_only=True)
    assert names(vault, "SELECT name__v FROM study__v", reader) == ["A"]
