"""User exception messages: trying a failed transfer again (seed S3)."""

from sqlalchemy import func, select

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import in_vault
from models.services.jobs import mark_requested
from models.store import WriteSession
from models.tables import Direction, ExceptionItem, ExceptionMessage, IntegrationPoint, ItemStatus, JobKind, table_of

OBJECT_NAME = "exception_message__sys"

_items = table_of(ExceptionItem)


def retry_exception(write: WriteSession, actor: Actor, exception_message_id: int) -> int:
    """Retry Transfer: have the connection run at once; answers how many open items the message has.

    What failed in an inbound point is tried by the receive job. Anything else is trouble of configuration or
    connection, for which all jobs of the connection run. Raises NotAllowed, NotFound, and NotPossible when the message
    is inactive.
    """
    actor.require(Permission.READ_EXCEPTIONS)
    actor.require(Permission.MANAGE_INTEGRATIONS)
    message = in_vault(write, ExceptionMessage, exception_message_id, actor.vault_id, "user exception message")
    if not message.active:
        raise NotPossible(
            f"User exception message {message.name} is inactive: everything in it has passed.",
            "There is nothing to retry.",
        )
    for kind in _jobs_to_run(write, message):
        mark_requested(write, actor.vault_id, kind, message.connection_id)
    audit(write, actor, action="Retry Transfer", object_name=OBJECT_NAME, item=message.name)
    write.changed(Topic.EXCEPTIONS, actor.vault_id)
    waiting: int = write.execute(
        select(func.count()).where(_items.c.message_id == exception_message_id, _items.c.status == ItemStatus.OPEN)
    ).scalar_one()
    return waiting


def _jobs_to_run(write: WriteSession, message: ExceptionMessage) -> tuple[JobKind, ...]:
    point = write.get(IntegrationPoint, message.point_id) if message.point_id is not None else None
    if point is not None and point.direction is Direction.INBOUND:
        return (JobKind.RECEIVE,)
    return (JobKind.SEND, JobKind.DELIVER, JobKind.RECEIVE)
