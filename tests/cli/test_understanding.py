"""`doctor`, `explain` and `dry-run` on the command line."""

import pytest

from models.tables import Queue, table_of
from scheduler import deliver, receive, send
from scheduler.scope import Scope
from tests.cli.conftest import Call, Lab
from tests.conftest import ManualClock


def move(lab: Lab, clock: ManualClock) -> None:
    """Have all three jobs run."""
    clock.advance(minutes=5)
    for stage, vault_id in ((send, 1001), (deliver, 1001), (receive, 1002)):
        stage.run_once(lab.store, clock, Scope(vault_id))


def test_the_doctor_names_cause_and_command_and_can_be_a_check(on: Call, lab: Lab) -> None:
    with lab.store.write() as write:
        write.execute(table_of(Queue).update().values(active=False))
    called = on("doctor", "lab_connection__c", "--vault", "Source")
    assert "A queue is inactive" in called.out
    assert "$ vault-console queues activate" in called.out
    document = on("doctor", "lab_connection__c", "--vault", "Source", "--json", "--check", code=3).document
    assert document["stopped"] is True
    assert "queue_inactive" in {finding["kind"] for finding in document["findings"]}


def test_a_record_is_explained_field_by_field(on: Call, lab: Lab) -> None:
    text = on("explain", "record", lab.bad, "--vault", "Source").out
    assert "STOPS  Result" in text
    assert "rule code__c" in text
    (story,) = on("explain", "record", lab.bad, "--vault", "Source", "--json").document["stories"]
    assert story["stopped_at"] == "Result"


def test_an_exception_and_a_message_are_explained_by_number(on: Call, lab: Lab, clock: ManualClock) -> None:
    move(lab, clock)
    exception = on("exceptions", "list", "--json").document["exceptions"][0]["id"]
    text = on("explain", "exception", str(exception)).out
    assert lab.bad in text
    message = on("messages", "list", "lab_outbound__c", "--json", "--vault", "Source").document["messages"][0]["id"]
    assert lab.good in on("explain", "message", str(message)).out


def test_an_exception_about_no_record_says_what_it_is_about(on: Call, lab: Lab, clock: ManualClock) -> None:
    on("queues", "disconnect", "lab_outbound__c", "lab_connection__c", "--vault", "Source")
    clock.advance(minutes=5)
    send.run_once(lab.store, clock, Scope(1001))
    exception = on("exceptions", "list", "--json").document["exceptions"][0]["id"]

    text = on("explain", "exception", str(exception)).out

    assert "It is about no record: No outbound queue serves this connection." in text
    assert "vault-console doctor lab_connection__c --vault 1001" in text


def test_what_is_not_there_is_refused_in_words(on: Call, lab: Lab) -> None:
    assert lab.store
    assert "There is no record" in on("explain", "record", "NOWHERE", code=1).err
    assert "no message 999" in on("explain", "message", "999", code=1).err
    assert "no user exception message 999" in on("explain", "exception", "999", code=1).err
    assert "no user exception message 999" in on("dry-run", "retry", "999", code=1).err


@pytest.mark.usefixtures("lab")
def test_a_dry_run_tells_counts_and_records_and_leaves_all_as_it_is(on: Call, clock: ManualClock) -> None:
    clock.advance(minutes=5)
    text = on("dry-run", "integration", "product_integration__c", "--vault", "Source").out
    assert "created    product__v" in text
    assert "failed     product__v" in text
    document = on("dry-run", "integration", "product_integration__c", "--vault", "Source", "--json").document
    assert document["created"] >= 1
    assert document["failed"] >= 1
    assert on("exceptions", "list", "--json").document["exceptions"] == []


def test_a_dry_run_is_narrowed_to_a_point_and_reckoned_from_another_time(
    on: Call, lab: Lab, clock: ManualClock
) -> None:
    move(lab, clock)
    base = ("dry-run", "integration", "product_integration__c", "--vault", "Source", "--json")
    assert on(*base).document["created"] == 0
    again = on(*base, "--since", "2020-01-01").document
    assert again["unchanged"] >= 1
    assert on(*base, "--point", "product_outbound__c").document["created"] == 0
    assert "no integration point" in on(*base, "--point", "nowhere__c", code=1).err
    assert "--since" in on(*base, "--since", "soon", code=1).err


def test_a_dry_run_of_a_retry_tells_what_still_fails(on: Call, lab: Lab, clock: ManualClock) -> None:
    move(lab, clock)
    exception = on("exceptions", "list", "--json").document["exceptions"][0]["id"]
    assert on("dry-run", "retry", str(exception), "--json").document["failed"] >= 1
