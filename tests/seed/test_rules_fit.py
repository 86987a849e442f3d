"""What the demo's rules, points and queues name exists on the side where it is looked for."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session

from models.data_model import DOCUMENTS, load_object
from models.errors import NotPossible
from models.permissions import Actor
from models.services.rules import set_rule_active
from models.store import Store
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    Connection,
    Direction,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Matching,
    PointSource,
    Queue,
    QueueConnection,
    ReferenceLookup,
    ReferenceLookupKey,
    VaultObject,
    table_of,
)
from models.vql import compile_callback
from scheduler.criteria import conditions
from scheduler.documents import VERSIONS

_connections, _integrations, _points = table_of(Connection), table_of(Integration), table_of(IntegrationPoint)


@pytest.fixture
def session(demo: Store) -> Iterator[Session]:
    with demo.read() as opened:
        yield opened


def test_one_integration_of_the_demo_locks_its_standard_rules(demo: Store) -> None:
    rules = table_of(IntegrationRule)
    statement = (
        select(rules.c.id, rules.c.vault_id, _integrations.c.api_name)
        .join(_points, _points.c.id == rules.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(_integrations.c.locks_rule_activation, _integrations.c.locks_rule_defaults)
    )
    with demo.write() as write:
        locked = list(write.execute(statement))
        assert {row.api_name for row in locked} == {"sim_study_data__c"}
        for row in locked:
            with pytest.raises(NotPossible, match="locks whether its standard rules are active"):
                set_rule_active(write, Actor.system(row.vault_id), row.id, active=False)


NOW = datetime(2026, 1, 5, tzinfo=UTC)


def field_rules(session: Session) -> list[Any]:
    """Field rules of paired connections, with the Vaults on both sides."""
    rules, field_rules_, remote = table_of(IntegrationRule), table_of(FieldRule), _connections.alias()
    statement = (
        select(field_rules_, _connections.c.vault_id, _connections.c.id.label("connection_id"))
        .add_columns(remote.c.vault_id.label("source_vault_id"), _points.c.id.label("point_id"), _points.c.matching)
        .join(rules, rules.c.id == field_rules_.c.rule_id)
        .join(_points, _points.c.id == rules.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .join(_connections, _connections.c.id == _integrations.c.connection_id)
        .join(remote, remote.c.id == _connections.c.remote_connection_id)
    )
    return list(session.execute(statement))


def target_of(rule: Any) -> tuple[str, str]:
    """Object and field that a rule writes; a document's fields are those of the object of documents."""
    return (DOCUMENTS, rule.target_docfield) if rule.target_docfield else (rule.target_object, rule.target_field)


def test_every_field_rule_reads_a_field_that_its_source_has(session: Session) -> None:
    rules = field_rules(session)
    assert len(rules) > 50
    for rule in rules:
        if rule.query_field is None:
            continue
        model = load_object(session, rule.source_vault_id, rule.query_object)
        compile_callback(session, model, None, [rule.query_field], now=NOW)


def test_every_field_rule_writes_a_field_that_its_target_has_and_matches_references_on_one(session: Session) -> None:
    for rule in field_rules(session):
        target, name = target_of(rule)
        model = load_object(session, rule.vault_id, target)
        assert name in model.cleaners, (target, name)
        field = model.fields.get(name)
        if field is not None and field.type is FieldType.OBJECT:
            assert field.reference is not None
            referenced = load_object(session, rule.vault_id, field.reference)
            assert rule.target_lookup_field in {*SYSTEM_COLUMNS, *referenced.fields}
        else:
            assert rule.target_lookup_field is None


def test_every_required_field_of_a_target_is_filled_by_a_rule(session: Session) -> None:
    filled: dict[tuple[int, int, str], set[str]] = {}
    for rule in field_rules(session):
        if rule.matching is not Matching.ORIGIN:
            target, name = target_of(rule)
            filled.setdefault((rule.point_id, rule.vault_id, target), set()).add(name)
    creating = set(session.execute(select(_points.c.id).where(_points.c.creates)).scalars())
    for (point_id, vault_id, target), names in filled.items():
        if point_id in creating:
            assert {"name__v", *load_object(session, vault_id, target).required} <= names, target


