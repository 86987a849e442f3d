"""Moments of lab time as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def read_moment(text: str) -> datetime:
    """Read `2026-01-31` or `2026-01-31T12:00:00.000Z` (UTC). Raises ValueError."""
    from models.time import from_iso

    return from_iso(text if "T" in text else f"{text}T00:00:00.000Z")


def moment_of(text: str, option: str) -> datetime:
    """Read a moment as `read_moment` does. Raises InvalidInput, which names the option."""
    from models.errors import InvalidInput

    try:
        return read_moment(text)
    except ValueError:
        raise InvalidInput(
            {option: f"{text!r} is not a time; write it as 2026-01-31 or 2026-01-31T12:00:00.000Z."}
        ) from None
