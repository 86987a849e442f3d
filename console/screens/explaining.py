"""Opening an explanation or a dry run over whatever screen asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.actions import Action
from console.screens.pages import open_page
from console.twins import looking

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.app import ConsoleApp
    from console.twins.call import Twin
    from console.widgets.document import Document
    from models.permissions import Actor
    from models.store import Store
    from scheduler.rehearsal import Rehearsal
    from scheduler.story import Story

EXPLAIN = Action(
    "explain", "e", "Explain", "Step by step: which rule, lookup or step made it what it is, or stopped it"
)


def explain(home: ConsoleApp, title: str, twin: Twin, telling: Callable[[Store, Actor], Sequence[Story]]) -> None:
    """Show an explanation. `telling` is called in a thread."""
    from console.details.explain import document

    _open(home, f"Explain: {title}", twin, lambda store, actor: document(telling(store, actor)))


def explain_record(home: ConsoleApp, record_id: str, name: str) -> None:
    """Explain a record of the Vault in use."""

    def telling(store: Store, actor: Actor) -> Sequence[Story]:
        from scheduler import explain

        return explain.explain_record(store, actor, record_id)

    explain(home, name, looking.words("explain", "record", record_id), telling)


def explain_message(home: ConsoleApp, key: int, name: str) -> None:
    """Explain the items of a message."""

    def telling(store: Store, actor: Actor) -> Sequence[Story]:
        from scheduler import explain

        return explain.explain_message(store, actor, key)

    explain(home, name, looking.words("explain", "message", str(key)), telling)


def explain_exception(home: ConsoleApp, key: int, name: str) -> None:
    """Explain the items of a user exception message."""

    def telling(store: Store, actor: Actor) -> Sequence[Story]:
        from scheduler import explain

        return explain.explain_exception(store, actor, key)

    explain(home, name, looking.words("explain", "exception", str(key)), telling)


def dry_run(home: ConsoleApp, title: str, twin: Twin, rehearsing: Callable[[Store, Actor], Rehearsal]) -> None:
    """Show what would happen; nothing does. `rehearsing` is called in a thread."""
    from console.details.rehearsal import document

    _open(home, f"Dry run: {title}", twin, lambda store, actor: document(title, rehearsing(store, actor)))


def dry_run_integration(home: ConsoleApp, key: int, name: str) -> None:
    """Show what the next runs would move through an integration."""

    def rehearsing(store: Store, actor: Actor) -> Rehearsal:
        from scheduler.rehearsal import rehearse_integration

        return rehearse_integration(store, actor, key)

    dry_run(home, name, looking.dry_run_integration(key), rehearsing)


def dry_run_point(home: ConsoleApp, key: int, name: str) -> None:
    """Show what the next runs would move through one integration point."""

    def rehearsing(store: Store, actor: Actor) -> Rehearsal:
        from scheduler.rehearsal import rehearse_point

        return rehearse_point(store, actor, key)

    dry_run(home, name, looking.dry_run_point(key), rehearsing)


def dry_run_retry(home: ConsoleApp, keys: Sequence[int], name: str) -> None:
    """Show what a Retry Transfer would come to."""

    def rehearsing(store: Store, actor: Actor) -> Rehearsal:
        from scheduler.rehearsal import rehearse_retry

        return rehearse_retry(store, actor, keys)

    dry_run(home, name, looking.words("dry-run", "retry", *map(str, keys)), rehearsing)


def _open(home: ConsoleApp, title: str, twin: Twin, reading: Callable[[Store, Actor], Document]) -> None:
    store, who = home.store, home.session.who
    if store is None:
        return

    def read(session: StoreSession) -> Document:
        from models.permissions import actor_for

        return reading(store, actor_for(session, who.vault_id, who.username, read_only=who.read_only))

    open_page(home, title, read, twin=twin)
