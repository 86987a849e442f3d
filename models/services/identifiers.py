"""Unique identifiers by which persons here are matched with accounts of a CRM organisation (seed S4).

They are a setting of the Vault, for all its connections, or of one connection, which goes before that. Without either
it is the External ID of both, where they have one (Assumed).
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import Session

from models.audit import audit
from models.feed import Topic
from models.naming import api_name_problem
from models.permissions import Actor, Permission
from models.services.checks import Checks, in_vault
from models.store import WriteSession
from models.tables import Connection, PersonIdentifier, table_of

OBJECT_NAME = "Person Identifier"
LONGEST = 60

_identifiers, _connections = table_of(PersonIdentifier), table_of(Connection)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """A field of Person, and the field of Account that holds the same value."""

    person_field: str
    account_field: str


def set_identifiers(
    write: WriteSession, actor: Actor, identifiers: Identifiers, *, connection_id: int | None = None
) -> bool:
    """Set the identifiers of a connection, or of the whole Vault; answers whether that changed anything.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    name = _named(write, actor, connection_id)
    checks = Checks()
    for field, value in (("person_field", identifiers.person_field), ("account_field", identifiers.account_field)):
        checks.text(field, value, LONGEST, required=True)
        checks.note(field, api_name_problem(value, standard=True) if value else "")
    checks.done()
    before = _own(write, actor.vault_id, connection_id)
    if before == identifiers:
        return False
    _clear(write, actor.vault_id, connection_id)
    write.add(
        PersonIdentifier(
            vault_id=actor.vault_id,
            connection_id=connection_id,
            person_field=identifiers.person_field,
            account_field=identifiers.account_field,
        )
    )
    write.flush()
    changes = {
        "person_field": (before.person_field if before else None, identifiers.person_field),
        "account_field": (before.account_field if before else None, identifiers.account_field),
    }
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=name, changes=changes)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    return True


def clear_identifiers(write: WriteSession, actor: Actor, *, connection_id: int | None = None) -> bool:
    """Have a connection go by the Vault's identifiers again, or the Vault by none; answers whether it had any."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    name = _named(write, actor, connection_id)
    if _own(write, actor.vault_id, connection_id) is None:
        return False
    _clear(write, actor.vault_id, connection_id)
    audit(write, actor, action="Delete", object_name=OBJECT_NAME, item=name)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    return True


def identifiers_of(session: Session, connection_id: int) -> Identifiers | None:
    """The identifiers that a connection goes by, whichever of its two Vaults has them: its own first, else the Vault's.

    None when neither is set.
    """
    own = session.execute(select(_connections).where(_connections.c.id == connection_id)).one()
    sides = [own]
    if own.remote_connection_id is not None:
        remote = select(_connections).where(_connections.c.id == own.remote_connection_id)
        sides += session.execute(remote).all()
    for side in sides:
        if (found := _own(session, side.vault_id, side.id)) is not None:
            return found
    for side in sides:
        if (found := _own(session, side.vault_id, None)) is not None:
            return found
    return None


def vault_identifiers(session: Session, vault_id: int) -> Identifiers | None:
    """The global setting of a Vault; None when it has none."""
    return _own(session, vault_id, None)


def connection_identifiers(session: Session, vault_id: int, connection_id: int) -> Identifiers | None:
    """The setting of one connection of a Vault; None when it goes by the Vault's."""
    return _own(session, vault_id, connection_id)


def _named(write: WriteSession, actor: Actor, connection_id: int | None) -> str:
    if connection_id is None:
        return "all connections"
    return in_vault(write, Connection, connection_id, actor.vault_id, "connection").name


def _own(session: Session, vault_id: int, connection_id: int | None) -> Identifiers | None:
    row = session.execute(select(_identifiers).where(*_of(vault_id, connection_id))).one_or_none()
    return None if row is None else Identifiers(row.person_field, row.account_field)


def _clear(write: WriteSession, vault_id: int, connection_id: int | None) -> None:
    write.execute(delete(_identifiers).where(*_of(vault_id, connection_id)))


def _of(vault_id: int, connection_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return (
        _identifiers.c.vault_id == vault_id,
        _identifiers.c.connection_id.is_(None)
        if connection_id is None
        else _identifiers.c.connection_id == connection_id,
    )
