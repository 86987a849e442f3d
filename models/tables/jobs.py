"""Jobs of each Vault, their runs, and the lab they run in: its clock and the engine that holds it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class JobKind(StrEnum):
    """What a job does. Deliver empties outbound queues; the vendor has it as part of the platform, not as a job."""

    SEND = "send"
    DELIVER = "deliver"
    RECEIVE = "receive"


class RunStatus(StrEnum):
    """Status of a job run (integration facts, section 5)."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    ERRORS_ENCOUNTERED = "ERRORS_ENCOUNTERED"
    CANCELLED = "CANCELLED"
    TIMEOUT = "TIMEOUT"


class Job(SQLModel, table=True):
    """A Vault's recurring job. `next_run_at` is lab time; `requested_at` marks a wish to run at once."""

    __tablename__ = "job"
    __table_args__: Any = (UniqueConstraint("vault_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    kind: JobKind = enum_column(JobKind)
    every_seconds: int = 300
    longest_seconds: int = 3600
    """Real time after which a run is ended as TIMEOUT; what it has moved stays moved."""
    timed_out: bool = False
    """Whether a user exception of such a run may still be active."""
    next_run_at: datetime = time_column()
    requested_at: datetime | None = time_column(nullable=True)
    requested_connection_id: int | None = Field(default=None, foreign_key="connection.id", ondelete="SET NULL")


class Counts(SQLModel):
    """What moved. `received` counts items; created to failed count target records."""

    found: int = 0
    sent: int = 0
    delivered: int = 0
    received: int = 0
    retried: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    failed: int = 0


COUNTS = tuple(Counts.model_fields)
"""The counters by name, in the order in which a change passes them."""


class JobRun(Counts, table=True):
    """One run of a job, with totals. `duration_ms` is real time; the other times are lab time."""

    __tablename__ = "job_run"
    __table_args__: Any = (
        Index("ix_job_run_vault_id_id", "vault_id", "id"),
        Index("ix_job_run_status_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    kind: JobKind = enum_column(JobKind)
    status: RunStatus = enum_column(RunStatus, RunStatus.RUNNING)
    connection_id: int | None = Field(default=None, foreign_key="connection.id", ondelete="SET NULL")
    """Set when the run was limited to one connection."""
    retry_id: int | None = Field(default=None, foreign_key="retry_transfer.id", ondelete="SET NULL", index=True)
    """Set when the run did a part of a Retry Transfer, and nothing else."""
    started_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)
    duration_ms: int = 0
    error: str = Field(default="", max_length=2000)


class JobRunLine(Counts, table=True):
    """What one run moved for one connection."""

    __tablename__ = "job_run_line"

    run_id: int = Field(foreign_key="job_run.id", primary_key=True, ondelete="CASCADE")
    connection_id: int = Field(foreign_key="connection.id", primary_key=True, ondelete="CASCADE", index=True)


class Lab(SQLModel, table=True):
    """The one row about the lab: how its clock runs, the last tick handed out, and which engine holds it.

    `lab_base` was the lab time at the real time `real_base`. Lab time passes only while an engine is alive.
    """

    __tablename__ = "lab"
    __table_args__: Any = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("speed > 0", name="speed"))

    id: int = Field(default=1, primary_key=True)
    name: str = Field(default="", max_length=100)
    lab_base: datetime = time_column()
    real_base: datetime = time_column()
    speed: float = 1.0
    paused: bool = False
    last_tick: datetime = time_column()
    generator: bool = False
    """Whether the demo's generator of changes runs."""
    holder: str | None = Field(default=None, max_length=36)
    holder_pid: int | None = None
    holder_host: str | None = Field(default=None, max_length=255)
    alive_until: datetime | None = time_column(nullable=True)
