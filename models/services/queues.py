"""Spark queues: making them, the connections they serve, and their two switches (Spark facts, section 1)."""

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.naming import LONGEST_NAME, api_name_problem, custom_name, name_from_label
from models.permissions import Actor, Permission
from models.services.checks import Checks, connection_in_vault, in_vault
from models.store import WriteSession
from models.tables import ConnectionType, Direction, Queue, QueueConnection, table_of

OBJECT_NAME = "queue"
DEFAULT_PROCESSOR = "transfer"
"""The Spark message processor that runs integrations."""

_queues = table_of(Queue)
_queue_connections = table_of(QueueConnection)


def create_queue(
    write: WriteSession,
    actor: Actor,
    *,
    label: str,
    type: Direction,  # noqa: A002 - the field's own name
    api_name: str = "",
    description: str = "",
    message_processor: str | None = None,
    processor_user_id: int | None = None,
    sequential: bool = False,
    rollback_on_error: bool = False,
    active: bool = True,
    standard: bool = False,
) -> Queue:
    """Create a queue. Without a name it is called after its label; a custom name ends in `__c`.

    An inbound queue has a message processor, the one that runs integrations unless another is named; an outbound one
    has none. Raises NotAllowed, and InvalidInput that names every bad field.
    """
    actor.require(Permission.SPARK_QUEUES)
    vault_id = actor.vault_id
    checks = Checks()
    label = checks.text("label", label, 60, required=True)
    api_name = api_name.strip() or name_from_label(label)
    api_name = api_name if standard else custom_name(api_name)
    checks.api_name("api_name", api_name, standard=standard)
    checks.unless(
        write,
        "api_name",
        f"Vault {vault_id} already has a queue {api_name}.",
        _queues.c.vault_id == vault_id,
        _queues.c.api_name == api_name,
    )
    description = checks.text("description", description, 500, lines=True)
    inbound = type is Direction.INBOUND
    if inbound:
        processor = DEFAULT_PROCESSOR if message_processor is None else message_processor
        message_processor = checks.text("message_processor", processor, 100, required=True)
    checks.refuse(
        "message_processor",
        "Only an inbound queue has a message processor.",
        when=not inbound and message_processor is not None,
    )
    checks.refuse(
        "processor_user_id",
        "Only an inbound queue has a processor user.",
        when=not inbound and processor_user_id is not None,
    )
    checks.user(write, "processor_user_id", vault_id, processor_user_id)
    checks.done()
    queue = Queue(
        vault_id=vault_id,
        label=label,
        api_name=api_name,
        description=description,
        type=type,
        active=active,
        message_processor=message_processor,
        processor_user_id=processor_user_id,
        sequential=sequential,
        rollback_on_error=rollback_on_error,
        standard=standard,
    )
    write.add(queue)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=label)
    write.changed(Topic.QUEUES, vault_id)
    return queue


def connect_queue(
    write: WriteSession,
    actor: Actor,
    queue_id: int,
    connection_id: int,
    deliver_to_queue: str | None = None,
    *,
    label: str = "",
) -> QueueConnection:
    """Have a queue serve a connection.

    An outbound queue says into which inbound queue it delivers; the name is the remote Vault's, so it is not checked
    against one. An External connection has no remote queue: it delivers to its URL (Assumed). Raises NotAllowed,
    NotFound, InvalidInput.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    checks = Checks()
    target = (deliver_to_queue or "").strip()
    if queue.type is Direction.INBOUND:
        checks.refuse("deliver_to_queue", "Only an outbound queue delivers.", when=bool(target))
    elif connection.type is ConnectionType.EXTERNAL:
        checks.refuse("deliver_to_queue", "An External connection delivers to its URL.", when=bool(target))
    else:
        checks.refuse("deliver_to_queue", "Name the inbound queue of the receiving Vault.", when=not target)
        checks.text("deliver_to_queue", target, LONGEST_NAME)
        checks.note("deliver_to_queue", api_name_problem(target, standard=True))
    label = checks.text("label", label, 60)
    checks.unless(
        write,
        "connection_id",
        f"{queue.label} already serves {connection.name}.",
        _queue_connections.c.queue_id == queue_id,
        _queue_connections.c.connection_id == connection_id,
    )
    checks.done()
    served = QueueConnection(
        queue_id=queue_id, connection_id=connection_id, label=label, deliver_to_queue=target or None
    )
    write.add(served)
    write.flush()
    audit(write, actor, action="Create", object_name="queue_connection", item=f"{queue.label}: {connection.name}")
    write.changed(Topic.QUEUES, actor.vault_id)
    return served


def set_queue_active(write: WriteSession, actor: Actor, queue_id: int, active: bool) -> bool:  # noqa: FBT001
    """Set a queue's Status; answers False when it was so already.

    Only an active queue accepts messages; an inactive one still works off what it holds (Assumed for Spark queues).
    Raises NotAllowed, NotFound.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    if queue.active == active:
        return False
    queue.active = active
    _saved(write, actor, queue, "active", active)
    return True


def set_delivery_enabled(write: WriteSession, actor: Actor, queue_id: int, enabled: bool) -> bool:  # noqa: FBT001
    """Pause or resume the delivery of an outbound queue; answers False when it was so already.

    Raises NotAllowed, NotFound, and NotPossible for an inbound queue, which cannot be paused.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    if queue.type is Direction.INBOUND:
        raise NotPossible(
            f"{queue.label} is an inbound queue, and an inbound queue cannot be paused.",
            "Disable delivery of the outbound queue that delivers to it.",
        )
    if queue.delivery_enabled == enabled:
        return False
    queue.delivery_enabled = enabled
    _saved(write, actor, queue, "delivery_enabled", enabled)
    return True


def _saved(write: WriteSession, actor: Actor, queue: Queue, field: str, value: bool) -> None:  # noqa: FBT001
    write.add(queue)
    write.flush()
    audit(
        write,
        actor,
        action="Edit",
        object_name=OBJECT_NAME,
        item=queue.label,
        changes={field: (not value, value)},
    )
    write.changed(Topic.QUEUES, actor.vault_id)
