"""Documents beside the records they are: every version of each, and which version a CrossLink is bound to.

A document is a record of the object whose kind is DOCUMENT; that record is the document's latest version.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, json_column, time_column
from models.tables.records import RecordStatus


class BindingRule(StrEnum):
    """Which version of its source document a CrossLink shows."""

    SPECIFIC = "Specific Document Version"
    """The version named; a later one binds the CrossLink's own next version (integration facts, section 5)."""


class DocumentVersion(SQLModel, table=True):
    """One version of a document, the latest included, as it stands now.

    The columns that a record has too have the same names, so that a query over records reads versions as well.
    `record_key` is the document's row; `version_id` names the version in messages: `{record_id}_{major}_{minor}`.
    """

    __tablename__ = "document_version"
    __table_args__: Any = (
        UniqueConstraint("record_key", "major", "minor"),
        UniqueConstraint("vault_id", "version_id"),
        Index("ix_document_version_object_id_modified_at", "object_id", "modified_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    object_id: int = Field(foreign_key="vault_object.id")
    record_key: int = Field(foreign_key="record.id", ondelete="CASCADE")
    record_id: str = Field(max_length=20)
    version_id: str = Field(max_length=40)
    major: int
    minor: int
    latest: bool = True
    name: str = Field(max_length=255)
    global_id: str = Field(max_length=40)
    link: str | None = Field(default=None, max_length=255)
    status: RecordStatus = enum_column(RecordStatus, RecordStatus.ACTIVE)
    state: str | None = Field(default=None, max_length=60)
    created_by: int | None = Field(default=None, foreign_key="vault_user.id")
    created_at: datetime = time_column()
    modified_by: int | None = Field(default=None, foreign_key="vault_user.id")
    modified_at: datetime = time_column()
    data: dict[str, Any] = json_column(dict)


class CrossLink(SQLModel, table=True):
    """Binds one version of a document to a version of a document of another Vault.

    `source_vault_id` names the other Vault, which need not be in this store any more; `integration_point` the inbound
    point, by API name, that received the version: what another point no longer sends does not concern it.
    """

    __tablename__ = "crosslink"
    __table_args__: Any = (
        UniqueConstraint("record_key", "major", "minor"),
        Index("ix_crosslink_vault_id_source_global_id", "vault_id", "source_global_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    record_key: int = Field(foreign_key="record.id", ondelete="CASCADE")
    major: int
    minor: int
    source_vault_id: int
    source_record_id: str = Field(max_length=20)
    source_global_id: str = Field(max_length=40)
    source_major: int
    source_minor: int
    integration_point: str | None = Field(default=None, max_length=60)
    binding: BindingRule = enum_column(BindingRule, BindingRule.SPECIFIC)
    bound_at: datetime = time_column()
