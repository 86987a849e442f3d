"""Making ready the screens that nobody has been to, while nobody does anything, so that going there waits less.

Built ahead, a screen has its widgets and their styles, and one row of each kind has been read in vain: statements are
compiled and modules loaded. What a screen lists is read when somebody comes.
"""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.timer import Timer

from console.areas import AREAS
from console.noticing import NoticingApp
from console.routes import load_screens
from console.screens.chrome import WARM_UP, FramedScreen
from console.work import in_thread

QUIET = 0.25
"""Seconds without a key or the mouse after which the next screen is made ready."""
GIVE_BACK = 20.0
"""Seconds between two times at which memory that nothing uses is given back, while nobody does anything."""


class AheadApp(NoticingApp):
    """An app that makes its screens ready before somebody goes there."""

    AHEAD: ClassVar[bool] = True
    """Whether it does."""

    class ScreensLoaded(Message):
        """The modules of all screens have been loaded."""

    def __init__(self) -> None:
        super().__init__()
        self._touched_at = 0.0
        self._ready_timer: Timer | None = None
        self._made_ready: FramedScreen | None = None

    def load_screens_ahead(self) -> None:
        """Load the modules of all screens in a thread, then make the screens ready."""
        in_thread(self, _load_rest, lambda _: self.ScreensLoaded(), group="screens")

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self._touched_at = monotonic()
        await super().on_event(event)

    def on_ahead_app_screens_loaded(self, _message: ScreensLoaded) -> None:
        if self.AHEAD:
            self._ready_timer = self.set_interval(QUIET / 2, self._make_ready)

    def give_back(self) -> None:
        """Give memory that nothing uses back to the system, if nobody does anything."""
        if monotonic() - self._touched_at >= QUIET:
            _give_memory_back()

    def _make_ready(self) -> None:
        """Make the screen of one area that nobody has been to, while nobody does anything: going there waits less.

        What it lists is read when somebody goes there.
        """
        if self._exit or not self.is_running:
            # An app that ends takes its screens down one by one: none may be added.
            return
        if monotonic() - self._touched_at < QUIET or any(worker.group == WARM_UP for worker in self.workers):
            return
        if self._made_ready is not None:
            if self._made_ready.is_mounted:
                self._made_ready.warm_up()
                self._made_ready = None
            return
        name = next((item.name for item in AREAS if item.name not in self._screen_stacks), None)
        if name is not None:
            self._init_mode(name)
            made = self._screen_stacks[name][0]
            self._made_ready = made if isinstance(made, FramedScreen) else None
        elif self._ready_timer is not None:
            self._ready_timer.stop()
            settle_memory()
            _give_memory_back()


def _load_rest() -> None:
    """Load what the first data did not wait for, in a thread."""
    load_screens()
    settle_memory()


def settle_memory() -> None:
    """Leave what has been loaded out of the search for garbage: a search through it all can be felt at the keys."""
    from scheduler.memory import settle_collector

    settle_collector()


def _give_memory_back() -> None:
    from scheduler import memory

    memory.give_back()
