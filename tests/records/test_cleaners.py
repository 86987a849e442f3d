"""Checking values: whatever is given, the answer is what the store keeps or a sentence, never a breakdown."""

from contextlib import suppress
from datetime import UTC
from math import inf, nan
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.data_model import LARGEST_NUMBER, FieldModel, ObjectModel
from models.rules.binding import compile_target
from models.rules.compiled import CompiledFieldRule, CompiledTarget, Lookup
from models.tables import FieldRule, FieldType, RecordStatus

FIELDS = {
    field.name: field
    for field in (
        FieldModel(1, "text__c", "Text", FieldType.TEXT, max_length=10),
        FieldModel(2, "long__c", "Long", FieldType.TEXT),
        FieldModel(3, "number__c", "Number", FieldType.NUMBER),
        FieldModel(4, "flag__c", "Flag", FieldType.YES_NO),
        FieldModel(5, "day__c", "Day", FieldType.DATE),
        FieldModel(6, "moment__c", "Moment", FieldType.DATETIME),
        FieldModel(7, "area__c", "Area", FieldType.PICKLIST, picklist={"a__c": "A"}, picklist_label="Area"),
        FieldModel(8, "study__v", "Study", FieldType.OBJECT, reference="study__v", reference_id=2),
    )
}
SITE = ObjectModel(1, 1001, "site__v", "Site", "V0T", FIELDS, {"planned__c": "Planned", "open__c": "Open"})
NAMES = (*FIELDS, "name__v", "link__sys", "status__v", "state__v")

