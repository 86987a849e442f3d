"""Deleting a connection (seed S1): what forbids it, and what goes with it.

With the connection go its integrations, points, rules and lookups, its stats, and its history: messages that have left
the queues, user exception messages, and the lines of job runs. The Queue Log and the audit trail outlive it.
"""

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit, deleted_values
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.removal import remove_rows
from models.services.checks import connection_in_vault, key_of
from models.services.connection_pairing import audit_side, leave_partner
from models.services.connection_workflow import cancel_workflow
from models.store import WriteSession
from models.tables import (
    Connection,
    ConnectionClient,
    ConnectionState,
    ExceptionMessage,
    Integration,
    Queue,
    QueueConnection,
    table_of,
)

CLIENT_OBJECT_NAME = "connection_client__sys"
INTEGRATION_OBJECT_NAME = "integration__sys"

_connections = table_of(Connection)
_clients = table_of(ConnectionClient)
_exceptions = table_of(ExceptionMessage)
_integrations = table_of(Integration)
_queues = table_of(Queue)
_served = table_of(QueueConnection)


def delete_problem(session: Session, connection: Connection) -> str | None:
    """Why a connection cannot be deleted; None when it can. Names the queues that refer to it."""
    if connection.system_managed:
        return f"{connection.name} is a standard, system-managed connection; it can only be connected anew."
    statement = (
        select(_queues.c.label)
        .join(_served, _served.c.queue_id == _queues.c.id)
        .where(_served.c.connection_id == key_of(connection))
        .order_by(_queues.c.label)
    )
    queues = list(session.execute(statement).scalars())
    if queues:
        plural = "queues" if len(queues) > 1 else "queue"
        return f"{connection.name} is referenced by the {plural} {', '.join(queues)}."
    return None


def delete_consequences(session: Session, connection: Connection) -> tuple[str, ...]:
    """What deleting a connection would do, in sentences for a dialog."""
    found = ["Its integrations, rules, lookups, Connection Stats and message history are deleted."]
    partner = None
    if connection.remote_connection_id is not None:
        partner = session.get(Connection, connection.remote_connection_id)
    if partner is not None and partner.state is ConnectionState.ACTIVE:
        found.append(f"{partner.name} in Vault {partner.vault_id} becomes Disconnected.")
    return tuple(found)


def delete_connection(write: WriteSession, actor: Actor, connection_id: int) -> None:
    """Delete a custom connection that no queue refers to; the audit keeps all its values, and who its clients were.

    A remote connection that is Active with it becomes Disconnected; an approval that waits is cancelled. Raises
    NotAllowed, NotFound, and NotPossible with the reason.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    problem = delete_problem(write, connection)
    if problem:
        remedy = "Reset it, and connect it with another Vault." if connection.system_managed else ""
        raise NotPossible(problem, remedy or "Remove the connection from the queue first.")
    cancel_workflow(write, connection, actor, "the connection was deleted")
    leave_partner(write, connection, actor)
    _audit_children(write, actor, connection)
    audit_side(write, connection, actor, action="Delete", changes=deleted_values(connection))
    remove_connection_rows(write, connection)
    for topic in (Topic.CONNECTIONS, Topic.INTEGRATIONS, Topic.EXCEPTIONS, Topic.STATS, Topic.MESSAGES):
        write.changed(topic, actor.vault_id)


def _audit_children(write: WriteSession, actor: Actor, connection: Connection) -> None:
    """Audit the deletion of the clients and integrations that go with a connection."""
    of_connection = key_of(connection)
    clients = write.scalars(select(ConnectionClient).where(_clients.c.connection_id == of_connection))
    integrations = write.scalars(select(Integration).where(_integrations.c.connection_id == of_connection))
    for name, rows in ((CLIENT_OBJECT_NAME, list(clients)), (INTEGRATION_OBJECT_NAME, list(integrations))):
        for row in rows:
            item = row.client_id if isinstance(row, ConnectionClient) else row.name
            audit(
                write,
                actor,
                action="Delete",
                object_name=name,
                item=item,
                record_id=connection.record_id,
                changes=deleted_values(row),
            )
            write.expunge(row)


def remove_connection_rows(write: WriteSession, connection: Connection) -> None:
    """Remove a connection's row and all that hangs under it; what left its queues and what failed goes too."""
    key = key_of(connection)
    own = select(_integrations.c.id).where(_integrations.c.connection_id == key)
    remove_rows(write, _exceptions, (_exceptions.c.connection_id == key) | _exceptions.c.integration_id.in_(own))
    write.expunge(connection)
    remove_rows(write, _connections, _connections.c.id == key)
