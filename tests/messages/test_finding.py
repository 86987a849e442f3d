"""Messages are found by what people know of them, each way by an index, and never those of another Vault."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from models.queries import messages as query
from models.queries.business_keys import TooMany
from models.queries.message_finding import Places, places
from models.queries.message_terms import read_line
from models.queries.queues import message_detail
from models.queries.window import Look, look
from models.services.messages import put_message
from models.services.queue_log import put_back
from models.services.queues import connect_queue, create_queue
from models.services.vaults import FieldSpec
from models.store import Store
from models.tables import (
    ConnectionType,
    Direction,
    MessageEvent,
    MessageState,
    QueueConnection,
    QueueLogEntry,
    Record,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from tests.builders import PRODUCT_FIELDS, key, make_connection
from tests.conftest import ManualClock
from tests.messages.browsing import browse, ids, message_rows, plans, write_messages, write_rows
from tests.stages.lab import Lab, make_lab


def put(lab: Lab, attributes: dict[str, Any], *items: str) -> str:
    with lab.store.write() as write:
        (message_id,) = put_message(write, lab.source.system, lab.source.queue_id, attributes, items).queued
    return message_id


def test_a_vault_lists_what_it_sends_and_what_it_received_the_newest_first(lab: Lab) -> None:
    lab.create("Alpha")
    lab.transfer()
    lab.create("Beta")
    lab.clock.advance(minutes=5)
    lab.send()

    sent, received = browse(lab.store, 1001), browse(lab.store, 1002)
    assert [(row.direction, row.state, row.items) for row in sent] == [
        ("outbound", "queued", 1),
        ("outbound", "delivered", 1),
    ]
    assert [(row.direction, row.state, row.queue, row.connection) for row in received] == [
        ("inbound", "processed", "Lab Inbound", "Lab Connection")
    ]
    assert received[0].message_id == sent[1].message_id
    assert browse(lab.store, 1003) == []


def test_each_side_of_a_message_is_found_by_its_item_and_by_the_names_of_its_record(
    store: Store, clock: ManualClock
) -> None:
    lab = make_lab(store, clock, source_fields=(FieldSpec("code__c", "Code", unique=True), *PRODUCT_FIELDS[1:]))
    record, other = lab.create("Alpha Centauri", code__c="EXT-1"), lab.create("Beta", code__c="EXT-2")
    lab.transfer()
    lab.change(other, name__v="Beta 2")
    lab.clock.advance(minutes=5)
    lab.transfer()
    first, _second = sorted(browse(store, 1001), key=lambda row: row.key)
    (global_id,) = [row.global_id for row in lab.rows(Record, vault_id=1001, record_id=record)]
    (target,) = [row for row in lab.rows(Record, vault_id=1002) if row.name == "Alpha Centauri"]

    for line in (
        f"item:{record}",
        f"key:{record}",
        'key:"Alpha Centauri"',
        "key:Alpha*",
        "key:EXT-1",
        f"key:{global_id}",
        f"{record}",
        '"Alpha Centauri"',
    ):
        assert ids(browse(store, 1001, line)) == [first.message_id], line
        assert ids(browse(store, 1002, line)) == [first.message_id], line
    # In the target Vault its own record stands for its source.
    assert ids(browse(store, 1002, f"key:{target.record_id}")) == [first.message_id]
    assert len(browse(store, 1002, "key:EXT-2")) == 2
    assert browse(store, 1001, "key:alpha*") == []
    assert browse(store, 1001, "key:EXT") == []


def test_a_document_is_found_by_the_id_of_its_version_and_by_its_own(lab: Lab) -> None:
    message = put(lab, {"object": "documents"}, "V0D7_1_0")
    put(lab, {"object": "documents"}, "V0D70_1_0")
    for line in ("item:V0D7", "item:V0D7_1_0", "V0D7"):
        assert ids(browse(lab.store, 1001, line)) == [message], line


def test_an_index_that_remembers_a_deleted_message_finds_nothing(lab: Lab) -> None:
    put(lab, {"color": "red"}, "V0A1")
    messages, bodies = table_of(SparkMessage), table_of(SparkMessageBody)
    with lab.store.write() as write:
        write.execute(delete(bodies))
        write.execute(delete(messages))
    with lab.store.write() as write:
        # The next message gets the number of the deleted one.
        put_message(write, lab.source.system, lab.source.queue_id, {}, ["V0A2"])
    assert len(browse(lab.store, 1001)) == 1
    assert browse(lab.store, 1001, "item:V0A1") == []
    assert browse(lab.store, 1001, "attr:color=red") == []


def test_attributes_of_any_name_are_found_on_both_sides(lab: Lab) -> None:
    red = put(lab, {"object": "product__v", "color": "red", "size": 5, "ready": True}, "V0A1")
    blue = put(lab, {"object": "thing__c", "event": "new", "color": "blue"}, "V0A1")
    lab.deliver()
    for vault_id in (1001, 1002):
        assert ids(browse(lab.store, vault_id, "attr:color=red")) == [red]
        assert ids(browse(lab.store, vault_id, "attr:size=5 attr:ready=true")) == [red]
        assert browse(lab.store, vault_id, "attr:size=5 attr:color=blue") == []
        assert ids(browse(lab.store, vault_id, "attr:object=thing__c")) == [blue]
        assert ids(browse(lab.store, vault_id, "attr:event=new")) == [blue]
        assert browse(lab.store, vault_id, "attr:color=re") == []


def test_a_long_attribute_is_compared_in_full(lab: Lab) -> None:
    long = put(lab, {"note": "x" * 300}, "V0A1")
    put(lab, {"note": "x" * 301}, "V0A1")
    assert ids(browse(lab.store, 1001, f"attr:note={'x' * 300}")) == [long]


def test_states_directions_and_places_narrow_together(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    write_messages(lab.store, lab.source, 2, first=4, state=MessageState.QUEUED, integration_point="other__c")
    write_messages(lab.store, lab.target, 4)
    failing = write_messages(
        lab.store, lab.source, 1, first=9, state=MessageState.QUEUED, last_error="The remote said [/foo] 503."
    )
    store = lab.store
    assert len(browse(store, 1001, "state:queued")) == 3
    assert len(browse(store, 1001, "state:queued,delivered")) == 6
    assert [row.key for row in browse(store, 1001, "state:failed")] == failing
    assert [row.key for row in browse(store, 1001, "503")] == failing
    assert [row.key for row in browse(store, 1001, "[/foo]")] == failing
    assert len(browse(store, 1001, "point:other")) == 2
    assert len(browse(store, 1001, "point:other__c state:queued direction:out")) == 2
    assert browse(store, 1001, "direction:in") == []
    assert len(browse(store, 1002, "dir:in queue:lab_inbound__c conn:lab_connection__c")) == 4
    assert len(browse(store, 1001, "queue:outbound object:product__v event:changed state:delivered")) == 3
    assert len(browse(store, 1001, "queued other")) == 2
    assert browse(store, 1001, "queued nothing") == []


def test_a_name_that_there_is_not_is_told(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 1)
    line = "connection:nowhere queue:none point:lost object:gone"
    with lab.store.read() as session:
        wanted = read_line(line, lab.clock.now()).filter
        found = query.listing(session, 1001, wanted)
        assert found.count(session) == 0
        told = query.unknown(wanted, found)
    assert [name for name in ("nowhere", "none", "lost", "gone") if any(f"“{name}”" in text for text in told)] == [
        "nowhere",
        "none",
        "lost",
        "gone",
    ]


def test_nothing_in_a_filter_is_a_wildcard(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    for word in ("%", "_0_", "\\", "' or 1=1 --"):
        assert browse(lab.store, 1001, f'"{word}"') == []
        assert browse(lab.store, 1001, f'key:"{word}"') == []
    assert browse(lab.store, 1001, "key:*") == []


def test_times_bound_when_a_message_entered_its_queue_also_when_it_was_put_back(lab: Lab) -> None:
    begin = lab.clock.now()
    write_messages(lab.store, lab.source, 10, begin=begin)
    lab.clock.advance(hours=1)
    assert len(browse(lab.store, 1001, "since:1h")) == 10
    assert len(browse(lab.store, 1001, "since:08:00:06 until:08:00:08")) == 3
    assert browse(lab.store, 1001, "since:30m") == []


def test_a_run_and_the_beginning_of_a_message_id_find_messages(lab: Lab) -> None:
    lab.create("Alpha")
    sent, delivered, _ = lab.send(), lab.deliver(), lab.receive()
    (message,) = browse(lab.store, 1001)
    assert ids(browse(lab.store, 1001, f"run:{sent.run_id}")) == [message.message_id]
    assert ids(browse(lab.store, 1002, f"run:{delivered.run_id}")) == [message.message_id]
    assert browse(lab.store, 1002, f"run:{sent.run_id}") == []
    assert ids(browse(lab.store, 1001, f"id:{message.message_id[:6]}")) == [message.message_id]
    assert ids(browse(lab.store, 1001, f"id:{message.message_id.upper()}")) == [message.message_id]
    assert ids(browse(lab.store, 1002, message.message_id)) == [message.message_id]


def test_a_key_that_means_too_many_records_is_refused_in_words(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.queries.business_keys.MOST_RECORDS", 2)
    lab.create_many(5)
    lab.transfer()
    with pytest.raises(TooMany, match="More than 2 records"):
        browse(lab.store, 1001, "key:Product*")
    # As a mere word it finds what rows show.
    assert len(browse(lab.store, 1001, "product")) == 1


# Many messages: whatever is asked, an index answers, and pages agree with the whole

LINES = (
    "",
    "state:delivered",
    "state:removed",
    "state:queued,removed",
    "direction:in",
    "direction:out state:delivered",
    "point:a__c",
    "object:product__v",
    "event:deleted",
    "connection:lab_connection__c",
    "queue:lab_outbound__c",
    "queue:lab_outbound__c state:removed point:a__c",
    "since:08:01",
    "until:08:01 state:delivered",
    "item:V0A1",
    "key:Alpha",
    "id:0000",
    "attr:color=red",
    "attr:object=product__v",
    "state:failed",
    "run:7",
    "delivered b__c",
    "nothing",
)


@pytest.fixture
def many(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Messages of every kind, and limits so low that they are many."""
    monkeypatch.setattr("models.queries.messages.FEW", 20)
    monkeypatch.setattr("models.queries.message_finding.FEW", 20)
    states, points = list(MessageState), ("a__c", "b__c", "c__c")
    with lab.store.write() as write:
        inbound = key(
            create_queue(write, lab.source.system, label="Back", type=Direction.INBOUND, message_processor="log")
        )
    rows = [
        row
        for place in range(120)
        for row in message_rows(
            lab.store,
            lab.source,
            2,
            first=2 * place,
            queue_id=inbound if place % 3 == 0 else lab.source.queue_id,
            state=states[place % 10 % 4],
            integration_point=points[place % 3],
            event=MessageEvent.DELETED if place % 9 == 0 else MessageEvent.CHANGED,
            last_error="Refused." if place % 40 == 0 else None,
        )
    ]
    write_rows(lab.store, rows)
    return lab


