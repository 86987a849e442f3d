"""Retry Transfer (seed S3): for one message or many, with its result, and never twice at the same time."""

import multiprocessing
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from models.errors import NotAllowed, NotFound, NotPossible
from models.opening import open_store
from models.permissions import READ_ONLY_USER
from models.queries.exceptions import ExceptionFilter
from models.queries.retries import NOTHING_LEFT, retries_of, under_way
from models.removal import remove_rows
from models.services.exceptions import RetryPlan, cancel_retry, plan_retry, start_retry
from models.services.integrations import add_field_rule
from models.services.objects import create_object
from models.services.vaults import create_user
from models.tables import (
    AuditRow,
    ConnectionState,
    ErrorType,
    ExceptionMessage,
    ExceptionSide,
    Integration,
    ItemStatus,
    Job,
    JobKind,
    JobRun,
    RetryState,
    RetryTransfer,
    RetryTransferMessage,
    RunStatus,
    Subject,
    table_of,
)
from scheduler import retries as carrying
from scheduler import send
from scheduler.engine import Engine
from scheduler.lease import acquire
from scheduler.retries import serve_retries
from tests.builders import user
from tests.exceptions.trouble import ask, bad_items, carry_out, ids, mend, only, result, retry_of, told
from tests.stages.lab import Lab, counts

EVERYTHING = ExceptionFilter()


