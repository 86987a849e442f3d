"""Exceptions: what could not be applied, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console import commands
from console.actions import Action, bindings
from console.details.exceptions import document
from console.details.texts import failed, short
from console.permissions import MANAGE_INTEGRATIONS, READ_EXCEPTIONS
from console.screens.area import AreaScreen
from console.theme import SIGNS
from console.widgets.columns import Column, Span, number
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Key, Listing


class ExceptionsScreen(AreaScreen):
    """The user exception messages of the Vault in use, the newest first."""

    AREA = "exceptions"
    EMPTY = "No user exception messages: everything that arrived was applied."
    COLUMNS = (
        Column("", lambda row: SIGNS.symbol("unresolved" if row.active else "resolved"), 1),
        Column("Created", lambda row: short(row.created_at), 14),
        Column("Message", lambda row: row.name, 16, flex=2),
        Column("Error", lambda row: row.error_message, 16, flex=3, rank=1),
        Column("Items", lambda row: number(row.received), 5, "right"),
        Column("Open", lambda row: failed(row.open_items), 5, "right"),
    )
    LIST_TOPICS = frozenset({Topic.EXCEPTIONS})
    SEEN_WITH = READ_EXCEPTIONS
    ACTIONS: ClassVar = (
        Action(
            "retry",
            "R",
            "Retry",
            "Try the open items again: of the selected messages, or of this one",
            permission=(READ_EXCEPTIONS, MANAGE_INTEGRATIONS),
        ),
        Action("active", "o", "Only active", "List only messages that are still active, or all"),
        Action("everywhere", "c", "All connections", "List the messages of all connections again", shown=False),
    )
    BINDINGS = bindings("exceptions", ACTIONS)

    def __init__(self) -> None:
        super().__init__()
        self._active_only = False
        self._connection_id: int | None = None

    def list_title(self) -> list[Span]:
        title = super().list_title()
        if self._active_only:
            title.append(("  only active", "accent"))
        if self._connection_id is not None:
            title.append(("  of one connection", "accent"))
        return title

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id
        active_only, connection_id = self._active_only, self._connection_id
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.exceptions import listing

            return listing(vault_id, text=text, active_only=active_only, connection_id=connection_id)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.exceptions import detail

            return detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def show_connection(self, connection_id: int) -> None:
        """List the active messages of one connection: those that its count counted."""
        self._active_only, self._connection_id = True, connection_id
        if self.is_mounted:
            self._put_filter("")
            self.show_list()

    def seek(self, key: Key) -> None:
        self._active_only, self._connection_id = False, None
        super().seek(key)

    def why_not_retry(self) -> str:
        if self.table.selected:
            return ""
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.active else "This message is Inactive: all its items have passed."

    def do_retry(self) -> None:
        row = self.table.cursor_row
        keys = tuple(int(key) for key in self.table.selected) or ((row.key,) if row is not None else ())
        self.home.perform(partial(commands.retry_exceptions, keys=keys))
        self.table.clear_selection()

    def do_active(self) -> None:
        self._active_only = not self._active_only
        self.show_list(keep=True)

    def why_not_everywhere(self) -> str:
        return "" if self._connection_id is not None else "All connections are listed already."

    def do_everywhere(self) -> None:
        self._connection_id = None
        self.show_list(keep=True)

    def leave(self) -> None:
        if self._connection_id is not None:
            self.do_everywhere()
