"""What the services share: naming every bad field of a save at once, and keeping to one Vault."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.errors import InvalidInput, NotFound
from models.naming import api_name_problem
from models.tables import Connection, ConnectionType, User, Vault, table_of

LARGEST_ID = 2**31 - 1
"""The largest id that a column of whole numbers holds on every database."""

_users = table_of(User)


class Owned(Protocol):
    """A row that belongs to one Vault."""

    vault_id: int


_Row = TypeVar("_Row", bound=Owned)


class Checks:
    """Collects what is wrong with the fields of one save, so that all of it is said at once."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def note(self, field: str, problem: str | None) -> None:
        """Keep a problem of a field; None is no problem. The first one of a field stands."""
        if problem:
            self.problems.setdefault(field, problem)

    def refuse(self, field: str, problem: str, *, when: bool) -> None:
        """Keep a problem of a field under a condition."""
        self.note(field, problem if when else None)

    def text(self, field: str, value: str, longest: int, *, required: bool = False, lines: bool = False) -> str:
        """Check a text of at most `longest` characters; answers it without blanks around it.

        `lines` allows line breaks and tabs.
        """
        value = value.strip()
        self.refuse(field, "This is needed.", when=required and not value)
        self.refuse(field, f"{len(value)} characters are too many: at most {longest} fit.", when=len(value) > longest)
        shown = value.translate({ord(sign): None for sign in "\n\r\t"}) if lines else value
        self.refuse(field, "It holds a sign that cannot be shown.", when=not shown.isprintable())
        return value

    def api_name(self, field: str, name: str, *, standard: bool) -> None:
        """Check an API name by the rules of custom names, or of standard ones, which are exempt from them."""
        self.note(field, api_name_problem(name, standard=standard))

    def number(self, field: str, value: int) -> bool:
        """Check an id that a person gave; answers whether the database can be asked about it."""
        good = 0 < value <= LARGEST_ID
        self.refuse(field, f"A whole number from 1 to {LARGEST_ID} is needed.", when=not good)
        return good

    def user(self, session: Session, field: str, vault_id: int, user_id: int | None) -> None:
        """Check that a user, when one is given, is an active user of the Vault."""
        if user_id is None or not self.number(field, user_id):
            return
        active = session.execute(
            select(_users.c.active).where(_users.c.vault_id == vault_id, _users.c.id == user_id)
        ).scalar_one_or_none()
        self.refuse(field, f"Vault {vault_id} has no such user.", when=active is None)
        self.refuse(field, "This user is inactive; choose an active one.", when=active is False)

    def unless(self, session: Session, field: str, problem: str, *taken: ColumnElement[bool]) -> None:
        """Keep a problem when a row exists that meets all the conditions: the database would refuse a second one."""
        if session.execute(select(1).where(*taken).limit(1)).first() is not None:
            self.note(field, problem)

    def done(self) -> None:
        """Raise InvalidInput when any field is wrong."""
        if self.problems:
            raise InvalidInput(self.problems)


def in_vault(session: Session, model: type[_Row], key: int, vault_id: int, what: str) -> _Row:
    """The row of that id in the Vault. Raises NotFound for an id of another Vault as for one that does not exist."""
    row = session.get(model, key) if 0 < key <= LARGEST_ID else None
    if row is None or row.vault_id != vault_id:
        raise NotFound(f"Vault {vault_id} has no {what} {key}.", "It may have been deleted in the meantime.")
    return row


def require_vault(session: Session, vault_id: int) -> None:
    """Let pass the id of a Vault. Raises NotFound."""
    if not 0 < vault_id <= LARGEST_ID or session.get(Vault, vault_id) is None:
        raise NotFound(f"There is no Vault {vault_id}.", "Check the Vault ID.")


def connection_in_vault(session: Session, connection_id: int, vault_id: int) -> Connection:
    """The connection of that id in the Vault. Raises NotFound."""
    return in_vault(session, Connection, connection_id, vault_id, "connection")


def key_of(row: Any) -> int:
    """The id of a row that has been written. Raises RuntimeError for one that has not."""
    if row.id is None:
        raise RuntimeError(f"this {type(row).__name__} has not been written yet")
    return int(row.id)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields whose value differs, with old and new value, as the audit takes them."""
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}


TYPE_LABELS: Mapping[ConnectionType, str] = {
    ConnectionType.VAULT_TO_VAULT: "Vault to Vault",
    ConnectionType.EXTERNAL: "External",
    ConnectionType.LOCAL: "Local",
}
"""How an administrator reads the type of a connection."""
