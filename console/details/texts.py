"""Words that several detail panes share."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.theme import SIGNS, Tone
from console.widgets.columns import Cell, number


def moment(time: datetime | None, *, seconds: bool = True) -> str:
    """A time as people read it, in UTC like everything in a Vault."""
    return "" if time is None else time.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%m-%d %H:%M")


def short(time: datetime | None) -> str:
    """A time in a list."""
    return "" if time is None else time.strftime("%m-%d %H:%M:%S")


def state(name: str) -> Cell:
    """A state as sign and word."""
    return SIGNS.words(name)


def active(is_active: bool) -> Cell:
    """Active or Inactive."""
    return SIGNS.words("active" if is_active else "inactive")


def yes_no(value: bool) -> str:
    """Yes or No."""
    return "Yes" if value else "No"


def failed(count: int) -> Cell:
    """A count of what went wrong: a sign beside it, unless it is zero."""
    if not count:
        return number(0)
    tone: Tone = "bad"
    return f"!{count:,}", tone


def duration(milliseconds: int) -> str:
    """How long something took, in the unit that fits."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    return str(timedelta(seconds=milliseconds // 1000))
