"""Following a list as its rows come: the newest on top, held still by a pause that loses nothing.

A pause puts a ceiling on the list: rows that come later are counted, not shown. Taking the ceiling away shows them all,
because the list has always been a window over the store.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from console.actions import Action
from console.screens.area import AreaScreen
from console.theme import SIGNS
from console.widgets.columns import Span
from console.widgets.window_table import WindowTable
from console.work import Failed, in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Key

FOLLOW = Action("follow", "f", "Follow", "Follow the newest as they come; again to hold the list still, and to go on")


class FollowingScreen(AreaScreen):
    """A list in the order in which its rows come, the newest first, that can be followed."""

    class Fresh(Message, bubble=False):
        """How many rows have come since the pause."""

        def __init__(self, held: int, number: int) -> None:
            super().__init__()
            self.held = held
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self.following = False
        self.held: int | None = None
        """The newest row of the list that is held still; None while nothing is held."""
        self.fresh = 0
        self._counting = self._count_again = False
        self._last_top = 0

    def counting(self, after: int) -> Callable[[StoreSession], int]:
        """How to count the rows that have come after one, in a thread."""
        raise NotImplementedError

    def following_title(self) -> list[Span]:
        """What the title of the list says about following."""
        if not self.following:
            return []
        if self.held is None:
            return [(f"  {SIGNS.pick('▶', '>')} following", "ok")]
        spans: list[Span] = [(f"  {SIGNS.pick('‖', '=')} paused", "warn")]
        return [*spans, (f"  {self.fresh:,} new", "accent" if self.fresh else "muted")]

    def do_follow(self) -> None:
        """Follow, pause, go on."""
        if not self.following:
            self._follow()
        elif self.held is None:
            self._pause()
        else:
            self._go_on()

    def _follow(self) -> None:
        self.following = True
        self.table.sort, self.table.descending = self.NEWEST_FIRST, True
        self._go_on()

    def _pause(self) -> None:
        first = self.table.first_row
        # A list that is empty is held empty.
        self.held = self._last_top if first is None and self.table.total else int(first.key) if first else 0
        self.fresh = 0
        self.show_list(keep=True)
        self._write_titles()
        self._count()

    def _go_on(self) -> None:
        self.held, self.fresh = None, 0
        self.table.clear_selection()
        self.show_list()
        self._write_titles()

    def stop_following(self) -> None:
        """Follow no longer; the list goes on living under the cursor."""
        was_held, self.following, self.held, self.fresh = self.held, False, None, 0
        if was_held is not None:
            self.show_list(keep=True)
        self._write_titles()

    def action_back(self) -> None:
        if self.following and self.table.has_focus and not self.table.selected:
            self.stop_following()
        else:
            super().action_back()

    def show_anew(self) -> None:
        self.held, self.fresh = None, 0
        super().show_anew()

    def seek(self, key: Key) -> None:
        self.following, self.held, self.fresh = False, None, 0
        super().seek(key)

    def on_window_table_sort_asked(self, _message: WindowTable.SortAsked) -> None:
        if self.following:
            self.stop_following()

    def on_window_table_counted(self, _message: WindowTable.Counted) -> None:
        if (first := self.table.first_row) is not None:
            self._last_top = int(first.key)

    def refresh_from_store(self) -> None:
        if not self.following:
            super().refresh_from_store()
        elif self.held is None:
            self.table.show_top()
        else:
            self._count()

    def _count(self) -> None:
        """Count what has come since the pause: one count at a time, and one more when something came meanwhile."""
        store, held = self.home.store, self.held
        if store is None or held is None:
            return
        if self._counting:
            self._count_again = True
            return
        self._counting, self._count_again = True, False
        reading = self.counting(held)

        def job() -> int:
            from models.queries.lab import ask

            return ask(store, reading)

        in_thread(self, job, partial(self.Fresh, held), group="fresh")

    def on_following_screen_fresh(self, message: Fresh) -> None:
        self._counting = False
        if message.held == self.held and message.number != self.fresh:
            self.fresh = message.number
            self._write_titles()
        if self._count_again:
            self._count()

    def on_failed(self, message: Failed) -> None:
        """The app tells of it; counting may be tried again."""
        if message.group == "fresh":
            self._counting = False