class TestOnTheReceivingSide:
    def test_tries_exactly_the_items_of_the_message(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        first, second = bad_items(lab, number=2, good=0)
        mend(lab, first)
        mend(lab, second)
        queued = lab.create("Later")
        lab.send()
        lab.deliver()
        message, other = lab.exceptions(lab.target)
        done = retry_of(lab, lab.target, [message.id])
        assert (done.messages, done.items) == (1, 1)
        assert (done.applied, done.skipped, done.failed, done.state) == (1, 0, 0, RetryState.DONE)
        assert [row.id for row in lab.exceptions(lab.target)] == [other.id]
        assert [row["name__v"] for row in lab.targets()] == ["Bad 0"]
        assert queued
        (run,) = lab.rows(JobRun, retry_id=done.key)
        assert (run.kind, run.retried, run.created, run.received) == (JobKind.RECEIVE, 1, 1, 0)

    def test_counts_what_still_fails_and_keeps_the_message_active(self, lab: Lab) -> None:
        first, _second = bad_items(lab)
        mend(lab, first)
        done = retry_of(lab, lab.target, ids(lab))
        assert (done.items, done.applied, done.failed) == (2, 1, 1)
        assert only(lab, lab.target).active
        (line,) = lab.rows(RetryTransferMessage)
        assert (line.items, line.still_open, line.under_way) == (2, 1, False)

    def test_counts_only_what_was_open_before_and_not_what_else_the_record_becomes(self, lab: Lab) -> None:
        first, second = bad_items(lab)
        with lab.store.write() as write:
            create_object(write, lab.target.vault_id, "copy__c", "Copy", "Copies", "V0C", [])
            add_field_rule(
                write,
                lab.target.system,
                lab.pair.rule_id,
                query_field="name__v",
                target_field="name__v",
                target_object="copy__c",
            )
        mend(lab, first)
        done = retry_of(lab, lab.target, ids(lab))
        assert len(lab.targets("copy__c")) == 2
        assert (done.items, done.applied, done.skipped, done.failed) == (2, 1, 0, 1)
        assert [item.item for item in lab.items()] == [second]

    def test_skips_an_item_whose_source_record_is_gone(self, lab: Lab) -> None:
        first, second = bad_items(lab)
        mend(lab, first)
        lab.delete(second)
        done = retry_of(lab, lab.target, ids(lab))
        assert (done.applied, done.skipped, done.failed) == (1, 1, 0)
        assert lab.exceptions(lab.target) == []

    def test_of_a_message_that_was_refused_as_a_whole_processes_it(self, lab: Lab) -> None:
        lab.create_many(3)
        lab.set_integration_active(lab.target, False)
        lab.transfer()
        message = only(lab, lab.target)
        lab.set_integration_active(lab.target, True)
        done = retry_of(lab, lab.target, [message.id])
        assert (done.items, done.applied, done.failed) == (3, 3, 0)
        assert len(lab.targets()) == 3
        assert (told(lab, lab.source), told(lab, lab.target)) == ([], [])

    def test_says_what_keeps_the_items_from_being_tried(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        lab.set_integration_active(lab.target, False)
        done = retry_of(lab, lab.target, ids(lab))
        assert (done.applied, done.failed) == (0, 1)
        assert lab.rows(RetryTransferMessage)[0].note == "Its integration is inactive."

    def test_says_too_that_its_connection_is_not_active(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        lab.set_connection(lab.target, state=ConnectionState.INACTIVE)
        assert retry_of(lab, lab.target, ids(lab)).failed == 1
        assert lab.rows(RetryTransferMessage)[0].note == "Its connection is not active."

    def test_moves_no_last_successful_run_time(self, lab: Lab) -> None:
        (bad,) = bad_items(lab, number=1)
        before = lab.integration(lab.target).last_successful_receive
        mend(lab, bad)
        retry_of(lab, lab.target, ids(lab))
        assert lab.integration(lab.target).last_successful_receive == before

    def test_leaves_the_automatic_retry_of_the_next_run_as_it_is(self, lab: Lab) -> None:
        (bad,) = bad_items(lab, number=1)
        retry_of(lab, lab.target, ids(lab))
        mend(lab, bad)
        assert counts(lab.receive()) == {"retried": 1, "created": 1}
        assert lab.exceptions(lab.target) == []

    def test_finds_nothing_to_do_when_an_ordinary_run_was_faster(self, lab: Lab) -> None:
        (bad,) = bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        mend(lab, bad)
        lab.receive()
        carry_out(lab, lab.target)
        done = result(lab, plan)
        assert (done.state, done.applied, done.failed) == (RetryState.DONE, 0, 0)


class TestOnTheSendingSide:
    def test_of_an_integration_that_could_not_send_sends_again(self, lab: Lab) -> None:
        lab.create("Product")
        lab.set_queue(lab.source, active=False)
        lab.send()
        lab.set_queue(lab.source, active=True)
        done = retry_of(lab, lab.source, ids(lab))
        assert (done.sent, done.failed) == (1, 0)
        (run,) = lab.rows(JobRun, retry_id=done.key)
        assert (run.kind, run.connection_id) == (JobKind.SEND, lab.source.connection_id)
        assert lab.exceptions(lab.source) == []

    def test_fails_again_while_the_cause_lasts(self, lab: Lab) -> None:
        lab.create("Product")
        lab.set_queue(lab.source, active=False)
        lab.send()
        done = retry_of(lab, lab.source, ids(lab))
        assert (done.sent, done.failed) == (0, 1)
        assert only(lab, lab.source).active

    def test_of_refused_deliveries_delivers_at_once_what_waits(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        lab.create_many(2)
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        lab.set_queue(lab.target, active=True)
        done = retry_of(lab, lab.source, ids(lab))
        assert (done.delivered, done.failed) == (2, 0)
        assert lab.exceptions(lab.source) == []

    def test_of_a_queue_that_holds_its_messages_says_so(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        lab.set_queue(lab.source, delivery_enabled=False)
        assert retry_of(lab, lab.source, ids(lab)).failed == 1
        assert lab.rows(RetryTransferMessage)[0].note == "Delivery of its queue is disabled."

    def test_of_deliveries_is_over_when_nothing_waits_any_more(self, lab: Lab) -> None:
        lab.create("Product")
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        (message,) = lab.messages(lab.source)
        from models.tables import SparkMessage

        with lab.store.write() as write:
            remove_rows(write, table_of(SparkMessage), table_of(SparkMessage).c.id == message.id)
        assert retry_of(lab, lab.source, ids(lab)).failed == 0
        assert lab.exceptions(lab.source) == []

    def test_of_a_job_that_took_too_long_runs_it_again(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        lab.create("Product")
        ticks = iter(range(0, 10**9, 4000))
        with monkeypatch.context() as patch:
            patch.setattr("scheduler.runs.seconds", lambda: float(next(ticks)))
            lab.send()
        assert only(lab, lab.source).subject is Subject.JOB
        done = retry_of(lab, lab.source, ids(lab))
        assert done.failed == 0 or lab.exceptions(lab.source)
        lab.send()
        assert lab.exceptions(lab.source) == []

    def test_of_all_kinds_at_once_goes_from_job_to_job(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        lab.create("First")
        lab.send()
        lab.set_queue(lab.target, active=False)
        lab.deliver()
        lab.create("Second")
        lab.set_queue(lab.source, active=False)
        lab.send()
        assert [subject for _, subject, _ in told(lab, lab.source)] == [Subject.DELIVERY, Subject.SENDING]
        lab.set_queue(lab.source, active=True)
        lab.set_queue(lab.target, active=True)
        plan = ask(lab, lab.source, EVERYTHING)
        steps = []
        while True:
            with lab.store.read() as session:
                waiting = under_way(session, lab.source.vault_id)
            if not waiting:
                break
            steps.append(waiting[0][2])
            serve_retries(lab.store, lab.clock, lab.source.vault_id, steps[-1])
        assert steps == [JobKind.SEND, JobKind.DELIVER]
        done = result(lab, plan)
        assert (done.messages, done.sent, done.delivered, done.failed) == (2, 1, 2, 0)


class TestOfAFilteredSet:
    @pytest.fixture
    def three(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        return bad_items(lab, number=3, good=0)

    def test_tells_how_much_is_open_before(self, lab: Lab, three: list[str]) -> None:
        with lab.store.read() as session:
            plan = plan_retry(session, lab.target.vault_id, EVERYTHING)
            none = plan_retry(session, lab.target.vault_id, ExceptionFilter(error_type=ErrorType.TIMEOUT))
        assert (plan.messages, plan.items, plan.under_way, plan.retry_id) == (len(three), 3, 0, None)
        assert (none.messages, none.items) == (0, 0)
        assert lab.rows(RetryTransfer) == []

    def test_tries_those_that_the_filter_means_and_says_which(self, lab: Lab, three: list[str]) -> None:
        for record in three:
            mend(lab, record)
        lab.update_row(ExceptionMessage, ids(lab)[1], error_message="Something else.")
        where = ExceptionFilter(side=ExceptionSide.TARGET, text="could not be applied")
        done = retry_of(lab, lab.target, where)
        assert (done.messages, done.applied, done.failed) == (2, 2, 0)
        assert done.asked == "target, with “could not be applied”"
        assert [row.error_message for row in lab.exceptions(lab.target)] == ["Something else."]

    def test_leaves_out_what_another_retry_has(self, lab: Lab, three: list[str]) -> None:
        first = ask(lab, lab.target, ids(lab)[:1])
        second = ask(lab, lab.target, EVERYTHING)
        assert (first.messages, second.messages, second.under_way) == (1, 2, 1)
        with pytest.raises(NotPossible, match="All of these messages are being retried already"):
            ask(lab, lab.target, EVERYTHING)
        carry_out(lab, lab.target)
        assert {row.state for row in lab.rows(RetryTransfer)} == {RetryState.DONE}
        assert len(three) == 3

    def test_is_refused_when_nothing_of_it_is_active(self, lab: Lab) -> None:
        with pytest.raises(NotPossible, match="None of these"):
            ask(lab, lab.target, EVERYTHING)

    def test_stays_in_the_vault(self, lab: Lab, three: list[str]) -> None:
        with pytest.raises(NotPossible, match="None of these"):
            ask(lab, lab.source, EVERYTHING)
        with pytest.raises(NotFound):
            ask(lab, lab.source, ids(lab)[:1])
        assert len(three) == len(lab.exceptions(lab.target))


class TestTwice:
    def test_a_message_is_in_one_retry_at_a_time(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        with pytest.raises(NotPossible, match=rf"being retried already: by System.*Retry Transfer {plan.retry_id}"):
            ask(lab, lab.target, ids(lab))
        carry_out(lab, lab.target)
        assert ask(lab, lab.target, ids(lab)).retry_id != plan.retry_id

    def test_the_store_itself_refuses_a_second_one(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        ask(lab, lab.target, ids(lab))
        (line,) = lab.rows(RetryTransferMessage)
        with lab.store.write() as write:
            retry = RetryTransfer(vault_id=lab.target.vault_id, user_name="Another", created_at=write.now)
            write.add(retry)
            write.flush()
        again = dict(line._mapping) | {"retry_id": retry.id}
        with pytest.raises(IntegrityError), lab.store.write() as write:
            write.execute(insert(table_of(RetryTransferMessage)).values(**again))

    def test_of_two_processes_one_starts_it(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        context = multiprocessing.get_context("spawn")
        ready, answers = context.Barrier(2), context.Queue()
        arguments = (str(lab.store.path), ids(lab)[0], ready, answers)
        processes = [context.Process(target=_try_to_start, args=arguments) for _ in range(2)]
        for process in processes:
            process.start()
        said = sorted(answers.get(timeout=60) for _ in processes)
        for process in processes:
            process.join()
        assert said == ["refused", "started"]
        assert len(lab.rows(RetryTransfer)) == 1

    def test_an_inactive_message_has_nothing_to_retry(self, lab: Lab) -> None:
        (bad,) = bad_items(lab, number=1)
        mend(lab, bad)
        lab.receive()
        with pytest.raises(NotPossible, match="is inactive"):
            ask(lab, lab.target, ids(lab))


def _try_to_start(path: str, message: int, ready: Any, answers: Any) -> None:
    from models.permissions import Actor

    store = open_store(path)
    ready.wait()
    try:
        with store.write() as write:
            start_retry(write, Actor.system(1002), [message])
        answers.put("started")
    except NotPossible:
        answers.put("refused")
    finally:
        store.close()


class TestCancelled:
    def test_before_it_began_it_frees_its_messages_and_tries_nothing(self, lab: Lab) -> None:
        bad_items(lab, number=2)
        plan = ask(lab, lab.target, ids(lab))
        cancel(lab, plan)

        done = result(lab, plan)
        assert (done.state, done.applied, done.failed) == (RetryState.CANCELLED, 0, 2)
        assert (done.result, done.is_over) == ("cancelled before it began", True)
        assert {row.note for row in lab.rows(RetryTransferMessage)} == {"Cancelled by System before it began."}
        carry_out(lab, lab.target)
        assert result(lab, plan).state == RetryState.CANCELLED
        assert lab.rows(JobRun, retry_id=plan.retry_id) == []
        assert retry_of(lab, lab.target, ids(lab)).state == RetryState.DONE

    def test_is_refused_once_it_is_over(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        carry_out(lab, lab.target)
        with pytest.raises(NotPossible, match=f"Retry Transfer {plan.retry_id} is over: it is done"):
            cancel(lab, plan)
        assert result(lab, plan).state == RetryState.DONE

    def test_is_refused_once_a_job_has_begun_it(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        with lab.store.write() as write:
            row = JobRun(vault_id=lab.target.vault_id, kind=JobKind.RECEIVE, status=RunStatus.RUNNING)
            row.started_at, row.retry_id = write.now, plan.retry_id
            write.add(row)
        with pytest.raises(NotPossible, match="has begun"):
            cancel(lab, plan)

    def test_in_the_moment_before_its_run_stays_cancelled(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        runs = carrying._STAGES[JobKind.RECEIVE]

        def too_late(*arguments: Any) -> Any:
            cancel(lab, plan)
            return runs(*arguments)

        monkeypatch.setitem(carrying._STAGES, JobKind.RECEIVE, too_late)
        carry_out(lab, lab.target)
        assert result(lab, plan).state == RetryState.CANCELLED
        assert lab.items(ItemStatus.OPEN)[0].attempts == 1

    def test_needs_the_permission_and_the_vault(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        with pytest.raises(NotFound), lab.store.write() as write:
            cancel_retry(write, lab.source.system, plan.retry_id or 0)
        reader = user(lab.store, lab.target.vault_id, read_only=True)
        with pytest.raises(NotAllowed), lab.store.write() as write:
            cancel_retry(write, reader, plan.retry_id or 0)

    def test_is_audited(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        cancel(lab, plan)
        audited = [row.item for row in lab.rows(AuditRow) if row.action == "Cancel Retry Transfer"]
        assert audited == [f"Retry Transfer {plan.retry_id}"]


def cancel(lab: Lab, plan: RetryPlan) -> None:
    with lab.store.write() as write:
        cancel_retry(write, lab.target.system, plan.retry_id or 0)


class TestWhenSomethingBreaks:
    def test_a_retry_whose_engine_was_killed_is_carried_out_by_the_next_one(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As after SIGKILL: the run's row stays open, nothing more is written."""
        first, second = bad_items(lab)
        mend(lab, first)
        mend(lab, second)
        plan = ask(lab, lab.target, ids(lab))
        monkeypatch.setattr(carrying, "_finish_step", lambda *_: None)
        serve_retries(lab.store, lab.clock, lab.target.vault_id, JobKind.RECEIVE)
        monkeypatch.undo()
        (run,) = lab.rows(JobRun, retry_id=plan.retry_id)
        lab.update_row(JobRun, run.id, status=RunStatus.RUNNING, finished_at=None)
        lab.update_row(ExceptionMessage, ids(lab)[0], active=True)
        with pytest.raises(NotPossible, match="is being retried"):
            ask(lab, lab.target, ids(lab))
        lab.update_row(ExceptionMessage, ids(lab)[0], active=False)
        lease = acquire(lab.store)
        assert lease is not None
        assert lab.rows(JobRun, id=run.id)[0].status is RunStatus.CANCELLED
        carry_out(lab, lab.target)
        lease.release()
        done = result(lab, plan)
        assert (done.state, done.applied, done.failed) == (RetryState.DONE, 2, 0)
        assert not [line for line in lab.rows(RetryTransferMessage) if line.under_way]

    def test_an_error_of_the_program_ends_the_retry_and_frees_its_messages(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))

        def breaks(*_: object) -> None:
            raise RuntimeError("no room")

        with monkeypatch.context() as patch:
            patch.setitem(carrying._STAGES, JobKind.RECEIVE, breaks)
            with pytest.raises(RuntimeError):
                carry_out(lab, lab.target)
        done = result(lab, plan)
        assert (done.state, done.failed) == (RetryState.FAILED, 1)
        assert "RuntimeError: no room" in done.error
        assert retry_of(lab, lab.target, ids(lab)).state == RetryState.DONE

    def test_a_message_whose_integration_was_deleted_becomes_inactive_and_says_why(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        with lab.store.write() as write:
            remove_rows(write, table_of(Integration), table_of(Integration).c.id == lab.target.integration_id)
        carry_out(lab, lab.target)
        done = result(lab, plan)
        assert (done.state, done.applied, done.skipped, done.failed) == (RetryState.DONE, 0, 1, 0)
        assert not only(lab, lab.target, active=None).active
        assert lab.rows(RetryTransferMessage)[0].note == NOTHING_LEFT

    def test_trouble_of_sending_of_a_deleted_integration_becomes_inactive(self, lab: Lab) -> None:
        lab.create("Product")
        lab.set_queue(lab.source, active=False)
        lab.send()
        with lab.store.write() as write:
            remove_rows(write, table_of(Integration), table_of(Integration).c.id == lab.source.integration_id)
        done = retry_of(lab, lab.source, ids(lab))
        assert (done.state, done.failed) == (RetryState.DONE, 0)
        assert lab.exceptions(lab.source) == []

    def test_deleting_the_messages_of_a_retry_ends_it(self, lab: Lab) -> None:
        bad_items(lab, number=1)
        plan = ask(lab, lab.target, ids(lab))
        with lab.store.write() as write:
            remove_rows(write, table_of(ExceptionMessage), table_of(ExceptionMessage).c.vault_id == 1002)
        carry_out(lab, lab.target)
        assert result(lab, plan).state == RetryState.DONE


def test_a_retry_is_audited_with_its_count_and_its_filter(lab: Lab) -> None:
    bad_items(lab)
    plan = ask(lab, lab.target, ExceptionFilter(text="applied"))
    rows = lab.rows(AuditRow, vault_id=lab.target.vault_id, action="Retry Transfer")
    assert {row.field_name: row.new_value for row in rows} == {
        "messages": "1",
        "items": "2",
        "retry": str(plan.retry_id),
        "filter": "with “applied”",
    }


def test_who_may_only_read_retries_nothing(lab: Lab) -> None:
    bad_items(lab, number=1)
    with lab.store.write() as write:
        create_user(write, lab.target.vault_id, "reader", "", "", READ_ONLY_USER)
    for actor in (user(lab.store, 1002, "reader"), user(lab.store, 1002, read_only=True)):
        with pytest.raises(NotAllowed), lab.store.write() as write:
            start_retry(write, actor, ids(lab))
    assert lab.rows(RetryTransfer) == []


def test_a_message_knows_its_retries(lab: Lab) -> None:
    first, second = bad_items(lab)
    retry_of(lab, lab.target, ids(lab))
    mend(lab, first)
    mend(lab, second)
    retry_of(lab, lab.target, ids(lab))
    with lab.store.read() as session:
        lines = retries_of(session, lab.target.vault_id, ids(lab)[0])
    assert [(line.items, line.still_open, line.retry.applied) for line in lines] == [(2, 0, 2), (2, 2, 0)]
    assert lab.items(ItemStatus.OPEN) == []


def test_an_engine_carries_it_out_at_once_also_while_the_lab_clock_stands_still(lab: Lab) -> None:
    (bad,) = bad_items(lab, number=1)
    mend(lab, bad)
    with Engine(lab.store) as engine:
        engine.clock.pause()
        assert engine.wait_until_idle(30)
        before = {row.id for row in lab.rows(JobRun)}
        plan = ask(lab, lab.target, ids(lab))
        assert engine.wait_until_idle(30)
        done = result(lab, plan)
        engine.clock.resume()
    assert (done.state, done.applied, done.failed) == (RetryState.DONE, 1, 0)
    assert [row.retry_id for row in lab.rows(JobRun) if row.id not in before] == [plan.retry_id]


def test_a_retry_asks_for_no_ordinary_run(lab: Lab) -> None:
    bad_items(lab, number=1)
    ask(lab, lab.target, ids(lab))
    assert not [job for job in lab.rows(Job) if job.requested_at is not None]
