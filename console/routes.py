"""Which screen stands where. A screen's module is loaded when somebody goes there, or once the first data is shown.

The first screen waits for none of the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from console.areas import AREAS

if TYPE_CHECKING:
    from console.screens.chrome import FramedScreen
    from models.queries.window import Key

_WITHIN = {
    "messages": ("messages", "QueueMessagesScreen"),
    "lookups": ("lookups", "LookupsScreen"),
    "design": ("design", "DesignScreen"),
}
"""Lists that are opened from another area's own: their module and class. They are made with a key of that area."""
_OTHERS = ("query", "catalogue")


def area_screen(name: str) -> FramedScreen:
    """The screen of an area, e.g. `QueuesScreen` of `console.screens.queues`."""
    return _make(name, f"{name.title()}Screen")


def list_within(name: str, within: int, key: Key | None) -> FramedScreen | None:
    """The list of this name inside something of another area, with its cursor on a row; None for another name."""
    if name not in _WITHIN:
        return None
    return _make(*_WITHIN[name], within, key=key)


def load_screens() -> None:
    """Load the modules of all screens, so that going anywhere waits for none. Called in a thread."""
    for name in (*(item.name for item in AREAS), *_WITHIN, *_OTHERS):
        import_module(f"console.screens.{name}")


def _make(module: str, kind: str, *args: Any, **named: Any) -> FramedScreen:
    made: FramedScreen = getattr(import_module(f"console.screens.{module}"), kind)(*args, **named)
    return made
