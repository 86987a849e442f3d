"""Creating, editing, duplicating and deleting connections, with their authorizations and clients (seed S1)."""

from typing import Any

import pytest
from sqlalchemy import func, select

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import READ_ONLY_USER
from models.queries import connection_detail
from models.services.authorizations import create_authorization, delete_authorization, edit_authorization
from models.services.clients import (
    INVALID,
    UNKNOWN,
    ApprovedClient,
    add_client,
    change_client,
    client_allowed,
    requested_client_id,
    set_client_active,
    set_client_id_filtering,
)
from models.services.connection_deleting import delete_connection, delete_consequences
from models.services.connection_editing import (
    ConfirmationNeeded,
    Dependent,
    dependents_of_api_name,
    duplicate_connection,
    edit_connection,
)
from models.services.queues import connect_queue, create_queue
from models.services.vaults import create_user
from models.store import Store
from models.tables import (
    AuditRow,
    AuthorizationType,
    Connection,
    ConnectionAuthorization,
    ConnectionStat,
    ConnectionState,
    ConnectionType,
    Direction,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    MessageState,
    QueueConnection,
    SparkMessage,
    table_of,
)
from tests.builders import build_pair, key, user
from tests.lifecycle.conftest import SOURCE, TARGET, Desk

ACTIVE, PENDING, DISCONNECTED = ConnectionState.ACTIVE, ConnectionState.PENDING, ConnectionState.DISCONNECTED
EXTERNAL, LOCAL = ConnectionType.EXTERNAL, ConnectionType.LOCAL
_audit = table_of(AuditRow)


def edit(desk: Desk, connection_id: int, **changes: Any) -> bool:
    confirm = changes.pop("confirm_api_name", False)
    actor = desk.admin(desk.row(connection_id).vault_id)
    with desk.store.write() as write:
        return edit_connection(write, actor, connection_id, changes, confirm_api_name=confirm)


def bad_fields(desk: Desk, connection_id: int, **changes: Any) -> dict[str, str]:
    before = desk.row(connection_id)
    with pytest.raises(InvalidInput) as refused:
        edit(desk, connection_id, **changes)
    assert desk.row(connection_id) == before
    return refused.value.fields


def delete(desk: Desk, connection_id: int) -> None:
    actor = desk.admin(desk.row(connection_id).vault_id)
    with desk.store.write() as write:
        delete_connection(write, actor, connection_id)


def authorization(desk: Desk, name: str = "Lab", **more: Any) -> int:
    values: dict[str, Any] = {"type": AuthorizationType.BASIC_AUTH, "identity": "ada", "secret": "hush-hush"}
    with desk.store.write() as write:
        return key(create_authorization(write, desk.admin(SOURCE), desk.store.secrets, name=name, **values | more))


def audited(store: Store, **values: Any) -> list[Any]:
    with store.read() as session:
        conditions = [_audit.c[name] == value for name, value in values.items()]
        return list(session.execute(select(_audit).where(*conditions).order_by(_audit.c.id)))


def rows_of(store: Store, model: type[Any]) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(table_of(model))).scalar_one())


# Edit


