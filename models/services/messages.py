"""Putting a Spark message on an outbound queue by hand (Spark facts, sections 1 and 2)."""

import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from models.audit import audit
from models.errors import InvalidInput, NotPossible
from models.feed import Topic
from models.message_items import index_attributes, index_items
from models.permissions import Actor, Permission
from models.services.checks import in_vault, key_of
from models.services.queue_log import log_messages, room_in
from models.store import WriteSession
from models.tables import (
    ITEMS_IN_A_MESSAGE,
    LONGEST_TOKEN,
    MESSAGES_IN_A_QUEUE,
    ConnectionStat,
    Direction,
    LogEntryType,
    MessageEvent,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    SparkMessageBody,
    table_of,
)

_served = table_of(QueueConnection)
_stats = table_of(ConnectionStat)
_TOKEN = re.compile(r"\$\{[^}]*\}?")

Attribute = str | int | float | bool
"""What an attribute of a message may be."""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one put: a message id per connection, for those that are queued and those that found no room."""

    queued: tuple[str, ...]
    dropped: tuple[str, ...]


def put_message(
    write: WriteSession, actor: Actor, queue_id: int, attributes: Mapping[str, Attribute], items: Sequence[str]
) -> Put:
    """Put a message on an outbound queue: one message for each connection that it serves, each with its own id.

    The attributes object, event and integration_point have the usual meaning. When the queue is full and rolls back on
    error, the put fails with NotPossible and so does the caller's transaction; otherwise what finds no room is
    dropped, goes to the Queue Log, counts as a fatal error, and the caller goes on (Assumed). Raises NotAllowed,
    NotFound, InvalidInput, and NotPossible for a queue that takes no messages.
    """
    actor.require(Permission.SPARK_QUEUES)
    queue = in_vault(write, Queue, queue_id, actor.vault_id, "queue")
    problems = {**_attribute_problems(attributes), **_item_problems(items)}
    if problems:
        raise InvalidInput(problems)
    connections = _connections_of(write, queue)
    room = room_in(write, queue_id)
    if room < len(connections) and queue.rollback_on_error:
        raise NotPossible(
            f"Queue {queue.api_name} is full: it holds {MESSAGES_IN_A_QUEUE:,} messages.",
            "Enable its delivery, or wait until it has been worked off.",
        )
    queued: list[str] = []
    dropped: list[str] = []
    lost: list[int] = []
    for place, connection_id in enumerate(connections):
        fits = place < room
        row = _message(write, actor, queue_id, connection_id, attributes, items, fits=fits)
        (queued if fits else dropped).append(row.message_id)
        if not fits:
            lost.append(key_of(row))
            count_fatal_error(write, actor.vault_id, connection_id)
    log_messages(write, LogEntryType.REMOVAL, lost, reason=f"Queue {queue.api_name} was full.")
    audit(write, actor, action="Put Message", object_name="queue", item=queue.label)
    write.changed(Topic.QUEUES, actor.vault_id)
    write.changed(Topic.MESSAGES, actor.vault_id)
    return Put(tuple(queued), tuple(dropped))


def count_fatal_error(write: WriteSession, vault_id: int, connection_id: int, number: int = 1) -> None:
    """Add to the day's fatal errors in the Connection Stats."""
    stat = write.get(ConnectionStat, (connection_id, write.now.date()))
    if stat is None:
        stat = ConnectionStat(connection_id=connection_id, day=write.now.date())
    else:
        write.refresh(stat)
    stat.fatal_errors += number
    write.add(stat)
    write.flush()
    write.changed(Topic.STATS, vault_id)


def _message(
    write: WriteSession,
    actor: Actor,
    queue_id: int,
    connection_id: int,
    attributes: Mapping[str, Attribute],
    items: Sequence[str],
    *,
    fits: bool,
) -> SparkMessage:
    event = str(attributes.get("event", ""))
    row = SparkMessage(
        vault_id=actor.vault_id,
        queue_id=queue_id,
        connection_id=connection_id,
        message_id=str(uuid.uuid4()),
        state=MessageState.QUEUED if fits else MessageState.REMOVED,
        object_name=str(attributes.get("object", ""))[:60],
        event=MessageEvent(event) if event in set(MessageEvent) else MessageEvent.CHANGED,
        integration_point=str(attributes.get("integration_point", ""))[:60],
        item_count=len(items),
        entered_at=write.now,
        left_at=None if fits else write.now,
        last_error=None if fits else "The queue was full.",
        user_id=actor.user_id,
    )
    write.add(row)
    write.flush()
    write.add(SparkMessageBody(message_id=key_of(row), attributes=dict(attributes), items=list(items)))
    write.flush()
    index_items(write, [key_of(row)])
    columns = {"object": row.object_name, "event": row.event, "integration_point": row.integration_point}
    index_attributes(write, key_of(row), attributes, columns)
    return row


def _connections_of(write: WriteSession, queue: Queue) -> list[int]:
    if queue.type is not Direction.OUTBOUND:
        raise NotPossible(f"{queue.label} is an inbound queue.", "Put messages on an outbound queue.")
    if not queue.active:
        raise NotPossible(f"Queue {queue.api_name} is inactive and takes no messages.", "Set its Status to Active.")
    statement = (
        select(_served.c.connection_id).where(_served.c.queue_id == queue.id, _served.c.active).order_by(_served.c.id)
    )
    found = list(write.execute(statement).scalars())
    if not found:
        raise NotPossible(
            f"Queue {queue.api_name} serves no active connection.", "Add a connection to the queue, or activate one."
        )
    return found


def _attribute_problems(attributes: Mapping[str, Any]) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name, value in attributes.items():
        field = f"attributes.{name}"
        if not name.strip() or not name.isprintable():
            problems["attributes"] = "An attribute needs a name of visible signs."
        elif not isinstance(value, str | int | float | bool):
            problems[field] = "A text, a number, or true or false is needed."
        elif isinstance(value, float) and not math.isfinite(value):
            problems[field] = "This is not a finite number."
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
            problems[field] = "This number is too large."
        elif isinstance(value, str):
            problem = _text_problem(value)
            if problem:
                problems[field] = problem
    return problems


def _text_problem(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return "It holds a sign that cannot be sent."
    if any(len(token) > LONGEST_TOKEN for token in _TOKEN.findall(value)):
        return f"A token has at most {LONGEST_TOKEN} characters."
    return ""


def _item_problems(items: Sequence[str]) -> dict[str, str]:
    if len(items) > ITEMS_IN_A_MESSAGE:
        return {"items": f"{len(items)} items are too many: a message holds at most {ITEMS_IN_A_MESSAGE}."}
    if any(not item.strip() or not item.isprintable() for item in items):
        return {"items": "Each item is the id of a record or document."}
    return {}
