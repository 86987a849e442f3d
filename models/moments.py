"""Moments of lab time and durations as people type them: one grammar for every option and every form.

A moment is a day (`2026-01-31`), a day with a time (`2026-01-31 12:00`, `2026-01-31T12:00:00.000Z`), a time of the
lab's present day (`12:00`), `now`, `today`, `yesterday`, or as long before or after now as a duration says (`-2h`,
`+1d12h`). Without a zone of its own it is UTC, as lab time is. A duration is `90s`, `5m`, `1h30m`, `2d`; a bare number
is seconds.
"""

import re
from datetime import UTC, datetime, time, timedelta

FORMS = "2026-01-31, 2026-01-31 12:00, 12:00 or -2h"
"""The forms of a moment, for the help of an option."""

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "": "seconds"}
_DURATION = re.compile(r"(\d+(\.\d+)?[dhms])+|\d+(\.\d+)?")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms]?)")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_DAYS = {"today": 0, "yesterday": -1}
_DAY = timedelta(days=1)


def read_duration(text: str) -> timedelta:
    """Read a duration. Raises ValueError."""
    text = text.strip().lower()
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write it as 90s, 5m or 1h30m.")
    try:
        return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in _PART.findall(text)), timedelta())
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any lab lasts.") from None


def read_moment(text: str, now: datetime, *, whole_day: bool = False) -> datetime:
    """Read a moment; `now` is the lab time. With `whole_day` a day without a time means its end, not its beginning.

    Answers an aware time in UTC, whole milliseconds. Raises ValueError whose words say what may be written.
    """
    from models.time import whole_milliseconds  # here, because help texts need FORMS and not the store

    said = text.strip()
    try:
        moment, is_day = _read(said.lower(), now)
        return whole_milliseconds(moment + _DAY if whole_day and is_day else moment)
    except (ValueError, OverflowError):
        shown = f"{said} is no time." if said else "A time is needed."
        raise ValueError(f"{shown} Write {FORMS} for two hours ago; lab time, UTC.") from None


def _read(text: str, now: datetime) -> tuple[datetime, bool]:
    """The moment, and whether it was named by its day alone."""
    if text == "now":
        return now, False
    if text[:1] in ("-", "+") and text[-1:] in tuple("dhms"):
        away = read_duration(text[1:])
        return (now - away if text[0] == "-" else now + away), False
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    if text in _DAYS:
        return midnight + _DAYS[text] * _DAY, True
    if _CLOCK.fullmatch(text):
        return datetime.combine(
            midnight.date(), time.fromisoformat(text.zfill(len(text) + (text[1] == ":"))), UTC
        ), False
    moment = datetime.fromisoformat(text.upper())
    is_day = not re.search(r"[t:\s]", text)
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment), is_day
