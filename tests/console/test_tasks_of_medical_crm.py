"""Each task of configuring the Medical-CRM connection (seed S3), by keys alone, in a lab where nothing is set up yet.

`test_tasks` says which task of the seed is done by which test.
"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from textual.pilot import Pilot

from models.opening import key_path, open_store
from models.store import Store
from models.tables import (
    Connection,
    ConnectionState,
    Integration,
    Job,
    JobKind,
    Lab,
    Queue,
    Record,
    ReferenceLookup,
    ReferenceLookupKey,
    table_of,
)
from scheduler import deliver, receive, send
from scheduler.scope import Scope
from scheduler.signing import issue_certificate
from seed.labs import build_lab, lab_kind
from tests.conftest import ManualClock
from tests.console.by_keys import answer, choose, details, row, to_line, write_in
from tests.console.lab import area, console, press, settle, type_in
from tests.console.test_connection_actions import WIDE, act, said, told

MEDICAL, CRM = 21063, 21086
DETAILS = "Medical Inquiry Details Integration"
ACTIVE, APPROVED, PENDING = ConnectionState.ACTIVE, ConnectionState.APPROVED, ConnectionState.PENDING


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a lab as a new customer finds it: copy it, never open it."""
    path = tmp_path_factory.mktemp("untouched") / "lab.sqlite3"
    store = open_store(path, clock=ManualClock())
    build_lab(store, lab_kind("untouched"), issue=issue_certificate)
    store.close()
    return path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def lab(untouched: Path, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    path = tmp_path / "lab.sqlite3"
    shutil.copy(untouched, path)
    shutil.copy(key_path(untouched), key_path(path))
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.chdir(files)
    store = open_store(path, clock=clock)
    with store.read() as session:
        clock.moment = session.execute(select(table_of(Lab).c.last_tick)).scalar_one() + timedelta(minutes=5)
    yield store
    store.close()


def of(store: Store, table: Any, **given: Any) -> list[Any]:
    columns = table_of(table).c
    wanted = [columns[name] == value for name, value in given.items()]
    with store.read() as session:
        return list(session.execute(table_of(table).select().where(*wanted)).all())


def states(store: Store) -> list[ConnectionState]:
    """Of the connection in MedInquiry and in Vault CRM."""
    found = of(store, Connection, name="Medical-CRM Connection")
    return [next(one.state for one in found if one.vault_id == vault) for vault in (MEDICAL, CRM)]


async def in_vault(pilot: Pilot[Any], number: int) -> None:
    await press(pilot, "v")
    await type_in(pilot, str(number))
    await press(pilot, "enter")
    assert pilot.app.session.vault_id == number  # type: ignore[attr-defined]


async def at_connection(pilot: Pilot[Any]) -> None:
    """Admin > Connections > Medical-CRM Connection."""
    await press(pilot, "1", "slash", "end", "ctrl+u")
    await type_in(pilot, "medical-crm")
    await press(pilot, "enter")
    assert row(pilot.app).name == "Medical-CRM Connection"


async def activate(pilot: Pilot[Any], name: str) -> None:
    """From the connection: its section Integrations, the integration, its Status."""
    await at_connection(pilot)
    await to_line(pilot, " ".join(name.split()[:2]))
    await press(pilot, "enter")
    assert area(pilot.app).AREA == "integrations"
    assert row(pilot.app).name == name
    assert "Inactive" in details(pilot.app)
    await press(pilot, "a")
    assert row(pilot.app).active


async def establish(pilot: Pilot[Any]) -> None:
    await in_vault(pilot, CRM)
    await at_connection(pilot)
    await act(pilot, "download conn")
    await press(pilot, "f2")
    await in_vault(pilot, MEDICAL)
    await press(pilot, "1", "escape")
    await act(pilot, "connect from")
    await press(pilot, "enter")
    await answer(pilot, "Continue")
    for vault in (MEDICAL, CRM):
        await in_vault(pilot, vault)
        await at_connection(pilot)
        await act(pilot, "complete")
        await answer(pilot, "Approve")


def run(store: Store, clock: ManualClock, *vaults: int) -> None:
    """What the engine does in its next round."""
    for stage in (send, deliver, receive):
        for vault in vaults or (MEDICAL, CRM):
            clock.advance(seconds=10)
            stage.run_once(store, clock, Scope(vault))


async def test_the_connection_is_established_from_vault_crm(lab: Store) -> None:
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert states(lab) == [PENDING, PENDING]
        await establish(pilot)
        assert states(lab) == [ACTIVE, ACTIVE]


@pytest.mark.parametrize("size", [WIDE, (80, 24)], ids=["wide", "80x24"])
@pytest.mark.parametrize("vault", [MEDICAL, CRM], ids=["MedInquiry", "Vault CRM"])
async def test_integrations_are_activated_from_the_connection(lab: Store, vault: int, size: tuple[int, int]) -> None:
    app = console(lab, vault=vault, user=None)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await activate(pilot, DETAILS)
        first = of(lab, Integration, vault_id=vault, name=DETAILS)[0]
        assert first.active
        # "When an integration becomes active, Vault automatically sets its Last Successful Run Time".
        assert first.last_successful_receive is not None
        if vault == MEDICAL:
            # Step 6: "Repeat steps 3 through 5 to activate other applicable integrations."
            await activate(pilot, "Country Integration")
            assert of(lab, Integration, vault_id=vault, name="Country Integration")[0].active


async def test_reference_lookups_are_made_and_loaded_from_a_csv_mapping_file(lab: Store) -> None:
    Path("channels.csv").write_text("source_key,target_key\nemail__c,email__c\nfax__c,letter__c\n")
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await at_connection(pilot)
        await press(pilot, "l", "n")
        await type_in(pilot, "generic")
        await press(pilot, "enter")
        await write_in(pilot, name="Channels", api_name="channels__c")
        await press(pilot, "f2")
        assert row(app).name == "Channels"
        await press(pilot, "l")
        await type_in(pilot, "channels")
        await press(pilot, "enter", "f2")
        assert "Loaded: 2 added." in told(app)
    made = of(lab, ReferenceLookup, api_name="channels__c")[0]
    keys = of(lab, ReferenceLookupKey, lookup_id=made.id)
    assert {one.source_key: one.target_key for one in keys} == {"email__c": "email__c", "fax__c": "letter__c"}


async def test_field_rules_are_reviewed_and_changed_and_a_query_object_rule_is_added(lab: Store) -> None:
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "slash")
        await type_in(pilot, DETAILS)
        await press(pilot, "enter", "enter", "slash")
        await type_in(pilot, "account integration rule")
        await press(pilot, "enter", "g")
        assert row(app).name == "Account Integration Rule"
        assert "Field rules" in details(app)
        assert "specialty__c" in details(app)
        await press(pilot, "n")
        await type_in(pilot, "query object")
        await press(pilot, "enter")
        await write_in(pilot, filter_clause="last_name__c != null")
        await press(pilot, "f2")
        assert row(app).kind == "query"
        assert "last_name__c != null" in details(app)
        await press(pilot, "slash", "ctrl+u")
        await type_in(pilot, "crm_org")
        await press(pilot, "enter", "g", "e")
        await write_in(pilot, default_value="Verteo")
        await press(pilot, "f2")
        assert "Verteo" in details(app)


