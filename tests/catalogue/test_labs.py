"""Labs of standard connections: any set of them, in any state, with records to move."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.errors import InvalidInput, NotFound, NotPossible
from models.store import Store
from models.tables import Connection, ConnectionState, Integration, Queue, Record, User, table_of
from scheduler.signing import issue_certificate
from seed.catalogue.assemble import State
from seed.catalogue.labs import StandardLab, build_standard_lab
from seed.faults import FAULTS, fault
from tests import stores
from tests.catalogue.lab import CatalogueLab
from tests.conftest import ManualClock

ECOA = "ecoa_clinops"
_connections, _integrations, _records = table_of(Connection), table_of(Integration), table_of(Record)


def built(store: Store, lab: StandardLab) -> list[tuple[str, str]]:
    """Build a lab; answers connection and name of each fault."""
    return [(one.connection.key, one.fault.name) for one in build_standard_lab(store, lab, issue=issue_certificate)]


def states(store: Store) -> set[ConnectionState]:
    with store.read() as session:
        return set(session.execute(select(_connections.c.state)).scalars())


def activity(store: Store) -> set[bool]:
    with store.read() as session:
        return set(session.execute(select(_integrations.c.active)).scalars())


def count(store: Store) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(_records)).scalar_one())


def test_untouched_is_as_a_new_customer_finds_it(store: Store) -> None:
    built(store, StandardLab((ECOA,), State.UNTOUCHED))
    assert states(store) == {ConnectionState.PENDING}
    assert activity(store) == {False}


def test_established_has_both_sides_active_and_no_integration_on(store: Store) -> None:
    built(store, StandardLab((ECOA,), State.ESTABLISHED))
    assert states(store) == {ConnectionState.ACTIVE}
    assert activity(store) == {False}


def test_a_running_lab_has_as_many_records_as_asked_for_and_moves_them_all(store: Store) -> None:
    built(store, StandardLab((ECOA,), State.RUNNING, records=90))
    assert activity(store) == {True}
    assert count(store) >= 90
    lab = CatalogueLab.at_work(store, ECOA)
    lab.run()
    assert lab.troubles() == []
    studies = [row for row in lab.records("clinops", "study__v") if row["sim_connect_to_vault_ecoa__c"]]
    assert len(lab.records("ecoa", "sim_study__c")) == len(studies) > 1


def records_of(store: Store) -> list[tuple[object, ...]]:
    with store.read() as session:
        return [tuple(row) for row in session.execute(select(_records).order_by(_records.c.id))]


def test_the_same_number_makes_the_same_lab(store: Store, tmp_path: Path) -> None:
    lab = StandardLab((ECOA,), State.RUNNING, records=40)
    built(store, lab)
    other = stores.fresh(tmp_path / "other.sqlite3", ManualClock())
    try:
        built(other, lab)
        assert records_of(store) == records_of(other)
    finally:
        other.close()


def test_a_broken_lab_has_the_faults_that_were_named(store: Store) -> None:
    lab = StandardLab((ECOA,), State.RUNNING, (fault("delivery-held"), fault("user-gone")))
    assert built(store, lab) == [(ECOA, "delivery-held"), (ECOA, "user-gone")]
    with store.read() as session:
        held = session.execute(select(table_of(Queue).c.api_name).where(~table_of(Queue).c.delivery_enabled)).scalars()
        gone = session.execute(select(table_of(User).c.username).where(~table_of(User).c.active)).scalars()
        assert len(list(held)) == len(list(gone)) == 1


@pytest.mark.parametrize("name", [one.name for one in FAULTS])
def test_each_fault_fits_a_connection(store: Store, name: str) -> None:
    assert built(store, StandardLab((ECOA,), State.RUNNING, (fault(name),))) == [(ECOA, name)]


def test_an_unknown_connection_is_refused_with_those_that_there_are(store: Store) -> None:
    with pytest.raises(NotFound, match="no standard connection nowhere") as refusal:
        built(store, StandardLab(("nowhere",)))
    assert ECOA in refusal.value.remedy
    assert count(store) == 0


def test_a_number_of_records_that_no_lab_has_is_refused_by_its_field(store: Store) -> None:
    with pytest.raises(InvalidInput) as refusal:
        built(store, StandardLab((ECOA,), records=-1))
    assert "records" in refusal.value.fields


def test_only_a_running_lab_can_be_broken(store: Store) -> None:
    with pytest.raises(InvalidInput, match="running"):
        built(store, StandardLab((ECOA,), State.UNTOUCHED, FAULTS))


def test_a_store_that_holds_vaults_is_left_as_it_is(store: Store) -> None:
    built(store, StandardLab((ECOA,)))
    before = count(store)
    with pytest.raises(NotPossible, match="already holds Vaults"):
        built(store, StandardLab((ECOA,), records=50))
    assert count(store) == before
