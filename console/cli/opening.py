"""Opening the console on a store, and the engine behind it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.cli.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from console.lab import LabOpener
    from models.queries.first_look import FirstLook
    from models.store import Store
    from scheduler.engine import Engine, RoleChanged
    from scheduler.runner import RunEnded

FRAMES = "240"
"""Frames a second, at most; nothing is drawn while nothing changes."""
GENERATOR = "Generator"
GENERATE_EVERY = 180.0
"""Lab seconds between two handfuls of changes, in a lab whose generator is on."""
GENERATOR_SEED = 7


def on_terminal() -> bool:
    """Whether a person sits before this program."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def make_engine(
    store: Store,
    *,
    generate: bool = True,
    seed: int = GENERATOR_SEED,
    on_event: Callable[[RunEnded | RoleChanged], None] | None = None,
    take_over: bool = True,
) -> Engine:
    """The engine of a store, not started yet. In a lab whose generator is on it also makes changes, if `generate`."""
    from scheduler.engine import Engine

    extra = [(GENERATOR, GENERATE_EVERY, _generator(store, seed))] if generate else []
    return Engine(store, extra_jobs=extra, on_event=on_event, take_over=take_over)


def _generator(store: Store, seed: int) -> Callable[[], object]:
    """Steps of the demo's generator, which is loaded at its first step: most labs never need it."""
    steps: list[Callable[[], object]] = []

    def step() -> object:
        if not steps:
            from seed.generator import ChangeGenerator

            steps.append(ChangeGenerator(store, seed).step)
        return steps[0]()

    return step


def open_console(
    settings: Settings,
    open_store: Callable[[], Store],
    *,
    engine: bool = True,
    seed: int = GENERATOR_SEED,
    first_look: FirstLook | None = None,
) -> None:
    """Open the console on the store that `open_store` opens (called in a thread, after the first frame).

    Without an `engine` it only looks at what others move. `seed` is the generator's. `first_look` is shown until the
    store is open. Raises what `open_store` raises as a ConsoleError, and SystemExit when the console ends by an error.
    """
    # A key is seen with the next frame: with sixty frames a second that alone takes up to 17 ms, so up to 4 ms.
    os.environ.setdefault("TEXTUAL_FPS", FRAMES)
    # Textual first and the store later: the first frame is on screen before the store's libraries are loaded.
    from console.app import ConsoleApp
    from console.cli.places import cache_folder, config_folder
    from console.keymap import load
    from console.preferences import Preferences

    app = ConsoleApp(
        _opener(settings, open_store, engine=engine, seed=seed),
        vault=settings.vault,
        user=settings.user,
        read_only=settings.read_only,
        theme=settings.theme,
        plain=settings.plain,
        preferences=Preferences.load(config_folder()),
        keys=load(config_folder(), checked=cache_folder()),
    )
    if first_look is not None:
        app.begin_with(first_look)
    try:
        app.run()
    finally:
        if app.engine is not None:
            app.engine.stop()
        if app.store is not None:
            app.store.close()
    if app.refusal is not None:
        raise app.refusal
    if app.return_code:
        sys.exit(app.return_code)


def _opener(settings: Settings, open_store: Callable[[], Store], *, engine: bool, seed: int) -> LabOpener:
    """How the console opens its lab. An empty one is filled first, where somebody may: its clock begins with that."""
    from console.lab import OpenedLab, RunningEngine

    places: list[Path | None] = []

    def open_lab() -> OpenedLab:
        from console.cli.filling import LabFiller, is_empty
        from models.opening import open_store as open_again
        from scheduler.clock import attach_lab

        # What was made the first time, such as a demo, is only opened from then on.
        again = next(iter(places), None)
        store = open_store() if again is None else open_again(again)
        places.append(store.path)
        if settings.resolve or settings.ca_file is not None:
            from console.cli.reaching import apply_reach

            apply_reach(settings, store)
        filler = None
        if engine and is_empty(store):
            filler = LabFiller(store, seed)
        else:
            attach_lab(store)

        def start_engine() -> RunningEngine:
            made = make_engine(store, seed=seed)
            if made.start() and settings.speed is not None and again is None:
                made.clock.set_speed(settings.speed)
            return made

        return OpenedLab(store, start_engine if engine else None, filler)

    return open_lab


def open_default(settings: Settings) -> None:
    """Open the console on the store that the settings name, made when it is not there.

    A read-only session runs no engine: it would move data.
    """
    from models.location import plain_file
    from models.queries.first_look import first_look

    file = plain_file(settings.store)

    def open_store() -> Store:
        from models.opening import open_store

        return open_store(settings.store)

    look = first_look(file, settings.vault, settings.user) if file is not None else None
    open_console(settings, open_store, engine=not settings.read_only, first_look=look)
