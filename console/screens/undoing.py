"""Undo and Redo from everywhere: the last change of the acting user, or any other that is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.details.texts import short
from console.doing import undo as doing
from console.modals.picker import Choice, PickList
from console.modals.undo import OTHERS, UndoScreen

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.app import ConsoleApp
    from models.queries.changes import ChangeLine


def ask_to_undo(home: ConsoleApp, *, redo: bool = False) -> None:
    """Show the last change of the acting user, and take it back when he says so."""
    who, vault = home.session.who, home.session.vault
    if vault is None:
        return
    what = "taken back nothing that could be done again" if redo else "changed nothing that could be taken back"
    _ask(
        home,
        "Do this again?" if redo else "Take this change back?",
        f"{who.username} has {what} in {vault.name}.",
        lambda session: doing.last_offer(session, who, redo=redo),
    )


def ask_for_change(home: ConsoleApp) -> None:
    """Have one of the latest changes of the Vault picked, by whomever it was, and ask about that one."""
    store, who = home.store, home.session.who
    if store is None:
        return

    def search(text: str) -> Sequence[Choice]:
        from models.queries.changes import changes
        from models.queries.lab import ask

        words = text.casefold().split()
        found = [_choice(line) for line in ask(store, changes, who.vault_id)]
        return [one for one in found if all(word in f"{one.label} {one.note}".casefold() for word in words)]

    def picked(key: str | None) -> None:
        if key is not None:
            nothing = "This change is no longer kept."
            _ask(home, "Take this change back?", nothing, lambda session: doing.offer_of(session, who, int(key)))

    home.push_screen(PickList("Changes of the configuration", search=search, prompt="What, who or when"), picked)


def _choice(line: ChangeLine) -> Choice:
    state = f"{line.state}  " if line.state else ""
    return Choice(str(line.key), line.what, f"{state}{line.user}  {short(line.at)}", hint=str(line.key))


def _ask(home: ConsoleApp, title: str, nothing: str, reading: Callable[[StoreSession], doing.Offer | None]) -> None:
    store = home.store
    if store is None:
        return

    def answered(answer: str | None) -> None:
        if answer == OTHERS:
            ask_for_change(home)
        elif answer is not None:
            home.perform(partial(doing.take_back, change_id=int(answer)))

    lacks = partial(home.session.lacks, changes=True)
    home.push_screen(UndoScreen(title, nothing, store, reading, lacks), answered)
