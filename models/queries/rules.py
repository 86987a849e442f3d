"""Integration rules with their query object rules and field rules, as lines to read."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from models.queries.window import fetch, row_of
from models.tables import (
    Connection,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    QueryObjectRule,
    ReferenceLookup,
    Vault,
    table_of,
)

_rules = table_of(IntegrationRule).c
_points = table_of(IntegrationPoint).c
_integrations = table_of(Integration).c
_connections = table_of(Connection).c
_vaults = table_of(Vault).c


@dataclass(frozen=True, slots=True)
class QueryObjectRuleLine:
    """A query object rule: which records of the query object its rule applies to."""

    key: int
    api_name: str
    label: str
    active: bool
    query_object: str
    filter_clause: str


@dataclass(frozen=True, slots=True)
class FieldRuleLine:
    """One field rule: what fills the target field, or the field of documents."""

    key: int
    api_name: str
    label: str
    active: bool
    target_object: str
    target_field: str
    target_docfield: str | None
    query_object: str
    query_field: str | None
    query_field_select: str | None
    query_field_type: str | None
    default_value: str | None
    target_lookup_field: str | None
    reference_lookup: str | None
    reference_lookup_id: int | None

    @property
    def target(self) -> str:
        """What it fills, in one word."""
        return (
            f"document.{self.target_docfield}" if self.target_docfield else f"{self.target_object}.{self.target_field}"
        )

    @property
    def source(self) -> str:
        """Where its value comes from, in one line."""
        query = self.query_field_select or self.query_field or ""
        default = f"“{self.default_value}”" if self.default_value is not None else ""
        return f"{query}, else {default}" if query and default else query or default


@dataclass(frozen=True, slots=True)
class RuleLine:
    """An integration rule with its query object rules and field rules."""

    key: int
    name: str
    api_name: str
    active: bool
    standard: bool
    primary_query_object: str | None
    query_object_rules: tuple[QueryObjectRuleLine, ...]
    field_rules: tuple[FieldRuleLine, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """An integration rule in a list over several Vaults, and where it hangs."""

    key: int
    vault_id: int
    vault: str
    connection_id: int
    connection: str
    integration_id: int
    integration: str
    point_id: int
    point: str
    name: str
    api_name: str
    active: bool
    standard: bool
    primary_query_object: str | None
    field_rules: int


def rule_rows(session: Session, vault_ids: Sequence[int]) -> tuple[RuleRow, ...]:
    """All integration rules of these Vaults; connection and point by their API names."""
    field_rules = table_of(FieldRule)
    counted = select(func.count()).select_from(field_rules).where(field_rules.c.rule_id == _rules.id).scalar_subquery()
    statement = (
        select(
            _rules.id,
            _rules.vault_id,
            _vaults.name,
            _connections.id,
            _connections.api_name,
            _integrations.id,
            _integrations.name,
            _points.id,
            _points.api_name,
            _rules.name,
            _rules.api_name,
            _rules.active,
            _rules.standard,
            _rules.primary_query_object,
            counted,
        )
        .join(table_of(IntegrationPoint), _points.id == _rules.point_id)
        .join(table_of(Integration), _integrations.id == _points.integration_id)
        .join(table_of(Connection), _connections.id == _integrations.connection_id)
        .join(table_of(Vault), _vaults.id == _rules.vault_id)
        .where(_rules.vault_id.in_(vault_ids))
        .order_by(_vaults.name, _connections.api_name, _integrations.name, _points.position, _rules.position, _rules.id)
    )
    return tuple(RuleRow(*row) for row in fetch(session, statement))


def rules_of_points(session: Session, point_ids: Sequence[int]) -> defaultdict[int, list[RuleLine]]:
    """The rules under integration points, by point, in their order."""
    return _rule_lines(session, _rules.point_id.in_(point_ids))


def rule_line(session: Session, vault_id: int, rule_id: int) -> RuleLine | None:
    """One rule of a Vault with all that is in it; None when it is gone."""
    found = _rule_lines(session, (_rules.vault_id == vault_id) & (_rules.id == rule_id))
    return next((line for lines in found.values() for line in lines), None)


def _rule_lines(session: Session, condition: ColumnElement[bool]) -> defaultdict[int, list[RuleLine]]:
    statement = (
        select(
            _rules.point_id,
            _rules.id,
            _rules.name,
            _rules.api_name,
            _rules.active,
            _rules.standard,
            _rules.primary_query_object,
        )
        .where(condition)
        .order_by(_rules.position, _rules.id)
    )
    rows = fetch(session, statement)
    ids = [row.id for row in rows]
    queries, field_rules = _query_object_rules(session, ids), _field_rules(session, ids)
    found: defaultdict[int, list[RuleLine]] = defaultdict(list)
    for point_id, *columns in rows:
        key = columns[0]
        found[point_id].append(row_of(RuleLine, columns, tuple(queries[key]), tuple(field_rules[key])))
    return found


def _query_object_rules(session: Session, rule_ids: list[int]) -> defaultdict[int, list[QueryObjectRuleLine]]:
    rules = table_of(QueryObjectRule).c
    statement = (
        select(
            rules.rule_id, rules.id, rules.api_name, rules.label, rules.active, rules.query_object, rules.filter_clause
        )
        .where(rules.rule_id.in_(rule_ids))
        .order_by(rules.position, rules.id)
    )
    found: defaultdict[int, list[QueryObjectRuleLine]] = defaultdict(list)
    for rule_id, *columns in fetch(session, statement):
        found[rule_id].append(QueryObjectRuleLine(*columns))
    return found


def _field_rules(session: Session, rule_ids: list[int]) -> defaultdict[int, list[FieldRuleLine]]:
    rules, lookups = table_of(FieldRule), table_of(ReferenceLookup)
    statement = (
        select(
            rules.c.rule_id,
            rules.c.id,
            rules.c.api_name,
            rules.c.label,
            rules.c.active,
            rules.c.target_object,
            rules.c.target_field,
            rules.c.target_docfield,
            rules.c.query_object,
            rules.c.query_field,
            rules.c.query_field_select,
            rules.c.query_field_type,
            rules.c.default_value,
            rules.c.target_lookup_field,
            lookups.c.name,
            lookups.c.id,
        )
        .outerjoin(lookups, lookups.c.id == rules.c.reference_lookup_id)
        .where(rules.c.rule_id.in_(rule_ids))
        .order_by(rules.c.position, rules.c.id)
    )
    found: defaultdict[int, list[FieldRuleLine]] = defaultdict(list)
    for rule_id, *columns in fetch(session, statement):
        found[rule_id].append(FieldRuleLine(*columns))
    return found
