"""Creating and refreshing sandboxes, and re-establishing their connections (seed S1)."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import READ_ONLY_USER
from models.services.authorizations import create_authorization
from models.services.connection_editing import edit_connection
from models.services.connections import create_connection
from models.services.records import change_record, create_records
from models.services.sandbox_copy import STEPS
from models.services.sandboxes import KEPT, SandboxCancelled, create_sandbox, refresh_sandbox
from models.services.vaults import FieldSpec, create_user
from models.store import Store
from models.tables import (
    AuthorizationType,
    Connection,
    ConnectionState,
    ConnectionType,
    FieldRule,
    Integration,
    JobRun,
    PointSource,
    QueueConnection,
    Record,
    RunStatus,
    UniqueValue,
    User,
    Vault,
    VaultObject,
    table_of,
)
from models.tables.jobs import JobKind
from tests.builders import Pair, build_pair, key, make_connection, make_vault, user
from tests.conftest import ManualClock
from tests.lifecycle.conftest import SOURCE, TARGET, THIRD, Desk

ACTIVE, APPROVED, PENDING = ConnectionState.ACTIVE, ConnectionState.APPROVED, ConnectionState.PENDING
INACTIVE, DISCONNECTED = ConnectionState.INACTIVE, ConnectionState.DISCONNECTED
SANDBOX, TARGET_SANDBOX = 5001, 5002
_records = table_of(Record)


def sandbox_of(store: Store, parent: int, sandbox: int, **more: Any) -> Vault:
    with store.write() as write:
        return create_sandbox(
            write,
            user(store, parent),
            id=sandbox,
            name=f"Sandbox {sandbox}",
            dns_host=f"sandbox-{sandbox}.example.com",
            **more,
        )


def refresh(store: Store, parent: int, sandbox: int) -> None:
    with store.write() as write:
        refresh_sandbox(write, user(store, parent), sandbox)


def number_of(store: Store, model: type[Any], **values: Any) -> int:
    table = table_of(model)
    with store.read() as session:
        conditions = [table.c[name] == value for name, value in values.items()]
        return int(session.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


@pytest.fixture
def pair(store: Store) -> Pair:
    made = build_pair(store)
    with store.write() as write:
        rows = [{"name__v": f"Product {number}", "code__c": f"P-{number}"} for number in range(12)]
        create_records(write, made.source.system, "product__v", rows)
    return made


# What a sandbox takes over


def test_a_sandbox_has_the_records_of_its_parent_under_its_own_global_ids(store: Store, pair: Pair) -> None:
    with store.write() as write:
        first = write.execute(select(_records).where(_records.c.vault_id == SOURCE)).first()
        assert first is not None
        change_record(write, pair.source.system, first.record_id, {"link__sys": "9009_17"})
    sandbox_of(store, SOURCE, SANDBOX)
    with store.read() as session:
        every = select(_records).order_by(_records.c.record_id)
        ours, theirs = (
            session.execute(every.where(_records.c.vault_id == vault_id)).all() for vault_id in (SOURCE, SANDBOX)
        )
        objects = {row.id: row.vault_id for row in session.execute(select(table_of(VaultObject)))}
    assert len(ours) == len(theirs) == 12
    for one, two in zip(ours, theirs, strict=True):
        assert (two.record_id, two.name, two.data, two.link) == (one.record_id, one.name, one.data, one.link)
        assert (two.modified_at, two.created_at) == (one.modified_at, one.created_at)
        assert two.global_id == one.global_id.replace("1001_", "5001_")
        assert objects[two.object_id] == SANDBOX
    assert theirs[0].link == "9009_17"


@pytest.mark.usefixtures("pair")
def test_a_record_made_in_a_sandbox_gets_a_new_number(store: Store) -> None:
    sandbox_of(store, SOURCE, SANDBOX)
    with store.write() as write:
        (made,) = create_records(write, user(store, SANDBOX), "product__v", [{"name__v": "New"}])
    assert number_of(store, Record, record_id=made) == 1


@pytest.mark.usefixtures("pair")
def test_users_data_model_and_configuration_are_taken_over_and_point_into_the_sandbox(store: Store) -> None:
    with store.write() as write:
        create_user(write, TARGET, "ada@lab.example.com", "Ada", "", READ_ONLY_USER)
    sandbox_of(store, TARGET, SANDBOX)
    with store.read() as session:
        names = select(table_of(User).c.username).where(table_of(User).c.vault_id == SANDBOX)
        users = session.execute(names).scalars().all()
        assert "ada@lab.example.com" in users
        connection = session.scalars(select(Connection).where(table_of(Connection).c.vault_id == SANDBOX)).one()
        integration = session.scalars(select(Integration).where(table_of(Integration).c.vault_id == SANDBOX)).one()
        owner = session.get_one(User, connection.authorized_user_id)
    assert integration.connection_id == connection.id
    assert owner.vault_id == SANDBOX
    assert number_of(store, FieldRule) == 2 * 5
    assert number_of(store, QueueConnection) == 3
    assert number_of(store, QueueConnection, connection_id=connection.id) == 1
    sandbox_of(store, SOURCE, 5003)
    assert number_of(store, PointSource) == 2


def test_nothing_of_the_parent_changes(store: Store, pair: Pair) -> None:
    before = number_of(store, Record, vault_id=SOURCE), number_of(store, User, vault_id=SOURCE)
    sandbox_of(store, SOURCE, SANDBOX)
    assert (number_of(store, Record, vault_id=SOURCE), number_of(store, User, vault_id=SOURCE)) == before
    with store.read() as session:
        row = session.get_one(Connection, pair.source.connection_id)
    assert (row.state, row.remote_connection_id) == (ACTIVE, pair.target.connection_id)


def test_a_unique_value_stays_unique_in_the_sandbox(store: Store) -> None:
    build_pair(store, source_fields=(FieldSpec("code__c", "Code", max_length=20, unique=True),))
    with store.write() as write:
        create_records(write, user(store, SOURCE), "product__v", [{"name__v": "One", "code__c": "1"}])
    sandbox_of(store, SOURCE, SANDBOX)
    assert number_of(store, UniqueValue) == 2
    with pytest.raises(InvalidInput), store.write() as write:
        create_records(write, user(store, SANDBOX), "product__v", [{"name__v": "Two", "code__c": "1"}])


@pytest.mark.usefixtures("pair")
def test_progress_is_told_and_a_cancelled_sandbox_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.services.sandbox_copy.CHUNK", 5)
    told: list[tuple[str, float]] = []
    sandbox_of(store, SOURCE, SANDBOX, progress=lambda what, done: told.append((what, done)))
    fractions = [done for _what, done in told]
    assert fractions == sorted(fractions)
    assert (told[0][0], told[-1]) == ("Users and security profiles", ("Done", 1.0))
    assert [what for what, _done in told].count("Records: Products") == 4
    answers = iter([False] * 7 + [True])
    with pytest.raises(SandboxCancelled):
        sandbox_of(store, SOURCE, 5003, cancelled=lambda: next(answers))
    assert number_of(store, Vault, id=5003) == 0
    assert number_of(store, Record, vault_id=5003) == 0


@pytest.mark.usefixtures("pair")
def test_who_may_not_administer_sandboxes_makes_none(store: Store) -> None:
    with store.write() as write:
        create_user(write, SOURCE, "reader", "", "", READ_ONLY_USER)
    reader = user(store, SOURCE, "reader")
    with pytest.raises(NotAllowed, match="Sandbox"), store.write() as write:
        create_sandbox(write, reader, id=5, name="S", dns_host="s.example")
    with pytest.raises(NotAllowed, match="Sandbox"), store.write() as write:
        refresh_sandbox(write, reader, 5)


# Connections in a sandbox


def test_connections_of_all_types_change_state_as_the_vendor_says(desk: Desk) -> None:
    ours, theirs = desk.pair()
    external = {"type": ConnectionType.EXTERNAL, "authorized_user_id": None}
    desk.connection(SOURCE, "plain__c", url="https://example.com/spark", **external)
    desk.connection(SOURCE, "token__c", url="https://${Custom.host}/spark", **external)
    desk.connection(SOURCE, "local__c", type=ConnectionType.LOCAL)
    sandbox_of(desk.store, SOURCE, SANDBOX)
    plain, token = desk.find(SANDBOX, "plain__c"), desk.find(SANDBOX, "token__c")
    vault_to_vault = desk.find(SANDBOX)
    assert (vault_to_vault.state, vault_to_vault.remote_connection_id) == (PENDING, None)
    assert (plain.state, plain.url) == (INACTIVE, None)
    assert (token.state, token.url) == (ACTIVE, "https://${Custom.host}/spark")
    assert desk.find(SANDBOX, "local__c").state is ACTIVE
    assert desk.states(ours, theirs) == [ACTIVE, ACTIVE]


def test_an_external_connection_is_active_again_once_its_url_is_entered(desk: Desk) -> None:
    desk.connection(SOURCE, "plain__c", url="https://example.com", type=ConnectionType.EXTERNAL)
    sandbox_of(desk.store, SOURCE, SANDBOX)
    row = desk.find(SANDBOX, "plain__c")
    with desk.store.write() as write:
        edit_connection(write, desk.admin(SANDBOX), key(row), {"description": "still without"})
    assert desk.find(SANDBOX, "plain__c").state is INACTIVE
    with desk.store.write() as write:
        edit_connection(write, desk.admin(SANDBOX), key(row), {"url": "https://sandbox.example.com"})
    assert desk.find(SANDBOX, "plain__c").state is ACTIVE


def test_an_authorization_is_taken_over_with_its_secret(desk: Desk) -> None:
    with desk.store.write() as write:
        made = create_authorization(
            write,
            desk.admin(SOURCE),
            desk.store.secrets,
            type=AuthorizationType.BASIC_AUTH,
            name="Lab",
            identity="ada",
            secret="pw",
        )
        create_connection(
            write,
            desk.admin(SOURCE),
            type=ConnectionType.EXTERNAL,
            name="Out",
            api_name="out__c",
            authorization_id=key(made),
        )
    sandbox_of(desk.store, SOURCE, SANDBOX)
    copied = desk.find(SANDBOX, "out__c").authorization_id
    assert copied not in (None, made.id)


# Refresh


@pytest.mark.usefixtures("pair")
def test_a_refresh_replaces_what_the_sandbox_held(store: Store) -> None:
    sandbox_of(store, SOURCE, SANDBOX)
    with store.write() as write:
        create_records(write, user(store, SANDBOX), "product__v", [{"name__v": "Sandbox only"}])
        create_records(write, user(store, SOURCE), "product__v", [{"name__v": "Later"}])
        make_connection(write, SANDBOX, "sandbox_only__c")
    refresh(store, SOURCE, SANDBOX)
    with store.read() as session:
        names = session.execute(select(_records.c.name).where(_records.c.vault_id == SANDBOX)).scalars().all()
    assert "Later" in names
    assert "Sandbox only" not in names
    assert number_of(store, Connection, vault_id=SANDBOX) == 1


@pytest.mark.usefixtures("pair")
def test_only_the_parent_refreshes_its_sandbox(store: Store) -> None:
    sandbox_of(store, SOURCE, SANDBOX)
    for vault_id, sandbox in ((TARGET, SANDBOX), (SOURCE, TARGET), (SOURCE, 999)):
        with pytest.raises(NotFound):
            refresh(store, vault_id, sandbox)


@pytest.mark.usefixtures("pair")
def test_a_sandbox_with_a_running_job_is_not_refreshed(store: Store, clock: ManualClock) -> None:
    sandbox_of(store, SOURCE, SANDBOX)
    with store.write() as write:
        run = JobRun(vault_id=SANDBOX, kind=JobKind.SEND, status=RunStatus.RUNNING, started_at=clock.now())
        write.add(run)
    with pytest.raises(NotPossible, match="runs right now"):
        refresh(store, SOURCE, SANDBOX)


def test_a_refresh_keeps_the_remote_active_until_the_connection_is_established_again(desk: Desk) -> None:
    desk.connection(SOURCE)
    desk.connection(TARGET)
    sandbox_of(desk.store, SOURCE, SANDBOX)
    sandbox_of(desk.store, TARGET, TARGET_SANDBOX)
    ours, theirs = key(desk.find(SANDBOX)), key(desk.find(TARGET_SANDBOX))
    desk.connect(TARGET_SANDBOX, desk.download(ours))
    desk.complete(ours)
    desk.complete(theirs)
    refresh(desk.store, SOURCE, SANDBOX)
    new = key(desk.find(SANDBOX))
    assert desk.states(new, theirs) == [PENDING, ACTIVE]
    assert desk.row(theirs).remote_connection_id == new


def test_a_refresh_without_that_connection_disconnects_the_remote(desk: Desk) -> None:
    sandbox_of(desk.store, SOURCE, SANDBOX)
    sandbox_of(desk.store, TARGET, TARGET_SANDBOX)
    _ours, theirs = desk.pair(SANDBOX, TARGET_SANDBOX)
    refresh(desk.store, SOURCE, SANDBOX)
    row = desk.row(theirs)
    assert (row.state, row.remote_connection_id) == (DISCONNECTED, None)


def test_a_refresh_closes_approvals_that_wait(desk: Desk) -> None:
    sandbox_of(desk.store, SOURCE, SANDBOX)
    sandbox_of(desk.store, TARGET, TARGET_SANDBOX)
    ours = desk.connection(SANDBOX)
    theirs = desk.connect(TARGET_SANDBOX, desk.download(ours))
    desk.complete(theirs)
    refresh(desk.store, SOURCE, SANDBOX)
    assert desk.states(theirs) == [PENDING]
    with pytest.raises(NotPossible, match="no approval task"):
        desk.complete(theirs)


# Re-Establishing a Vault to Vault Connection: the walk of seed S1


@pytest.mark.parametrize("names_target", [True, False])
def test_the_walk_of_re_establishing(desk: Desk, names_target: bool) -> None:
    store = desk.store
    desk.connection(SOURCE)
    desk.connection(TARGET)
    sandbox_of(store, SOURCE, SANDBOX)
    sandbox_of(store, TARGET, TARGET_SANDBOX)
    first = key(desk.find(SANDBOX))
    theirs = desk.connect(TARGET_SANDBOX, desk.download(first))
    desk.complete(first)
    desk.complete(theirs)
    assert desk.states(first, theirs) == [ACTIVE, ACTIVE]
    # During refresh the sandbox's side is set to Pending; the remote one remains Active.
    refresh(store, SOURCE, SANDBOX)
    # 1, 2: in the source Vault, find the connection.
    ours = key(desk.find(SANDBOX))
    assert desk.states(ours, theirs) == [PENDING, ACTIVE]
    # 3, 4: only an Active record needs to be reset; this one says so.
    with pytest.raises(NotPossible, match="not Active"):
        desk.reset(ours)
    # 5: optionally enter the Remote Vault ID.
    assert desk.row(ours).remote_vault_id is None
    if names_target:
        with store.write() as write:
            edit_connection(write, desk.admin(SANDBOX), ours, {"remote_vault_id": TARGET_SANDBOX})
    # 6, 7: download the connection file; 8 to 12: choose it in the target Vault and continue.
    assert desk.connect(TARGET_SANDBOX, desk.download(ours)) == theirs
    if not names_target:
        # 14: an approval workflow begins in both Vaults.
        assert desk.states(ours, theirs) == [PENDING, ACTIVE]
        assert desk.complete(theirs) is APPROVED
        assert desk.states(ours, theirs) == [PENDING, APPROVED]
        desk.complete(ours)
    # 13: both records are Active.
    assert desk.states(ours, theirs) == [ACTIVE, ACTIVE]
    one, two = desk.row(ours), desk.row(theirs)
    assert (one.remote_vault_id, two.remote_vault_id) == (TARGET_SANDBOX, SANDBOX)
    assert (one.remote_connection_id, two.remote_connection_id) == (theirs, ours)


def test_an_active_connection_is_reset_and_established_again(desk: Desk) -> None:
    ours, theirs = desk.pair()
    desk.reset(ours)
    assert desk.states(ours, theirs) == [PENDING, ACTIVE]
    assert desk.row(ours).remote_vault_id is None
    desk.connect(TARGET, desk.download(ours))
    desk.complete(ours)
    assert desk.states(ours, theirs) == [APPROVED, ACTIVE]
    desk.complete(theirs)
    assert desk.states(ours, theirs) == [ACTIVE, ACTIVE]


def test_the_partner_of_before_is_found_again_under_its_new_api_name(desk: Desk) -> None:
    ours, theirs = desk.pair()
    with desk.store.write() as write:
        edit_connection(write, desk.admin(TARGET), theirs, {"api_name": "renamed__c"}, confirm_api_name=True)
    other = desk.connection(TARGET)
    desk.reset(ours)
    assert desk.connect(TARGET, desk.download(ours)) == theirs
    assert desk.states(other) == [PENDING]


def test_a_standard_connection_is_reconnected_to_another_vault_and_the_old_one_is_disconnected(desk: Desk) -> None:
    standard = {"system_managed": True, "standard_connection": "rim_clinops"}
    ours = desk.connection(SOURCE, "rim__v", **standard)
    theirs, third = (desk.connection(vault_id, "clinops__v", **standard) for vault_id in (TARGET, THIRD))
    desk.connect(TARGET, desk.download(ours))
    desk.complete(ours)
    desk.complete(theirs)
    desk.reset(ours)
    with desk.store.write() as write:
        edit_connection(write, desk.admin(SOURCE), ours, {"remote_vault_id": THIRD})
    assert desk.connect(THIRD, desk.download(ours)) == third
    assert desk.states(ours, theirs, third) == [ACTIVE, DISCONNECTED, ACTIVE]
    assert desk.row(theirs).remote_connection_id is None
    desk.reset(theirs)
    assert desk.states(theirs) == [PENDING]


def test_every_table_of_a_vault_is_known_to_the_copy_or_knowingly_left_behind() -> None:
    copied = {str(model.__tablename__) for _what, models in STEPS for model in models} | {
        "record",
        "unique_value",
        "document_version",
        "crosslink",
    }
    left_behind = {
        "approval_task",
        "configuration_change",
        "connection_file",
        "exception_item",
        "exception_message",
        "exception_notification",
        "job_run",
        "queue_log_entry",
        "retry_transfer",
        "spark_message",
        "timeline_event",
        "tombstone",
    }
    owned = {table.name for table in SQLModel.metadata.tables.values() if "vault_id" in table.c}
    assert owned - copied - KEPT == left_behind


@pytest.mark.usefixtures("pair")
def test_a_queue_of_the_sandbox_delivers_through_its_own_connection(store: Store) -> None:
    sandbox_of(store, SOURCE, SANDBOX)
    with store.read() as session:
        links, connections = table_of(QueueConnection), table_of(Connection)
        statement = (
            select(links.c.deliver_to_queue)
            .join(connections, connections.c.id == links.c.connection_id)
            .where(connections.c.vault_id == SANDBOX)
        )
        assert session.execute(statement).scalars().all() == ["lab_inbound__c"]


def test_a_vault_made_later_is_no_sandbox_of_its_neighbour(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1, "One")
    sandbox_of(store, 1, 2)
    with store.read() as session:
        assert session.get_one(Vault, 2).parent_id == 1
        assert session.get_one(Vault, 2).sandbox
