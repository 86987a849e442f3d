"""The integration rules of a store as MDL components: of a Vault, a connection, a point, or one rule."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.mdl.components import FieldRuleText, QueryObjectRuleText, RuleText, print_rules
from models.tables import (
    Connection,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    QueryObjectRule,
    ReferenceLookup,
    table_of,
)

_rules = table_of(IntegrationRule).c
_points = table_of(IntegrationPoint).c
_integrations = table_of(Integration).c
_connections = table_of(Connection).c
_query_rules = table_of(QueryObjectRule).c
_field_rules = table_of(FieldRule).c
_lookups = table_of(ReferenceLookup).c


def rule_texts(
    session: Session,
    vault_id: int,
    *,
    connection_id: int | None = None,
    integration_id: int | None = None,
    point_id: int | None = None,
    rule_id: int | None = None,
) -> dict[int, RuleText]:
    """The rules of a Vault by their ids, narrowed to what is named, by connection, integration, point and order."""
    statement = (
        select(
            _rules.id,
            _rules.api_name,
            _rules.name,
            _rules.active,
            _rules.primary_query_object,
            _points.api_name.label("point"),
            _connections.api_name.label("connection"),
        )
        .join(table_of(IntegrationPoint), _points.id == _rules.point_id)
        .join(table_of(Integration), _integrations.id == _points.integration_id)
        .join(table_of(Connection), _connections.id == _integrations.connection_id)
        .where(_rules.vault_id == vault_id)
        .order_by(_connections.api_name, _integrations.id, _points.position, _points.id, _rules.position, _rules.id)
    )
    wanted = {
        _connections.id: connection_id,
        _integrations.id: integration_id,
        _points.id: point_id,
        _rules.id: rule_id,
    }
    for column, key in wanted.items():
        if key is not None:
            statement = statement.where(column == key)
    rows = session.execute(statement).all()
    ids = [row.id for row in rows]
    queries, field_rules = _query_object_rules(session, ids), _field_rule_texts(session, ids)
    return {
        row.id: RuleText(
            name=row.api_name,
            connection=row.connection,
            integration_point=row.point,
            label=row.name,
            active=row.active,
            primary_query_object=row.primary_query_object or "",
            query_object_rules=tuple(queries[row.id]),
            field_rules=tuple(field_rules[row.id]),
        )
        for row in rows
    }


def export_rules(session: Session, vault_id: int, **narrowed: int | None) -> str:
    """The same rules as MDL text; see `rule_texts`."""
    return print_rules(rule_texts(session, vault_id, **narrowed).values())


def _query_object_rules(session: Session, rule_ids: list[int]) -> defaultdict[int, list[QueryObjectRuleText]]:
    statement = (
        select(table_of(QueryObjectRule))
        .where(_query_rules.rule_id.in_(rule_ids))
        .order_by(_query_rules.position, _query_rules.id)
    )
    found: defaultdict[int, list[QueryObjectRuleText]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.rule_id].append(
            QueryObjectRuleText(row.api_name, row.label, row.active, row.query_object, row.filter_clause)
        )
    return found


def _field_rule_texts(session: Session, rule_ids: list[int]) -> defaultdict[int, list[FieldRuleText]]:
    statement = (
        select(table_of(FieldRule), _lookups.api_name.label("lookup"), _lookups.type.label("lookup_type"))
        .outerjoin(table_of(ReferenceLookup), _lookups.id == _field_rules.reference_lookup_id)
        .where(_field_rules.rule_id.in_(rule_ids))
        .order_by(_field_rules.position, _field_rules.id)
    )
    found: defaultdict[int, list[FieldRuleText]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.rule_id].append(_field_rule_text(row))
    return found


def _field_rule_text(row: Any) -> FieldRuleText:
    return FieldRuleText(
        name=row.api_name,
        label=row.label,
        active=row.active,
        target_object=row.target_object,
        target_object_field=row.target_field,
        target_docfield=row.target_docfield or "",
        query_object=row.query_object,
        query_field=row.query_field or "",
        query_field_select=row.query_field_select or "",
        query_field_type=row.query_field_type or "",
        field_default=row.default_value or "",
        target_field_lookup=row.target_lookup_field or "",
        reference_lookup_type=row.lookup_type.value if row.lookup_type else "",
        reference_lookup=row.lookup or "",
    )
