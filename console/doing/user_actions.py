"""User actions of records, as a call of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands import acting

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store


def perform(store: Store, who: Who, *, record_id: str, name: str) -> str:
    """Perform a user action of a record."""
    from models.services.user_actions import perform_action

    with acting(store, who) as (write, actor):
        changed = perform_action(write, actor, record_id, name)
    if not changed:
        return f"{name}: this was done with {record_id} already."
    return f"{name}: done with {record_id}. The next send job sees it."
