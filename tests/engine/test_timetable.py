"""When jobs are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.store import Store
from scheduler.clock import LabClock
from scheduler.lease import acquire
from scheduler.runner import next_time
from scheduler.timetable import LabTrigger

NOW = datetime(2030, 1, 1, tzinfo=UTC)
"""What APScheduler calls now: its time is not the lab's."""


@pytest.fixture(autouse=True)
def _engine_alive(store: Store) -> None:
    assert acquire(store)


def seconds_until_call(trigger: LabTrigger) -> float | None:
    moment = trigger.get_next_fire_time(None, NOW)
    return None if moment is None else (moment - NOW).total_seconds()


def test_a_job_is_called_sooner_when_the_clock_runs_faster(lab: LabClock) -> None:
    trigger = LabTrigger(lab, lab.now() + timedelta(minutes=5))
    assert seconds_until_call(trigger) == pytest.approx(300, abs=0.1)
    lab.set_speed(60)
    assert seconds_until_call(trigger) == pytest.approx(5, abs=0.1)


def test_a_job_is_not_called_while_the_clock_is_paused_before_its_time(lab: LabClock) -> None:
    trigger = LabTrigger(lab, lab.now() + timedelta(minutes=5))
    lab.pause()
    assert seconds_until_call(trigger) is None
    lab.resume()
    assert seconds_until_call(trigger) == pytest.approx(300, abs=0.1)


def test_a_step_makes_a_job_due_also_while_the_clock_is_paused(lab: LabClock) -> None:
    trigger = LabTrigger(lab, lab.now() + timedelta(minutes=5))
    lab.pause()
    lab.step(timedelta(minutes=5))
    assert seconds_until_call(trigger) == 0


def test_a_trigger_calls_once(lab: LabClock) -> None:
    trigger = LabTrigger(lab, lab.now())
    again = trigger.get_next_fire_time(NOW, NOW)
    assert again
    assert again > NOW + timedelta(days=1000)


@given(
    every=st.integers(1, 100_000),
    late=st.timedeltas(timedelta(), timedelta(days=1000)),
)
def test_the_next_time_is_the_first_one_ahead_however_many_were_missed(every: int, late: timedelta) -> None:
    due = next_time(NOW, every, NOW + late)
    assert NOW + late < due <= NOW + late + timedelta(seconds=every)
    assert (due - NOW) % timedelta(seconds=every) == timedelta()


def test_a_next_time_that_lies_ahead_stays() -> None:
    assert next_time(NOW, 300, NOW - timedelta(seconds=1)) == NOW
