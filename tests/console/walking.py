"""Going everywhere in the console: every area, every screen opened from one, and what each action opens."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from console.app import ConsoleApp
from console.screens.chrome import FramedScreen
from tests.console.lab import press, settle

WAYS: dict[str, tuple[str, ...]] = {
    "home": ("0",),
    "split": ("1", "S"),
    "all messages": ("9",),
    "connections": ("1",),
    "lookups": ("1", "l"),
    "lookup keys": ("1", "l", "enter"),
    "missing keys": ("1", "l", "m"),
    "integrations": ("2",),
    "design": ("2", "enter", "down"),
    "queues": ("3",),
    "messages": ("3", "enter"),
    "queue log": ("3", "l"),
    "certificates": ("4",),
    "exceptions": ("5",),
    "records": ("6",),
    "query": ("f8", *"SELECT id FROM product__v", "enter"),
    "jobs": ("7",),
    "audit": ("8",),
    "catalogue": ("K",),
}
"""The keys that lead to each screen."""
IN_TARGET = {"integrations", "design", "exceptions", "lookups", "lookup keys", "missing keys"}


def vault_of(name: str) -> int:
    """The Vault in which there is the most to see on a screen."""
    return 1002 if name in IN_TARGET else 1001


def picture(app: Any) -> str:
    """What the whole screen shows, line by line, as it is drawn."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def calm(pilot: Pilot[Any]) -> None:
    """Wait until all is shown, though a screen that was left took its work along."""
    with suppress(WorkerCancelled):
        await settle(pilot)
    await settle(pilot)


async def go(pilot: Pilot[Any], name: str) -> FramedScreen:
    """Go to a screen by its keys, from wherever one is."""
    app = pilot.app
    while len(app.screen_stack) > 1:
        app.pop_screen()
    await calm(pilot)
    await press(pilot, *WAYS[name])
    assert isinstance(app.screen, FramedScreen)
    return app.screen


async def every_opening(pilot: Pilot[Any], name: str, *, leaving: frozenset[str] = frozenset()) -> AsyncIterator[str]:
    """Take every action of a screen that can be taken, one after the other, and say which: look then at what it opened.

    `leaving` names actions that are left out.
    """
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    screen = await go(pilot, name)
    for action in [action.name for action in screen.ACTIONS]:
        if action in leaving or screen.why_not(action):
            continue
        screen.action_do(action)
        await calm(pilot)
        yield action
        while len(app.screen_stack) > 1 and app.screen is not screen:
            app.pop_screen()
        if app.screen is not screen:
            screen = await go(pilot, name)
