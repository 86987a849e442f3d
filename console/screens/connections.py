"""Connections: partners of the Vault, and what moved between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.connections import document
from console.details.texts import failed, state
from console.doing.connections import read_page
from console.permissions import MANAGE_INTEGRATIONS
from console.screens.connection_actions import ACTIONS as EVERY_CONNECTION_ACTION
from console.screens.connection_actions import VAULT_TO_VAULT, ConnectionActions
from console.screens.doctoring import open_doctor
from console.screens.runs import ask_for_run
from console.screens.split import SplitScreen
from console.theme import SIGNS
from console.widgets.columns import Cell, Column, number
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.connections import ConnectionRow
    from models.queries.window import Listing


def _type(row: ConnectionRow) -> Cell:
    symbol, _ = SIGNS.symbol(row.type)
    if row.type == "vault_to_vault__sys":
        return f"{symbol} {row.remote}" if row.remote else (f"{symbol} not yet", "muted")
    return f"{symbol} {SIGNS.sign(row.type).word}"


class ConnectionsScreen(ConnectionActions):
    """The connections of the Vault in use."""

    AREA = "connections"
    LISTED_BY = ("connections", "list")
    EMPTY = "This Vault has no connections. “{connections.create}” makes one."
    FIRST_SORT = "name"
    COLUMNS = (
        Column("Name", lambda row: row.name, 14, flex=3, sort="name"),
        Column("State", lambda row: state(row.state), 12, sort="state"),
        Column("Remote Vault", _type, 14, flex=1, sort="remote", rank=1),
        Column("Sent", lambda row: number(row.sent), 5, "right"),
        Column("Rcvd", lambda row: number(row.received), 5, "right"),
        Column("Exc", lambda row: failed(row.exceptions), 4, "right"),
    )
    LIST_TOPICS = frozenset(
        {
            Topic.CONNECTIONS,
            Topic.INTEGRATIONS,
            Topic.STATS,
            Topic.EXCEPTIONS,
            Topic.QUEUES,
            Topic.MESSAGES,
            Topic.VAULTS,
        }
    )
    ACTIONS: ClassVar = (
        Action("run", "r", "Run now", "Run a job for this connection at once", permission=MANAGE_INTEGRATIONS),
        Action("doctor", "D", "Doctor", "Find out why this connection does not move what it should"),
        Action("split", "S", "Both sides", "Show both halves of this connection beside each other"),
        *EVERY_CONNECTION_ACTION,
    )
    BINDINGS = bindings("connections", ACTIONS)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, today = self.home.session.vault_id, self.home.now().date()

        def make() -> Listing[Any]:
            from models.queries.connections import listing

            return listing(vault_id, today, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        who, today = self.home.session.who, self.home.now().date()

        def read(session: StoreSession) -> Any | None:
            return read_page(session, who, key, today)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def why_not_doctor(self) -> str:
        return self.needs_row()

    def do_doctor(self) -> None:
        if (row := self.table.cursor_row) is not None:
            open_doctor(self.home, self.home.session.vault_id, row.key, row.name)

    def why_not_split(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.type == VAULT_TO_VAULT else "Only Vault to Vault connections have two halves."

    def do_split(self) -> None:
        if (row := self.table.cursor_row) is not None:
            self.home.push_screen(SplitScreen(self.home.session.vault_id, row.key, row.name))

    def why_not_run(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.state == "active" else f"{row.name} is {SIGNS.sign(row.state).word}: nothing moves."

    def do_run(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            ask_for_run(self.home, row.key, row.name)
