"""Putting messages on the outbound queue that serves a connection."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, insert, select

from models.bulk import bulk_insert
from models.errors import NotPossible
from models.feed import Topic
from models.message_items import index_items
from models.services.queue_log import log_messages
from models.store import WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    Direction,
    ErrorType,
    LogEntryType,
    MessageEvent,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from scheduler.runs import add_to_stats

_queues = table_of(Queue)
_queue_connections = table_of(QueueConnection)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)


class NothingToSendWith(NotPossible):
    """The Vault's set-up does not let an integration send."""

    title = "The send job cannot send"


PUT_TOGETHER = 100
"""Messages written by one statement."""


@dataclass
class Outbox:
    """An outbound queue, for one run and one connection. `room` is how many messages it still takes.

    Messages are written in sets: call `flush` at the end of the transaction. What a full queue did not take, when it
    does not roll back on error, has left it at once: it is in the Queue Log and can be put back (Assumed).
    `dropped_items` counts what was in it.
    """

    write: WriteSession
    run_id: int
    vault_id: int
    connection_id: int
    queue_id: int
    queue_name: str
    room: int
    rollback_on_error: bool = True
    dropped_items: int = 0
    dropped: list[tuple[Row[Any], str, ErrorType]] = field(default_factory=list)
    """The messages that were written and dropped, each with the reason."""
    _messages: list[dict[str, Any]] = field(default_factory=list)
    _bodies: list[tuple[dict[str, Any], list[str]]] = field(default_factory=list)
    _dropped: int = 0

    def put(self, *, object_name: str, event: MessageEvent, integration_point: str, items: Sequence[str]) -> None:
        """Put one message on the queue.

        Raises NothingToSendWith when the queue is full and rolls back on error; otherwise the message is dropped.
        """
        if self.room <= 0 and self.rollback_on_error:
            raise NothingToSendWith(
                self.full,
                "Enable its delivery, or wait until it has been worked off.",
            )
        if self.room <= 0 and not self._dropped:
            self.flush()
        self._dropped += self.room <= 0
        self.dropped_items += len(items) if self.room <= 0 else 0
        self.room -= 1
        self._messages.append(
            {
                "vault_id": self.vault_id,
                "queue_id": self.queue_id,
                "connection_id": self.connection_id,
                "message_id": str(uuid.uuid4()),
                "state": MessageState.QUEUED,
                "object_name": object_name,
                "event": event,
                "integration_point": integration_point,
                "item_count": len(items),
                "attempts": 0,
                "entered_at": self.write.now,
                "put_by": self.run_id,
            }
        )
        attributes = {"object": object_name, "event": event.value, "integration_point": integration_point}
        self._bodies.append((attributes, list(items)))
        if len(self._messages) >= PUT_TOGETHER:
            self.flush()

    @property
    def full(self) -> str:
        """What a full queue says."""
        return f"Outbound queue {self.queue_name} is full: it holds {MESSAGES_IN_A_QUEUE:,} messages."

    def _left(self) -> dict[str, Any]:
        return {"state": MessageState.REMOVED, "left_at": self.write.now, "last_error": self.full}

    def flush(self) -> None:
        """Write the messages that were put and are not written yet."""
        if not self._messages:
            return
        if self._dropped:
            self._messages = [row | self._left() for row in self._messages]
        keys = write_messages(
            self.write, self._messages, [(attributes, items, None, None) for attributes, items in self._bodies]
        )
        index_items(self.write, keys)
        if self._dropped:
            log_messages(self.write, LogEntryType.REMOVAL, keys, reason=self.full)
            add_to_stats(self.write, self.vault_id, self.connection_id, fatal_errors=len(keys))
            rows = self.write.execute(select(_messages).where(_messages.c.id.in_(keys)).order_by(_messages.c.id))
            self.dropped += [(row, self.full, ErrorType.CONNECTION) for row in rows]
        self._messages.clear()
        self._bodies.clear()
        self.write.changed(Topic.MESSAGES, self.vault_id)
        self.write.changed(Topic.QUEUES, self.vault_id)


def write_messages(
    write: WriteSession,
    rows: Sequence[dict[str, Any]],
    bodies: Sequence[tuple[dict[str, Any], list[str], dict[str, str] | None, str | None]],
) -> list[int]:
    """Insert messages in their order, each with attributes, items, signed headers and exact body; answers their ids."""
    statement = insert(_messages).returning(_messages.c.id, sort_by_parameter_order=True)
    keys = list(write.connection().execute(statement, rows).scalars())
    contents = [(key, *body) for key, body in zip(keys, bodies, strict=True)]
    columns = ("message_id", "attributes", "items", "headers", "body")
    bulk_insert(write, _bodies, same={}, columns=columns, rows=contents)
    return keys


def open_outbox(write: WriteSession, run_id: int, vault_id: int, connection_id: int) -> Outbox:
    """Find the outbound queue of a connection. Raises NothingToSendWith when none serves it or it is inactive."""
    statement = (
        select(_queues.c.id, _queues.c.api_name, _queues.c.active, _queues.c.rollback_on_error)
        .join(_queue_connections, _queue_connections.c.queue_id == _queues.c.id)
        .where(
            _queues.c.vault_id == vault_id,
            _queues.c.type == Direction.OUTBOUND,
            _queue_connections.c.connection_id == connection_id,
            _queue_connections.c.active,
        )
        .order_by(_queues.c.active.desc(), _queues.c.id)
    )
    queue = write.execute(statement).first()
    if queue is None:
        raise NothingToSendWith(
            "No outbound queue serves this connection.", "Add the connection to an outbound queue in Spark Queues."
        )
    if not queue.active:
        raise NothingToSendWith(
            f"Outbound queue {queue.api_name} is inactive and takes no messages.", "Set the queue's Status to Active."
        )
    return Outbox(
        write,
        run_id,
        vault_id,
        connection_id,
        queue.id,
        queue.api_name,
        MESSAGES_IN_A_QUEUE - waiting(write, queue.id),
        queue.rollback_on_error,
    )


def waiting(write: WriteSession, queue_id: int) -> int:
    """How many messages wait in a queue."""
    count: int = write.execute(
        select(func.count()).where(_messages.c.queue_id == queue_id, _messages.c.state == MessageState.QUEUED)
    ).scalar_one()
    return count
