"""User exception messages and their items (seed S3; integration facts, section 4)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, json_column, partial_index, time_column


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


class ExceptionMessage(SQLModel, table=True):
    """A message that could not be processed in full; active until every item of it has passed."""

    __tablename__ = "exception_message"
    __table_args__: Any = (Index("ix_exception_message_vault_id_active_id", "vault_id", "active", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    name: str = Field(max_length=100)
    active: bool = True
    error_type: ErrorType = enum_column(ErrorType)
    error_message: str = Field(max_length=2000)
    connection_id: int | None = Field(default=None, foreign_key="connection.id", ondelete="SET NULL")
    integration_id: int | None = Field(default=None, foreign_key="integration.id", ondelete="SET NULL")
    point_id: int | None = Field(default=None, foreign_key="integration_point.id", ondelete="SET NULL", index=True)
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
