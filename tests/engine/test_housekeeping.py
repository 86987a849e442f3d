"""Old job runs are cleared away."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models.store import Store
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    ErrorType,
    ExceptionMessage,
    JobKind,
    JobRun,
    JobRunLine,
    Queue,
    RetryState,
    RetryTransfer,
    RunStatus,
    SparkMessage,
    table_of,
)
from scheduler import housekeeping
from scheduler.clock import LabClock
from scheduler.housekeeping import Housekeeping
from tests.engine.conftest import CLINICAL, make_vaults

_runs = table_of(JobRun)
_messages = table_of(SparkMessage)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _vaults(store: Store) -> None:
    make_vaults(store)


def ran(store: Store, number: int = 1, **what: Any) -> list[int]:
    """Let runs begin now; answers their ids."""
    with store.write() as write:
        runs = [
            JobRun(
                **{
                    "vault_id": CLINICAL,
                    "kind": JobKind.SEND,
                    "status": RunStatus.SUCCESS,
                    "started_at": write.now,
                    **what,
                }
            )
            for _run in range(number)
        ]
        write.add_all(runs)
        write.flush()
        return [run.id for run in runs if run.id]


def retried(store: Store, state: RetryState, **times: Any) -> int:
    with store.write() as write:
        row = RetryTransfer(vault_id=CLINICAL, user_name="Ada", state=state, created_at=write.now, **times)
        write.add(row)
        write.flush()
        return row.id or 0


def test_a_retry_that_ended_long_ago_is_cleared_away_and_its_runs_stay(store: Store, lab: LabClock) -> None:
    old = retried(store, RetryState.DONE, finished_at=lab.now())
    cancelled = retried(store, RetryState.CANCELLED, finished_at=lab.now())
    waiting = retried(store, RetryState.UNDER_WAY)
    lab.step(31 * DAY)
    (run,) = ran(store, retry_id=old, found=1)
    fresh = retried(store, RetryState.FAILED, finished_at=lab.now())

    assert Housekeeping(store).clear_retries() == 2

    retries = table_of(RetryTransfer)
    with store.read() as session:
        assert sorted(session.execute(select(retries.c.id)).scalars()) == [waiting, fresh]
        assert session.execute(select(_runs.c.retry_id).where(_runs.c.id == run)).scalar_one() is None
    assert old != cancelled


def left(store: Store) -> list[int]:
    with store.read() as session:
        return list(session.execute(select(_runs.c.id).order_by(_runs.c.id)).scalars())


def test_a_run_that_moved_nothing_is_cleared_away_after_a_day(store: Store, lab: LabClock) -> None:
    keeper = Housekeeping(store)
    old = ran(store, 2)
    lab.step(DAY - HOUR)
    young = ran(store)
    assert keeper.clear_runs() == 0
    lab.step(2 * HOUR)
    assert keeper.clear_runs() == 2
    assert left(store) == young
    assert old[0] not in left(store)


@pytest.mark.parametrize(
    "what",
    [{"found": 1, "sent": 1}, {"failed": 1}, {"status": RunStatus.ERRORS_ENCOUNTERED}, {"status": RunStatus.CANCELLED}],
)
def test_a_run_that_says_something_is_kept_for_thirty_days(store: Store, lab: LabClock, what: dict[str, Any]) -> None:
    keeper = Housekeeping(store)
    run = ran(store, **what)
    lab.step(29 * DAY)
    assert keeper.clear_runs() == 0
    assert left(store) == run
    lab.step(2 * DAY)
    assert keeper.clear_runs() == 1
    assert left(store) == []


def test_a_run_that_is_under_way_is_never_cleared_away(store: Store, lab: LabClock) -> None:
    run = ran(store, status=RunStatus.RUNNING)
    lab.step(100 * DAY)
    assert Housekeeping(store).clear_runs() == 0
    assert left(store) == run


def test_many_runs_are_cleared_away_in_batches(store: Store, lab: LabClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 3)
    ran(store, 4)
    told = ran(store, sent=1)
    ran(store, 5)
    lab.step(2 * DAY)
    young = ran(store, 4)
    assert Housekeeping(store).clear_runs() == 9
    assert left(store) == told + young


def test_after_all_runs_were_cleared_away_new_ones_are_seen_too(store: Store, lab: LabClock) -> None:
    keeper = Housekeeping(store)
    ran(store, 3)
    lab.step(2 * DAY)
    assert keeper.clear_runs() == 3
    ran(store, 2)
    lab.step(2 * DAY)
    assert keeper.clear_runs() == 2


def test_messages_and_exceptions_outlive_the_run_that_moved_them(store: Store, lab: LabClock) -> None:
    run = ran(store, sent=1)[0]
    with store.write() as write:
        now = write.now
        connection = Connection(
            vault_id=CLINICAL,
            record_id="V0C000000001001",
            type=ConnectionType.VAULT_TO_VAULT,
            name="Safety",
            api_name="safety__c",
            created_at=now,
            modified_at=now,
        )
        queue = Queue(vault_id=CLINICAL, label="Out", api_name="out__c", type=Direction.OUTBOUND)
        write.add_all([connection, queue])
        write.flush()
        assert connection.id
        assert queue.id
        write.add(
            SparkMessage(
                vault_id=CLINICAL,
                queue_id=queue.id,
                connection_id=connection.id,
                message_id="m",
                object_name="study__v",
                integration_point="studies__v",
                entered_at=now,
                claimed_by=run,
                put_by=run,
                taken_by=run,
            )
        )
        write.add(
            ExceptionMessage(
                vault_id=CLINICAL,
                name="UEM-1",
                error_type=ErrorType.CONFIGURATION,
                error_message="No queue.",
                run_id=run,
                created_at=now,
            )
        )
        write.add(JobRunLine(run_id=run, connection_id=connection.id, sent=1))
    lab.step(31 * DAY)
    assert Housekeeping(store).clear_runs() == 1
    with store.read() as session:
        message = session.execute(select(_messages.c.claimed_by, _messages.c.put_by, _messages.c.taken_by)).one()
        assert tuple(message) == (None, None, None)
        assert session.execute(select(table_of(ExceptionMessage).c.run_id)).scalar_one() is None
        assert session.execute(select(func.count()).select_from(table_of(JobRunLine))).scalar_one() == 0
