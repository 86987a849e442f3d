"""The last day of a Vault as charts, opened from where its numbers stand: Home, Queues and Jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions import Action
from console.details.trends import document
from console.screens.chrome import FramedScreen
from console.screens.pages import open_page
from console.twins import looking

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.widgets.document import Document

TRENDS = Action("trends", "h", "Last day", "Backlog, messages and job durations per hour, as charts", shown=False)


class ShowsTrends(FramedScreen):
    """A screen from which the charts of the Vault in use are opened."""

    def why_not_trends(self) -> str:
        return "" if self.home.session.vault_id else "This lab has no Vault yet."

    def do_trends(self) -> None:
        session, now = self.home.session, self.home.now()
        vault_id, height = session.vault_id, 6 if self.size.height >= 36 else 3

        def read(store: StoreSession) -> Document:
            from models.queries.trends import trends

            return document(trends(store, vault_id, now), height)

        title = f"Last day of {session.vault_name(vault_id)}"
        open_page(self.home, title, read, twin=looking.words("jobs", "trends"), charts=True)
