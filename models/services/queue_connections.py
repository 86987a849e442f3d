"""The connections that a queue serves: several of mixed types, each with a message of its own (Spark facts, 1)."""

import re

from models.audit import audit, deleted_values
from models.errors import NotFound, NotPossible
from models.feed import Topic
from models.naming import LONGEST_NAME, api_name_problem
from models.permissions import Actor, Permission
from models.services.checks import Checks, changed, connection_in_vault, in_vault
from models.store import WriteSession
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    table_of,
)

OBJECT_NAME = "queue_connection"

_queue_connections = table_of(QueueConnection)
_messages = table_of(SparkMessage)

# The pieces of a path and query; tokens such as ${Session.SessionId} are resolved when a message is sent.
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?%-]|\$\{[A-Za-z0-9_.]+\})*")


def connect_queue(
    write: WriteSession,
    actor: Actor,
    queue_id: int,
    connection_id: int,
    deliver_to_queue: str | None = None,
    *,
    path: str | None = None,
    label: str = "",
) -> QueueConnection:
    """Have a queue serve a connection.

    An outbound queue says into which inbound queue it delivers; the name is the remote Vault's, so it is not checked
    against one. An External connection has no remote queue: it delivers to its URL, to which `path` is appended
    (Assumed). Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    checks = Checks()
    target, path = _check_target(checks, queue, connection, deliver_to_queue, path)
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
        queue_id=queue_id, connection_id=connection_id, label=label, deliver_to_queue=target, path=path
    )
    write.add(served)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=f"{queue.label}: {connection.name}")
    write.changed(Topic.QUEUES, actor.vault_id)
    return served


def edit_queue_connection(
    write: WriteSession,
    actor: Actor,
    queue_id: int,
    connection_id: int,
    *,
    deliver_to_queue: str | None = None,
    path: str | None = None,
    label: str | None = None,
) -> bool:
    """Change how a queue serves a connection; None leaves a field as it is, an empty text empties it.

    Answers False when nothing differs. Raises NotAllowed, NotFound, InvalidInput.
    """
    queue, connection, served = _served(write, actor, queue_id, connection_id)
    checks = Checks()
    wanted_target = served.deliver_to_queue if deliver_to_queue is None else deliver_to_queue
    wanted_path = served.path if path is None else path
    target, clean_path = _check_target(checks, queue, connection, wanted_target, wanted_path)
    clean_label = served.label if label is None else checks.text("label", label, 60)
    checks.done()
    wanted = {"deliver_to_queue": target, "path": clean_path, "label": clean_label}
    changes = changed({name: getattr(served, name) for name in wanted}, wanted)
    if not changes:
        return False
    for name, (_old, new) in changes.items():
        setattr(served, name, new)
    write.add(served)
    write.flush()
    item = f"{queue.label}: {connection.name}"
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=item, changes=changes)
    write.changed(Topic.QUEUES, actor.vault_id)
    return True


def set_queue_connection_active(
    write: WriteSession,
    actor: Actor,
    queue_id: int,
    connection_id: int,
    active: bool,  # noqa: FBT001
) -> bool:
    """Set whether a queue serves a connection at present; answers False when it was so already.

    Messages that wait for an inactive one fail on delivery and are tried again (Assumed). Raises NotAllowed, NotFound.
    """
    queue, connection, served = _served(write, actor, queue_id, connection_id)
    if served.active == active:
        return False
    served.active = active
    write.add(served)
    write.flush()
    item = f"{queue.label}: {connection.name}"
    changes = {"active": (not active, active)}
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=item, changes=changes)
    write.changed(Topic.QUEUES, actor.vault_id)
    return True


def disconnect_queue(write: WriteSession, actor: Actor, queue_id: int, connection_id: int) -> None:
    """Have a queue no longer serve a connection.

    Raises NotAllowed, NotFound, and NotPossible while messages of that connection wait in the queue, which could then
    never be delivered (Assumed).
    """
    queue, connection, served = _served(write, actor, queue_id, connection_id)
    waiting = (
        _messages.select()
        .where(
            _messages.c.queue_id == queue_id,
            _messages.c.connection_id == connection_id,
            _messages.c.state == MessageState.QUEUED,
        )
        .limit(1)
    )
    if write.execute(waiting).first() is not None:
        raise NotPossible(
            f"Messages for {connection.name} wait in {queue.label}.",
            "Let them be delivered, or reset the queue, before you remove the connection from it.",
        )
    item = f"{queue.label}: {connection.name}"
    audit(write, actor, action="Delete", object_name=OBJECT_NAME, item=item, changes=deleted_values(served))
    write.delete(served)
    write.flush()
    write.changed(Topic.QUEUES, actor.vault_id)


def _served(
    write: WriteSession, actor: Actor, queue_id: int, connection_id: int
) -> tuple[Queue, Connection, QueueConnection]:
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    statement = _queue_connections.select().where(
        _queue_connections.c.queue_id == queue_id, _queue_connections.c.connection_id == connection_id
    )
    row = write.execute(statement).one_or_none()
    served = write.get(QueueConnection, row.id) if row is not None else None
    if served is None:
        raise NotFound(f"{queue.label} does not serve {connection.name}.", "Add the connection to the queue first.")
    return queue, connection, served


def _check_target(
    checks: Checks, queue: Queue, connection: Connection, deliver_to_queue: str | None, path: str | None
) -> tuple[str | None, str | None]:
    """Where messages for a connection go: the remote queue's name, or the path at an external system."""
    target, path = (deliver_to_queue or "").strip(), (path or "").strip()
    external = connection.type is ConnectionType.EXTERNAL
    if queue.type is Direction.INBOUND:
        checks.refuse("deliver_to_queue", "Only an outbound queue delivers.", when=bool(target))
    elif external:
        checks.refuse("deliver_to_queue", "An External connection delivers to its URL.", when=bool(target))
    else:
        checks.refuse("deliver_to_queue", "Name the inbound queue of the receiving Vault.", when=not target)
        checks.text("deliver_to_queue", target, LONGEST_NAME)
        checks.note("deliver_to_queue", api_name_problem(target, standard=True))
    has_path = external and queue.type is Direction.OUTBOUND
    checks.refuse("path", "Only an outbound queue's External connection has a path.", when=bool(path) and not has_path)
    checks.text("path", path, 500)
    checks.refuse(
        "path",
        "Only the signs of a URL's path and query are allowed, e.g. /orders/new?source=vault.",
        when=_PATH.fullmatch(path) is None,
    )
    return target or None, path or None
