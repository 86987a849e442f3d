"""A detail pane: a document to read, with lines that can be gone into."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from console.targets import Target
from console.theme import SIGNS
from console.widgets.document import Document, Laid, Note, lay_out
from console.widgets.lines import LineView
from console.widgets.paint import Row, paint_of


class DetailView(LineView):
    """Shows a document. Its cursor jumps from link to link, and scrolls where there is none."""

    HELP = "The details of the highlighted row. The cursor stops at lines that lead somewhere; Enter follows them."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "Down", show=False, id="detail.down", tooltip="Next link, or scroll down"),
        Binding("up,k", "step(-1)", "Up", show=False, id="detail.up", tooltip="Link before, or scroll up"),
        Binding(
            "pagedown,ctrl+f,space", "page(1)", "Page down", show=False, id="detail.page_down", tooltip="Page down"
        ),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="detail.page_up", tooltip="Page up"),
        Binding("home,g", "edge(-1)", "Top", show=False, id="detail.top", tooltip="To the top"),
        Binding("end,G", "edge(1)", "Bottom", show=False, id="detail.bottom", tooltip="To the bottom"),
        Binding("enter", "follow", "Follow", show=False, id="detail.follow", tooltip="Follow the link or edit"),
    ]

    class Followed(Message):
        """Somebody went into a line."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._document: Document = ()
        self._lines: list[Laid] = []
        self._cursor: int | None = None

    @property
    def cursor_line(self) -> int | None:
        return self._cursor

    @property
    def text(self) -> str:
        """Everything that it shows, as plain text."""
        return "\n".join("".join(text for text, _ in line.spans).rstrip() for line in self._lines)

    @property
    def current(self) -> Laid | None:
        """The line under the cursor."""
        if self._cursor is None or self._cursor >= len(self._lines):
            return None
        return self._lines[self._cursor]

    def show(self, document: Document, *, same: bool = False) -> None:
        """Show a document. `same` says that it is about what was shown before: cursor and scroll stay."""
        before = self._lines
        current = self.current.target if self.current else None
        self._document = document
        self._lines = lay_out(document, self._room) if self.size.width else []
        if same:
            places = [place for place, line in enumerate(self._lines) if line.target is not None]
            held = [place for place in places if self._lines[place].target == current]
            self._cursor = held[0] if current is not None and held else self._nearest(places)
        else:
            self._cursor = next((place for place, line in enumerate(self._lines) if line.target is not None), None)
        self.fit_to(self._lines)
        if same:
            self.paint_changed(before, self._lines)
        else:
            self.go_to(0)
            self.refresh()

    def say(self, text: str) -> None:
        """Show one sentence."""
        self.show((Note(text),))

    def _nearest(self, places: list[int]) -> int | None:
        if not places:
            return None
        here = self._cursor or 0
        return min(places, key=lambda place: abs(place - here))

    @property
    def _room(self) -> int:
        return max(10, self.size.width - 3)

    def on_resize(self) -> None:
        self._lines = lay_out(self._document, self._room)
        self.fit_to(self._lines)
        if self._cursor is not None and self.current is None:
            self._cursor = None
        self.refresh()

    # Moving

    def action_step(self, way: int) -> None:
        top, height = self.top, self.size.height
        start = self._cursor if self._cursor is not None else (-1 if way > 0 else len(self._lines))
        if not top <= start < top + height:
            start = top - 1 if way > 0 else top + height
        place = start + way
        while 0 <= place < len(self._lines) and self._lines[place].target is None:
            place += way
        if 0 <= place < len(self._lines) and top - 1 <= place <= top + height:
            self._put_cursor(place)
        else:
            self.go_to(top + way)

    def _put_cursor(self, place: int) -> None:
        old, self._cursor = self._cursor, place
        self.keep_in_sight(place)
        for line in {old, place} - {None}:
            self.refresh_line(line or 0)

    def action_page(self, way: int) -> None:
        self.go_to(self.top + way * max(1, self.size.height - 1))

    def action_edge(self, way: int) -> None:
        """To the first or the last line, and the cursor to the link nearest to it that is in sight then."""
        self.go_to(0 if way < 0 else len(self._lines))
        links = [place for place, line in enumerate(self._lines) if line.target is not None]
        if links:
            place = links[0 if way < 0 else -1]
            if self.top <= place < self.top + self.size.height:
                self._put_cursor(place)

    def action_follow(self) -> None:
        if (line := self.current) is not None and line.target is not None:
            self.post_message(self.Followed(line.target))

    def on_click(self, event: events.Click) -> None:
        clicked = self.place_of(event)
        if clicked is None:
            return
        _, place = clicked
        if place < len(self._lines) and self._lines[place].target is not None:
            self._put_cursor(place)
            if event.chain == 2:
                self.action_follow()

    # Painting

    def render_line(self, y: int) -> Strip:
        paint, width = paint_of(self.app), self.size.width
        place = self.top + y
        if place >= len(self._lines):
            return paint.strip([], "", width)
        line = self._lines[place]
        here = place == self._cursor and self.has_focus
        kind: Row = "cursor" if here else ""
        mark = SIGNS.pick("▌", ">") if here else " "
        return paint.strip([(mark, "heading"), *line.spans], kind, width)
