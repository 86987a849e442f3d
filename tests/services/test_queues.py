"""Spark queues: what a queue may be, the connections it serves, and its two switches."""

from typing import Any

import pytest
from sqlalchemy import select

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.feed import Change, Topic
from models.permissions import INTEGRATION_USER, Actor
from models.services.queues import connect_queue, create_queue, set_delivery_enabled, set_queue_active
from models.services.vaults import application_owner_id, create_user
from models.store import Store
from models.tables import AuditRow, ConnectionType, Direction, Queue, table_of
from tests.builders import Pair, key, make_connection, make_vault, two_vaults, user

_audit = table_of(AuditRow)
SYSTEM = Actor.system(1001)


@pytest.fixture
def lab(store: Store) -> Store:
    with store.write() as write:
        make_vault(write, 1001)
        make_vault(write, 1002)
    return store


def create(store: Store, **values: Any) -> Queue:
    options: dict[str, Any] = {"label": "Study Queue", "type": Direction.OUTBOUND}
    with store.write() as write:
        return create_queue(write, SYSTEM, **options | values)


def refused(store: Store, **values: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        create(store, **values)
    return refusal.value.fields


def test_a_queue_is_named_after_its_label_and_ends_in_c(lab: Store) -> None:
    assert create(lab, label="Medical to CRM").api_name == "medical_to_crm__c"
    assert create(lab, label="Other", api_name="my_queue").api_name == "my_queue__c"
    assert create(lab, label="Standard", api_name="medical_crm_outbound_queue__v", standard=True).api_name.endswith(
        "__v"
    )


def test_a_label_that_makes_no_name_asks_for_one(lab: Store) -> None:
    assert "needed" in refused(lab, label="\N{GREEK SMALL LETTER ALPHA}")["api_name"]


def test_a_new_queue_is_active_and_delivers(lab: Store) -> None:
    for direction in Direction:
        queue = create(lab, label=direction.value, type=direction)
        assert queue.active
        assert queue.delivery_enabled


def test_an_inbound_queue_has_a_processor_and_an_outbound_one_has_none(lab: Store) -> None:
    assert create(lab, type=Direction.INBOUND).message_processor == "transfer"
    assert create(lab, label="Mine", type=Direction.INBOUND, message_processor="mine__c").message_processor == "mine__c"
    assert create(lab, label="Out").message_processor is None
    assert "message_processor" in refused(lab, label="None", type=Direction.INBOUND, message_processor=" ")
    assert "message_processor" in refused(lab, label="None", message_processor="transfer")


def test_only_an_inbound_queue_has_a_processor_user_and_he_is_of_this_vault(lab: Store) -> None:
    with lab.read() as session:
        own, foreign = application_owner_id(session, 1001), application_owner_id(session, 1002)
    assert create(lab, type=Direction.INBOUND, processor_user_id=own).processor_user_id == own
    assert "processor_user_id" in refused(lab, label="B", type=Direction.INBOUND, processor_user_id=foreign)
    assert "processor_user_id" in refused(lab, label="C", processor_user_id=own)


def test_everything_that_is_wrong_with_a_new_queue_is_said_at_once(lab: Store) -> None:
    create(lab)
    problems = refused(lab, label="x" * 61, api_name="study_queue", description="x" * 501, message_processor="transfer")
    assert set(problems) == {"label", "api_name", "description", "message_processor"}


def test_a_queue_name_is_taken_once_per_vault(lab: Store) -> None:
    create(lab)
    with lab.write() as write:
        create_queue(write, Actor.system(1002), label="Study Queue", type=Direction.OUTBOUND)
    assert "already has a queue study_queue__c" in refused(lab)["api_name"]


def test_an_outbound_queue_says_where_it_delivers_and_an_inbound_one_does_not(lab: Store) -> None:
    outbound, inbound = create(lab), create(lab, label="In", type=Direction.INBOUND)
    with lab.write() as write:
        connection = key(make_connection(write, 1001))
        for target in (None, " ", "Not A Name"):
            with pytest.raises(InvalidInput, match="deliver_to_queue"):
                connect_queue(write, SYSTEM, key(outbound), connection, target)
        with pytest.raises(InvalidInput, match="Only an outbound queue delivers"):
            connect_queue(write, SYSTEM, key(inbound), connection, "there__c")
        assert connect_queue(write, SYSTEM, key(outbound), connection, "there__c").deliver_to_queue == "there__c"
        assert connect_queue(write, SYSTEM, key(inbound), connection).deliver_to_queue is None


def test_an_external_connection_is_delivered_to_by_its_url(lab: Store) -> None:
    queue = create(lab)
    with lab.write() as write:
        external = key(make_connection(write, 1001, type=ConnectionType.EXTERNAL, url="https://example.com"))
        with pytest.raises(InvalidInput, match="delivers to its URL"):
            connect_queue(write, SYSTEM, key(queue), external, "there__c")
        assert connect_queue(write, SYSTEM, key(queue), external).deliver_to_queue is None


def test_one_outbound_queue_serves_several_connections_but_each_only_once(lab: Store) -> None:
    queue = create(lab)
    with lab.write() as write:
        for name in ("one__c", "two__c"):
            connection = key(make_connection(write, 1001, name))
            connect_queue(write, SYSTEM, key(queue), connection, "there__c")
        with pytest.raises(InvalidInput, match="already serves"):
            connect_queue(write, SYSTEM, key(queue), connection, "elsewhere__c")


def test_queues_need_the_permission_spark_queues(lab: Store) -> None:
    queue = create(lab)
    with lab.write() as write:
        connection = key(make_connection(write, 1001))
        create_user(write, 1001, "worker", "", "", INTEGRATION_USER)
    worker = user(lab, 1001, "worker")
    with lab.write() as write:
        for attempt in (
            lambda: create_queue(write, worker, label="X", type=Direction.OUTBOUND),
            lambda: connect_queue(write, worker, key(queue), connection, "there__c"),
            lambda: set_queue_active(write, worker, key(queue), False),
            lambda: set_delivery_enabled(write, worker, key(queue), False),
        ):
            with pytest.raises(NotAllowed, match="Admin: Spark Queues"):
                attempt()


def test_queues_and_connections_of_another_vault_are_not_found(lab: Store) -> None:
    queue = create(lab)
    stranger = Actor.system(1002)
    with lab.write() as write:
        foreign = key(make_connection(write, 1002))
        for attempt in (
            lambda: connect_queue(write, SYSTEM, key(queue), foreign, "there__c"),
            lambda: connect_queue(write, stranger, key(queue), foreign, "there__c"),
            lambda: set_queue_active(write, stranger, key(queue), False),
            lambda: set_delivery_enabled(write, stranger, key(queue), False),
        ):
            with pytest.raises(NotFound):
                attempt()


def test_the_status_of_a_queue_is_switched_and_audited_and_a_switch_to_the_same_is_nothing(store: Store) -> None:
    pair: Pair = two_vaults(store)
    admin = user(store, 1001)
    with store.write() as write:
        assert set_queue_active(write, admin, pair.source.queue_id, False)
        assert Change(Topic.QUEUES, 1001) in write.changes
    with store.write() as write:
        assert not set_queue_active(write, admin, pair.source.queue_id, False)
        assert not write.changes
    with store.read() as session:
        row = session.execute(select(_audit).where(_audit.c.action == "Edit", _audit.c.object_name == "queue")).one()
        assert not session.get_one(Queue, pair.source.queue_id).active
    assert (row.field_name, row.old_value, row.new_value, row.user_name) == ("active", "true", "false", admin.name)


def test_delivery_of_an_outbound_queue_is_paused_and_resumed(store: Store) -> None:
    pair = two_vaults(store)
    for enabled in (False, True):
        with store.write() as write:
            assert set_delivery_enabled(write, pair.source.system, pair.source.queue_id, enabled)
            assert not set_delivery_enabled(write, pair.source.system, pair.source.queue_id, enabled)
        with store.read() as session:
            assert session.get_one(Queue, pair.source.queue_id).delivery_enabled is enabled


def test_an_inbound_queue_cannot_be_paused(store: Store) -> None:
    pair = two_vaults(store)
    for enabled in (False, True):
        with pytest.raises(NotPossible, match="an inbound queue cannot be paused"), store.write() as write:
            set_delivery_enabled(write, pair.target.system, pair.target.queue_id, enabled)
