"""What a RIM Vault sends only when it has RIM Registrations: registrations and what hangs on them."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, false
from sqlmodel import Session

from models.tables import Vault
from scheduler.behaviour import Behaviour, Sending

APPLICATION = "Registrations"


class NeedsRegistrations(Behaviour):
    """Holds everything back in a Vault without the application."""

    about = "It is sent only by a Vault that has RIM Registrations."

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:
        """Nothing, unless the Vault has the application."""
        vault = session.get_one(Vault, sending.vault_id)
        return () if APPLICATION in vault.applications else (false(),)


BEHAVIOUR = NeedsRegistrations()
