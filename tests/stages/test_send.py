"""The send job: what changed since Last Successful Run Time, and nothing else, goes onto the outbound queue."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.feed import Change, Topic
from models.services.integrations import add_point_source, set_integration_active, set_last_successful_run_time
from models.tables import (
    ConnectionState,
    Direction,
    ErrorType,
    Integration,
    IntegrationPoint,
    MessageEvent,
    MessageState,
    PointSource,
    QueueConnection,
    Record,
    RunStatus,
    Tombstone,
    table_of,
)
from models.time import TICK
from scheduler import outbox, send
from tests.stages.lab import Lab, before_write, counts


def test_only_what_changed_since_the_last_successful_run_is_sent(lab: Lab) -> None:
    old, new = lab.create("Old"), lab.create("New")
    lab.send()
    lab.clock.advance(minutes=5)
    lab.change(new, code__c="N1")
    result = lab.send()
    assert lab.sent_items() == [[old, new], [new]]
    assert counts(result) == {"found": 1, "sent": 1}


def test_changes_between_two_runs_are_sent_once_while_the_clock_stands_still(lab: Lab) -> None:
    first = lab.create("First")
    lab.send()
    second = lab.create("Second")
    lab.send()
    lab.change(first, code__c="F1")
    lab.send()
    assert lab.sent_items() == [[first], [second], [first]]


def test_a_run_without_changes_puts_nothing_on_the_queue_but_has_been_successful(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    before = lab.integration(lab.source).last_successful_send
    lab.clock.advance(minutes=5)
    result = lab.send()
    assert len(lab.messages(lab.source)) == 1
    assert result.status is RunStatus.SUCCESS
    assert counts(result) == {}
    assert lab.integration(lab.source).last_successful_send >= before + timedelta(minutes=4)


def test_the_bounds_are_exact_a_change_at_the_last_run_s_own_time_is_sent_and_an_earlier_one_is_not(lab: Lab) -> None:
    early, exact = lab.create("Early"), lab.create("Exact")
    lab.send()
    since = lab.integration(lab.source).last_successful_send
    records = table_of(Record)
    with lab.store.read() as session:
        keys = {row.record_id: row.id for row in session.execute(select(records.c.record_id, records.c.id))}
    lab.update_row(Record, keys[early], modified_at=since - TICK)
    lab.update_row(Record, keys[exact], modified_at=since)
    lab.send()
    assert lab.sent_items()[1:] == [[exact]]


@pytest.mark.parametrize("deleted", [False, True])
def test_what_happens_at_the_very_time_of_a_run_is_left_to_the_next_one_and_sent_once(lab: Lab, deleted: bool) -> None:
    product = lab.create("Product")
    lab.send()
    table: type[Record | Tombstone] = Record
    column = "modified_at"
    if deleted:
        lab.delete(product)
        table, column = Tombstone, "deleted_at"
    (row,) = [row for row in lab.rows(table) if row.vault_id == lab.source.vault_id]
    lab.clock.advance(minutes=5)
    # The run itself begins at this moment, and looks for changes one tick later.
    lab.update_row(table, row.id, **{column: lab.clock.now() + 2 * TICK})
    lab.send()
    assert lab.integration(lab.source).last_successful_send == lab.clock.now() + 2 * TICK
    assert len(lab.messages(lab.source)) == 1
    lab.send()
    lab.send()
    assert [message.content for message in lab.messages(lab.source)] == [[product], [product]]


def test_a_save_without_a_change_is_not_sent(lab: Lab) -> None:
    product = lab.create("Product", code__c="P1")
    lab.send()
    assert not lab.change(product, code__c="P1")
    lab.send()
    assert lab.sent_items() == [[product]]


def test_what_changed_while_the_integration_was_inactive_is_not_sent_after_its_activation(lab: Lab) -> None:
    with lab.store.write() as write:
        set_integration_active(write, lab.source.system, lab.source.integration_id, False)
    lab.create("Unseen")
    assert counts(lab.send()) == {}
    with lab.store.write() as write:
        set_integration_active(write, lab.source.system, lab.source.integration_id, True)
    seen = lab.create("Seen")
    lab.send()
    assert lab.sent_items() == [[seen]]


def test_setting_the_last_successful_run_time_back_sends_again_what_changed_since(lab: Lab) -> None:
    lab.create("Before")
    lab.clock.advance(hours=1)
    moment = lab.clock.now()
    after = lab.create("After")
    lab.send()
    lab.clock.advance(hours=1)
    with lab.store.write() as write:
        set_last_successful_run_time(write, lab.source.system, lab.source.integration_id, moment)
    lab.send()
    assert lab.sent_items()[-1] == [after]


def test_a_thousand_two_hundred_and_three_changed_records_go_in_messages_of_at_most_five_hundred(lab: Lab) -> None:
    ids = lab.create_many(1203)
    result = lab.send()
    messages = lab.messages(lab.source)
    assert [message.item_count for message in messages] == [500, 500, 203]
    assert [item for message in messages for item in message.content] == ids
    assert len({message.message_id for message in messages}) == 3
    assert counts(result) == {"found": 1203, "sent": 1203}


def test_records_are_streamed_while_messages_are_written(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "_STREAM", 2)
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 3)
    monkeypatch.setattr(outbox, "PUT_TOGETHER", 1)
    ids = lab.create_many(10)
    lab.send()
    assert lab.sent_items() == [ids[:3], ids[3:6], ids[6:9], ids[9:]]


def test_a_message_is_thin_ids_and_attributes_that_say_where_it_goes(lab: Lab) -> None:
    product = lab.create("Secret Name")
    result = lab.send()
    (message,) = lab.messages(lab.source)
    assert message.attributes == {
        "object": "product__v",
        "event": "changed",
        "integration_point": "product_inbound__c",
    }
    assert message.content == [product]
    assert (message.object_name, message.event, message.integration_point) == (
        "product__v",
        MessageEvent.CHANGED,
        "product_inbound__c",
    )
    assert (message.state, message.attempts, message.put_by) == (MessageState.QUEUED, 0, result.run_id)
    assert message.queue_id == lab.source.queue_id


def test_a_deleted_record_leaves_a_tombstone_and_goes_as_a_message_of_its_own(lab: Lab) -> None:
    doomed, kept = lab.create("Doomed"), lab.create("Kept")
    lab.send()
    lab.change(kept, code__c="K1")
    lab.delete(doomed)
    lab.send()
    changed, deleted = lab.messages(lab.source)[1:]
    assert (changed.event, changed.content) == (MessageEvent.CHANGED, [kept])
    assert (deleted.event, deleted.content) == (MessageEvent.DELETED, [doomed])
    assert deleted.attributes["event"] == "deleted"
    (tombstone,) = lab.rows(Tombstone)
    assert (tombstone.record_id, tombstone.name) == (doomed, "Doomed")
    lab.send()
    assert len(lab.messages(lab.source)) == 3


def test_a_record_that_was_changed_and_then_deleted_goes_as_deleted_only(lab: Lab) -> None:
    doomed = lab.create("Doomed")
    lab.delete(doomed)
    lab.send()
    assert [(row.event, row.content) for row in lab.messages(lab.source)] == [(MessageEvent.DELETED, [doomed])]


def test_an_inactive_integration_sends_nothing_and_its_time_stays(lab: Lab) -> None:
    lab.create("Product")
    before = lab.integration(lab.source).last_successful_send
    lab.set_integration_active(lab.source, False)
    result = lab.send()
    assert (result.status, counts(result), lab.messages(lab.source)) == (RunStatus.SUCCESS, {}, [])
    assert lab.integration(lab.source).last_successful_send == before


@pytest.mark.parametrize("state", [state for state in ConnectionState if state is not ConnectionState.ACTIVE])
def test_a_connection_that_is_not_active_sends_nothing_until_it_is(lab: Lab, state: ConnectionState) -> None:
    product = lab.create("Product")
    lab.set_connection(lab.source, state=state)
    assert counts(lab.send()) == {}
    lab.set_connection(lab.source, state=ConnectionState.ACTIVE)
    lab.send()
    assert lab.sent_items() == [[product]]


def test_an_integration_without_outbound_points_is_no_matter_of_the_send_job(lab: Lab) -> None:
    before = lab.integration(lab.target).last_successful_send
    lab.create("Product", side=lab.target)
    result = lab.run(send.run_once, lab.target)
    assert counts(result) == {}
    assert lab.integration(lab.target).last_successful_send == before


def test_a_run_limited_to_another_connection_sends_nothing_of_this_one(lab: Lab) -> None:
    product = lab.create("Product")
    lab.run(send.run_once, lab.source, connection_id=lab.target.connection_id)
    assert lab.sent_items() == []
    result = lab.run(send.run_once, lab.source, connection_id=lab.source.connection_id)
    assert lab.sent_items() == [[product]]
    assert lab.run_row(result).connection_id == lab.source.connection_id


def test_one_object_may_go_to_two_points_each_with_its_own_criteria(lab: Lab) -> None:
    with lab.store.write() as write:
        add_point_source(
            write,
            lab.source.system,
            lab.source.point_id,
            object_name="product__v",
            remote_point="marketed_inbound__c",
            criteria={"marketed__c": True},
        )
    plain, marketed = lab.create("Plain"), lab.create("Marketed", marketed__c=True)
    result = lab.send()
    assert {row.integration_point: row.content for row in lab.messages(lab.source)} == {
        "product_inbound__c": [plain, marketed],
        "marketed_inbound__c": [marketed],
    }
    assert counts(result) == {"found": 3, "sent": 3}


def test_who_watches_the_queue_hears_that_messages_came(lab: Lab) -> None:
    subscription = lab.store.feed.subscribe({Topic.MESSAGES, Topic.QUEUES, Topic.INTEGRATIONS, Topic.JOBS})
    lab.create("Product")
    lab.send()
    assert subscription.drain() == {
        Change(topic, lab.source.vault_id) for topic in (Topic.MESSAGES, Topic.QUEUES, Topic.INTEGRATIONS, Topic.JOBS)
    }
    subscription.close()


class TestAnIntegrationThatCannotSend:
    """It says so once in its own Vault, keeps its time, and puts nothing half."""

    def no_queue(self, lab: Lab) -> None:
        (served,) = lab.rows(QueueConnection, queue_id=lab.source.queue_id)
        lab.update_row(QueueConnection, served.id, active=False)

    def a_queue(self, lab: Lab) -> None:
        (served,) = lab.rows(QueueConnection, queue_id=lab.source.queue_id)
        lab.update_row(QueueConnection, served.id, active=True)

    def test_without_an_outbound_queue_it_raises_one_user_exception_until_it_can_send(self, lab: Lab) -> None:
        product = lab.create("Product")
        self.no_queue(lab)
        self.fails_and_recovers(lab, "No outbound queue serves this connection.", mend=self.a_queue)
        assert lab.sent_items() == [[product]]

    def test_with_an_inactive_outbound_queue_it_raises_one_user_exception_until_it_can_send(self, lab: Lab) -> None:
        product = lab.create("Product")
        lab.set_queue(lab.source, active=False)
        self.fails_and_recovers(
            lab,
            "Outbound queue lab_outbound__c is inactive",
            mend=lambda lab: lab.set_queue(lab.source, active=True),
        )
        assert lab.sent_items() == [[product]]

    def test_with_a_full_queue_it_puts_none_of_its_messages(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        lab.set_queue(lab.source, rollback_on_error=True)
        lab.create("In the queue already")
        lab.send()
        ids = lab.create_many(1203)
        monkeypatch.setattr(outbox, "MESSAGES_IN_A_QUEUE", 3)
        self.fails_and_recovers(
            lab,
            "Outbound queue lab_outbound__c is full: it holds 3 messages.",
            mend=lambda _lab: monkeypatch.setattr(outbox, "MESSAGES_IN_A_QUEUE", 4),
            queued=1,
        )
        assert [item for items in lab.sent_items()[1:] for item in items] == ids

    def test_even_when_many_messages_were_written_before_the_queue_was_full(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        monkeypatch.setattr(outbox, "PUT_TOGETHER", 2)
        monkeypatch.setattr(outbox, "MESSAGES_IN_A_QUEUE", 5)
        lab.set_queue(lab.source, rollback_on_error=True)
        lab.create_many(6)
        before = lab.integration(lab.source).last_successful_send
        assert lab.send().status is RunStatus.ERRORS_ENCOUNTERED
        assert lab.messages(lab.source) == []
        assert lab.integration(lab.source).last_successful_send == before
        monkeypatch.setattr(outbox, "MESSAGES_IN_A_QUEUE", 6)
        lab.send()
        assert len(lab.sent_items()) == 6

    def fails_and_recovers(self, lab: Lab, sentence: str, *, mend: Callable[[Lab], object], queued: int = 0) -> None:
        before = lab.integration(lab.source).last_successful_send
        results = []
        for _ in range(2):
            lab.clock.advance(minutes=5)
            results.append(lab.send())
        assert [result.status for result in results] == [RunStatus.ERRORS_ENCOUNTERED] * 2
        assert all(counts(result) == {} and not lab.lines(result) for result in results)
        assert sentence in lab.run_row(results[0]).error
        assert len(lab.messages(lab.source)) == queued
        assert lab.integration(lab.source).last_successful_send == before
        (told,) = lab.exceptions(lab.source, active=None)
        assert told.active
        assert told.error_message.startswith(sentence)
        assert (told.error_type, told.integration_id) == (ErrorType.CONFIGURATION, lab.source.integration_id)
        assert (told.name, told.run_id, told.point_id) == ("Product Integration", results[0].run_id, None)
        mend(lab)
        lab.clock.advance(minutes=5)
        assert lab.send().status is RunStatus.SUCCESS
        (told,) = lab.exceptions(lab.source, active=None)
        assert not told.active
        assert told.resolved_at is not None
        assert lab.integration(lab.source).last_successful_send > before

    def test_tells_again_when_the_same_trouble_comes_back_later(self, lab: Lab) -> None:
        for name in ("One", "Two"):
            lab.create(name)
            self.no_queue(lab)
            lab.send()
            self.a_queue(lab)
            lab.send()
        assert [message.active for message in lab.exceptions(lab.source, active=None)] == [False, False]

    def test_tells_what_is_wrong_now_when_the_trouble_has_changed(self, lab: Lab) -> None:
        lab.create("Product")
        self.no_queue(lab)
        lab.send()
        self.a_queue(lab)
        lab.set_queue(lab.source, active=False)
        lab.send()
        (told,) = lab.exceptions(lab.source, active=None)
        assert "is inactive" in told.error_message

    def test_does_not_keep_another_integration_from_sending(self, lab: Lab) -> None:
        other = second_integration(lab)
        lab.update_row(IntegrationPoint, lab.source.point_id, name="Broken")
        sources = table_of(PointSource)
        with lab.store.write() as write:
            write.execute(
                sources.update()
                .where(sources.c.point_id == lab.source.point_id)
                .values(criteria={"gone__vr.name__v": "x"})
            )
        product = lab.create("Product")
        before = lab.integration(lab.source).last_successful_send
        result = lab.send()
        assert result.status is RunStatus.ERRORS_ENCOUNTERED
        assert counts(result) == {"found": 1, "sent": 1}
        assert lab.sent_items() == [[product]]
        assert lab.integration(lab.source).last_successful_send == before
        assert lab.rows(Integration, id=other)[0].last_successful_send > before


def second_integration(lab: Lab) -> int:
    """Another integration of the same connection that sends the same object."""
    with lab.store.write() as write:
        integration = Integration(
            vault_id=lab.source.vault_id,
            connection_id=lab.source.connection_id,
            name="Second Integration",
            api_name="second__c",
            active=True,
            last_successful_send=write.now,
            modified_at=write.now,
        )
        write.add(integration)
        write.flush()
        assert integration.id is not None
        point = IntegrationPoint(
            vault_id=lab.source.vault_id,
            integration_id=integration.id,
            name="Second Point",
            api_name="second_out__c",
            direction=Direction.OUTBOUND,
        )
        write.add(point)
        write.flush()
        assert point.id is not None
        add_point_source(
            write, lab.source.system, point.id, object_name="product__v", remote_point="product_inbound__c"
        )
        return integration.id


def test_two_send_runs_at_the_same_time_send_a_change_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages never assume that they are alone: another run may send between this one's look and its work."""
    product = lab.create("Product")
    happened = before_write(monkeypatch, lab, 2, lab.send)
    result = lab.send()
    assert happened
    assert lab.sent_items() == [[product]]
    assert counts(result) == {}


def test_an_integration_that_is_made_inactive_during_the_run_sends_nothing_more(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.create("Product")
    before = lab.integration(lab.source).last_successful_send
    before_write(monkeypatch, lab, 2, lambda: lab.set_integration_active(lab.source, False))
    lab.send()
    assert lab.messages(lab.source) == []
    assert lab.integration(lab.source).last_successful_send == before
