"""Following the links of a drawing; a number opens the rows that it counted, over the screen that shows it.

The lists are loaded when one is opened: the first screen has such links, and waits for no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.screens.chrome import FramedScreen
from console.targets import Counted, Goto, Target, UseVault

if TYPE_CHECKING:
    from console.app import ConsoleApp


def follow(home: ConsoleApp, target: Target) -> None:
    """Go where a link leads."""
    match target:
        case Goto():
            home.go_to(target)
        case UseVault(vault_id):
            home.work_in(vault_id)
        case Counted():
            home.work_in(target.vault_id)
            home.push_screen(_COUNTED[target.counter](target))


def _runs(counted: Counted) -> FramedScreen:
    from console.screens.jobs import JobsScreen, Through

    return JobsScreen(Through(counted.connection_id, counted.connection, counted.day, counted.counter))


def _waiting(counted: Counted) -> FramedScreen:
    from console.screens.waiting import WaitingScreen

    return WaitingScreen(counted.connection_id, counted.connection, outbound=counted.counter == "waiting_out")


def _failed(counted: Counted) -> FramedScreen:
    from console.doing.exceptions import STATES, Narrowing
    from console.screens.exceptions import ExceptionsScreen

    words = (STATES["open"], f"of {counted.connection}")
    return ExceptionsScreen(Narrowing(state="open", connection_id=str(counted.connection_id), words=words))


_COUNTED: dict[str, Callable[[Counted], FramedScreen]] = {
    **dict.fromkeys(("sent", "received", "applied", "skipped"), _runs),
    **dict.fromkeys(("waiting_out", "waiting_in"), _waiting),
    "failed": _failed,
}
"""Which list shows the rows that a counter counted."""
