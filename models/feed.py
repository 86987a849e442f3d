"""The change feed: which kinds of things changed in which Vault, since somebody last looked.

A write publishes its changes after the commit. However many there are between two looks, a listener is woken once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Topic(StrEnum):
    """What a change is about; one per area of the console."""

    VAULTS = "vaults"
    USERS = "users"
    CONNECTIONS = "connections"
    INTEGRATIONS = "integrations"
    RULES = "rules"
    QUEUES = "queues"
    MESSAGES = "messages"
    CERTIFICATES = "certificates"
    EXCEPTIONS = "exceptions"
    RECORDS = "records"
    JOBS = "jobs"
    STATS = "stats"
    AUDIT = "audit"
    LAB = "lab"


@dataclass(frozen=True, slots=True)
class Change:
    """Something of this kind changed in this Vault; `vault_id` is None for what belongs to no Vault."""

    topic: Topic
    vault_id: int | None = None


class Feed:
    """Collects changes for one listener, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: set[Change] = set()
        self._wake: Callable[[], None] | None = None

    def on_change(self, wake: Callable[[], None] | None) -> None:
        """Have `wake` called (from the writing thread) at the first change after each drain; None to stop."""
        with self._lock:
            self._wake = wake

    def publish(self, changes: Iterable[Change]) -> None:
        """Add changes; wakes the listener when nothing was pending before."""
        with self._lock:
            first = not self._pending
            self._pending.update(changes)
            wake = self._wake if first and self._pending else None
        if wake is not None:
            wake()

    def drain(self) -> frozenset[Change]:
        """Take all pending changes."""
        with self._lock:
            taken, self._pending = frozenset(self._pending), set()
        return taken
