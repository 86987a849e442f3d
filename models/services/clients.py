"""Connection clients: the client ids that API calls may carry, and Client ID Filtering (seed S1; Spark facts, 4)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.errors import InvalidInput
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import Checks, connection_in_vault, in_vault
from models.store import WriteSession
from models.tables import Connection, ConnectionClient, ConnectionState, ConnectionType, Vault, table_of

OBJECT_NAME = "connection_client__sys"
LONGEST_CLIENT_ID = 100
UNKNOWN = "unknown"
"""What is logged for a call without a client id."""
INVALID = "invalid_client_id"
"""What is logged for a call with a malformed client id."""

_FORM = re.compile(r"[A-Za-z0-9._-]{1,100}")
_clients = table_of(ConnectionClient)
_connections = table_of(Connection)


@dataclass(frozen=True, slots=True)
class ApprovedClient:
    """A client id with the connection it is on: `user_id` is its Authorized Connection User."""

    client_id: str
    active: bool
    connection_type: ConnectionType
    connection_state: ConnectionState
    user_id: int | None


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """Whether an API call is let in; `logged` is the client id as the log shows it, `reason` is one sentence."""

    allowed: bool
    logged: str
    reason: str


def requested_client_id(parameter: str | None, header: str | None) -> str:
    """The client id of an API call: the query parameter `client_id` beats the header `X-VaultAPI-ClientID`."""
    given = parameter if parameter is not None else header
    if not given:
        return UNKNOWN
    return given if _FORM.fullmatch(given) else INVALID


def client_allowed(
    client_id: str, approved: Iterable[ApprovedClient], *, filtering: bool, user_id: int | None = None
) -> ClientVerdict:
    """Whether an API call with this client id (as `requested_client_id` answers it) is let in.

    With Client ID Filtering on, the id must be active on an Active connection; on an External one the calling user must
    be its Authorized Connection User (seed S1). Pure: `approved` are the client ids of the Vault.
    """
    if not filtering:
        return ClientVerdict(allowed=True, logged=client_id, reason="Client ID Filtering is off.")
    if client_id in (UNKNOWN, INVALID):
        what = "has no client id" if client_id == UNKNOWN else "has a malformed client id"
        return ClientVerdict(allowed=False, logged=client_id, reason=f"The call {what}, and Client ID Filtering is on.")
    alike = [one for one in approved if one.client_id == client_id and one.active]
    alike = [one for one in alike if one.connection_state is ConnectionState.ACTIVE]
    if not alike:
        return ClientVerdict(
            allowed=False, logged=client_id, reason=f"The client id {client_id} is on no active connection."
        )
    if any(one.connection_type is not ConnectionType.EXTERNAL or one.user_id == user_id for one in alike):
        return ClientVerdict(allowed=True, logged=client_id, reason="The client id is on an active connection.")
    return ClientVerdict(
        allowed=False, logged=client_id, reason="The calling user is not the connection's Authorized Connection User."
    )


def approved_clients(session: Session, vault_id: int) -> tuple[ApprovedClient, ...]:
    """All client ids on connections of a Vault, as `client_allowed` judges them."""
    statement = (
        select(
            _clients.c.client_id,
            _clients.c.active,
            _connections.c.type,
            _connections.c.state,
            _connections.c.authorized_user_id,
        )
        .join(_connections, _connections.c.id == _clients.c.connection_id)
        .where(_clients.c.vault_id == vault_id)
        .order_by(_clients.c.id)
    )
    return tuple(ApprovedClient(*row) for row in session.execute(statement))


def add_client(write: WriteSession, actor: Actor, connection_id: int, client_id: str) -> ConnectionClient:
    """Approve another client id for a connection. Raises NotAllowed, NotFound, InvalidInput."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    client_id = _checked(write, connection_id, client_id)
    client = ConnectionClient(vault_id=actor.vault_id, connection_id=connection_id, client_id=client_id)
    write.add(client)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=client_id, record_id=connection.record_id)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    return client


def change_client(write: WriteSession, actor: Actor, client_key: int, client_id: str) -> bool:
    """Give a connection client another id; answers False when it has it already. Raises as `add_client` does."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    client = in_vault(write, ConnectionClient, client_key, actor.vault_id, "connection client")
    if client.client_id == client_id.strip():
        return False
    new = _checked(write, client.connection_id, client_id)
    _save(write, actor, client, {"client_id": (client.client_id, new)})
    return True


def set_client_active(write: WriteSession, actor: Actor, client_key: int, active: bool) -> bool:  # noqa: FBT001
    """Activate or inactivate a client id; answers False when it was so already. Raises NotAllowed, NotFound."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    client = in_vault(write, ConnectionClient, client_key, actor.vault_id, "connection client")
    if client.active == active:
        return False
    _save(write, actor, client, {"active": (client.active, active)})
    return True


def set_client_id_filtering(write: WriteSession, actor: Actor, on: bool) -> bool:  # noqa: FBT001
    """Switch Client ID Filtering of the actor's Vault; answers False when it was so already.

    Needs Manage Connections (Assumed: the vendor names no permission for the setting). Raises NotAllowed.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    vault = write.get_one(Vault, actor.vault_id)
    if vault.client_id_filtering == on:
        return False
    vault.client_id_filtering = on
    write.add(vault)
    write.flush()
    changes = {"client_id_filtering": (not on, on)}
    audit(write, actor, action="Edit", object_name="vault", item=vault.name, changes=changes)
    write.changed(Topic.VAULTS, actor.vault_id)
    return True


def _checked(write: WriteSession, connection_id: int, client_id: str) -> str:
    client_id = client_id.strip()
    checks = Checks()
    # Assumed: the two words that a log shows for calls without a good id cannot be ids themselves.
    if not _FORM.fullmatch(client_id):
        problem = f"1 to {LONGEST_CLIENT_ID} letters, digits, points, underscores and hyphens are needed."
        raise InvalidInput({"client_id": problem})
    checks.refuse("client_id", "This word stands for calls without a good one.", when=client_id in (UNKNOWN, INVALID))
    checks.unless(
        write,
        "client_id",
        f"The connection already has the client id {client_id}.",
        _clients.c.connection_id == connection_id,
        _clients.c.client_id == client_id,
    )
    checks.done()
    return client_id


def _save(
    write: WriteSession, actor: Actor, client: ConnectionClient, changes: dict[str, tuple[object, object]]
) -> None:
    item = client.client_id
    for field, (_old, new) in changes.items():
        setattr(client, field, new)
    write.add(client)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=item, changes=changes)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
