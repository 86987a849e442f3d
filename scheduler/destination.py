"""Where a message of a connection goes: an inbound queue of the remote or the own Vault, or an external system."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from models.tables import (
    Connection,
    ConnectionState,
    ConnectionType,
    Direction,
    Queue,
    QueueConnection,
    Vault,
    table_of,
)

_connections = table_of(Connection)
_queues = table_of(Queue)
_queue_connections = table_of(QueueConnection)
_vaults = table_of(Vault)

NOT_SERVED = "The queue no longer serves this connection, or names no remote queue for it."


@dataclass(frozen=True, slots=True)
class Destination:
    """The receiving queue. `certificate` is the sender's chosen signing certificate, None for the current one.

    `connection_user_id` is the sender's Authorized Connection User. `refuses` is why the receiving Vault takes nothing
    over this connection, whatever the signature.
    """

    vault_id: int
    connection_id: int
    queue_id: int
    queue_name: str
    url: str
    expected_vault_id: int | None
    certificate: int | None
    connection_user_id: int | None = None
    refuses: str = ""


@dataclass(frozen=True, slots=True)
class ExternalDestination:
    """An external system: its URL and the path to append, both with their tokens unresolved.

    `authorization_id` is the Authorization record whose credentials go with a post.
    """

    url: str
    path: str | None
    certificate: int | None
    connection_user_id: int | None
    authorization_id: int | None = None


AnyDestination = Destination | ExternalDestination


def find_destination(
    session: Session, connection_id: int, deliver_to_queue: str | None, path: str | None = None
) -> AnyDestination | str:
    """Find the receiving side; answers a sentence instead when the message cannot be delivered as things are."""
    own = session.execute(
        select(_connections, _vaults.c.dns_host, _vaults.c.sandbox, _vaults.c.name.label("vault"))
        .join(_vaults, _vaults.c.id == _connections.c.vault_id)
        .where(_connections.c.id == connection_id)
    ).one()
    if own.type is ConnectionType.EXTERNAL:
        if own.state is not ConnectionState.ACTIVE:
            return _not_active(own)
        if not own.url:
            return f"Connection {own.api_name} has no URL."
        return ExternalDestination(own.url, path, own.certificate_id, own.authorized_user_id, own.authorization_id)
    if deliver_to_queue is None:
        return NOT_SERVED
    if own.state is not ConnectionState.ACTIVE:
        return _not_active(own)
    if own.type is ConnectionType.LOCAL:
        return _queue_of(session, own, own, deliver_to_queue, f"This Vault has no inbound queue {deliver_to_queue}")
    remote = session.execute(
        select(_connections, _vaults.c.dns_host, _vaults.c.sandbox, _vaults.c.name.label("vault"))
        .join(_vaults, _vaults.c.id == _connections.c.vault_id)
        .where(_connections.c.id == own.remote_connection_id)
    ).one_or_none()
    if remote is None:
        return f"Connection {own.api_name} has no partner in another Vault."
    if remote.state is not ConnectionState.ACTIVE or remote.remote_connection_id != connection_id:
        return f"The remote Vault's connection {remote.api_name} is not active for this Vault."
    nowhere = f"The remote Vault has no inbound queue {deliver_to_queue}"
    return _queue_of(session, own, remote, deliver_to_queue, nowhere)


def _queue_of(session: Session, own: Row[Any], side: Row[Any], name: str, nowhere: str) -> Destination | str:
    """The inbound queue of that name on the receiving side; a Local connection is its own receiving side."""
    queue = session.execute(
        select(_queues.c.id, _queues.c.active)
        .join(_queue_connections, _queue_connections.c.queue_id == _queues.c.id)
        .where(
            _queues.c.vault_id == side.vault_id,
            _queues.c.api_name == name,
            _queues.c.type == Direction.INBOUND,
            _queue_connections.c.connection_id == side.id,
            _queue_connections.c.active,
        )
    ).one_or_none()
    if queue is None:
        return f"{nowhere} that serves connection {side.api_name}."
    if not queue.active:
        whose = "This" if side.id == own.id else "The remote"
        return f"{whose} Vault's inbound queue {name} is inactive."
    return Destination(
        vault_id=side.vault_id,
        connection_id=side.id,
        queue_id=queue.id,
        queue_name=name,
        # Assumed: the address at which a Vault takes Spark messages of another Vault is not published.
        url=f"https://{side.dns_host}/spark/{name}",
        expected_vault_id=own.vault_id if side.id == own.id else side.remote_vault_id,
        certificate=own.certificate_id,
        connection_user_id=own.authorized_user_id,
        refuses=_sandbox_data(own, side),
    )


def _sandbox_data(own: Row[Any], side: Row[Any]) -> str:
    """Why a production Vault takes nothing from a sandbox; empty where it does.

    Seed S2 says it of the Medical-CRM Connection, which works between production and sandbox. Assumed: it holds for
    every Vault to Vault connection.
    """
    if own.sandbox and not side.sandbox:
        return f"{own.vault} is a sandbox: production Vaults take no data of sandboxes."
    return ""


def _not_active(own: Row[Any]) -> str:
    return f"Connection {own.api_name} is {own.state.value}, not active."
