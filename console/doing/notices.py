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


def new_elsewhere(session: StoreSession, store: Store, who: Who) -> list[tuple[str, Who, tuple[Notice, ...]]]:
    """What is new in the other Vaults of the lab: each one's name, as whom one would be there, and its notifications.

    That is the user of the same name, else the Vault's administrator, as when one switches to it.
    """
    from console.session import Who as Somebody
    from models.errors import NotFound
    from models.queries.lab import default_user, user_list, vault_list

    found = []
    for vault in vault_list(session):
        if vault.key == who.vault_id:
            continue
        users = user_list(session, vault.key)
        try:
            same = [user for user in users if user.username == who.username and user.active]
            user = same[0] if same else default_user(session, vault.key)
        except NotFound:
            continue
        there = Somebody(vault.key, user.username, who.read_only)
        news = tuple(notice for notice in notices_for(session, store, there) if not notice.seen)
        if news:
            found.append((vault.name, there, news))
    return found


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
