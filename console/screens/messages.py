"""The messages of one queue, opened from Queues."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.details.queues import message_document
from console.details.texts import short, state
from console.screens.area import AreaScreen
from console.theme import SIGNS
from console.widgets.columns import Column, Span, number
from console.widgets.document import Document
from console.widgets.paint import clean
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Key, Listing


class MessagesScreen(AreaScreen):
    """The messages of a queue, the newest first."""

    AREA = "queues"
    HELP = "Messages of one queue, the newest first. Esc goes back to the queues."
    EMPTY = "No message has passed through this queue yet."
    COLUMNS = (
        Column("Entered", lambda row: short(row.entered_at), 14),
        Column("Message", lambda row: row.message_id, 8, flex=1),
        Column("State", lambda row: state(row.state), 11),
        Column("Object", lambda row: row.object_name, 14, flex=1),
        Column("Items", lambda row: number(row.items), 5, "right"),
        Column("Tries", lambda row: number(row.attempts), 5, "right", rank=1),
    )
    LIST_TOPICS = frozenset({Topic.MESSAGES, Topic.QUEUES})

    def __init__(self, queue_id: int, label: str = "", *, key: Key | None = None) -> None:
        super().__init__()
        self._queue_id = queue_id
        self._label = label
        self._wanted_key = key

    def list_title(self) -> list[Span]:
        label = self._label or (self.detail.queue if self.detail else "")
        return [("Queues", "muted"), (f" {SIGNS.pick('▸', '>')} ", "muted"), (clean(label) or "Messages", "strong")]

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, queue_id = self.home.session.vault_id, self._queue_id
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.queues import message_listing

            return message_listing(vault_id, queue_id, text=text)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.queues import message_detail

            return message_detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return message_document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.message_id)

    def leave(self) -> None:
        self.app.pop_screen()
