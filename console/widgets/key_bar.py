"""The last line of a screen: the keys that do something here. One line that is painted, and no widget for each key.

Switching to another screen makes this line anew; widgets for its keys would cost more than all the rest of the switch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from console.widgets.bars import Bar
from console.widgets.columns import Span
from console.widgets.paint import clean

if TYPE_CHECKING:
    from textual import events
    from textual.binding import ActiveBinding
    from textual.screen import Screen


class ShownKey(NamedTuple):
    """A key of the line. One that is not `enabled` can be pressed, too: then it says why it does nothing."""

    key: str
    display: str
    label: str
    enabled: bool
    tooltip: str

    @property
    def spans(self) -> tuple[Span, ...]:
        """How it reads."""
        return (f" {self.display} ", "accent" if self.enabled else "muted"), (
            f"{self.label} ",
            "" if self.enabled else "muted",
        )

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return sum(cell_len(text) for text, _ in self.spans)


class KeyBar(Bar):
    """The keys of the screen that it stands on. A click presses one."""

    DEFAULT_CSS = "KeyBar { dock: bottom; }"
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[ShownKey, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        """Show the bindings as they are now, one of each action."""
        by_action: dict[str, ActiveBinding] = {}
        for active in screen.active_bindings.values():
            if active.binding.show:
                by_action.setdefault(active.binding.action, active)
        self.keys = tuple(
            ShownKey(
                active.binding.key,
                clean(self.app.get_key_display(active.binding)),
                clean(active.binding.description),
                active.enabled,
                active.tooltip,
            )
            for active in by_action.values()
        )
        self.put(*(span for key in self.keys for span in key.spans))

    def _at(self, x: int) -> ShownKey | None:
        end = 0
        for key in self.keys:
            end += key.width
            if x < end:
                return key
        return None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        found = self._at(event.x)
        self.tooltip = clean(found.tooltip or found.label) if found else None

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if (found := self._at(event.x)) is not None:
            self.app.simulate_key(found.key)
