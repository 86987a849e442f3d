"""Where a message of a connection goes: the remote Vault's inbound queue, found through the pair of connections."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from models.tables import Connection, ConnectionState, Direction, Queue, QueueConnection, Vault, table_of

_connections = table_of(Connection)
_queues = table_of(Queue)
_queue_connections = table_of(QueueConnection)
_vaults = table_of(Vault)


@dataclass(frozen=True, slots=True)
class Destination:
    """The receiving side. `certificate` is the sender's chosen signing certificate, None for the current one."""

    vault_id: int
    connection_id: int
    queue_id: int
    queue_name: str
    url: str
    expected_vault_id: int | None
    certificate: int | None


def find_destination(session: Session, connection_id: int, deliver_to_queue: str | None) -> Destination | str:
    """Find the receiving queue; answers a sentence instead when the message cannot be delivered as things are."""
    if deliver_to_queue is None:
        return "The queue no longer serves this connection, or names no remote queue for it."
    own = session.execute(select(_connections).where(_connections.c.id == connection_id)).one()
    if own.state is not ConnectionState.ACTIVE:
        return f"Connection {own.api_name} is {own.state.value}, not active."
    remote = session.execute(
        select(_connections, _vaults.c.dns_host)
        .join(_vaults, _vaults.c.id == _connections.c.vault_id)
        .where(_connections.c.id == own.remote_connection_id)
    ).one_or_none()
    if remote is None:
        return f"Connection {own.api_name} has no partner in another Vault."
    if remote.state is not ConnectionState.ACTIVE or remote.remote_connection_id != connection_id:
        return f"The remote Vault's connection {remote.api_name} is not active for this Vault."
    queue = session.execute(
        select(_queues.c.id, _queues.c.active)
        .join(_queue_connections, _queue_connections.c.queue_id == _queues.c.id)
        .where(
            _queues.c.vault_id == remote.vault_id,
            _queues.c.api_name == deliver_to_queue,
            _queues.c.type == Direction.INBOUND,
            _queue_connections.c.connection_id == remote.id,
            _queue_connections.c.active,
        )
    ).one_or_none()
    if queue is None:
        return f"The remote Vault has no inbound queue {deliver_to_queue} that serves connection {remote.api_name}."
    if not queue.active:
        return f"The remote Vault's inbound queue {deliver_to_queue} is inactive."
    return Destination(
        vault_id=remote.vault_id,
        connection_id=remote.id,
        queue_id=queue.id,
        queue_name=deliver_to_queue,
        # Assumed: the address at which a Vault takes Spark messages of another Vault is not published.
        url=f"https://{remote.dns_host}/spark/{deliver_to_queue}",
        expected_vault_id=remote.remote_vault_id,
        certificate=own.certificate_id,
    )
