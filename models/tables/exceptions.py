"""User exception messages, their items, their retries, and how new ones are told (seed S3; integration facts, 4)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, json_column, partial_index, time_column
from models.tables.jobs import JobKind


class ErrorType(StrEnum):
    """Kind of trouble a user exception reports."""

    MESSAGE_PROCESSING = "message_processing_error__sys"
    ITEM_PROCESSING = "item_processing_error__sys"
    CONNECTION = "connection_error__sys"
    CONFIGURATION = "configuration_error__sys"
    TIMEOUT = "timeout__sys"


class ItemStatus(StrEnum):
    """Whether a failed item still waits for its cause to be mended."""

    OPEN = "open"
    RESOLVED = "resolved"


class ExceptionSide(StrEnum):
    """Which end of the transfer has the trouble: the Vault that sends, or the one that receives (seed S3)."""

    SOURCE = "source"
    TARGET = "target"


class Subject(StrEnum):
    """What a user exception message is about."""

    MESSAGE = "message"
    """One Spark message, or the items of one."""
    SENDING = "sending"
    """An integration that cannot send."""
    DELIVERY = "delivery"
    """Messages of a connection that wait in their queue, because they are not taken."""
    REMOTE = "remote"
    """The receiving Vault cannot process what arrived, for a reason that does not lie in that Vault alone."""
    JOB = "job"
    """A job whose run was ended because it took too long."""


class ExceptionMessage(SQLModel, table=True):
    """A message that could not be processed in full, or a trouble of configuration or connection.

    Active until every item of it has passed, or the trouble is over. A lasting trouble has one active message.
    """

    __tablename__ = "exception_message"
    __table_args__: Any = (Index("ix_exception_message_vault_id_active_id", "vault_id", "active", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    name: str = Field(max_length=100)
    active: bool = True
    side: ExceptionSide = enum_column(ExceptionSide, ExceptionSide.TARGET)
    subject: Subject = enum_column(Subject, Subject.MESSAGE)
    error_type: ErrorType = enum_column(ErrorType)
    error_message: str = Field(max_length=2000)
    connection_id: int | None = Field(default=None, foreign_key="connection.id", ondelete="SET NULL")
    integration_id: int | None = Field(default=None, foreign_key="integration.id", ondelete="SET NULL")
    point_id: int | None = Field(default=None, foreign_key="integration_point.id", ondelete="SET NULL", index=True)
    queue_id: int | None = Field(default=None, foreign_key="queue.id", ondelete="SET NULL")
    job: JobKind | None = enum_column(JobKind, nullable=True)
    message_processor: str = Field(default="", max_length=100)
    spark_message_id: int | None = Field(default=None, foreign_key="spark_message.id", ondelete="SET NULL", index=True)
    items_received: int = 0
    items_failed: int = 0
    run_id: int | None = Field(default=None, foreign_key="job_run.id", index=True)
    created_at: datetime = time_column()
    resolved_at: datetime | None = time_column(nullable=True)


class ExceptionItem(SQLModel, table=True):
    """One source record that could not be applied to one target object.

    While open, there is one row per point, target object and source record, however often it fails; `attempts` counts.
    `fields` maps each bad target field to what is wrong with it; `item_data` holds the values that were to be written.
    """

    __tablename__ = "exception_item"
    __table_args__: Any = (
        partial_index(
            "uq_exception_item_open", "point_id", "target_object", "item", unique=True, where="status = 'open'"
        ),
        Index("ix_exception_item_message_id_status", "message_id", "status"),
        Index("ix_exception_item_point_id_status", "point_id", "status"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    message_id: int = Field(foreign_key="exception_message.id", ondelete="CASCADE")
    point_id: int = Field(foreign_key="integration_point.id", ondelete="CASCADE")
    source_object: str = Field(max_length=60)
    target_object: str = Field(max_length=60)
    item: str = Field(max_length=40)
    status: ItemStatus = enum_column(ItemStatus, ItemStatus.OPEN)
    error_type: ErrorType = enum_column(ErrorType, ErrorType.ITEM_PROCESSING)
    error_message: str = Field(max_length=2000)
    fields: dict[str, str] = json_column(dict)
    item_data: dict[str, Any] = json_column(dict)
    attempts: int = 1
    created_at: datetime = time_column()
    tried_at: datetime = time_column()


class RetryState(StrEnum):
    """How far a Retry Transfer has come."""

    UNDER_WAY = "under_way"
    """It waits for an engine, or one is at it."""
    DONE = "done"
    FAILED = "failed"
    """It was ended by an error of the program."""
    CANCELLED = "cancelled"
    """A person called it off before it began."""


class RetryTransfer(SQLModel, table=True):
    """One Retry Transfer of one or of many user exception messages.

    `step` is the job that does its next part. `messages` and `items` count what was open before it. The counters are
    its result: of the items that were open those that its job runs (see `JobRun.retry_id`) applied or skipped, and
    what these runs sent and delivered; `failed` is what is still open after it.
    """

    __tablename__ = "retry_transfer"
    __table_args__: Any = (Index("ix_retry_transfer_vault_id_state", "vault_id", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    state: RetryState = enum_column(RetryState, RetryState.UNDER_WAY)
    step: JobKind | None = enum_column(JobKind, nullable=True)
    user_name: str = Field(max_length=100)
    asked: str = Field(default="", max_length=500)
    """The filter by which the messages were chosen, in words; empty when they were named."""
    messages: int = 0
    items: int = 0
    sent: int = 0
    delivered: int = 0
    applied: int = 0
    skipped: int = 0
    failed: int = 0
    error: str = Field(default="", max_length=2000)
    created_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)


class RetryTransferMessage(SQLModel, table=True):
    """One user exception message that a Retry Transfer tries again: while `under_way`, no other one may."""

    __tablename__ = "retry_transfer_message"
    __table_args__: Any = (
        partial_index("uq_retry_transfer_message_under_way", "message_id", unique=True, where="under_way"),
        Index("ix_retry_transfer_message_message_id", "message_id"),
    )

    retry_id: int = Field(foreign_key="retry_transfer.id", primary_key=True, ondelete="CASCADE")
    message_id: int = Field(foreign_key="exception_message.id", primary_key=True, ondelete="CASCADE")
    step: JobKind = enum_column(JobKind)
    under_way: bool = True
    items: int = 0
    """How many items were open before."""
    still_open: int = 0
    note: str = Field(default="", max_length=1000)


class ExceptionNotification(SQLModel, table=True):
    """How a Vault tells of new user exception messages: in none of these ways, unless an administrator says so.

    `sealed_command` is the argument list of a command as JSON, sealed, so that a store that came from elsewhere runs
    nothing here. What was created after `told_until` has not been told.
    """

    __tablename__ = "exception_notification"

    vault_id: int = Field(foreign_key="vault.id", primary_key=True)
    bell: bool = False
    log_file: str | None = Field(default=None, max_length=1000)
    sealed_command: str | None = None
    time_limit: int = 10
    """Seconds of real time."""
    told_until: datetime = time_column()
    last_told_at: datetime | None = time_column(nullable=True)
    last_trouble: str = Field(default="", max_length=1000)
