"""The change feed: which kinds of things changed in which Vault, since somebody last looked.

A write publishes its changes after the commit. However many there are between two looks, a listener is woken once.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

logger = logging.getLogger(__name__)


class Topic(StrEnum):
    """What a change is about; mostly one per area of the console."""

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
    NOTICES = "notices"
    """What a user has seen of the notifications."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something of this kind changed in this Vault; `vault_id` is None for what belongs to no Vault."""

    topic: Topic
    vault_id: int | None = None


class Subscription:
    """One listener's place at the feed: what has changed since it last looked. Made by `Feed.subscribe`."""

    def __init__(self, feed: "Feed", topics: frozenset[Topic]) -> None:
        self._feed = feed
        self._topics = topics
        self._lock = Lock()
        self._pending: set[Change] = set()
        self._wake: Callable[[], None] | None = None

    def on_change(self, wake: Callable[[], None] | None) -> None:
        """Have `wake` called (from the writing thread) at the first change after each drain; None to stop.

        Called at once when something is pending already. `wake` must be quick, and must neither read nor write the
        store.
        """
        with self._lock:
            self._wake = wake
            pending = bool(self._pending)
        if wake is not None and pending:
            wake()

    def drain(self) -> frozenset[Change]:
        """Take all pending changes."""
        with self._lock:
            taken, self._pending = frozenset(self._pending), set()
        return taken

    def close(self) -> None:
        """Listen no more; what is pending is dropped. Closing twice does nothing."""
        self._feed.unsubscribe(self)
        self.on_change(None)
        self.drain()

    def offer(self, changes: Collection[Change]) -> None:
        """Add changes that this listener asked for; wakes it when nothing was pending before."""
        wanted = [change for change in changes if change.topic in self._topics]
        if not wanted:
            return
        with self._lock:
            first = not self._pending
            self._pending.update(wanted)
            wake = self._wake if first else None
        if wake is None:
            return
        # The commit has happened: a listener that has gone must not fail the writer.
        try:
            wake()
        except Exception:
            logger.warning("A listener of the change feed could not be woken.", exc_info=True)


class Feed:
    """Hands every change to all listeners, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._subscriptions: tuple[Subscription, ...] = ()

    def subscribe(self, topics: Iterable[Topic] = Topic) -> Subscription:
        """Start listening to these topics (all, when none are named); what changed before is not told."""
        subscription = Subscription(self, frozenset(topics))
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a listener."""
        with self._lock:
            self._subscriptions = tuple(each for each in self._subscriptions if each is not subscription)

    def publish(self, changes: Iterable[Change]) -> None:
        """Tell all listeners what changed."""
        told = tuple(changes)
        if told:
            for subscription in self._subscriptions:
                subscription.offer(told)