def test_fields_are_saved_and_each_change_is_audited(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    admin = desk.admin(SOURCE)
    assert edit(desk, ours, name="Better", description="two\nlines", remote_vault_name="Target", remote_vault_id=TARGET)
    row = desk.row(ours)
    assert (row.name, row.description, row.remote_vault_name, row.remote_vault_id) == (
        "Better",
        "two\nlines",
        "Target",
        TARGET,
    )
    told = {row.field_name: (row.old_value, row.new_value, row.user_name) for row in audited(desk.store, action="Edit")}
    assert told["name"] == ("Lab Connection", "Better", admin.name)
    assert set(told) == {"name", "description", "remote_vault_name", "remote_vault_id"}
    assert row.modified_at > row.created_at


def test_a_save_that_changes_nothing_touches_nothing(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    assert not edit(desk, ours, name="Lab Connection", api_name="lab_connection__c")
    assert desk.row(ours).modified_at == desk.row(ours).created_at
    assert not audited(desk.store, action="Edit")


def test_the_type_cannot_be_changed(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    assert "cannot be changed" in bad_fields(desk, ours, type=EXTERNAL)["type"]
    assert not edit(desk, ours, type=ConnectionType.VAULT_TO_VAULT)


def test_every_bad_field_is_named_at_once(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    desk.connection(SOURCE, "other__c")
    bad = bad_fields(
        desk,
        ours,
        name=" ",
        api_name="other__c",
        url="https://x.example",
        remote_vault_id=SOURCE,
        state="active",
        confirm_api_name=True,
    )
    assert set(bad) == {"name", "api_name", "url", "remote_vault_id", "state"}
    assert "single underscores" in bad_fields(desk, ours, api_name="Lab Connection", confirm_api_name=True)["api_name"]


def test_a_url_must_be_good_when_it_is_edited(desk: Desk) -> None:
    out = desk.connection(SOURCE, "out__c", type=EXTERNAL)
    assert "port" in bad_fields(desk, out, url="https://example.com:8443")["url"]
    assert edit(desk, out, url="https://example.com")
    assert edit(desk, out, url="")
    assert desk.row(out).url is None


def test_a_user_who_left_does_not_block_other_edits(desk: Desk) -> None:
    with desk.store.write() as write:
        gone = create_user(write, SOURCE, "gone", "", "", READ_ONLY_USER)
    ours = desk.connection(SOURCE, authorized_user_id=gone.id)
    with desk.store.write() as write:
        row = write.merge(gone)
        row.active = False
        write.add(row)
    assert edit(desk, ours, name="Better")
    assert "inactive" in bad_fields(desk, ours, authorized_user_id=gone.id)["authorized_user_id"]


def test_an_established_connection_keeps_its_remote_vault_id_until_it_is_reset(desk: Desk) -> None:
    ours, _theirs = desk.pair()
    assert "reset it first" in bad_fields(desk, ours, remote_vault_id=1003)["remote_vault_id"]
    desk.reset(ours)
    assert edit(desk, ours, remote_vault_id=1003)


def test_a_new_api_name_is_only_saved_when_it_was_confirmed(store: Store) -> None:
    pair = build_pair(store)
    admin = user(store, 1002)
    target = pair.target.connection_id
    with pytest.raises(ConfirmationNeeded, match="Integration product_integration__c") as asked, store.write() as write:
        edit_connection(write, admin, target, {"api_name": "better__c"})
    with store.read() as session:
        assert asked.value.dependents == dependents_of_api_name(session, target)
    assert asked.value.dependents == (
        Dependent("Integration", "product_integration__c"),
        Dependent("Integration Point", "product_inbound__c"),
        Dependent("Integration Rule", "product_rule__c"),
        Dependent("Queue", "lab_inbound__c"),
        Dependent("Client ID", "veeva-vault-lab_connection__c"),
        Dependent("Remote Connection", "lab_connection__c"),
    )
    with store.write() as write:
        assert edit_connection(write, admin, target, {"api_name": "better__c"}, confirm_api_name=True)


def test_who_may_not_manage_connections_changes_nothing(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    with desk.store.write() as write:
        create_user(write, SOURCE, "reader", "", "", READ_ONLY_USER)
    reader = user(desk.store, SOURCE, "reader")
    for work in (
        lambda write: edit_connection(write, reader, ours, {"name": "x"}),
        lambda write: duplicate_connection(write, reader, ours, name="x", api_name="x__c"),
        lambda write: delete_connection(write, reader, ours),
        lambda write: add_client(write, reader, ours, "x"),
        lambda write: set_client_id_filtering(write, reader, True),
    ):
        with pytest.raises(NotAllowed, match="Manage Connections"), desk.store.write() as write:
            work(write)
    with desk.store.read() as session:
        assert all(
            "Manage Connections" in (one.reason or "") for one in connection_detail.actions(session, reader, ours)
        )


def test_a_connection_of_another_vault_is_not_found(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    with pytest.raises(NotFound), desk.store.write() as write:
        edit_connection(write, desk.admin(TARGET), ours, {"name": "x"})
    with desk.store.read() as session:
        assert connection_detail.actions(session, desk.admin(TARGET), ours) == ()
        assert connection_detail.clients(session, TARGET, ours) == ()


def test_the_actions_menu_says_what_can_be_done_and_why_the_rest_cannot(desk: Desk) -> None:
    ours, _theirs = desk.pair()
    with desk.store.read() as session:
        choices = {one.name: one.reason for one in connection_detail.actions(session, desk.admin(SOURCE), ours)}
    assert [name for name, reason in choices.items() if reason is None] == ["edit", "duplicate", "reset", "delete"]
    assert "reset the connection first" in (choices["download"] or "")
    assert "no approval task" in (choices["complete"] or "")


# Duplicate


def test_a_duplicate_has_the_fields_of_the_original_and_begins_anew(desk: Desk) -> None:
    lab = authorization(desk)
    out = desk.connection(
        SOURCE, "out__c", type=EXTERNAL, url="https://example.com", description="d", authorization_id=lab
    )
    ours, _theirs = desk.pair()
    with desk.store.write() as write:
        admin = desk.admin(SOURCE)
        external = duplicate_connection(write, admin, out, name="Copy", api_name="copy__c")
        pending = duplicate_connection(write, admin, ours, name="Copy", api_name="copy_2__c")
    assert (external.url, external.description, external.authorization_id) == ("https://example.com", "d", lab)
    assert external.state is ACTIVE
    assert (pending.state, pending.remote_vault_id, pending.remote_connection_id) == (PENDING, None, None)
    assert pending.record_id != desk.row(ours).record_id
    with desk.store.read() as session:
        names = [row.client_id for row in connection_detail.clients(session, SOURCE, key(pending))]
    assert names == ["veeva-vault-copy_2__c"]


def test_a_duplicate_needs_an_api_name_of_its_own(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    with pytest.raises(InvalidInput) as refused, desk.store.write() as write:
        duplicate_connection(write, desk.admin(SOURCE), ours, name="", api_name="lab_connection__c")
    assert set(refused.value.fields) == {"name", "api_name"}


def test_a_duplicate_of_a_standard_connection_is_a_custom_one(desk: Desk) -> None:
    ours = desk.connection(SOURCE, "rim__v", system_managed=True, standard_connection="rim")
    with desk.store.write() as write:
        made = duplicate_connection(write, desk.admin(SOURCE), ours, name="Copy", api_name="copy__c")
    assert (made.system_managed, made.standard_connection) == (False, "")


# Delete


def test_a_system_managed_connection_cannot_be_deleted(desk: Desk) -> None:
    ours = desk.connection(SOURCE, "rim__v", system_managed=True)
    with pytest.raises(NotPossible, match="system-managed"):
        delete(desk, ours)


def test_a_connection_that_queues_refer_to_cannot_be_deleted_and_the_queues_are_named(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    admin = desk.admin(SOURCE)
    with desk.store.write() as write:
        for label in ("First", "Second"):
            queue = create_queue(write, admin, label=label, type=Direction.OUTBOUND)
            connect_queue(write, admin, key(queue), ours, "inbound__c")
    with pytest.raises(NotPossible, match="the queues First, Second"):
        delete(desk, ours)


def test_deleting_an_established_connection_disconnects_the_remote(desk: Desk) -> None:
    ours, theirs = desk.pair()
    with desk.store.write() as write:
        for connection_id in (ours, theirs):
            write.add(ConnectionStat(connection_id=connection_id, day=write.now.date(), sent=3))
    with desk.store.read() as session:
        told = delete_consequences(session, session.get_one(Connection, ours))
    assert "Lab Connection in Vault 1002 becomes Disconnected." in told
    delete(desk, ours)
    row = desk.row(theirs)
    assert (row.state, row.remote_connection_id) == (DISCONNECTED, None)
    with desk.store.read() as session:
        stats = session.execute(select(table_of(ConnectionStat).c.connection_id)).scalars().all()
    assert stats == [theirs]
    (line,) = audited(desk.store, vault_id=TARGET, field_name="state", new_value="disconnected")
    assert (line.user_name, line.on_behalf_of) == ("System", "admin@lab.example.com (Vault 1001)")
    kept = {row.field_name: row.old_value for row in audited(desk.store, action="Delete")}
    assert (kept["api_name"], kept["state"]) == ("lab_connection__c", "active")


def test_deleting_the_reset_side_disconnects_the_remote_that_was_still_active(desk: Desk) -> None:
    ours, theirs = desk.pair()
    desk.reset(ours)
    delete(desk, ours)
    assert desk.states(theirs) == [DISCONNECTED]


def test_a_disconnected_connection_can_be_connected_again(desk: Desk) -> None:
    ours, theirs = desk.pair()
    delete(desk, ours)
    third = desk.connection(1003, remote_vault_id=TARGET)
    assert desk.connect(TARGET, desk.download(third)) == theirs
    assert desk.states(third, theirs) == [ACTIVE, ACTIVE]


def test_what_hung_under_a_deleted_connection_goes_with_it_and_nothing_is_left_dangling(store: Store) -> None:
    pair = build_pair(store)
    target = pair.target
    with store.write() as write:
        moment = write.now
        message = SparkMessage(
            vault_id=target.vault_id,
            queue_id=target.queue_id,
            connection_id=target.connection_id,
            message_id="m",
            state=MessageState.PROCESSED,
            object_name="product__v",
            integration_point="product_inbound__c",
            entered_at=moment,
        )
        write.add(message)
        write.flush()
        trouble = ExceptionMessage(
            vault_id=target.vault_id,
            name="x",
            error_type=ErrorType.CONNECTION,
            error_message="x",
            connection_id=target.connection_id,
            integration_id=target.integration_id,
            point_id=target.point_id,
            spark_message_id=message.id,
            created_at=moment,
        )
        write.add(trouble)
        write.flush()
        write.add(
            ExceptionItem(
                vault_id=target.vault_id,
                message_id=key(trouble),
                point_id=target.point_id,
                source_object="product__v",
                target_object="product__v",
                item="1",
                error_message="x",
                created_at=moment,
                tried_at=moment,
            )
        )
        write.execute(table_of(QueueConnection).delete())
    with store.write() as write:
        delete_connection(write, user(store, target.vault_id), target.connection_id)
    for model in (SparkMessage, ExceptionMessage, ExceptionItem):
        assert rows_of(store, model) == 0
    assert rows_of(store, Integration) == 1
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("kind", [ConnectionType.EXTERNAL, ConnectionType.LOCAL])
def test_the_timeline_of_external_and_local_connections_stays_blank(desk: Desk, kind: ConnectionType) -> None:
    made = desk.connection(SOURCE, "other__c", type=kind)
    with desk.store.write() as write:
        edit_connection(write, desk.admin(SOURCE), made, {"description": "New"})
    with desk.store.read() as session:
        assert list(connection_detail.timeline(session, SOURCE, made)) == []


# Connection Authorization


def test_a_secret_is_sealed_and_no_query_repr_or_audit_row_holds_it(desk: Desk) -> None:
    lab = authorization(desk)
    made = authorization(
        desk, "Other", type=AuthorizationType.CLIENT_CREDENTIALS, identity="client", secret="hush-client"
    )
    with desk.store.write() as write:
        assert edit_authorization(write, desk.admin(SOURCE), desk.store.secrets, lab, secret="hush-new")
        assert not edit_authorization(write, desk.admin(SOURCE), desk.store.secrets, lab, secret="hush-new", name="Lab")
    with desk.store.read() as session:
        shown = connection_detail.authorizations(session, SOURCE)
        row = session.get_one(ConnectionAuthorization, lab)
        sealed = session.get_one(ConnectionAuthorization, made).sealed_secret
    assert desk.store.secrets.open(row.sealed_secret) == b"hush-new"
    assert desk.store.secrets.open(sealed) == b"hush-client"
    assert [(one.name, one.identity) for one in shown] == [("Lab", "ada"), ("Other", "client")]
    everything = repr(shown) + repr(row) + str(audited(desk.store)) + sealed
    assert "hush" not in everything
    assert row.sealed_secret not in repr(row) + str(audited(desk.store))
    (told,) = audited(desk.store, field_name="password__sys")
    assert (told.old_value, told.new_value) == ("********", "********")


def test_every_bad_field_of_an_authorization_is_named_by_its_own_api_name(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refused:
        authorization(desk, " ", type=AuthorizationType.CLIENT_CREDENTIALS, identity="", secret="")
    assert set(refused.value.fields) == {"name", "client_id__sys", "client_secret__sys"}
    authorization(desk)
    with pytest.raises(InvalidInput) as refused:
        authorization(desk, identity="x" * 300, secret="hush" * 500)
    assert set(refused.value.fields) == {"name", "username__sys", "password__sys"}
    assert "hush" not in str(refused.value)


def test_an_authorization_in_use_is_not_deleted_and_one_of_another_vault_is_not_taken(desk: Desk) -> None:
    lab = authorization(desk)
    out = desk.connection(SOURCE, "out__c", type=EXTERNAL, authorization_id=lab)
    with pytest.raises(NotPossible, match="used by Lab Connection"), desk.store.write() as write:
        delete_authorization(write, desk.admin(SOURCE), lab)
    with pytest.raises(InvalidInput, match="authorization_id"):
        desk.connection(TARGET, "out__c", type=EXTERNAL, authorization_id=lab)
    with pytest.raises(InvalidInput, match="Only an External"):
        desk.connection(SOURCE, "local__c", type=LOCAL, authorization_id=lab)
    assert edit(desk, out, authorization_id=None)
    with desk.store.write() as write:
        delete_authorization(write, desk.admin(SOURCE), lab)
    assert rows_of(desk.store, ConnectionAuthorization) == 0


# Connection Clients


def test_each_connection_has_its_default_client_id(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    with desk.store.read() as session:
        (client,) = connection_detail.clients(session, SOURCE, ours)
    assert (client.client_id, client.active) == ("veeva-vault-lab_connection__c", True)


def test_client_ids_are_added_changed_and_inactivated(desk: Desk) -> None:
    ours, admin = desk.connection(SOURCE), desk.admin(SOURCE)
    with desk.store.write() as write:
        made = add_client(write, admin, ours, "my.client-1_a")
        assert change_client(write, admin, key(made), "better")
        assert not change_client(write, admin, key(made), "better")
        assert set_client_active(write, admin, key(made), False)
        assert not set_client_active(write, admin, key(made), False)
    with desk.store.read() as session:
        assert [(one.client_id, one.active) for one in connection_detail.clients(session, SOURCE, ours)][1] == (
            "better",
            False,
        )
    with pytest.raises(NotFound), desk.store.write() as write:
        change_client(write, desk.admin(TARGET), key(made), "x")


@pytest.mark.parametrize("bad", ["", "a b", "ä", "a/b", "x" * 101, "unknown", "veeva-vault-lab_connection__c"])
def test_a_malformed_or_taken_client_id_is_refused(desk: Desk, bad: str) -> None:
    ours = desk.connection(SOURCE)
    with pytest.raises(InvalidInput, match="client_id"), desk.store.write() as write:
        add_client(write, desk.admin(SOURCE), ours, bad)


def test_filtering_is_a_setting_of_the_vault(desk: Desk) -> None:
    with desk.store.write() as write:
        assert set_client_id_filtering(write, desk.admin(SOURCE), True)
        assert not set_client_id_filtering(write, desk.admin(SOURCE), True)
    with desk.store.read() as session:
        assert connection_detail.client_id_filtering(session, SOURCE)
        assert not connection_detail.client_id_filtering(session, TARGET)


def test_the_query_parameter_beats_the_header_and_bad_ids_are_logged_under_a_word() -> None:
    assert requested_client_id("a", "b") == "a"
    assert requested_client_id(None, "b") == "b"
    assert requested_client_id(None, None) == UNKNOWN
    assert requested_client_id("", "b") == UNKNOWN
    assert requested_client_id("a b", None) == INVALID
    assert requested_client_id("x" * 101, None) == INVALID


def test_with_filtering_on_only_an_active_id_of_an_active_connection_is_let_in() -> None:
    good = ApprovedClient("good", True, LOCAL, ACTIVE, None)
    off = ApprovedClient("off", False, LOCAL, ACTIVE, None)
    pending = ApprovedClient("pending", True, ConnectionType.VAULT_TO_VAULT, PENDING, None)
    external = ApprovedClient("external", True, EXTERNAL, ACTIVE, 7)
    approved = (good, off, pending, external)
    allowed = {
        name: client_allowed(name, approved, filtering=True, user_id=7).allowed
        for name in ("good", "off", "pending", "external", "other", UNKNOWN, INVALID)
    }
    assert [name for name, is_allowed in allowed.items() if is_allowed] == ["good", "external"]
    assert not client_allowed("external", approved, filtering=True, user_id=8).allowed
    assert "Authorized Connection User" in client_allowed("external", approved, filtering=True).reason
    assert client_allowed(UNKNOWN, (), filtering=False).allowed
