"""Random sequences of queue actions: limits hold, nothing is orphaned, stats say what the tables say."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from models.errors import NotPossible
from models.services import messages as messages_service
from models.services import queue_log as queue_log_service
from models.services.queue_emptying import delete_queue, reset_queue
from models.services.queue_log import put_back
from models.services.queues import connect_queue, create_queue, set_delivery_enabled, set_queue_active
from models.tables import (
    AttemptKind,
    ConnectionType,
    DeliveryAttempt,
    Direction,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    QueueLogEntry,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from scheduler.external import Poster
from scheduler.reach import Answer, Letter
from tests.builders import key, make_connection
from tests.conftest import ManualClock
from tests.queues.lab import SYSTEM, VAULT, make_sender
from tests.stores import fresh

ROOM = 4


class Queues(RuleBasedStateMachine):
    """One outbound queue that serves an External and a Local connection, and the model of what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        for module in (messages_service, queue_log_service):
            self.patch.setattr(module, "MESSAGES_IN_A_QUEUE", ROOM)
        self.outcome = AttemptKind.OK
        self.patch.setattr(Poster, "post", self._post)
        self.folder = TemporaryDirectory()
        self.clock = ManualClock()
        self.store = fresh(Path(self.folder.name) / "lab.sqlite3", self.clock)
        self.exists = self.active = self.delivers = True
        self.gone: Counter[str] = Counter()

    def _post(self, _letter: Letter) -> Answer:
        return Answer(self.outcome, None, self.outcome.value, 1)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()
        self.patch.undo()

    @initialize(rollback=st.booleans(), sequential=st.booleans())
    def begin(self, rollback: bool, sequential: bool) -> None:
        self.rollback = rollback
        self.sender = make_sender(
            self.store, self.clock, rollback_on_error=rollback, sequential=sequential, retry_minutes=[1]
        )
        with self.store.write() as write:
            local = make_connection(write, VAULT, "local_link", type=ConnectionType.LOCAL, name="Local")
            inbound = create_queue(write, SYSTEM, label="Arrivals", type=Direction.INBOUND, message_processor="log")
            connect_queue(write, SYSTEM, self.sender.queue_id, key(local), inbound.api_name)
            connect_queue(write, SYSTEM, key(inbound), key(local))
            self.inbound_id = key(inbound)

    def rows(self, state: MessageState | None = None) -> list[Any]:
        where = {"queue_id": self.sender.queue_id} | ({} if state is None else {"state": state})
        return self.sender.messages(**where)

    @precondition(lambda self: self.exists)
    @rule()
    def put(self) -> None:
        waiting = len(self.rows(MessageState.QUEUED))
        try:
            queued = len(self.sender.put())
        except NotPossible:
            assert not self.active or (self.rollback and waiting + 2 > ROOM)
            queued = 0
        else:
            assert self.active
            assert queued == min(2, ROOM - waiting)
        assert len(self.rows(MessageState.QUEUED)) == waiting + queued

    @precondition(lambda self: self.exists)
    @rule(outcome=st.sampled_from(AttemptKind), minutes=st.sampled_from([0, 2]))
    def deliver(self, outcome: AttemptKind, minutes: int) -> None:
        self.outcome = outcome
        self.clock.advance(minutes=minutes)
        before = len(self.sender.attempts())
        self.sender.deliver()
        if not self.delivers:
            assert len(self.sender.attempts()) == before

    @rule()
    def receive(self) -> None:
        self.sender.receive()

    @precondition(lambda self: self.exists)
    @rule(active=st.booleans())
    def set_active(self, active: bool) -> None:
        with self.store.write() as write:
            assert set_queue_active(write, SYSTEM, self.sender.queue_id, active=active) == (active != self.active)
        self.active = active

    @precondition(lambda self: self.exists)
    @rule(enabled=st.booleans())
    def set_delivery(self, enabled: bool) -> None:
        with self.store.write() as write:
            set_delivery_enabled(write, SYSTEM, self.sender.queue_id, enabled=enabled)
        self.delivers = enabled

    @precondition(lambda self: self.exists)
    @rule()
    def reset(self) -> None:
        self._count_gone(MessageState.QUEUED)
        waiting = len(self.rows(MessageState.QUEUED))
        with self.store.write() as write:
            assert reset_queue(write, SYSTEM, self.sender.queue_id, "orders__c") == waiting
        assert not self.rows(MessageState.QUEUED)

    @rule(which=st.integers(0, 5))
    def put_back(self, which: int) -> None:
        entries = self.sender.log()
        if not entries:
            return
        entry = entries[which % len(entries)]
        waiting = len(self.rows(MessageState.QUEUED))
        try:
            with self.store.write() as write:
                put_back(write, SYSTEM, entry.id)
        except NotPossible:
            assert len(self.rows(MessageState.QUEUED)) == waiting
        else:
            assert self.exists
            assert self.active
            assert len(self.rows(MessageState.QUEUED)) == waiting + 1 <= ROOM

    @precondition(lambda self: self.exists and len(self.sender.attempts()) > 3)
    @rule(confirmed=st.booleans())
    def delete(self, confirmed: bool) -> None:
        waiting = len(self.rows(MessageState.QUEUED))
        self_gone = self.gone.copy()
        self._count_gone()
        try:
            with self.store.write() as write:
                delete_queue(write, SYSTEM, self.sender.queue_id, confirmed=confirmed)
        except NotPossible:
            assert waiting
            assert not confirmed
            self.gone = self_gone
        else:
            self.exists = False

    def _count_gone(self, state: MessageState | None = None) -> None:
        """Remember the attempts that go with their messages."""
        keys = {row.id for row in self.rows(state)}
        for attempt in self.sender.attempts():
            if attempt.message_id in keys:
                self.gone.update(self._counted(attempt))

    @staticmethod
    def _counted(attempt: Any) -> Counter[str]:
        name = {AttemptKind.OK: "sent", AttemptKind.FAILURE: "failures", AttemptKind.TIMEOUT: "timeouts"}[attempt.kind]
        return Counter({name: 1, "retries": int(attempt.number > 1)})

    @invariant()
    def limits_hold(self) -> None:
        if hasattr(self, "sender"):
            assert len(self.rows(MessageState.QUEUED)) <= ROOM

    @invariant()
    def nothing_is_orphaned(self) -> None:
        pairs = (
            (SparkMessageBody, "message_id", SparkMessage),
            (DeliveryAttempt, "message_id", SparkMessage),
            (SparkMessage, "queue_id", Queue),
            (QueueConnection, "queue_id", Queue),
            (QueueLogEntry, "spark_message_id", SparkMessage),
            (QueueLogEntry, "queue_id", Queue),
        )
        with self.store.read() as session:
            for child, column, parent in pairs:
                of = table_of(child).c[column]
                orphans = select(func.count()).where(of.is_not(None), of.not_in(select(table_of(parent).c.id)))
                assert session.execute(orphans).scalar_one() == 0, (child, parent)
            messages = session.execute(select(func.count()).select_from(table_of(SparkMessage))).scalar_one()
            bodies = session.execute(select(func.count()).select_from(table_of(SparkMessageBody))).scalar_one()
            assert messages == bodies

    @invariant()
    def stats_say_what_the_tables_say(self) -> None:
        if not hasattr(self, "sender"):
            return
        counted = self.gone.copy()
        inbound = {row.id for row in self.sender.messages(queue_id=self.inbound_id)}
        for attempt in self.sender.attempts():
            if attempt.message_id not in inbound:
                counted.update(self._counted(attempt))
        counted["received"] = len(inbound)
        counted["fatal_errors"] = sum(row.entry_type is LogEntryType.REMOVAL for row in self.sender.log())
        assert self.sender.stats() == {name: number for name, number in counted.items() if number}


TestQueues = Queues.TestCase
TestQueues.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
