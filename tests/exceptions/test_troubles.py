"""User exceptions of the sending side, time-outs, and what the receiving side tells the sender: each provoked once."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from models.services.queue_emptying import reset_queue
from models.tables import (
    Connection,
    ConnectionState,
    ErrorType,
    ExceptionMessage,
    ExceptionSide,
    Job,
    JobKind,
    JobRun,
    MessageState,
    QueueConnection,
    RunStatus,
    Subject,
)
from scheduler import deliver, incoming, outbox, send
from tests.builders import Side
from tests.exceptions.trouble import bad_items, only, told
from tests.queues.lab import Sender, make_sender
from tests.stages.lab import Lab, counts

SENDING = (ExceptionSide.SOURCE, Subject.SENDING)
DELIVERY = (ExceptionSide.SOURCE, Subject.DELIVERY)
REMOTE = (ExceptionSide.SOURCE, Subject.REMOTE)
ARRIVED = (ExceptionSide.TARGET, Subject.MESSAGE)


class TestAConnectionThatIsNoLongerActive:
    @pytest.mark.parametrize("state", [ConnectionState.INACTIVE, ConnectionState.DISCONNECTED])
    def test_is_told_once_while_something_waits_to_be_sent(self, lab: Lab, state: ConnectionState) -> None:
        lab.set_connection(lab.source, state=state)
        lab.create("Product")
        for _ in range(2):
            lab.send()
        message = only(lab, lab.source)
        assert told(lab, lab.source) == [(*SENDING, ErrorType.CONNECTION)]
        assert message.error_message.startswith(f"Connection lab_connection__c is {state.value}, not active.")
        assert message.integration_id == lab.source.integration_id

    def test_is_no_trouble_while_nothing_waits(self, lab: Lab) -> None:
        lab.transfer()
        lab.set_connection(lab.source, state=ConnectionState.INACTIVE)
        lab.send()
        assert told(lab, lab.source) == []

    def test_is_told_too_when_only_a_deletion_waits(self, lab: Lab) -> None:
        product = lab.create("Product")
        lab.transfer()
        lab.set_connection(lab.source, state=ConnectionState.INACTIVE)
        lab.delete(product)
        lab.send()
        assert told(lab, lab.source) == [(*SENDING, ErrorType.CONNECTION)]

    def test_is_no_trouble_when_it_was_never_established(self, lab: Lab) -> None:
        lab.set_connection(lab.source, state=ConnectionState.PENDING)
        lab.create("Product")
        lab.send()
        assert told(lab, lab.source) == []

    def test_is_over_when_what_waited_is_sent(self, lab: Lab) -> None:
        lab.set_connection(lab.source, state=ConnectionState.INACTIVE)
        lab.create("Product")
        lab.send()
        lab.set_connection(lab.source, state=ConnectionState.ACTIVE)
        assert counts(lab.send()) == {"found": 1, "sent": 1}
        assert only(lab, lab.source, active=None).resolved_at is not None


def fill(lab: Lab, patch: pytest.MonkeyPatch) -> None:
    lab.set_queue(lab.source, rollback_on_error=True)
    patch.setattr(outbox, "MESSAGES_IN_A_QUEUE", 0)


QUEUES: dict[str, Callable[[Lab, pytest.MonkeyPatch], object]] = {
    "No outbound queue serves": lambda lab, _: lab.update_row(
        QueueConnection, lab.rows(QueueConnection, queue_id=lab.source.queue_id)[0].id, active=False
    ),
    "is inactive and takes no messages": lambda lab, _: lab.set_queue(lab.source, active=False),
    "is full": fill,
}


@pytest.mark.parametrize("sentence", QUEUES)
def test_a_queue_that_is_missing_inactive_or_full_is_told_in_the_sending_vault(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    QUEUES[sentence](lab, monkeypatch)
    lab.create("Product")
    lab.send()
    assert told(lab, lab.source) == [(*SENDING, ErrorType.CONFIGURATION)]
    assert sentence in only(lab, lab.source).error_message
    assert lab.exceptions(lab.target) == []


def test_what_a_full_queue_drops_is_told_message_by_message(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MESSAGES_IN_A_QUEUE", 0)
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 2)
    lab.create_many(3)
    lab.send()
    messages = lab.exceptions(lab.source)
    assert [(row.subject, row.items_failed) for row in messages] == [(Subject.MESSAGE, 2), (Subject.MESSAGE, 1)]
    assert all("is full" in row.error_message and row.spark_message_id for row in messages)


class TestARefusedDelivery:
    def test_is_told_at_the_first_attempt_and_once_for_all_messages(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        lab.create_many(3)
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        message = only(lab, lab.source)
        assert told(lab, lab.source) == [(*DELIVERY, ErrorType.CONNECTION)]
        assert "lab_inbound__c is inactive" in message.error_message
        assert (message.connection_id, message.queue_id) == (lab.source.connection_id, lab.source.queue_id)

    def test_says_the_latest_reason(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        lab.set_connection(lab.target, state=ConnectionState.PENDING)
        lab.clock.advance(minutes=2)
        lab.deliver()
        assert "is not active for this Vault" in only(lab, lab.source).error_message

    def test_is_over_when_nothing_waits_any_more(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        monkeypatch.setattr(deliver, "BATCH", 1)
        lab.create_many(2)
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        lab.set_queue(lab.target, active=True)
        lab.clock.advance(minutes=2)
        lab.deliver()
        assert not only(lab, lab.source, active=None).active

    def test_is_over_when_its_queue_was_reset(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        with lab.store.write() as write:
            reset_queue(write, lab.source.system, lab.source.queue_id, "lab_outbound__c")
        assert told(lab, lab.source) == []

    def test_of_an_expired_certificate_names_it(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        lab.clock.moment = datetime(2035, 6, 1, tzinfo=UTC)
        lab.deliver()
        assert told(lab, lab.source) == [(*DELIVERY, ErrorType.CONNECTION)]
        assert "certificate 00001 expired" in only(lab, lab.source).error_message


def integration_off(lab: Lab, *, on: bool) -> None:
    lab.set_integration_active(lab.target, on)


def no_reader(lab: Lab, *, on: bool) -> None:
    (owner,) = {row.authorized_user_id for row in lab.rows(Connection, id=lab.source.connection_id)} or {None}
    lab.set_connection(lab.source, authorized_user_id=READERS.setdefault(id(lab), owner) if on else None)


READERS: dict[int, Any] = {}
REFUSED: dict[str, Callable[..., None]] = {
    "Integration Product Integration is inactive": integration_off,
    "has no Authorized Connection User": no_reader,
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_the_receiving_vault_cannot_process_for_the_sender_s_sake_is_told_on_both_sides(
    lab: Lab, sentence: str
) -> None:
    READERS[id(lab)] = lab.rows(Connection, id=lab.source.connection_id)[0].authorized_user_id
    lab.create("Product")
    REFUSED[sentence](lab, on=False)
    lab.transfer()
    lab.receive()
    assert told(lab, lab.target) == [(*ARRIVED, ErrorType.CONFIGURATION)]
    assert told(lab, lab.source) == [(*REMOTE, ErrorType.CONFIGURATION)]
    message = only(lab, lab.source)
    assert message.error_message.startswith("Target cannot process what was sent.")
    assert sentence in message.error_message
    assert (message.name, message.integration_id) == ("product_inbound__c", lab.source.integration_id)
    REFUSED[sentence](lab, on=True)
    lab.receive()
    assert (told(lab, lab.source), told(lab, lab.target)) == ([], [])
    assert [row["name__v"] for row in lab.targets()] == ["Product"]


def test_what_only_the_receiving_vault_can_mend_is_told_there_alone(lab: Lab) -> None:
    bad_items(lab, number=1)
    assert told(lab, lab.target) == [(*ARRIVED, ErrorType.MESSAGE_PROCESSING)]
    assert told(lab, lab.source) == []
    (item,) = lab.items()
    assert item.error_type is ErrorType.ITEM_PROCESSING


@pytest.fixture
def sender(store: Any, clock: Any) -> Sender:
    return make_sender(store, clock)


def test_an_external_system_that_does_not_answer_is_told_as_a_time_out(sender: Sender) -> None:
    sender.put()
    with sender.receiver("none", timeout=0.3):
        sender.deliver()
    (message,) = sender.rows(ExceptionMessage)
    assert (message.side, message.subject, message.error_type) == (*DELIVERY, ErrorType.TIMEOUT)
    assert "No answer within 0.3 seconds." in message.error_message
    sender.clock.advance(minutes=2)
    with sender.receiver("204"):
        sender.deliver()
    assert not sender.rows(ExceptionMessage)[0].active


class TestAJobThatTakesTooLong:
    @pytest.fixture(autouse=True)
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """Have each look at the time find it `pace[0]` seconds later."""
        pace, ticks = [0.0], count()
        total = [0.0]

        def seconds() -> float:
            next(ticks)
            total[0] += pace[0]
            return total[0]

        monkeypatch.setattr("scheduler.runs.seconds", seconds)
        return pace

    def stages(self, lab: Lab) -> dict[JobKind, tuple[Side, Callable[[], Any]]]:
        return {
            JobKind.SEND: (lab.source, lab.send),
            JobKind.DELIVER: (lab.source, lab.deliver),
            JobKind.RECEIVE: (lab.target, lab.receive),
        }

    @pytest.mark.parametrize("kind", JobKind)
    def test_ends_as_a_time_out_and_the_next_run_does_the_rest(
        self, lab: Lab, slow: list[float], kind: JobKind
    ) -> None:
        lab.create("Product")
        for each, (side, run) in self.stages(lab).items():
            if each is kind:
                slow[0] = 4000.0
                ended = run()
                slow[0] = 0.0
                assert ended.status is RunStatus.TIMEOUT
                assert lab.rows(JobRun, id=ended.run_id)[0].status is RunStatus.TIMEOUT
                message = only(lab, side)
                assert (message.subject, message.error_type, message.job) == (Subject.JOB, ErrorType.TIMEOUT, kind)
                assert "3,600 seconds" in message.error_message
                assert lab.rows(Job, vault_id=side.vault_id, kind=kind)[0].timed_out
            run()
        assert [row["name__v"] for row in lab.targets()] == ["Product"]
        assert (told(lab, lab.source), told(lab, lab.target)) == ([], [])
        assert not [job for job in lab.rows(Job) if job.timed_out]

    def test_keeps_what_it_has_moved(self, lab: Lab, slow: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        monkeypatch.setattr(incoming, "CLAIM", 1)
        lab.create_many(5)
        lab.send()
        lab.deliver()
        slow[0] = 1500.0
        ended = lab.receive()
        slow[0] = 0.0
        moved = len(lab.targets())
        assert ended.status is RunStatus.TIMEOUT
        assert 0 < moved < 5
        assert len(lab.messages(lab.target, MessageState.QUEUED)) == 5 - moved
        lab.receive()
        assert len(lab.targets()) == 5

    def test_does_not_move_the_last_successful_run_time(self, lab: Lab, slow: list[float]) -> None:
        before = lab.integration(lab.target).last_successful_receive
        lab.create("Product")
        lab.send()
        lab.deliver()
        slow[0] = 4000.0
        lab.receive()
        assert lab.integration(lab.target).last_successful_receive == before
