"""Trace: from a source record to its messages, job runs and target records, and back."""

from typing import Any

import pytest
from sqlalchemy import event, func, select

from models.message_items import _indexing
from models.queries.trace import trace
from models.queries.traceable import items_of_exception, items_of_message, items_of_run
from models.queries.traced import Trace
from models.services.messages import put_message
from models.services.vaults import FieldSpec
from models.store import Store
from models.tables import IntegrationRule, MessageEvent, Queue, SparkMessage, SparkMessageItem, table_of
from tests.builders import PRODUCT_FIELDS, build_pair
from tests.conftest import ManualClock
from tests.records.test_portable import POSTGRESQL, SQLITE
from tests.stages.lab import Lab, make_lab


def traced(lab: Lab, vault_id: int, record_id: str) -> Trace:
    with lab.store.read() as session:
        found = trace(session, vault_id, record_id)
    assert found is not None
    return found


def indexed(lab: Lab) -> list[tuple[str, int]]:
    columns = table_of(SparkMessageItem).c
    with lab.store.read() as session:
        return [tuple(row) for row in session.execute(select(columns.item, columns.message_id).order_by(columns.item))]


def test_a_record_that_was_never_sent_has_no_messages_and_waits(lab: Lab) -> None:
    record = lab.create("Alpha")
    went = traced(lab, 1001, record).went
    assert (went.messages, went.targets, went.changed_since) == ((), (), True)


def test_a_record_that_nobody_sends_does_not_wait(lab: Lab) -> None:
    record = lab.create("Alpha")
    lab.set_integration_active(lab.source, active=False)
    went = traced(lab, 1001, record).went
    assert (went.watched, went.changed_since) == (False, False)


def test_a_moved_record_is_traced_over_messages_and_runs_to_its_target(lab: Lab) -> None:
    record, other = lab.create("Alpha"), lab.create("Beta")
    lab.clock.advance(minutes=5)
    sent, delivered, received = lab.send(), lab.deliver(), lab.receive()
    target = next(row for row in lab.targets() if row["name__v"] == "Alpha")

    found = traced(lab, 1001, record)
    (message,) = found.went.messages
    assert (message.items, message.event, message.object_name) == (2, MessageEvent.CHANGED, "product__v")
    assert (message.outbound.vault_id, message.outbound.state) == (1001, "delivered")
    assert message.inbound is not None
    assert (message.inbound.vault_id, message.inbound.state) == (1002, "processed")
    runs = [message.outbound.put_by, message.outbound.taken_by, message.inbound.put_by, message.inbound.taken_by]
    assert [run.key for run in runs if run] == [sent.run_id, delivered.run_id, delivered.run_id, received.run_id]
    assert [run.kind for run in runs if run] == ["send", "deliver", "deliver", "receive"]
    assert [(one.vault_id, one.record_id) for one in found.went.targets] == [(1002, target["id"])]
    assert not found.went.changed_since
    assert not message.troubles
    assert traced(lab, 1001, other).went.messages == found.went.messages


def test_a_target_record_is_traced_back_to_its_source(lab: Lab) -> None:
    record = lab.create("Alpha")
    lab.transfer()
    (target,) = lab.targets()

    found = traced(lab, 1002, target["id"])
    (way,) = found.came
    assert (way.source.vault_id, way.source.record_id) == (1001, record)
    assert [message.inbound is not None for message in way.messages] == [True]
    assert [one.record_id for one in way.targets] == [target["id"]]
    assert found.went.messages == ()


def test_each_change_is_a_message_of_its_own_the_newest_first(lab: Lab) -> None:
    record = lab.create("Alpha")
    for name in ("Beta", "Gamma"):
        lab.clock.advance(minutes=5)
        lab.transfer()
        lab.change(record, name__v=name)
    before = traced(lab, 1001, record).went
    assert (len(before.messages), before.changed_since) == (2, True)
    lab.clock.advance(minutes=5)
    lab.transfer()

    after = traced(lab, 1001, record).went
    assert (len(after.messages), after.changed_since) == (3, False)
    keys = [message.outbound.key for message in after.messages]
    assert keys == sorted(keys, reverse=True)


