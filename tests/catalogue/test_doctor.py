"""Of a standard connection that is set up and at work, the doctor has nothing to say."""

import pytest
from sqlalchemy import select

from models.doctor import examine
from models.doctor.finding import FindingKind
from models.store import Store
from models.tables import Connection, table_of
from seed.catalogue.load import catalogue
from tests.catalogue.lab import CatalogueLab

OPEN = {FindingKind.NO_ENGINE}
"""No engine runs while a test does."""
KNOWN = {"medical_safety": {FindingKind.POINT_WITHOUT_SOURCE}}
"""What Safety's outbound point for adverse events sends is not published."""


@pytest.mark.parametrize("key", catalogue().connections)
def test_a_standard_connection_is_sound(store: Store, key: str) -> None:
    lab = CatalogueLab.of(store, key)
    connections = table_of(Connection)
    with lab.store.read() as session:
        for row in session.execute(select(connections)).all():
            found = examine(session, row.vault_id, row.id, lab.store.clock.now())
            texts = [str(finding) for finding in found if finding.kind not in OPEN | KNOWN.get(key, set())]
            assert texts == []
