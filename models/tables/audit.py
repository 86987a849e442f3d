"""Audit rows: who changed what, when, with old and new value."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.base import time_column


class AuditRow(SQLModel, table=True):
    """One audited change: a creation, one changed field, or a deletion (integration facts, section 7).

    `workflow`, `task` and `verdict` say by which step of a workflow it came about.
    """

    __tablename__ = "audit_row"
    __table_args__: Any = (
        Index("ix_audit_row_vault_id_id", "vault_id", "id"),
        Index("ix_audit_row_vault_id_at", "vault_id", "at"),
        Index("ix_audit_row_vault_id_record_id", "vault_id", "record_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    at: datetime = time_column()
    user_id: int | None = Field(default=None, foreign_key="vault_user.id")
    user_name: str = Field(max_length=200)
    on_behalf_of: str = Field(default="", max_length=200)
    action: str = Field(max_length=60)
    object_name: str = Field(max_length=60)
    item: str = Field(max_length=255)
    record_id: str = Field(default="", max_length=40)
    field_name: str = Field(default="", max_length=100)
    old_value: str | None = None
    new_value: str | None = None
    workflow: str = Field(default="", max_length=100)
    task: str = Field(default="", max_length=100)
    verdict: str = Field(default="", max_length=40)
