"""A question before something is lost. The safe answer has the focus."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from console.modals.base import Modal
from console.widgets.paint import clean


class Confirm(Modal[bool]):
    """Ask whether to go on. Answers True only when the button that says so was chosen."""

    HELP = "Tab between the answers, Enter chooses. Esc keeps everything as it is."
    DEFAULT_CSS = """
    Confirm > Vertical {
        width: 64; max-width: 94%; height: auto; padding: 1 2;
        border: round $warning; border-title-color: $warning;
    }
    Confirm Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    Confirm Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "keep", "Keep", id="confirm.keep", tooltip="Keep everything as it is"),
        Binding("left", "app.focus_previous", show=False, id="confirm.left", tooltip="Other answer"),
        Binding("right", "app.focus_next", show=False, id="confirm.right", tooltip="Other answer"),
    ]

    def __init__(self, title: str, text: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._title, self._text, self._yes, self._no = title, text, yes, no

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            yield Static(Content(clean(self._text)))
            with Horizontal():
                yield Button(Content(self._no), id="no", compact=True)
                yield Button(Content(self._yes), id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_keep(self) -> None:
        self.dismiss(result=False)
