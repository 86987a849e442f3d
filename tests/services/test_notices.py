"""What an administrator ought to know of: each notice comes with its cause and goes with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from models.errors import NotAllowed, NotFound
from models.permissions import Actor
from models.queries.notices import Notice, NoticeKind, notices, unseen
from models.services.connection_deleting import delete_connection
from models.services.integrations import set_integration_active
from models.services.notices import mark_seen
from models.services.queue_connections import disconnect_queue
from models.services.queues import set_delivery_enabled
from models.store import Store
from models.tables import (
    ApprovalTask,
    CertificateRollover,
    ConnectionFile,
    ErrorType,
    ExceptionMessage,
    JobKind,
    JobRun,
    MessageEvent,
    MessageState,
    NotificationSeen,
    Queue,
    RolloverStage,
    RunStatus,
    SigningCertificate,
    SparkMessage,
    table_of,
)
from tests.builders import ADMIN, OWNER, Pair, key, make_certificate, two_vaults, user

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def read(store: Store, vault_id: int = 1001, username: str = ADMIN, now: datetime = NOW) -> tuple[Notice, ...]:
    with store.read() as session:
        return notices(session, vault_id, now, user_id=user(store, vault_id, username).user_id)


def kinds(store: Store, vault_id: int = 1001, now: datetime = NOW) -> list[NoticeKind]:
    return [notice.kind for notice in read(store, vault_id, now=now)]


def seen(store: Store, *keys: str, vault_id: int = 1001, username: str = ADMIN) -> int:
    with store.write() as write:
        return len(mark_seen(write, user(store, vault_id, username), keys or None))


def put(store: Store, vault_id: int, queue_id: int, connection_id: int, number: int = 1, **more: Any) -> None:
    """A message that waits in a queue, so many minutes after the start."""
    with store.write() as write:
        values = {"state": MessageState.QUEUED, "event": MessageEvent.CHANGED, "object_name": "product__v"} | more
        write.execute(
            insert(table_of(SparkMessage)).values(
                vault_id=vault_id,
                queue_id=queue_id,
                connection_id=connection_id,
                message_id=str(number),
                integration_point="product_inbound__c",
                entered_at=NOW + timedelta(minutes=number),
                **values,
            )
        )


def run(store: Store, vault_id: int, kind: JobKind, minute: int, status: RunStatus = RunStatus.SUCCESS) -> None:
    with store.write() as write:
        started = NOW + timedelta(minutes=minute)
        write.add(JobRun(vault_id=vault_id, kind=kind, status=status, started_at=started))


def fail(store: Store, pair: Pair, **more: Any) -> None:
    with store.write() as write:
        write.add(
            ExceptionMessage(
                vault_id=1002,
                name="Product Inbound Point",
                error_type=ErrorType.MESSAGE_PROCESSING,
                error_message="1 of 11 items could not be applied.",
                connection_id=pair.target.connection_id,
                integration_id=pair.target.integration_id,
                created_at=NOW,
                **more,
            )
        )


def test_a_lab_in_order_has_none(store: Store) -> None:
    two_vaults(store)
    assert read(store) == read(store, 1002) == ()


def test_active_user_exceptions_are_one_notice_for_each_connection(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    fail(store, pair)
    fail(store, pair, active=False)
    (notice,) = read(store, 1002)
    assert notice.text == "2 active user exception messages of Lab Connection."
    assert (notice.kind, notice.area, notice.place) == (NoticeKind.EXCEPTIONS, "exceptions", 2)
    assert notice.within == pair.target.connection_id
    assert read(store, 1001) == ()


def test_who_may_not_read_user_exceptions_is_not_told_of_them(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    with store.read() as session:
        assert notices(session, 1002, NOW, with_exceptions=False) == ()


def test_what_was_seen_stays_seen_until_it_gets_worse(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    assert unseen(read(store, 1002)) == 1
    assert seen(store, vault_id=1002) == 1
    assert seen(store, vault_id=1002) == 0
    (notice,) = read(store, 1002)
    assert notice.seen
    fail(store, pair)
    (notice,) = read(store, 1002)
    assert not notice.seen


def test_each_user_has_seen_what_he_has_seen(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    seen(store, vault_id=1002)
    assert unseen(read(store, 1002)) == 0
    assert unseen(read(store, 1002, OWNER)) == 1


def test_one_notice_is_marked_by_its_key_and_marks_of_what_is_over_are_dropped(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    with store.write() as write:
        write.execute(update(table_of(SigningCertificate)).values(not_after=NOW + timedelta(days=3)))
    first, second = read(store, 1002)
    assert seen(store, first.key, vault_id=1002) == 1
    assert [(notice.key, notice.seen) for notice in read(store, 1002)] == [(second.key, False), (first.key, True)]
    with store.write() as write:
        write.execute(update(table_of(ExceptionMessage)).values(active=False))
        write.execute(update(table_of(SigningCertificate)).values(not_after=NOW - timedelta(days=3)))
    seen(store, vault_id=1002)
    with store.read() as session:
        kept = session.execute(table_of(NotificationSeen).select()).all()
    assert [row.notification for row in kept] == ["certificate-1-ended"]


def test_an_unknown_key_is_refused(store: Store) -> None:
    two_vaults(store)
    with pytest.raises(NotFound):
        seen(store, "exceptions-0-7")


def test_a_read_only_session_marks_nothing(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    with store.write() as write, pytest.raises(NotAllowed):
        mark_seen(write, user(store, 1002, read_only=True))
    assert unseen(read(store, 1002)) == 1


def test_the_platform_marks_nothing(store: Store) -> None:
    pair = two_vaults(store)
    fail(store, pair)
    with store.write() as write:
        assert mark_seen(write, Actor.system(1002)) == ()


def test_an_outbound_queue_is_stuck_when_three_runs_did_not_take_its_first_message(store: Store) -> None:
    pair = two_vaults(store)
    side = pair.source
    put(store, 1001, side.queue_id, side.connection_id, 1, last_error="No answer")
    run(store, 1001, JobKind.DELIVER, 0)
    for minute in (2, 3):
        run(store, 1001, JobKind.DELIVER, minute)
        run(store, 1001, JobKind.RECEIVE, minute)
        assert read(store) == ()
    run(store, 1001, JobKind.DELIVER, 4, RunStatus.RUNNING)
    assert read(store) == ()
    run(store, 1001, JobKind.DELIVER, 5, RunStatus.ERRORS_ENCOUNTERED)
    (notice,) = read(store)
    assert notice.kind is NoticeKind.QUEUE_STUCK
    assert notice.text == (
        "1 message waits in Lab Outbound; the first of them was not taken by the last 3 deliver runs: No answer"
    )
    assert (notice.area, notice.place, notice.since) == ("queues", side.queue_id, NOW + timedelta(minutes=1))


def test_an_inbound_queue_is_stuck_when_three_receive_runs_left_its_first_message(store: Store) -> None:
    pair = two_vaults(store)
    side = pair.target
    put(store, 1002, side.queue_id, side.connection_id)
    for minute in (2, 3, 4):
        run(store, 1002, JobKind.RECEIVE, minute)
    assert kinds(store, 1002) == [NoticeKind.QUEUE_STUCK]
    put(store, 1002, side.queue_id, side.connection_id, 9)
    with store.write() as write:
        messages = table_of(SparkMessage)
        write.execute(update(messages).where(messages.c.message_id == "1").values(state=MessageState.PROCESSED))
    assert kinds(store, 1002) == []


def test_a_queue_that_holds_messages_while_delivery_is_disabled(store: Store) -> None:
    pair = two_vaults(store)
    side = pair.source
    with store.write() as write:
        set_delivery_enabled(write, side.system, side.queue_id, enabled=False)
    assert kinds(store) == []
    put(store, 1001, side.queue_id, side.connection_id)
    assert kinds(store) == [NoticeKind.DELIVERY_OFF]


def test_a_queue_that_fills(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.queries.notices.NEARLY_FULL", 2)
    pair = two_vaults(store)
    side = pair.source
    put(store, 1001, side.queue_id, side.connection_id, 1)
    assert kinds(store) == []
    put(store, 1001, side.queue_id, side.connection_id, 2)
    assert kinds(store) == [NoticeKind.QUEUE_FILLING]


def test_a_certificate_is_told_of_before_and_after_its_end(store: Store) -> None:
    two_vaults(store)
    with store.read() as session:
        ends = session.get_one(SigningCertificate, 1).not_after
    assert kinds(store, now=ends - timedelta(days=31)) == []
    (soon,) = read(store, now=ends - timedelta(days=29))
    (ended,) = read(store, now=ends)
    assert soon.text == f"Signing certificate 00001 ends on {ends:%Y-%m-%d %H:%M} (UTC)."
    assert "what it signs is refused" in ended.text
    assert (soon.is_bad, ended.is_bad) == (False, True)
    assert soon.key != ended.key


def test_the_next_stage_of_a_rollover_is_told_a_week_before(store: Store) -> None:
    two_vaults(store)
    with store.write() as write:
        new = make_certificate(store, write, "00002")
        dates: dict[str, Any] = {
            name: NOW + timedelta(days=day)
            for name, day in (
                ("published_at", 10),
                ("testing_at", 20),
                ("rollover_at", 30),
                ("both_supported_at", 40),
                ("final_at", 50),
            )
        }
        write.add(CertificateRollover(old_id=1, new_id=key(new), stage=RolloverStage.PLANNED, **dates))
    assert kinds(store) == []
    (notice,) = read(store, now=NOW + timedelta(days=4))
    assert notice.text == "From 2026-01-15 08:00 (UTC) on, signing certificate 00002 is published."
    assert kinds(store, now=NOW + timedelta(days=11)) == []
    (notice,) = read(store, now=NOW + timedelta(days=24))
    assert "signs everything" in notice.text
    assert kinds(store, now=NOW + timedelta(days=51)) == []


@pytest.mark.parametrize(("side", "other"), [("source", "target"), ("target", "source")])
def test_an_integration_that_is_active_on_one_side_is_told_of_on_both(store: Store, side: str, other: str) -> None:
    pair = two_vaults(store)
    off, on = getattr(pair, side), getattr(pair, other)
    with store.write() as write:
        set_integration_active(write, off.system, off.integration_id, active=False)
    (here,) = read(store, off.vault_id)
    (there,) = read(store, on.vault_id)
    name = {1001: "Source", 1002: "Target"}
    assert here.text.startswith(
        f"Product Integration of Lab Connection is inactive here and active in {name[on.vault_id]}"
    )
    assert f"is active here and inactive in {name[off.vault_id]}" in there.text
    assert (here.area, here.place) == ("integrations", off.integration_id)


def test_a_connection_that_lost_its_partner_and_one_that_waits_for_an_approval(store: Store) -> None:
    pair = two_vaults(store)
    with store.write() as write:
        system = pair.target.system
        disconnect_queue(write, system, pair.target.queue_id, pair.target.connection_id)
        delete_connection(write, system, pair.target.connection_id)
    assert kinds(store) == [NoticeKind.DISCONNECTED]
    with store.write() as write:
        file = ConnectionFile(
            file_id="1",
            vault_id=1001,
            connection_id=pair.source.connection_id,
            issued_at=write.now,
            issued_by="x",
            expires_at=write.now,
        )
        write.add(file)
        write.flush()
        write.add(
            ApprovalTask(vault_id=1001, connection_id=pair.source.connection_id, file_id=key(file), opened_at=write.now)
        )
    assert set(kinds(store)) == {NoticeKind.DISCONNECTED, NoticeKind.APPROVAL}
    with store.write() as write:
        write.execute(update(table_of(ApprovalTask)).values(completed_at=write.now))
    assert kinds(store) == [NoticeKind.DISCONNECTED]


def test_queues_are_called_by_their_labels(store: Store) -> None:
    pair = two_vaults(store)
    side = pair.source
    put(store, 1001, side.queue_id, side.connection_id)
    with store.write() as write:
        write.execute(update(table_of(Queue)).values(label="[/foo]"))
        set_delivery_enabled(write, side.system, side.queue_id, enabled=False)
    assert "[/foo]" in read(store)[0].text
