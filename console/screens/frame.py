"""The two panes of a list screen, with their titles: a list and the details of its row; zoom and copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Input

from console.areas import area
from console.screens.chrome import FramedScreen
from console.screens.saving import Copied, ask_to_save, copy_rows
from console.theme import SIGNS, Tone
from console.twins import looking
from console.twins.call import Twin, flag
from console.widgets.bars import PaneTitle
from console.widgets.columns import Column, Span
from console.widgets.detail_view import DetailView
from console.widgets.paint import clean
from console.widgets.window_table import WindowTable


class FilterInput(Input):
    """The filter line below a list."""

    HELP = "Narrows the list to rows that hold every word. Enter keeps it, Esc takes it away, Up brings earlier ones."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.clear_filter", "Clear", id="filter.clear", tooltip="Take the filter away"),
        Binding("down", "screen.keep_filter", "List", show=False, id="filter.keep", tooltip="To the list"),
        Binding(
            "up", "screen.recall_filter(1)", "Earlier", show=False, id="filter.before", tooltip="An earlier filter"
        ),
        Binding(
            "ctrl+down", "screen.recall_filter(-1)", "Later", show=False, id="filter.after", tooltip="A later filter"
        ),
    ]


class AreaFrame(FramedScreen):
    """A screen with a list and a detail pane."""

    COLUMNS: ClassVar[Sequence[Column]] = ()
    DEFAULT_CSS = """
    AreaFrame #panes { height: 1fr; layout: horizontal; }
    AreaFrame #list-pane { width: 60%; height: 1fr; }
    AreaFrame #detail-pane { width: 1fr; height: 1fr; border-left: vkey $panel; }
    AreaFrame FilterInput { display: none; border: none; height: 1; padding: 0 1; background: $panel; }
    AreaFrame FilterInput:focus { border: none; }
    AreaFrame.-narrow #panes { layout: vertical; }
    AreaFrame.-narrow #list-pane { width: 1fr; height: 9fr; }
    AreaFrame.-narrow #detail-pane { width: 1fr; height: 11fr; border: none; }
    AreaFrame.-zoom-list #detail-pane { display: none; }
    AreaFrame.-zoom-list #list-pane { width: 1fr; }
    AreaFrame.-zoom-detail #list-pane { display: none; }
    AreaFrame.-zoom-detail #detail-pane { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "zoom", "Zoom", show=False, id="area.zoom", tooltip="Give the focused pane the whole screen"),
        Binding("y", "copy", "Copy", show=False, id="area.copy", tooltip="Copy the selected rows, or the line's value"),
        Binding("Y,ctrl+e", "save", "Save list", show=False, id="area.save", tooltip="Save all rows as CSV or JSON"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.filter_text = ""
        self.found_by = ""
        """The words that are looked for; empty while nobody searches."""

    def list_title(self) -> list[Span]:
        """What stands above the list, before its counts."""
        return [(area(self.AREA).label, "strong")]

    def detail_title(self) -> str:
        """What stands above the detail pane."""
        return "Details"

    # Structure

    def compose_body(self) -> ComposeResult:
        with Container(id="panes"):
            with Vertical(id="list-pane"):
                yield PaneTitle(id="list-title")
                yield WindowTable(self.COLUMNS, id=f"{self.AREA}-list")
                yield FilterInput(placeholder="Filter: every word must occur", select_on_focus=False)
            with Vertical(id="detail-pane"):
                yield PaneTitle(id="detail-title")
                yield DetailView(id="detail")

    @property
    def table(self) -> WindowTable:
        """The list."""
        return self.query_one(WindowTable)

    @property
    def pane(self) -> DetailView:
        """The detail pane."""
        return self.query_one("#detail", DetailView)

    def _write_titles(self) -> None:
        table = self.table
        spans = self._with_way(self.list_title())
        if table.loaded:
            spans.append((f"  {table.total:,}{'+' if table.still_counted else ''}", ""))
        if self.filter_text:
            spans.append((f"  /{clean(self.filter_text)}", "accent"))
        if self.found_by:
            spans.append((f"  ?{clean(self.found_by)}", "accent"))
        if table.selected:
            spans.append((f"  {len(table.selected)} selected", "accent"))
        list_title = self.query_one("#list-title", PaneTitle)
        list_title.title(*spans)
        list_title.focused(table.has_focus or self.query_one(FilterInput).has_focus)
        detail_title = self.query_one("#detail-title", PaneTitle)
        tone: Tone = "strong"
        detail_title.title((clean(self.detail_title()), tone))
        detail_title.focused(self.pane.has_focus)

    def own_crumbs(self) -> list[str]:
        """What stands in the title up to what the list is about."""
        names = [text for text, tone in self.list_title() if tone in ("muted", "strong")]
        last = next((place for place, (_, tone) in enumerate(self.list_title()) if tone == "strong"), 0)
        return [text for text in names[: last + 1] if text.strip() != _mark()]

    def _with_way(self, title: list[Span]) -> list[Span]:
        """The title of a list that was opened from another one, after the way to it."""
        way = self.way()
        if len(way) < 2:
            return title
        last = next((place for place, (_, tone) in enumerate(title) if tone == "strong"), 0)
        before = [span for name in way[:-1] for span in ((name, "muted"), (f" {_mark()} ", "muted"))]
        return [*before, (way[-1], "strong"), *title[last + 1 :]]  # type: ignore[list-item]

    def on_pane_title_clicked(self, message: PaneTitle.Clicked) -> None:
        """A click on a step of the way goes back to it."""
        message.stop()
        if message.pane.id != "list-title":
            self.pane.focus()
        else:
            self.go_along_way(message.x)

    def on_descendant_focus(self) -> None:
        self._write_titles()

    def action_zoom(self) -> None:
        name = "-zoom-detail" if self.pane.has_focus else "-zoom-list"
        on = not self.has_class(name)
        self.remove_class("-zoom-list", "-zoom-detail")
        self.set_class(on, name)

    def action_copy(self) -> None:
        if self.pane.has_focus:
            text = self.pane.current.copy if self.pane.current else self.pane.text
        elif self.table.selected and self.table.source is not None:
            copy_rows(self, self.table.source, self.table.selected, self.copy_of)
            return
        else:
            text = self.copy_of(self.table.cursor_row)
        if text:
            self.home.copy_to_clipboard(text)
            self.home.tell(f"Copied {clean(text[:60])}")

    def on_copied(self, message: Copied) -> None:
        """The selected rows, one on a line."""
        message.stop()
        self.home.copy_to_clipboard("\n".join(message.texts))
        self.home.tell(f"Copied {len(message.texts):,} {'row' if len(message.texts) == 1 else 'rows'}.")

    LISTED_BY: ClassVar[tuple[str, ...]] = ()
    """The command whose `--filter` lists the same rows, where there is one."""

    def list_twin(self, total: int) -> Twin | None:
        """Makes the call that lists the same rows, `total` of them; None where there is no such call."""
        del total
        if not self.LISTED_BY:
            return None
        return looking.words(*self.LISTED_BY, *flag("--filter", self.filter_text))

    def action_save(self) -> None:
        """Save the whole list as it is filtered."""
        table = self.table
        if table.source is None or not table.total:
            self.home.tell(self.needs_row() or "There is nothing to save.", severity="warning")
            return
        ask_to_save(self.home, table.source, self.AREA, table.total, self.list_twin(table.total))

    def copy_of(self, row: Any | None) -> str:
        """What copying a row gives: the name by which others find it."""
        return "" if row is None else str(getattr(row, "api_name", row.key))

    def needs_row(self) -> str:
        """The reason that most actions share: there is no row to act on."""
        return "" if self.table.cursor_row is not None else "The list is empty."


def _mark() -> str:
    return SIGNS.pick("▸", ">")
