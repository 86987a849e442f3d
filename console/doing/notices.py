"""The notifications of the Vault in use, and marking them as seen."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from console.commands import acting

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.notices import Notice
    from models.store import Store


def notices_for(session: StoreSession, store: Store, who: Who) -> tuple[Notice, ...]:
    """What a user ought to know of, with what he has seen of it."""
    from models.permissions import actor_for
    from models.queries.notices import notices
    from models.rights import Permission

    actor = actor_for(session, who.vault_id, who.username, read_only=who.read_only)
    may = actor.may(Permission.READ_EXCEPTIONS)
    return notices(session, who.vault_id, store.clock.now(), user_id=actor.user_id, with_exceptions=may)


def mark_seen(store: Store, who: Who, *, keys: Collection[str] | None = None, quietly: bool = False) -> str:
    """Mark notifications as seen, all of them without `keys`.

    `quietly` tells nothing, also of those whose cause has gone since the list was read.
    """
    from models.errors import NotFound
    from models.services.notices import mark_seen as mark

    try:
        with acting(store, who) as (write, actor):
            news = mark(write, actor, keys)
    except NotFound:
        if not quietly:
            raise
        return ""
    if quietly:
        return ""
    return f"Marked {len(news)} {'notification' if len(news) == 1 else 'notifications'} as seen."
