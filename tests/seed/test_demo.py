"""The demo: what it holds, that it is the same each time, and that it is built whole or not at all."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.errors import NotPossible
from models.opening import open_store
from models.permissions import Permission, Right, actor_for
from models.store import Store
from models.tables import (
    Connection,
    ConnectionState,
    ConnectionType,
    Integration,
    Job,
    Lab,
    PointSource,
    Record,
    SigningCertificate,
    User,
    Vault,
    table_of,
)
from scheduler.signing import Signer
from seed.demo import build_demo
from tests.conftest import ManualClock
from tests.seed.conftest import everything, no_key, scenario_of_demo

FAMILIES = {"Clinical Operations", "EDC", "Quality", "RIM", "Safety", "Medical", "PromoMats", "Vault CRM"}


def test_there_are_eight_vaults_of_one_domain_and_a_sandbox_of_medical(demo: Store) -> None:
    with demo.read() as session:
        vaults = list(session.execute(select(table_of(Vault))))
    by_name = {vault.name: vault for vault in vaults}
    assert set(by_name) == FAMILIES | {"Medical Sandbox"}
    assert {vault.domain for vault in vaults} == {"verteo.example"}
    assert [vault.name for vault in vaults if vault.sandbox] == ["Medical Sandbox"]
    assert by_name["Medical Sandbox"].parent_id == by_name["Medical"].id


def test_the_same_seed_builds_the_same_store(tmp_path: Path, store: Store) -> None:
    other = open_store(tmp_path / "other.sqlite3", clock=ManualClock())
    build_demo(store, issue=no_key, seed=11)
    build_demo(other, issue=no_key, seed=11)
    first, second = everything(store), everything(other)
    other.close()
    # Sealing the same key twice gives two different texts, by design.
    for rows in (first, second):
        rows["signing_certificate"] = [row[:3] + row[4:] for row in rows["signing_certificate"]]
    assert first == second


def test_another_seed_builds_other_records(demo: Store, store: Store) -> None:
    build_demo(store, issue=no_key, seed=8)
    assert everything(store)["record"] != everything(demo)["record"]


def test_a_store_that_holds_vaults_is_refused_and_stays_as_it_is(demo: Store) -> None:
    before = everything(demo)
    with pytest.raises(NotPossible, match="already holds Vaults"):
        build_demo(demo, issue=no_key)
    after = everything(demo)
    # The write that was rolled back left nothing behind, not even a tick.
    assert after == before


def test_a_build_that_fails_leaves_an_empty_store(store: Store) -> None:
    def broken(*_: object) -> None:
        raise NotPossible("No certificate today.")

    before = everything(store)
    with pytest.raises(NotPossible, match="No certificate today"):
        build_demo(store, issue=broken)  # type: ignore[arg-type]
    assert everything(store) == before


def test_the_lab_stands_at_its_start_and_runs_at_sixty_times_with_the_generator_on(demo: Store) -> None:
    lab = scenario_of_demo().lab
    with demo.read() as session:
        row = session.execute(select(table_of(Lab))).one()
    assert (row.lab_base, row.last_tick) == (lab.starts, lab.starts)
    assert (row.speed, row.paused, row.generator) == (60.0, False, True)
    assert row.holder is None


def test_a_store_on_the_time_of_day_stands_still_at_the_start(tmp_path: Path) -> None:
    fresh = open_store(tmp_path / "fresh.sqlite3")
    build_demo(fresh, issue=no_key)
    with fresh.write() as write:
        assert write.now - scenario_of_demo().lab.starts == timedelta(milliseconds=1)
    fresh.close()


def test_each_job_is_due_within_its_period_after_the_start(demo: Store) -> None:
    starts = scenario_of_demo().lab.starts
    with demo.read() as session:
        jobs = list(session.execute(select(table_of(Job))))
    assert len(jobs) == 9 * 3
    for job in jobs:
        assert timedelta() < job.next_run_at - starts <= timedelta(seconds=job.every_seconds)


def test_every_record_was_made_by_a_user_of_its_vault_in_the_weeks_before_the_start(demo: Store) -> None:
    lab = scenario_of_demo().lab
    records, users = table_of(Record), table_of(User)
    with demo.read() as session:
        made = list(
            session.execute(
                select(records.c.created_at, records.c.modified_at, records.c.vault_id, users.c.vault_id)
                .select_from(records)
                .outerjoin(users, users.c.id == records.c.created_by)
            )
        )
    assert 400 <= len(made) <= 900
    for created, modified, vault_id, users_vault_id in made:
        # A document may have lived on, a moment later.
        assert lab.configured < created <= modified < lab.starts
        assert modified - created < timedelta(seconds=1)
        assert users_vault_id == vault_id
        assert created.weekday() < 5
    assert len({created.date() for created, *_ in made}) > 15


def test_no_integration_has_run_past_a_record_that_it_is_to_send(demo: Store) -> None:
    with demo.read() as session:
        sources = select(table_of(PointSource).c.object_id)
        first = session.execute(
            select(func.min(table_of(Record).c.modified_at)).where(table_of(Record).c.object_id.in_(sources))
        ).scalar_one()
        active = list(session.execute(select(table_of(Integration)).where(table_of(Integration).c.active)))
    assert active
    for integration in active:
        assert integration.last_successful_send < first
        assert integration.last_successful_receive < first


def test_four_pairs_are_active_and_all_else_is_pending(demo: Store) -> None:
    connections, vaults = table_of(Connection), table_of(Vault)
    with demo.read() as session:
        rows = {
            row.id: row
            for row in session.execute(
                select(connections, vaults.c.name.label("vault")).join(vaults, vaults.c.id == connections.c.vault_id)
            )
        }
    active = {
        frozenset(
            {(row.vault, row.api_name), (rows[row.remote_connection_id].vault, rows[row.remote_connection_id].api_name)}
        )
        for row in rows.values()
        if row.state is ConnectionState.ACTIVE and row.type is ConnectionType.VAULT_TO_VAULT
    }
    assert active == {
        frozenset({("Medical", "medical_crm__v"), ("Vault CRM", "sim_medical_crm__c")}),
        frozenset({("RIM", "rim_to_clinical_connection__v"), ("Clinical Operations", "clinical_to_rim_connection__v")}),
        frozenset({("EDC", "cdms_clin-ops_connection__v"), ("Clinical Operations", "cdms_clin-ops_connection__v")}),
        frozenset({("PromoMats", "promomats_medical__v"), ("Medical", "promomats_medical__v")}),
    }
    for row in rows.values():
        assert row.system_managed
        assert row.authorized_user_id is not None
        if row.state is not ConnectionState.ACTIVE:
            assert (row.state, row.remote_connection_id) == (ConnectionState.PENDING, None)
    states = Counter(row.state for row in rows.values())
    assert states[ConnectionState.ACTIVE] == 9  # the four pairs and the Local one
    assert states[ConnectionState.PENDING] > 20


def test_the_sandbox_has_the_connections_of_its_parent_pending_while_the_remote_stays_active(demo: Store) -> None:
    connections, vaults, integrations = table_of(Connection), table_of(Vault), table_of(Integration)

    def of(name: str) -> dict[str, tuple[ConnectionState, list[str]]]:
        with demo.read() as session:
            found = session.execute(
                select(connections).join(vaults, vaults.c.id == connections.c.vault_id).where(vaults.c.name == name)
            ).all()
            return {
                row.api_name: (
                    row.state,
                    sorted(
                        session.execute(
                            select(integrations.c.name).where(integrations.c.connection_id == row.id)
                        ).scalars()
                    ),
                )
                for row in found
            }

    parent, sandbox = of("Medical"), of("Medical Sandbox")
    assert {name: names for name, (_, names) in sandbox.items()} == {name: names for name, (_, names) in parent.items()}
    assert {state for state, _ in sandbox.values()} == {ConnectionState.PENDING}
    assert parent["medical_crm__v"][0] is ConnectionState.ACTIVE
    assert of("Vault CRM")["sim_medical_crm__c"][0] is ConnectionState.ACTIVE


def test_each_vault_has_an_owner_an_administrator_a_reader_and_an_integration_user(demo: Store) -> None:
    with demo.read() as session:
        for vault in session.execute(select(table_of(Vault))).all():
            owner, administrator, reader, integration = (
                actor_for(session, vault.id, f"{name}@verteo.example")
                for name in ("app.owner", "admin", "noor.viewer", "integration")
            )
            assert owner.may("anything at all")
            assert administrator.may(Permission.MANAGE_CONNECTIONS)
            assert reader.may_object("any__c", Right.READ)
            assert not reader.may_object("any__c", Right.EDIT)
            assert integration.may_object("any__c", Right.EDIT)
            assert not integration.may(Permission.MANAGE_CONNECTIONS)


def test_the_private_key_is_sealed_and_signs(demo: Store) -> None:
    with demo.read() as session:
        certificate = session.execute(select(table_of(SigningCertificate))).one()
    assert certificate.certificate_id == "00001"
    assert "PRIVATE KEY" not in certificate.sealed_private_key
    Signer(demo.secrets.open(certificate.sealed_private_key))


def test_progress_is_told_in_words_and_only_goes_up(store: Store) -> None:
    told: list[tuple[str, float]] = []
    build_demo(store, issue=no_key, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert "Vault RIM" in {what for what, _ in told}