@pytest.mark.parametrize("line", LINES)
def test_every_filter_is_answered_by_an_index_and_reads_no_message_that_it_does_not_show(many: Lab, line: str) -> None:
    read = read_line(line, many.clock.now())
    with plans(many.store) as found, many.store.read() as session:
        listed = query.listing(session, 1001, read.filter)
        look(session, listed, Look(10))
    scans = [step for step in found if step.startswith(("SCAN spark_message", "SCAN record"))]
    assert scans == []
    whole_vaults = [step for step in found if step.startswith("SEARCH record") and step.endswith("(vault_id=?)")]
    assert whole_vaults == []
    # Where all messages of a Vault are walked, it is the index that holds all that they are narrowed by.
    walks = [step for step in found if step.startswith("SEARCH spark_message USING") and step.endswith("(vault_id=?)")]
    # Of those that failed there are few, and their error is read.
    assert all("COVERING INDEX" in step or "ix_spark_message_failed" in step for step in walks), walks
    sorts = [step for step in found if "TEMP B-TREE FOR ORDER BY" in step]
    # Connections and queues by name, and the few rows of a page.
    assert len(sorts) <= 3, found


@pytest.mark.parametrize("line", LINES)
def test_pages_and_places_agree_with_the_whole_list_in_every_order(many: Lab, line: str) -> None:
    for sort, descending in (("time", True), ("time", False), ("state", True), ("point", False)):
        rows = browse(many.store, 1001, line, sort=sort, descending=descending)
        expected = sorted(rows, key=lambda row: (_sorted_by(row, sort), row.key), reverse=descending)
        assert rows == expected, sort
        with many.store.read() as session:
            wanted = read_line(line, many.clock.now()).filter
            listed = query.listing(session, 1001, wanted, sort=sort, descending=descending)
            # Before they are counted, and after.
            for _ in range(2):
                for place in range(0, len(rows), 17):
                    assert listed.position(session, rows[place].key) == place
                    assert listed.page(session, place, 5, len(rows)) == rows[place : place + 5]
                assert listed.count(session) == len(rows)


