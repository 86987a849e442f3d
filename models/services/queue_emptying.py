"""Emptying and deleting queues: both are final (Spark facts, section 1)."""

from sqlalchemy import delete, func, select, update

from models.audit import audit, deleted_values
from models.errors import InvalidInput, NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import in_vault
from models.store import WriteSession
from models.tables import (
    Connection,
    ExceptionMessage,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    Subject,
    table_of,
)

_messages = table_of(SparkMessage)
_served = table_of(QueueConnection)
_exceptions = table_of(ExceptionMessage)


def reset_queue(write: WriteSession, actor: Actor, queue_id: int, typed_name: str) -> int:
    """Reset queue: delete every message that waits in it, for good; answers how many.

    `typed_name` is the queue's API name as the person typed it. Messages that have left the queue stay to be looked
    at. Raises NotAllowed, NotFound, and InvalidInput when another name was typed.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    if typed_name.strip() != queue.api_name:
        raise InvalidInput({"name": f"Type {queue.api_name} to delete every message in this queue."})
    in_queue = (_messages.c.queue_id == queue_id, _messages.c.state == MessageState.QUEUED)
    deleted = write.connection().execute(delete(_messages).where(*in_queue)).rowcount
    _settle_deliveries(write, actor.vault_id, queue_id)
    audit(write, actor, action="Reset", object_name="queue", item=queue.label, changes={"messages": (deleted, 0)})
    write.changed(Topic.QUEUES, actor.vault_id)
    write.changed(Topic.MESSAGES, actor.vault_id)
    return deleted


def delete_queue(write: WriteSession, actor: Actor, queue_id: int, *, confirmed: bool = False) -> int:
    """Delete a custom queue with all its messages; answers how many of them still waited. The audit keeps its values.

    A standard queue can never be deleted; one that holds messages only when the person confirmed it (Assumed). What
    the Queue Log says about it stays. Raises NotAllowed, NotFound, NotPossible.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    if queue.standard:
        raise NotPossible(
            f"{queue.label} is a standard queue, which can never be deleted.", "Set its Status to Inactive instead."
        )
    waiting: int = write.execute(
        select(func.count()).where(_messages.c.queue_id == queue_id, _messages.c.state == MessageState.QUEUED)
    ).scalar_one()
    if waiting and not confirmed:
        raise NotPossible(
            f"{queue.label} still holds {waiting} message{'s' if waiting > 1 else ''}, which would be deleted with it.",
            "Confirm that they may be deleted, or let them be delivered first.",
        )
    _settle_deliveries(write, actor.vault_id, queue_id)
    for served in list(write.scalars(select(QueueConnection).where(_served.c.queue_id == queue_id))):
        connection = write.get_one(Connection, served.connection_id)
        item = f"{queue.label}: {connection.name}"
        audit(write, actor, action="Delete", object_name="queue_connection", item=item, changes=deleted_values(served))
        write.expunge(served)
    audit(write, actor, action="Delete", object_name="queue", item=queue.label, changes=deleted_values(queue))
    write.execute(delete(_messages).where(_messages.c.queue_id == queue_id))
    write.execute(delete(_served).where(_served.c.queue_id == queue_id))
    write.expunge(queue)
    write.execute(delete(table_of(Queue)).where(table_of(Queue).c.id == queue_id))
    write.changed(Topic.QUEUES, actor.vault_id)
    write.changed(Topic.MESSAGES, actor.vault_id)
    return waiting


def _settle_deliveries(write: WriteSession, vault_id: int, queue_id: int) -> None:
    """Make user exceptions inactive that tell of messages waiting in this queue: none waits any more."""
    told = (_exceptions.c.queue_id == queue_id, _exceptions.c.subject == Subject.DELIVERY, _exceptions.c.active)
    write.execute(update(_exceptions).where(*told).values(active=False, resolved_at=write.now))
    write.changed(Topic.EXCEPTIONS, vault_id)
