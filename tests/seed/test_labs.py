"""The labs to begin with: at work, untouched, and with faults that the doctor finds and that can be mended."""

import pytest
from sqlalchemy import select

from models.doctor import examine
from models.doctor.finding import FindingKind
from models.errors import NotFound, NotPossible
from models.queries.lab import ask, vault_list
from models.store import Store
from models.tables import Connection, ConnectionState, ConnectionType, Integration, Record, table_of
from seed.labs import FAULTS, LABS, build_lab, lab_kind
from tests.contents import digest_of
from tests.seed.conftest import no_key

FOUND_AS = {
    "one-side-off": {FindingKind.OFF_ON_ONE_SIDE},
    "user-gone": {FindingKind.USER_INACTIVE},
    "delivery-held": {FindingKind.DELIVERY_DISABLED},
    "keys-lost": {FindingKind.LOOKUP_KEY_MISSING},
    "partner-forgotten": {FindingKind.NOT_ACTIVE, FindingKind.PARTNER_NOT_ACTIVE},
}


def build(store: Store, name: str) -> None:
    build_lab(store, lab_kind(name), issue=no_key)


def states(store: Store) -> set[ConnectionState]:
    columns = table_of(Connection).c
    with store.read() as session:
        statement = select(columns.state).where(columns.type == ConnectionType.VAULT_TO_VAULT)
        return set(session.execute(statement).scalars())


def findings(store: Store) -> set[FindingKind]:
    """What the doctor finds with any connection of the lab."""
    columns = table_of(Connection).c
    with store.read() as session:
        rows = session.execute(select(columns.vault_id, columns.id)).all()
        now = store.clock.now()
        return {finding.kind for vault_id, key in rows for finding in examine(session, vault_id, key, now)}


def test_the_untouched_lab_is_as_a_new_customer_finds_it(store: Store) -> None:
    build(store, "untouched")
    assert states(store) == {ConnectionState.PENDING}
    with store.read() as session:
        assert set(session.execute(select(table_of(Integration).c.active)).scalars()) == {False}
        assert session.execute(select(table_of(Record).c.id).limit(1)).first() is not None


def test_the_lab_at_work_has_established_connections(store: Store) -> None:
    build(store, "running")
    assert states(store) == {ConnectionState.PENDING, ConnectionState.ACTIVE}


def test_every_fault_of_the_broken_lab_is_found_by_the_doctor(store: Store) -> None:
    build(store, "broken")
    found = findings(store)
    assert set(FOUND_AS) == {fault.name for fault in FAULTS}
    for name, kinds in FOUND_AS.items():
        assert kinds & found, name


@pytest.mark.parametrize("name", [name for name in FOUND_AS if name != "keys-lost"])
def test_no_fault_stands_in_the_lab_at_work(store: Store, name: str) -> None:
    build(store, "running")
    assert not FOUND_AS[name] & findings(store)


def test_a_cancelled_lab_leaves_the_store_as_it_was(store: Store) -> None:
    before = digest_of(store)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 12

    with pytest.raises(NotPossible, match="Cancelled"):
        build_lab(store, lab_kind("broken"), issue=no_key, cancelled=cancelled)
    assert digest_of(store) == before
    build(store, "untouched")
    assert ask(store, vault_list)


def test_a_lab_is_not_built_over_another(store: Store) -> None:
    build(store, "untouched")
    with pytest.raises(NotPossible, match="already holds Vaults"):
        build(store, "running")


def test_an_unknown_lab_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NotFound, match="no lab bogus"):
        lab_kind("bogus")
    assert len({kind.name for kind in LABS}) == len(LABS) == 3