def test_what_a_lookup_or_a_default_answers_is_accepted_by_the_target_field(session: Session) -> None:
    keys, lookups = table_of(ReferenceLookupKey), table_of(ReferenceLookup)
    for rule in field_rules(session):
        answers = {rule.default_value} - {None}
        if rule.reference_lookup_id is not None:
            lookup = session.execute(select(lookups).where(lookups.c.id == rule.reference_lookup_id)).one()
            assert lookup.connection_id == rule.connection_id
            answers |= set(session.execute(select(keys.c.target_key).where(keys.c.lookup_id == lookup.id)).scalars())
            assert answers
        target, name = target_of(rule)
        model = load_object(session, rule.vault_id, target)
        for answer in answers:
            assert model.cleaners[name](answer) is not None


def test_every_picklist_value_of_a_source_that_is_looked_up_has_an_entry_but_for_the_known_gaps(
    session: Session,
) -> None:
    keys = table_of(ReferenceLookupKey)
    gaps = set()
    for rule in field_rules(session):
        if rule.reference_lookup_id is None:
            continue
        model = load_object(session, rule.source_vault_id, rule.query_object)
        values = model.states if rule.query_field == "state__v" else model.fields[rule.query_field].picklist or {}
        known = set(
            session.execute(select(keys.c.source_key).where(keys.c.lookup_id == rule.reference_lookup_id)).scalars()
        )
        assert known <= set(values)
        gaps |= {(rule.target_object, value) for value in set(values) - known}
    assert gaps == {
        ("case_contact_source_data__c", "spo__c"),
        ("case_request__c", "fax__c"),
        ("clinical_study__v", "expanded_access__c"),
        ("product__c", "derm__c"),
    }


def test_every_point_source_sends_to_an_inbound_point_of_the_other_side_that_reads_its_object(session: Session) -> None:
    sources, objects, remote = table_of(PointSource), table_of(VaultObject), _connections.alias()
    rows = session.execute(
        select(sources, objects.c.name.label("object_name"), objects.c.vault_id)
        .add_columns(_connections.c.remote_connection_id)
        .join(objects, objects.c.id == sources.c.object_id)
        .join(_points, _points.c.id == sources.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .join(_connections, _connections.c.id == _integrations.c.connection_id)
        .join(remote, remote.c.id == _connections.c.remote_connection_id)
    ).all()
    assert len(rows) == 12
    readable = {(rule.point_id, rule.query_object) for rule in field_rules(session)}
    for row in rows:
        point_id = session.execute(
            select(_points.c.id)
            .join(_integrations, _integrations.c.id == _points.c.integration_id)
            .where(
                _integrations.c.connection_id == row.remote_connection_id,
                _integrations.c.active,
                _points.c.api_name == row.remote_point,
                _points.c.direction == Direction.INBOUND,
            )
        ).scalar_one()
        assert (point_id, row.object_name) in readable
        model = load_object(session, row.vault_id, row.object_name)
        assert len(list(conditions(session, model, row.criteria, *((VERSIONS,) if model.is_document else ())))) == len(
            row.criteria
        )


def test_every_outbound_queue_delivers_to_an_inbound_queue_that_serves_the_paired_connection(session: Session) -> None:
    queues, serves, remote = table_of(Queue), table_of(QueueConnection), _connections.alias()
    rows = session.execute(
        select(serves.c.deliver_to_queue, remote.c.id, remote.c.vault_id)
        .join(queues, queues.c.id == serves.c.queue_id)
        .join(_connections, _connections.c.id == serves.c.connection_id)
        .join(remote, remote.c.id == _connections.c.remote_connection_id)
        .where(queues.c.type == Direction.OUTBOUND)
    ).all()
    assert len(rows) == 8
    for deliver_to, connection_id, vault_id in rows:
        session.execute(
            select(queues.c.id)
            .join(serves, serves.c.queue_id == queues.c.id)
            .where(
                queues.c.vault_id == vault_id,
                queues.c.api_name == deliver_to,
                queues.c.type == Direction.INBOUND,
                serves.c.connection_id == connection_id,
            )
        ).scalar_one()
