"""Delivery: messages leave the outbound queue in their order, signed, and arrive once on the remote inbound queue."""

from datetime import UTC, datetime

import orjson
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from models.feed import Change, Topic
from models.tables import (
    CertificateState,
    JobRun,
    MessageState,
    RunStatus,
    SigningCertificate,
    SparkMessage,
    Vault,
    table_of,
)
from models.time import iso
from scheduler import deliver, send
from scheduler.signing import REQUEST_DATE_TIME, REQUEST_ID, VAULT_ID, Verifier
from tests.builders import make_certificate
from tests.stages.lab import Lab, before_write, counts, second_target

URL = "https://vault-1002.lab.example.com/spark/lab_inbound__c"


@pytest.fixture(autouse=True)
def small_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """One item in a message, and three messages claimed at a time: few records make many messages."""
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
    monkeypatch.setattr(deliver, "BATCH", 3)


def verifier(lab: Lab) -> Verifier:
    return Verifier({row.certificate_id: row.pem for row in lab.rows(SigningCertificate)})


def test_messages_arrive_on_the_inbound_queue_in_the_order_in_which_they_were_put(lab: Lab) -> None:
    ids = lab.create_many(8)
    lab.send()
    result = lab.deliver()
    arrived = lab.messages(lab.target)
    assert [row.content for row in arrived] == [[each] for each in ids]
    assert [row.message_id for row in arrived] == [row.message_id for row in lab.messages(lab.source)]
    assert {(row.queue_id, row.connection_id, row.state) for row in arrived} == {
        (lab.target.queue_id, lab.target.connection_id, MessageState.QUEUED)
    }
    assert counts(result) == {"delivered": 8}
    assert result.status is RunStatus.SUCCESS


