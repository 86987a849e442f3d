"""Fixtures: a fresh store on a real SQLite file, and a clock that only moves when told to."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from models.store import Store
from tests import stores

settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("house")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests that wait for a terminal, a process or a clock leave a core to others."""
    return (os.cpu_count() or 1) + 1


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@pytest.fixture(scope="session", autouse=True)
def made_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    stores.keep_in(tmp_path_factory.mktemp("stores"))
    with stores.statements_kept():
        yield


@pytest.fixture(autouse=True)
def in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test calls without colours says so in the environment of its process: the next one has them again."""
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.delenv("NO_COLOR")


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """A console has what it loaded passed over by the garbage collector for good: one per process, here many."""
    yield
    # Asking first whether there is anything to thaw takes longer, because what is frozen is counted then.
    gc.unfreeze()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened = stores.fresh(tmp_path / "lab.sqlite3", clock)
    yield opened
    opened.close()
