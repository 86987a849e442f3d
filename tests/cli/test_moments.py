"""Commands read moments of lab time in one way."""

import pytest

from tests.cli.conftest import Call

INTEGRATION = ("product_integration__c", "--vault", "Source")


@pytest.mark.parametrize("moment", ["-2h", "2020-01-31", "2020-01-31 12:00", "yesterday"])
def test_last_successful_run_time_is_set_as_people_say_it(on: Call, moment: str) -> None:
    done = on("integrations", "last-run", *INTEGRATION, moment, "--json").document
    shown = on("integrations", "show", *INTEGRATION, "--json").document["integration"]

    assert done["changed"] is True
    assert shown["last_run"] == done["last_successful_run_time"]


def test_two_hours_ago_is_two_hours_before_lab_time(on: Call) -> None:
    now = on("integrations", "last-run", *INTEGRATION, "now", "--json").document["last_successful_run_time"]
    before = on("integrations", "last-run", *INTEGRATION, "-2h", "--json").document["last_successful_run_time"]

    assert int(now[11:13]) - int(before[11:13]) in (2, -22)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("integrations", "last-run", *INTEGRATION, "soon"), "time"),
        (("dry-run", "integration", *INTEGRATION, "--since", "soon"), "--since"),
        (("audit", "list", "--from", "soon"), "--from"),
        (("certificates", "rollover", "--start", "--final", "soon"), "--final"),
        (("connections", "stats", "lab_connection__c", "--vault", "Source", "--until", "soon"), "--until"),
    ],
)
def test_what_is_no_time_is_refused_with_the_forms_that_are(on: Call, words: tuple[str, ...], field: str) -> None:
    refused = on(*words, "--json", code=1).error["fields"]

    assert refused == {field: refused[field]}
    assert refused[field].startswith("soon is no time. Write 2026-01-31, 2026-01-31 12:00, 12:00 or -2h")


def test_a_last_successful_run_time_in_the_future_is_refused(on: Call) -> None:
    refused = on("integrations", "last-run", *INTEGRATION, "+1h", "--json", code=1).error["fields"]

    assert "future" in refused["last_successful_run_time"]


def test_options_take_a_relative_time_too(on: Call) -> None:
    assert on("audit", "list", "--from", "-1h", "--to", "+1h", "--json").document["total"] > 0
    assert on("dry-run", "integration", *INTEGRATION, "--since", "-30d", "--json").document