tricky = st.sampled_from(
    [
        *("", " ", "0", "1", "-1", "1.0", "1e5", "1e999", "nan", "inf", "Infinity", "1_000", "٣", "+7", " 7 "),
        *("true", "No", "yes", "2026-01-31", "20260131", "2026-W05-6", "2026-02-30", "0001-01-01", "9999-12-31"),
        *("2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
        *("a__c", "active__v", "open__c", "\0", "a\0b", "\ud800", "x\udfffy", "Ж" * 11, "9" * 400, "9" * 5000),
        *(2**53, 2**53 + 1, -(2**53), 2**63, 2**64, 10**400, -0.0, 1.5, 1e308, float("nan"), float("inf")),
    ]
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | tricky
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)


@given(st.dictionaries(st.sampled_from([*NAMES, "gone__c", "id"]), anything))
@settings(max_examples=250)
def test_any_value_is_kept_or_refused_in_words_and_what_is_kept_stays_the_same(values: dict[str, Any]) -> None:
    cleaned, problems = SITE.clean(values)
    assert set(cleaned) | set(problems) == set(values)
    assert not set(cleaned) & set(problems)
    assert all(text and isinstance(text, str) for text in problems.values())
    again, none = SITE.clean(cleaned)
    assert none == {}
    assert again == cleaned
    assert {name: type(value) for name, value in again.items()} == {
        name: type(value) for name, value in cleaned.items()
    }


@given(st.dictionaries(st.sampled_from(NAMES), anything))
@settings(max_examples=150)
def test_what_is_kept_survives_the_way_through_the_store(values: dict[str, Any]) -> None:
    cleaned, _ = SITE.clean(values)
    assert orjson.loads(orjson.dumps(cleaned)) == cleaned


@given(st.sampled_from(NAMES), anything)
@settings(max_examples=250)
def test_a_cleaner_raises_nothing_but_a_value_error(name: str, value: Any) -> None:
    with suppress(ValueError):
        SITE.cleaners[name](value)


@given(st.sampled_from(NAMES), st.lists(anything, min_size=1, max_size=4))
@settings(max_examples=250)
def test_a_column_that_is_sound_as_a_whole_is_one_of_clean_values(name: str, values: list[Any]) -> None:
    sound = SITE.sound_columns.get(name)
    if sound is not None and sound(values):
        for value in values:
            if value is not None:
                kept = SITE.cleaners[name](value)
                assert (type(kept), kept) == (type(value), value)


@pytest.mark.parametrize("others", [[], [1], [1.5, None], [10**400], [-(10**400)]])
@pytest.mark.parametrize("wrong", [nan, inf, -inf, 10**400, True, "1"])
def test_a_column_of_numbers_with_one_that_is_none_is_not_sound(wrong: Any, others: list[Any]) -> None:
    sound = SITE.sound_columns["number__c"]
    assert not sound([wrong, *others])
    assert not sound([*others, wrong])
    assert sound([1, -2.5, None, 0, 0.0])


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("text__c", 12, "12"),
        ("text__c", 1.5, "1.5"),
        ("text__c", "ÄÖÜ✓薬", "ÄÖÜ✓薬"),
        ("number__c", " 7 ", 7),
        ("number__c", "-1.50", -1.5),
        ("number__c", "1e3", 1000.0),
        ("number__c", LARGEST_NUMBER, LARGEST_NUMBER),
        ("flag__c", "Y", True),
        ("flag__c", " no ", False),
        ("flag__c", 1, True),
        ("day__c", "20260131", "2026-01-31"),
        ("moment__c", "2026-01-31T12:00:00.9999+02:00", "2026-01-31T10:00:00.999Z"),
    ],
)
def test_a_value_is_kept_as_the_store_keeps_it(name: str, value: Any, kept: Any) -> None:
    cleaned, problems = SITE.clean({name: value})
    assert problems == {}
    assert cleaned == {name: kept}
    assert type(cleaned[name]) is type(kept)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("text__c", True, "Text is needed, not yes or no."),
        ("text__c", ["a"], "Text is needed, not list."),
        ("text__c", "a\0b", "The text holds a sign that is no letter of any script: it was not read as UTF-8."),
        ("name__v", "x\udcff", "The text holds a sign that is no letter of any script: it was not read as UTF-8."),
        ("name__v", "x" * 256, "256 characters are too many: at most 255 fit."),
        ("long__c", "x" * 1501, "1501 characters are too many: at most 1500 fit."),
        ("number__c", "1_000", "'1_000' is not a number."),
        ("number__c", "", None),
        ("number__c", [], "A number is needed, not list."),
        ("number__c", False, "A number is needed, not yes or no."),
        ("number__c", float("nan"), "A number is needed, not NaN."),
        ("number__c", float("inf"), "The number is too large."),
        ("number__c", "1e999", "The number is too large."),
        ("number__c", 2**53 + 1, "The number is too large."),
        ("number__c", 10**400, "The number is too large."),
        ("number__c", "9" * 400, "The number is too large."),
        ("flag__c", "2", "'2' is neither yes nor no."),
        ("day__c", 20260131, "20260131 is not a date; write it as 2026-01-31."),
        ("moment__c", "2026-01-31T12:00:00", None),
        ("area__c", "A__c", "'A__c' is not a value of picklist Area."),
        ("area__c", ["a__c"], "['a__c'] is not a value of picklist Area."),
        ("state__v", "gone__c", "'gone__c' is not a value of the lifecycle of Site."),
    ],
)
def test_a_bad_value_is_refused_in_words(name: str, value: Any, problem: str | None) -> None:
    cleaned, problems = SITE.clean({name: value})
    if value == "":
        assert (cleaned, problems) == ({name: None}, {})
    else:
        assert cleaned == {}
        assert problems[name] == (problem or f"{value!r} is not a date and time; write it as 2026-01-31T12:00:00.000Z.")


def rule(target_field: str, **values: Any) -> FieldRule:
    return FieldRule(
        rule_id=1, api_name=f"{target_field[:-3]}_rule__c", target_object="site__v", target_field=target_field, **values
    )


LOOKUPS = {1: Lookup(1, "Countries", {"U.S.": "USA", "true": "Y", "7": "seven", "blank": ""})}
ITEMS = ("a", "b", "r.c")
rules = st.lists(
    st.builds(
        rule,
        st.sampled_from(NAMES),
        query_field=st.none() | st.sampled_from(["a", "b", "r.c"]),
        default_value=st.none() | st.sampled_from(["", "1", "yes", "2026-01-31", "a__c", "active__v", "open__c"]),
        target_lookup_field=st.sampled_from([None, "id", "link__sys"]),
        reference_lookup_id=st.sampled_from([None, None, 1]),
    ),
    max_size=6,
)
# What a call-back brings besides the values of fields: times, and the members of Status.
system_values = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(RecordStatus)
cells = system_values | st.none() | st.sampled_from(["", "U.S.", "blank", "7", 7, True, "x" * 11, "2026-01-31"]) | plain
rows = st.lists(st.dictionaries(st.sampled_from(ITEMS), cells), max_size=5)


