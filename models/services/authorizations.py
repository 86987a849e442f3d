"""Connection Authorization records (seed S1): credentials for external systems, sealed and never shown again."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from models.audit import HIDDEN, audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.secrets import SecretBox
from models.services.checks import Checks, changed, in_vault
from models.store import WriteSession
from models.tables import AuthorizationType, Connection, ConnectionAuthorization, table_of

OBJECT_NAME = "connection_authorization__sys"
LONGEST_IDENTITY = 200
LONGEST_SECRET = 1000

IDENTITY_FIELDS: Mapping[AuthorizationType, str] = {
    AuthorizationType.BASIC_AUTH: "username__sys",
    AuthorizationType.CLIENT_CREDENTIALS: "client_id__sys",
}
SECRET_FIELDS: Mapping[AuthorizationType, str] = {
    AuthorizationType.BASIC_AUTH: "password__sys",
    AuthorizationType.CLIENT_CREDENTIALS: "client_secret__sys",
}

_authorizations = table_of(ConnectionAuthorization)
_connections = table_of(Connection)


def create_authorization(
    write: WriteSession,
    actor: Actor,
    secrets: SecretBox,
    *,
    type: AuthorizationType,  # noqa: A002 - the field's own name
    name: str,
    identity: str,
    secret: str,
) -> ConnectionAuthorization:
    """Create an Authorization record: a User Name and Password, or a Client ID and Client Secret.

    The secret is sealed with `secrets` (`store.secrets`). Raises NotAllowed, and InvalidInput that names every bad
    field and repeats no secret.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    checks = Checks()
    name = _check_name(write, checks, actor.vault_id, name)
    identity = _check_identity(checks, type, identity)
    _check_secret(checks, type, secret)
    checks.done()
    made = ConnectionAuthorization(
        vault_id=actor.vault_id,
        name=name,
        type=type,
        identity=identity,
        sealed_secret=secrets.seal(secret),
        created_at=write.now,
        modified_at=write.now,
    )
    write.add(made)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=name)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    return made


def edit_authorization(
    write: WriteSession,
    actor: Actor,
    secrets: SecretBox,
    authorization_id: int,
    *,
    name: str | None = None,
    identity: str | None = None,
    secret: str | None = None,
) -> bool:
    """Save the fields that are given; answers whether anything changed. Without a secret the old one stays.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    found = in_vault(write, ConnectionAuthorization, authorization_id, actor.vault_id, "Connection Authorization")
    checks = Checks()
    identity_field, secret_field = IDENTITY_FIELDS[found.type], SECRET_FIELDS[found.type]
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _check_name(write, checks, actor.vault_id, name, own=authorization_id)
    if identity is not None:
        values["identity"] = _check_identity(checks, found.type, identity)
    if secret is not None:
        _check_secret(checks, found.type, secret)
    checks.done()
    changes = changed({field: getattr(found, field) for field in values}, values)
    if "identity" in changes:
        changes[identity_field] = changes.pop("identity")
    for field, value in values.items():
        setattr(found, field, value)
    if secret is not None and secrets.open(found.sealed_secret) != secret.encode():
        found.sealed_secret = secrets.seal(secret)
        changes[secret_field] = (HIDDEN, HIDDEN)
    if not changes:
        return False
    found.modified_at = write.now
    write.add(found)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=found.name, changes=changes)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    return True


def delete_authorization(write: WriteSession, actor: Actor, authorization_id: int) -> None:
    """Delete an Authorization record. Raises NotAllowed, NotFound, NotPossible while a connection uses it."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    found = in_vault(write, ConnectionAuthorization, authorization_id, actor.vault_id, "Connection Authorization")
    users = select(_connections.c.name).where(_connections.c.authorization_id == authorization_id)
    names = sorted(write.execute(users).scalars())
    if names:
        raise NotPossible(f"{found.name} is used by {', '.join(names)}.", "Select another Authorization there first.")
    audit(
        write,
        actor,
        action="Delete",
        object_name=OBJECT_NAME,
        item=found.name,
        changes={
            "name": (found.name, None),
            "type": (found.type, None),
            IDENTITY_FIELDS[found.type]: (found.identity, None),
            SECRET_FIELDS[found.type]: (HIDDEN, None),
        },
    )
    write.delete(found)
    write.flush()
    write.changed(Topic.CONNECTIONS, actor.vault_id)


def _check_name(write: WriteSession, checks: Checks, vault_id: int, name: str, own: int | None = None) -> str:
    name = checks.text("name", name, 100, required=True)
    taken = [_authorizations.c.vault_id == vault_id, _authorizations.c.name == name]
    if own is not None:
        taken.append(_authorizations.c.id != own)
    checks.unless(write, "name", f"Vault {vault_id} already has a Connection Authorization {name}.", *taken)
    return name


def _check_identity(checks: Checks, kind: AuthorizationType, identity: str) -> str:
    field = IDENTITY_FIELDS[kind]
    # In the header a colon ends the name (RFC 7617).
    checks.refuse(field, "It cannot hold a colon, which ends it in the message header.", when=":" in identity)
    return checks.text(field, identity, LONGEST_IDENTITY, required=True)


def _check_secret(checks: Checks, kind: AuthorizationType, secret: str) -> None:
    field = SECRET_FIELDS[kind]
    checks.refuse(field, "This is needed.", when=not secret)
    checks.refuse(field, f"At most {LONGEST_SECRET} characters fit.", when=len(secret) > LONGEST_SECRET)
