"""A detail pane: a document to read, with lines that can be gone into."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.targets import Target
from console.theme import SIGNS
from console.widgets.document import Document, Laid, Note, lay_out
from console.widgets.paint import Row, paint_of


class DetailView(ScrollView, can_focus=True):
    """Shows a document. Its cursor jumps from link to link, and scrolls where there is none."""

    HELP = "The details of the highlighted row. The cursor stops at lines that lead somewhere; Enter follows them."
    DEFAULT_CSS = """
    DetailView { overflow-x: hidden; overflow-y: auto; height: 1fr; scrollbar-size-vertical: 1; }
    """
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
        size = Size(self.size.width, len(self._lines))
        if self.virtual_size != size:
            self.virtual_size = size
        if same:
            self._refresh_changed(before)
        else:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
            self.refresh()

    def say(self, text: str) -> None:
        """Show one sentence."""
        self.show((Note(text),))

    def _nearest(self, places: list[int]) -> int | None:
        if not places:
            return None
        here = self._cursor or 0
        return min(places, key=lambda place: abs(place - here))

    def _refresh_changed(self, before: list[Laid]) -> None:
        top = int(self.scroll_offset.y)
        for y in range(self.size.height):
            old = before[top + y] if top + y < len(before) else None
            new = self._lines[top + y] if top + y < len(self._lines) else None
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    @property
    def _room(self) -> int:
        return max(10, self.size.width - 3)

    def on_resize(self) -> None:
        self._lines = lay_out(self._document, self._room)
        self.virtual_size = Size(self.size.width, len(self._lines))
        if self._cursor is not None and self.current is None:
            self._cursor = None
        self.refresh()

    # Moving

    def action_step(self, way: int) -> None:
        top, height = int(self.scroll_offset.y), self.size.height
        start = self._cursor if self._cursor is not None else (-1 if way > 0 else len(self._lines))
        if not top <= start < top + height:
            start = top - 1 if way > 0 else top + height
        place = start + way
        while 0 <= place < len(self._lines) and self._lines[place].target is None:
            place += way
        if 0 <= place < len(self._lines) and top - 1 <= place <= top + height:
            self._put_cursor(place)
        else:
            self.scroll_to(y=top + way, animate=False, immediate=True, force=True)

    def _put_cursor(self, place: int) -> None:
        old, self._cursor = self._cursor, place
        top = int(self.scroll_offset.y)
        if place < top:
            self.scroll_to(y=place, animate=False, immediate=True, force=True)
        elif place >= top + self.size.height:
            self.scroll_to(y=place - self.size.height + 1, animate=False, immediate=True, force=True)
        for line in {old, place} - {None}:
            self.refresh_line(line or 0)

    def action_page(self, way: int) -> None:
        y = int(self.scroll_offset.y) + way * max(1, self.size.height - 1)
        self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def action_edge(self, way: int) -> None:
        self.scroll_to(y=0 if way < 0 else len(self._lines), animate=False, immediate=True, force=True)

    def action_follow(self) -> None:
        if (line := self.current) is not None and line.target is not None:
            self.post_message(self.Followed(line.target))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        offset = event.get_content_offset(self)
        if offset is None:
            return
        place = int(self.scroll_offset.y) + offset.y
        if place < len(self._lines) and self._lines[place].target is not None:
            self._put_cursor(place)
            if event.chain == 2:
                self.action_follow()

    def on_focus(self) -> None:
        self._refresh_cursor()

    def on_blur(self) -> None:
        self._refresh_cursor()

    def _refresh_cursor(self) -> None:
        if self._cursor is not None:
            self.refresh_line(self._cursor)

    # Painting

    def render_line(self, y: int) -> Strip:
        paint, width = paint_of(self.app), self.size.width
        place = int(self.scroll_offset.y) + y
        if place >= len(self._lines):
            return paint.strip([], "", width)
        line = self._lines[place]
        here = place == self._cursor and self.has_focus
        kind: Row = "cursor" if here else ""
        mark = SIGNS.pick("▌", ">") if here else " "
        return paint.strip([(mark, "heading"), *line.spans], kind, width)
