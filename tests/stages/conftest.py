"""A lab with one pair of Vaults, as most tests of the stages begin."""

import pytest

from models.store import Store
from tests.conftest import ManualClock
from tests.stages.lab import Lab, make_lab


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> Lab:
    return make_lab(store, clock)
