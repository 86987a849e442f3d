"""Message processors: the built-in ones, a developer's own, and what happens when one is missing or fails."""

from typing import Any

import pytest

from models.services.queues import edit_queue
from models.store import Store
from models.tables import DeliveryAttempt, ExceptionMessage, ExceptionSide, MessageState, RunStatus
from scheduler.processors import InboundMessage, ProcessorContext
from tests.builders import key
from tests.conftest import ManualClock
from tests.queues.lab import SYSTEM, VAULT, Sender
from tests.queues.test_queue_log import bring
from tests.queues.test_queues import local_queue
from tests.stages.lab import Lab, make_lab

GROUP = "vault_console.message_processors"


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> Lab:
    return make_lab(store, clock)


def arrive(sender: Sender, processor: str) -> int:
    """Have a message arrive in an inbound queue with that processor; answers the queue."""
    queue_id = local_queue(sender, processor)
    sender.put({"event": "new", "color": "red"}, ["V0A1", "V0A2"])
    sender.reach(1)
    sender.deliver()
    return queue_id


def test_the_processor_that_only_logs_takes_the_message_and_changes_nothing(sender: Sender) -> None:
    queue_id = arrive(sender, "log")
    result = sender.receive()
    (message,) = sender.messages(queue_id=queue_id)
    assert message.state is MessageState.PROCESSED
    assert (result.status, result.counts.received, result.counts.skipped) == (RunStatus.SUCCESS, 2, 2)
    (note,) = sender.rows(DeliveryAttempt, message_id=message.id)
    assert note.answer == "Logged: 2 items, attributes color, event."
    assert not sender.rows(ExceptionMessage, side=ExceptionSide.TARGET)


def test_a_processor_of_one_s_own_gets_the_message_and_acts_as_the_queue_s_user(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[ProcessorContext, InboundMessage]] = []
    bring(monkeypatch, GROUP, mine=lambda context, message: seen.append((context, message)))
    queue_id = arrive(sender, "mine")
    with sender.store.write() as write:
        edit_queue(write, SYSTEM, queue_id, {"processor_user_id": sender.connection.authorized_user_id})
    sender.receive()
    sender.receive()
    ((context, message),) = seen
    assert (context.vault_id, context.actor.user_id) == (VAULT, sender.connection.authorized_user_id)
    assert (message.attributes, message.items) == ({"event": "new", "color": "red"}, ("V0A1", "V0A2"))
    assert (message.queue, message.connection) == ("arrivals__c", "local_link")


def fail(_context: ProcessorContext, _message: InboundMessage) -> None:
    raise KeyError("color")


@pytest.mark.parametrize(
    ("name", "brought", "said"),
    [("missing", {}, "There is no message processor missing."), ("failing", {"failing": fail}, "KeyError: 'color'")],
)
def test_a_missing_or_failing_processor_becomes_a_user_exception_and_is_tried_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, name: str, brought: dict[str, Any], said: str
) -> None:
    with monkeypatch.context() as patch:
        bring(patch, GROUP, **brought)
        queue_id = arrive(sender, name)
        assert sender.receive().status is RunStatus.ERRORS_ENCOUNTERED
        sender.receive()
    (trouble,) = sender.rows(ExceptionMessage, message_processor=name)
    assert trouble.active
    assert said in trouble.error_message
    assert sender.messages(queue_id=queue_id)[0].state is MessageState.PROCESSED
    seen: list[str] = []
    bring(monkeypatch, GROUP, **{name: lambda _context, message: seen.append(message.message_id)})
    result = sender.receive()
    assert (result.status, len(seen)) == (RunStatus.SUCCESS, 1)
    assert not sender.rows(ExceptionMessage, message_processor=name)[0].active


def test_a_processor_may_have_the_message_transferred(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_look(context: ProcessorContext, message: InboundMessage) -> None:
        context.note(f"{len(message.items)} looked at.")
        context.transfer()

    bring(monkeypatch, GROUP, careful=first_look)
    with lab.store.write() as write:
        edit_queue(write, lab.target.system, lab.target.queue_id, {"message_processor": "careful"})
    lab.create("Product")
    lab.send()
    lab.deliver()
    result = lab.receive()
    assert (result.status, result.counts.created, result.counts.received) == (RunStatus.SUCCESS, 1, 1)
    (message,) = lab.messages(lab.target)
    (note,) = lab.rows(DeliveryAttempt, message_id=key(message))
    assert note.answer == "1 looked at."
