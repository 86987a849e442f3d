"""Home: the Vaults of the lab, how they are connected, and what moves. Every number opens what it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from console.actions import Action, bindings
from console.details.home import home_lines
from console.screens.counted import follow
from console.screens.doctoring import open_doctor
from console.screens.drawing import DrawingScreen
from console.screens.trends import TRENDS, ShowsTrends
from console.targets import Goto
from console.widgets.links import LinkLine, LinkView
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.topology import End, Topology


class HomeScreen(DrawingScreen["Topology"], ShowsTrends):
    """The topology of the lab with live counters."""

    AREA = "home"
    ACTIONS: ClassVar = (
        Action("split", "S", "Both sides", "Show both halves of the connection under the cursor beside each other"),
        Action("connection", "c", "Connection", "Show the connection under the cursor in Connections"),
        Action("doctor", "D", "Doctor", "Find out why the connection under the cursor does not move what it should"),
        TRENDS,
    )
    BINDINGS = bindings("home", ACTIONS)

    TOPICS = frozenset(
        {Topic.VAULTS, Topic.CONNECTIONS, Topic.QUEUES, Topic.MESSAGES, Topic.EXCEPTIONS, Topic.JOBS, Topic.LAB}
    )

    def show_anew(self) -> None:
        if self.home.store is None and self.home.first_look is not None:
            self.show(self.home.first_look.topology)
        super().show_anew()

    def reading(self) -> Callable[[StoreSession], Topology]:
        day = self.home.now().date()

        def read(session: StoreSession) -> Topology:
            from models.queries.topology import topology

            return topology(session, day)

        return read

    def draw(self, found: Topology, width: int) -> Sequence[LinkLine]:
        return home_lines(found, self.home.session.vault_id, width)

    # Going into links

    def on_link_view_followed(self, message: LinkView.Followed) -> None:
        message.stop()
        follow(self.home, message.target)

    # Acting

    def _end(self) -> End | None:
        line = self.view.line
        if line is None or line.about is None or self.found is None:
            return None
        return next((end for end in self.found.ends if end.key == line.about), None)

    def needs_connection(self) -> str:
        """The reason that actions share: the cursor is on no connection."""
        return "" if self._end() else "The cursor is on no connection."

    def why_not_split(self) -> str:
        return self.needs_connection()

    def do_split(self) -> None:
        from console.screens.split import SplitScreen

        if (end := self._end()) is not None:
            self.home.push_screen(SplitScreen(end.vault_id, end.key, end.name))

    def why_not_connection(self) -> str:
        return self.needs_connection()

    def do_connection(self) -> None:
        if (end := self._end()) is not None:
            self.home.go_to(Goto("connections", end.key, end.vault_id))

    def why_not_doctor(self) -> str:
        return self.needs_connection()

    def do_doctor(self) -> None:
        if (end := self._end()) is not None:
            open_doctor(self.home, end.vault_id, end.key, end.name, vault=end.vault)
