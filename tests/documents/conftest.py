"""A lab with documents on both sides; what is sent is for each test to say."""

import pytest

from models.store import Store
from tests.conftest import ManualClock
from tests.console.calm import calmly, nothing_ahead
from tests.documents.lab import DocumentLab, build_documents


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> DocumentLab:
    return DocumentLab(store, clock, build_documents(store))


__all__ = ["calmly", "lab", "nothing_ahead"]
