"""Queues: what waits, what was delivered, and the messages themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console import commands
from console.actions import Action, bindings
from console.details.queues import document
from console.details.texts import active, failed
from console.doing.queues import read_page
from console.permissions import SPARK_QUEUES
from console.screens.messages import QueueMessagesScreen
from console.screens.queue_actions import ACTIONS as EVERY_QUEUE_ACTION
from console.screens.queue_actions import QueueActions
from console.screens.trends import TRENDS, ShowsTrends
from console.theme import SIGNS
from console.widgets.columns import Cell, Column, number
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.queues import QueueRow
    from models.queries.window import Listing


def _type(row: QueueRow) -> Cell:
    symbol, _ = SIGNS.symbol(row.type)
    return f"{symbol} {'In' if row.type == 'inbound' else 'Out'}"


def _status(row: QueueRow) -> Cell:
    if row.active and not row.delivery_enabled:
        return SIGNS.pick("‖ Held", "= Held"), "warn"
    return active(row.active)


class QueuesScreen(QueueActions, ShowsTrends):
    """The queues of the Vault in use."""

    AREA = "queues"
    LISTED_BY = ("queues", "list")
    EMPTY = "This Vault has no Spark queues. “{queues.create}” makes one."
    FIRST_SORT = "label"
    COLUMNS = (
        Column("Label", lambda row: row.label, 22, flex=3, sort="label"),
        Column("Type", _type, 5, sort="type"),
        Column("Status", _status, 10, sort="status"),
        Column("Queued", lambda row: (f"{row.queued:,}", "accent") if row.queued else number(0), 6, "right"),
        Column("Passed", lambda row: number(row.left), 6, "right"),
        Column("Removed", lambda row: failed(row.removed), 7, "right", rank=1),
    )
    LIST_TOPICS = frozenset({Topic.QUEUES, Topic.MESSAGES, Topic.CONNECTIONS})
    ACTIONS: ClassVar = (
        Action("messages", "m", "Messages", "List the messages of this queue"),
        Action("toggle", "a", "Activate", "Let the queue accept messages, or not", permission=SPARK_QUEUES),
        Action(
            "delivery", "d", "Delivery", "Let an outbound queue deliver, or hold its messages", permission=SPARK_QUEUES
        ),
        *EVERY_QUEUE_ACTION,
        TRENDS,
    )
    BINDINGS = bindings("queues", ACTIONS)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id

        def make() -> Listing[Any]:
            from models.queries.queues import listing

            return listing(vault_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            return read_page(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def open_row(self, row: Any) -> None:
        self.app.push_screen(QueueMessagesScreen(row.key, row.label))

    def why_not_messages(self) -> str:
        return self.needs_row()

    def do_messages(self) -> None:
        if (row := self.table.cursor_row) is not None:
            self.open_row(row)

    def why_not_toggle(self) -> str:
        return self.needs_row()

    def do_toggle(self) -> None:
        if (row := self.table.cursor_row) is not None:
            name, wanted = row.label, not row.active
            self.home.perform(partial(commands.set_queue_active, queue_id=row.key, name=name, active=wanted))

    def why_not_delivery(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.type == "outbound" else "Only outbound queues can be held: an inbound queue is never paused."

    def do_delivery(self) -> None:
        if (row := self.table.cursor_row) is not None:
            wanted = not row.delivery_enabled
            self.home.perform(partial(commands.set_delivery, queue_id=row.key, name=row.label, enabled=wanted))
