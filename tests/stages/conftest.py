"""A lab with one pair of Vaults, as most tests of the stages begin."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.opening import key_path, open_store
from tests.builders import Pair, build_pair
from tests.conftest import ManualClock
from tests.stages.lab import Lab


@pytest.fixture(scope="session")
def lab_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Pair]:
    """The file of a store with the pair; copy it, never open it."""
    path = tmp_path_factory.mktemp("template") / "lab.sqlite3"
    store = open_store(path, clock=ManualClock())
    pair = build_pair(store)
    store.close()
    return path, pair


@pytest.fixture
def lab(lab_template: tuple[Path, Pair], tmp_path: Path, clock: ManualClock) -> Iterator[Lab]:
    template, pair = lab_template
    path = tmp_path / "lab.sqlite3"
    shutil.copy(template, path)
    shutil.copy(key_path(template), key_path(path))
    store = open_store(path, clock=clock)
    yield Lab(store, clock, pair)
    store.close()
