"""A lab with two Vaults whose jobs fall due every five minutes of lab time, and stages that only say that they ran."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.opening import open_store
from models.store import Store
from models.tables import Counts, Job, JobKind, RunStatus, Vault
from models.time import Clock
from scheduler.clock import LabClock, attach_lab
from scheduler.engine import Engine, Pace
from scheduler.runner import RunEnded, Stage
from scheduler.runs import RunResult
from scheduler.scope import Scope
from tests.conftest import ManualClock

CLINICAL, SAFETY = 1001, 1002
FIVE_MINUTES = timedelta(minutes=5)
PATIENCE = 30
"""Seconds until a test gives up waiting for what must happen."""
QUICK = Pace(look=0.02, rest=0.005, beat=0.05, beat_paused=0.05, try_again=0.05)


@dataclass
class Work:
    """Stages that note each run. `hold` keeps the runs of a kind waiting, `break_down` lets them fail."""

    seen: "queue.Queue[tuple[JobKind, Scope]]" = field(default_factory=queue.Queue)
    hold: dict[JobKind, threading.Event] = field(default_factory=dict)
    break_down: set[tuple[JobKind, int]] = field(default_factory=set)
    at_once: int = 0
    most_at_once: dict[tuple[JobKind, int], int] = field(default_factory=dict)

    def stages(self) -> dict[JobKind, Stage]:
        def stage(kind: JobKind) -> Stage:
            def run_once(_store: Store, _clock: Clock, scope: Scope) -> RunResult:
                self.seen.put((kind, scope))
                if kind in self.hold:
                    assert self.hold[kind].wait(PATIENCE)
                if (kind, scope.vault_id) in self.break_down:
                    raise RuntimeError("the stage broke down")
                return RunResult(0, RunStatus.SUCCESS, Counts())

            return run_once

        return {kind: stage(kind) for kind in JobKind}

    def next(self) -> tuple[JobKind, int]:
        """The next run that begins."""
        kind, scope = self.seen.get(timeout=PATIENCE)
        return kind, scope.vault_id

    def all_until_now(self) -> list[tuple[JobKind, int]]:
        runs = []
        while not self.seen.empty():
            runs.append(self.next())
        return runs


class Events:
    """What engines have told."""

    def __init__(self) -> None:
        self._told: queue.Queue[Any] = queue.Queue()

    def __call__(self, event: Any) -> None:
        self._told.put(event)

    def wait_for(self, wanted: Callable[[Any], bool]) -> Any:
        while True:
            event = self._told.get(timeout=PATIENCE)
            if wanted(event):
                return event

    def wait_for_end(self, kind: JobKind, vault_id: int) -> RunEnded:
        ended = self.wait_for(
            lambda event: isinstance(event, RunEnded) and (event.vault_id, event.kind) == (vault_id, kind)
        )
        assert isinstance(ended, RunEnded)
        return ended


def make_vaults(store: Store, kinds: tuple[JobKind, ...] = (JobKind.SEND, JobKind.RECEIVE)) -> None:
    """Two Vaults; their jobs fall due five minutes from now."""
    with store.write() as write:
        for vault_id, name in ((CLINICAL, "Clinical"), (SAFETY, "Safety")):
            host = f"{name.lower()}.example.com"
            write.add(Vault(id=vault_id, name=name, dns_host=host, domain="example.com", family=name))
            write.flush()
            for kind in kinds:
                write.add(Job(vault_id=vault_id, kind=kind, next_run_at=write.now + FIVE_MINUTES))


@pytest.fixture(autouse=True)
def lab(store: Store, clock: ManualClock) -> LabClock:
    """The store's lab clock; real time stands still until the test moves it."""
    return attach_lab(store, clock)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def start(store: Store, work: Work, events: Events) -> Iterator[Callable[..., Engine]]:
    """Starts an engine on the store; it is stopped at the end of the test."""
    with ExitStack() as stack:

        def starter(on: Store = store, **options: Any) -> Engine:
            given: dict[str, Any] = {"stages": work.stages(), "on_event": events, "pace": QUICK, **options}
            return stack.enter_context(Engine(on, **given))

        yield starter
        for held in work.hold.values():
            held.set()


@pytest.fixture
def elsewhere(clock: ManualClock, tmp_path: Path) -> Iterator[Store]:
    """The same store as another process has it open."""
    other = open_store(tmp_path / "lab.sqlite3", clock=clock)
    attach_lab(other, clock)
    yield other
    other.close()
