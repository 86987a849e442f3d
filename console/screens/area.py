"""What all areas share: a list and the details of its row, a filter, and how both follow the store while jobs run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from console.screens.chrome import WARM_UP
from console.screens.finding import FindingScreen
from console.screens.frame import FilterInput
from console.targets import EditField, Goto
from console.widgets.detail_view import DetailView
from console.widgets.document import Document, Note
from console.widgets.paint import clean
from console.widgets.window_source import StoreSource
from console.widgets.window_table import WindowTable
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.feed import Change
    from models.queries.window import Key, Listing

DETAIL_AFTER = 0.06
"""Seconds that the cursor rests on a row before its details are read: holding a key down reads nothing."""
FILTER_AFTER = (0.02, 0.08)
"""Seconds after the last key until the list is narrowed, at least and at most: half of what the last time took."""


class AreaScreen(FindingScreen):
    """A list and the details of its highlighted row. An area says what to list and how a row reads."""

    LIST_TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    """What changes the list and the details."""
    ANY_VAULT: ClassVar[frozenset[Topic]] = frozenset()
    """Topics that count whichever Vault they are about."""
    EMPTY: ClassVar[str] = "Nothing here."
    FIRST_SORT: ClassVar[str] = ""
    NEWEST_FIRST: ClassVar[str] = ""
    """The sort of a list whose own order is that in which its rows came, the newest first; it can be turned round."""
    SEEN_WITH: ClassVar[str] = ""
    """The permission that the list needs, where it needs one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="area.filter", tooltip="Narrow the list as you type"),
        Binding("ctrl+g", "goto", "Go to row", show=False, id="area.goto", tooltip="To a row by place, key or time"),
        Binding("escape", "back", "Back", show=False, id="area.back", tooltip="Back: to the list, without the filter"),
    ]

    class DetailRead(Message, bubble=False):
        """The details of a row have been read."""

        def __init__(self, key: Key, generation: int, read: tuple[Any, Document] | None) -> None:
            super().__init__()
            self.key = key
            self.generation = generation
            self.read = read

    def __init__(self) -> None:
        super().__init__()
        self.detail: Any | None = None
        """The frozen row behind the detail pane."""
        self._not_shown = ""
        self._shown_vault: int | None = None
        self._detail_key: Key | None = None
        self._read_key: Key | None = None
        self._detail_timer: Timer | None = None
        self._filter_timer: Timer | None = None
        self._wanted_key: Key | None = None
        self._filter_after, self._filtered_at = FILTER_AFTER[0], 0.0
        """How long the next change of the filter waits, and when the last one was; 0 once its rows are there."""

    # What an area says about itself

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        """What to list, made in a thread."""
        raise NotImplementedError

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        """How to read one row's details, in a thread."""
        raise NotImplementedError

    def document(self, detail: Any) -> Document:
        """How details read; called in a thread, with no look at the screen."""
        raise NotImplementedError

    @property
    def empty_text(self) -> str:
        """What a list without rows says, with the keys as they are mapped."""
        return self.home.written(self.EMPTY)

    @property
    def no_match(self) -> str:
        """What a list says in which the filter left nothing."""
        return f"No match for “{clean(self.filter_text)}”. Esc takes the filter away."

    def on_mount(self) -> None:
        self.query_one(FilterInput).cursor_blink = False
        self.table.sort, self.table.descending = self.FIRST_SORT or self.NEWEST_FIRST, bool(self.NEWEST_FIRST)
        self.table.empty_text = self.empty_text
        self.table.focus()
        self.write_bars()
        self._write_titles()

    # Reading

    def show_list(self, *, keep: bool = False) -> None:
        """Show the list anew, for the Vault in use and the filter as it is."""
        session = self.home.session
        store = self.home.store
        if store is None:
            return
        self._shown_generation, self._stale = session.generation, False
        if session.vault is None:
            self.table.show_nothing("This lab has no Vault yet. “vault-console seed” fills it.")
            return
        self._not_shown = session.lacks(self.permission(self.SEEN_WITH)) if self.SEEN_WITH else ""
        if self._not_shown:
            self.table.show_nothing(self._not_shown)
            return
        table = self.table
        table.empty_text = self.no_match if self.filter_text else self.empty_text
        table.show(StoreSource(store, self._listed()), key=self._wanted_key, keep=keep, early=bool(self._filtered_at))
        self._wanted_key = None

    def _listed(self) -> Callable[[], Listing[Any]]:
        table = self.table
        making = self.listing(self.filter_text, table.sort, table.descending)
        turned = self.NEWEST_FIRST and table.sort == self.NEWEST_FIRST and not table.descending
        return (lambda: replace(making(), descending=False)) if turned else making

    def warm_up(self) -> None:
        store, session = self.home.store, self.home.session
        if store is None or session.vault is None:
            return
        if self.SEEN_WITH and session.lacks(self.permission(self.SEEN_WITH)):
            return
        making = self._listed()

        def job() -> None:
            from models.queries.lab import ask

            listing = making()

            def first(session: StoreSession) -> Any | None:
                return next(iter(listing.page(session, 0, 1, 1)), None) if listing.count(session) else None

            row = ask(store, first)
            detail = None if row is None else ask(store, self.reading(row.key))
            if detail is not None:
                self.document(detail)

        # What goes wrong here is told when somebody comes: then it is read in earnest.
        self.run_worker(job, thread=True, group=WARM_UP, exit_on_error=False)

    def show_anew(self) -> None:
        vault_id = self.home.session.vault_id
        # Within a Vault, such as after a change of its settings or for another user, the cursor stays on its row.
        same, self._shown_vault = vault_id == self._shown_vault, vault_id
        self.remember_filter(vault_id, wanted=self._wanted_key is not None)
        self.show_list(keep=same)

    def refresh_from_store(self) -> None:
        """Read list and details again; everything stays in its place."""
        self.table.reload()
        if self._detail_key is not None:
            self._read_detail()

    def concerns(self, change: Change) -> bool:
        if change.topic in self.ANY_VAULT:
            return True
        return change.topic in self.LIST_TOPICS and change.vault_id in (self.home.session.vault_id, None)

    def on_window_table_highlighted(self, message: WindowTable.Highlighted) -> None:
        message.stop()
        row = message.row
        if self._detail_timer is not None:
            self._detail_timer.stop()
            self._detail_timer = None
        if row is None:
            self._detail_key, self.detail = None, None
            self.pane.show((Note(self._not_shown, "warn"),) if self._not_shown else ())
            return
        first = self._detail_key is None
        fresh = row.key != self._detail_key
        self._detail_key = row.key
        if first or not fresh:
            self._read_detail()
        else:
            self._detail_timer = self.set_timer(DETAIL_AFTER, self._read_detail)

    @property
    def settled(self) -> bool:
        """Whether nothing is about to be read: no row is being rested on, no filter is being typed."""
        return self._detail_timer is None and self._filter_timer is None

    def _read_detail(self) -> None:
        self._detail_timer = None
        key, store = self._detail_key, self.home.store
        if key is None or store is None:
            return
        reading = self.reading(key)

        def job() -> tuple[Any, Document] | None:
            from models.queries.lab import ask

            detail = ask(store, reading)
            return None if detail is None else (detail, self.document(detail))

        answer = partial(self.DetailRead, key, self.home.session.generation)
        in_thread(self, job, answer, group="detail", exclusive=True)

    def on_area_screen_detail_read(self, message: DetailRead) -> None:
        if message.key != self._detail_key:
            return
        if message.generation != self.home.session.generation:
            # Read for somebody else, or before the Vault itself changed.
            self._read_detail()
            return
        if message.read is None:
            self.detail = None
            self.pane.say("This is no longer there.")
            return
        before = self.detail
        self.detail, document = message.read
        same = before is not None and self._read_key == message.key
        self._read_key = message.key
        self.pane.show(document, same=same)
        self._write_titles()

    def on_window_table_counted(self, message: WindowTable.Counted) -> None:
        message.stop()
        self._write_titles()
        if self._filtered_at:
            least, most = FILTER_AFTER
            self._filter_after = min(most, max(least, (monotonic() - self._filtered_at) / 2))
            self._filtered_at = 0.0
        self.home.first_data_is_on_screen()

    def on_window_table_sort_asked(self, message: WindowTable.SortAsked) -> None:
        message.stop()
        table = self.table
        table.descending = not table.descending if message.sort == table.sort else False
        table.sort = message.sort
        table.refresh()
        self.show_list(keep=True)

    def on_window_table_opened(self, message: WindowTable.Opened) -> None:
        message.stop()
        self.open_row(message.row)

    def open_row(self, _row: Any) -> None:
        """Go into a row: to its details."""
        if self.has_class("-zoom-list"):
            self.remove_class("-zoom-list")
        self.pane.focus()

    def seek(self, key: Key) -> None:
        """Put the cursor on a row, now or once the list is there; a filter that would hide it goes."""
        self._wanted_key = key
        if self.filter_text:
            self._put_filter("")
        if self._shown_generation == self.home.session.generation and self.is_mounted:
            self.show_list()

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        message.stop()
        match message.target:
            case Goto():
                self.home.go_to(message.target)
            case EditField():
                self.edit_field(message.target.name)

    def edit_field(self, name: str) -> None:
        """Edit a field of what is shown; only records can."""

    # Filter

    def action_filter(self) -> None:
        line = self.query_one(FilterInput)
        line.display = True
        self.remove_class("-zoom-detail")
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._filter_timer is not None:
            self._filter_timer.stop()
        self._filter_timer = self.set_timer(self._filter_after, partial(self._filter_to, event.value))

    def _filter_to(self, text: str) -> None:
        self._filter_timer = None
        if text != self.filter_text:
            self.filter_text = text
            self._write_titles()
            self._filtered_at = monotonic()
            self.show_list(keep=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep_filter()

    def action_keep_filter(self) -> None:
        line = self.query_one(FilterInput)
        self._filter_to(line.value)
        self.keep_filter_text()
        self.table.focus()
        line.display = False

    def action_clear_filter(self) -> None:
        self._put_filter("")
        self.table.focus()
        self.show_list(keep=True)

    def _put_filter(self, text: str) -> None:
        line = self.query_one(FilterInput)
        with line.prevent(Input.Changed):
            line.value = text
        line.display = False
        self.filter_text = text
        self._write_titles()

    # Going to a row

    GOTO: ClassVar[str] = "its key, or a time such as 2026-01-31 12:00, 12:00 or -2h."
    """What a row can be found by, beside its place."""

    def action_goto(self) -> None:
        from console.modals.goto import Found, GotoPrompt

        store, table = self.home.store, self.table
        if store is None:
            return
        making = self._listed()

        def seek(text: str) -> Key | None:
            from models.queries.lab import ask

            return ask(store, making().go_to, text, store.clock.now())

        def chosen(where: int | Found | None) -> None:
            if isinstance(where, Found):
                table.seek(where.key)
            elif where is not None:
                table.move_cursor(where - 1)

        self.home.push_screen(GotoPrompt(table.total, self.GOTO, seek), chosen)

    # Keys that all areas share

    def action_back(self) -> None:
        if self.has_class("-zoom-list") or self.has_class("-zoom-detail"):
            self.remove_class("-zoom-list", "-zoom-detail")
        elif self.pane.has_focus:
            self.table.focus()
        elif self.table.selected:
            self.table.clear_selection()
        elif self.found_by:
            self.end_search()
        elif self.filter_text:
            self.action_clear_filter()
        else:
            self.leave()
