"""A list of any length: it keeps only the rows around its window, and holds on to its cursor by the row's key.

Reading happens in threads. When something may have changed, `reload` reads what is in sight again; cursor, selection
and scroll stay with their rows, and only lines that differ are painted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.theme import SIGNS
from console.widgets.columns import GAP, Column, Placed, Span, heading_spans, place, row_spans
from console.widgets.paint import Row, clean, fit, paint_of, wrap
from console.widgets.window_pages import Pages
from console.widgets.window_source import Place, WindowSource
from console.work import Failed, in_thread

if TYPE_CHECKING:
    from models.queries.window import Key, View

MARGIN = 3
"""Cells before the first column: the cursor's sign and the selection's."""
BEFORE: Span = (" " * MARGIN, "")
AHEAD = 60
"""How near to an unread page the window may come before that page is read."""


class WindowTable(ScrollView, can_focus=True):
    """A list over a `WindowSource`. Set `columns` once, then `show` a source."""

    HELP = "A list. It keeps its place while jobs run: cursor, selection and scroll stay with their rows."
    DEFAULT_CSS = """
    WindowTable { overflow-x: hidden; overflow-y: auto; height: 1fr; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="list.down", tooltip="Next row"),
        Binding("up,k", "move(-1)", "Up", show=False, id="list.up", tooltip="Row before"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="list.page_down", tooltip="A page down"),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False, id="list.page_up", tooltip="A page up"),
        Binding("home,g", "first", "First", show=False, id="list.first", tooltip="First row"),
        Binding("end,G", "last", "Last", show=False, id="list.last", tooltip="Last row"),
        Binding("enter", "open", "Open", show=False, id="list.open", tooltip="Go into the row"),
        Binding("space", "select", "Select", show=False, id="list.select", tooltip="Select or unselect the row"),
        Binding("s", "sort", "Sort", show=False, id="list.sort", tooltip="Sort by the next column"),
    ]

    class Highlighted(Message):
        """The cursor is on another row, or its row has changed. `row` is None when the list is empty."""

        def __init__(self, table: WindowTable, row: Any | None) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> WindowTable:
            return self.table

    class Opened(Message):
        """Somebody went into a row."""

        def __init__(self, table: WindowTable, row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

    class SortAsked(Message):
        """Somebody wants the list sorted by a column."""

        def __init__(self, table: WindowTable, sort: str) -> None:
            super().__init__()
            self.table = table
            self.sort = sort

    class Counted(Message):
        """The list has been read: its rows may have changed, or the selection has."""

        def __init__(self, table: WindowTable) -> None:
            super().__init__()
            self.table = table

    class Arrived(Message, bubble=False):
        """What a list looked for."""

        def __init__(self, serial: int, asked: Place, view: View[Any], *, early: bool = False) -> None:
            super().__init__()
            self.serial = serial
            self.asked = asked
            self.view = view
            self.early = early

    class PagesArrived(Message, bubble=False):
        """Pages that a list scrolled to, or is about to."""

        def __init__(self, serial: int, pages: dict[int, list[Any]]) -> None:
            super().__init__()
            self.serial = serial
            self.pages = pages

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.selected: set[Key] = set()
        self.total = 0
        self.still_counted = False
        """Whether there are more rows than `total`: the first ones are shown while the others are counted."""
        self.cursor = 0
        self.cursor_key: Key | None = None
        self.loaded = False
        self.sort = ""
        self.descending = False
        self.empty_text = "Nothing here."
        self._source: WindowSource | None = None
        self._pages = Pages()
        self._placed: tuple[Placed, ...] = ()
        self._serial = 0
        self._looking = False
        self._look_again: Callable[[], None] | None = None
        self._fetching = False
        self._told: Any = self

    # What is shown

    @property
    def rows_in_sight(self) -> int:
        """How many rows fit below the heading."""
        return max(1, self.size.height - 1)

    @property
    def top(self) -> int:
        """Place of the first row in sight."""
        return int(self.scroll_offset.y)

    @property
    def cursor_row(self) -> Any | None:
        """The row under the cursor, or None."""
        return self._pages.row(self.cursor) if self.total else None

    @property
    def first_row(self) -> Any | None:
        """The first row of the list, or None when it is not in memory."""
        return self._pages.row(0) if self.total else None

    @property
    def source(self) -> WindowSource | None:
        """Where its rows come from; None while it has none."""
        return self._source

    @property
    def rows_in_memory(self) -> int:
        """How many rows are kept, whatever the length of the list."""
        return len(self._pages)

    def show(self, source: WindowSource, *, key: Key | None = None, keep: bool = False, early: bool = False) -> None:
        """Show another list: from its top, or at the row `key`, or (with `keep`) at the row where the cursor is.

        With `early` its first rows are shown before they are counted, if the cursor is on the first one.
        """
        self._source = source
        self._serial += 1
        self._looking, self._fetching, self.still_counted = False, False, False
        if not keep:
            self.selected.clear()
        wanted = key if key is not None else self.cursor_key if keep else None
        self._look(Place(self.rows_in_sight, key=wanted, seek=True), early=early and self.cursor == 0)

    def show_nothing(self, why: str) -> None:
        """Be empty, and say why."""
        self._source, self._serial, self.still_counted = None, self._serial + 1, False
        self._pages.replace({})
        self.total, self.cursor, self.cursor_key, self.loaded = 0, 0, None, True
        self.empty_text = why
        self.virtual_size = Size(self.size.width, 1)
        self.refresh()
        self._tell()

    def reload(self) -> None:
        """Read what is in sight again, and hold everything where it is."""
        if self._source is not None:
            self._look(Place(self.rows_in_sight, self.top, self.cursor, self.cursor_key))

    def show_top(self) -> None:
        """Read the list again, and stand on its first row."""
        self._look(Place(self.rows_in_sight, seek=True))

    def seek(self, key: Key) -> None:
        """Put the cursor on the row with this key."""
        self._look(Place(self.rows_in_sight, self.top, self.cursor, key, seek=True))

    def _look(self, place_: Place, *, early: bool = False) -> None:
        source = self._source
        if source is None:
            return
        if self._looking:
            self._look_again = partial(self._look, place_) if place_.seek else self.reload
            return
        self._looking, self._look_again = True, None
        arrived = partial(self.Arrived, self._serial, place_)

        def tell(view: View[Any]) -> None:
            self.post_message(arrived(view, early=True))

        job = partial(source.look, place_, tell if early else None)
        in_thread(self, job, arrived, group=f"list-{self.id}")

    def on_window_table_arrived(self, message: Arrived) -> None:
        if message.serial != self._serial:
            return
        # What was moved since the first rows were shown moves on from there.
        asked = Place(message.asked.height) if self.still_counted else message.asked
        self._looking, self.still_counted = message.early, message.early
        self._apply(asked, message.view)
        if message.early:
            return
        if self._look_again is not None:
            self._look_again()

    def on_failed(self, _message: Failed) -> None:
        self._looking, self._fetching = False, False

    def _apply(self, asked: Place, view: View[Any]) -> None:
        """Take over what was read; what was moved while it was being read moves on from there."""
        moved, scrolled = (0, 0) if asked.seek else (self.cursor - asked.cursor, self.top - asked.top)
        before = self._lines_in_sight()
        was_top = self.top
        self._pages.replace(view.pages)
        self.total = view.total
        self.loaded = True
        self.cursor = max(0, min(view.cursor + moved, view.total - 1))
        row = self.cursor_row
        self.cursor_key = row.key if row is not None else (self.cursor_key if moved and view.total else None)
        size = Size(self.size.width, view.total + 1)
        if self.virtual_size != size:
            self.virtual_size = size
        top = max(0, view.top + scrolled)
        if top != was_top:
            self._scroll_rows(top)
            self.refresh()
        else:
            self._refresh_changed(before)
        self._tell()
        self.post_message(self.Counted(self))
        self._fetch()

    def _lines_in_sight(self) -> list[tuple[Any, bool]]:
        return [
            (self._pages.row(index), index == self.cursor) for index in range(self.top, self.top + self.rows_in_sight)
        ]

    def _refresh_changed(self, before: list[tuple[Any, bool]]) -> None:
        for line, (old, new) in enumerate(zip(before, self._lines_in_sight(), strict=False)):
            if old != new:
                self._refresh_row(self.top + line)
        if self.total == 0:
            self.refresh()

    def _tell(self) -> None:
        row = self.cursor_row
        if row is None and self.total:
            return
        if row != self._told or not self.loaded:
            self._told = row
            self.post_message(self.Highlighted(self, row))

    # Reading on while scrolling

    def _fetch(self) -> None:
        if self._source is None or self._fetching or self._looking or not self.loaded:
            return
        bottom = self.top + self.rows_in_sight
        numbers = self._pages.missing(self.top, bottom, self.total) or self._pages.missing(
            self.top - AHEAD, bottom + AHEAD, self.total
        )
        if not numbers:
            return
        self._fetching = True
        known = self._pages.anchors(numbers)
        in_thread(
            self,
            partial(self._source.pages, numbers, self.total, known),
            partial(self.PagesArrived, self._serial),
            group=f"pages-{self.id}",
        )

    def on_window_table_pages_arrived(self, message: PagesArrived) -> None:
        if message.serial != self._serial:
            return
        self._fetching = False
        before = self._lines_in_sight()
        self._pages.add(message.pages)
        if self.cursor_key is None and (row := self.cursor_row) is not None:
            self.cursor_key = row.key
        self._refresh_changed(before)
        self._tell()
        self._fetch()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._fetch()

    # Moving

    def move_cursor(self, index: int) -> None:
        """Put the cursor on the row at this place, and bring it into sight."""
        index = max(0, min(index, self.total - 1))
        if not self.total or index == self.cursor:
            return
        old, self.cursor = self.cursor, index
        row = self.cursor_row
        self.cursor_key = row.key if row is not None else None
        top = self.top
        if index < top:
            self._scroll_rows(index)
        elif index >= top + self.rows_in_sight:
            self._scroll_rows(index - self.rows_in_sight + 1)
        self._refresh_row(old)
        self._refresh_row(index)
        self._tell()
        self._fetch()

    def _scroll_rows(self, top: int) -> None:
        self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def _refresh_row(self, index: int) -> None:
        line = index - self.top + 1
        if 1 <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))

    def action_move(self, rows: int) -> None:
        self.move_cursor(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self.move_cursor(self.cursor + pages * max(1, self.rows_in_sight - 1))

    def action_first(self) -> None:
        self.move_cursor(0)

    def action_last(self) -> None:
        self.move_cursor(self.total - 1)

    def action_open(self) -> None:
        if (row := self.cursor_row) is not None:
            self.post_message(self.Opened(self, row))

    def action_select(self) -> None:
        if self.cursor_key is None:
            return
        self.selected ^= {self.cursor_key}
        self._refresh_row(self.cursor)
        self.post_message(self.Counted(self))
        self.move_cursor(self.cursor + 1)

    def clear_selection(self) -> None:
        """Select nothing."""
        self.selected.clear()
        self.refresh()
        self.post_message(self.Counted(self))

    def action_sort(self) -> None:
        sorts = [column.sort for column in self.columns if column.sort]
        if not sorts:
            self.app.notify("This list has one order.", markup=False)
            return
        if self.sort in sorts and not self.descending and self.sort:
            self.post_message(self.SortAsked(self, self.sort))
            return
        following = (sorts.index(self.sort) + 1) % len(sorts) if self.sort in sorts else 0
        self.post_message(self.SortAsked(self, sorts[following]))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        line = event.get_content_offset(self)
        if line is None:
            return
        if line.y == 0:
            self._sort_at(line.x)
            return
        index = self.top + line.y - 1
        if index < self.total:
            self.move_cursor(index)
            if event.chain == 2:
                self.action_open()

    def _sort_at(self, x: int) -> None:
        left = MARGIN
        for placed in self._placed:
            if left <= x < left + placed.width + GAP and placed.column.sort:
                self.post_message(self.SortAsked(self, placed.column.sort))
            left += placed.width + GAP

    def on_resize(self) -> None:
        self._placed = place(self.columns, self.size.width - MARGIN - 1)
        self.virtual_size = Size(self.size.width, self.total + 1)
        if self.total and not self.top <= self.cursor < self.top + self.rows_in_sight:
            self._scroll_rows(max(0, self.cursor - self.rows_in_sight + 1))
        self._fetch()

    def on_focus(self) -> None:
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        self._refresh_row(self.cursor)

    # Painting

    def render_line(self, y: int) -> Strip:
        paint, width = paint_of(self.app), self.size.width
        if y == 0:
            return paint.strip(
                [BEFORE, *heading_spans(self._placed, self.sort, descending=self.descending)], "head", width
            )
        index = self.top + y - 1
        if index >= self.total:
            text = self._when_empty(y)
            return paint.strip([(fit("   " + text, width), "muted")], "", width)
        row = self._pages.row(index)
        here = index == self.cursor
        kind: Row = ("cursor" if self.has_focus else "cursor-blurred") if here else ""
        marks = SIGNS.pick("▌", ">") if here else " "
        if row is None:
            return paint.strip([(marks, "heading"), ("  " + SIGNS.pick("·", "."), "muted")], kind, width)
        chosen = SIGNS.pick("✓", "x") if row.key in self.selected else " "
        return paint.strip([(marks, "heading"), (chosen + " ", "accent"), *row_spans(self._placed, row)], kind, width)

    def _when_empty(self, y: int) -> str:
        if self.total:
            return ""
        text = self.empty_text if self.loaded else SIGNS.pick("Reading…", "Reading...")
        said = wrap(clean(text), max(1, self.size.width - 6))
        return said[y - 2] if 2 <= y < 2 + len(said) else ""
