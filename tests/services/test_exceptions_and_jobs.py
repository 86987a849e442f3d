"""Asking for a job to run, and who may ask for a Retry Transfer."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from models.audit import audit
from models.errors import NotAllowed, NotFound
from models.feed import Change, Topic
from models.permissions import READ_ONLY_USER, Actor, Permission
from models.services.exceptions import start_retry
from models.services.jobs import request_run
from models.services.vaults import create_profile, create_user
from models.store import Store
from models.tables import (
    AuditRow,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    ItemStatus,
    Job,
    JobKind,
    table_of,
)
from models.time import iso
from tests.builders import Pair, key, make_connection, two_vaults, user

_jobs = table_of(Job)
_audit = table_of(AuditRow)


@pytest.fixture
def pair(store: Store) -> Pair:
    return two_vaults(store)


def requested(store: Store, vault_id: int) -> dict[JobKind, tuple[datetime, int | None]]:
    with store.read() as session:
        rows = session.execute(select(_jobs).where(_jobs.c.vault_id == vault_id, _jobs.c.requested_at.is_not(None)))
        return {row.kind: (row.requested_at, row.requested_connection_id) for row in rows}


def failed_message(store: Store, pair: Pair, **values: Any) -> int:
    options: dict[str, Any] = {
        "vault_id": pair.target.vault_id,
        "name": "Product Inbound Point",
        "error_type": ErrorType.MESSAGE_PROCESSING,
        "error_message": "Two items failed.",
        "connection_id": pair.target.connection_id,
        "point_id": pair.target.point_id,
    }
    with store.write() as write:
        message = ExceptionMessage(created_at=write.now, **options | values)
        write.add(message)
        write.flush()
        statuses = {"one": ItemStatus.OPEN, "two": ItemStatus.OPEN, "three": ItemStatus.RESOLVED}
        write.add_all(
            ExceptionItem(
                vault_id=message.vault_id,
                message_id=key(message),
                point_id=pair.target.point_id,
                source_object="product__v",
                target_object="product__v",
                item=item,
                status=status,
                error_message="Name is needed.",
                created_at=write.now,
                tried_at=write.now,
            )
            for item, status in statuses.items()
        )
        return key(message)


def test_a_request_marks_the_job_with_the_time_and_the_connection(store: Store, pair: Pair) -> None:
    with store.write() as write:
        request_run(write, user(store, 1001), 1001, JobKind.SEND, pair.source.connection_id)
        assert Change(Topic.JOBS, 1001) in write.changes
        now = write.now
    assert requested(store, 1001) == {JobKind.SEND: (now, pair.source.connection_id)}


def test_requests_for_different_connections_that_wait_together_become_one_for_all(store: Store, pair: Pair) -> None:
    with store.write() as write:
        other = key(make_connection(write, 1001, "other__c"))
    for connection_id in (pair.source.connection_id, other):
        with store.write() as write:
            request_run(write, pair.source.system, 1001, JobKind.SEND, connection_id)
    assert requested(store, 1001)[JobKind.SEND][1] is None


def test_a_request_for_all_connections_is_not_narrowed_by_one_for_a_single_connection(store: Store, pair: Pair) -> None:
    for connection_id in (None, pair.source.connection_id):
        with store.write() as write:
            request_run(write, pair.source.system, 1001, JobKind.SEND, connection_id)
    assert requested(store, 1001)[JobKind.SEND][1] is None


def test_a_request_needs_manage_integrations_and_stays_in_the_vault(store: Store, pair: Pair) -> None:
    with store.write() as write:
        create_user(write, 1001, "reader", "", "", READ_ONLY_USER)
    with store.write() as write:
        with pytest.raises(NotAllowed, match="Application: Manage Integrations"):
            request_run(write, user(store, 1001, "reader"), 1001, JobKind.SEND)
        with pytest.raises(NotFound, match="acts in Vault 1001"):
            request_run(write, pair.source.system, 1002, JobKind.SEND)
        with pytest.raises(NotFound):
            request_run(write, pair.source.system, 1001, JobKind.SEND, pair.target.connection_id)
    assert requested(store, 1001) == requested(store, 1002) == {}


def test_a_read_only_session_requests_nothing(store: Store, pair: Pair) -> None:
    watcher = user(store, 1001, read_only=True)
    with pytest.raises(NotAllowed, match="read-only session"), store.write() as write:
        request_run(write, watcher, 1001, JobKind.SEND, pair.source.connection_id)


@pytest.mark.parametrize(
    ("has", "lacks"),
    [
        (Permission.READ_EXCEPTIONS, Permission.MANAGE_INTEGRATIONS),
        (Permission.MANAGE_INTEGRATIONS, Permission.READ_EXCEPTIONS),
    ],
)
def test_retry_transfer_needs_both_to_see_exceptions_and_to_manage_integrations(
    store: Store, pair: Pair, has: Permission, lacks: Permission
) -> None:
    message = failed_message(store, pair)
    with store.write() as write:
        create_profile(write, 1002, "Half", {has})
        create_user(write, 1002, "half", "", "", "Half")
    with pytest.raises(NotAllowed, match=lacks.value), store.write() as write:
        start_retry(write, user(store, 1002, "half"), [message])


def test_an_audit_row_keeps_values_in_the_words_of_a_vault(store: Store) -> None:
    two_vaults(store)
    with store.write() as write:
        changes = {
            "time": (None, write.now),
            "kind": (JobKind.SEND, JobKind.RECEIVE),
            "flag": (False, True),
            "list": ([1], ["a"]),
            "number": (1, 2.5),
        }
        now = iso(write.now)
        audit(write, Actor.system(1001), action="Test", object_name="x", item="y" * 300, changes=changes)
    with store.read() as session:
        rows = session.execute(select(_audit).where(_audit.c.action == "Test")).all()
    assert {row.field_name: (row.old_value, row.new_value) for row in rows} == {
        "time": (None, now),
        "kind": ("send", "receive"),
        "flag": ("false", "true"),
        "list": ("[1]", '["a"]'),
        "number": ("1", "2.5"),
    }
    assert {len(row.item) for row in rows} == {255}
