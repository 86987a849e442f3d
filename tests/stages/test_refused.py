"""What a receiving Vault refuses: by whose certificate and why, counted, logged and explained on both sides."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from models.errors import NotPossible
from models.queries.queue_detail import log_listing
from models.services.certificates import add_certificate
from models.services.messages import put_message
from models.services.queue_log import put_back
from models.services.queues import connect_queue, create_queue
from models.store import Store
from models.tables import (
    AttemptKind,
    CertificateState,
    Connection,
    ConnectionStat,
    ConnectionType,
    DeliveryAttempt,
    Direction,
    ErrorType,
    LogEntryType,
    MessageState,
    QueueLogEntry,
    RunStatus,
    SigningCertificate,
    Vault,
)
from scheduler.signature_check import check_signature
from scheduler.signing import issue_certificate
from tests.builders import _issued, key, make_certificate, make_connection
from tests.conftest import ManualClock
from tests.stages.lab import Lab


def expire(lab: Lab) -> None:
    lab.clock.moment = datetime(2036, 5, 1, tzinfo=UTC)


def begin_too_early(lab: Lab) -> None:
    """The connection signs with a certificate whose time has not come."""
    issued = issue_certificate("00003", datetime(2030, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC))
    with lab.store.write() as write:
        early = add_certificate(
            write,
            certificate_id="00003",
            pem=issued.certificate_pem,
            sealed_private_key=lab.store.secrets.seal(issued.private_key_pem),
            not_before=issued.not_before,
            not_after=issued.not_after,
        )
    lab.set_connection(lab.source, certificate_id=early.id)


def retire(lab: Lab) -> None:
    """Have the connection sign with a certificate that is no longer known to receivers."""
    with lab.store.write() as write:
        retired = make_certificate(lab.store, write, "00002")
        retired.state = CertificateState.RETIRED
    (row,) = lab.rows(SigningCertificate, certificate_id="00002")
    lab.set_connection(lab.source, certificate_id=row.id)


def forge(lab: Lab) -> None:
    """The published certificate is not that of the key that signs."""
    (row,) = lab.rows(SigningCertificate)
    lab.update_row(SigningCertificate, row.id, pem=_issued("00002").certificate_pem)


WRONG: dict[str, tuple[Callable[[Lab], None], str]] = {
    "expired": (
        expire,
        "Signature by certificate 00001 refused: The certificate 00001 expired on 2035-01-01T00:00:00.000Z.",
    ),
    "not yet valid": (
        begin_too_early,
        "Signature by certificate 00003 refused: The certificate 00003 is not valid before 2030-01-01T00:00:00.000Z.",
    ),
    "unknown": (retire, "Signature by certificate 00002 refused: The certificate 00002 is not known here."),
    "another key": (
        forge,
        (
            "Signature by certificate 00001 refused: The V1 signature does not match: headers or body are not those "
            "that were signed."
        ),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_certificate_is_refused_counted_logged_and_explained_on_the_receiving_side(
    lab: Lab, wrong: str
) -> None:
    break_it, sentence = WRONG[wrong]
    break_it(lab)
    lab.create_many(2)
    lab.send()
    assert lab.deliver().status is RunStatus.ERRORS_ENCOUNTERED
    sent = lab.messages(lab.source)
    assert lab.messages(lab.target) == []
    assert lab.stats(lab.target)["failures"] == lab.stats(lab.source)["failures"] == len(sent)
    entries = lab.rows(QueueLogEntry)
    (receiving,) = lab.rows(Connection, id=lab.target.connection_id)
    assert [
        (entry.vault_id, entry.entry_type, entry.queue_id, entry.connection_name, entry.message_id, entry.attempts)
        for entry in entries
    ] == [
        (lab.target.vault_id, LogEntryType.REFUSAL, lab.target.queue_id, receiving.record_id, row.message_id, 1)
        for row in sent
    ]
    assert {entry.reason for entry in entries} == {sentence}
    assert {entry.spark_message_id for entry in entries} == {None}
    assert sentence.split(": ", 1)[1] in sent[0].last_error


def test_the_receiving_side_tells_a_refusal_in_its_queue_log(lab: Lab) -> None:
    expire(lab)
    lab.create("Product")
    lab.send()
    lab.deliver()
    listing = log_listing(lab.target.vault_id, text="expired")
    with lab.store.read() as session:
        (line,) = listing.page(session, 0, 10, listing.count(session))
    assert (line.entry_type, line.queue_name) == ("REFUSAL", "lab_inbound__c")
    with pytest.raises(NotPossible, match="What this Vault refused is no removal"), lab.store.write() as write:
        put_back(write, lab.target.system, line.key)


def test_the_sending_side_keeps_what_was_refused_and_can_check_its_signature(lab: Lab) -> None:
    expire(lab)
    lab.create("Product")
    lab.send()
    lab.deliver()
    (message,) = lab.messages(lab.source)
    verdict = check_signature(lab.store, lab.source.vault_id, message.id)
    assert (verdict.valid, verdict.certificate_id) == (False, "00001")
    assert "expired on" in verdict.reason
    (attempt,) = lab.rows(DeliveryAttempt)
    assert (attempt.kind, "expired on" in attempt.answer) == (AttemptKind.FAILURE, True)


def test_each_try_is_refused_once_more_and_the_last_one_tells_the_source_in_a_user_exception(lab: Lab) -> None:
    expire(lab)
    lab.set_queue(lab.source, retry_minutes=[1, 1])
    lab.create("Product")
    lab.send()
    for _ in range(3):
        lab.deliver()
        lab.clock.advance(minutes=2)
    assert lab.stats(lab.source) == {
        "sent": 0,
        "received": 0,
        "failures": 3,
        "retries": 2,
        "timeouts": 0,
        "fatal_errors": 1,
    }
    assert lab.stats(lab.target)["failures"] == 3
    refusals = lab.rows(QueueLogEntry, entry_type=LogEntryType.REFUSAL)
    assert [entry.attempts for entry in refusals] == [1, 2, 3]
    (told,) = lab.exceptions(lab.source)
    assert told.error_type is ErrorType.CONNECTION
    assert "The certificate 00001 expired on" in told.error_message
    # What nobody vouches for is no message of the target: there is nothing to process or to try again there.
    assert lab.exceptions(lab.target) == []


def test_what_was_refused_arrives_once_the_certificate_is_good_again(lab: Lab) -> None:
    retire(lab)
    lab.create("Product")
    lab.send()
    lab.deliver()
    lab.set_connection(lab.source, certificate_id=None)
    lab.clock.advance(hours=1)
    lab.deliver()
    assert [row.state for row in lab.messages(lab.source)] == [MessageState.DELIVERED]
    assert lab.stats(lab.target)["received"] == 1
    assert lab.stats(lab.target)["failures"] == 1


def test_a_production_vault_takes_nothing_from_a_sandbox(lab: Lab) -> None:
    lab.update_row(Vault, lab.source.vault_id, sandbox=True)
    lab.create("Product")
    lab.send()
    lab.deliver()
    (message,) = lab.messages(lab.source)
    assert message.state is MessageState.QUEUED
    (entry,) = lab.rows(QueueLogEntry, vault_id=lab.target.vault_id)
    assert entry.entry_type is LogEntryType.REFUSAL
    assert entry.reason.endswith("is a sandbox: production Vaults take no data of sandboxes.")
    assert message.last_error == f"The receiving Vault refused the message: {entry.reason}"
    assert lab.stats(lab.target)["failures"] == 1
    assert lab.targets() == []


def test_a_sandbox_takes_from_production_and_from_another_sandbox(lab: Lab) -> None:
    lab.update_row(Vault, lab.target.vault_id, sandbox=True)
    lab.create("One")
    lab.transfer()
    lab.update_row(Vault, lab.source.vault_id, sandbox=True)
    lab.create("Two")
    lab.transfer()
    assert [row["name__v"] for row in lab.targets()] == ["One", "Two"]
    assert lab.rows(QueueLogEntry) == []


def test_a_local_connection_that_refuses_counts_one_failure(store: Store, clock: ManualClock, lab: Lab) -> None:
    side = lab.source
    with store.write() as write:
        local = make_connection(write, side.vault_id, "local_link", type=ConnectionType.LOCAL, name="Local")
        inbound = create_queue(write, side.system, label="Arrivals", type=Direction.INBOUND, message_processor="log")
        outbound = create_queue(write, side.system, label="Departures", type=Direction.OUTBOUND)
        connect_queue(write, side.system, key(outbound), key(local), inbound.api_name)
        connect_queue(write, side.system, key(inbound), key(local))
        put_message(write, side.system, key(outbound), {"event": "new"}, ["V0A1"])
    clock.moment = datetime(2036, 1, 1, tzinfo=UTC) + timedelta(days=1)
    lab.deliver()
    (stat,) = lab.rows(ConnectionStat, connection_id=key(local))
    assert stat.failures == 1
    (entry,) = lab.rows(QueueLogEntry)
    assert (entry.entry_type, entry.queue_name) == (LogEntryType.REFUSAL, inbound.api_name)
