"""The messages of a connection that wait in the queues of the Vault in use, opened from Home."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.screens.messages import MessagesScreen
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin
from console.widgets.columns import Span
from console.widgets.paint import clean

if TYPE_CHECKING:
    from models.queries.message_filter import MessageFilter


class WaitingScreen(MessagesScreen):
    """What waits for delivery, or to be processed: as many messages as Home counted."""

    AREA = "home"
    HELP = "Messages of one connection that wait, the newest first. Esc goes back to Home."
    EMPTY = "Nothing waits any more. Esc goes back to Home."

    def __init__(self, connection_id: int, connection: str, *, outbound: bool) -> None:
        super().__init__()
        self.connection_id, self._connection, self._outbound = connection_id, connection, outbound

    def list_title(self) -> list[Span]:
        words = "waiting for delivery" if self._outbound else "waiting to be processed"
        mark: Span = (f" {SIGNS.pick('▸', '>')} ", "muted")
        home: list[Span] = [("Home", "muted"), mark, (clean(self._connection), "strong"), (f"  {words}", "accent")]
        return [*home, *self.following_title()]

    def list_twin(self, total: int) -> Twin | None:
        way = "outbound" if self._outbound else "inbound"
        more = ("--state", "queued", "--direction", way)
        return looking.messages(self.filter_text, total, connection_id=self.connection_id, narrowed=more)

    def narrowed(self, wanted: MessageFilter) -> MessageFilter:
        from models.tables import Direction, MessageState

        way = Direction.OUTBOUND if self._outbound else Direction.INBOUND
        return replace(wanted, states=(MessageState.QUEUED,), direction=way)
