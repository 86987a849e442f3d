"""The floor of `bench console`: a bare app of the same framework and size, with a list and a text in ten screens.

It reads nothing and follows nothing: what a key costs here, it costs in any program of this kind.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

ROWS = 1000
FIRST = "Row 0000"
_KEYS = "1234567890"


class FloorScreen(Screen[None]):
    """A list beside a text."""

    DEFAULT_CSS = "FloorScreen DataTable { width: 60%; } FloorScreen Static { width: 1fr; }"

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield DataTable(cursor_type="row")
            yield Static("\n".join(f"Line {line:02} of screen {self._key}" for line in range(30)))
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Time", "State", "Message", "Point", "Items")
        table.add_rows((f"Row {row:04}", "Delivered", f"{row:08x}", "a point", "1") for row in range(ROWS))
        table.focus()


class FloorApp(App[None]):
    """The app of the floor."""

    MODES: ClassVar = {f"mode{key}": partial(FloorScreen, key) for key in _KEYS}
    DEFAULT_MODE = "mode0"
    BINDINGS: ClassVar[list[BindingType]] = [Binding(key, f"switch_mode('mode{key}')", key) for key in _KEYS]


def main() -> None:
    """Run it."""
    FloorApp().run()


if __name__ == "__main__":
    main()
