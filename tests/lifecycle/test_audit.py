"""The audit trail: what each action leaves in it, and what it is filtered by (integration facts, section 7)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from models.audit import audit
from models.errors import InvalidInput
from models.permissions import Actor
from models.queries.audit import AuditFilter, AuditLine, listing, objects_audited, read_filter
from models.queries.window import PAGE
from models.services.authorizations import create_authorization, delete_authorization
from models.services.connection_deleting import delete_connection
from models.services.connection_editing import edit_connection
from models.services.queue_connections import disconnect_queue
from models.services.queue_emptying import delete_queue
from models.services.queues import connect_queue, create_queue, edit_queue
from models.store import Store, WriteSession
from models.tables import AuditRow, AuthorizationType, Direction, table_of
from tests.builders import ADMIN, build_pair, key, user
from tests.lifecycle.conftest import SOURCE, TARGET, Desk

_audit = table_of(AuditRow)
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def rows(store: Store, **where: Any) -> list[Any]:
    conditions = [_audit.c[name] == value for name, value in where.items()]
    with store.read() as session:
        return list(session.execute(select(_audit).where(*conditions).order_by(_audit.c.id)))


def found(store: Store, vault_id: int = SOURCE, **wanted: Any) -> list[AuditLine]:
    """What a window on the filtered trail shows."""
    chosen = listing(vault_id, AuditFilter(**wanted))
    with store.read() as session:
        return chosen.page(session, 0, PAGE, chosen.count(session))


# What actions leave


def test_creating_is_one_row_and_editing_one_for_each_changed_field(desk: Desk) -> None:
    admin = desk.admin(SOURCE)
    with desk.store.write() as write:
        queue = create_queue(write, admin, label="Orders", type=Direction.OUTBOUND)
    (created,) = rows(desk.store, object_name="queue")
    assert (created.action, created.item, created.field_name) == ("Create", "Orders", "")
    with desk.store.write() as write:
        edit_queue(write, admin, key(queue), {"description": "New", "sequential": True, "label": "Orders"})
    changed = {row.field_name: (row.old_value, row.new_value) for row in rows(desk.store, action="Edit")}
    assert changed == {"description": ("", "New"), "sequential": ("false", "true")}


Deletion = Callable[[WriteSession, Actor, int, int], object]
DELETIONS: dict[str, tuple[str, Deletion, dict[str, str]]] = {
    "a queue": (
        "queue",
        lambda write, actor, queue, _connection: delete_queue(write, actor, queue),
        {"label": "Orders", "api_name": "orders__c", "type": "outbound", "active": "true", "sequential": "false"},
    ),
    "the connections of a deleted queue": (
        "queue_connection",
        lambda write, actor, queue, _connection: delete_queue(write, actor, queue),
        {"deliver_to_queue": "there__c", "label": "To them", "active": "true"},
    ),
    "a queue connection": (
        "queue_connection",
        disconnect_queue,
        {"deliver_to_queue": "there__c", "label": "To them", "active": "true"},
    ),
}


@pytest.mark.parametrize("what", DELETIONS)
def test_deleting_keeps_all_values(desk: Desk, what: str) -> None:
    object_name, act, values = DELETIONS[what]
    ours = desk.connection(SOURCE)
    admin = desk.admin(SOURCE)
    with desk.store.write() as write:
        queue = create_queue(write, admin, label="Orders", type=Direction.OUTBOUND)
        connect_queue(write, admin, key(queue), ours, "there__c", label="To them")
    with desk.store.write() as write:
        act(write, admin, key(queue), ours)
    kept = {row.field_name: row.old_value for row in rows(desk.store, object_name=object_name, action="Delete")}
    assert values.items() <= kept.items()
    assert {row.new_value for row in rows(desk.store, action="Delete")} == {None}


def test_deleting_a_connection_keeps_its_values_its_clients_and_its_integrations(store: Store) -> None:
    pair = build_pair(store)
    side = pair.target
    with store.write() as write:
        disconnect_queue(write, side.system, side.queue_id, side.connection_id)
        delete_connection(write, user(store, side.vault_id), side.connection_id)
    kept = {
        (row.object_name, row.field_name): row.old_value for row in rows(store, action="Delete", vault_id=side.vault_id)
    }
    assert kept["connection__sys", "api_name"] == "lab_connection__c"
    assert kept["connection__sys", "remote_vault_id"] == str(pair.source.vault_id)
    assert kept["connection_client__sys", "client_id"] == "veeva-vault-lab_connection__c"
    assert ("integration__sys", "name") in kept


def test_deleting_an_authorization_keeps_all_but_the_secret(desk: Desk) -> None:
    admin = desk.admin(SOURCE)
    with desk.store.write() as write:
        made = create_authorization(
            write,
            admin,
            desk.store.secrets,
            type=AuthorizationType.BASIC_AUTH,
            name="Warehouse",
            identity="ada",
            secret="hush",
        )
        delete_authorization(write, admin, key(made))
    kept = {row.field_name: row.old_value for row in rows(desk.store, action="Delete")}
    assert kept == {
        "name": "Warehouse",
        "type": "basic_auth__sys",
        "username__sys": "ada",
        "password__sys": "********",
    }


def test_what_an_approval_workflow_does_names_workflow_task_and_verdict(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    theirs = desk.connect(TARGET, desk.download(ours))
    for vault_id in (SOURCE, TARGET):
        (started,) = rows(desk.store, vault_id=vault_id, action="Start Workflow")
        assert (started.workflow, started.task, started.verdict) == ("Approval Workflow", "Approve Connection", "")
    desk.complete(theirs)
    (approved,) = rows(desk.store, action="Approve Connection")
    assert (approved.vault_id, approved.user_name) == (TARGET, ADMIN)
    assert (approved.workflow, approved.task, approved.verdict) == (
        "Approval Workflow",
        "Approve Connection",
        "approved",
    )
    assert (approved.field_name, approved.new_value) == ("state", "approved")
    desk.complete(ours)
    established = rows(desk.store, action="Establish Connection")
    assert {row.vault_id for row in established} == {SOURCE, TARGET}
    assert {(row.workflow, row.task, row.verdict) for row in established} == {("Approval Workflow", "", "approved")}


def test_a_rejection_and_a_cancelled_approval_name_their_verdicts_in_both_vaults(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    theirs = desk.connect(TARGET, desk.download(ours))
    desk.complete(theirs, approve=False)
    rejected = {row.vault_id: row for row in rows(desk.store, action="Reject Connection")}
    assert {row.verdict for row in rejected.values()} == {"rejected"}
    assert (rejected[TARGET].user_name, rejected[SOURCE].user_name) == (ADMIN, "System")
    assert rejected[SOURCE].on_behalf_of == f"{ADMIN} (Vault {TARGET})"
    desk.connect(TARGET, desk.download(ours))
    with desk.store.write() as write:
        delete_connection(write, desk.admin(SOURCE), ours)
    cancelled = rows(desk.store, action="Cancel Approval")
    assert {(row.vault_id, row.verdict) for row in cancelled} == {(SOURCE, "cancelled"), (TARGET, "cancelled")}


def test_what_no_workflow_did_names_none(desk: Desk) -> None:
    desk.pair()
    assert {(row.workflow, row.task, row.verdict) for row in rows(desk.store)} == {("", "", "")}


# What it is filtered by


@pytest.fixture
def trail(desk: Desk) -> Desk:
    """A trail of several days, users, objects and actions."""
    ours = desk.connection(SOURCE, name="Warehouse Link")
    admin = desk.admin(SOURCE)
    desk.clock.advance(days=1)
    with desk.store.write() as write:
        edit_connection(write, admin, ours, {"description": "For orders"})
    desk.clock.advance(days=1)
    with desk.store.write() as write:
        queue = create_queue(write, admin, label="Warehouse Orders", type=Direction.OUTBOUND)
        edit_queue(write, admin, key(queue), {"description": "For orders"})
    return desk


def test_each_filter_narrows_and_all_together_do(trail: Desk) -> None:
    store = trail.store
    record_id = trail.find(SOURCE).record_id
    day = timedelta(days=1)
    began = trail.clock.now() - 2 * day
    assert {row.object_name for row in found(store, item="warehouse")} == {"connection__sys", "queue"}
    assert {row.object_name for row in found(store, object_name="queue")} == {"queue"}
    assert {row.action for row in found(store, user="admin")} == {"Create", "Edit"}
    assert {row.user for row in found(store, user="system", item="warehouse")} == {"System"}
    assert {row.record_id for row in found(store, record_id=record_id)} == {record_id}
    assert [row.item for row in found(store, text="for orders")] == ["Warehouse Orders", "Warehouse Link"]
    assert [row.item for row in found(store, anywhere="edit for orders")] == ["Warehouse Orders", "Warehouse Link"]
    assert [row.item for row in found(store, since=began + day, until=began + 2 * day)] == ["Warehouse Link"]
    together = found(
        store,
        user="admin",
        action="edit",
        object_name="connection__sys",
        item="link",
        record_id=record_id,
        since=began + day,
        until=began + 3 * day,
    )
    assert [(row.field_name, row.new_value) for row in together] == [("description", "For orders")]
    assert found(store, user="admin", action="delete") == []


def test_another_vault_s_trail_is_never_shown(trail: Desk) -> None:
    assert found(trail.store, TARGET, item="warehouse") == []


def test_the_objects_to_choose_from_are_those_that_occur(trail: Desk) -> None:
    with trail.store.read() as session:
        names = objects_audited(session, SOURCE)
    assert {"connection__sys", "queue", "vault"} <= set(names)
    assert list(names) == sorted(names)


def test_typed_dates_are_lab_time_and_a_day_counts_whole() -> None:
    wanted = read_filter({"since": "2026-01-05", "until": "2026-01-06", "user": " ada "}, NOW)
    assert wanted.user == "ada"
    assert wanted.since is not None
    assert wanted.until is not None
    assert wanted.since.isoformat() == "2026-01-05T00:00:00+00:00"
    assert wanted.until.isoformat() == "2026-01-07T00:00:00+00:00"
    exact = read_filter({"since": "2026-01-05 09:30", "until": "2026-01-05T11:30:00+01:00"}, NOW)
    assert (str(exact.since), str(exact.until)) == ("2026-01-05 09:30:00+00:00", "2026-01-05 10:30:00+00:00")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"since": "someday"}, {"since"}),
        ({"until": "2026-02-30"}, {"until"}),
        ({"since": "soon", "until": "later"}, {"since", "until"}),
        ({"since": "2026-01-06", "until": "2026-01-05"}, {"until"}),
        ({"until": "9999-12-31"}, {"until"}),
    ],
)
def test_bad_dates_are_named(typed: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_filter(typed, NOW)
    assert set(refusal.value.fields) == wrong


def test_a_long_trail_is_read_by_the_window(store: Store, desk: Desk) -> None:
    actor = desk.admin(SOURCE)
    for day in range(5):
        with store.write() as write:
            for number in range(300):
                audit(write, actor, action="Edit", object_name="queue", item=f"Queue {day}.{number}")
    chosen = listing(SOURCE, AuditFilter(action="edit", since=datetime(2026, 1, 1, tzinfo=UTC)))
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        with store.read() as session:
            total = chosen.count(session)
            page = chosen.page(session, 700, PAGE, total)
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    assert (total, len(page)) == (1500, PAGE)
    assert all("LIMIT" in each or "count(" in each for each in statements if "audit_row" in each)
