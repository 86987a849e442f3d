"""User exception messages: trying a failed transfer again (seed S3)."""

from sqlalchemy import func, select

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import in_vault, key_of
from models.services.jobs import mark_requested
from models.services.queue_log import mark_put_back
from models.store import WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    Direction,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    IntegrationPoint,
    ItemStatus,
    JobKind,
    MessageState,
    Queue,
    SparkMessage,
    table_of,
)

OBJECT_NAME = "exception_message__sys"

_items = table_of(ExceptionItem)
_messages = table_of(SparkMessage)


def retry_exception(write: WriteSession, actor: Actor, exception_message_id: int) -> int:
    """Retry Transfer: have the connection run at once; answers how many items go again.

    What failed in an inbound point is tried by the receive job. Anything else is trouble of configuration or
    connection, for which all jobs of the connection run; a Spark message that was removed undelivered goes back to its
    place in its queue first, with all its attempts before it (Assumed: the vendor names no way back). Raises
    NotAllowed, NotFound, and NotPossible when the message is inactive or its queue does not take it back.
    """
    actor.require(Permission.READ_EXCEPTIONS)
    actor.require(Permission.MANAGE_INTEGRATIONS)
    message = in_vault(write, ExceptionMessage, exception_message_id, actor.vault_id, "user exception message")
    if not message.active:
        raise NotPossible(
            f"User exception message {message.name} is inactive: everything in it has passed.",
            "There is nothing to retry.",
        )
    undelivered = _undelivered(write, message)
    if undelivered is not None:
        _put_back(write, undelivered)
    for kind in _jobs_to_run(write, message):
        mark_requested(write, actor.vault_id, kind, message.connection_id)
    audit(write, actor, action="Retry Transfer", object_name=OBJECT_NAME, item=message.name)
    write.changed(Topic.EXCEPTIONS, actor.vault_id)
    if undelivered is not None:
        return undelivered.item_count
    waiting: int = write.execute(
        select(func.count()).where(_items.c.message_id == exception_message_id, _items.c.status == ItemStatus.OPEN)
    ).scalar_one()
    return waiting


def _jobs_to_run(write: WriteSession, message: ExceptionMessage) -> tuple[JobKind, ...]:
    point = write.get(IntegrationPoint, message.point_id) if message.point_id is not None else None
    if point is not None and point.direction is Direction.INBOUND:
        return (JobKind.RECEIVE,)
    return (JobKind.SEND, JobKind.DELIVER, JobKind.RECEIVE)


def _undelivered(write: WriteSession, message: ExceptionMessage) -> SparkMessage | None:
    if message.error_type is not ErrorType.CONNECTION or message.spark_message_id is None:
        return None
    return write.get(SparkMessage, message.spark_message_id)


def _put_back(write: WriteSession, message: SparkMessage) -> None:
    """Put a removed message back on its own queue; one that waits for its next attempt is due at once."""
    if message.state is MessageState.REMOVED:
        queue = write.get_one(Queue, message.queue_id)
        if not queue.active:
            raise NotPossible(
                f"Outbound queue {queue.api_name} is inactive and takes no messages.",
                "Set the queue's Status to Active.",
            )
        waiting = select(func.count()).where(
            _messages.c.queue_id == message.queue_id, _messages.c.state == MessageState.QUEUED
        )
        if write.execute(waiting).scalar_one() >= MESSAGES_IN_A_QUEUE:
            raise NotPossible(
                f"Outbound queue {queue.api_name} is full: it holds {MESSAGES_IN_A_QUEUE:,} messages.",
                "Enable its delivery, or wait until it has been worked off.",
            )
        message.state = MessageState.QUEUED
        message.attempts = 0
        message.left_at = message.taken_by = None
        mark_put_back(write, key_of(message))
    elif message.state is not MessageState.QUEUED:
        return
    message.next_attempt_at = None
    write.add(message)
    write.flush()
    write.changed(Topic.MESSAGES, message.vault_id)
    write.changed(Topic.QUEUES, message.vault_id)
