"""Integration rules with their query object rules and field rules: configured and evaluated in the target Vault."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class IntegrationRule(SQLModel, table=True):
    """A rule under an inbound integration point; its field rules say what the target records receive.

    `primary_query_object` is the source object whose records are asked for; without it no field rule may walk a
    relationship (integration facts, section 2).
    """

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


class QueryObjectRule(SQLModel, table=True):
    """Narrows which records of a query object a rule applies to: `filter_clause` is a VQL WHERE body.

    Children of an inactive rule do not apply either (integration facts, section 2).
    """

    __tablename__ = "query_object_rule"
    __table_args__: Any = (UniqueConstraint("rule_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    rule_id: int = Field(foreign_key="integration_rule.id", ondelete="CASCADE")
    api_name: str = Field(max_length=60)
    label: str = Field(default="", max_length=60)
    active: bool = True
    query_object: str = Field(max_length=60)
    filter_clause: str = Field(default="", max_length=4000)
    position: int = 0


class FieldRule(SQLModel, table=True):
    """Fills one field of one target object, or of a document, from a query field, a default, or both.

    The target is `target_object` and `target_field`, or `target_docfield` with both of them empty. The source is
    `query_field` of `query_object`; `query_field_select` is the select item as VQL writes it when it is not just the
    field (`TONAME(status__v)`), and `query_field_type` the type its value has then.

    Objects and fields are named, not bound: a field that is removed later leaves the rule standing and failing, as in
    a Vault (seed S1, limitations). `target_lookup_field` says which field of the referenced object is matched when the
    target field is an object reference.
    """

    __tablename__ = "field_rule"
    __table_args__: Any = (UniqueConstraint("rule_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    rule_id: int = Field(foreign_key="integration_rule.id", ondelete="CASCADE")
    api_name: str = Field(max_length=60)
    label: str = Field(default="", max_length=60)
    active: bool = True
    target_object: str = Field(default="", max_length=60)
    target_field: str = Field(default="", max_length=60)
    target_docfield: str | None = Field(default=None, max_length=60)
    query_object: str = Field(default="", max_length=60)
    query_field: str | None = Field(default=None, max_length=255)
    query_field_select: str | None = Field(default=None, max_length=500)
    query_field_type: str | None = Field(default=None, max_length=40)
    default_value: str | None = Field(default=None, max_length=1500)
    target_lookup_field: str | None = Field(default=None, max_length=60)
    reference_lookup_id: int | None = Field(default=None, foreign_key="reference_lookup.id")
    position: int = 0