def test_a_change_that_send_jobs_pass_over_waits_for_nothing(store: Store, clock: ManualClock) -> None:
    lab = Lab(store, clock, build_pair(store, criteria={"marketed__c": True}))
    record = lab.create("Alpha", marketed__c=True)
    lab.clock.advance(minutes=5)
    lab.transfer()
    lab.change(record, marketed__c=False)
    assert traced(lab, 1001, record).went.changed_since
    lab.clock.advance(minutes=5)
    lab.send()
    went = traced(lab, 1001, record).went
    assert (went.changed_since, went.passed_over) == (False, True)


def test_a_message_on_its_way_shows_how_far_it_came(lab: Lab) -> None:
    record = lab.create("Alpha")
    lab.clock.advance(minutes=5)
    lab.send()
    (message,) = traced(lab, 1001, record).went.messages
    assert (message.outbound.state, message.inbound, message.outbound.taken_by) == ("queued", None, None)

    lab.deliver()
    (message,) = traced(lab, 1001, record).went.messages
    assert message.inbound is not None
    assert (message.outbound.state, message.inbound.state, message.inbound.taken_by) == ("delivered", "queued", None)


def test_what_failed_is_told_at_the_message_and_only_for_the_record_it_is_about(
    store: Store, clock: ManualClock
) -> None:
    lab = make_lab(store, clock, target_fields=(FieldSpec("code__c", "Code", max_length=3), *PRODUCT_FIELDS[1:]))
    bad, good = lab.create("Bad", code__c="TOO-LONG"), lab.create("Good", code__c="ok")
    lab.clock.advance(minutes=5)
    lab.transfer()

    (message,) = traced(lab, 1001, bad).went.messages
    (trouble,) = message.troubles
    assert (trouble.vault_id, trouble.active, trouble.target_object) == (1002, True, "Product")
    assert [name for name, _problem in trouble.problems] == ["Code"]
    assert traced(lab, 1001, good).went.messages[0].troubles == ()

    lab.change(bad, code__c="ok2")
    lab.clock.advance(minutes=5)
    lab.transfer()
    assert [one.active for message in traced(lab, 1001, bad).went.messages for one in message.troubles] == [False]


def test_a_refused_message_is_trouble_of_every_record_in_it(lab: Lab) -> None:
    record = lab.create("Alpha")
    lab.update_row(IntegrationRule, lab.pair.rule_id, active=False)
    lab.clock.advance(minutes=5)
    lab.transfer()
    (message,) = traced(lab, 1001, record).went.messages
    assert [(one.error_type, one.target_object) for one in message.troubles] == [("configuration_error__sys", None)]


def test_a_deleted_record_is_traced_by_its_tombstone(lab: Lab) -> None:
    record = lab.create("Alpha")
    lab.clock.advance(minutes=5)
    lab.transfer()
    lab.clock.advance(minutes=5)
    lab.delete(record)
    lab.clock.advance(minutes=5)
    lab.transfer()

    found = traced(lab, 1001, record)
    assert found.record.deleted_at is not None
    assert [message.event for message in found.went.messages] == [MessageEvent.DELETED, MessageEvent.CHANGED]
    assert len(found.went.targets) == 1


def test_records_of_the_same_id_in_two_vaults_are_not_mixed_up(lab: Lab) -> None:
    record = lab.create("Alpha")
    lab.clock.advance(minutes=5)
    lab.transfer()
    (target,) = lab.targets()
    assert target["id"] == record

    assert len(traced(lab, 1001, record).went.messages) == 1
    assert traced(lab, 1002, record).went.messages == ()


def test_what_does_not_exist_is_not_traced(lab: Lab) -> None:
    with lab.store.read() as session:
        assert trace(session, 1001, "V0A000000009999") is None
        assert trace(session, 1001, "") is None


def test_the_index_holds_each_item_of_an_outbound_message_once(lab: Lab) -> None:
    first, second = lab.create("Alpha"), lab.create("Beta")
    lab.clock.advance(minutes=5)
    lab.transfer()
    (message,) = lab.messages(lab.source)
    assert indexed(lab) == [(first, message.id), (second, message.id)]

    with lab.store.write() as write:
        queue = write.execute(select(table_of(Queue).c.id).where(table_of(Queue).c.vault_id == 1001)).scalar_one()
        attributes = {"object": "product__v", "event": "changed", "integration_point": "product_inbound__c"}
        put_message(write, lab.source.system, queue, attributes=attributes, items=[first, first])
    by_hand = lab.messages(lab.source)[-1].id
    assert indexed(lab) == [(first, message.id), (first, by_hand), (second, message.id)]
    assert len(traced(lab, 1001, first).went.messages) == 2


