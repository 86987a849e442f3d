"""Documents: a new draft and another lifecycle state, as calls of services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.commands import acting

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store


def new_version(store: Store, who: Who, *, document_id: str) -> str:
    """Begin a new draft of a document."""
    from models.services.documents import new_version as draft

    with acting(store, who) as (write, actor):
        made = draft(write, actor, document_id)
    return f"{document_id} is a draft now: version {made}."


def change_state(store: Store, who: Who, *, document_id: str, state: str, label: str) -> str:
    """Bring a document's latest version into a lifecycle state."""
    from models.services.documents import change_state as change

    with acting(store, who) as (write, actor):
        now = change(write, actor, document_id, state)
    return f"{document_id} is {label}: version {now}. The next send job sees it."
