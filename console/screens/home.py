"""Home: the Vaults of the lab, how they are connected, and what moves. Every number opens what it counts."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from console.actions import Action, bindings
from console.details.doctor import document as doctor_page
from console.details.home import home_lines
from console.doing.exceptions import STATES, Narrowing
from console.screens.chrome import FramedScreen
from console.screens.exceptions import ExceptionsScreen
from console.screens.jobs import JobsScreen, Through
from console.screens.pages import open_page
from console.screens.waiting import WaitingScreen
from console.targets import Counted, Goto, UseVault
from console.widgets.links import LinkView
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.widgets.document import Document
    from models.feed import Change
    from models.queries.topology import End, Topology

READ_EVERY = 0.3
"""Seconds between two readings of the lab, at least: numbers that change faster cannot be read anyway."""
_MOVING = frozenset(
    {Topic.VAULTS, Topic.CONNECTIONS, Topic.QUEUES, Topic.MESSAGES, Topic.EXCEPTIONS, Topic.JOBS, Topic.LAB}
)


class HomeScreen(FramedScreen):
    """The topology of the lab with live counters."""

    AREA = "home"
    ACTIONS: ClassVar = (
        Action("connection", "c", "Connection", "Show the connection under the cursor in Connections"),
        Action("doctor", "D", "Doctor", "Find out why the connection under the cursor does not move what it should"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("home", ACTIONS),
        Binding("y", "copy", "Copy", show=False, id="home.copy", tooltip="Copy this drawing as text"),
    ]
    DEFAULT_CSS = "HomeScreen LinkView { height: 1fr; }"

    class Read(Message, bubble=False):
        """The lab has been read."""

        def __init__(self, topology: Topology) -> None:
            super().__init__()
            self.topology = topology

    def __init__(self) -> None:
        super().__init__()
        self.topology: Topology | None = None
        self._reading = self._read_again = False
        self._read_at = 0.0
        self._timer: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield LinkView(id="topology")

    @property
    def view(self) -> LinkView:
        """What shows the lab."""
        return self.query_one(LinkView)

    def on_mount(self) -> None:
        self.view.focus()
        self.write_bars()

    # Reading

    def concerns(self, change: Change) -> bool:
        return change.topic in _MOVING

    def show_anew(self) -> None:
        if self.home.store is None:
            if self.home.first_look is not None:
                self.topology = self.home.first_look.topology
                self._draw()
            return
        self._shown_generation, self._stale = self.home.session.generation, False
        if self.topology is not None:
            self._draw()
        self._read()

    def refresh_from_store(self) -> None:
        if self._timer is None:
            wait = self._read_at + READ_EVERY - monotonic()
            if wait > 0:
                self._timer = self.set_timer(wait, self._read)
            else:
                self._read()

    @property
    def settled(self) -> bool:
        return self._timer is None and not self._reading

    def _read(self) -> None:
        self._timer = None
        store = self.home.store
        if store is None:
            return
        if self._reading:
            self._read_again = True
            return
        self._reading, self._read_again = True, False
        self._read_at = monotonic()
        day = self.home.now().date()

        def job() -> Topology:
            from models.queries.lab import ask
            from models.queries.topology import topology

            return ask(store, topology, day)

        in_thread(self, job, self.Read, group="topology")

    def on_home_screen_read(self, message: Read) -> None:
        self._reading = False
        self.topology = message.topology
        self._draw()
        self.home.first_data_is_on_screen()
        if self._read_again:
            self.refresh_from_store()

    def _draw(self) -> None:
        if self.topology is not None:
            self.view.show(home_lines(self.topology, self.home.session.vault_id, self.view.room))

    def on_link_view_resized(self, message: LinkView.Resized) -> None:
        message.stop()
        self._draw()

    # Going into links

    def on_link_view_followed(self, message: LinkView.Followed) -> None:
        message.stop()
        match message.target:
            case Goto():
                self.home.go_to(message.target)
            case UseVault(vault_id):
                if vault_id != self.home.session.vault_id:
                    self.home.use_vault(vault_id)
            case Counted():
                self.home.work_in(message.target.vault_id)
                self.home.push_screen(_COUNTED[message.target.counter](message.target))

    # Acting

    def _end(self) -> End | None:
        line, topology = self.view.line, self.topology
        if line is None or line.about is None or topology is None:
            return None
        return next((end for end in topology.ends if end.key == line.about), None)

    def needs_connection(self) -> str:
        """The reason that actions share: the cursor is on no connection."""
        return "" if self._end() else "The cursor is on no connection."

    def why_not_connection(self) -> str:
        return self.needs_connection()

    def do_connection(self) -> None:
        if (end := self._end()) is not None:
            self.home.go_to(Goto("connections", end.key, end.vault_id))

    def why_not_doctor(self) -> str:
        return self.needs_connection()

    def do_doctor(self) -> None:
        end, now = self._end(), self.home.now()
        if end is None:
            return

        def examined(session: StoreSession) -> Document:
            from models.doctor import examine

            return doctor_page(end.name, examine(session, end.vault_id, end.key, now))

        open_page(self.home, f"Doctor: {end.name} of {end.vault}", examined)

    def action_copy(self) -> None:
        self.home.copy_to_clipboard(self.view.text)
        self.home.tell("Copied the lab as text.")


def _runs(counted: Counted) -> FramedScreen:
    return JobsScreen(Through(counted.connection_id, counted.connection, counted.day, counted.counter))


def _waiting(counted: Counted) -> FramedScreen:
    return WaitingScreen(counted.connection_id, counted.connection, outbound=counted.counter == "waiting_out")


def _failed(counted: Counted) -> FramedScreen:
    words = (STATES["open"], f"of {counted.connection}")
    narrowing = Narrowing(state="open", connection_id=str(counted.connection_id), words=words)
    return ExceptionsScreen(narrowing)


_COUNTED: dict[str, Callable[[Counted], FramedScreen]] = {
    **dict.fromkeys(("sent", "received", "applied", "skipped"), _runs),
    **dict.fromkeys(("waiting_out", "waiting_in"), _waiting),
    "failed": _failed,
}
"""Which list shows the rows that a counter counted."""
