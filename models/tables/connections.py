"""Connections and what moved through them per day."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class ConnectionType(StrEnum):
    """Type of a connection; it never changes after creation."""

    VAULT_TO_VAULT = "vault_to_vault__sys"
    EXTERNAL = "external__sys"
    LOCAL = "local__sys"


class ConnectionState(StrEnum):
    """Lifecycle state of a connection (Spark facts, section 4)."""

    PENDING = "pending"
    APPROVED = "approved"
    ACTIVE = "active"
    INACTIVE = "inactive"
    DISCONNECTED = "disconnected"


class Connection(SQLModel, table=True):
    """One Vault's side of a connection.

    A pair is two rows that name each other in `remote_connection_id`; the API name alone never identifies a pair.
    """

    __tablename__ = "connection"
    __table_args__: Any = (UniqueConstraint("vault_id", "api_name"), UniqueConstraint("vault_id", "record_id"))

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    record_id: str = Field(max_length=20)
    type: ConnectionType = enum_column(ConnectionType)
    name: str = Field(max_length=100)
    api_name: str = Field(max_length=60)
    standard_connection: str = Field(default="", max_length=60)
    """Which standard connection this is a side of: the two sides may differ in their API names. Empty: a custom one."""
    duplicate_of: str = Field(default="", max_length=60)
    """Which standard connection this one was duplicated from, directly or by way of another duplicate."""
    at_most: int | None = None
    """How many of this standard connection a Vault may have, duplicates included. None: as many as it likes."""
    state: ConnectionState = enum_column(ConnectionState, ConnectionState.PENDING)
    system_managed: bool = False
    cross_domain: bool = False
    """Whether the two Vaults may be of different domains (seed S2: production and sandbox of the CRM connections)."""
    description: str = Field(default="", max_length=500)
    authorized_user_id: int | None = Field(default=None, foreign_key="vault_user.id")
    certificate_id: int | None = Field(default=None, foreign_key="signing_certificate.id")
    url: str | None = Field(default=None, max_length=500)
    authorization_id: int | None = Field(default=None, foreign_key="connection_authorization.id")
    remote_vault_id: int | None = None
    remote_vault_name: str = Field(default="", max_length=100)
    remote_dns_host: str = Field(default="", max_length=255)
    remote_connection_id: int | None = Field(default=None, foreign_key="connection.id", ondelete="SET NULL")
    created_at: datetime = time_column()
    modified_at: datetime = time_column()


class ConnectionStat(SQLModel, table=True):
    """Connection Stats of one day: Spark messages sent and received, failures, retries, time-outs, fatal errors."""

    __tablename__ = "connection_stat"

    connection_id: int = Field(foreign_key="connection.id", primary_key=True, ondelete="CASCADE")
    day: date = Field(primary_key=True)
    sent: int = 0
    received: int = 0
    failures: int = 0
    retries: int = 0
    timeouts: int = 0
    fatal_errors: int = 0
