"""Integrations: features of the connections, with their points and rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console import commands
from console.actions import Action, bindings
from console.details.integrations import document
from console.details.texts import active, failed, short
from console.permissions import MANAGE_CONNECTIONS, MANAGE_INTEGRATIONS
from console.screens.area import AreaScreen
from console.screens.runs import ask_for_run
from console.theme import SIGNS
from console.widgets.columns import Cell, Column
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.integrations import IntegrationRow
    from models.queries.window import Listing


def _direction(row: IntegrationRow) -> Cell:
    if row.sends and row.receives:
        return SIGNS.symbol("both")
    if row.sends or row.receives:
        return SIGNS.symbol("outbound" if row.sends else "inbound")
    return ""


class IntegrationsScreen(AreaScreen):
    """The integrations of the Vault in use."""

    AREA = "integrations"
    EMPTY = "This Vault has no integrations."
    FIRST_SORT = "name"
    COLUMNS = (
        Column("", _direction, 1),
        Column("Name", lambda row: row.name, 22, flex=3, sort="name"),
        Column("Status", lambda row: active(row.active), 10, sort="active"),
        Column("Connection", lambda row: row.connection, 14, flex=2, sort="connection", rank=1),
        Column("Last success", lambda row: short(row.last_run) or ("never", "muted"), 14),
        Column("Open", lambda row: failed(row.open_items), 4, "right"),
    )
    LIST_TOPICS = frozenset({Topic.INTEGRATIONS, Topic.CONNECTIONS, Topic.RULES, Topic.EXCEPTIONS})
    ACTIONS: ClassVar = (
        Action("toggle", "a", "Activate", "Activate or inactivate the integration", permission=MANAGE_CONNECTIONS),
        Action(
            "run", "r", "Run now", "Run a job for the integration's connection at once", permission=MANAGE_INTEGRATIONS
        ),
    )
    BINDINGS = bindings("integrations", ACTIONS)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id

        def make() -> Listing[Any]:
            from models.queries.integrations import listing

            return listing(vault_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.integrations import detail

            return detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def why_not_toggle(self) -> str:
        return self.needs_row()

    def do_toggle(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.home.perform(
                partial(commands.set_integration_active, integration_id=row.key, name=row.name, active=not row.active)
            )

    def why_not_run(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.active else f"{row.name} is Inactive: it moves nothing. “a” activates it."

    def do_run(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            ask_for_run(self.home, row.connection_id, row.connection)
