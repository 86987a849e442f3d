"""By which identifiers persons of a Vault are told to be accounts of a CRM organisation (seed S4)."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class PersonIdentifier(SQLModel, table=True):
    """A field of Person and a field of Account that hold the same value for the same human being.

    Without a connection it is the Vault's global setting; one of a connection goes before it.
    """

    __tablename__ = "person_identifier"
    __table_args__: Any = (UniqueConstraint("vault_id", "connection_id"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    connection_id: int | None = Field(default=None, foreign_key="connection.id", ondelete="CASCADE")
    person_field: str = Field(max_length=60)
    account_field: str = Field(max_length=60)
