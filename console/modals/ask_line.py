"""One line of text asked for."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.modals.base import Modal
from console.widgets.bars import Bar
from console.widgets.paint import clean


class AskLine(Modal[str | None]):
    """Ask for a line. Answers what was typed, or None."""

    HELP = "Type, and press Enter. Esc leaves everything as it is."
    DEFAULT_CSS = """
    AskLine > Vertical {
        width: 64; max-width: 94%; height: auto; padding: 0 1;
    }
    AskLine Input { border: none; height: 1; padding: 0 1; background: $panel; }
    AskLine Input:focus { border: none; background: $primary 25%; }
    AskLine Bar { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="ask.leave", tooltip="Leave everything as it is"),
    ]

    def __init__(self, title: str, about: str, value: str = "") -> None:
        super().__init__()
        self._title, self._about, self._value = title, about, value

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            yield Input(self._value)
            yield Bar()

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()
        self.query_one(Bar).put((clean(self._about), "muted"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
