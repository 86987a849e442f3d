"""Random sequences of queue actions in two and in three Vaults: what leaves one arrives once in the other, or is told.

One outbound queue serves a connection to each other Vault. Whatever administrators do on either side, each message is
delivered or not on both sides alike, limits hold, nothing is orphaned, and stats say what the tables say.
"""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import update

from models.errors import ConsoleError
from models.permissions import Actor
from models.services import messages as messages_service
from models.services import queue_log as queue_log_service
from models.services.connection_pairing import reset_connection
from models.services.connections import establish
from models.services.messages import put_message
from models.services.queue_connections import disconnect_queue, edit_queue_connection, set_queue_connection_active
from models.services.queue_emptying import delete_queue, reset_queue
from models.services.queue_log import put_back, trace_queues
from models.services.queues import connect_queue, create_queue, edit_queue, set_delivery_enabled, set_queue_active
from models.store import Store, WriteSession
from models.tables import (
    AttemptKind,
    CertificateState,
    Connection,
    ConnectionStat,
    DeliveryAttempt,
    Direction,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    QueueLogEntry,
    SigningCertificate,
    SparkMessage,
    Vault,
    table_of,
)
from scheduler import deliver, receive
from scheduler.scope import Scope
from tests.builders import key, make_certificate, make_connection, make_vault
from tests.conftest import ManualClock
from tests.stores import fresh, made_once

SENDER, FIRST, SECOND = 1001, 1002, 1003
ROOM = 5
PLACES = st.integers(0, 9)
COUNTERS = ("sent", "received", "failures", "retries", "timeouts", "fatal_errors")


@made_once
def build(store: Store, number: int) -> None:
    """A sender, and one or two Vaults that it serves through one queue."""
    with store.write() as write:
        make_certificate(store, write)
        make_certificate(store, write, "00002").state = CertificateState.RETIRED
        make_vault(write, SENDER, "Sender")
        out = create_queue(write, Actor.system(SENDER), label="Orders", type=Direction.OUTBOUND, retry_minutes=[1])
        for vault_id in (FIRST, SECOND)[: number - 1]:
            make_vault(write, vault_id)
            actor = Actor.system(vault_id)
            ours = make_connection(write, SENDER, f"to_{vault_id}__c", name=f"To {vault_id}")
            theirs = make_connection(write, vault_id, f"to_{vault_id}__c", name="From the sender")
            establish(write, ours, theirs)
            inbound = create_queue(write, actor, label="Arrivals", type=Direction.INBOUND, message_processor="log")
            connect_queue(write, actor, key(inbound), key(theirs))
            connect_queue(write, Actor.system(SENDER), key(out), key(ours), inbound.api_name)


