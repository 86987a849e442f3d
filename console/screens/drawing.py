"""Screens that draw what they read as lines with links, and read it again, but not too often, while the lab moves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from console.screens.chrome import FramedScreen
from console.theme import SIGNS
from console.widgets.bars import PaneTitle
from console.widgets.links import LinkLine, LinkView
from console.widgets.paint import clean
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.feed import Change

T = TypeVar("T")

READ_EVERY = 0.3
"""Seconds between two readings, at least: numbers that change faster cannot be read anyway."""


class DrawingScreen(FramedScreen, Generic[T]):
    """A drawing of what was read. A screen says how to read it, and how to draw it for so many cells."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    """What changes the drawing, in any Vault."""
    DEFAULT_CSS = """
    DrawingScreen LinkView { height: 1fr; }
    DrawingScreen #way { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False, id="drawing.copy", tooltip="Copy this drawing as text"),
    ]

    class Read(Message, bubble=False):
        """What is drawn has been read."""

        def __init__(self, found: Any) -> None:
            super().__init__()
            self.found = found

    def __init__(self) -> None:
        super().__init__()
        self.found: T | None = None
        """What was read last."""
        self._was_read = False
        self._reading = self._read_again = False
        self._read_at = 0.0
        self._timer: Timer | None = None

    @abstractmethod
    def reading(self) -> Callable[[StoreSession], T]:
        """How to read what is drawn, in a thread."""

    @abstractmethod
    def draw(self, found: T, width: int) -> Sequence[LinkLine]:
        """The drawing for so many cells."""

    def compose_body(self) -> ComposeResult:
        yield PaneTitle(id="way")
        yield LinkView()

    def write_bars(self) -> None:
        super().write_bars()
        way, title = self.way() or [""], self.query_one("#way", PaneTitle)
        title.display = len(way) > 1
        mark = SIGNS.pick(" ▸ ", " > ")
        title.title(
            *((f"{clean(name)}{mark}", "muted") for name in way[:-1]), *((clean(name), "strong") for name in way[-1:])
        )

    def on_pane_title_clicked(self, message: PaneTitle.Clicked) -> None:
        """A click on a step of the way goes back to it."""
        message.stop()
        self.go_along_way(message.x)

    @property
    def view(self) -> LinkView:
        """What shows the drawing."""
        return self.query_one(LinkView)

    def on_mount(self) -> None:
        self.view.focus()
        self.write_bars()

    # Reading

    def concerns(self, change: Change) -> bool:
        return change.topic in self.TOPICS

    def show_anew(self) -> None:
        if self.home.store is None:
            return
        self._shown_generation, self._stale = self.home.session.generation, False
        self._draw()
        self._read()

    def refresh_from_store(self) -> None:
        if self._timer is None:
            wait = self._read_at + READ_EVERY - monotonic()
            if wait > 0:
                self._timer = self.set_timer(wait, self._read)
            else:
                self._read()

    @property
    def settled(self) -> bool:
        return self._timer is None and not self._reading

    def _read(self) -> None:
        self._timer = None
        store = self.home.store
        if store is None:
            return
        if self._reading:
            self._read_again = True
            return
        self._reading, self._read_again = True, False
        self._read_at = monotonic()
        reading = self.reading()

        def job() -> T:
            from models.queries.lab import ask

            return ask(store, reading)

        in_thread(self, job, self.Read, group="drawing")

    def on_drawing_screen_read(self, message: Read) -> None:
        self._reading = False
        self.show(message.found)
        self.refresh_bindings()
        self.home.first_data_is_on_screen()
        if self._read_again:
            self.refresh_from_store()

    def show(self, found: T) -> None:
        """Draw what was read."""
        self.found, self._was_read = found, True
        self._draw()

    def _draw(self) -> None:
        if self._was_read:
            self.view.show(self.draw(cast("T", self.found), self.view.room))

    def on_link_view_resized(self, message: LinkView.Resized) -> None:
        message.stop()
        self._draw()

    def action_copy(self) -> None:
        self.home.copy_to_clipboard(self.view.text)
        self.home.tell("Copied what is drawn, as text.")
