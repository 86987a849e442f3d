"""What surrounds every area: header, areas, two panes with titles, footer; zoom, copy and the way to actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Footer, Input

from console.actions import Action, disabled, named
from console.areas import area
from console.theme import Tone
from console.widgets.bars import NARROW, AreaBar, ClockBar, HeaderBar, NoticeBar, PaneTitle, VaultBar
from console.widgets.columns import Column, Span
from console.widgets.detail_view import DetailView
from console.widgets.paint import clean
from console.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from console.app import ConsoleApp


class FilterInput(Input):
    """The filter line below a list."""

    HELP = "Narrows the list to rows that hold every word. Enter keeps the filter, Esc takes it away."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.clear_filter", "Clear", id="filter.clear", tooltip="Take the filter away"),
        Binding("down", "screen.keep_filter", "List", show=False, id="filter.keep", tooltip="To the list"),
    ]


class AreaFrame(Screen[None]):
    """A screen with a list and a detail pane, and all that stands around them."""

    AREA: ClassVar[str] = ""
    COLUMNS: ClassVar[Sequence[Column]] = ()
    ACTIONS: ClassVar[Sequence[Action]] = ()
    DEFAULT_CSS = """
    AreaFrame { layout: vertical; background: $background; }
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
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "zoom", "Zoom", show=False, id="area.zoom", tooltip="Give the focused pane the whole screen"),
        Binding("y", "copy", "Copy", show=False, id="area.copy", tooltip="Copy the row's key or the line's value"),
        Binding("tab", "app.focus_next", "Next pane", show=False, id="area.next", tooltip="To the other pane"),
        Binding("shift+tab", "app.focus_previous", "Pane before", show=False, id="area.previous", tooltip="Other pane"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.filter_text = ""
        self._bindings_for = (-1, 0)

    @property
    def home(self) -> ConsoleApp:
        """The app, under its own type."""
        return cast("ConsoleApp", self.app)

    def list_title(self) -> list[Span]:
        """What stands above the list, before its counts."""
        return [(area(self.AREA).label, "strong")]

    def detail_title(self) -> str:
        """What stands above the detail pane."""
        return "Details"

    # Structure

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield AreaBar(self.AREA)
        yield NoticeBar()
        yield from self.compose_above()
        with Container(id="panes"):
            with Vertical(id="list-pane"):
                yield PaneTitle(id="list-title")
                yield WindowTable(self.COLUMNS, id=f"{self.AREA}-list")
                yield FilterInput(placeholder="Filter: every word must occur", select_on_focus=False)
            with Vertical(id="detail-pane"):
                yield PaneTitle(id="detail-title")
                yield DetailView(id="detail")
        yield Footer(show_command_palette=False)

    def compose_above(self) -> Iterable[Any]:
        """Widgets between the areas and the panes."""
        return ()

    @property
    def table(self) -> WindowTable:
        """The list."""
        return self.query_one(WindowTable)

    @property
    def pane(self) -> DetailView:
        """The detail pane."""
        return self.query_one("#detail", DetailView)

    # Bars

    def write_bars(self) -> None:
        """Write header, areas and notice anew."""
        session, wide = self.home.session, self.size.width >= NARROW
        if (session.generation, self.size.width) != self._bindings_for:
            self._bindings_for = (session.generation, self.size.width)
            self.refresh_bindings()
        for vault_bar in self.query(VaultBar):
            vault_bar.show(session, wide)
        for area_bar in self.query(AreaBar):
            area_bar.show(session, wide)
        for notice in self.query(NoticeBar):
            notice.say(session.viewer_reason)
        self.write_clock()

    def write_clock(self) -> None:
        """Write the clock alone: the only thing that ticks."""
        for clock_bar in self.query(ClockBar):
            clock = self.home.clock_reading
            clock_bar.show(
                clock.now, clock.speed, paused=clock.paused, session=self.home.session, wide=self.size.width >= NARROW
            )

    def _write_titles(self) -> None:
        table = self.table
        spans = self.list_title()
        if table.loaded:
            spans.append((f"  {table.total:,}", ""))
        if self.filter_text:
            spans.append((f"  /{clean(self.filter_text)}", "accent"))
        if table.selected:
            spans.append((f"  {len(table.selected)} selected", "accent"))
        list_title = self.query_one("#list-title", PaneTitle)
        list_title.title(*spans)
        list_title.focused(table.has_focus or self.query_one(FilterInput).has_focus)
        detail_title = self.query_one("#detail-title", PaneTitle)
        tone: Tone = "strong"
        detail_title.title((clean(self.detail_title()), tone))
        detail_title.focused(self.pane.has_focus)

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
        else:
            text = self.copy_of(self.table.cursor_row)
        if text:
            self.home.copy_to_clipboard(text)
            self.home.tell(f"Copied {clean(text[:60])}")

    def copy_of(self, row: Any | None) -> str:
        """What copying a row gives: the name by which others find it."""
        return "" if row is None else str(getattr(row, "api_name", row.key))

    def action_do(self, name: str) -> None:
        if why_not := self.why_not(name):
            self.home.tell(why_not, severity="warning")
            return
        getattr(self, f"do_{name}")()

    def why_not(self, name: str) -> str:
        """Why an action cannot be done now; empty when it can."""
        action = next((action for action in self.ACTIONS if action.name == name), None)
        if action is not None and (lacking := self.lacking(action)):
            return lacking
        check = getattr(self, f"why_not_{name}", None)
        return str(check()) if check else ""

    def lacking(self, action: Action) -> str:
        """Why the acting user may not do an action, whatever it is done to; empty when he may."""
        return self.home.session.lacks(*map(self.permission, action.permissions), changes=action.changes)

    def permission(self, label: str) -> str:
        """The label of a permission as it is meant here."""
        return label

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The bindings that hold now, those that would be refused as disabled: the footer shows them so.

        What the footer has no room for is not shown there: the way to all actions and to help never gives way.
        """
        found = disabled(super().active_bindings, self._why_disabled)
        shown = [key for key, active in found.items() if active.binding.show]
        room = self.size.width - sum(self._cells(found[key].binding) for key in shown)
        own = [key for key in shown if named(self.ACTIONS, found[key].binding.action) and found[key].node is self]
        while room < 0 and own:
            active = found[own.pop()]
            room += self._cells(active.binding)
            found[active.binding.key] = active._replace(binding=replace(active.binding, show=False))
        return found

    def _cells(self, binding: Binding) -> int:
        """How wide the footer writes a binding."""
        return len(self.app.get_key_display(binding)) + len(binding.description) + 3

    def _why_disabled(self, node: object, command: str) -> str:
        if node is self and (action := named(self.ACTIONS, command)) is not None:
            return self.lacking(action)
        if node is self.app and (action := named(self.home.ACTIONS, command)) is not None:
            return self.home.why_not(action)
        return ""

    def needs_row(self) -> str:
        """The reason that most actions share: there is no row to act on."""
        return "" if self.table.cursor_row is not None else "The list is empty."