def columns(source_rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The rows as a call-back gives them: a column of values for each query item."""
    return {item: [row.get(item) for row in source_rows] for item in ITEMS}


@given(rules, rows)
@settings(max_examples=250)
def test_rules_make_the_same_of_many_rows_as_of_each_one(
    field_rules: list[FieldRule], source_rows: list[dict[str, Any]]
) -> None:
    target, problems = compile_target("Rule", SITE, field_rules, LOOKUPS, primary_query_object="site__v")
    assert problems == {}
    together = target.evaluate_all(columns(source_rows), len(source_rows))
    assert together == [target.evaluate(row) for row in source_rows]
    for values, wrong in together:
        assert "" not in values.values()
        orjson.dumps(values)
        assert all(isinstance(text, str) and text for text in wrong.values())
    if field_rules:
        assert all(
            set(values) | set(wrong) == {each.target_field for each in field_rules} for values, wrong in together
        )


@given(rules, rows)
@settings(max_examples=100)
def test_rules_never_touch_the_rows_that_they_read(
    field_rules: list[FieldRule], source_rows: list[dict[str, Any]]
) -> None:
    target, _ = compile_target("Rule", SITE, field_rules, LOOKUPS, primary_query_object="site__v")
    given_columns, before = columns(source_rows), columns(source_rows)
    for values, wrong in target.evaluate_all(given_columns, len(source_rows)):
        values["name__v"], wrong["name__v"] = "changed", "changed"
    assert str(given_columns) == str(before)


@given(rules, rows)
@settings(max_examples=150)
def test_a_rule_tells_how_it_came_to_just_the_value_that_it_gives(
    field_rules: list[FieldRule], source_rows: list[dict[str, Any]]
) -> None:
    target, _ = compile_target("Rule", SITE, field_rules, LOOKUPS, primary_query_object="site__v")
    for row in source_rows:
        values, wrong = target.evaluate(row)
        # The later one of two rules for the same field decides.
        for told in {trace.target_field: trace for trace in target.trace(row)}.values():
            held = values[told.target_field] if told.problem is None else wrong[told.target_field]
            assert held == (told.value if told.problem is None else told.problem)


def test_a_rule_for_a_field_that_is_gone_is_a_problem_and_the_others_stand() -> None:
    target, problems = compile_target(
        "Rule", SITE, [rule("gone__c", query_field="a"), rule("text__c", query_field="a")], {}
    )
    assert problems == {"gone__c": "Field rule gone_rule__c: Site has no field gone__c."}
    assert [each.target_field for each in target.field_rules] == ["text__c"]


def test_a_target_without_rules_makes_empty_values_of_every_row() -> None:
    assert CompiledTarget("Rule", SITE, ()).evaluate_all(columns([{}, {"a": 1}]), 2) == [({}, {}), ({}, {})]


def test_a_value_order_is_query_lookup_default() -> None:
    def value(row: dict[str, Any], **given_rule: Any) -> Any:
        target, _ = compile_target("Rule", SITE, [rule("long__c", query_field="a", **given_rule)], LOOKUPS)
        values, problems = target.evaluate(row)
        return problems.get("long__c") or values["long__c"]

    assert value({"a": "U.S."}) == "U.S."
    assert value({"a": "U.S."}, reference_lookup_id=1) == "USA"
    assert value({"a": "Chile"}, reference_lookup_id=1) == "Reference lookup Countries has no entry for 'Chile'."
    assert value({"a": "Chile"}, reference_lookup_id=1, default_value="n/a") == "n/a"
    assert value({"a": "blank"}, reference_lookup_id=1, default_value="n/a") == "n/a"
    assert value({}, reference_lookup_id=1, default_value="U.S.") == "U.S."
    assert value({}, default_value="n/a") == "n/a"
    assert value({"a": ""}, default_value="n/a") == "n/a"
    assert value({"a": ""}) is None
    assert value({}, default_value="") is None
    assert value({"a": True}, reference_lookup_id=1) == "Y"
    assert value({"a": 7}, reference_lookup_id=1) == "seven"


def test_a_compiled_rule_that_matches_an_id_resolves_nothing() -> None:
    resolving = CompiledFieldRule("r", "study__v", "a", None, None, FIELDS["study__v"], "link__sys", str)
    by_id = CompiledFieldRule("r", "study__v", "a", None, None, FIELDS["study__v"], "id", str)
    assert (resolving.resolves, by_id.resolves) == (True, False)
