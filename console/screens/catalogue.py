"""The catalogue: every standard connection, how its integrations stand in the Vault in use, and what they lack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from console.actions import Action, bindings
from console.details.catalogue import about, catalogue_lines
from console.modals.ask_line import AskLine
from console.screens.counted import follow
from console.screens.drawing import DrawingScreen
from console.screens.pages import open_page
from console.targets import About
from console.widgets.links import LinkLine, LinkView
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.widgets.document import Document
    from seed.catalogue.load import Catalogue
    from seed.catalogue.standing import Standing


class CatalogueScreen(DrawingScreen["Sequence[Standing]"]):
    """The standard connections of the documents."""

    HELP = "Enter goes to the connection or integration in this Vault; what is not here opens its page."
    ACTIONS: ClassVar = (
        Action("about", "i", "About", "What is documented and what is assumed of the connection under the cursor"),
        Action("narrow", "slash", "Filter", "Show only the connections that have a word in them"),
    )
    BINDINGS = bindings("catalogue", ACTIONS)
    TOPICS = frozenset({Topic.VAULTS, Topic.CONNECTIONS, Topic.INTEGRATIONS})

    def __init__(self) -> None:
        super().__init__()
        self.narrowed = ""
        self._files: Catalogue | None = None

    def own_crumbs(self) -> list[str]:
        return ["Catalogue"]

    # Reading and drawing

    def reading(self) -> Callable[[StoreSession], Sequence[Standing]]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Sequence[Standing]:
            from seed.catalogue.load import read_catalogue
            from seed.catalogue.standing import standings

            # Kept as long as this screen: nothing else of a running console asks the files.
            self._files = self._files or read_catalogue()
            return standings(session, self._files, vault_id)

        return read

    def draw(self, found: Sequence[Standing], width: int) -> Sequence[LinkLine]:
        session = self.home.session
        return catalogue_lines(found, session.vault_name(session.vault_id), width, self.narrowed)

    # Going into links

    def on_link_view_followed(self, message: LinkView.Followed) -> None:
        message.stop()
        if isinstance(message.target, About):
            self._tell_about(message.target.key)
        else:
            follow(self.home, message.target)

    def _tell_about(self, key: str) -> None:
        files = self._files
        if files is None:
            return
        connection = files.connections[key]

        def read(_session: StoreSession) -> Document:
            return about(files, connection)

        open_page(self.home, f"Catalogue: {connection.name}", read)

    # Acting

    def _key(self) -> str | None:
        """The standard connection that the line under the cursor is about."""
        line = self.view.line
        if line is None or self.found is None:
            return None
        return next((one.key for one in self.found if line.key.startswith(f"{one.key} ")), None)

    def why_not_about(self) -> str:
        return "" if self._key() else "The cursor is on no connection."

    def do_about(self) -> None:
        if (key := self._key()) is not None:
            self._tell_about(key)

    def why_not_narrow(self) -> str:
        return "" if self.found else "There is nothing to narrow yet."

    def do_narrow(self) -> None:
        def asked(text: str | None) -> None:
            if text is not None:
                self.narrow(text)

        about_it = "A word of a connection or integration. Esc shows all."
        self.home.push_screen(AskLine("Show the connections that have", about_it, self.narrowed), asked)

    def narrow(self, text: str) -> None:
        """Show only the connections that have this text in them; all for an empty one."""
        self.narrowed = text
        self._draw()

    def action_back(self) -> None:
        if self.narrowed:
            self.narrow("")
        else:
            super().action_back()
