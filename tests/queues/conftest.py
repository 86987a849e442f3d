"""Fixtures: a Vault that delivers to an external system."""

import pytest

from models.store import Store
from tests.conftest import ManualClock
from tests.queues.lab import Sender, make_sender


@pytest.fixture
def sender(store: Store, clock: ManualClock) -> Sender:
    return make_sender(store, clock)
