"""Queues: edited, connected, reset and deleted by their rules; a full one rolls back or drops."""

from typing import Any

import pytest

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import READ_ONLY_USER
from models.queries.queue_detail import settings
from models.services import messages as messages_service
from models.services import queue_log as queue_log_service
from models.services.messages import put_message
from models.services.queue_connections import disconnect_queue, set_queue_connection_active
from models.services.queue_emptying import delete_queue, reset_queue
from models.services.queues import connect_queue, create_queue, edit_queue, set_queue_active
from models.services.vaults import application_owner_id, create_user
from models.store import Store
from models.tables import (
    AuditRow,
    ConnectionType,
    DeliveryAttempt,
    Direction,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    RunStatus,
    SparkMessageBody,
)
from scheduler import outbox
from tests.builders import key, make_connection, user
from tests.conftest import ManualClock
from tests.queues.lab import SYSTEM, VAULT, Sender, make_sender
from tests.stages.lab import make_lab


def edit(sender: Sender, **values: Any) -> bool:
    with sender.store.write() as write:
        return edit_queue(write, SYSTEM, sender.queue_id, values)


def refused(sender: Sender, **values: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        edit(sender, **values)
    return refusal.value.fields


def serve(sender: Sender, name: str, type_: ConnectionType, deliver_to: str | None) -> int:
    """Have the queue serve a further connection; answers its id."""
    more: dict[str, Any] = {"url": "https://other.example.com/"} if type_ is ConnectionType.EXTERNAL else {}
    with sender.store.write() as write:
        connection = make_connection(write, VAULT, name, type=type_, name=name, **more)
        connect_queue(write, SYSTEM, sender.queue_id, key(connection), deliver_to)
        return key(connection)


def local_queue(sender: Sender, processor: str = "transfer") -> int:
    """A Local connection from the outbound queue to an inbound queue of the same Vault; answers the inbound queue."""
    connection_id = serve(sender, "local_link", ConnectionType.LOCAL, "arrivals__c")
    with sender.store.write() as write:
        queue = create_queue(write, SYSTEM, label="Arrivals", type=Direction.INBOUND, message_processor=processor)
        connect_queue(write, SYSTEM, key(queue), connection_id)
        return key(queue)


# Settings


def test_a_queue_is_edited_and_every_changed_setting_is_audited(sender: Sender) -> None:
    assert edit(sender, label="New", sequential=True, retry_minutes=[1, 2])
    assert not edit(sender, label="New", sequential=True, retry_minutes=[1, 2])
    (queue,) = sender.rows(Queue)
    assert (queue.label, queue.sequential, queue.retry_minutes, queue.api_name) == ("New", True, [1, 2], "orders__c")
    fields = {row.field_name for row in sender.rows(AuditRow, action="Edit", object_name="queue")}
    assert fields == {"label", "sequential", "retry_minutes"}


def test_type_and_api_name_never_change(sender: Sender) -> None:
    assert set(refused(sender, type="inbound", api_name="x")) == {"type", "api_name"}


def test_retries_end_within_six_hours(sender: Sender) -> None:
    assert "retries end within 360" in refused(sender, retry_minutes=[200, 161])["retry_minutes"]
    assert "at least one minute" in refused(sender, retry_minutes=[0])["retry_minutes"]
    assert edit(sender, retry_minutes=[])


def test_a_handler_needs_a_user_and_only_an_outbound_queue_has_one(sender: Sender) -> None:
    assert "needs a user" in refused(sender, delivery_handler="notify")["handler_user_id"]
    with sender.store.write() as write:
        owner = application_owner_id(write, VAULT)
        inbound = create_queue(write, SYSTEM, label="In", type=Direction.INBOUND)
        with pytest.raises(InvalidInput, match="Only an outbound queue"):
            edit_queue(write, SYSTEM, key(inbound), {"delivery_handler": "notify", "handler_user_id": owner})
    assert edit(sender, delivery_handler="notify", handler_user_id=owner)
    assert "needs a handler" in refused(sender, delivery_handler=None)["handler_user_id"]


def test_without_the_permission_nothing_can_be_changed(sender: Sender) -> None:
    with sender.store.write() as write:
        create_user(write, VAULT, "reader", "A", "Reader", READ_ONLY_USER)
    reader = user(sender.store, VAULT, "reader")
    tried = (
        lambda write: edit_queue(write, reader, sender.queue_id, {"label": "X"}),
        lambda write: reset_queue(write, reader, sender.queue_id, "orders__c"),
        lambda write: delete_queue(write, reader, sender.queue_id),
        lambda write: put_message(write, reader, sender.queue_id, {}, []),
        lambda write: queue_log_service.put_back(write, reader, 1),
        lambda write: queue_log_service.trace_queues(write, reader, [sender.queue_id]),
    )
    for action in tried:
        with pytest.raises(NotAllowed, match="Admin: Spark Queues"), sender.store.write() as write:
            action(write)
    with pytest.raises(NotAllowed, match="Admin: Queue Log"), sender.store.read() as session:
        queue_log_service.log_of_day(session, reader, sender.clock.now().date())


def test_the_queue_of_another_vault_is_not_found(sender: Sender) -> None:
    stranger = type(SYSTEM).system(1002)
    with pytest.raises(NotFound), sender.store.write() as write:
        edit_queue(write, stranger, sender.queue_id, {"label": "X"})


# Putting by hand


def test_one_put_makes_one_message_for_each_connection_each_with_its_own_id(sender: Sender) -> None:
    serve(sender, "second", ConnectionType.EXTERNAL, None)
    serve(sender, "local_link", ConnectionType.LOCAL, "arrivals__c")
    ids = sender.put({"object": "order__c", "urgent": False}, ["V0A1"])
    rows = sender.messages()
    assert [row.message_id for row in rows] == list(ids)
    assert len(set(ids)) == len({row.connection_id for row in rows}) == 3
    assert {row.object_name for row in rows} == {"order__c"}
    assert all(body.attributes == {"object": "order__c", "urgent": False} for body in sender.rows(SparkMessageBody))


def test_an_inactive_connection_of_the_queue_gets_no_message(sender: Sender) -> None:
    other = serve(sender, "second", ConnectionType.EXTERNAL, None)
    with sender.store.write() as write:
        set_queue_connection_active(write, SYSTEM, sender.queue_id, other, active=False)
    assert len(sender.put()) == 1
    with sender.store.write() as write:
        set_queue_connection_active(write, SYSTEM, sender.queue_id, key(sender.connection), active=False)
    with pytest.raises(NotPossible, match="no active connection"):
        sender.put()


@pytest.mark.parametrize(
    ("attributes", "items", "field"),
    [
        ({"token": "${" + "x" * 98 + "}"}, [], "attributes.token"),
        ({"many": [1]}, [], "attributes.many"),
        ({"number": float("nan")}, [], "attributes.number"),
        ({"number": 2**63}, [], "attributes.number"),
        ({" ": "x"}, [], "attributes"),
        ({}, ["x"] * 501, "items"),
        ({}, [" "], "items"),
    ],
)
def test_a_message_keeps_to_the_limits(
    sender: Sender, attributes: dict[str, Any], items: list[str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal, sender.store.write() as write:
        put_message(write, SYSTEM, sender.queue_id, attributes, items)
    assert set(refusal.value.fields) == {field}
    assert not sender.messages()


def test_the_largest_message_fits(sender: Sender) -> None:
    sender.put({"token": "${" + "x" * 97 + "}"}, ["V0A1"] * 500)
    assert sender.messages()[0].item_count == 500


def test_only_an_active_outbound_queue_takes_a_message(sender: Sender) -> None:
    inbound = local_queue(sender)
    with sender.store.write() as write:
        set_queue_active(write, SYSTEM, sender.queue_id, active=False)
    for queue_id, said in ((sender.queue_id, "inactive"), (inbound, "inbound")):
        with pytest.raises(NotPossible, match=said), sender.store.write() as write:
            put_message(write, SYSTEM, queue_id, {}, [])


# A full queue


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues that hold two messages."""
    for module in (messages_service, queue_log_service, outbox):
        monkeypatch.setattr(module, "MESSAGES_IN_A_QUEUE", 2)


@pytest.mark.usefixtures("small")
def test_a_full_queue_that_rolls_back_fails_the_whole_transaction(store: Store, clock: ManualClock) -> None:
    sender = make_sender(store, clock, rollback_on_error=True)

    def put_three() -> None:
        with store.write() as write:
            for _ in range(3):
                put_message(write, SYSTEM, sender.queue_id, {}, [])

    with pytest.raises(NotPossible, match="full: it holds 2 messages"):
        put_three()
    assert not sender.messages()


@pytest.mark.usefixtures("small")
def test_a_full_queue_that_does_not_roll_back_drops_into_the_log_and_the_caller_goes_on(sender: Sender) -> None:
    with sender.store.write() as write:
        done = [put_message(write, SYSTEM, sender.queue_id, {"n": number}, ["V1"]) for number in range(3)]
    assert [len(each.queued) for each in done] == [1, 1, 0]
    states = [row.state for row in sender.messages()]
    assert states == [MessageState.QUEUED, MessageState.QUEUED, MessageState.REMOVED]
    (entry,) = sender.log()
    assert (entry.message_id, entry.attempts, entry.send_time) == (done[2].dropped[0], 0, None)
    assert "was full" in entry.reason
    assert sender.stats() == {"fatal_errors": 1}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("rollback", [True, False])
def test_the_send_job_meets_a_full_queue_by_the_same_rule(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, rollback: bool
) -> None:
    from scheduler import send

    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
    lab = make_lab(store, clock)
    lab.set_queue(lab.source, rollback_on_error=rollback)
    lab.create_many(5)
    result = lab.send()
    assert result.status is RunStatus.ERRORS_ENCOUNTERED
    states = [row.state for row in lab.messages(lab.source)]
    kept = [] if rollback else [MessageState.QUEUED] * 2 + [MessageState.REMOVED] * 3
    assert states == kept
    assert result.counts.sent == (0 if rollback else 2)
    assert lab.integration(lab.source).last_successful_send is not None
    if not rollback:
        assert "is full" in lab.run_row(result).error
        lab.clock.advance(minutes=5)
        assert lab.send().counts.sent == 0


# Connections of a queue


def test_a_connection_leaves_the_queue_only_when_nothing_waits_for_it(sender: Sender) -> None:
    sender.put()
    with pytest.raises(NotPossible, match="wait in Orders"), sender.store.write() as write:
        disconnect_queue(write, SYSTEM, sender.queue_id, key(sender.connection))
    with sender.receiver():
        sender.deliver()
    with sender.store.write() as write:
        disconnect_queue(write, SYSTEM, sender.queue_id, key(sender.connection))
    assert not sender.rows(QueueConnection)
    with pytest.raises(NotFound), sender.store.write() as write:
        disconnect_queue(write, SYSTEM, sender.queue_id, key(sender.connection))


def test_a_local_connection_delivers_to_an_inbound_queue_of_the_same_vault(sender: Sender) -> None:
    inbound = local_queue(sender)
    sender.put({"event": "new"}, ["V0A1"])
    with sender.receiver():
        sender.deliver()
    (arrived,) = sender.messages(queue_id=inbound)
    assert (arrived.state, arrived.vault_id) == (MessageState.QUEUED, VAULT)
    assert sender.stats() == {"sent": 2, "received": 1}
    with sender.store.read() as session:
        found = settings(session, VAULT, sender.queue_id)
    assert found is not None
    assert {line.last_kind for line in found.connections} == {"ok"}


# Reset and delete


def test_a_reset_needs_the_typed_name_and_deletes_what_waits(sender: Sender) -> None:
    sender.put()
    with sender.receiver():
        sender.deliver()
    sender.put()
    sender.put()
    for wrong in ("", "Orders", "orders"):
        with pytest.raises(InvalidInput, match="Type orders__c"), sender.store.write() as write:
            reset_queue(write, SYSTEM, sender.queue_id, wrong)
    assert len(sender.messages()) == 3
    with sender.store.write() as write:
        assert reset_queue(write, SYSTEM, sender.queue_id, "orders__c") == 2
    assert [row.state for row in sender.messages()] == [MessageState.DELIVERED]
    assert len(sender.rows(SparkMessageBody)) == 1


def test_a_standard_queue_is_never_deleted(store: Store, clock: ManualClock) -> None:
    sender = make_sender(store, clock, standard=True, api_name="orders__v")
    with pytest.raises(NotPossible, match="never be deleted"), store.write() as write:
        delete_queue(write, SYSTEM, sender.queue_id, confirmed=True)


def test_a_custom_queue_with_messages_is_deleted_only_when_that_is_confirmed(sender: Sender) -> None:
    edit(sender, retry_minutes=[])
    sender.reach(1)
    sender.put()
    sender.deliver()
    sender.put()
    with pytest.raises(NotPossible, match="still holds 1 message,"), sender.store.write() as write:
        delete_queue(write, SYSTEM, sender.queue_id)
    with sender.store.write() as write:
        assert delete_queue(write, SYSTEM, sender.queue_id, confirmed=True) == 1
    for model in (Queue, QueueConnection, SparkMessageBody, DeliveryAttempt):
        assert not sender.rows(model)
    (entry,) = sender.log()
    assert (entry.entry_type, entry.queue_name, entry.queue_id) == (LogEntryType.REMOVAL, "orders__c", None)
    with pytest.raises(NotPossible, match="no longer exists"), sender.store.write() as write:
        queue_log_service.put_back(write, SYSTEM, entry.id)
