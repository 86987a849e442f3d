"""The Queue Log: removals, traces, handlers, and the way back into the queue."""

from collections.abc import Callable
from datetime import timedelta
from importlib import metadata
from typing import Any

import pytest

from models.errors import NotPossible
from models.queries.queue_detail import attempts, days_with_entries, removal_of
from models.services import queue_log as service
from models.services.queue_log import log_of_day, put_back, trace_queues
from models.services.queues import edit_queue, set_queue_active
from models.services.vaults import application_owner_id
from models.store import Store
from models.tables import (
    AttemptKind,
    ExceptionMessage,
    LogEntryType,
    MessageState,
    Subject,
)
from scheduler import deliver, processors
from scheduler.handlers import Undelivered
from scheduler.scope import Scope
from tests.conftest import ManualClock
from tests.queues.lab import SYSTEM, VAULT, Sender, make_sender


@pytest.fixture
def failing(store: Store, clock: ManualClock) -> Sender:
    """A queue that tries twice, and whose system cannot be reached."""
    sender = make_sender(store, clock, retry_minutes=[5])
    sender.reach(1)
    return sender


def give_up(sender: Sender) -> None:
    sender.deliver()
    sender.clock.advance(minutes=5, seconds=1)
    sender.deliver()


def use_handler(sender: Sender, name: str) -> None:
    with sender.store.write() as write:
        owner = application_owner_id(write, VAULT)
        edit_queue(write, SYSTEM, sender.queue_id, {"delivery_handler": name, "handler_user_id": owner})


def bring(monkeypatch: pytest.MonkeyPatch, group: str, **brought: Any) -> None:
    """Entry points of a developer's own package."""
    real = metadata.entry_points
    module = type("brought", (), {name: staticmethod(work) for name, work in brought.items()})
    monkeypatch.setitem(__import__("sys").modules, "brought_package", module)

    def entry_points(**asked: str) -> Any:
        if asked.get("group") == group and asked.get("name") in brought:
            name = asked["name"]
            return (metadata.EntryPoint(name, f"brought_package:{name}", group),)
        return real(**asked)

    monkeypatch.setattr(processors, "entry_points", entry_points)


def test_after_the_last_attempt_of_its_own_schedule_a_message_is_in_the_log_with_all_columns(failing: Sender) -> None:
    (message_id,) = failing.put()
    give_up(failing)
    (message,) = failing.messages()
    assert message.state is MessageState.REMOVED
    with failing.store.read() as session:
        (line,) = log_of_day(session, SYSTEM, failing.clock.now().date())
        tried = attempts(session, VAULT, message.id)
        assert days_with_entries(session, VAULT) == {failing.clock.now().date(): 1}
        assert removal_of(session, VAULT, message.id) == line.key
    assert (line.vault_id, line.queue_name, line.connection_name) == (
        VAULT,
        "orders__c",
        failing.connection.record_id,
    )
    assert line.connection_name.startswith("V17")
    assert (line.message_id, line.entry_type, line.attempts) == (message_id, "REMOVAL", 2)
    assert line.queue_time == message.entered_at
    assert line.send_time is not None
    assert line.send_time > line.queue_time
    assert [(each.number, each.kind) for each in tried] == [(1, AttemptKind.FAILURE), (2, AttemptKind.FAILURE)]
    assert tried[1].at - tried[0].at >= timedelta(minutes=5)
    assert failing.stats() == {"failures": 2, "retries": 1, "fatal_errors": 1}


def test_a_delivered_message_is_not_in_the_log_unless_traced(sender: Sender) -> None:
    sender.put()
    with sender.receiver():
        sender.deliver()
        assert not sender.log()
        with sender.store.write() as write:
            until = trace_queues(write, SYSTEM, [sender.queue_id])
        assert until is not None
        sender.put()
        sender.deliver()
        sender.clock.advance(minutes=20, seconds=1)
        sender.put()
        sender.deliver()
    (entry,) = sender.log()
    assert (entry.entry_type, entry.attempts, entry.message_id) == (
        LogEntryType.TRACE,
        1,
        sender.messages()[1].message_id,
    )
    with pytest.raises(NotPossible, match="no removal"), sender.store.write() as write:
        put_back(write, SYSTEM, entry.id)


def test_a_trace_can_be_ended(sender: Sender) -> None:
    with sender.store.write() as write:
        trace_queues(write, SYSTEM, [sender.queue_id])
        assert trace_queues(write, SYSTEM, [sender.queue_id], off=True) is None
    sender.put()
    with sender.receiver():
        sender.deliver()
    assert not sender.log()


def test_entries_are_kept_for_thirty_days(failing: Sender) -> None:
    failing.put()
    give_up(failing)
    failing.clock.advance(days=29)
    failing.deliver()
    assert len(failing.log()) == 1
    failing.clock.advance(days=1, seconds=1)
    assert deliver.has_work(failing.store, failing.clock, Scope(VAULT))
    failing.deliver()
    assert not failing.log()


def test_a_removed_message_goes_back_where_it_came_from_and_arrives_with_the_same_id(failing: Sender) -> None:
    failing.put()
    give_up(failing)
    (before,) = failing.messages()
    (entry,) = failing.log()
    with failing.store.write() as write:
        put_back(write, SYSTEM, entry.id)
    (queued,) = failing.messages()
    assert (queued.state, queued.attempts, queued.last_error) == (MessageState.QUEUED, 0, None)
    assert not [row for row in failing.rows(ExceptionMessage) if row.active]
    with failing.receiver():
        failing.deliver()
    (after,) = failing.messages()
    assert (after.state, after.message_id) == (MessageState.DELIVERED, before.message_id)
    with pytest.raises(NotPossible, match="put back before"), failing.store.write() as write:
        put_back(write, SYSTEM, entry.id)


