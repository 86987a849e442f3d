"""Vaults, their users, and the security profiles that say what a user may do."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import json_column


class Vault(SQLModel, table=True):
    """One tenant. `id` is the Vault ID as an administrator knows it."""

    __tablename__ = "vault"

    id: int = Field(primary_key=True)
    name: str = Field(max_length=100, unique=True)
    dns_host: str = Field(max_length=255, unique=True)
    domain: str = Field(max_length=255)
    family: str = Field(max_length=60)
    applications: list[str] = json_column(list)
    features: list[str] = json_column(list)
    """Local features that are configured here, such as Change Control: some integrations need one (seed S0)."""
    sandbox: bool = False
    parent_id: int | None = Field(default=None, foreign_key="vault.id")
    client_id_filtering: bool = False
    """Whether API calls need a client id of an active connection (seed S1)."""
    next_record: int = 1001
    """Number of the next record: part of its id and of its Global ID."""


class SecurityProfile(SQLModel, table=True):
    """A named set of permissions within one Vault. Standard profiles are not editable."""

    __tablename__ = "security_profile"
    __table_args__: Any = (UniqueConstraint("vault_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    name: str = Field(max_length=100)
    standard: bool = True


class ProfilePermission(SQLModel, table=True):
    """One permission that a security profile grants, by its label (see `models.permissions`)."""

    __tablename__ = "profile_permission"

    profile_id: int = Field(foreign_key="security_profile.id", primary_key=True, ondelete="CASCADE")
    permission: str = Field(primary_key=True, max_length=150)


class User(SQLModel, table=True):
    """A user of one Vault."""

    __tablename__ = "vault_user"
    __table_args__: Any = (UniqueConstraint("vault_id", "username"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    username: str = Field(max_length=100)
    first_name: str = Field(default="", max_length=100)
    last_name: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=200)
    profile_id: int = Field(foreign_key="security_profile.id")
    active: bool = True
