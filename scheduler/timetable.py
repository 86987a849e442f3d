"""When jobs are due: lab time on one side, APScheduler's real time on the other."""

import contextlib
import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from scheduler.clock import LabClock

# A terminal screen is no place for log lines: they go where the program says, or nowhere.
logging.getLogger("apscheduler").addHandler(logging.NullHandler())

EARLY = 0.05
"""Seconds of real time that a job may be early: two clocks never agree to the millisecond."""
LONG = timedelta(days=36_500)


class LabTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """Fires once, when the lab clock reaches `due`; not at all while the clock is paused before that."""

    def __init__(self, clock: LabClock, due: datetime, at_least: float = 0.0) -> None:
        self._clock = clock
        self._due = due
        self._at_least = at_least

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Answer the real time at which `due` comes, as the clock runs now."""
        if previous_fire_time is not None:
            # Spent: the job's end gives it its next time. Saying "never" here would have APScheduler remove the job
            # itself, and its thread would break when that meets a shutdown.
            return now + LONG
        delay = self._clock.delay_until(self._due)
        return None if delay is None else now + timedelta(seconds=max(delay, self._at_least))


@dataclass(eq=False)
class Entry:
    """One call of a job that is to come. `loose` says that APScheduler must still be told."""

    due: datetime
    call: Callable[[datetime], None]
    once: bool = False
    loose: bool = True
    early: bool = False
    spent: bool = False
    handle: str = ""


class Timetable:
    """Calls jobs when they are due, in a pool of threads. What is called must `put` itself in again to be called again.

    Only `start`, `apply` and `shut_down` touch APScheduler, and one thread alone may call them: APScheduler
    waits for its pool while it holds its locks, so the pool's threads must never need those. `on_loose` is called when
    `apply` has something to do.
    """

    def __init__(self, clock: LabClock, on_loose: Callable[[], None], *, threads: int) -> None:
        self._clock = clock
        self._on_loose = on_loose
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._dropped: list[Entry] = []
        self._calls = 0
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads, {"thread_name_prefix": "job"})},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to call jobs."""
        self._scheduler.start()

    def shut_down(self, *, wait: bool) -> None:
        """Call no more jobs; with `wait`, answers when the pool's threads have ended. Never on the UI's thread."""
        self._scheduler.shutdown(wait=wait)

    def at_once(self, call: Callable[[], None]) -> None:
        """Call something as soon as a thread of the pool is free, whatever the lab clock does."""
        entry = Entry(self._clock.now(), lambda _due: call(), once=True)
        with self._lock:
            self._entries[f"at once {id(entry)}"] = entry
        self._on_loose()

    def put(self, key: str, due: datetime, call: Callable[[datetime], None]) -> None:
        """Have `call(due)` called when lab time `due` has come; replaces what is under this key for another time."""
        with self._lock:
            known = self._entries.get(key)
            if known is not None and known.due == due:
                return
            if known is not None:
                self._dropped.append(known)
            self._entries[key] = Entry(due, call)
        self._on_loose()

    def keep(self, keys: Collection[str]) -> None:
        """Drop the entries that are not under one of these keys."""
        with self._lock:
            gone = [key for key, entry in self._entries.items() if not entry.once and key not in keys]
            self._dropped += [self._entries.pop(key) for key in gone]
        if gone:
            self._on_loose()

    def apply(self, *, clock_changed: bool = False) -> None:
        """Tell APScheduler what is new; all of it when the clock was paused, resumed, stepped or changed its speed."""
        with self._lock:
            dropped, self._dropped = self._dropped, []
            waiting = [
                (key, entry)
                for key, entry in self._entries.items()
                if not entry.spent and (entry.loose or clock_changed)
            ]
            # After a step many are due at once: they are called in the order in which they fell due.
            waiting.sort(key=lambda item: item[1].due)
            for _key, entry in waiting:
                entry.loose = False
        for entry in dropped:
            self._unschedule(entry)
        for key, entry in waiting:
            self._unschedule(entry)
            trigger = LabTrigger(self._clock, entry.due, EARLY if entry.early else 0.0)
            # A handle of its own each time: an old one could still count as running in the pool.
            entry.handle = self._scheduler.add_job(self._fire, trigger, args=(key, entry), name=key).id

    def is_quiet(self) -> bool:
        """Whether nothing is being called and nothing is due."""
        now = self._clock.now()
        with self._lock:
            return not self._calls and all(entry.spent or entry.due > now for entry in self._entries.values())

    def _unschedule(self, entry: Entry) -> None:
        if entry.handle:
            with contextlib.suppress(JobLookupError):
                self._scheduler.remove_job(entry.handle)

    def _fire(self, key: str, entry: Entry) -> None:
        delay = self._clock.delay_until(entry.due)
        with self._lock:
            if entry.spent or self._entries.get(key) is not entry:
                return
            entry.early = entry.loose = delay is None or delay > EARLY
            entry.spent = not entry.early
            self._calls += entry.spent
        if entry.early:
            self._on_loose()
            return
        try:
            entry.call(entry.due)
        finally:
            with self._lock:
                self._calls -= 1
                if entry.once:
                    self._dropped.append(self._entries.pop(key))
            if entry.once:
                self._on_loose()
