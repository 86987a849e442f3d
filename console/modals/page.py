"""A page over the screen: something to read with lines that lead somewhere, read from the store when it opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from console.keymap import key_name
from console.modals.base import Page
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.detail_view import DetailView
from console.widgets.document import Document, Note
from console.work import in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.widgets.plots import PlotView
    from models.store import Store


class PageScreen(Page[Goto | None]):
    """Shows a document that `reading` makes in a thread. Answers the line that was gone into, None when just read."""

    HELP = "Up and Down move from link to link, Enter goes there, {page.read} reads it again. Esc goes back."
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
        """The document, where it is read line by line."""
        return self.query_one(DetailView)

    @property
    def shown(self) -> DetailView | PlotView:
        """What shows the document, whatever that is."""
        return cast("DetailView | PlotView", self.query_one("#view"))

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title, *self.keys())
            yield self.made_view()

    def made_view(self) -> DetailView | PlotView:
        """What is to show the document."""
        return DetailView(id="view")

    def keys(self) -> Sequence[str]:
        """What is said of keys below the page."""
        return "Enter goes there", f"{key_name(self, 'page.read', 'r')} reads again", "Esc back"

    def on_mount(self) -> None:
        self.shown.show((Note(f"Reading{SIGNS.pick('…', '...')}"),))
        self.shown.focus()
        self.action_read()

    def action_read(self) -> None:
        store, reading = self._store, self._reading

        def job() -> Document:
            from models.queries.lab import ask

            return ask(store, reading)

        in_thread(self, job, self.Read, group="page", exclusive=True)

    def on_page_screen_read(self, message: Read) -> None:
        self.shown.show(message.document, same=self._shown)
        self._shown = True

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        message.stop()
        if isinstance(message.target, Goto):
            self.dismiss(message.target)