def test_a_delivered_message_has_left_the_outbound_queue_and_stays_to_be_looked_at(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    result = lab.deliver()
    (message,) = lab.messages(lab.source)
    assert (message.state, message.attempts, message.taken_by) == (MessageState.DELIVERED, 1, result.run_id)
    assert message.left_at > message.entered_at
    assert (message.claimed_by, message.next_attempt_at, message.last_error) == (None, None, None)
    (arrived,) = lab.messages(lab.target)
    assert (arrived.put_by, arrived.attributes) == (result.run_id, message.attributes)
    assert counts(lab.deliver()) == {}


def test_what_is_stored_on_the_inbound_side_verifies_again(lab: Lab) -> None:
    product = lab.create("Product")
    lab.send()
    lab.clock.advance(minutes=3)
    lab.deliver()
    (message,) = lab.messages(lab.target)
    moment = datetime.fromisoformat(message.headers[REQUEST_DATE_TIME])
    verdict = verifier(lab).verify(message.body.encode(), message.headers, URL, moment, expected_vault_id="1001")
    assert verdict.valid, verdict.reason
    assert message.headers[REQUEST_ID] == message.message_id
    assert message.headers[VAULT_ID] == "1001"
    for wrong in (
        verifier(lab).verify(message.body.encode() + b" ", message.headers, URL, moment, expected_vault_id="1001"),
        verifier(lab).verify(message.body.encode(), message.headers, f"{URL}x", moment, expected_vault_id="1001"),
        verifier(lab).verify(message.body.encode(), message.headers, URL, moment, expected_vault_id="1003"),
    ):
        assert not wrong.valid
    assert product in message.body


def test_the_body_is_what_a_spark_message_says(lab: Lab) -> None:
    product = lab.create("Product")
    lab.send()
    (put,) = lab.messages(lab.source)
    lab.clock.advance(minutes=3)
    lab.deliver()
    (arrived,) = lab.messages(lab.target)
    body = orjson.loads(arrived.body)
    sent_at = body.pop("send_message_timestamp")
    assert body == {
        "vault_name": "Source",
        "vault_host_name": "vault-1001.lab.example.com",
        "queue_name": "lab_outbound__c",
        "enter_queue_timestamp": iso(put.entered_at),
        "send_attempt": 1,
        "message_id": put.message_id,
        "message": {"attributes": put.attributes, "items": [product]},
    }
    assert sent_at == arrived.headers[REQUEST_DATE_TIME]
    assert datetime(2026, 1, 5, 8, 3, tzinfo=UTC) <= datetime.fromisoformat(sent_at) <= arrived.entered_at


def test_names_with_every_kind_of_letter_are_signed_and_stored_as_they_are(lab: Lab) -> None:
    lab.update_row(Vault, 1001, name='Qualität "β" \\ 薬 ✓')
    lab.create("Product")
    lab.send()
    lab.deliver()
    (message,) = lab.messages(lab.target)
    moment = datetime.fromisoformat(message.headers[REQUEST_DATE_TIME])
    assert verifier(lab).verify(message.body.encode(), message.headers, URL, moment, expected_vault_id="1001").valid
    assert "薬" in message.body


def test_connection_stats_say_what_the_message_tables_say(lab: Lab) -> None:
    lab.create_many(7)
    lab.send()
    lab.deliver()
    lab.clock.advance(days=1)
    lab.create_many(2)
    lab.send()
    lab.deliver()
    assert len(lab.messages(lab.source, MessageState.DELIVERED)) == len(lab.messages(lab.target)) == 9
    nothing_else = {"failures": 0, "retries": 0, "timeouts": 0, "fatal_errors": 0}
    assert lab.stats(lab.source) == {"sent": 9, "received": 0, **nothing_else}
    assert lab.stats(lab.target) == {"sent": 0, "received": 9, **nothing_else}


def test_messages_are_signed_with_the_certificate_that_the_connection_has_chosen(lab: Lab) -> None:
    with lab.store.write() as write:
        upcoming = make_certificate(lab.store, write, "00002")
        upcoming.state = CertificateState.UPCOMING
        write.add(upcoming)
        write.flush()
        chosen = upcoming.id
    lab.create("One")
    lab.send()
    lab.deliver()
    lab.set_connection(lab.source, certificate_id=chosen)
    lab.create("Two")
    lab.send()
    lab.deliver()
    used = [row.headers["X-VaultAPISignature-CertificateId"] for row in lab.messages(lab.target)]
    assert used == ["00001", "00002"]


def test_a_message_signed_with_a_retired_certificate_is_refused_by_the_receiver_and_stays(lab: Lab) -> None:
    (certificate,) = lab.rows(SigningCertificate)
    lab.set_connection(lab.source, certificate_id=certificate.id)
    lab.update_row(SigningCertificate, certificate.id, state=CertificateState.RETIRED)
    lab.create("Product")
    lab.send()
    assert lab.deliver().status is RunStatus.ERRORS_ENCOUNTERED
    (message,) = lab.messages(lab.source)
    assert message.state is MessageState.QUEUED
    assert message.last_error.startswith("The receiving Vault refused the signature")
    assert lab.messages(lab.target) == []


def test_without_a_current_certificate_messages_stay_and_say_so(lab: Lab) -> None:
    (certificate,) = lab.rows(SigningCertificate)
    lab.update_row(SigningCertificate, certificate.id, state=CertificateState.PREVIOUS)
    lab.create("Product")
    lab.send()
    lab.deliver()
    (message,) = lab.messages(lab.source)
    assert "There is no current signing certificate." in message.last_error


def test_a_queue_whose_delivery_is_disabled_holds_all_its_messages(lab: Lab) -> None:
    lab.create_many(2)
    lab.send()
    lab.set_queue(lab.source, delivery_enabled=False)
    result = lab.deliver()
    assert (result.status, counts(result)) == (RunStatus.SUCCESS, {})
    held = lab.messages(lab.source)
    assert [(row.state, row.attempts) for row in held] == [(MessageState.QUEUED, 0)] * 2
    lab.set_queue(lab.source, delivery_enabled=True)
    assert counts(lab.deliver()) == {"delivered": 2}


def test_an_inactive_outbound_queue_still_works_off_what_it_holds(lab: Lab) -> None:
    lab.create_many(2)
    lab.send()
    lab.set_queue(lab.source, active=False)
    lab.create("Too late")
    lab.send()
    assert counts(lab.deliver()) == {"delivered": 2}
    assert lab.messages(lab.source, MessageState.QUEUED) == []


def test_an_inbound_queue_takes_a_message_id_once_per_connection(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    lab.deliver()
    (arrived,) = lab.rows(SparkMessage, vault_id=lab.target.vault_id)
    again = {name: value for name, value in arrived._mapping.items() if name != "id"}
    with pytest.raises(IntegrityError), lab.store.write() as write:
        write.execute(insert(table_of(SparkMessage)).values(**again))


def test_a_run_limited_to_another_connection_leaves_the_messages_where_they_are(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    assert counts(lab.run(deliver.run_once, lab.source, connection_id=lab.target.connection_id)) == {}
    assert counts(lab.run(deliver.run_once, lab.source, connection_id=lab.source.connection_id)) == {"delivered": 1}


def test_two_deliver_runs_at_the_same_time_deliver_each_message_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between claiming (write 2) and settling (write 3) another run begins: it takes only what is not claimed."""
    ids = lab.create_many(8)
    lab.send()
    others = []
    before_write(monkeypatch, lab, 3, lambda: others.append(lab.deliver()))
    result = lab.deliver()
    assert counts(others[0]) == {"delivered": 5}
    assert counts(result) == {"delivered": 3}
    assert sorted(item for row in lab.messages(lab.target) for item in row.content) == sorted(ids)
    assert lab.stats(lab.source)["sent"] == lab.stats(lab.target)["received"] == 8


def test_a_run_whose_claims_another_has_taken_over_does_not_deliver_them_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run sleeps after claiming; its engine is held for dead, its run cancelled, its messages delivered."""
    lab.create_many(2)
    lab.send()
    others = []

    def taken_over() -> None:
        (sleeping,) = [row for row in lab.rows(JobRun) if row.status is RunStatus.RUNNING]
        lab.update_row(JobRun, sleeping.id, status=RunStatus.CANCELLED)
        others.append(lab.deliver())

    before_write(monkeypatch, lab, 3, taken_over)
    result = lab.deliver()
    assert counts(others[0]) == {"delivered": 2}
    assert counts(result) == {}
    assert lab.run_row(result).status is RunStatus.CANCELLED
    assert len(lab.messages(lab.target)) == 2
    assert lab.stats(lab.target)["received"] == 2


def test_both_vaults_hear_of_a_delivery(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    subscription = lab.store.feed.subscribe({Topic.MESSAGES, Topic.QUEUES, Topic.STATS})
    lab.deliver()
    heard = subscription.drain()
    subscription.close()
    assert {Change(topic, vault) for topic in (Topic.MESSAGES, Topic.QUEUES) for vault in (1001, 1002)} <= heard
    assert Change(Topic.STATS, 1002) in heard


def test_one_queue_serves_two_connections_and_a_dead_one_does_not_hold_up_the_other(lab: Lab) -> None:
    there, other = second_target(lab)
    lab.create_many(2)
    lab.send()
    assert len(lab.sent_items()) == 4
    lab.set_queue(lab.target, active=False)
    result = lab.deliver()
    assert counts(result) == {"delivered": 2}
    assert {row.vault_id for row in lab.rows(SparkMessage, state=MessageState.QUEUED)} == {1001, other.vault_id}
    (line,) = lab.lines(result)
    assert (line.connection_id, line.delivered) == (there.connection_id, 2)
    assert lab.stats(there)["sent"] == lab.stats(other)["received"] == 2
    assert lab.stats(lab.source)["failures"] == 2
