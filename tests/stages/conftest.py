"""A lab with one pair of Vaults, as most tests of the stages begin."""

import pytest

from models.store import Store
from tests.builders import build_pair
from tests.conftest import ManualClock
from tests.stages.lab import Lab


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> Lab:
    return Lab(store, clock, build_pair(store))
