"""What views of lines share: scrolling line by line, a cursor that is kept in sight, and painting only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView


class LineView(ScrollView, can_focus=True):
    """Lines to read. A view says which line its cursor is on, and how a line is painted."""

    DEFAULT_CSS = """
    LineView { overflow-x: hidden; overflow-y: auto; height: 1fr; scrollbar-size-vertical: 1; }
    """

    @property
    def cursor_line(self) -> int | None:
        """Place of the line under the cursor, or None."""
        raise NotImplementedError

    @property
    def top(self) -> int:
        """Place of the first line in sight."""
        return int(self.scroll_offset.y)

    def go_to(self, y: int) -> None:
        """Scroll so that a line is the first in sight."""
        self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def keep_in_sight(self, place: int) -> None:
        """Scroll no further than it takes to see a line."""
        if place < self.top:
            self.go_to(place)
        elif place >= self.top + self.size.height:
            self.go_to(place - self.size.height + 1)

    def fit_to(self, lines: Sequence[Any]) -> None:
        """Be as long as these lines."""
        size = Size(self.size.width, len(lines))
        if self.virtual_size != size:
            self.virtual_size = size

    def paint_changed(self, before: Sequence[Any], after: Sequence[Any]) -> None:
        """Paint the lines in sight that differ."""
        for y in range(self.size.height):
            place = self.top + y
            old = before[place] if place < len(before) else None
            new = after[place] if place < len(after) else None
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def place_of(self, event: events.Click) -> tuple[int, int] | None:
        """The cell and the line that were clicked; None beside them."""
        event.stop()
        offset = event.get_content_offset(self)
        return None if offset is None else (offset.x, self.top + offset.y)

    def on_focus(self) -> None:
        self._paint_cursor()

    def on_blur(self) -> None:
        self._paint_cursor()

    def _paint_cursor(self) -> None:
        if (place := self.cursor_line) is not None:
            self.refresh_line(place)
