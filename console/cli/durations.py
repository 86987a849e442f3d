"""Durations as options and arguments of commands take them."""

from datetime import timedelta

import typer


def duration(text: str) -> timedelta:
    """Read a duration (`models.typed_times`). Raises typer.BadParameter, which is a wrong usage."""
    from models.typed_times import read_duration

    try:
        return read_duration(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None
