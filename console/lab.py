"""What the console works on: an opened store, and the engine that moves its data.

Nothing here imports the store: whoever calls the console brings both along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from models.store import Store


class RunningEngine(Protocol):
    """The part of `scheduler.engine.Engine` that the console uses."""

    @property
    def viewer(self) -> str | None:
        """Why this process only watches (another one holds the store's engine); None when it moves data itself."""
        ...

    def stop(self) -> None:
        """Let running jobs finish, then stop. May take a while: never called on the screen's own thread."""
        ...


@dataclass(frozen=True, slots=True)
class Beginning:
    """A lab that an empty store can be filled with, as a person chooses it."""

    name: str
    label: str
    about: str


class Filler(Protocol):
    """Fills an empty store with a lab, tells how far it is, and asks whether it is cancelled. Raises ConsoleError."""

    @property
    def beginnings(self) -> Sequence[Beginning]:
        """The labs to choose from."""
        ...

    def fill(self, name: str, tell: Callable[[str, float], None], cancelled: Callable[[], bool]) -> str:
        """Fill the store; answers what there is now, in a sentence. `NOTHING` leaves it empty, ready for use."""
        ...


NOTHING = "empty"
"""Stands for an empty lab among the beginnings."""


@dataclass(frozen=True, slots=True)
class OpenedLab:
    """A store, and how to start its engine.

    `start_engine` makes the engine and starts it; it is called once, in a thread, when the first data is on screen.
    None means that this console never moves data (read-only use, tests). A store without Vaults may come with a
    `filler`: then a person chooses what the lab begins with, and the engine is started after that.
    """

    store: Store
    start_engine: Callable[[], RunningEngine] | None = None
    filler: Filler | None = None


LabOpener = Callable[[], OpenedLab]
"""Opens the store. Called in a thread: once, and again after the store was let go to put a snapshot back.

May raise `models.errors.ConsoleError`.
"""
