"""All standard connections in one lab: they share their Vaults, and still everything arrives."""

import pytest
from sqlalchemy import func, select

from models.store import Store
from models.tables import Connection, ConnectionState, Record, table_of
from scheduler.signing import issue_certificate
from seed.catalogue.assemble import State
from seed.catalogue.labs import StandardLab, build_standard_lab
from seed.catalogue.load import catalogue
from tests.catalogue.lab import CatalogueLab


@pytest.mark.slow
def test_a_lab_of_all_standard_connections_moves_all_it_has_and_nothing_fails(store: Store) -> None:
    keys = tuple(catalogue().connections)
    build_standard_lab(store, StandardLab(keys, State.RUNNING, records=400), issue=issue_certificate)
    columns, records = table_of(Connection).c, table_of(Record)
    with store.read() as session:
        states = set(session.execute(select(columns.state)).scalars())
        before = session.execute(select(func.count()).select_from(records)).scalar_one()
    assert states == {ConnectionState.ACTIVE}
    lab = CatalogueLab.at_work(store, *keys)
    lab.run()
    with store.read() as session:
        after = session.execute(select(func.count()).select_from(records)).scalar_one()
    assert after > before + 300
    assert lab.troubles() == []
