"""Jobs: how long their runs may take, as calls of services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.commands import acting
from models.errors import InvalidInput

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store


def set_limits(store: Store, who: Who, values: Mapping[str, str], _confirmed: bool, /) -> str:
    """Save changed time limits, by kind of job; all of them or none."""
    from models.services.jobs import set_job_limit
    from models.tables import JobKind

    problems: dict[str, str] = {}
    with acting(store, who) as (write, actor):
        for kind, typed in values.items():
            try:
                set_job_limit(write, actor, JobKind(kind), int(typed.replace(",", "")))
            except InvalidInput as refusal:
                problems[kind] = next(iter(refusal.fields.values()))
            except ValueError:
                problems[kind] = "A whole number of seconds is needed."
        if problems:
            raise InvalidInput(problems)
    limits = ", ".join(f"{kind} {int(typed.replace(',', '')):,} s" for kind, typed in values.items())
    return f"Saved: {limits} at most. It holds from the next run on."