async def test_the_queues_of_both_vaults_are_found_and_managed(lab: Store) -> None:
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for vault, names in (
            (MEDICAL, ("medical_crm_outbound_queue__v", "medical_crm_inbound_queue__v")),
            (CRM, ("crm_to_medical_outbound_queue__v", "medical_to_crm_inbound__v")),
        ):
            await in_vault(pilot, vault)
            for name in names:
                await press(pilot, "3", "escape", "slash", "ctrl+u")
                await type_in(pilot, name)
                await press(pilot, "enter")
                assert name in details(app)
                assert "Medical-CRM Connection" in details(app)
                await press(pilot, "a")
                assert not of(lab, Queue, vault_id=vault, api_name=name)[0].active
                await press(pilot, "a")
                assert of(lab, Queue, vault_id=vault, api_name=name)[0].active


async def test_data_moves_and_what_fails_is_seen_mended_and_retried(lab: Store, clock: ManualClock) -> None:
    """User Exception Objects: what fails can be viewed and managed, mended, and tried again by Retry Transfer."""
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await establish(pilot)
        for vault in (MEDICAL, CRM):
            await in_vault(pilot, vault)
            await activate(pilot, DETAILS)
        # An Account whose specialty the lookup does not know.
        clock.advance(minutes=5)
        await press(pilot, "6", "o")
        await type_in(pilot, "account__v")
        await press(pilot, "enter", "E")
        await choose(pilot, specialty__c="sports", country__v="canada")
        await press(pilot, "f2")
        name = row(app).name
        run(lab, clock)
        await settle(pilot)
        await in_vault(pilot, MEDICAL)
        await press(pilot, "5")
        assert row(app).active
        assert "Specialty" in details(app)
        # The configuration is mended where it is missing: the key of the lookup.
        await at_connection(pilot)
        await press(pilot, "l", "slash")
        await type_in(pilot, "specialty")
        await press(pilot, "enter", "m", "enter")
        await write_in(pilot, target_key="rheumatology__c")
        await press(pilot, "f2", "5", "r")
        assert "again (Retry Transfer" in told(app)
        run(lab, clock, MEDICAL)
        await settle(pilot)
        assert not row(app).active
    assert of(lab, Record, vault_id=MEDICAL, name=name)


