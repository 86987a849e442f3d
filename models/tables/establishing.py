"""How two Vaults come to be connected: connection files, approval tasks and the Workflow Timeline."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class Verdict(StrEnum):
    """How a step of the approval workflow ended. A task is cancelled when there is nothing left to approve."""

    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ConnectionFile(SQLModel, table=True):
    """A connection file that left a Vault. It is good for one use, until `expires_at`, unless it was withdrawn.

    A newer file of the same connection withdraws it, and so does a reset (Assumed). `remote_vault_id` is what the file
    says; None asks for the approval workflow.
    """

    __tablename__ = "connection_file"
    __table_args__: Any = (Index("ix_connection_file_connection_id_id", "connection_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    file_id: str = Field(max_length=36, unique=True)
    vault_id: int = Field(foreign_key="vault.id")
    connection_id: int = Field(foreign_key="connection.id", ondelete="CASCADE")
    remote_vault_id: int | None = None
    issued_at: datetime = time_column()
    issued_by: str = Field(max_length=200)
    expires_at: datetime = time_column()
    withdrawn_at: datetime | None = time_column(nullable=True)
    used_at: datetime | None = time_column(nullable=True)
    used_by_vault_id: int | None = None


class ApprovalTask(SQLModel, table=True):
    """A task to approve a connection in one of the two Vaults; both tasks of a workflow name its connection file.

    Open until `completed_at`.
    """

    __tablename__ = "approval_task"
    __table_args__: Any = (
        UniqueConstraint("file_id", "connection_id"),
        Index("ix_approval_task_connection_id_completed_at", "connection_id", "completed_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    connection_id: int = Field(foreign_key="connection.id", ondelete="CASCADE")
    file_id: int = Field(foreign_key="connection_file.id", ondelete="CASCADE")
    opened_at: datetime = time_column()
    completed_at: datetime | None = time_column(nullable=True)
    completed_by: str = Field(default="", max_length=200)
    verdict: Verdict | None = enum_column(Verdict, nullable=True)


class TimelineEvent(SQLModel, table=True):
    """One line of a connection's Workflow Timeline: who did what when, with which verdict."""

    __tablename__ = "timeline_event"
    __table_args__: Any = (Index("ix_timeline_event_connection_id_id", "connection_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    connection_id: int = Field(foreign_key="connection.id", ondelete="CASCADE")
    at: datetime = time_column()
    what: str = Field(max_length=300)
    who: str = Field(max_length=200)
    verdict: Verdict | None = enum_column(Verdict, nullable=True)
