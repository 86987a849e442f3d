"""Moments of lab time as options and arguments of commands take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def moment_of(text: str, now: datetime, name: str) -> datetime:
    """Read a moment (`models.typed_times`). Raises InvalidInput, which names the option or argument."""
    from models.errors import InvalidInput
    from models.typed_times import read_moment

    try:
        return read_moment(text, now)
    except ValueError as problem:
        raise InvalidInput({name: str(problem)}) from None
