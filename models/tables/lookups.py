"""Reference lookups of a connection: what a value of the source Vault is called in the target Vault."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class LookupType(StrEnum):
    """Type of a reference lookup."""

    OBJECT = "object"
    GENERIC = "generic"


class ReferenceLookup(SQLModel, table=True):
    """A named table of source keys and the target keys they stand for."""

    __tablename__ = "reference_lookup"
    __table_args__: Any = (UniqueConstraint("connection_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    connection_id: int = Field(foreign_key="connection.id", ondelete="CASCADE")
    name: str = Field(max_length=100)
    api_name: str = Field(max_length=60)
    type: LookupType = enum_column(LookupType, LookupType.GENERIC)
    target_object: str | None = Field(default=None, max_length=60)
    target_key_field: str | None = Field(default=None, max_length=60)


class ReferenceLookupKey(SQLModel, table=True):
    """One pair: this value in the source Vault is that value in the target Vault."""

    __tablename__ = "reference_lookup_key"

    lookup_id: int = Field(foreign_key="reference_lookup.id", primary_key=True, ondelete="CASCADE")
    source_key: str = Field(primary_key=True, max_length=255)
    target_key: str = Field(max_length=255)
    uses: int = 0
    last_used_at: datetime | None = time_column(nullable=True)


class ReferenceLookupMiss(SQLModel, table=True):
    """A source value that a lookup was asked for and does not hold, with how often."""

    __tablename__ = "reference_lookup_miss"

    lookup_id: int = Field(foreign_key="reference_lookup.id", primary_key=True, ondelete="CASCADE")
    source_key: str = Field(primary_key=True, max_length=255)
    misses: int = 0
    last_missed_at: datetime = time_column()
