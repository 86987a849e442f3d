"""Attempts at delivering messages, and the Queue Log (Spark facts, section 1)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class AttemptKind(StrEnum):
    """How an attempt ended: 2xx in time is ok, no answer in time a timeout, anything else a failure (Assumed)."""

    OK = "ok"
    FAILURE = "failure"
    TIMEOUT = "timeout"


class LogEntryType(StrEnum):
    """Why a message is in the Queue Log.

    Assumed: the vendor publishes only REMOVAL and TRACE; what a receiving Vault refused is told in its own log.
    """

    REMOVAL = "REMOVAL"
    TRACE = "TRACE"
    REFUSAL = "REFUSAL"


class DeliveryAttempt(SQLModel, table=True):
    """One attempt at delivering a message.

    `number` is the message's send attempt, from 1; a message that was put back counts from 1 again. `at` is lab time,
    `duration_ms` real time. `status` is the HTTP status where an external system answered.
    """

    __tablename__ = "delivery_attempt"

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="spark_message.id", index=True, ondelete="CASCADE")
    number: int
    at: datetime = time_column()
    kind: AttemptKind = enum_column(AttemptKind)
    status: int | None = None
    answer: str = Field(default="", max_length=1000)
    duration_ms: int = 0


class QueueLogEntry(SQLModel, table=True):
    """A message that left its queue undelivered, a delivery that was traced, or one that this Vault refused.

    A refusal is of the inbound queue that the message was for; the message itself never came in. Names and times are
    copied, because the log outlives queue, connection and message. A removed message stays with its body and can be put
    back while `spark_message_id` is set. `handler` is the delivery event handler still to be
    run, or run at `handled_at`; `due_back_at` is when the message is to be put back by itself.
    """

    __tablename__ = "queue_log_entry"
    __table_args__: Any = (
        Index("ix_queue_log_entry_vault_id_at", "vault_id", "at"),
        Index("ix_queue_log_entry_spark_message_id", "spark_message_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    entry_type: LogEntryType = enum_column(LogEntryType)
    at: datetime = time_column()
    queue_id: int | None = Field(default=None, foreign_key="queue.id", ondelete="SET NULL")
    queue_name: str = Field(max_length=60)
    connection_name: str = Field(max_length=20)
    """The connection's record id, as the vendor's column of this name holds it."""
    message_id: str = Field(max_length=36)
    spark_message_id: int | None = Field(default=None, foreign_key="spark_message.id", ondelete="SET NULL")
    queue_time: datetime = time_column()
    send_time: datetime | None = time_column(nullable=True)
    attempts: int = 0
    reason: str = Field(default="", max_length=1000)
    handler: str | None = Field(default=None, max_length=100)
    handled_at: datetime | None = time_column(nullable=True)
    due_back_at: datetime | None = time_column(nullable=True, index=True)
    put_back_at: datetime | None = time_column(nullable=True)
