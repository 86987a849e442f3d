"""What Home counts is what the lists show."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from models.permissions import Actor
from models.queries import exceptions, jobs, messages
from models.queries.exceptions import ExceptionFilter
from models.queries.lab import ask
from models.queries.message_filter import MessageFilter
from models.queries.topology import End, Topology, Way, topology
from models.services.connections import create_connection
from models.services.queues import connect_queue, create_queue
from models.store import Store
from models.tables import (
    ConnectionType,
    Direction,
    JobKind,
    JobRun,
    JobRunLine,
    MessageEvent,
    MessageState,
    RunStatus,
    SparkMessage,
    table_of,
)
from tests.builders import Pair, key, make_connection, make_vault
from tests.console.lab import START, add_message, add_run, fill

TODAY = START.date()


def now(store: Store) -> Topology:
    return ask(store, topology, TODAY)


def end_of(store: Store, connection_id: int) -> End:
    return next(end for end in now(store).ends if end.key == connection_id)


@pytest.fixture
def pair(store: Store) -> Pair:
    """A lab with runs of two days, some that moved nothing, and messages in both Vaults."""
    pair = fill(store, products=3)
    ours, theirs = pair.source.connection_id, pair.target.connection_id
    with store.write() as write:
        yesterday = {
            "id": 0,
            "vault_id": 1001,
            "kind": JobKind.SEND,
            "status": RunStatus.SUCCESS,
            "started_at": START - timedelta(days=1),
        }
        write.execute(insert(table_of(JobRun)).values(sent=50, **yesterday))
        write.execute(insert(table_of(JobRunLine)).values(run_id=0, connection_id=ours, sent=50))
        add_run(write, 1002, theirs, JobKind.RECEIVE, 4, received=4, updated=2, skipped=3)
        add_run(write, 1001, ours, JobKind.SEND, 5)
        add_message(write, pair, 3, MessageState.QUEUED)
        add_message(write, pair, 4, MessageState.PROCESSED)
        arrived = {
            "vault_id": 1002,
            "queue_id": pair.target.queue_id,
            "connection_id": theirs,
            "state": MessageState.QUEUED,
            "object_name": "product__v",
            "event": MessageEvent.CHANGED,
            "integration_point": "product_inbound__c",
            "entered_at": START,
        }
        write.execute(insert(table_of(SparkMessage)), [arrived | {"message_id": f"m{place}"} for place in range(3)])
    return pair


def test_each_end_tells_what_it_moved_today_and_what_waits_there_now(store: Store, pair: Pair) -> None:
    ours, theirs = end_of(store, pair.source.connection_id), end_of(store, pair.target.connection_id)
    assert (ours.sent, ours.waiting_out, ours.waiting_in, ours.received) == (30, 2, 0, 0)
    assert (theirs.sent, theirs.waiting_out, theirs.waiting_in) == (0, 0, 3)
    assert (theirs.received, theirs.applied, theirs.skipped, theirs.failed) == (15, 12, 3, 1)
    assert (ours.exceptions, theirs.exceptions) == (0, 1)
    assert (ours.sends, ours.receives, theirs.sends, theirs.receives) == (True, False, False, True)


@pytest.mark.parametrize(
    ("name", "counters"),
    [("sent", ("sent",)), ("received", ("received",)), ("applied", jobs.APPLIED), ("skipped", ("skipped",))],
)
def test_what_moved_is_the_sum_of_the_runs_that_the_list_shows(
    store: Store, pair: Pair, name: str, counters: tuple[str, ...]
) -> None:
    for side in (pair.source, pair.target):
        listing = jobs.listing(side.vault_id, connection_id=side.connection_id, day=TODAY, counters=counters)
        with store.read() as session:
            rows = listing.page(session, 0, 100, listing.count(session))
        sums = [sum(getattr(row.moved, counter) for counter in counters) for row in rows]
        assert all(sums)
        assert sum(sums) == getattr(end_of(store, side.connection_id), name)


@pytest.mark.parametrize(("name", "way"), [("waiting_out", Direction.OUTBOUND), ("waiting_in", Direction.INBOUND)])
def test_what_waits_is_as_many_messages_as_the_list_shows(store: Store, pair: Pair, name: str, way: Direction) -> None:
    for side in (pair.source, pair.target):
        waiting = MessageFilter(states=(MessageState.QUEUED,), direction=way)
        with store.read() as session:
            listing = messages.listing(session, side.vault_id, waiting, connection_id=side.connection_id)
            assert listing.count(session) == getattr(end_of(store, side.connection_id), name)


def test_what_failed_is_the_open_items_of_the_messages_that_the_list_shows(store: Store, pair: Pair) -> None:
    for side in (pair.source, pair.target):
        where = ExceptionFilter(active=True, connection_id=side.connection_id)
        with store.read() as session:
            items = exceptions.listing(side.vault_id, replace(where, open_items=True))
            rows = items.page(session, 0, 100, items.count(session))
            counted = exceptions.listing(side.vault_id, where).count(session)
        end = end_of(store, side.connection_id)
        assert sum(row.open_items for row in rows) == end.failed
        assert all(row.open_items for row in rows)
        assert counted == end.exceptions


def test_the_vault_in_use_comes_first_and_every_connection_stands_once(store: Store, pair: Pair) -> None:
    with store.write() as write:
        make_vault(write, 1003, "Alone")
    for vault_id in (1001, 1002, 1003):
        groups = now(store).groups(vault_id)
        assert groups[0].vault.key == vault_id
        assert {group.vault.key for group in groups} == {1001, 1002, 1003}
        ties = [tie for group in groups for tie in group.ties]
        assert len(ties) == 1
        assert ties[0].far is not None
        assert {ties[0].near.key, ties[0].far.key} == {pair.source.connection_id, pair.target.connection_id}
    near = now(store).groups(1002)[0].ties[0].near
    assert near.vault_id == 1002


def test_a_way_is_told_where_a_queue_serves_it_or_something_moved(store: Store, pair: Pair) -> None:
    tie = now(store).groups(1001)[0].ties[0]
    assert tie.far is not None
    assert tie.ways == (Way(tie.near, tie.far),)
    with store.write() as write:
        add_run(write, 1001, pair.source.connection_id, JobKind.RECEIVE, 6, received=1, created=1)
    assert len(now(store).groups(1001)[0].ties[0].ways) == 2


@pytest.mark.usefixtures("pair")
def test_what_is_not_established_external_or_local_has_one_end(store: Store) -> None:
    actor = Actor.system(1001)
    with store.write() as write:
        make_connection(write, 1001, "waiting__c", name="Waiting")
        external = create_connection(
            write, actor, name="Out", api_name="out__c", type=ConnectionType.EXTERNAL, url="https://m.example.com"
        )
        local = create_connection(write, actor, name="Here", api_name="here__c", type=ConnectionType.LOCAL)
        for way in (Direction.OUTBOUND, Direction.INBOUND):
            queue = create_queue(write, actor, label=f"Local {way}", type=way)
            connect_queue(
                write, actor, key(queue), key(local), "local_inbound__c" if way == Direction.OUTBOUND else None
            )
    ties = {tie.near.name: tie for tie in now(store).groups(1001)[0].ties}
    assert list(ties) == ["Here", "Lab Connection", "Out", "Waiting"]
    assert ties["Waiting"].far is ties["Out"].far is ties["Here"].far is None
    assert ties["Waiting"].near.state == "pending"
    assert ties["Waiting"].ways == ()
    (way_,) = ties["Here"].ways
    assert way_.source is way_.target is ties["Here"].near
    assert external.id


@pytest.mark.usefixtures("pair")
def test_no_statement_reads_all_messages_or_all_runs(store: Store) -> None:
    statements: list[tuple[str, Any]] = []

    with store.read() as session:
        connection = session.connection()
        event.listen(
            connection.engine,
            "before_cursor_execute",
            lambda _c, _r, text, values, *_: statements.append((text, values)),
        )
        topology(session, TODAY)
        asked = list(statements)
        plans = "\n".join(
            str(row)
            for text, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        )
    assert len(asked) == 9
    for table in ("spark_message", "job_run_line", "exception_item", "exception_message"):
        assert f"SCAN {table}" not in plans