async def test_an_earlier_last_successful_run_time_has_the_jobs_run(lab: Store) -> None:
    """Setting the field to a prior datetime has the integration schedule a job."""
    app = console(lab, vault=CRM, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await activate(pilot, DETAILS)
        await press(pilot, "l")
        await write_in(pilot, last_successful_run_time="-12h")
        await press(pilot, "f2")
        assert "asked to run at once" in told(app)
    asked = {job.kind for job in of(lab, Job, vault_id=CRM) if job.requested_at is not None}
    assert asked >= {JobKind.SEND}


async def test_the_connection_is_duplicated_for_another_vault_crm(lab: Store) -> None:
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await at_connection(pilot)
        await act(pilot, "duplicate")
        await write_in(pilot, name="Medical-CRM Europe", api_name="medical_crm_europe__c")
        await press(pilot, "f2", "escape", "slash", "ctrl+u")
        await type_in(pilot, "europe")
        await press(pilot, "enter")
        assert row(app).name == "Medical-CRM Europe"
    copy = of(lab, Connection, api_name="medical_crm_europe__c")[0]
    original = of(lab, Connection, api_name="medical_crm__v")[0]
    assert (copy.state, copy.type) == (PENDING, original.type)
    assert len(of(lab, Integration, connection_id=copy.id)) == len(of(lab, Integration, connection_id=original.id))


async def test_who_may_not_manage_connections_sees_why_he_cannot_set_it_up(lab: Store) -> None:
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "u")
        await type_in(pilot, "read-only")
        await press(pilot, "enter")
        await at_connection(pilot)
        assert "Application: Manage Connections is missing" in area(app).why_not("edit")
        await press(pilot, "C")
        assert "Manage Connections" in told(app)


async def test_new_user_exceptions_are_told_of(lab: Store) -> None:
    """User Exception Objects: who wants to be notified of new messages."""
    app = console(lab, vault=MEDICAL, user=None)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "b")
        assert "entry action" in " ".join(said(app).split())
        await answer(pilot, "Ring the bell")
        await press(pilot, "b")
        assert "Bell: none" not in said(app)
