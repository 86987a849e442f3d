"""What people changed in the configuration of a Vault, kept so that it can be taken back; and what they have seen."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.base import json_column, time_column


class ConfigurationChange(SQLModel, table=True):
    """One write transaction in which a person changed the configuration of his Vault (see `models.changes`).

    What it changed is told by the audit rows of the same Vault and time. `rows` holds the rows as they were before and
    after, unless `why_not` says why it cannot be taken back. `undoes` is the change that this one took back,
    `undone_by` the one that took this one back. Only the latest of a Vault are kept.
    """

    __tablename__ = "configuration_change"
    __table_args__: Any = (Index("ix_configuration_change_vault_id_id", "vault_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    at: datetime = time_column()
    user_name: str = Field(max_length=200)
    undoes: int | None = None
    undone_by: int | None = None
    why_not: str = Field(default="", max_length=500)
    permissions: list[str] = json_column(list)
    """What taking it back needs: what the change itself needed."""
    rows: list[dict[str, Any]] = json_column(list)


class NotificationSeen(SQLModel, table=True):
    """A notification that a user has seen, by the key that it has as long as its cause lasts."""

    __tablename__ = "notification_seen"

    user_id: int = Field(foreign_key="vault_user.id", primary_key=True, ondelete="CASCADE")
    notification: str = Field(primary_key=True, max_length=100)
    seen_at: datetime = time_column()