def test_a_message_that_was_deleted_is_no_longer_traced_even_when_its_number_is_given_again(lab: Lab) -> None:
    record, other = lab.create("Alpha"), lab.create("Beta")
    lab.clock.advance(minutes=5)
    lab.send()
    (message,) = lab.messages(lab.source)
    with lab.store.write() as write:
        write.execute(table_of(SparkMessage).delete())
    lab.clock.advance(minutes=5)
    lab.change(other, name__v="Gamma")
    lab.clock.advance(minutes=5)
    lab.send()
    (again,) = lab.messages(lab.source)

    assert again.id == message.id
    assert traced(lab, 1001, record).went.messages == ()
    assert len(traced(lab, 1001, other).went.messages) == 1


def test_a_message_and_a_run_say_which_records_they_moved(lab: Lab) -> None:
    first, second = lab.create("Alpha"), lab.create("Beta")
    lab.clock.advance(minutes=5)
    sent = lab.send()
    lab.deliver()
    received = lab.receive()
    (outbound,), (inbound,) = lab.messages(lab.source), lab.messages(lab.target)

    with lab.store.read() as session:
        assert items_of_message(session, 1001, outbound.id) == ((1001, first), (1001, second))
        assert items_of_message(session, 1002, inbound.id) == ((1001, first), (1001, second))
        assert items_of_message(session, 1001, inbound.id) == ()
        assert items_of_run(session, 1001, sent.run_id) == ((1001, first), (1001, second))
        assert items_of_run(session, 1002, received.run_id) == ((1001, first), (1001, second))
        assert items_of_run(session, 1002, sent.run_id) == ()


def test_a_user_exception_says_which_records_it_is_about(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, target_fields=(FieldSpec("code__c", "Code", max_length=3), *PRODUCT_FIELDS[1:]))
    bad = lab.create("Bad", code__c="TOO-LONG")
    lab.create("Good")
    lab.clock.advance(minutes=5)
    lab.transfer()
    (exception,) = lab.exceptions(lab.target)
    with lab.store.read() as session:
        assert items_of_exception(session, 1002, exception.id) == ((1001, bad),)
        assert items_of_exception(session, 1001, exception.id) == ()


def test_no_search_through_messages_or_bodies_is_needed(lab: Lab) -> None:
    """Every statement of a trace finds its messages by an index, so their number does not matter."""
    record = lab.create("Alpha")
    lab.clock.advance(minutes=5)
    lab.transfer()
    (target,) = lab.targets()
    asked: list[tuple[str, Any]] = []
    engine = lab.store.engine

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        traced(lab, 1001, record)
        traced(lab, 1002, target["id"])
    finally:
        event.remove(engine, "before_cursor_execute", note)
    plans = []
    with lab.store.read() as session:
        for statement, parameters in asked:
            if statement.lstrip().upper().startswith("SELECT"):
                rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [row[3] for row in rows]
    assert len(plans) > 10
    large = ("spark_message", "spark_message_body", "spark_message_item", "record", "exception_item", "tombstone")
    assert [plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in large] == []


@pytest.mark.parametrize(("dialect", "function"), [(SQLITE, "json_each("), (POSTGRESQL, "json_array_elements_text(")])
def test_the_index_is_written_by_one_statement_on_both_databases(dialect: Any, function: str) -> None:
    text = str(_indexing(dialect.name).compile(dialect=dialect))
    assert function in text
    assert ("OR IGNORE" in text) == (dialect is SQLITE)
    assert ("DISTINCT" in text) == (dialect is POSTGRESQL)


def test_counting_does_not_need_the_index(lab: Lab) -> None:
    lab.create_many(1200)
    lab.clock.advance(minutes=5)
    lab.send()
    with lab.store.read() as session:
        number = session.execute(select(func.count()).select_from(table_of(SparkMessageItem))).scalar_one()
    assert number == sum(row.item_count for row in lab.messages(lab.source)) == 1200
