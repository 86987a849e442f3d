"""The lab clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from models.errors import InvalidInput
from models.feed import Change, Topic
from models.opening import open_store
from models.store import Store
from scheduler.clock import LabClock, attach_lab
from scheduler.lease import Lease, acquire
from tests import stores
from tests.conftest import ManualClock


def passed(lab: LabClock, since: datetime) -> float:
    """Lab seconds since a lab time; writes in between count a millisecond each, which does not matter here."""
    return round((lab.now() - since).total_seconds(), 1)


def live_on(lease: Lease, clock: ManualClock, seconds: int) -> None:
    """Let real time pass while the engine gives its signs of life."""
    for _second in range(seconds):
        clock.advance(seconds=1)
        assert lease.beat()


@pytest.fixture
def lease(store: Store) -> Lease:
    taken = acquire(store)
    assert taken
    return taken


def test_lab_time_stands_still_while_no_engine_lives(lab: LabClock, clock: ManualClock) -> None:
    begin = lab.now()
    clock.advance(hours=8)
    assert lab.now() == begin


def test_lab_time_passes_as_real_time_does_while_an_engine_lives(
    lab: LabClock, lease: Lease, clock: ManualClock
) -> None:
    begin = lab.now()
    live_on(lease, clock, 10)
    assert passed(lab, begin) == 10


def test_lab_time_follows_the_speed(lab: LabClock, lease: Lease, clock: ManualClock) -> None:
    lab.set_speed(60)
    begin = lab.now()
    live_on(lease, clock, 10)
    lab.set_speed(0.5)
    live_on(lease, clock, 10)
    assert passed(lab, begin) == 605


def test_a_paused_clock_stands_still_and_goes_on_from_there(lab: LabClock, lease: Lease, clock: ManualClock) -> None:
    begin = lab.now()
    lab.pause()
    live_on(lease, clock, 10)
    assert passed(lab, begin) == 0
    lab.resume()
    live_on(lease, clock, 3)
    assert passed(lab, begin) == 3


@pytest.mark.usefixtures("lease")
def test_a_step_moves_the_clock_ahead_paused_or_not(lab: LabClock) -> None:
    begin = lab.now()
    lab.step(timedelta(minutes=5))
    lab.pause()
    lab.step(timedelta(minutes=2))
    assert passed(lab, begin) == 420


@pytest.mark.parametrize("speed", [0, -1, 0.05, 3601, float("nan"), float("inf")])
def test_a_speed_outside_of_its_range_is_refused_in_words(lab: LabClock, speed: float) -> None:
    with pytest.raises(InvalidInput, match=r"0\.1 to 3600 times real time"):
        lab.set_speed(speed)
    assert lab.speed == 1


@pytest.mark.parametrize("duration", [timedelta(), timedelta(seconds=-1), timedelta(days=400)])
def test_a_step_back_or_too_far_is_refused(lab: LabClock, duration: timedelta) -> None:
    begin = lab.now()
    with pytest.raises(InvalidInput, match="steps ahead only"):
        lab.step(duration)
    assert lab.now() == begin


@pytest.mark.usefixtures("lease")
def test_after_a_crash_the_lab_stays_where_the_last_sign_of_life_left_it(lab: LabClock, clock: ManualClock) -> None:
    lab.set_speed(60)
    begin = lab.now()
    clock.advance(hours=9)
    assert passed(lab, begin) == 5 * 60


def test_hours_in_which_the_machine_slept_are_no_lab_time(lab: LabClock, lease: Lease, clock: ManualClock) -> None:
    begin = lab.now()
    clock.advance(hours=9)
    live_on(lease, clock, 2)
    assert passed(lab, begin) == 5 + 1


def test_a_time_of_day_that_is_set_back_stops_the_lab_for_a_moment_only(
    lab: LabClock, lease: Lease, clock: ManualClock
) -> None:
    live_on(lease, clock, 10)
    begin = lab.now()
    clock.advance(hours=-3)
    assert lab.now() == begin
    live_on(lease, clock, 5)
    assert passed(lab, begin) == 4


def test_a_closed_lab_goes_on_where_it_was(lab: LabClock, lease: Lease, clock: ManualClock, elsewhere: Store) -> None:
    begin = lab.now()
    live_on(lease, clock, 7)
    lease.release()
    clock.advance(days=30)
    assert passed(lab, begin) == 7

    reopened = attach_lab(elsewhere)
    assert acquire(elsewhere)
    clock.advance(seconds=3)
    assert passed(reopened, begin) == 10


@pytest.mark.usefixtures("lease")
def test_what_another_process_does_to_the_clock_counts_from_the_next_reload(
    lab: LabClock, clock: ManualClock, elsewhere: Store
) -> None:
    theirs = attach_lab(elsewhere)
    theirs.reload()
    theirs.set_speed(100)
    lab.reload()
    begin = lab.now()
    clock.advance(seconds=1)
    assert lab.speed == 100
    assert passed(lab, begin) == 100


def test_a_command_counts_from_what_another_process_has_just_decided(lab: LabClock, elsewhere: Store) -> None:
    attach_lab(elsewhere).step(timedelta(hours=1))
    begin = lab.now()
    lab.step(timedelta(hours=1))
    assert passed(lab, begin) == 7200


def test_what_was_read_before_a_command_and_comes_in_after_it_counts_for_nothing(lab: LabClock) -> None:
    before = lab.reload()
    lab.pause()
    lab.take(before)
    assert lab.paused


def test_a_command_is_told_to_the_feed_and_only_when_it_changes_something(store: Store, lab: LabClock) -> None:
    listener = store.feed.subscribe()
    lab.resume()
    lab.set_speed(1)
    assert listener.drain() == frozenset()
    lab.pause()
    assert listener.drain() == {Change(Topic.LAB)}


def test_asking_for_the_time_needs_no_database(store: Store, lab: LabClock) -> None:
    with statements_of(store) as statements:
        lab.now()
        lab.delay_until(lab.now() + timedelta(hours=1))
    assert statements == []


def test_a_write_can_ask_for_the_time(store: Store, lab: LabClock) -> None:
    with store.write() as write:
        assert lab.now() <= write.now


def test_attaching_a_lab_clock_twice_gives_the_same_one(store: Store, lab: LabClock) -> None:
    assert attach_lab(store) is lab is store.clock


@pytest.mark.usefixtures("lease")
def test_the_wait_for_a_lab_time_follows_speed_pause_and_step(lab: LabClock) -> None:
    due = lab.now() + timedelta(minutes=10)
    assert lab.delay_until(due) == pytest.approx(600)
    lab.set_speed(60)
    assert lab.delay_until(due) == pytest.approx(10, abs=0.1)
    lab.pause()
    assert lab.delay_until(due) is None
    lab.step(timedelta(minutes=10))
    assert lab.delay_until(due) == 0


@contextmanager
def statements_of(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


HAPPENINGS = st.one_of(
    st.tuples(st.just("time passes"), st.floats(0, 100_000)),
    st.tuples(st.just("speed"), st.sampled_from([0.1, 1.0, 7.3, 60.0, 3600.0])),
    st.tuples(st.just("step"), st.floats(0.001, 100_000)),
    st.tuples(
        st.sampled_from(["pause", "resume", "write", "sign of life", "reopened", "crashed", "set back"]), st.just(0.0)
    ),
)


@settings(max_examples=60)
@given(happenings=st.lists(HAPPENINGS, max_size=25))
def test_lab_time_never_goes_back(
    happenings: list[tuple[str, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with LabHistory(tmp_path_factory.mktemp("lab") / "lab.sqlite3") as history:
        for name, amount in happenings:
            history.let(name, amount)
            assert history.lab.now() >= history.latest, name
            history.latest = history.lab.now()


class LabHistory:
    """A lab through commands, restarts, crashes and a time of day that is set back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()
        stores.fresh(path, self.clock).close()
        self.open()
        self.latest = self.lab.now()

    def open(self) -> None:
        self.store = open_store(self.path, clock=self.clock)
        self.lab = attach_lab(self.store, self.clock)
        if hasattr(self, "latest"):
            assert self.lab.now() >= self.latest, "opened"
        self.lease = acquire(self.store)

    def __enter__(self) -> "LabHistory":
        return self

    def __exit__(self, *_error: object) -> None:
        self.store.close()

    def let(self, name: str, amount: float) -> None:
        match name:
            case "time passes":
                self.clock.advance(seconds=amount)
            case "speed":
                self.lab.set_speed(amount)
            case "step":
                self.lab.step(timedelta(seconds=amount))
            case "pause" | "resume":
                getattr(self.lab, name)()
            case "write":
                with self.store.write() as write:
                    assert write.now >= self.latest
            case "sign of life":
                self.live()
            case "set back":
                self.clock.advance(hours=-1)
                self.live()
            case _:
                self.come_back(crashed=name == "crashed")

    def live(self) -> None:
        assert self.lease
        assert self.lease.beat()

    def come_back(self, *, crashed: bool) -> None:
        if not crashed:
            assert self.lease
            self.lease.release()
        self.store.close()
        # Nobody comes back in the same instant; a crashed engine must have fallen silent first.
        self.clock.advance(seconds=100)
        self.open()
