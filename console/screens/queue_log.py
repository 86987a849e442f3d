"""The Queue Log: removals, traced deliveries and refusals of a day, opened from Queues."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.queue_log import document
from console.details.texts import short
from console.doing import queues as doing
from console.permissions import QUEUE_LOG, SPARK_QUEUES
from console.screens.area import AreaScreen
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin
from console.widgets.columns import Column, Span, number
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Listing


class QueueLogScreen(AreaScreen):
    """The Queue Log of the Vault in use, the newest first."""

    AREA = "queues"
    HELP = "Kept for 30 days. {queue_log.earlier} and {queue_log.later} go by days, {queue_log.all} shows all."
    EMPTY = (
        "The Queue Log has no entries: no message was removed, and nothing was traced. “{queues.trace}” in Queues "
        "traces one."
    )
    NEWEST_FIRST = "time"
    COLUMNS = (
        Column("Timestamp", lambda row: short(row.timestamp), 14, sort="time"),
        Column("Type", lambda row: (row.entry_type, "" if row.entry_type == "TRACE" else "bad"), 8),
        Column("Queue", lambda row: row.queue_name, 14, flex=2),
        Column("Message", lambda row: row.message_id, 8, flex=1),
        Column("Tries", lambda row: number(row.attempts), 5, "right", rank=1),
    )
    LIST_TOPICS = frozenset({Topic.MESSAGES, Topic.QUEUES})
    SEEN_WITH = QUEUE_LOG
    ACTIONS: ClassVar = (
        Action("back", "b", "Put back", "Put this message back on its queue", permission=SPARK_QUEUES),
        Action("earlier", "left", "Day before", "The entries of the day before"),
        Action("later", "right", "Day after", "The entries of the day after"),
        Action("all", "a", "All days", "All entries that are kept"),
    )
    BINDINGS = bindings("queue_log", ACTIONS)

    def __init__(self) -> None:
        super().__init__()
        self._day: date | None = None

    def list_title(self) -> list[Span]:
        title: list[Span] = [("Queues", "muted"), (f" {SIGNS.pick('▸', '>')} ", "muted"), ("Queue Log", "strong")]
        title.append((f"  {self._day:%a %Y-%m-%d}" if self._day else "  all days", "accent"))
        return title

    def list_twin(self, total: int) -> Twin | None:
        del total
        if self.filter_text or self._day is None:
            return None
        return looking.words("queues", "log", "--day", self._day.isoformat())

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, day = self.home.session.vault_id, self._day
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.queue_detail import log_listing

            return log_listing(vault_id, day=day, text=text)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.queue_detail import log_listing

            listing = log_listing(vault_id)
            place = listing.position(session, key)
            if place is None:
                return None
            return next(iter(listing.page(session, place, 1, listing.count(session))), None)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.message_id)

    def _turn(self, days: int) -> None:
        today = self.home.now().date()
        self._day = today if self._day is None else min(today, self._day + timedelta(days=days))
        self.show_list()
        self._write_titles()

    def do_earlier(self) -> None:
        self._turn(-1)

    def why_not_later(self) -> str:
        return "" if self._day is not None and self._day < self.home.now().date() else "There is no later day."

    def do_later(self) -> None:
        self._turn(1)

    def do_all(self) -> None:
        self._day = None
        self.show_list()
        self._write_titles()

    def why_not_back(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        if row.entry_type != "REMOVAL":
            what = "A traced delivery" if row.entry_type == "TRACE" else "What this Vault refused"
            return f"{what} is no removal: there is nothing to put back."
        return "This message has been put back." if row.put_back_at else ""

    def do_back(self) -> None:
        if (row := self.table.cursor_row) is not None:
            self.home.perform(partial(doing.put_back, entry_id=row.key))
