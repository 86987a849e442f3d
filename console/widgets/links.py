"""Lines with several links each, for a drawing whose parts lead somewhere: the cursor goes from link to link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from console.targets import Target
from console.theme import Tone
from console.widgets.lines import LineView
from console.widgets.paint import paint_of


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, perhaps a link. Its text is clean."""

    text: str
    tone: Tone = ""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One line. `key` names it for good, so that the cursor finds it again; `about` is what its actions are about."""

    key: str
    pieces: tuple[Piece, ...]
    about: int | None = None

    @property
    def links(self) -> tuple[int, ...]:
        """Which pieces lead somewhere."""
        return tuple(place for place, piece in enumerate(self.pieces) if piece.target is not None)

    @property
    def text(self) -> str:
        """The line as it reads."""
        return "".join(piece.text for piece in self.pieces)

    def start(self, place: int) -> int:
        """Cells before a piece."""
        return sum(cell_len(piece.text) for piece in self.pieces[:place])

    def middle(self, place: int) -> float:
        """Where a piece stands, in cells."""
        return self.start(place) + cell_len(self.pieces[place].text) / 2


class LinkView(LineView):
    """Shows lines; one link is under the cursor. Arrows go to the next link that way, Enter follows it."""

    HELP = "Arrows go from link to link, Enter shows the rows that a number counted, or goes to what a name names."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "line(1)", "Down", show=False, id="links.down", tooltip="Next line"),
        Binding("up,k", "line(-1)", "Up", show=False, id="links.up", tooltip="Line before"),
        Binding("right", "link(1)", "Right", show=False, id="links.right", tooltip="Next link"),
        Binding("left", "link(-1)", "Left", show=False, id="links.left", tooltip="Link before"),
        Binding("pagedown,ctrl+f,space", "page(1)", "Page down", show=False, id="links.page_down", tooltip="Page down"),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="links.page_up", tooltip="Page up"),
        Binding("home,g", "edge(-1)", "Top", show=False, id="links.top", tooltip="To the first link"),
        Binding("end,G", "edge(1)", "Bottom", show=False, id="links.bottom", tooltip="To the last link"),
        Binding("enter", "follow", "Open", show=False, id="links.follow", tooltip="Show what this link leads to"),
    ]

    class Followed(Message):
        """Somebody went into a link."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    class Resized(Message):
        """The lines are to be drawn for another width."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[LinkLine] = ()
        self._cursor: tuple[int, int] | None = None
        self._column = 0.0

    @property
    def cursor_line(self) -> int | None:
        return self._cursor[0] if self._cursor else None

    @property
    def text(self) -> str:
        """Everything that it shows, as plain text."""
        return "\n".join(line.text.rstrip() for line in self._lines)

    @property
    def line(self) -> LinkLine | None:
        """The line under the cursor."""
        return self._lines[self._cursor[0]] if self._cursor else None

    @property
    def current(self) -> Piece | None:
        """The link under the cursor."""
        return self.line.pieces[self._cursor[1]] if self._cursor and self.line else None

    @property
    def place(self) -> float:
        """Where in its line the link under the cursor stands, from 0 at the left to 1 at the right."""
        return self.line.middle(self._cursor[1]) / max(1, self.size.width) if self._cursor and self.line else 0.0

    def go_across(self) -> None:
        """Put the cursor on the link at the other side of its line, or of the next line that has one there."""
        if self._cursor is None:
            return
        here, middle = self._cursor[0], self.size.width / 2
        right = self.place < 0.5
        for step in sorted(range(-here, len(self._lines) - here), key=abs):
            line = self._lines[here + step]
            across = [link for link in line.links if (line.middle(link) >= middle) == right]
            if across:
                self._put((here + step, across[0]))
                return

    @property
    def room(self) -> int:
        """Cells that a line may take."""
        return max(20, self.size.width - 1)

    def show(self, lines: Sequence[LinkLine]) -> None:
        """Show lines in place of those before; the cursor stays on its link, or on the one nearest to it."""
        before, here = self._lines, self._cursor
        self._lines = lines
        self._cursor = self._found_again(before, here)
        self.fit_to(lines)
        self.paint_changed(before, lines)
        if here != self._cursor:
            for cursor in (here, self._cursor):
                if cursor is not None:
                    self.refresh_line(cursor[0])

    def _found_again(self, before: Sequence[LinkLine], here: tuple[int, int] | None) -> tuple[int, int] | None:
        if here is None:
            return next(((place, line.links[0]) for place, line in enumerate(self._lines) if line.links), None)
        line = before[here[0]]
        target = line.pieces[here[1]].target
        for place, other in enumerate(self._lines):
            if other.key == line.key:
                same = [link for link in other.links if other.pieces[link].target == target]
                if same:
                    return place, same[0]
                if other.links:
                    return place, min(other.links, key=lambda link: abs(link - here[1]))
        linked = [place for place, other in enumerate(self._lines) if other.links]
        if not linked:
            return None
        nearest = min(linked, key=lambda place: abs(place - here[0]))
        return nearest, self._lines[nearest].links[0]

    def on_resize(self) -> None:
        self.fit_to(self._lines)
        self.post_message(self.Resized())

    # Moving

    def action_line(self, way: int) -> None:
        if self._cursor is None:
            self.go_to(self.top + way)
            return
        place = self._cursor[0] + way
        while 0 <= place < len(self._lines) and not self._lines[place].links:
            place += way
        if not 0 <= place < len(self._lines):
            self.go_to(0 if way < 0 else len(self._lines))
            return
        line = self._lines[place]
        self._put((place, min(line.links, key=lambda link: abs(line.middle(link) - self._column))), keep_column=True)

    def action_link(self, way: int) -> None:
        links = [(place, link) for place, line in enumerate(self._lines) for link in line.links]
        if self._cursor in links:
            index = links.index(self._cursor) + way
            if 0 <= index < len(links):
                self._put(links[index])

    def action_edge(self, way: int) -> None:
        links = [(place, link) for place, line in enumerate(self._lines) for link in line.links]
        if links:
            self._put(links[0] if way < 0 else links[-1])
        self.go_to(0 if way < 0 else len(self._lines))

    def action_page(self, way: int) -> None:
        for _ in range(max(1, self.size.height - 2)):
            self.action_line(way)

    def _put(self, cursor: tuple[int, int], *, keep_column: bool = False) -> None:
        old, self._cursor = self._cursor, cursor
        line, piece = cursor
        if not keep_column:
            self._column = self._lines[line].middle(piece)
        self.keep_in_sight(line)
        for place in {line} | ({old[0]} if old else set()):
            self.refresh_line(place)

    def action_follow(self) -> None:
        if (piece := self.current) is not None and piece.target is not None:
            self.post_message(self.Followed(piece.target))

    def on_click(self, event: events.Click) -> None:
        clicked = self.place_of(event)
        if clicked is None:
            return
        x, place = clicked
        if not 0 <= place < len(self._lines):
            return
        line = self._lines[place]
        for link in line.links:
            start = line.start(link)
            if start <= x < start + max(1, cell_len(line.pieces[link].text)):
                self._put((place, link))
                self.action_follow()
                return

    # Painting

    def render_line(self, y: int) -> Strip:
        paint, width = paint_of(self.app), self.size.width
        place = self.top + y
        if place >= len(self._lines):
            return paint.strip([], "", width)
        line = self._lines[place]
        if not self._cursor or self._cursor[0] != place or not self.has_focus:
            return paint.strip([(piece.text, piece.tone) for piece in line.pieces], "", width)
        under = self._cursor[1]
        before = [(piece.text, piece.tone) for piece in line.pieces[:under]]
        after = [(piece.text, piece.tone) for piece in line.pieces[under + 1 :]]
        here = line.pieces[under]
        start, long = line.start(under), cell_len(here.text)
        strip = Strip.join(
            [
                paint.strip(before, "", start),
                paint.strip([(here.text, "strong")], "cursor", long),
                paint.strip(after, "", max(0, width - start - long)),
            ]
        )
        return strip.crop(0, width)
