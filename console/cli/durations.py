"""Durations as people type them: 90, 90s, 5m, 1h30m, 2d."""

import re
from datetime import timedelta

import typer

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "": "seconds"}
_WHOLE = re.compile(r"(\d+(\.\d+)?[dhms])+|\d+(\.\d+)?")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms]?)")


def duration(text: str) -> timedelta:
    """Read a duration; a bare number is seconds. Raises typer.BadParameter, which is a wrong usage."""
    text = text.strip().lower()
    try:
        if _WHOLE.fullmatch(text):
            parts = [timedelta(**{_UNITS[unit]: float(number)}) for number, unit in _PART.findall(text)]
            return sum(parts, timedelta())
    except OverflowError:
        pass
    raise typer.BadParameter(f"{text!r} is not a duration; write it as 90s, 5m or 1h30m.")
