"""Moments and durations as people type them, the same for every option and form."""

from datetime import UTC, datetime, timedelta

import pytest

from models.typed_times import read_duration, read_moment

NOW = datetime(2026, 3, 2, 8, 15, 30, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
        ("2026-01-31 12:00", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500000+00:00"),
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00+00:00"),
        ("7:05", "2026-03-02T07:05:00+00:00"),
        ("12:00", "2026-03-02T12:00:00+00:00"),
        ("now", "2026-03-02T08:15:30.250000+00:00"),
        ("today", "2026-03-02T00:00:00+00:00"),
        ("Yesterday", "2026-03-01T00:00:00+00:00"),
        ("-2h", "2026-03-02T06:15:30.250000+00:00"),
        (" -1d12h ", "2026-02-28T20:15:30.250000+00:00"),
        ("+30m", "2026-03-02T08:45:30.250000+00:00"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, expected: str) -> None:
    assert read_moment(text, NOW) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 2, 1, tzinfo=UTC)),
        ("yesterday", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-01-31 12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("12:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("-2h", NOW - timedelta(hours=2)),
    ],
)
def test_a_day_that_counts_whole_is_read_as_its_end(text: str, expected: datetime) -> None:
    assert read_moment(text, NOW, whole_day=True) == expected


def test_what_is_finer_than_a_millisecond_is_cut() -> None:
    assert read_moment("2026-01-31T12:00:00.123456Z", NOW).microsecond == 123_000


@pytest.mark.parametrize(
    "text", ["monday", "2026-13-01", "25:00", "-2", "2h", "-", "-2x", "-99999999999d", "9999-12-31T23:59:59-14:00", "1"]
)
def test_what_is_no_moment_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ValueError, match="is no time") as refused:
        read_moment(text, NOW)
    assert str(refused.value).startswith(f"{text} is no time. Write 2026-01-31, 2026-01-31 12:00, 12:00 or -2h")


def test_the_last_day_of_all_has_no_end() -> None:
    with pytest.raises(ValueError, match="is no time"):
        read_moment("9999-12-31", NOW, whole_day=True)


def test_nothing_is_no_moment() -> None:
    with pytest.raises(ValueError, match="A time is needed"):
        read_moment("  ", NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2D", 172_800), ("1.5h", 5400)]
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: int) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "-5m", "5 minutes", "1w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        read_duration(text)


def test_a_duration_that_no_calendar_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than any lab lasts"):
        read_duration("99999999999999d")
