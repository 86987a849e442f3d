"""A message that cannot be delivered: tried again on the retry schedule, and removed after the last attempt."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from models.errors import NotPossible
from models.services.exceptions import start_retry
from models.services.queue_settings import RETRY_MINUTES
from models.tables import (
    ConnectionState,
    ErrorType,
    ExceptionMessage,
    Job,
    JobKind,
    MessageState,
    QueueConnection,
    RetryState,
    RetryTransfer,
    RunStatus,
    SparkMessage,
    Subject,
    table_of,
)
from scheduler import deliver, outbox, send
from scheduler.retries import serve_retries
from tests.stages.lab import Lab, counts

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in RETRY_MINUTES)


@pytest.fixture(autouse=True)
def small_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """One item in a message: few records make many messages."""
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)


def served(lab: Lab, queue_id: int) -> int:
    (row,) = lab.rows(QueueConnection, queue_id=queue_id)
    return int(row.id)


BROKEN: dict[str, tuple[Callable[[Lab], None], Callable[[Lab], None], str]] = {
    "the remote queue is inactive": (
        lambda lab: lab.set_queue(lab.target, active=False),
        lambda lab: lab.set_queue(lab.target, active=True),
        "The remote Vault's inbound queue lab_inbound__c is inactive.",
    ),
    "there is no such remote queue": (
        lambda lab: lab.update_row(
            QueueConnection, served(lab, lab.source.queue_id), deliver_to_queue="elsewhere_inbound__c"
        ),
        lambda lab: lab.update_row(
            QueueConnection, served(lab, lab.source.queue_id), deliver_to_queue="lab_inbound__c"
        ),
        "The remote Vault has no inbound queue elsewhere_inbound__c that serves connection lab_connection__c.",
    ),
    "the remote queue does not serve the connection": (
        lambda lab: lab.update_row(QueueConnection, served(lab, lab.target.queue_id), active=False),
        lambda lab: lab.update_row(QueueConnection, served(lab, lab.target.queue_id), active=True),
        "The remote Vault has no inbound queue lab_inbound__c that serves connection lab_connection__c.",
    ),
    "the own queue no longer serves the connection": (
        lambda lab: lab.update_row(QueueConnection, served(lab, lab.source.queue_id), active=False),
        lambda lab: lab.update_row(QueueConnection, served(lab, lab.source.queue_id), active=True),
        "The queue no longer serves this connection",
    ),
    "the connection is inactive": (
        lambda lab: lab.set_connection(lab.source, state=ConnectionState.INACTIVE),
        lambda lab: lab.set_connection(lab.source, state=ConnectionState.ACTIVE),
        "Connection lab_connection__c is inactive, not active.",
    ),
    "the remote connection is pending": (
        lambda lab: lab.set_connection(lab.target, state=ConnectionState.PENDING),
        lambda lab: lab.set_connection(lab.target, state=ConnectionState.ACTIVE),
        "The remote Vault's connection lab_connection__c is not active for this Vault.",
    ),
    "the remote connection belongs to another Vault by now": (
        lambda lab: lab.set_connection(lab.target, remote_connection_id=None),
        lambda lab: lab.set_connection(lab.target, remote_connection_id=lab.source.connection_id),
        "The remote Vault's connection lab_connection__c is not active for this Vault.",
    ),
    "the remote connection is gone": (
        lambda lab: lab.set_connection(lab.source, remote_connection_id=None),
        lambda lab: lab.set_connection(lab.source, remote_connection_id=lab.target.connection_id),
        "Connection lab_connection__c has no partner in another Vault.",
    ),
}


@pytest.mark.parametrize("trouble", BROKEN)
def test_a_message_waits_while_its_destination_is_not_there_and_arrives_once_it_is(lab: Lab, trouble: str) -> None:
    break_it, mend_it, sentence = BROKEN[trouble]
    product = lab.create("Product")
    lab.send()
    break_it(lab)
    result = lab.deliver()
    assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {})
    (message,) = lab.messages(lab.source)
    assert (message.state, message.attempts, message.claimed_by) == (MessageState.QUEUED, 1, None)
    assert message.last_error.startswith(sentence)
    assert sentence in lab.run_row(result).error
    assert lab.messages(lab.target) == []
    mend_it(lab)
    assert counts(lab.deliver()) == {}
    lab.clock.advance(minutes=2)
    assert counts(lab.deliver()) == {"delivered": 1}
    (arrived,) = lab.messages(lab.target)
    assert (arrived.content, arrived.attempts) == ([product], 2)
    assert '"send_attempt":2' in arrived.body
    stats = lab.stats(lab.source)
    assert (stats["sent"], stats["failures"], stats["retries"], stats["fatal_errors"]) == (1, 1, 1, 0)
    assert lab.exceptions(lab.source) == []


def test_a_full_remote_queue_takes_as_many_messages_as_there_is_room_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = lab.create_many(5)
    lab.send()
    monkeypatch.setattr(deliver, "MESSAGES_IN_A_QUEUE", 3)
    result = lab.deliver()
    assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {"delivered": 3})
    assert [row.content for row in lab.messages(lab.target)] == [[each] for each in ids[:3]]
    waiting = lab.messages(lab.source, MessageState.QUEUED)
    assert [(row.content, row.attempts) for row in waiting] == [([each], 1) for each in ids[3:]]
    assert {row.last_error for row in waiting} == {"Inbound queue lab_inbound__c of the remote Vault is full."}
    lab.receive()
    lab.clock.advance(minutes=2)
    assert counts(lab.deliver()) == {"delivered": 2}


def test_the_queue_is_full_across_the_batches_of_one_run(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.create_many(5)
    lab.send()
    monkeypatch.setattr(deliver, "BATCH", 2)
    monkeypatch.setattr(deliver, "MESSAGES_IN_A_QUEUE", 3)
    assert counts(lab.deliver()) == {"delivered": 3}
    assert len(lab.messages(lab.target)) == 3


def test_the_pauses_between_attempts_follow_the_schedule_in_lab_time(lab: Lab) -> None:
    assert [pause.total_seconds() / 60 for pause in RETRY_AFTER] == [1, 2, 5, 10, 20, 40, 60, 60, 60]
    lab.create("Product")
    lab.send()
    lab.set_queue(lab.target, active=False)
    for number, pause in enumerate(RETRY_AFTER, start=1):
        lab.deliver()
        (message,) = lab.messages(lab.source)
        assert (message.state, message.attempts) == (MessageState.QUEUED, number)
        tried_at = message.next_attempt_at - pause
        assert abs(tried_at - lab.clock.now()) < timedelta(seconds=1)
        lab.clock.moment = message.next_attempt_at - timedelta(seconds=1)
        assert lab.deliver().status is RunStatus.SUCCESS
        assert lab.messages(lab.source)[0].attempts == number
        lab.clock.moment = message.next_attempt_at
    lab.deliver()
    (message,) = lab.messages(lab.source)
    assert (message.state, message.attempts, message.next_attempt_at) == (MessageState.REMOVED, 10, None)


def give_up(lab: Lab) -> None:
    """Let all attempts at what is queued fail."""
    lab.set_queue(lab.target, active=False)
    for pause in (timedelta(), *RETRY_AFTER):
        lab.clock.moment += pause + timedelta(seconds=1)
        lab.deliver()


def test_after_the_last_attempt_a_message_leaves_the_queue_and_its_own_vault_is_told(lab: Lab) -> None:
    lab.create_many(2)
    lab.send()
    give_up(lab)
    messages = lab.messages(lab.source)
    assert [(row.state, row.attempts) for row in messages] == [(MessageState.REMOVED, 10)] * 2
    assert all(row.left_at and row.taken_by == lab.results[-1].run_id and row.content for row in messages)
    told = lab.exceptions(lab.source)
    assert [row.spark_message_id for row in told] == [row.id for row in messages]
    assert {row.error_type for row in told} == {ErrorType.CONNECTION}
    assert told[0].error_message == (
        "Given up after 10 attempts. The remote Vault's inbound queue lab_inbound__c is inactive."
    )
    assert (told[0].name, told[0].connection_id) == ("product_inbound__c", lab.source.connection_id)
    assert (told[0].items_received, told[0].items_failed) == (1, 1)
    assert lab.exceptions(lab.target) == []
    stats = lab.stats(lab.source)
    assert stats == {"sent": 0, "received": 0, "failures": 20, "retries": 18, "timeouts": 0, "fatal_errors": 2}
    lab.set_queue(lab.target, active=True)
    lab.clock.advance(days=1)
    assert counts(lab.deliver()) == {}


def test_a_sequential_queue_holds_back_what_is_behind_a_message_that_failed(lab: Lab) -> None:
    lab.set_queue(lab.source, sequential=True)
    ids = lab.create_many(4)
    lab.send()
    lab.set_queue(lab.target, active=False)
    lab.deliver()
    assert [row.attempts for row in lab.messages(lab.source)] == [1, 0, 0, 0]
    assert {row.claimed_by for row in lab.messages(lab.source)} == {None}
    lab.set_queue(lab.target, active=True)
    assert counts(lab.deliver()) == {}
    lab.clock.advance(minutes=2)
    assert counts(lab.deliver()) == {"delivered": 4}
    assert [row.content for row in lab.messages(lab.target)] == [[each] for each in ids]


def test_a_queue_that_is_not_sequential_goes_on_behind_a_message_that_failed(lab: Lab) -> None:
    lab.create("First")
    lab.send()
    lab.set_queue(lab.target, active=False)
    lab.deliver()
    lab.set_queue(lab.target, active=True)
    second = lab.create("Second")
    lab.send()
    assert counts(lab.deliver()) == {"delivered": 1}
    assert [row.content for row in lab.messages(lab.target)] == [[second]]


def test_a_sequential_queue_goes_on_once_the_message_ahead_was_removed(lab: Lab) -> None:
    lab.set_queue(lab.source, sequential=True)
    lab.create_many(2)
    lab.send()
    give_up(lab)
    first, second = lab.messages(lab.source)
    assert (first.state, first.attempts) == (MessageState.REMOVED, 10)
    assert (second.state, second.attempts) == (MessageState.QUEUED, 0)
    lab.set_queue(lab.target, active=True)
    assert counts(lab.deliver()) == {"delivered": 1}


def test_the_same_trouble_of_many_messages_is_told_once_in_the_run(lab: Lab) -> None:
    lab.create_many(30)
    lab.send()
    lab.set_queue(lab.target, active=False)
    result = lab.deliver()
    error = lab.run_row(result).error
    assert error.count("The remote Vault's inbound queue lab_inbound__c is inactive.") == 1
    assert lab.stats(lab.source)["failures"] == 30


class TestRetryTransfer:
    """Retry Transfer on a message that was removed puts it back on its own queue."""

    def retry(self, lab: Lab) -> int:
        (told,) = lab.exceptions(lab.source)
        with lab.store.write() as write:
            return start_retry(write, lab.source.system, [told.id]).items

    def test_puts_the_message_back_and_asks_for_its_delivery(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        give_up(lab)
        self.retry(lab)
        (message,) = lab.messages(lab.source)
        assert (message.state, message.attempts, message.next_attempt_at) == (MessageState.QUEUED, 0, None)
        assert (message.left_at, message.taken_by, message.claimed_by) == (None, None, None)
        (retry,) = lab.rows(RetryTransfer)
        assert (retry.state, retry.step) == (RetryState.UNDER_WAY, JobKind.DELIVER)
        assert not [job for job in lab.rows(Job) if job.requested_at is not None]
        (told,) = lab.exceptions(lab.source)
        assert told.active

    def test_the_exception_becomes_inactive_when_the_message_was_delivered(self, lab: Lab) -> None:
        product = lab.create("Product")
        lab.send()
        give_up(lab)
        self.retry(lab)
        lab.set_queue(lab.target, active=True)
        assert counts(lab.deliver()) == {"delivered": 1}
        (told,) = lab.rows(ExceptionMessage, vault_id=lab.source.vault_id, subject=Subject.MESSAGE)
        assert not told.active
        assert told.resolved_at is not None
        assert [row.content for row in lab.messages(lab.target)] == [[product]]
        lab.receive()
        assert [row["name__v"] for row in lab.targets()] == ["Product"]

    def test_also_when_it_is_delivered_by_a_later_attempt(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        give_up(lab)
        self.retry(lab)
        lab.deliver()
        assert lab.messages(lab.source)[0].attempts == 1
        lab.set_queue(lab.target, active=True)
        lab.clock.advance(minutes=2)
        lab.deliver()
        assert lab.exceptions(lab.source) == []

    def test_only_the_exceptions_of_delivered_messages_become_inactive(self, lab: Lab) -> None:
        lab.create_many(2)
        lab.send()
        give_up(lab)
        first, second = lab.exceptions(lab.source)
        with lab.store.write() as write:
            start_retry(write, lab.source.system, [second.id])
        lab.set_queue(lab.target, active=True)
        lab.deliver()
        assert [row.id for row in lab.exceptions(lab.source)] == [first.id]

    def test_given_up_again_it_stays_one_exception(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        give_up(lab)
        self.retry(lab)
        give_up(lab)
        (told,) = lab.rows(ExceptionMessage, vault_id=lab.source.vault_id, subject=Subject.MESSAGE)
        assert told.active
        assert told.run_id == lab.results[-1].run_id
        assert lab.stats(lab.source)["fatal_errors"] == 2

    def test_of_a_message_that_waits_for_its_next_attempt_has_it_tried_at_once(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        give_up(lab)
        self.retry(lab)
        serve_retries(lab.store, lab.clock, lab.source.vault_id, JobKind.DELIVER)
        lab.set_queue(lab.target, active=True)
        self.retry(lab)
        (message,) = lab.messages(lab.source)
        assert (message.attempts, message.next_attempt_at) == (1, None)
        assert counts(lab.deliver()) == {"delivered": 1}

    def test_tells_how_many_items_go_again(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 500)
        lab.create_many(3)
        lab.send()
        give_up(lab)
        assert self.retry(lab) == 3

    def test_is_refused_while_the_queue_is_full_or_takes_no_messages(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lab.create("Product")
        lab.send()
        give_up(lab)
        lab.set_queue(lab.source, active=False)
        with pytest.raises(NotPossible, match="lab_outbound__c is inactive"):
            self.retry(lab)
        lab.set_queue(lab.source, active=True)
        lab.create("Another")
        lab.send()
        monkeypatch.setattr("models.services.exceptions.MESSAGES_IN_A_QUEUE", 1)
        with pytest.raises(NotPossible, match="lab_outbound__c is full"):
            self.retry(lab)
        assert lab.messages(lab.source)[0].state is MessageState.REMOVED

    def test_of_another_trouble_leaves_all_messages_where_they_are(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        lab.set_queue(lab.source, active=False)
        lab.create("Unsent")
        lab.send()
        lab.deliver()
        assert self.retry(lab) == 0
        assert [row.state for row in lab.messages(lab.source)] == [MessageState.DELIVERED]


def test_a_run_that_delivers_without_trouble_asks_nothing_about_exceptions(lab: Lab) -> None:
    lab.create_many(3)
    lab.send()
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(lab.store.engine, "before_cursor_execute", note)
    lab.deliver()
    event.remove(lab.store.engine, "before_cursor_execute", note)
    assert statements
    assert not [text for text in statements if "exception_message" in text]


def test_waiting_messages_are_counted_by_queue(lab: Lab) -> None:
    lab.create_many(3)
    lab.send()
    messages = table_of(SparkMessage)
    with lab.store.write() as write:
        assert outbox.waiting(write, lab.source.queue_id) == 3
        assert outbox.waiting(write, lab.target.queue_id) == 0
        assert write.execute(select(func.count()).select_from(messages)).scalar_one() == 3
