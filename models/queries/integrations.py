"""Integrations of a Vault with their points, rules and field rules, for the Integrations area."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.data_model import DOCUMENTS
from models.queries.requirements import IntegrationRequirements, Requirement, requirements_of
from models.queries.rules import FieldRuleLine, QueryObjectRuleLine, RuleLine, rules_of_points
from models.queries.window import Listing, fetch, fetch_one, matches, ordered, row_of
from models.services.integration_settings import IntegrationSettings, integration_settings
from models.services.point_criteria import write_criteria
from models.tables import (
    Connection,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    ItemStatus,
    PointSource,
    VaultObject,
    table_of,
)

__all__ = [
    "SORTS",
    "FieldRuleLine",
    "IntegrationDetail",
    "IntegrationRow",
    "PointLine",
    "QueryObjectRuleLine",
    "RuleLine",
    "SourceLine",
    "detail",
    "listing",
    "shown_time",
]

_table = table_of(Integration)
_c = _table.c
_connections = table_of(Connection)
_points = table_of(IntegrationPoint).c
_items = table_of(ExceptionItem).c

_connection_name = select(_connections.c.name).where(_connections.c.id == _c.connection_id).scalar_subquery()
SORTS: dict[str, Any] = {
    "name": func.lower(_c.name),
    "active": _c.active,
    "connection": func.lower(_connection_name),
}


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """An integration in the list. `sends` and `receives` say which directions it has points for."""

    key: int
    name: str
    active: bool
    connection: str
    connection_id: int
    sends: bool
    receives: bool
    last_run: datetime | None
    open_items: int


@dataclass(frozen=True, slots=True)
class SourceLine:
    """An object that an outbound point watches. `criteria` maps fields to the value that makes a record be sent."""

    key: int
    object_name: str
    object_label: str
    remote_point: str
    criteria: Mapping[str, Any]

    @property
    def only_where(self) -> tuple[str, ...]:
        """The criteria as people write them."""
        return write_criteria(self.criteria)


@dataclass(frozen=True, slots=True)
class PointLine:
    """An integration point: an outbound one with what it watches, an inbound one with its rules."""

    key: int
    name: str
    api_name: str
    direction: str
    matching: str
    creates: bool
    updates: bool
    behaviours: Sequence[str]
    sources: tuple[SourceLine, ...]
    rules: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True)
class IntegrationDetail:
    """All that the Integrations area shows about one integration.

    Its two locks keep its standard rules from being switched and the defaults of their field rules from being changed.
    """

    key: int
    name: str
    api_name: str
    feature: str
    active: bool
    standard: bool
    last_send: datetime | None
    last_receive: datetime | None
    last_run: datetime | None
    modified_at: datetime
    connection_id: int
    connection: str
    connection_state: str
    remote_vault: str
    open_items: int
    locks_activation: bool
    locks_defaults: bool
    points: tuple[PointLine, ...]
    settings: IntegrationSettings
    needs: IntegrationRequirements

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it needs of both Vaults, and of the other integrations of its connection."""
        return self.needs.requirements

    @property
    def receives(self) -> bool:
        """Whether it applies what it receives; one without points may come to do so."""
        return not self.points or any(point.direction == "inbound" for point in self.points)

    @property
    def sends_documents(self) -> bool:
        """Whether it makes CrossLinks in the remote Vault."""
        return any(source.object_name == DOCUMENTS for point in self.points for source in point.sources)


def shown_time(
    last_send: datetime | None, last_receive: datetime | None, *, sends: bool, receives: bool
) -> datetime | None:
    """Last Successful Run Time as people read it: the earlier one of the directions that the integration has."""
    wanted = [time for time, has in ((last_send, sends), (last_receive, receives)) if has]
    return None if not wanted or None in wanted else min(time for time in wanted if time is not None)


