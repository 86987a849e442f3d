"""Searching a connected Vault while a record is made: what is picked is taken over (seed S0, Medical-Network)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from console import commands
from console.modals.picker import Choice, PickList
from console.screens.later import Asking

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.store import Store
    from scheduler.searching import Search


def search_partner(screen: Asking, store: Store, object_name: str, label: str) -> None:
    """Have a record of the connected Vault searched for and picked, and make one here of it."""
    who = screen.home.session.who

    def read(session: StoreSession) -> tuple[Search, str]:
        from scheduler.searching import find_search, partner_of

        search = find_search(session, who.vault_id, object_name)
        return search, partner_of(session, search, store.clock.now())

    def ask(found: tuple[Search, str]) -> None:
        search, partner = found
        take = partial(commands.take_over, object_name=object_name, connection=search.connection)

        def picked(source_id: str | None) -> None:
            if source_id is not None:
                screen.home.perform(partial(take, source_id=source_id))

        box = PickList(
            f"{label}: search {partner}",
            search=partial(_choices, store, who, search),
            prompt="Words of the name or of another field",
            nothing=f"{partner} has no such record.",
        )
        screen.home.push_screen(box, picked)

    screen.read_then(read, ask)


def _choices(store: Store, who: Who, search: Search, text: str) -> Sequence[Choice]:
    """What the partner offers for a text; called in a thread."""
    from models.permissions import actor_for
    from models.queries.lab import ask
    from scheduler.searching import hits

    def find(session: StoreSession) -> list[Choice]:
        actor = actor_for(session, who.vault_id, who.username, read_only=who.read_only)
        found = hits(session, actor, search, text, store.clock.now())
        return [
            Choice(hit.record_id, hit.name, ", ".join(hit.values.values()), hint="known" if hit.known_as else "")
            for hit in found
        ]

    return ask(store, find)
