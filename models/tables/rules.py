"""Integration rules, field rules and reference lookups: configured and evaluated in the target Vault."""

from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column


class LookupType(StrEnum):
    """Type of a reference lookup."""

    OBJECT = "object"
    GENERIC = "generic"


class IntegrationRule(SQLModel, table=True):
    """A rule under an inbound integration point; its field rules say what the target records receive."""

    __tablename__ = "integration_rule"
    __table_args__: Any = (UniqueConstraint("point_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    point_id: int = Field(foreign_key="integration_point.id", ondelete="CASCADE")
    name: str = Field(max_length=100)
    api_name: str = Field(max_length=60)
    active: bool = True
    standard: bool = True
    primary_query_object: str | None = Field(default=None, max_length=1500)
    position: int = 0


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


class FieldRule(SQLModel, table=True):
    """Fills one field of one target object from a query field, a default, or both.

    Objects and fields are named, not bound: a field that is removed later leaves the rule standing and failing, as in
    a Vault (seed S1, limitations). `target_lookup_field` says which field of the referenced object is matched when the
    target field is an object reference.
    """

    __tablename__ = "field_rule"
    __table_args__: Any = (UniqueConstraint("rule_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    rule_id: int = Field(foreign_key="integration_rule.id", ondelete="CASCADE")
    api_name: str = Field(max_length=60)
    active: bool = True
    target_object: str = Field(max_length=60)
    target_field: str = Field(max_length=60)
    query_object: str = Field(default="", max_length=60)
    query_field: str | None = Field(default=None, max_length=255)
    default_value: str | None = Field(default=None, max_length=1500)
    target_lookup_field: str | None = Field(default=None, max_length=60)
    reference_lookup_id: int | None = Field(default=None, foreign_key="reference_lookup.id")
    position: int = 0