class Vaults(RuleBasedStateMachine):
    """Administrators of all the Vaults at their queues, in any order."""

    number: int

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        for module in (messages_service, queue_log_service, deliver):
            self.patch.setattr(module, "MESSAGES_IN_A_QUEUE", ROOM)
        self.patch.setattr(deliver, "BATCH", 2)
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "lab.sqlite3"
        self.clock = ManualClock()
        self.store = fresh(path, self.clock)
        build(self.store, self.number)
        self.gone: dict[int, Counter[str]] = {}
        self.known = {row.id: row for row in self.rows(Connection)}
        self.others = sorted({row.vault_id for row in self.known.values()} - {SENDER})
        self.system = Actor.system(SENDER)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()
        self.patch.undo()

    def rows(self, model: Any, **where: Any) -> list[Any]:
        table = table_of(model)
        conditions = [table.c[name] == value for name, value in where.items()]
        with self.store.read() as session:
            return list(session.execute(table.select().where(*conditions).order_by(*table.primary_key)))

    def attempt(self, act: Any, *arguments: Any, **more: Any) -> Any:
        """Do something that may be refused; answers None when it was."""
        try:
            with self.store.write() as write:
                return act(write, *arguments, **more)
        except ConsoleError:
            return None

    @property
    def outbound(self) -> int | None:
        found = self.rows(Queue, vault_id=SENDER)
        return found[0].id if found else None

    def ours(self, place: int) -> Any:
        """The sender's connection to one of the others."""
        sending = [row for row in self.known.values() if row.vault_id == SENDER]
        return sending[place % len(sending)]

    def inbound(self, place: int) -> Any:
        return self.rows(Queue, vault_id=self.others[place % len(self.others)])[0]

    @initialize(sequential=st.booleans(), rollback=st.booleans())
    def begin(self, sequential: bool, rollback: bool) -> None:
        changes = {"sequential": sequential, "rollback_on_error": rollback}
        with self.store.write() as write:
            edit_queue(write, self.system, self.outbound or 0, changes)

    @rule()
    def put(self) -> None:
        if (queue := self.outbound) is not None:
            self.attempt(put_message, self.system, queue, {"event": "new"}, ["V0A1"])

    @rule(minutes=st.sampled_from([0, 2, 2]))
    def deliver(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        deliver.run_once(self.store, self.clock, Scope(SENDER))

    @rule(place=PLACES)
    def receive(self, place: int) -> None:
        receive.run_once(self.store, self.clock, Scope(self.others[place % len(self.others)]))

    @rule(certificate=st.sampled_from(["00001", "00002"]), place=PLACES)
    def sign_with(self, certificate: str, place: int) -> None:
        """A connection signs with a certificate that receivers take, or with one that they no longer know."""
        (row,) = self.rows(SigningCertificate, certificate_id=certificate)
        table = table_of(Connection)
        with self.store.write() as write:
            write.execute(update(table).where(table.c.id == self.ours(place).id).values(certificate_id=row.id))

    @rule(certificate=st.sampled_from(["00001", "00002"]), place=PLACES)
    def put_and_deliver(self, certificate: str, place: int) -> None:
        """The usual way, so that many stories get far."""
        self.sign_with(certificate, place)
        self.put()
        self.deliver(2)

    @rule(sandbox=st.sampled_from([False, False, True]))
    def be_a_sandbox(self, sandbox: bool) -> None:
        with self.store.write() as write:
            write.execute(update(table_of(Vault)).where(table_of(Vault).c.id == SENDER).values(sandbox=sandbox))

    @rule(active=st.booleans(), place=PLACES, inbound=st.booleans())
    def set_active(self, active: bool, place: int, inbound: bool) -> None:
        queue = self.inbound(place) if inbound else None
        if queue is not None:
            self.attempt(set_queue_active, Actor.system(queue.vault_id), queue.id, active=active)
        elif (own := self.outbound) is not None:
            self.attempt(set_queue_active, self.system, own, active=active)

    @rule(enabled=st.booleans())
    def set_delivery(self, enabled: bool) -> None:
        if (queue := self.outbound) is not None:
            assert self.attempt(set_delivery_enabled, self.system, queue, enabled=enabled) is not None
        inbound = self.inbound(0)
        # An inbound queue cannot be paused.
        assert self.attempt(set_delivery_enabled, Actor.system(inbound.vault_id), inbound.id, enabled=enabled) is None

    @rule(place=PLACES, active=st.booleans())
    def serve(self, place: int, active: bool) -> None:
        if (queue := self.outbound) is not None:
            self.attempt(set_queue_connection_active, self.system, queue, self.ours(place).id, active=active)

    @rule(place=PLACES, name=st.sampled_from(["arrivals__c", "arrivals__c", "nowhere__c"]))
    def deliver_to(self, place: int, name: str) -> None:
        if (queue := self.outbound) is not None:
            self.attempt(edit_queue_connection, self.system, queue, self.ours(place).id, deliver_to_queue=name)

    @rule(place=PLACES)
    def connect_or_disconnect(self, place: int) -> None:
        """A connection leaves the queue only while nothing waits for it."""
        queue, ours = self.outbound, self.ours(place)
        if queue is None:
            return
        waiting = self.rows(SparkMessage, queue_id=queue, connection_id=ours.id, state=MessageState.QUEUED)
        if self.rows(QueueConnection, queue_id=queue, connection_id=ours.id):
            self.attempt(disconnect_queue, self.system, queue, ours.id)
            left = self.rows(QueueConnection, queue_id=queue, connection_id=ours.id)
            assert bool(left) == bool(waiting)
        else:
            self.attempt(connect_queue, self.system, queue, ours.id, "arrivals__c")

    @rule(place=PLACES, both=st.booleans())
    def reset_and_establish_again(self, place: int, both: bool) -> None:
        ours = self.ours(place)
        self.attempt(reset_connection, self.system, ours.id)
        if both:
            # Refused while it would connect a sandbox with production.
            self.attempt(self._establish, ours)

    @staticmethod
    def _establish(write: WriteSession, ours: Any) -> None:
        sides = [write.get_one(Connection, each) for each in (ours.id, ours.remote_connection_id)]
        if sides[0].state != sides[1].state:
            establish(write, sides[0], sides[1])

    @rule(off=st.booleans())
    def trace(self, off: bool) -> None:
        if (queue := self.outbound) is not None:
            self.attempt(trace_queues, self.system, [queue], off=off)

    @rule(place=PLACES)
    def put_back(self, place: int) -> None:
        entries = self.rows(QueueLogEntry)
        if entries:
            entry = entries[place % len(entries)]
            done = self.attempt(put_back, Actor.system(entry.vault_id), entry.id)
            assert done is None

    @rule(place=PLACES, inbound=st.booleans(), seldom=st.integers(0, 2))
    def reset(self, place: int, inbound: bool, seldom: int) -> None:
        queue = self.inbound(place) if inbound else next(iter(self.rows(Queue, vault_id=SENDER)), None)
        if queue is None or seldom:
            return
        self._remember(queue.id, MessageState.QUEUED)
        with self.store.write() as write:
            reset_queue(write, Actor.system(queue.vault_id), queue.id, queue.api_name)

    @rule(confirmed=st.booleans(), seldom=st.integers(0, 5))
    def delete_or_make_anew(self, confirmed: bool, seldom: int) -> None:
        queue = self.outbound
        if queue is None:
            with self.store.write() as write:
                made = create_queue(write, self.system, label="Orders", type=Direction.OUTBOUND, retry_minutes=[1])
                connect_queue(write, self.system, key(made), self.ours(0).id, "arrivals__c")
            return
        if seldom:
            return
        waiting = self.rows(SparkMessage, queue_id=queue, state=MessageState.QUEUED)
        before = {each: counted.copy() for each, counted in self.gone.items()}
        self._remember(queue)
        if self.attempt(delete_queue, self.system, queue, confirmed=confirmed) is None:
            self.gone = before
            assert waiting
            assert not confirmed

    def _remember(self, queue_id: int, state: MessageState | None = None) -> None:
        """Count what is about to go with its messages."""
        where = {"queue_id": queue_id} | ({} if state is None else {"state": state})
        going = {row.id: row for row in self.rows(SparkMessage, **where)}
        for connection_id, counted in self._counted(going).items():
            self.gone.setdefault(connection_id, Counter()).update(counted)

    def _counted(self, messages: dict[int, Any]) -> dict[int, Counter[str]]:
        """What the stats of each connection say about these messages and the attempts at them."""
        outbound = {row.id for row in self.known.values() if row.vault_id == SENDER}
        found: dict[int, Counter[str]] = {}
        names = {AttemptKind.OK: "sent", AttemptKind.FAILURE: "failures", AttemptKind.TIMEOUT: "timeouts"}
        for message in messages.values():
            if message.connection_id not in outbound:
                found.setdefault(message.connection_id, Counter())["received"] += 1
        for attempt in self.rows(DeliveryAttempt):
            message = messages.get(attempt.message_id)
            if message is not None and message.connection_id in outbound:
                counted = found.setdefault(message.connection_id, Counter())
                counted.update({names[attempt.kind]: 1, "retries": int(attempt.number > 1)})
                if attempt.answer.startswith("The receiving Vault refused"):
                    receiving = self.known[message.connection_id].remote_connection_id
                    found.setdefault(receiving, Counter())["failures"] += 1
        return found

    @invariant()
    def each_message_is_on_both_sides_or_on_one(self) -> None:
        """What was delivered came in once, by its id, in the Vault of its connection; nothing else came in."""
        rows = self.rows(SparkMessage)
        arrived = Counter((row.connection_id, row.message_id) for row in rows if row.vault_id != SENDER)
        assert all(number == 1 for number in arrived.values())
        delivered = {
            (self.known[row.connection_id].remote_connection_id, row.message_id)
            for row in rows
            if row.vault_id == SENDER and row.state is MessageState.DELIVERED
        }
        waiting = {row.message_id for row in rows if row.vault_id == SENDER and row.state is not MessageState.DELIVERED}
        assert not waiting & {message_id for _connection, message_id in arrived}
        if not self.gone:
            assert set(arrived) == delivered

    @invariant()
    def limits_hold_and_nothing_is_orphaned(self) -> None:
        held = Counter(row.queue_id for row in self.rows(SparkMessage, state=MessageState.QUEUED))
        assert all(number <= ROOM for number in held.values())
        with self.store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
        assert {row.claimed_by for row in self.rows(SparkMessage)} <= {None}

    @invariant()
    def stats_say_what_the_tables_say(self) -> None:
        told: dict[int, Counter[str]] = {}
        for stat in self.rows(ConnectionStat):
            counted = told.setdefault(stat.connection_id, Counter())
            counted.update({name: getattr(stat, name) for name in COUNTERS})
        expected = self._counted({row.id: row for row in self.rows(SparkMessage)})
        for connection_id, counted in self.gone.items():
            expected.setdefault(connection_id, Counter()).update(counted)
        by_record = {(row.vault_id, row.record_id): row for row in self.known.values()}
        refusals: Counter[int] = Counter()
        for entry in self.rows(QueueLogEntry):
            connection = by_record[entry.vault_id, entry.connection_name]
            counted = expected.setdefault(connection.id, Counter())
            counted["fatal_errors"] += entry.entry_type is LogEntryType.REMOVAL
            refusals[connection.id] += entry.entry_type is LogEntryType.REFUSAL
        receiving = {row.id for row in self.known.values() if row.vault_id != SENDER}
        assert all(refusals[each] == told.get(each, Counter())["failures"] for each in receiving)
        for connection_id in told.keys() | expected.keys():
            assert +told.get(connection_id, Counter()) == +expected.get(connection_id, Counter())


# A failure takes a while to be made small.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [2, 3])
def test_no_sequence_of_queue_actions_loses_doubles_or_miscounts_a_message(number: int) -> None:
    machine = type("NumberedVaults", (Vaults,), {"number": number})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None))
