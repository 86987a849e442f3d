"""The lab clock: the time that all Vaults of a store live in. It can run faster, stand still, or be stepped.

Lab time passes only while an engine is alive: the engine's sign of life (see `scheduler.lease`) lets time pass for a
few seconds at once. So hours with the program closed are no time in the lab, and a crash leaves it where it was.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlmodel import Session

from models.errors import InvalidInput
from models.feed import Topic
from models.moments import lab_time
from models.store import Store, WriteSession
from models.tables import Lab, table_of
from models.time import Clock, SystemClock

_lab = table_of(Lab)

SLOWEST, FASTEST = 0.1, 3600.0
"""Lab seconds per second, at least and at most."""
LONGEST_STEP = timedelta(days=366)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LabState:
    """The lab's row as it was at one moment."""

    lab_base: datetime
    real_base: datetime
    speed: float
    paused: bool
    last_tick: datetime
    generator: bool
    holder: str | None
    holder_pid: int | None
    holder_host: str | None
    alive_until: datetime | None

    @classmethod
    def load(cls, session: Session) -> "LabState":
        """Read the row."""
        columns = [_lab.c[name] for name in cls.__dataclass_fields__]
        return cls(*session.execute(select(*columns).where(_lab.c.id == 1)).one())

    def at(self, real: datetime) -> datetime:
        """The lab time at a real time: no later than what the engine's last sign of life allows."""
        return lab_time(
            real,
            lab_base=self.lab_base,
            real_base=self.real_base,
            speed=self.speed,
            paused=self.paused,
            alive_until=self.alive_until,
        )

    @property
    def age(self) -> tuple[datetime, datetime]:
        """Orders states as they were committed: signs of life prolong `alive_until`, all else takes a tick."""
        return self.last_tick, self.alive_until or _NEVER


class LabClock:
    """Tells the lab time, and lets it be paused, resumed, sped up and stepped. Safe to share between threads.

    `now` neither touches the database nor waits for anybody who does. Commands write to the store and tell the feed
    (`Topic.LAB`); like every write, they must not be called inside another one. The commands of other processes count
    from the next `reload`.
    """

    def __init__(self, store: Store, real: Clock, state: LabState) -> None:
        self.real = real
        """The time of day, which measures how fast the lab time passes."""
        self._store = store
        self._lock = threading.Lock()
        self._state = state
        self._latest = state.at(real.now())

    def now(self) -> datetime:
        """Answer the present lab time; within one process it never goes back, whatever the time of day does."""
        moment = self._state.at(self.real.now())
        with self._lock:
            self._latest = max(self._latest, moment)
            return self._latest

    @property
    def state(self) -> LabState:
        """The lab's row as last seen."""
        return self._state

    @property
    def speed(self) -> float:
        """Lab seconds per second."""
        return self._state.speed

    @property
    def paused(self) -> bool:
        """Whether the clock was told to stand still."""
        return self._state.paused

    def delay_until(self, due: datetime) -> float | None:
        """Seconds of real time until the lab time `due`: 0 when it has come, None while the clock is paused."""
        wait = (due - self.now()).total_seconds()
        if wait <= 0:
            return 0.0
        return None if self._state.paused else wait / self._state.speed

    def reload(self) -> LabState:
        """Take over what other processes have made of the lab."""
        with self._store.read() as session:
            return self.take(LabState.load(session))

    def take(self, state: LabState) -> LabState:
        """Go on from a state that was read or committed; an older one than is known already counts for nothing."""
        with self._lock:
            if state.age >= self._state.age:
                self._state = state
            return self._state

    def pause(self) -> None:
        """Let the clock stand still."""
        self._command(lambda state: None if state.paused else {"paused": True})

    def resume(self) -> None:
        """Let the clock go on."""
        self._command(lambda state: {"paused": False} if state.paused else None)

    def set_speed(self, speed: float) -> None:
        """Let `speed` lab seconds pass per second. Raises InvalidInput outside 0.1 to 3600."""
        if not (math.isfinite(speed) and SLOWEST <= speed <= FASTEST):
            raise InvalidInput(
                {"speed": f"The lab clock runs at {SLOWEST:g} to {FASTEST:g} times real time, not at {speed:g} times."}
            )
        self._command(lambda state: None if state.speed == speed else {"speed": float(speed)})

    def step(self, duration: timedelta) -> None:
        """Move the clock ahead; jobs that fall due on the way run once. Raises InvalidInput for other directions."""
        if not timedelta() < duration <= LONGEST_STEP:
            raise InvalidInput({"step": f"The lab clock steps ahead only, at most {LONGEST_STEP.days} days at once."})
        self._command(lambda _state: {}, ahead=duration)

    def rebase(
        self, write: WriteSession, condition: ColumnElement[bool], *, ahead: timedelta = timedelta(), **values: Any
    ) -> LabState | None:
        """Count lab time anew from this write's time, and change other columns of the lab's row with it.

        Answers the new state, for `take` after the commit, or None when `condition` did not hold and nothing changed.
        """
        state = LabState.load(write)
        real = self.real.now()
        # The write's own time is later than all that was committed: lab time goes on from there or later.
        base = max(state.at(real), write.now) + ahead
        done = write.connection().execute(
            update(_lab).where(_lab.c.id == 1, condition).values(lab_base=base, real_base=real, **values)
        )
        if not done.rowcount:
            return None
        write.changed(Topic.LAB)
        return LabState.load(write)

    def _command(self, change: Callable[[LabState], dict[str, Any] | None], *, ahead: timedelta = timedelta()) -> None:
        # What another process has just decided counts, also for the time that this write gets.
        self.reload()
        with self._store.write() as write:
            values = change(LabState.load(write))
            state = None if values is None else self.rebase(write, _lab.c.id == 1, ahead=ahead, **values)
        if state is not None:
            self.take(state)


def attach_lab(store: Store, real: Clock | None = None) -> LabClock:
    """Make the lab clock the store's clock; one that it has already stays. `real` is the time of day by default."""
    if isinstance(store.clock, LabClock):
        return store.clock
    with store.read() as session:
        state = LabState.load(session)
    store.clock = clock = LabClock(store, real or SystemClock(), state)
    return clock
