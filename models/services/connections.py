"""Connections: creating them and pairing two Vaults (seed S1; Spark facts, section 4)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import TYPE_LABELS, Checks, changed, key_of
from models.services.vaults import application_owner_id
from models.store import WriteSession
from models.tables import (
    Connection,
    ConnectionState,
    ConnectionType,
    Vault,
    table_of,
)

OBJECT_NAME = "connection__sys"
RECORD_PREFIX = "V17"

_connections = table_of(Connection)

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
) -> Connection:
    """Create a connection in the Vault the actor acts in.

    A Vault to Vault connection begins Pending, an External or Local one Active. A standard (`system_managed`) one acts
    through the Application Owner unless another user is given. It signs with whichever certificate is current, until
    another one is chosen. Raises NotAllowed, and InvalidInput that names every bad field.
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
    url = _check_url(checks, type, url)
    remote_vault_name = checks.text("remote_vault_name", remote_vault_name, 100)
    remote_dns_host = checks.text("remote_dns_host", remote_dns_host, 255)
    _check_remote(checks, type, vault_id, remote_vault_id, remote_vault_name, remote_dns_host)
    checks.done()
    if authorized_user_id is None and system_managed:
        authorized_user_id = application_owner_id(write, vault_id)
    connection = Connection(
        vault_id=vault_id,
        record_id=_next_record_id(write, vault_id),
        type=type,
        name=name,
        api_name=api_name,
        state=_FIRST_STATE[type],
        system_managed=system_managed,
        cross_domain=cross_domain,
        description=description,
        authorized_user_id=authorized_user_id,
        url=url,
        remote_vault_id=remote_vault_id,
        remote_vault_name=remote_vault_name,
        remote_dns_host=remote_dns_host,
        created_at=write.now,
        modified_at=write.now,
    )
    write.add(connection)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=name, record_id=connection.record_id)
    write.changed(Topic.CONNECTIONS, vault_id)
    return connection


def establish(write: WriteSession, source: Connection, target: Connection) -> None:
    """Pair two Vault to Vault connections: both become Active and receive their Remote Vault Details (seed S1).

    `source` is the side whose connection file was used. The platform does this once a person was allowed to ask for
    it, so the permission is checked there. Raises NotPossible with the reason when the two do not fit.
    """
    source_vault, target_vault = _vault_of(write, source), _vault_of(write, target)
    _check_pair(source, target, source_vault, target_vault)
    for side, other, other_vault in ((source, target, target_vault), (target, source, source_vault)):
        details: dict[str, Any] = {
            "state": ConnectionState.ACTIVE,
            "remote_vault_id": other_vault.id,
            "remote_vault_name": other_vault.name,
            "remote_dns_host": other_vault.dns_host,
            "remote_connection_id": key_of(other),
        }
        changes = changed({field: getattr(side, field) for field in details}, details)
        for field, value in details.items():
            setattr(side, field, value)
        side.modified_at = write.now
        write.add(side)
        audit(
            write,
            Actor.system(side.vault_id),
            action="Establish Connection",
            object_name=OBJECT_NAME,
            item=side.name,
            record_id=side.record_id,
            changes=changes,
        )
        write.changed(Topic.CONNECTIONS, side.vault_id)
    write.flush()


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


def _check_url(checks: Checks, kind: ConnectionType, url: str | None) -> str | None:
    url = checks.text("url", url or "", 500)
    if not url:
        return None
    checks.refuse("url", "Only an External connection has a URL.", when=kind is not ConnectionType.EXTERNAL)
    checks.note("url", url_problem(url))
    return url


def _check_remote(
    checks: Checks, kind: ConnectionType, vault_id: int, remote_vault_id: int | None, name: str, dns_host: str
) -> None:
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


def _check_pair(source: Connection, target: Connection, source_vault: Vault, target_vault: Vault) -> None:
    for side in (source, target):
        if side.type is not ConnectionType.VAULT_TO_VAULT:
            raise NotPossible(
                f"{side.name} is of type {TYPE_LABELS[side.type]}; it has no remote side.",
                "Only Vault to Vault connections are established.",
            )
    if source_vault.id == target_vault.id:
        raise NotPossible(
            f"Both connections belong to Vault {source_vault.id}.", "Establish the connection in another Vault."
        )
    if source_vault.domain != target_vault.domain and not (source.cross_domain and target.cross_domain):
        raise NotPossible(
            f"{source_vault.name} is of domain {source_vault.domain}, {target_vault.name} of {target_vault.domain}.",
            "Both Vaults of this connection must be of the same domain.",
        )
    if source.remote_vault_id not in (None, target_vault.id):
        raise NotPossible(
            f"{source.name} names Vault {source.remote_vault_id} as Remote Vault ID, not Vault {target_vault.id}.",
            "Only the named Vault can be connected: correct the Remote Vault ID and try again.",
        )
    _check_free(source, target)
    _check_free(target, source)


def _check_free(side: Connection, other: Connection) -> None:
    """A side that is Active may only be paired again with the one it is paired with, after that was reset."""
    if side.state is not ConnectionState.ACTIVE:
        return
    if side.remote_connection_id == other.id and other.state is not ConnectionState.ACTIVE:
        return
    raise NotPossible(
        f"{side.name} in Vault {side.vault_id} is already established with Vault {side.remote_vault_id}.",
        "Reset the connection first.",
    )


def _vault_of(write: WriteSession, connection: Connection) -> Vault:
    return write.get_one(Vault, connection.vault_id)


def _next_record_id(write: WriteSession, vault_id: int) -> str:
    """Take the Vault's next record number: connections are records like all others and share their numbers."""
    write.flush()
    vault = write.get_one(Vault, vault_id, populate_existing=True)
    number = vault.next_record
    vault.next_record = number + 1
    write.flush()
    return f"{RECORD_PREFIX}{number:012d}"