def _sorted_by(row: query.BrowsedMessage, sort: str) -> str:
    return {"state": row.state, "point": row.integration_point}.get(sort, "")


def test_a_combination_finds_what_its_parts_have_in_common(many: Lab) -> None:
    parts = ("state:delivered", "direction:out", "point:b__c", "event:changed", "since:08:01", "queue:lab_outbound__c")
    together = {row.key for row in browse(many.store, 1001, " ".join(parts))}
    each = [{row.key for row in browse(many.store, 1001, part)} for part in parts]
    assert together == set.intersection(*each)
    assert together


def test_what_there_is_to_narrow_by_is_listed(many: Lab) -> None:
    with many.store.read() as session:
        found = places(session, 1001)
    assert isinstance(found, Places)
    assert found.points == ("a__c", "b__c", "c__c")
    assert found.objects == ("product__v",)
    assert [(row.name, row.type) for row in found.queues] == [("Back", "inbound"), ("Lab Outbound", "outbound")]


def test_one_goes_to_a_time_and_to_a_message_id(many: Lab) -> None:
    rows = browse(many.store, 1001)
    now = many.clock.now()
    with many.store.read() as session:
        listed = query.listing(session, 1001)
        moment = f"{rows[50].entered_at:%H:%M:%S}"
        here = {row.key for row in rows if row.entered_at == rows[50].entered_at}
        assert listed.go_to(session, moment, now) in here
        assert listed.go_to(session, rows[77].message_id, now) == rows[77].key
        assert listed.go_to(session, "2020-01-01", now) is None
        with pytest.raises(ValueError, match="no time"):
            listed.go_to(session, "somewhere", now)


