"""Help for what has the focus: what it is, its keys, and the keys that work everywhere."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.widgets.detail_view import DetailView
from console.widgets.document import Document


class HelpScreen(ModalScreen[None]):
    """Shows a help document; any of the leaving keys closes it."""

    HELP = "Help. Esc closes it."
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > Vertical {
        width: 92; max-width: 96%; height: 88%; background: $background; border: round $primary;
        border-title-color: $primary; border-subtitle-color: $foreground;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "Close", id="help.close", tooltip="Close help"),
    ]

    def __init__(self, title: str, document: Document) -> None:
        super().__init__()
        self._title = title
        self._document = document

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = "Esc closes"
            yield DetailView()

    def on_mount(self) -> None:
        view = self.query_one(DetailView)
        view.focus()
        self.call_after_refresh(view.show, self._document)

    def action_close(self) -> None:
        self.dismiss(None)
