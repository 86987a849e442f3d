"""User exception messages of a Vault: the list and how it is narrowed, for the Exceptions area and for retries."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, matches
from models.tables import (
    Connection,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    ExceptionSide,
    Integration,
    IntegrationPoint,
    ItemStatus,
    RetryTransferMessage,
    table_of,
)

_table = table_of(ExceptionMessage)
_c = _table.c
_items = table_of(ExceptionItem).c
_retried = table_of(RetryTransferMessage).c
_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_connection_name = (
    select(_connections.c.name).where(_connections.c.id == _c.connection_id).correlate(_table).scalar_subquery()
)
_integration_name = (
    select(_integrations.c.name).where(_integrations.c.id == _c.integration_id).correlate(_table).scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class ExceptionFilter:
    """Which user exception messages are meant: those that meet all that is given.

    `active` is the message's status, None for both; `open_items` keeps messages with items that are open. `point` is
    the API name or name of an integration point. `text` holds words that all occur in name, error, connection or
    integration.
    """

    active: bool | None = None
    connection_id: int | None = None
    integration_id: int | None = None
    point: str = ""
    error_type: ErrorType | None = None
    side: ExceptionSide | None = None
    text: str = ""
    open_items: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that all are meant."""
        return self == ExceptionFilter()

    def conditions(self, vault_id: int) -> tuple[ColumnElement[bool], ...]:
        """What the messages that are meant have in common, in SQL."""
        found: list[ColumnElement[bool]] = [_c.vault_id == vault_id]
        if self.active is not None:
            found.append(_c.active if self.active else ~_c.active)
        exact = {name: getattr(self, name) for name in ("connection_id", "integration_id", "error_type", "side")}
        found += [_c[name] == wanted for name, wanted in exact.items() if wanted is not None]
        if self.open_items is not None:
            still = select(_items.id).where(_items.message_id == _c.id, _items.status == ItemStatus.OPEN)
            still_open = still.correlate(_table).exists()
            found.append(still_open if self.open_items else ~still_open)
        if self.point:
            named = select(_points.c.id).where(
                _points.c.vault_id == vault_id, or_(_points.c.api_name == self.point, _points.c.name == self.point)
            )
            found.append(or_(_c.name == self.point, _c.point_id.in_(named)))
        if self.text:
            found.append(
                matches(self.text, _c.name, _c.error_message, _c.error_type, _connection_name, _integration_name)
            )
        return tuple(found)

    def in_words(self, session: Session) -> str:
        """The filter as people read it; empty for an empty one."""
        said = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == "":
                continue
            match field.name:
                case "active":
                    said.append("active" if value else "inactive")
                case "open_items":
                    said.append("with open items" if value else "without open items")
                case "connection_id":
                    said.append(f"connection {_name(session, _connections.c.name, _connections.c.id, value)}")
                case "integration_id":
                    said.append(f"integration {_name(session, _integrations.c.name, _integrations.c.id, value)}")
                case "point":
                    said.append(f"integration point {value}")
                case "text":
                    said.append(f"with “{value}”")
                case _:
                    said.append(str(value))
        return ", ".join(said)


ALL = ExceptionFilter()


def _name(session: Session, name: ColumnElement[str], key: ColumnElement[int], value: int) -> str:
    return session.execute(select(name).where(key == value)).scalar_one_or_none() or str(value)


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """A user exception message in the list. `retrying` says that a Retry Transfer of it is under way."""

    key: int
    active: bool
    name: str
    side: str
    error_type: str
    error_message: str
    connection: str | None
    integration: str | None
    received: int
    failed: int
    open_items: int
    retrying: bool
    created_at: datetime


def row_columns() -> tuple[Any, ...]:
    """The columns of an `ExceptionRow`, in its order."""
    open_items = (
        select(func.count())
        .where(_items.message_id == _c.id, _items.status == ItemStatus.OPEN)
        .correlate(_table)
        .scalar_subquery()
    )
    retrying = select(_retried.message_id).where(_retried.message_id == _c.id, _retried.under_way).correlate(_table)
    return (
        _c.id,
        _c.active,
        _c.name,
        _c.side,
        _c.error_type,
        _c.error_message,
        _connection_name,
        _integration_name,
        _c.items_received,
        _c.items_failed,
        open_items,
        retrying.exists(),
        _c.created_at,
    )


def points_of_messages(session: Session, vault_ids: Sequence[int]) -> tuple[str, ...]:
    """What the user exception messages of these Vaults are named after: their integration points, also deleted ones."""
    names = select(_c.name).where(_c.vault_id.in_(vault_ids)).distinct()
    return tuple(session.execute(names).scalars())


def listing(vault_id: int, where: ExceptionFilter = ALL) -> Listing[ExceptionRow]:
    """The user exception messages of a Vault that are meant, the newest first."""
    keys = select(_c.id).where(*where.conditions(vault_id))
    rows = select(*row_columns()).where(_c.vault_id == vault_id)
    return Listing(_c.id, keys, rows, lambda row: ExceptionRow(*row), descending=True, dated=_c.created_at)


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the messages of a Vault can be narrowed to: ids or values, each with its name."""

    connections: tuple[tuple[int, str], ...]
    integrations: tuple[tuple[int, str], ...]
    points: tuple[str, ...]
    error_types: tuple[str, ...]


def filter_choices(session: Session, vault_id: int) -> FilterChoices:
    """What occurs among the user exception messages of a Vault."""

    def named(table: Any, key: ColumnElement[Any]) -> tuple[tuple[int, str], ...]:
        used = select(key).where(_c.vault_id == vault_id).distinct()
        statement = select(table.c.id, table.c.name).where(table.c.id.in_(used)).order_by(table.c.name, table.c.id)
        return tuple((row[0], row[1]) for row in fetch(session, statement))

    def values(column: ColumnElement[Any]) -> tuple[str, ...]:
        statement = select(column).where(_c.vault_id == vault_id).distinct().order_by(column)
        return tuple(str(row[0]) for row in fetch(session, statement))

    return FilterChoices(
        named(_connections, _c.connection_id),
        named(_integrations, _c.integration_id),
        values(_c.name),
        values(_c.error_type),
    )