def listing(
    vault_id: int,
    *,
    connection_id: int | None = None,
    text: str = "",
    sort: str = "name",
    descending: bool = False,
) -> Listing[IntegrationRow]:
    """The integrations of a Vault; `text` filters by name, API name and connection."""
    keys = select(_c.id).where(_c.vault_id == vault_id)
    if connection_id is not None:
        keys = keys.where(_c.connection_id == connection_id)
    if text:
        keys = keys.where(matches(text, _c.name, _c.api_name, _connection_name))
    rows = (
        select(
            _c.id,
            _c.name,
            _c.active,
            _connections.c.name,
            _c.connection_id,
            _has(Direction.OUTBOUND),
            _has(Direction.INBOUND),
            _c.last_successful_send,
            _c.last_successful_receive,
            _open_items(vault_id),
        )
        .join(_connections, _connections.c.id == _c.connection_id)
        .where(_c.vault_id == vault_id)
    )
    return ordered(Listing(_c.id, keys, rows, _row), SORTS, sort, descending=descending)


def detail(session: Session, vault_id: int, integration_id: int) -> IntegrationDetail | None:
    """One integration of a Vault with everything below it; None when it is gone."""
    statement = (
        select(
            _c.id,
            _c.name,
            _c.api_name,
            _c.feature,
            _c.active,
            _c.standard,
            _c.last_successful_send,
            _c.last_successful_receive,
            _c.modified_at,
            _c.connection_id,
            _connections.c.name,
            _connections.c.state,
            _connections.c.remote_vault_name,
            _open_items(vault_id),
            _c.locks_rule_activation,
            _c.locks_rule_defaults,
        )
        .join(_connections, _connections.c.id == _c.connection_id)
        .where(_c.vault_id == vault_id, _c.id == integration_id)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    points = _read_points(session, vault_id, integration_id)
    sends = any(point.direction == Direction.OUTBOUND for point in points)
    receives = any(point.direction == Direction.INBOUND for point in points)
    last_run = shown_time(row[6], row[7], sends=sends, receives=receives)
    settings = integration_settings(session, vault_id, integration_id)
    needs = requirements_of(session, integration_id)
    if needs is None:
        return None
    return row_of(IntegrationDetail, (*row[:8], last_run, *row[8:]), points, settings, needs)


def _has(direction: Direction) -> Any:
    return (
        select(_points.id)
        .where(_points.integration_id == _c.id, _points.direction == direction)
        .correlate(_table)
        .exists()
    )


def _open_items(vault_id: int) -> Any:
    messages = table_of(ExceptionMessage)
    return (
        select(func.count())
        .select_from(table_of(ExceptionItem).join(messages, messages.c.id == _items.message_id))
        .where(
            messages.c.vault_id == vault_id,
            messages.c.active,
            messages.c.integration_id == _c.id,
            _items.status == ItemStatus.OPEN,
        )
        .correlate(_table)
        .scalar_subquery()
    )


def _row(row: Any) -> IntegrationRow:
    key, name, active, connection, connection_id, sends, receives, last_send, last_receive, open_items = row
    last_run = shown_time(last_send, last_receive, sends=sends, receives=receives)
    return IntegrationRow(key, name, active, connection, connection_id, sends, receives, last_run, open_items)


def _read_points(session: Session, vault_id: int, integration_id: int) -> tuple[PointLine, ...]:
    statement = (
        select(
            _points.id,
            _points.name,
            _points.api_name,
            _points.direction,
            func.coalesce(_points.matching, _c.matching).label("matching"),
            _points.creates,
            _points.updates,
            _points.behaviours,
        )
        .join(_table, _c.id == _points.integration_id)
        .where(_points.vault_id == vault_id, _points.integration_id == integration_id)
        .order_by(_points.direction.desc(), _points.position, _points.id)
    )
    rows = fetch(session, statement)
    ids = [row.id for row in rows]
    sources, rules = _sources(session, ids), rules_of_points(session, ids)
    return tuple(row_of(PointLine, row, tuple(sources[row.id]), tuple(rules[row.id])) for row in rows)


def _sources(session: Session, point_ids: list[int]) -> defaultdict[int, list[SourceLine]]:
    sources, objects = table_of(PointSource), table_of(VaultObject)
    statement = (
        select(
            sources.c.point_id,
            sources.c.id,
            objects.c.name,
            objects.c.label,
            sources.c.remote_point,
            sources.c.criteria,
        )
        .join(objects, objects.c.id == sources.c.object_id)
        .where(sources.c.point_id.in_(point_ids))
        .order_by(sources.c.position, sources.c.id)
    )
    found: defaultdict[int, list[SourceLine]] = defaultdict(list)
    for point_id, *columns in fetch(session, statement):
        found[point_id].append(SourceLine(*columns))
    return found