def test_a_message_that_was_put_back_is_found_by_when_that_was(lab: Lab) -> None:
    lab.create("Alpha")
    lab.send()
    lab.set_queue(lab.source, retry_minutes=[])
    log = table_of(QueueLogEntry).c
    (served,) = lab.rows(QueueConnection, queue_id=lab.source.queue_id)
    lab.update_row(QueueConnection, served.id, deliver_to_queue="nowhere__c")
    lab.deliver()
    (removed,) = browse(lab.store, 1001, "state:removed")
    lab.clock.advance(hours=3)
    assert browse(lab.store, 1001, "since:1h") == []
    with lab.store.write() as write:
        entry = write.execute(select(log.id).where(log.spark_message_id == removed.key)).scalar_one()
        put_back(write, lab.source.system, entry)
    assert [row.key for row in browse(lab.store, 1001, "since:1h")] == [removed.key]
    assert browse(lab.store, 1001)[0].entered_at - removed.entered_at > timedelta(hours=2)


def test_both_sides_of_a_local_connection_are_in_one_vault(lab: Lab) -> None:
    record = lab.create("Alpha")
    with lab.store.write() as write:
        actor = lab.source.system
        local = make_connection(write, 1001, "local_link", type=ConnectionType.LOCAL, name="Local")
        inbound = create_queue(write, actor, label="Arrivals", type=Direction.INBOUND, message_processor="log")
        outbound = create_queue(write, actor, label="Departures", type=Direction.OUTBOUND)
        connect_queue(write, actor, key(outbound), key(local), inbound.api_name)
        connect_queue(write, actor, key(inbound), key(local))
        (message_id,) = put_message(write, actor, key(outbound), {"color": "red"}, [record]).queued
    lab.deliver()
    for line in (f"item:{record}", "key:Alpha", "attr:color=red"):
        found = browse(lab.store, 1001, line)
        assert [(row.message_id, row.direction) for row in found] == [
            (message_id, "inbound"),
            (message_id, "outbound"),
        ], line
    with lab.store.read() as session:
        details = [message_detail(session, 1001, row.key) for row in found]
    assert [(detail.twin.key, detail.items_vault_id) for detail in details if detail and detail.twin] == [
        (found[1].key, 1001),
        (found[0].key, 1001),
    ]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", list(query.FEW_SORTS))
def test_few_messages_are_sorted_by_any_column(lab: Lab, name: str, descending: bool) -> None:
    with lab.store.write() as write:
        inbound = key(
            create_queue(write, lab.source.system, label="Back", type=Direction.INBOUND, message_processor="log")
        )
    rows = [
        row
        for place in range(60)
        for row in message_rows(
            lab.store,
            lab.source,
            1,
            first=place,
            queue_id=inbound if place % 3 == 0 else lab.source.queue_id,
            item_count=place * 7 % 11,
            attempts=place % 4,
        )
    ]
    write_rows(lab.store, rows)
    found = browse(lab.store, 1001, sort=name, descending=descending)
    values = [(getattr(row, name), row.key) for row in found]
    assert values == sorted(values, reverse=descending)
    assert len(found) == 60


@pytest.mark.parametrize("name", list(query.FEW_SORTS))
def test_of_many_messages_none_are_sorted_by_a_column_without_an_index(many: Lab, name: str) -> None:
    with many.store.read() as session:
        found = query.listing(session, 1001, sort=name, descending=False)
        assert found.sort is None
        assert found.descending
        narrowed = query.listing(session, 1001, read_line("state:failed", many.clock.now()).filter, sort=name)
        assert narrowed.sort is not None
