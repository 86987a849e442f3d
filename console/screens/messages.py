"""The messages of one queue, opened from Queues."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.queues import message_document
from console.details.texts import short, state
from console.doing.queues import check_signature, read_message
from console.modals.dialog import Dialog
from console.screens.explaining import EXPLAIN, explain_message
from console.screens.later import AskingScreen
from console.screens.tracing import TRACE, TracesRecords
from console.theme import SIGNS
from console.widgets.columns import Column, Span, number
from console.widgets.document import Document
from console.widgets.paint import clean
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.screens.tracing import Records
    from models.queries.window import Key, Listing


class MessagesScreen(TracesRecords, AskingScreen):
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
    ACTIONS: ClassVar = (
        Action("signature", "c", "Check signature", "Verify the signature of this message"),
        EXPLAIN,
        TRACE,
    )
    BINDINGS = bindings("messages", ACTIONS)

    def __init__(self, queue_id: int, label: str = "", *, key: Key | None = None) -> None:
        super().__init__()
        self._queue_id = queue_id
        self._label = label
        self._wanted_key = key

    def list_title(self) -> list[Span]:
        label = self._label or (self.detail.detail.queue if self.detail else "")
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
            return read_message(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return message_document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.message_id)

    def why_not_signature(self) -> str:
        return self.needs_row()

    def do_signature(self) -> None:
        row, store = self.table.cursor_row, self.home.store
        if row is not None and store is not None:
            job = partial(check_signature, store, self.home.session.vault_id, row.key)
            self.work_then(job, self._show_verdict)

    def _show_verdict(self, lines: tuple[str, ...]) -> None:
        self.home.push_screen(Dialog("Signature", [line for line in lines if line]))

    def why_not_explain(self) -> str:
        return self.needs_row()

    def do_explain(self) -> None:
        if (row := self.table.cursor_row) is not None:
            explain_message(self.home, row.key, f"message {row.message_id[:8]}")

    def records_of(self, row: Any) -> tuple[str, Callable[[StoreSession, int], Records]]:
        key = row.key

        def read(session: StoreSession, vault_id: int) -> Records:
            from models.queries.traceable import items_of_message

            return items_of_message(session, vault_id, key)

        return f"message {row.message_id[:8]}", read
