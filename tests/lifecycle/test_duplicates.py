"""A duplicate of a Vault to Vault connection has all that the original has, and is set up as one of its own."""

from typing import Any

from sqlalchemy import select

from models.permissions import Actor
from models.queries.changes import last_change
from models.services.connection_editing import duplicate_connection
from models.services.connections import establish
from models.services.integrations import set_integration_active
from models.services.undo import undo
from models.store import Store
from models.tables import (
    Connection,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    PersonIdentifier,
    PointSource,
    QueueConnection,
    table_of,
)
from tests.builders import key, user
from tests.conftest import ManualClock
from tests.stages.lab import Lab, make_lab


def below(lab: Lab, connection_id: int) -> dict[str, list[Any]]:
    """What hangs under a connection, without ids."""
    integrations, points, rules = table_of(Integration), table_of(IntegrationPoint), table_of(IntegrationRule)
    fields, sources, queues = table_of(FieldRule), table_of(PointSource), table_of(QueueConnection)
    of_point = points.join(integrations, points.c.integration_id == integrations.c.id)
    own = integrations.c.connection_id == connection_id
    asked = {
        "integrations": select(integrations.c.name, integrations.c.api_name).where(own),
        "points": select(points.c.name, points.c.direction, points.c.creates).select_from(of_point).where(own),
        "sources": select(sources.c.object_id, sources.c.remote_point)
        .select_from(of_point.join(sources, sources.c.point_id == points.c.id))
        .where(own),
        "fields": select(rules.c.name, fields.c.target_field, fields.c.query_field)
        .select_from(of_point.join(rules, rules.c.point_id == points.c.id).join(fields, fields.c.rule_id == rules.c.id))
        .where(own),
        "queues": select(queues.c.queue_id, queues.c.deliver_to_queue).where(queues.c.connection_id == connection_id),
    }
    with lab.store.read() as session:
        return {name: [tuple(row) for row in session.execute(statement)] for name, statement in asked.items()}


def duplicate(lab: Lab, connection_id: int, vault_id: int) -> int:
    with lab.store.write() as write:
        return key(duplicate_connection(write, Actor.system(vault_id), connection_id, name="Copy", api_name="copy__c"))


def test_it_takes_integrations_rules_and_queues_along(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock)
    for side in (lab.source, lab.target):
        copy = duplicate(lab, side.connection_id, side.vault_id)
        found = below(lab, copy)
        assert found == below(lab, side.connection_id)
        assert all(found[name] for name in ("points", "queues"))
        assert [row.active for row in lab.rows(Integration, connection_id=copy)] == [False]


def test_it_identifies_persons_as_the_original_does(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock)
    vault_id, original = lab.source.vault_id, lab.source.connection_id
    with store.write() as write:
        write.add(
            PersonIdentifier(vault_id=vault_id, connection_id=original, person_field="a__c", account_field="b__c")
        )
    copy = duplicate(lab, original, vault_id)
    (identifier,) = lab.rows(PersonIdentifier, connection_id=copy)
    assert (identifier.person_field, identifier.account_field) == ("a__c", "b__c")


def test_it_moves_data_once_it_is_established_and_active(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock)
    copies = [duplicate(lab, side.connection_id, side.vault_id) for side in (lab.source, lab.target)]
    lab.update_row(Integration, lab.source.integration_id, active=False)
    with store.write() as write:
        establish(write, *(write.get_one(Connection, copy) for copy in copies))
        for copy, side in zip(copies, (lab.source, lab.target), strict=True):
            (integration,) = write.execute(
                select(table_of(Integration).c.id).where(table_of(Integration).c.connection_id == copy)
            ).scalars()
            set_integration_active(write, side.system, integration, active=True)
    clock.advance(minutes=1)
    lab.create("Aspirin")
    lab.transfer()
    assert [row["name__v"] for row in lab.targets()] == ["Aspirin"]


def test_it_is_taken_back_with_all_that_it_took_along(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock)
    vault_id = lab.source.vault_id
    admin = user(store, vault_id)
    with store.write() as write:
        copy = key(duplicate_connection(write, admin, lab.source.connection_id, name="Copy", api_name="copy__c"))
    assert below(lab, copy)["points"]
    with store.write() as write:
        line = last_change(write, vault_id, admin.name)
        assert line is not None
        undo(write, admin, line.key)
    assert not any(below(lab, copy).values())
    assert lab.rows(Connection, id=copy) == []
