"""Approved client ids of a connection."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class ConnectionClient(SQLModel, table=True):
    """A client id that API calls through this connection may carry (seed S1, Connection Client)."""

    __tablename__ = "connection_client"
    __table_args__: Any = (UniqueConstraint("connection_id", "client_id"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    connection_id: int = Field(foreign_key="connection.id", ondelete="CASCADE")
    client_id: str = Field(max_length=100)
    active: bool = True
