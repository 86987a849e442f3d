"""Spark queues: making and editing them, and their two switches (Spark facts, section 1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.naming import custom_name, name_from_label
from models.permissions import Actor, Permission
from models.services.checks import Checks, changed, in_vault
from models.services.queue_connections import connect_queue
from models.services.queue_settings import DEFAULT_PROCESSOR, SETTINGS, check_settings
from models.store import WriteSession
from models.tables import Direction, Queue, table_of

__all__ = [
    "DEFAULT_PROCESSOR",
    "connect_queue",
    "create_queue",
    "edit_queue",
    "set_delivery_enabled",
    "set_queue_active",
]

OBJECT_NAME = "queue"

_queues = table_of(Queue)


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
    delivery_handler: str | None = None,
    handler_user_id: int | None = None,
    sequential: bool = False,
    rollback_on_error: bool = False,
    retry_minutes: Sequence[int] | None = None,
    active: bool = True,
    standard: bool = False,
) -> Queue:
    """Create a queue. Without a name it is called after its label; a custom name ends in `__c`.

    An inbound queue has a message processor, the one that runs integrations unless another is named; an outbound one
    may have a delivery event handler, which needs a user, and a retry schedule: the pauses in minutes. Raises
    NotAllowed, and InvalidInput that names every bad field.
    """
    actor.require(Permission.SPARK_QUEUES)
    vault_id = actor.vault_id
    checks = Checks()
    api_name = api_name.strip() or name_from_label(label.strip())
    api_name = api_name if standard else custom_name(api_name)
    checks.api_name("api_name", api_name, standard=standard)
    checks.unless(
        write,
        "api_name",
        f"Vault {vault_id} already has a queue {api_name}.",
        _queues.c.vault_id == vault_id,
        _queues.c.api_name == api_name,
    )
    settings = check_settings(
        write,
        checks,
        vault_id,
        type,
        {
            "label": label,
            "description": description,
            "message_processor": message_processor,
            "processor_user_id": processor_user_id,
            "delivery_handler": delivery_handler,
            "handler_user_id": handler_user_id,
            "sequential": sequential,
            "rollback_on_error": rollback_on_error,
            "retry_minutes": retry_minutes,
        },
    )
    checks.done()
    queue = Queue(vault_id=vault_id, api_name=api_name, type=type, active=active, standard=standard, **settings)
    write.add(queue)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=queue.label)
    write.changed(Topic.QUEUES, vault_id)
    return queue


def edit_queue(write: WriteSession, actor: Actor, queue_id: int, values: Mapping[str, Any]) -> bool:
    """Change settings of a queue, by the names in `queue_settings.SETTINGS`; answers False when nothing differs.

    Type and API name cannot be changed. Raises NotAllowed, NotFound, and InvalidInput that names every bad field.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    checks = Checks()
    for name in values:
        checks.refuse(name, "This cannot be changed.", when=name not in SETTINGS)
    before = {name: getattr(queue, name) for name in SETTINGS}
    wanted = before | {name: value for name, value in values.items() if name in SETTINGS}
    clean = check_settings(write, checks, actor.vault_id, queue.type, wanted)
    checks.done()
    changes = changed(before, clean)
    if not changes:
        return False
    for name, (_old, new) in changes.items():
        setattr(queue, name, new)
    _saved(write, actor, queue, changes)
    return True


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
    _saved(write, actor, queue, {"active": (not active, active)})
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
    _saved(write, actor, queue, {"delivery_enabled": (not enabled, enabled)})
    return True


def _saved(write: WriteSession, actor: Actor, queue: Queue, changes: Mapping[str, tuple[Any, Any]]) -> None:
    write.add(queue)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=queue.label, changes=changes)
    write.changed(Topic.QUEUES, actor.vault_id)
