"""Connections: creating them, and the rules of their fields (seed S1; Spark facts, section 4)."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import Checks, key_of
from models.services.connection_pairing import OBJECT_NAME, establish
from models.services.vaults import application_owner_id
from models.store import WriteSession
from models.tables import (
    Connection,
    ConnectionAuthorization,
    ConnectionClient,
    ConnectionState,
    ConnectionType,
    Vault,
    table_of,
)

__all__ = ["OBJECT_NAME", "create_connection", "establish", "url_problem"]

RECORD_PREFIX = "V17"

_connections = table_of(Connection)
_authorizations = table_of(ConnectionAuthorization)

_TOKEN = re.compile(r"\$\{[A-Za-z0-9_.]+\}")
_FIRST_STATE: Mapping[ConnectionType, ConnectionState] = {
    ConnectionType.VAULT_TO_VAULT: ConnectionState.PENDING,
    ConnectionType.EXTERNAL: ConnectionState.ACTIVE,
    ConnectionType.LOCAL: ConnectionState.ACTIVE,
}
"""The state a new connection begins in (Local: Assumed; the vendor names no state for it)."""


def create_connection(
    write: WriteSession,
    actor: Actor,
    *,
    type: ConnectionType,  # noqa: A002 - the field's own name
    name: str,
    api_name: str,
    description: str = "",
    url: str | None = None,
    authorized_user_id: int | None = None,
    remote_vault_id: int | None = None,
    remote_vault_name: str = "",
    remote_dns_host: str = "",
    system_managed: bool = False,
    cross_domain: bool = False,
    standard_connection: str = "",
    at_most: int | None = None,
    authorization_id: int | None = None,
) -> Connection:
    """Create a connection in the Vault the actor acts in.

    A Vault to Vault connection begins Pending, an External or Local one Active. A standard (`system_managed`) one acts
    through the Application Owner unless another user is given; `standard_connection` says of which standard connection
    it is a side. It signs with whichever certificate is current, until another one is chosen, and has one connection
    client. Raises NotAllowed, and InvalidInput that names every bad field.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    vault_id = actor.vault_id
    checks = Checks()
    name = checks.text("name", name, 100, required=True)
    api_name = api_name.strip()
    checks.api_name("api_name", api_name, standard=system_managed)
    taken = f"Vault {vault_id} already has a connection with the API name {api_name}."
    checks.unless(write, "api_name", taken, _connections.c.vault_id == vault_id, _connections.c.api_name == api_name)
    description = checks.text("description", description, 500, lines=True)
    checks.user(write, "authorized_user_id", vault_id, authorized_user_id)
    url = check_url(checks, type, url)
    check_authorization(write, checks, type, vault_id, authorization_id)
    remote_vault_name = checks.text("remote_vault_name", remote_vault_name, 100)
    remote_dns_host = checks.text("remote_dns_host", remote_dns_host, 255)
    check_remote(checks, type, vault_id, remote_vault_id, remote_vault_name, remote_dns_host)
    checks.done()
    if authorized_user_id is None and system_managed:
        authorized_user_id = application_owner_id(write, vault_id)
    connection = Connection(
        vault_id=vault_id,
        record_id=_next_record_id(write, vault_id),
        type=type,
        name=name,
        api_name=api_name,
        standard_connection=standard_connection,
        at_most=at_most,
        state=_FIRST_STATE[type],
        system_managed=system_managed,
        cross_domain=cross_domain,
        description=description,
        authorized_user_id=authorized_user_id,
        url=url,
        authorization_id=authorization_id,
        remote_vault_id=remote_vault_id,
        remote_vault_name=remote_vault_name,
        remote_dns_host=remote_dns_host,
        created_at=write.now,
        modified_at=write.now,
    )
    write.add(connection)
    write.flush()
    write.add(
        ConnectionClient(vault_id=vault_id, connection_id=key_of(connection), client_id=default_client_id(api_name))
    )
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=name, record_id=connection.record_id)
    write.changed(Topic.CONNECTIONS, vault_id)
    return connection


def url_problem(url: str) -> str | None:
    """What is wrong with the URL of an External connection; None for a good one.

    It begins with https://, has no port, not even the standard one, and may hold tokens such as `${Custom.host}`.
    """
    plain = _TOKEN.sub("token", url)
    if "${" in plain:
        return "A token is written as ${Custom.name}."
    if any(sign.isspace() or not sign.isprintable() for sign in plain):
        return "It must not hold blanks."
    try:
        parts = urlsplit(plain)
    except ValueError:
        return "This is not a valid URL."
    if parts.scheme != "https" or not parts.hostname:
        return "A valid URL that begins with https:// is needed."
    if "@" in parts.netloc:
        return "It must not hold a user name or password; select an Authorization record instead."
    if ":" in parts.netloc.rpartition("]")[2]:
        return "Only the standard HTTPS port is allowed: leave the port out."
    return None


def default_client_id(api_name: str) -> str:
    """The client id that a connection has from the start (seed S1)."""
    return f"veeva-vault-{api_name}"


def has_tokens(url: str | None) -> bool:
    """Whether a URL holds Vault or custom tokens."""
    return bool(url and _TOKEN.search(url))


def check_url(checks: Checks, kind: ConnectionType, url: str | None) -> str | None:
    """Check the URL of a connection of this type; answers it without blanks around it, or None for none."""
    url = checks.text("url", url or "", 500)
    if not url:
        return None
    checks.refuse("url", "Only an External connection has a URL.", when=kind is not ConnectionType.EXTERNAL)
    checks.note("url", url_problem(url))
    return url


def check_authorization(
    session: Session, checks: Checks, kind: ConnectionType, vault_id: int, authorization_id: int | None
) -> None:
    """Check that an Authorization record, when one is given, is one of the Vault and fits the type of connection."""
    if authorization_id is None:
        return
    field = "authorization_id"
    checks.refuse(field, "Only an External connection has an Authorization.", when=kind is not ConnectionType.EXTERNAL)
    if checks.number(field, authorization_id):
        own = (_authorizations.c.id == authorization_id, _authorizations.c.vault_id == vault_id)
        missing = session.execute(select(1).where(*own)).first() is None
        checks.refuse(field, f"Vault {vault_id} has no such Connection Authorization.", when=missing)


def check_remote(
    checks: Checks, kind: ConnectionType, vault_id: int, remote_vault_id: int | None, name: str, dns_host: str
) -> None:
    """Check what a connection of this type says of a remote Vault."""
    if kind is not ConnectionType.VAULT_TO_VAULT:
        for field, value in (
            ("remote_vault_id", remote_vault_id),
            ("remote_vault_name", name),
            ("remote_dns_host", dns_host),
        ):
            checks.refuse(field, "Only a Vault to Vault connection has a remote Vault.", when=bool(value))
    elif remote_vault_id is not None:
        checks.number("remote_vault_id", remote_vault_id)
        # Assumed: the vendor publishes no rule against it; a connection within one Vault is what Local is for.
        checks.refuse(
            "remote_vault_id",
            "This is the Vault itself: use a Local connection to stay within it.",
            when=remote_vault_id == vault_id,
        )


def _next_record_id(write: WriteSession, vault_id: int) -> str:
    """Take the Vault's next record number: connections are records like all others and share their numbers."""
    write.flush()
    vault = write.get_one(Vault, vault_id, populate_existing=True)
    number = vault.next_record
    vault.next_record = number + 1
    write.flush()
    return f"{RECORD_PREFIX}{number:012d}"
