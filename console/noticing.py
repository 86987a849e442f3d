"""How many notifications a user has not seen yet: counted anew after changes, seldom enough to cost nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual.app import App
from textual.message import Message
from textual.timer import Timer

from console.permissions import READ_EXCEPTIONS
from console.session import Session
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from models.store import Store

NOTICE_EVERY = 2.0
"""Seconds between two counts, at least."""
TELLING: Final = frozenset(
    {
        Topic.CERTIFICATES,
        Topic.CONNECTIONS,
        Topic.EXCEPTIONS,
        Topic.INTEGRATIONS,
        Topic.JOBS,
        Topic.NOTICES,
        Topic.QUEUES,
    }
)
"""What may bring or end a notification. Messages come and go with runs of jobs."""


class NoticingApp(App[None]):
    """An app that knows how many notifications are new. Quiet: they are counted in the header, and nothing rings."""

    session: Session

    class Noticed(Message):
        """The notifications of a Vault have been counted."""

        def __init__(self, generation: int, unseen: int) -> None:
            super().__init__()
            self.generation = generation
            self.unseen = unseen

    def __init__(self) -> None:
        super().__init__()
        self._notice_timer: Timer | None = None
        self._noticing = self._notice_again = False
        self._noticed_at = float("-inf")

    @property
    def store(self) -> Store | None:
        """The store, once it is open."""
        raise NotImplementedError

    def changed_for_notices(self, topics: Iterable[Topic]) -> None:
        """Count anew soon if what changed may matter, at once if it has not been done just before."""
        topics = frozenset(topics)
        if not topics & TELLING or self._notice_timer is not None:
            return
        wait = self._noticed_at + NOTICE_EVERY - monotonic()
        if wait > 0 and Topic.NOTICES not in topics:
            self._notice_timer = self.set_timer(wait, self.look_for_notices)
        else:
            self.look_for_notices()

    def look_for_notices(self) -> None:
        """Count the notifications that the user has not seen, in a thread."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
            self._notice_timer = None
        store, session = self.store, self.session
        if store is None or not session.vault_id or session.user is None:
            return
        if self._noticing:
            self._notice_again = True
            return
        self._noticing, self._notice_again, self._noticed_at = True, False, monotonic()
        vault_id, user_id = session.vault_id, session.user.key
        with_exceptions = not session.lacks(READ_EXCEPTIONS)

        def job() -> int:
            from models.queries.lab import ask
            from models.queries.notices import notices, unseen

            now = store.clock.now()
            return unseen(ask(store, notices, vault_id, now, user_id=user_id, with_exceptions=with_exceptions))

        in_thread(self, job, partial(self.Noticed, session.generation), group="notices")

    def on_noticing_app_noticed(self, message: Noticed) -> None:
        self._noticing = False
        if message.generation == self.session.generation and message.unseen != self.session.unseen:
            self.session.unseen = message.unseen
            self._write_bars()
        if self._notice_again or message.generation != self.session.generation:
            self.look_for_notices()

    def _write_bars(self) -> None:
        raise NotImplementedError
