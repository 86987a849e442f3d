"""A page over the screen: something to read with lines that lead somewhere, read from the store when it opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen

from console.keymap import key_name
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.detail_view import DetailView
from console.widgets.document import Document, Note
from console.widgets.paint import clean
from console.work import in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.store import Store


class PageScreen(ModalScreen[Goto | None]):
    """Shows a document that `reading` makes in a thread. Answers the line that was gone into, None when just read."""

    HELP = "Up and Down move from link to link, Enter goes there, {page.read} reads it again. Esc goes back."
    DEFAULT_CSS = """
    PageScreen { align: center middle; background: $background 60%; }
    PageScreen > Vertical {
        width: 110; max-width: 96%; height: 92%; padding: 0 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-subtitle-color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", id="page.leave", tooltip="Back to where this was opened"),
        Binding("r,f5", "read", "Read again", id="page.read", tooltip="Read everything again"),
    ]

    class Read(Message, bubble=False):
        """The page has been read."""

        def __init__(self, document: Document) -> None:
            super().__init__()
            self.document = document

    def __init__(self, title: str, store: Store, reading: Callable[[StoreSession], Document]) -> None:
        super().__init__()
        self._title, self._store, self._reading = title, store, reading
        self._shown = False

    @property
    def view(self) -> DetailView:
        """What shows the document."""
        return self.query_one(DetailView)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(clean(self._title))
            dot = SIGNS.pick(" · ", ", ")
            again = f"{key_name(self, 'page.read', 'r')} reads again"
            box.border_subtitle = Content(dot.join(("Enter goes there", again, "Esc back")))
            yield DetailView()

    def on_mount(self) -> None:
        self.view.show((Note(f"Reading{SIGNS.pick('…', '...')}"),))
        self.view.focus()
        self.action_read()

    def action_read(self) -> None:
        store, reading = self._store, self._reading

        def job() -> Document:
            from models.queries.lab import ask

            return ask(store, reading)

        in_thread(self, job, self.Read, group="page", exclusive=True)

    def on_page_screen_read(self, message: Read) -> None:
        self.view.show(message.document, same=self._shown)
        self._shown = True

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        message.stop()
        if isinstance(message.target, Goto):
            self.dismiss(message.target)

    def action_leave(self) -> None:
        self.dismiss(None)
