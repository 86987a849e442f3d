"""How an integration applies what it receives, and from when on it looks for changes, as calls of services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.commands import acting
from models.errors import InvalidInput

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store

Values = Mapping[str, str]


def change_settings(store: Store, who: Who, values: Values, _confirmed: bool, /, *, key: int, name: str) -> str:
    """Save changed settings of an integration."""
    from models.services.integration_settings import change_integration_settings

    with acting(store, who) as (write, actor):
        changed = change_integration_settings(write, actor, key, values)
    if not changed:
        return "Nothing differed: nothing was saved."
    return f"{name} was saved. It applies from the next run on."


def set_last_run(store: Store, who: Who, values: Values, _confirmed: bool, /, *, key: int, name: str) -> str:
    """Set the time from which on an integration looks for changes."""
    from models.services.integrations import set_last_successful_run_time
    from models.typed_times import read_moment

    field = "last_successful_run_time"
    try:
        moment = read_moment(values.get(field, ""), store.clock.now())
    except ValueError as problem:
        raise InvalidInput({field: str(problem)}) from None
    with acting(store, who) as (write, actor):
        changed = set_last_successful_run_time(write, actor, key, moment)
    if not changed:
        return "Nothing differed: nothing was saved."
    return f"{name} looks for changes since then. Its jobs were asked to run at once."
