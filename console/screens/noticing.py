"""The list of notifications, over whatever screen is in front: what each tells leads to its place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.message import Message

from console.details.notices import document, target_of
from console.doing import notices as doing
from console.keymap import key_name
from console.modals.page import PageScreen
from console.targets import Goto
from console.twins.call import carry_out
from console.work import in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.app import ConsoleApp
    from console.session import Who
    from console.widgets.document import Document
    from models.store import Store


class NoticesScreen(PageScreen):
    """Tells what is new, and what has been seen; of other Vaults what is new. Going to one marks it as seen."""

    HELP = "Up and Down move from one to the next, Enter goes there and marks it as seen, {notices.all} marks all."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "all", "All seen", id="notices.all", tooltip="Mark all notifications as seen"),
    ]

    class Marked(Message, bubble=False):
        """All are marked as seen: what is told of it, and the page as it is now."""

        def __init__(self, answer: tuple[str, Document]) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, vault: str, store: Store, who: Who) -> None:
        super().__init__("Notifications", store, self._made)
        self._vault, self._who = vault, who
        self.news_at: dict[Goto, tuple[Who, set[str]]] = {}
        """The new notifications that lead to one place, and who sees them there."""

    def keys(self) -> Sequence[str]:
        return f"{key_name(self, 'notices.all', 'a')} marks all as seen", *super().keys()

    def _made(self, session: StoreSession) -> Document:
        found = doing.notices_for(session, self._store, self._who)
        elsewhere = doing.new_elsewhere(session, self._store, self._who)
        news_at: dict[Goto, tuple[Who, set[str]]] = {}
        for who, vault_id, lot in ((self._who, None, found), *((who, who.vault_id, lot) for _, who, lot in elsewhere)):
            for notice in lot:
                if not notice.seen:
                    news_at.setdefault(target_of(notice, vault_id), (who, set()))[1].add(notice.key)
        self.news_at = news_at
        return document(self._vault, found, [(name, who.vault_id, lot) for name, who, lot in elsewhere])

    def action_all(self) -> None:
        """Mark all as seen, then read them again."""
        store, who = self._store, self._who

        def job() -> tuple[str, Document]:
            from models.queries.lab import ask

            return carry_out(doing.mark_seen, store, who), ask(store, self._made)

        in_thread(self, job, self.Marked, group="page", exclusive=True)

    def on_notices_screen_marked(self, message: Marked) -> None:
        told, document = message.answer
        self.view.show(document, same=True)
        cast("ConsoleApp", self.app).tell(told)


def show_notices(home: ConsoleApp) -> None:
    """Open the list of notifications of the Vault in use."""
    store, vault, who = home.store, home.session.vault, home.session.who
    if store is None or vault is None:
        return
    screen = NoticesScreen(vault.name, store, who)

    def followed(target: Goto | None) -> None:
        if target is None:
            return
        if target in screen.news_at and not who.read_only:
            there, keys = screen.news_at[target]
            home.perform(partial(doing.mark_seen, keys=keys, quietly=True), who=there)
        home.go_to(target)

    home.push_screen(screen, followed)
