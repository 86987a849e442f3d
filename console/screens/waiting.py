"""The messages of a connection that wait in the queues of the Vault in use, opened from Home."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.screens.messages import MessagesScreen
from console.theme import SIGNS
from console.widgets.columns import Span
from console.widgets.paint import clean

if TYPE_CHECKING:
    from models.queries.window import Listing


class WaitingScreen(MessagesScreen):
    """What waits for delivery, or to be processed: as many messages as Home counted."""

    HELP = "Messages of one connection that wait, the newest first. Esc goes back to Home."
    EMPTY = "Nothing waits any more."

    def __init__(self, connection_id: int, connection: str, *, outbound: bool) -> None:
        super().__init__(0)
        self._connection_id, self._connection, self._outbound = connection_id, connection, outbound

    def list_title(self) -> list[Span]:
        words = "waiting for delivery" if self._outbound else "waiting to be processed"
        mark: Span = (f" {SIGNS.pick('▸', '>')} ", "muted")
        return [("Home", "muted"), mark, (clean(self._connection), "strong"), (f"  {words}", "accent")]

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, connection_id, outbound = self.home.session.vault_id, self._connection_id, self._outbound
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.queues import waiting_listing
            from models.tables import Direction

            way = Direction.OUTBOUND if outbound else Direction.INBOUND
            return waiting_listing(vault_id, connection_id, way, text=text)

        return make
