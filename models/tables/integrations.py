"""Integrations of a connection, their integration points, and what an outbound point sends."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, json_column, time_column


class Direction(StrEnum):
    """Which way messages go, as seen from the Vault that holds the row."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Matching(StrEnum):
    """How the target record of a source record is found."""

    LINK = "link"
    """Target Link = source Global ID (seed S0)."""
    CRM_KEYS = "crm_keys"
    """CRM Org with CRM ID, External ID or Link; External ID alone when Link is blank (seed S2)."""
    EXTERNAL_ID = "external_id"
    """Equal External ID first, then Link (Quality-RIM Product Transfer; integration facts, section 5)."""
    FIELDS = "fields"
    """The integration's pair of fields (seed S4, Person to Account)."""
    ORIGIN = "origin"
    """Target Global ID = source Link: the source record came from the target (seed S2, status back to CRM)."""


class DeletePolicy(StrEnum):
    """What becomes of the target record when its source record is deleted."""

    LEAVE = "leave"
    """Nothing: the default (seed S0)."""
    DELETE = "delete"
    INACTIVATE = "inactivate"
    MARK = "mark"
    """The integration's mark field receives its mark text (seed S4)."""


SEARCH_ON_DEMAND = "search_on_demand"
"""The behaviour of an inbound point through which users search the partner Vault: no message is meant for it."""


class Integration(SQLModel, table=True):
    """One feature of a connection, on or off by its Status.

    Last Successful Run Time is kept per direction, because the send job's change query starts at it; what people read
    and edit is the earlier of the two (Assumed: the vendor shows one time and publishes no more).
    """

    __tablename__ = "integration"
    __table_args__: Any = (UniqueConstraint("connection_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    connection_id: int = Field(foreign_key="connection.id", ondelete="CASCADE")
    name: str = Field(max_length=100)
    api_name: str = Field(max_length=60)
    feature: str = Field(default="", max_length=100)
    active: bool = False
    standard: bool = True
    last_successful_send: datetime | None = time_column(nullable=True)
    last_successful_receive: datetime | None = time_column(nullable=True)
    matching: Matching = enum_column(Matching, Matching.LINK)
    match_source_field: str | None = Field(default=None, max_length=60)
    match_target_field: str | None = Field(default=None, max_length=60)
    delete_policy: DeletePolicy = enum_column(DeletePolicy, DeletePolicy.LEAVE)
    mark_field: str | None = Field(default=None, max_length=60)
    mark_text: str | None = Field(default=None, max_length=255)
    inactivates_targets: bool = False
    """Whether a target follows when its source record is inactivated (seed S0: some connections)."""
    depends_on: list[str] = json_column(list)
    """API names of integrations of the same connection that have to be active too (seed S0)."""
    supersedes: list[str] = json_column(list)
    """API names of integrations of the same connection in whose place this one is used (seed S0)."""
    required_applications: list[str] = json_column(list)
    required_features: list[str] = json_column(list)
    remote_applications: list[str] = json_column(list)
    remote_features: list[str] = json_column(list)
    """Applications and local features that its own Vault and the partner Vault must have (seed S0).

    An entry such as `CTMS|eTMF` is met by any one of its alternatives.
    """
    locks_rule_activation: bool = False
    locks_rule_defaults: bool = False
    """What may not be changed on this integration's standard rules (integration facts, section 2)."""
    modified_at: datetime = time_column()


class IntegrationPoint(SQLModel, table=True):
    """Where an integration's messages leave or enter. A message names the inbound point by its API name."""

    __tablename__ = "integration_point"
    __table_args__: Any = (UniqueConstraint("integration_id", "api_name"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    integration_id: int = Field(foreign_key="integration.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=100)
    api_name: str = Field(max_length=60)
    direction: Direction = enum_column(Direction)
    matching: Matching | None = enum_column(Matching, nullable=True)
    """Another way of matching than the integration's."""
    creates: bool = True
    updates: bool = True
    behaviours: list[str] = json_column(list)
    """What the point does beside its rules, by name (`scheduler.behaviour`)."""
    position: int = 0


class PointSource(SQLModel, table=True):
    """One object that an outbound point watches, and the remote inbound point its changes are meant for.

    `criteria` maps field API names to the value a record must hold to be sent; empty means every changed record.
    """

    __tablename__ = "point_source"
    __table_args__: Any = (UniqueConstraint("point_id", "object_id", "remote_point"),)

    id: int | None = Field(default=None, primary_key=True)
    point_id: int = Field(foreign_key="integration_point.id", ondelete="CASCADE")
    object_id: int = Field(foreign_key="vault_object.id")
    remote_point: str = Field(max_length=60)
    criteria: dict[str, Any] = json_column(dict)
    position: int = 0
