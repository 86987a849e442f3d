"""Connection Authorization records: what an external system wants to see before it answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class AuthorizationType(StrEnum):
    """Kind of credentials (seed S1); it never changes after creation."""

    BASIC_AUTH = "basic_auth__sys"
    CLIENT_CREDENTIALS = "client_credentials__sys"


class ConnectionAuthorization(SQLModel, table=True):
    """A record of `connection_authorization__sys`.

    `identity` is the User Name or the Client ID; the Password or Client Secret is sealed (see `models.secrets`).
    """

    __tablename__ = "connection_authorization"
    __table_args__: Any = (UniqueConstraint("vault_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    name: str = Field(max_length=100)
    type: AuthorizationType = enum_column(AuthorizationType)
    identity: str = Field(max_length=200)
    sealed_secret: str = Field(repr=False)
    created_at: datetime = time_column()
    modified_at: datetime = time_column()
