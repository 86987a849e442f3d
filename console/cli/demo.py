"""`demo`: a fresh store with eight connected Vaults and a sandbox, in the console or without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.moving import Progress, flows_table, move_everything
from console.cli.opening import make_engine, on_terminal, open_console
from console.cli.output import answer, parts, section, shown
from console.cli.reaching import CaFile, Resolve, apply_reach, remember_reach
from console.cli.settings import Settings, settings_of
from models.errors import NotPossible, StoreRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.store import Store

SEED = 7
OTHER_PLACE = "Choose another place with --store."


def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option(metavar="N", help="Number that all made-up data follows from.")] = SEED,
    speed: Annotated[float | None, typer.Option(metavar="N", help="Speed of the lab clock. Default: 60.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Go on with the demo of the last time, if there is one.")
    ] = False,
    resolve: Resolve = None,
    ca_file: CaFile = None,
) -> None:
    """Open the console on a fresh demo store.

    It lies in a place of its own, or where --store says, and replaces the demo of the last time; your own store is
    never touched. Without a terminal the engine runs until everything has moved, and what moved is printed.
    """
    settings = settings_of(context)
    remember_reach(settings, resolve, ca_file)
    settings.speed = speed if speed is not None else settings.speed
    path = _place(settings)
    if on_terminal() and not settings.json:
        open_console(settings, lambda: _store(path, settings, seed, keep=keep), seed=seed)
    else:
        _run_headless(settings, path, seed, keep=keep)


def _place(settings: Settings) -> Path:
    """Where the demo's store is to lie. Raises NotPossible for the default store's place."""
    from console.cli.places import demo_store
    from models.opening import store_url

    url = store_url(settings.store or demo_store())
    if url.get_backend_name() != "sqlite":
        raise NotPossible("The demo's store is a file.", "Give a path to --store.")
    if url == store_url(None):
        raise NotPossible(f"{url.database} is your own store, which the demo leaves alone.", OTHER_PLACE)
    return Path(url.database or "")


def _store(
    path: Path, settings: Settings, seed: int, *, keep: bool, progress: Callable[[str, float], None] | None = None
) -> Store:
    """Open the demo's store: a fresh one, or with `keep` the one that is there."""
    from models.opening import open_store
    from scheduler.signing import issue_certificate
    from seed.demo import build_demo

    if path.exists():
        if keep:
            return open_store(path)
        _make_room(path, own=settings.store is None)
    store = open_store(path)
    try:
        build_demo(store, issue=issue_certificate, seed=seed, progress=progress)
    except BaseException:
        store.close()
        raise
    return store


def _make_room(path: Path, *, own: bool) -> None:
    """Remove the demo of the last time. Raises NotPossible when the file is something else, or in use."""
    try:
        _require_unused_demo(path)
    except StoreRefused:
        # In the program's own place a broken demo makes way; a file that somebody named stays.
        if not own:
            raise
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", ".key"))):
        file.unlink(missing_ok=True)


def _require_unused_demo(path: Path) -> None:
    from models.opening import open_store
    from models.queries.lab import lab_view, vault_list
    from scheduler.clock import attach_lab
    from scheduler.lease import is_free, who_holds

    store = open_store(path)
    try:
        clock = attach_lab(store)
        with store.read() as session:
            # Only a scenario gives a lab its name.
            strange = bool(vault_list(session)) and not lab_view(session).name
        if strange:
            raise NotPossible(f"{path} holds Vaults that are not a demo's.", OTHER_PLACE)
        if not is_free(clock.state, clock.real.now()):
            raise NotPossible(f"The demo is in use. {who_holds(clock.state)}", f"End that one first. {OTHER_PLACE}")
    finally:
        store.close()


def _run_headless(settings: Settings, path: Path, seed: int, *, keep: bool) -> None:
    from models.queries.flows import flows, last_run_id
    from models.queries.summary import vault_summaries
    from scheduler.clock import attach_lab

    progress = Progress()
    store = _store(path, settings, seed, keep=keep, progress=progress.share)
    try:
        apply_reach(settings, store)
        clock = attach_lab(store)
        if settings.speed is not None:
            clock.set_speed(settings.speed)
        with store.read() as session:
            before = last_run_id(session)
        # Nothing new is made meanwhile, and time passes in steps only: so there is an end.
        with make_engine(store, generate=False) as engine:
            if engine.viewer:
                raise NotPossible(engine.viewer, f"End that one first. {OTHER_PLACE}")
            clock.pause()
            try:
                move_everything(
                    store, engine, lambda moving: progress.tell(f"{shown(clock.now())}  {moving}"), after=before
                )
            finally:
                clock.resume()
        with store.read() as session:
            moved = flows(session, after=before)
            open_items = sum(row.open_items for row in vault_summaries(session))
        now = clock.now()
    finally:
        progress.done()
        store.close()
    document: dict[str, Any] = {
        "store": str(path),
        "seed": seed,
        "now": now,
        "connections": moved,
        "open_items": open_items,
    }

    def text() -> str:
        return parts(
            flows_table(moved),
            section(
                "Everything has moved.",
                f"{open_items} target records could not be applied: some records are wrong on purpose.\n"
                f"See them with: vault-console --store {path} exceptions list",
            ),
        )

    answer(settings, document, text)
