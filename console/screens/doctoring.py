"""Opening the doctor of a connection, from wherever one is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.doctor import document
from console.screens.pages import open_page
from console.twins import looking

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.app import ConsoleApp
    from console.widgets.document import Document


def open_doctor(home: ConsoleApp, vault_id: int, connection_id: int, name: str, *, vault: str = "") -> None:
    """Examine a connection. `vault` names its Vault, where that need not be the one in use."""
    now = home.now()

    def examined(session: StoreSession) -> Document:
        from models.doctor import examine

        return document(name, examine(session, vault_id, connection_id, now))

    title = f"Doctor: {name} of {vault}" if vault else f"Doctor: {name}"
    open_page(home, title, examined, twin=looking.in_vault(vault_id, looking.doctor(connection_id)))
