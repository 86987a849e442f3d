"""A filled lab is one as the jobs would have left it: messages on both sides, and nothing left to move."""

from sqlalchemy import func, select

from models.store import Store
from models.tables import Direction, MessageState, Queue, Record, SparkMessage, SparkMessageBody, Vault, table_of
from scheduler import deliver, receive
from scheduler.scope import Scope
from seed.filling import fill

_messages, _queues, _records = table_of(SparkMessage), table_of(Queue), table_of(Record)


def test_a_filled_lab_has_so_many_messages_and_records_more(demo: Store) -> None:
    with demo.read() as session:
        before = session.execute(select(func.count()).select_from(_records)).scalar_one()

    fill(demo, messages=3_001, records=700)

    with demo.read() as session:
        assert session.execute(select(func.count()).select_from(_records)).scalar_one() == before + 700
        assert session.execute(select(func.count()).select_from(_messages)).scalar_one() == 3_001
        body = session.execute(select(table_of(SparkMessageBody)).limit(1)).one()
        assert body.attributes["event"] == "changed"
        assert all(item[:3].isalnum() for item in body.items)


def test_each_inbound_message_of_a_filled_lab_left_an_outbound_queue(demo: Store) -> None:
    fill(demo, messages=2_000, records=0)

    ways = select(_messages.c.message_id).join(_queues, _queues.c.id == _messages.c.queue_id)
    with demo.read() as session:
        sent = set(session.execute(ways.where(_queues.c.type == Direction.OUTBOUND)).scalars())
        received = set(session.execute(ways.where(_queues.c.type == Direction.INBOUND)).scalars())
    assert received
    assert received < sent


def test_nothing_of_what_was_filled_in_moves_by_itself(demo: Store) -> None:
    fill(demo, messages=2_000, records=200)

    states = select(_messages.c.state, func.count()).group_by(_messages.c.state)
    with demo.read() as session:
        before = {row[0]: row[1] for row in session.execute(states)}
        vaults = session.execute(select(table_of(Vault).c.id)).scalars().all()
    for vault_id in vaults:
        for stage in (deliver, receive):
            stage.run_once(demo, demo.clock, Scope(vault_id))
    with demo.read() as session:
        after = {row[0]: row[1] for row in session.execute(states)}
    assert before[MessageState.QUEUED] > 0
    assert after == before
