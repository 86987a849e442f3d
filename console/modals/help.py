"""Help for what has the focus: what it is, its keys, and the keys that work everywhere."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.modals.base import Modal
from console.widgets.detail_view import DetailView
from console.widgets.document import Document


class HelpScreen(Modal[None]):
    """Shows a help document; any of the leaving keys closes it."""

    HELP = "Help. Esc closes it."
    DEFAULT_CSS = """
    HelpScreen > Vertical {
        width: 92; max-width: 96%; height: 88%; background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "Close", id="help.close", tooltip="Close help"),
    ]

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, "Help", "Esc closes")
            yield DetailView()

    def on_mount(self) -> None:
        view = self.query_one(DetailView)
        view.focus()
        self.call_after_refresh(view.show, self._document)

    def action_close(self) -> None:
        self.dismiss(None)
