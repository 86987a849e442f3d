"""Signing certificates: chosen per connection in the rollover period, and the five stages on lab time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import READ_ONLY_USER, Actor
from models.queries.certificates import detail, latest_rollover, listing
from models.services.certificates import (
    STAGE_DATES,
    Dates,
    advance,
    change_dates,
    choices,
    choose_certificate,
    plan_rollover,
)
from models.services.vaults import create_user
from models.store import Store
from models.tables import (
    AuditRow,
    CertificateRollover,
    CertificateState,
    Connection,
    ConnectionStat,
    LogEntryType,
    MessageState,
    QueueLogEntry,
    RolloverStage,
    SigningCertificate,
)
from models.time import iso
from scheduler import deliver
from scheduler.rollover import begin_rollover, keep_up, next_stage
from scheduler.scope import Scope
from scheduler.signing import CERTIFICATE_ID, Verifier
from tests.builders import key, make_vault, user
from tests.conftest import ManualClock
from tests.queues.lab import SYSTEM, VAULT, Sender, second_certificate
from tests.stages.lab import Lab, make_lab

HOUR = timedelta(hours=1)


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> Lab:
    return make_lab(store, clock)


def start(sender: Sender) -> None:
    """Plan a rollover whose stages last an hour each, the first beginning now."""
    new = second_certificate(sender, CertificateState.UPCOMING)
    with sender.store.write() as write:
        plan_rollover(write, SYSTEM, new, Dates.evenly(sender.clock.now(), HOUR))
    keep_up(sender.store)


def stage(sender: Sender) -> RolloverStage:
    (row,) = sender.rows(CertificateRollover)
    found: RolloverStage = row.stage
    return found


def states(sender: Sender) -> dict[str, CertificateState]:
    return {row.certificate_id: row.state for row in sender.rows(SigningCertificate)}


def choose(sender: Sender, certificate_id: str) -> bool:
    with sender.store.write() as write:
        return choose_certificate(write, SYSTEM, key(sender.connection), certificate_id)


def offered(sender: Sender) -> dict[str, bool]:
    with sender.store.read() as session:
        return {each.certificate_id: each.used for each in choices(session, VAULT, key(sender.connection))}


def signed_with(sender: Sender) -> str:
    """The certificate of the next message that goes out, which the receiver verifies."""
    sender.put()
    with sender.receiver():
        sender.deliver()
    arrival = sender.arrivals[-1]
    assert arrival.verdict.valid, arrival.verdict.reason
    return arrival.headers[CERTIFICATE_ID]


def test_with_one_certificate_the_dialog_is_read_only(sender: Sender) -> None:
    assert offered(sender) == {"00001": True}
    assert not choose(sender, "00001")
    with pytest.raises(NotPossible, match="Only one signing certificate is available at present"):
        choose(sender, "00002")


def test_the_five_stages_follow_the_lab_clock(sender: Sender) -> None:
    start(sender)
    seen = [(stage(sender), states(sender), offered(sender))]
    for _ in range(4):
        sender.clock.advance(hours=1)
        keep_up(sender.store)
        seen.append((stage(sender), states(sender), offered(sender)))
    current, upcoming = CertificateState.CURRENT, CertificateState.UPCOMING
    before = {"00001": current, "00002": upcoming}
    during = {"00001": CertificateState.PREVIOUS, "00002": current}
    after = {"00001": CertificateState.RETIRED, "00002": current}
    assert seen == [
        (RolloverStage.PUBLISHED, before, {"00001": True}),
        (RolloverStage.TESTING, before, {"00001": True}),
        (RolloverStage.ROLLOVER, during, {"00002": True, "00001": False}),
        (RolloverStage.BOTH_SUPPORTED, during, {"00002": True, "00001": False}),
        (RolloverStage.FINAL, after, {"00002": True}),
    ]
    assert next_stage(sender.store) is None


def test_in_the_rollover_every_connection_signs_with_the_new_one_and_may_go_back(sender: Sender) -> None:
    assert signed_with(sender) == "00001"
    start(sender)
    assert signed_with(sender) == "00001"
    sender.clock.advance(hours=2)
    assert signed_with(sender) == "00002"
    assert choose(sender, "00001")
    assert not choose(sender, "00001")
    assert signed_with(sender) == "00001"
    assert choose(sender, "00002")
    assert signed_with(sender) == "00002"
    changes = [(row.old_value, row.new_value) for row in sender.rows(AuditRow, field_name="signing_certificate")]
    assert changes == [("00002", "00001"), ("00001", "00002")]


def test_the_final_stage_overrides_a_connection_that_went_back(sender: Sender) -> None:
    start(sender)
    sender.clock.advance(hours=2)
    keep_up(sender.store)
    choose(sender, "00001")
    sender.clock.advance(hours=2)
    assert signed_with(sender) == "00002"
    assert sender.rows(Connection)[0].certificate_id is None
    with pytest.raises(NotPossible, match="Only one"):
        choose(sender, "00001")


def test_a_whole_rollover_passes_when_the_clock_leaps_over_it(sender: Sender) -> None:
    start(sender)
    sender.clock.advance(days=1000)
    with sender.store.write() as write:
        assert advance(write, sender.clock.now()) == [
            RolloverStage.TESTING,
            RolloverStage.ROLLOVER,
            RolloverStage.BOTH_SUPPORTED,
            RolloverStage.FINAL,
        ]
        assert advance(write, sender.clock.now()) == []


def test_a_deliver_run_brings_the_rollover_to_the_lab_time(sender: Sender) -> None:
    start(sender)
    assert not deliver.has_work(sender.store, sender.clock, Scope(VAULT))
    sender.clock.advance(hours=2)
    assert deliver.has_work(sender.store, sender.clock, Scope(VAULT))
    sender.deliver()
    assert stage(sender) is RolloverStage.ROLLOVER


def test_both_certificates_verify_between_vaults_while_both_are_there(lab: Lab) -> None:
    begin_rollover(lab.store, lab.source.system, Dates.evenly(lab.clock.now(), HOUR))
    for _ in range(5):
        lab.create("Product")
        lab.send()
        lab.deliver()
        lab.clock.advance(hours=1)
    arrived = lab.messages(lab.target)
    used = [row.headers[CERTIFICATE_ID] for row in arrived]
    assert used == ["00001", "00001", "00002", "00002", "00002"]
    assert {row.state for row in lab.messages(lab.source)} == {MessageState.DELIVERED}


def test_an_expired_certificate_is_refused_counted_logged_and_explained(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    lab.clock.moment = datetime(2035, 6, 1, tzinfo=UTC)
    lab.set_queue(lab.source, retry_minutes=[])
    lab.deliver()
    (message,) = lab.messages(lab.source)
    assert message.state is MessageState.REMOVED
    assert "The certificate 00001 expired on 2035-01-01T00:00:00.000Z." in message.last_error
    (stat,) = lab.rows(ConnectionStat, connection_id=lab.source.connection_id)
    assert (stat.failures, stat.fatal_errors) == (1, 1)
    removal, refusal = sorted(lab.rows(QueueLogEntry), key=lambda entry: entry.entry_type.value, reverse=True)
    assert (removal.vault_id, removal.entry_type) == (lab.source.vault_id, LogEntryType.REMOVAL)
    assert (refusal.vault_id, refusal.entry_type) == (lab.target.vault_id, LogEntryType.REFUSAL)
    assert "expired" in removal.reason
    assert "expired" in refusal.reason


def test_the_next_certificate_is_issued_sealed_and_outlives_its_rollover(sender: Sender) -> None:
    begin_rollover(sender.store, SYSTEM)
    old, new = sender.rows(SigningCertificate)
    (row,) = sender.rows(CertificateRollover)
    assert (new.certificate_id, new.state) == ("00002", CertificateState.UPCOMING)
    assert "PRIVATE KEY" not in new.sealed_private_key
    assert b"PRIVATE KEY" in sender.store.secrets.open(new.sealed_private_key)
    assert new.not_before <= row.published_at
    assert new.not_after - row.rollover_at >= timedelta(days=3 * 365)
    Verifier({"00001": old.pem, "00002": new.pem})


def test_only_one_rollover_is_under_way_and_its_dates_follow_each_other(sender: Sender) -> None:
    new = second_certificate(sender, CertificateState.UPCOMING)
    now = sender.clock.now()
    with pytest.raises(InvalidInput) as refusal, sender.store.write() as write:
        plan_rollover(write, SYSTEM, new, Dates(now, now, now + HOUR, now + HOUR * 3, now + HOUR * 2))
    assert set(refusal.value.fields) == {"testing_at", "final_at"}
    with sender.store.write() as write:
        plan_rollover(write, SYSTEM, new, Dates.usual(now))
    with pytest.raises(NotPossible, match="under way already"):
        begin_rollover(sender.store, SYSTEM)


def reader_of(sender: Sender) -> Actor:
    with sender.store.write() as write:
        create_user(write, VAULT, "reader", "A", "Reader", READ_ONLY_USER)
    return user(sender.store, VAULT, "reader")


def test_a_rollover_needs_manage_connections_and_no_key_is_made_without_it(sender: Sender) -> None:
    reader = reader_of(sender)
    with pytest.raises(NotAllowed, match="Manage Connections"):
        begin_rollover(sender.store, reader)
    with pytest.raises(NotAllowed, match="read-only session"):
        begin_rollover(sender.store, user(sender.store, VAULT, read_only=True))
    assert len(sender.rows(SigningCertificate)) == 1
    start(sender)
    with pytest.raises(NotAllowed, match="Manage Connections"), sender.store.write() as write:
        change_dates(write, reader, Dates.usual(sender.clock.now()))


def test_starting_a_rollover_is_audited_with_its_dates_and_each_stage_as_the_platform_s_doing(sender: Sender) -> None:
    with sender.store.write() as write:
        make_vault(write, 1002, "Other")
    admin = user(sender.store, VAULT)
    began = sender.clock.now()
    begin_rollover(sender.store, admin, Dates.evenly(began, HOUR))
    (created,) = sender.rows(AuditRow, object_name="signing_certificate")
    assert (created.user_name, created.action, created.item) == (admin.name, "Create", "00002")
    planned = sender.rows(AuditRow, object_name="certificate_rollover")
    assert {(row.user_name, row.action, row.item) for row in planned} == {
        (admin.name, "Start Rollover", "00001 to 00002")
    }
    assert [row.field_name for row in planned] == list(STAGE_DATES.values())
    assert planned[0].new_value == iso(began)
    sender.clock.advance(hours=5)
    keep_up(sender.store)
    for vault_id in (VAULT, 1002):
        stages = sender.rows(AuditRow, action="Rollover Stage", vault_id=vault_id)
        assert {(row.user_id, row.user_name) for row in stages} == {(None, "System")}
        assert [(row.old_value, row.new_value) for row in stages] == [
            ("planned", "published"),
            ("published", "testing"),
            ("testing", "rollover"),
            ("rollover", "both_supported"),
            ("both_supported", "final"),
        ]
    keep_up(sender.store)
    assert len(sender.rows(AuditRow, action="Rollover Stage")) == 10


def test_the_dates_of_stages_to_come_can_be_changed(sender: Sender) -> None:
    start(sender)
    begins = sender.clock.now()
    before = Dates.evenly(begins, HOUR)
    later = replace(before, final=begins + HOUR * 9)
    with sender.store.write() as write:
        assert change_dates(write, SYSTEM, later)
        assert not change_dates(write, SYSTEM, later)
    (row,) = sender.rows(AuditRow, object_name="certificate_rollover", action="Edit")
    assert (row.field_name, row.old_value, row.new_value) == ("final_at", iso(before.final), iso(later.final))
    with pytest.raises(InvalidInput) as refusal, sender.store.write() as write:
        change_dates(write, SYSTEM, replace(later, published=begins + timedelta(minutes=1)))
    assert refusal.value.fields == {"published_at": "This stage has begun already."}
    with pytest.raises(InvalidInput) as refusal, sender.store.write() as write:
        change_dates(write, SYSTEM, replace(later, final=begins + HOUR))
    assert set(refusal.value.fields) == {"final_at"}
    sender.clock.advance(hours=8)
    keep_up(sender.store)
    assert stage(sender) is RolloverStage.BOTH_SUPPORTED
    sender.clock.advance(hours=1)
    keep_up(sender.store)
    with pytest.raises(NotPossible, match="No rollover is under way"), sender.store.write() as write:
        change_dates(write, SYSTEM, before)


def test_switching_needs_the_permission_and_a_connection_of_the_vault(sender: Sender) -> None:
    start(sender)
    sender.clock.advance(hours=2)
    keep_up(sender.store)
    reader = reader_of(sender)
    with pytest.raises(NotAllowed, match="Manage Connections"), sender.store.write() as write:
        choose_certificate(write, reader, key(sender.connection), "00001")
    with pytest.raises(NotFound), sender.store.write() as write:
        choose_certificate(write, SYSTEM, 999, "00001")
    with pytest.raises(NotFound, match="Available are 00002 and 00001"):
        choose(sender, "00009")


def test_the_list_says_which_connections_sign_with_a_certificate(sender: Sender) -> None:
    start(sender)
    sender.clock.advance(hours=2)
    keep_up(sender.store)

    def used() -> dict[str, int]:
        with sender.store.read() as session:
            rows = listing(VAULT)
            return {row.certificate_id: row.used_by for row in rows.page(session, 0, 9, rows.count(session))}

    assert used() == {"00001": 0, "00002": 1}
    choose(sender, "00001")
    assert used() == {"00001": 1, "00002": 0}
    with sender.store.read() as session:
        found = detail(session, VAULT, 1)
        view = latest_rollover(session)
    assert found is not None
    assert found.connections == ((key(sender.connection), "Warehouse"),)
    assert view is not None
    assert (view.old, view.new, view.stage, len(view.stages)) == ("00001", "00002", "rollover", 5)
