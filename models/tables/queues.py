"""Spark queues, the connections they serve, and the messages in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, json_column, partial_index, time_column
from models.tables.integrations import Direction

MESSAGES_IN_A_QUEUE = 20_000
"""How many messages a queue holds at most (Spark facts, section 1)."""
ITEMS_IN_A_MESSAGE = 500
"""How many items a message holds at most (Spark facts, section 1)."""
LONGEST_TOKEN = 100
"""How many characters a token such as `${Session.SessionId}` has at most in an attribute (Spark facts, section 1)."""


class MessageState(StrEnum):
    """Where a message is. Queued ones are in the queue; the others have left it and stay to be looked at."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    PROCESSED = "processed"
    REMOVED = "removed"


class MessageEvent(StrEnum):
    """What happened to the items of a message in the source Vault."""

    CHANGED = "changed"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn"
    """A document no longer meets the criteria of its integration point (seed S2, CLM)."""


class Queue(SQLModel, table=True):
    """A Spark queue (Spark facts, section 1).

    `delivery_handler` is its Spark Message Delivery Event Handler. `retry_minutes` are the pauses between attempts;
    None is the schedule of the house. Every delivery is written to the Queue Log until `trace_until`.
    """

    __tablename__ = "queue"
    __table_args__: Any = (
        UniqueConstraint("vault_id", "api_name"),
        CheckConstraint("type = 'outbound' OR delivery_enabled", name="inbound_never_paused"),
        CheckConstraint("type = 'outbound' OR message_processor IS NOT NULL", name="inbound_has_processor"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    label: str = Field(max_length=60)
    api_name: str = Field(max_length=60)
    description: str = Field(default="", max_length=500)
    type: Direction = enum_column(Direction)
    active: bool = True
    delivery_enabled: bool = True
    message_processor: str | None = Field(default=None, max_length=100)
    processor_user_id: int | None = Field(default=None, foreign_key="vault_user.id")
    sequential: bool = False
    rollback_on_error: bool = False
    standard: bool = False
    delivery_handler: str | None = Field(default=None, max_length=100)
    handler_user_id: int | None = Field(default=None, foreign_key="vault_user.id")
    retry_minutes: list[int] | None = json_column()
    trace_until: datetime | None = time_column(nullable=True)


class QueueConnection(SQLModel, table=True):
    """A connection that a queue serves; an outbound one says into which remote queue it delivers.

    `path` is appended to the URL of an External connection.
    """

    __tablename__ = "queue_connection"
    __table_args__: Any = (UniqueConstraint("queue_id", "connection_id"),)

    id: int | None = Field(default=None, primary_key=True)
    queue_id: int = Field(foreign_key="queue.id", ondelete="CASCADE")
    connection_id: int = Field(foreign_key="connection.id", index=True)
    label: str = Field(default="", max_length=60)
    deliver_to_queue: str | None = Field(default=None, max_length=60)
    path: str | None = Field(default=None, max_length=500)
    active: bool = True


class SparkMessage(SQLModel, table=True):
    """A message, in or out of a queue. `id` is its place in line; `message_id` is the same on both sides.

    The usual attributes (object, event, integration point) are columns; the body is a row of its own, so that queue
    rows stay small. A claim by a run that is no longer running is void. `user_id` is who put it by hand.
    """

    __tablename__ = "spark_message"
    __table_args__: Any = (
        UniqueConstraint("queue_id", "connection_id", "message_id"),
        Index("ix_spark_message_queue_id_state_id", "queue_id", "state", "id"),
        Index("ix_spark_message_connection_id_id", "connection_id", "id"),
        Index("ix_spark_message_vault_id_entered_at", "vault_id", "entered_at"),
        Index("ix_spark_message_vault_id_state_id", "vault_id", "state", "id"),
        Index("ix_spark_message_vault_id_integration_point_id", "vault_id", "integration_point", "id"),
        Index("ix_spark_message_vault_id_object_name_id", "vault_id", "object_name", "id"),
        # All that a list of messages is narrowed by: any combination is answered without a look at the messages.
        Index(
            "ix_spark_message_browsing",
            "vault_id",
            "id",
            "state",
            "event",
            "object_name",
            "integration_point",
            "queue_id",
            "connection_id",
            "entered_at",
        ),
        partial_index("ix_spark_message_failed", "vault_id", "id", where="last_error IS NOT NULL"),
        partial_index("ix_spark_message_claimed_by", "claimed_by", where="claimed_by IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    queue_id: int = Field(foreign_key="queue.id")
    connection_id: int = Field(foreign_key="connection.id")
    message_id: str = Field(max_length=36)
    state: MessageState = enum_column(MessageState, MessageState.QUEUED)
    object_name: str = Field(max_length=60)
    event: MessageEvent = enum_column(MessageEvent, MessageEvent.CHANGED)
    integration_point: str = Field(max_length=60)
    item_count: int = 0
    attempts: int = 0
    entered_at: datetime = time_column()
    next_attempt_at: datetime | None = time_column(nullable=True)
    left_at: datetime | None = time_column(nullable=True)
    claimed_by: int | None = Field(default=None, foreign_key="job_run.id")
    put_by: int | None = Field(default=None, foreign_key="job_run.id", index=True)
    taken_by: int | None = Field(default=None, foreign_key="job_run.id", index=True)
    last_error: str | None = Field(default=None, max_length=1000)
    user_id: int | None = Field(default=None, foreign_key="vault_user.id")


class SparkMessageBody(SQLModel, table=True):
    """Attributes and items of a message; for a delivered one also the signed headers and the exact body."""

    __tablename__ = "spark_message_body"

    message_id: int = Field(foreign_key="spark_message.id", primary_key=True, ondelete="CASCADE")
    attributes: dict[str, Any] = json_column(dict)
    items: list[str] = json_column(list)
    headers: dict[str, str] | None = json_column()
    body: str | None = None
