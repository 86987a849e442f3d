"""Identifiers of persons and accounts, of one connection or of the whole Vault, as calls of services (seed S4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.commands import acting

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.services.identifiers import Identifiers
    from models.store import Store

ONE, ALL = "one", "all"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set for a connection, and for all connections of its Vault; None where nothing is."""

    own: Identifiers | None
    vault: Identifiers | None


def read_settings(session: StoreSession, vault_id: int, connection_id: int) -> Settings:
    """What is set for a connection and for its Vault."""
    from models.services.identifiers import connection_identifiers, vault_identifiers

    return Settings(connection_identifiers(session, vault_id, connection_id), vault_identifiers(session, vault_id))


def save(
    store: Store, who: Who, values: Mapping[str, str], _confirmed: bool, /, *, connection_id: int, name: str
) -> str:
    """Set identifiers, or take them back where both are empty."""
    from models.services.identifiers import Identifiers, clear_identifiers, set_identifiers

    person, account = values.get("person_field", "").strip(), values.get("account_field", "").strip()
    key = None if values.get("scope") == ALL else connection_id
    whose = "all connections of this Vault" if key is None else name
    with acting(store, who) as (write, actor):
        if not person and not account:
            changed = clear_identifiers(write, actor, connection_id=key)
            return f"The identifiers of {whose} were taken back." if changed else "Nothing was set."
        changed = set_identifiers(write, actor, Identifiers(person, account), connection_id=key)
    return f"Persons of {whose} are matched by {person} = {account}." if changed else "Nothing differed."
