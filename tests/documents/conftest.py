"""A lab with documents on both sides; what is sent is for each test to say."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.opening import key_path, open_store
from tests.builders import Pair
from tests.conftest import ManualClock
from tests.documents.lab import DocumentLab, build_documents


@pytest.fixture(scope="session")
def documents_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Pair]:
    """The file of a store with the Vaults; copy it, never open it."""
    path = tmp_path_factory.mktemp("documents") / "lab.sqlite3"
    store = open_store(path, clock=ManualClock())
    pair = build_documents(store)
    store.close()
    return path, pair


@pytest.fixture
def lab(documents_template: tuple[Path, Pair], tmp_path: Path, clock: ManualClock) -> Iterator[DocumentLab]:
    template, pair = documents_template
    path = tmp_path / "lab.sqlite3"
    shutil.copy(template, path)
    shutil.copy(key_path(template), key_path(path))
    store = open_store(path, clock=clock)
    yield DocumentLab(store, clock, pair)
    store.close()