def test_an_inactive_or_full_queue_takes_nothing_back(failing: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    failing.put()
    give_up(failing)
    (entry,) = failing.log()

    def refusal() -> str:
        with pytest.raises(NotPossible) as refused, failing.store.write() as write:
            put_back(write, SYSTEM, entry.id)
        return refused.value.message

    with failing.store.write() as write:
        set_queue_active(write, SYSTEM, failing.queue_id, active=False)
    assert "inactive" in refusal()
    with failing.store.write() as write:
        set_queue_active(write, SYSTEM, failing.queue_id, active=True)
    monkeypatch.setattr(service, "MESSAGES_IN_A_QUEUE", 0)
    assert "full" in refusal()


def test_the_built_in_handler_tells_by_a_user_exception(failing: Sender) -> None:
    use_handler(failing, "notify")
    failing.put()
    give_up(failing)
    (told,) = failing.rows(ExceptionMessage, subject=Subject.MESSAGE)
    assert told.error_message.startswith("A message left queue orders__c undelivered.")
    assert (told.active, told.name, told.spark_message_id) == (True, "orders__c", failing.messages()[0].id)
    (entry,) = failing.log()
    assert entry.handled_at is not None


def test_without_a_handler_only_the_log_tells_of_a_message_put_by_hand(failing: Sender) -> None:
    failing.put()
    give_up(failing)
    assert not [row for row in failing.rows(ExceptionMessage) if row.active]
    assert len(failing.log()) == 1


def test_the_removal_of_an_integration_s_message_is_told_once(failing: Sender) -> None:
    use_handler(failing, "notify")
    failing.put({"integration_point": "product_inbound__c"})
    give_up(failing)
    (told,) = failing.rows(ExceptionMessage, subject=Subject.MESSAGE)
    assert told.name == "product_inbound__c"
    with failing.store.write() as write:
        put_back(write, SYSTEM, failing.log()[0].id)
    assert not [row for row in failing.rows(ExceptionMessage) if row.active]


def test_the_built_in_handler_puts_back_after_24_hours_of_lab_time(failing: Sender) -> None:
    use_handler(failing, "put_back")
    failing.put()
    give_up(failing)
    assert failing.log()[0].due_back_at - failing.clock.now() >= timedelta(hours=24)
    failing.clock.advance(hours=23)
    failing.deliver()
    assert failing.messages()[0].state is MessageState.REMOVED
    failing.clock.advance(hours=1, minutes=1)
    assert deliver.has_work(failing.store, failing.clock, Scope(VAULT))
    with failing.receiver():
        failing.deliver()
    assert failing.messages()[0].state is MessageState.DELIVERED


def test_a_put_back_that_is_refused_is_tried_again(failing: Sender) -> None:
    use_handler(failing, "put_back")
    failing.put()
    give_up(failing)
    with failing.store.write() as write:
        set_queue_active(write, SYSTEM, failing.queue_id, active=False)
    failing.clock.advance(hours=25)
    failing.deliver()
    assert failing.messages()[0].state is MessageState.REMOVED
    with failing.store.write() as write:
        set_queue_active(write, SYSTEM, failing.queue_id, active=True)
    failing.clock.advance(hours=2)
    with failing.receiver():
        failing.deliver()
    assert failing.messages()[0].state is MessageState.DELIVERED


def test_a_handler_of_one_s_own_is_called_with_the_message(failing: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Undelivered] = []
    bring(monkeypatch, "vault_console.delivery_handlers", mine=seen.append)
    use_handler(failing, "mine")
    (message_id,) = failing.put({"event": "new"}, ["V1"])
    give_up(failing)
    (undelivered,) = seen
    assert (undelivered.entry.message_id, undelivered.attributes, undelivered.items) == (
        message_id,
        {"event": "new"},
        ("V1",),
    )
    failing.deliver()
    assert len(seen) == 1


def broken(_undelivered: Undelivered) -> None:
    raise ValueError("no such warehouse")


@pytest.mark.parametrize(
    ("name", "brought", "said"),
    [
        ("missing", {}, "There is no delivery event handler missing."),
        ("broken", {"broken": broken}, "ValueError: no such warehouse"),
        ("text", {"text": "not callable"}, "cannot be called"),
    ],
)
def test_a_handler_that_fails_is_told_in_words_and_the_job_goes_on(
    failing: Sender, monkeypatch: pytest.MonkeyPatch, name: str, brought: dict[str, Callable[..., Any]], said: str
) -> None:
    bring(monkeypatch, "vault_console.delivery_handlers", **brought)
    use_handler(failing, name)
    failing.put()
    give_up(failing)
    assert any(said in row.error_message for row in failing.rows(ExceptionMessage))
    assert failing.log()[0].handled_at is not None


def test_the_names_to_choose_from_are_those_of_the_installed_packages() -> None:
    assert set(processors.names()) >= {"transfer", "log"}
    assert set(processors.names("vault_console.delivery_handlers")) >= {"notify", "put_back"}
