"""What all tables share: names of constraints, enum columns with a CHECK, times and JSON."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Connection, Enum, Index, MetaData, Table, event, text
from sqlmodel import Field, SQLModel

from models.time import UtcTime

# Tables do not validate: the schemas for that would only make every start longer.
SQLModel.model_config["defer_build"] = True
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def enum_column(kind: type[StrEnum], default: StrEnum | None = None, *, nullable: bool = False) -> Any:
    """A field that holds one of `kind`'s values as text, held to them by a CHECK in the database."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    column_type = Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=40,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )
    column: Column[Any] = Column(column_type, nullable=nullable)
    if default is None and not nullable:
        return Field(sa_column=column)
    return Field(default=default, sa_column=column)


def time_column(*, nullable: bool = False, index: bool = False) -> Any:
    """A field of aware UTC time."""
    column: Column[datetime] = Column(UtcTime(), nullable=nullable, index=index)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def json_column(default: Callable[[], Any] | None = None) -> Any:
    """A field of JSON; without a default it may be absent."""
    column: Column[Any] = Column(JSON(none_as_null=True), nullable=default is None)
    return (
        Field(default=None, sa_column=column) if default is None else Field(default_factory=default, sa_column=column)
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows for which the condition holds.

    The condition is handed to PostgreSQL only when tables are made there: naming it here would load that dialect at
    every start of the program.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where), info={"where": where})


def hand_conditions_to_postgresql(metadata: MetaData) -> None:
    """Give the partial indexes their conditions on PostgreSQL; loads that dialect."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info["where"])


@event.listens_for(SQLModel.metadata, "before_create")
def _before_create(metadata: MetaData, connection: Connection, **_options: Any) -> None:
    if connection.dialect.name == "postgresql":
        hand_conditions_to_postgresql(metadata)


def table_of(model: type[SQLModel]) -> Table:
    """The Core table of a model, for set-based statements."""
    table: Table = model.metadata.tables[str(model.__tablename__)]
    return table
