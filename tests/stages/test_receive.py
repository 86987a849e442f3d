"""The receive job: a changed source record becomes, or changes, the target record that belongs to it."""

from datetime import timedelta

import pytest

from models.feed import Change, Topic
from models.permissions import Actor
from models.services.integrations import set_integration_active
from models.services.objects import create_object
from models.services.records import create_record
from models.services.vaults import application_owner_id
from models.store import Store
from models.tables import (
    ItemStatus,
    JobRun,
    Matching,
    MessageState,
    QueueConnection,
    Record,
    RunStatus,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from scheduler import incoming, receive, send
from tests.conftest import ManualClock
from tests.stages.lab import Lab, before_write, counts, make_lab


def owner(lab: Lab) -> int | None:
    with lab.store.write() as write:
        return application_owner_id(write, lab.target.vault_id)


def test_a_new_source_record_becomes_a_target_record_whose_link_is_its_global_id(lab: Lab) -> None:
    product = lab.create("Aspirin", code__c="A1", strength__c=500, marketed__c=True, launched__c="2026-01-31")
    result = lab.transfer()
    source = lab.record(lab.source, product)
    (target,) = lab.targets()
    assert target["link__sys"] == source["global_id__sys"]
    assert target["global_id__sys"] not in (source["global_id__sys"], source.get("link__sys"))
    same = ("name__v", "code__c", "strength__c", "marketed__c", "launched__c")
    assert [target[name] for name in same] == [source[name] for name in same]
    assert [type(target[name]) for name in same] == [str, str, int, bool, str]
    assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 1, "created": 1})


def test_a_changed_source_record_updates_the_target_record_that_its_link_names(lab: Lab) -> None:
    product = lab.create("Aspirin", code__c="A1", strength__c=500)
    lab.transfer()
    before = lab.targets()[0]
    lab.clock.advance(minutes=5)
    lab.change(product, name__v="Aspirin Forte", strength__c=1000, code__c=None)
    result = lab.transfer()
    (target,) = lab.targets()
    assert (target["name__v"], target["strength__c"]) == ("Aspirin Forte", 1000)
    assert "code__c" not in target
    assert (target["id"], target["link__sys"]) == (before["id"], before["link__sys"])
    assert target["modified_date__v"] > before["modified_date__v"]
    assert counts(result) == {"received": 1, "updated": 1}


def test_a_change_that_no_rule_carries_over_leaves_the_target_record_untouched(
    store: Store, clock: ManualClock
) -> None:
    lab = make_lab(store, clock, mappings=[("name__v", "name__v")])
    product = lab.create("Aspirin")
    lab.transfer()
    (before,) = lab.targets()
    lab.clock.advance(minutes=5)
    lab.change(product, code__c="A1")
    result = lab.transfer()
    assert lab.targets() == [before]
    assert counts(result) == {"received": 1, "unchanged": 1}


def test_target_records_are_written_in_the_name_of_the_authorized_connection_user(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.transfer()
    (row,) = lab.rows(Record, vault_id=lab.target.vault_id)
    assert (row.created_by, row.modified_by) == (owner(lab), owner(lab))
    with lab.store.write() as write:
        create_record(write, lab.target.system, "product__v", {"name__v": "By hand"})
    lab.set_connection(lab.target, authorized_user_id=None)
    lab.change(product, code__c="A1")
    lab.transfer()
    row = lab.rows(Record, vault_id=lab.target.vault_id)[0]
    assert (row.created_by, row.modified_by) == (owner(lab), None)


def test_what_the_rules_do_not_name_stays_as_it_is_in_the_target(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, mappings=[("name__v", "name__v")])
    product = lab.create("Aspirin", code__c="A1")
    lab.transfer()
    lab.change(lab.targets()[0]["id"], side=lab.target, code__c="OWN", strength__c=7)
    lab.change(product, name__v="Aspirin Forte", code__c="A2")
    lab.transfer()
    (target,) = lab.targets()
    assert (target["name__v"], target["code__c"], target["strength__c"]) == ("Aspirin Forte", "OWN", 7)


def test_a_target_record_made_by_hand_without_a_link_gets_a_second_one_beside_it(lab: Lab) -> None:
    """Seed S0: "Since this record does not have the expected Link field value (with the source RIM Vault's Global ID),
    the connection cannot recognize it as having a RIM counterpart when checking for duplicates during transfer. In this
    scenario, Vault would create a new record in Clinical Operations based on the source RIM record."
    """
    lab.create("Aspirin", side=lab.target, code__c="A1")
    lab.create("Aspirin", code__c="A1")
    assert counts(lab.transfer()) == {"received": 1, "created": 1}
    assert [row["name__v"] for row in lab.targets()] == ["Aspirin", "Aspirin"]
    assert [bool(row.get("link__sys")) for row in lab.targets()] == [False, True]


def test_the_source_s_global_id_pasted_into_link_joins_a_record_made_by_hand(lab: Lab) -> None:
    by_hand = lab.create("Made by hand", side=lab.target)
    product = lab.create("Aspirin")
    lab.change(by_hand, side=lab.target, link__sys=lab.record(lab.source, product)["global_id__sys"])
    assert counts(lab.transfer()) == {"received": 1, "updated": 1}
    (target,) = lab.targets()
    assert (target["id"], target["name__v"]) == (by_hand, "Aspirin")


def test_of_two_target_records_with_the_same_link_the_older_one_is_updated(lab: Lab) -> None:
    product = lab.create("Aspirin")
    link = lab.record(lab.source, product)["global_id__sys"]
    lab.create("Older", side=lab.target, link__sys=link)
    lab.create("Newer", side=lab.target, link__sys=link)
    assert counts(lab.transfer()) == {"received": 1, "updated": 1}
    assert [row["name__v"] for row in lab.targets()] == ["Aspirin", "Newer"]


def test_a_record_of_another_object_with_that_link_is_no_match(lab: Lab) -> None:
    with lab.store.write() as write:
        create_object(write, lab.target.vault_id, "other__v", "Other", "Others", "V0O")
    product = lab.create("Aspirin")
    link = lab.record(lab.source, product)["global_id__sys"]
    lab.create("Other", side=lab.target, object_name="other__v", link__sys=link)
    assert counts(lab.transfer()) == {"received": 1, "created": 1}
    assert [row["name__v"] for row in lab.targets("other__v")] == ["Other"]


class TestMatchingByOrigin:
    """Target Global ID = source Link: the source record came from the target Vault, and its status goes back (S2)."""

    @pytest.fixture
    def lab(self, store: Store, clock: ManualClock) -> Lab:
        return make_lab(store, clock, matching=Matching.ORIGIN, mappings=[("code__c", "code__c")])

    def test_updates_the_record_that_the_source_record_came_from(self, lab: Lab) -> None:
        origin = lab.create("Inquiry", side=lab.target)
        other = lab.create("Another", side=lab.target)
        global_id = lab.record(lab.target, origin)["global_id__sys"]
        lab.create("Case", code__c="DONE", link__sys=global_id)
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert lab.record(lab.target, origin)["code__c"] == "DONE"
        assert "link__sys" not in lab.record(lab.target, origin)
        assert "code__c" not in lab.record(lab.target, other)

    def test_never_creates_a_record(self, lab: Lab) -> None:
        lab.create("Made here", code__c="DONE")
        lab.create("From nowhere", code__c="DONE", link__sys="1002_999")
        result = lab.transfer()
        assert counts(result) == {"received": 2, "skipped": 2}
        assert result.status is RunStatus.SUCCESS
        assert lab.targets() == []


def test_a_point_that_does_not_create_skips_records_that_it_does_not_find(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, creates=False)
    known, _unknown = lab.create("Known"), lab.create("Unknown")
    lab.create("By hand", side=lab.target, link__sys=lab.record(lab.source, known)["global_id__sys"])
    result = lab.transfer()
    assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 2, "updated": 1, "skipped": 1})
    assert [row["name__v"] for row in lab.targets()] == ["Known"]


def test_a_point_that_does_not_update_skips_records_that_it_finds(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, updates=False)
    product = lab.create("First")
    lab.transfer()
    lab.change(product, name__v="Changed")
    lab.create("Second")
    assert counts(lab.transfer()) == {"received": 2, "created": 1, "skipped": 1}
    assert [row["name__v"] for row in lab.targets()] == ["First", "Second"]


def test_a_skipped_record_is_no_failure_even_when_its_values_are_bad(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, creates=False, mappings=[("name__v", "strength__c")])
    lab.create("Not a number")
    result = lab.transfer()
    assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 1, "skipped": 1})
    assert lab.items() == []


def test_a_deleted_source_record_leaves_its_target_record_as_it_is(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.transfer()
    before = lab.targets()
    lab.delete(product)
    result = lab.transfer()
    assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 1, "skipped": 1})
    assert lab.targets() == before


def test_a_source_record_deleted_before_the_call_back_is_skipped(lab: Lab) -> None:
    product, kept = lab.create("Gone"), lab.create("Kept")
    lab.send()
    lab.deliver()
    lab.delete(product)
    result = lab.receive()
    assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 2, "created": 1, "skipped": 1})
    assert [row["link__sys"] for row in lab.targets()] == [lab.record(lab.source, kept)["global_id__sys"]]


def test_the_call_back_reads_the_record_as_it_is_by_then(lab: Lab) -> None:
    product = lab.create("As sent")
    lab.send()
    lab.change(product, name__v="As it is")
    lab.deliver()
    lab.receive()
    assert [row["name__v"] for row in lab.targets()] == ["As it is"]
    assert counts(lab.transfer()) == {"received": 1, "unchanged": 1}


def test_a_message_that_was_processed_is_not_processed_again(lab: Lab) -> None:
    lab.create("Aspirin")
    result = lab.transfer()
    (message,) = lab.messages(lab.target)
    assert (message.state, message.taken_by, message.claimed_by) == (MessageState.PROCESSED, result.run_id, None)
    assert message.left_at > message.entered_at
    assert counts(lab.receive()) == {}


def test_a_message_that_names_an_item_twice_makes_one_record_of_it(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.send()
    (message,) = lab.messages(lab.source)
    table = table_of(SparkMessageBody)
    with lab.store.write() as write:
        write.execute(table.update().where(table.c.message_id == message.id).values({"items": [product, product]}))
    lab.deliver()
    assert counts(lab.receive()) == {"received": 2, "created": 1, "skipped": 1}
    assert len(lab.targets()) == 1


def test_an_item_that_is_a_record_of_another_object_is_skipped(lab: Lab) -> None:
    with lab.store.write() as write:
        create_object(write, lab.source.vault_id, "other__v", "Other", "Others", "V0O")
    other = lab.create("Other", object_name="other__v")
    lab.create("Aspirin")
    lab.send()
    table = table_of(SparkMessageBody)
    with lab.store.write() as write:
        write.execute(table.update().values({"items": [other]}))
    lab.deliver()
    assert counts(lab.receive()) == {"received": 1, "skipped": 1}
    assert lab.targets() == []


def test_many_messages_are_processed_in_one_run_in_their_order(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 2)
    monkeypatch.setattr(incoming, "CLAIM", 3)
    lab.create_many(15)
    result = lab.transfer()
    assert counts(result) == {"received": 15, "created": 15}
    assert [row["name__v"] for row in lab.targets()] == [row["name__v"] for row in lab.records(lab.source)]
    assert {row.state for row in lab.messages(lab.target)} == {MessageState.PROCESSED}


def test_more_records_than_one_statement_takes_arrive_each_once(lab: Lab) -> None:
    lab.create_many(1203)
    assert counts(lab.transfer()) == {"received": 1203, "created": 1203}
    source = {row["global_id__sys"]: row["name__v"] for row in lab.records(lab.source)}
    assert {row["link__sys"]: row["name__v"] for row in lab.targets()} == source


def test_an_inactive_inbound_queue_still_works_off_what_it_holds(lab: Lab) -> None:
    lab.create("Aspirin")
    lab.send()
    lab.deliver()
    lab.set_queue(lab.target, active=False)
    (served,) = lab.rows(QueueConnection, queue_id=lab.target.queue_id)
    lab.update_row(QueueConnection, served.id, active=False)
    assert counts(lab.receive()) == {"received": 1, "created": 1}


def test_a_run_limited_to_another_connection_leaves_the_messages_in_the_queue(lab: Lab) -> None:
    lab.create("Aspirin")
    lab.send()
    lab.deliver()
    assert counts(lab.run(receive.run_once, lab.target, connection_id=lab.source.connection_id)) == {}
    assert counts(lab.run(receive.run_once, lab.target, connection_id=lab.target.connection_id)) == {
        "received": 1,
        "created": 1,
    }


def test_the_counts_of_a_run_are_those_of_its_lines(lab: Lab) -> None:
    lab.create("Aspirin")
    lab.create("x" * 200)
    result = lab.transfer()
    (line,) = lab.lines(result)
    assert line.connection_id == lab.target.connection_id
    assert (line.received, line.created) == (2, 2)
    row = lab.run_row(result)
    assert (row.received, row.created) == (2, 2)


def test_who_watches_records_hears_of_what_arrived(lab: Lab) -> None:
    lab.create("Aspirin")
    lab.send()
    lab.deliver()
    subscription = lab.store.feed.subscribe({Topic.RECORDS, Topic.MESSAGES, Topic.QUEUES, Topic.INTEGRATIONS})
    lab.receive()
    vault = lab.target.vault_id
    assert subscription.drain() == {
        Change(topic, vault) for topic in (Topic.RECORDS, Topic.MESSAGES, Topic.QUEUES, Topic.INTEGRATIONS)
    }
    subscription.close()


class TestLastSuccessfulRunTime:
    def test_moves_to_the_start_of_a_run_without_errors(self, lab: Lab) -> None:
        lab.create("Aspirin")
        lab.clock.advance(minutes=5)
        result = lab.transfer()
        assert lab.integration(lab.target).last_successful_receive == lab.run_row(result).started_at

    def test_moves_also_when_nothing_came(self, lab: Lab) -> None:
        lab.clock.advance(minutes=5)
        result = lab.receive()
        assert lab.integration(lab.target).last_successful_receive == lab.run_row(result).started_at

    def test_stays_while_any_item_fails(self, store: Store, clock: ManualClock) -> None:
        lab = make_lab(store, clock, mappings=[("name__v", "name__v"), ("name__v", "strength__c")])
        before = lab.integration(lab.target).last_successful_receive
        product = lab.create("Not a number")
        assert lab.transfer().status is RunStatus.ERRORS_ENCOUNTERED
        lab.clock.advance(minutes=5)
        assert lab.transfer().status is RunStatus.ERRORS_ENCOUNTERED
        assert lab.integration(lab.target).last_successful_receive == before
        lab.change(product, name__v="12")
        lab.clock.advance(minutes=5)
        assert lab.transfer().status is RunStatus.SUCCESS
        assert lab.integration(lab.target).last_successful_receive > before + timedelta(minutes=5)

    def test_of_an_inactive_integration_stays(self, lab: Lab) -> None:
        before = lab.integration(lab.target).last_successful_receive
        lab.set_integration_active(lab.target, False)
        lab.clock.advance(minutes=5)
        lab.receive()
        assert lab.integration(lab.target).last_successful_receive == before

    def test_of_an_integration_of_another_connection_stays_when_the_run_was_limited(self, lab: Lab) -> None:
        before = lab.integration(lab.target).last_successful_receive
        lab.clock.advance(minutes=5)
        lab.run(receive.run_once, lab.target, connection_id=lab.source.connection_id)
        assert lab.integration(lab.target).last_successful_receive == before

    def test_never_goes_back_behind_an_activation_during_the_run(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def activate() -> None:
            with lab.store.write() as write:
                set_integration_active(write, Actor.system(lab.target.vault_id), lab.target.integration_id, False)
                set_integration_active(write, Actor.system(lab.target.vault_id), lab.target.integration_id, True)

        lab.clock.advance(minutes=5)
        before_write(monkeypatch, lab, 2, activate)
        result = lab.receive()
        after = lab.integration(lab.target).last_successful_receive
        assert after > lab.run_row(result).started_at

    def test_of_the_sending_side_is_no_matter_of_the_receive_job(self, lab: Lab) -> None:
        lab.clock.advance(minutes=5)
        before = lab.integration(lab.target).last_successful_send
        lab.receive()
        assert lab.integration(lab.target).last_successful_send == before


class TestSeveralRunsAtTheSameTime:
    """The stages never assume that they are alone: they claim rows, and a claim ends with its run."""

    def cancel_running(self, lab: Lab) -> None:
        for row in lab.rows(JobRun):
            if row.status is RunStatus.RUNNING:
                lab.update_row(JobRun, row.id, status=RunStatus.CANCELLED)

    def test_process_each_message_once(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
        monkeypatch.setattr(incoming, "CLAIM", 2)
        lab.create_many(5)
        lab.send()
        lab.deliver()
        others = []
        before_write(monkeypatch, lab, 3, lambda: others.append(lab.receive()))
        result = lab.receive()
        assert counts(others[0]) == {"received": 3, "created": 3}
        assert counts(result) == {"received": 2, "created": 2}
        assert len(lab.targets()) == 5

    def test_a_claim_of_a_run_that_died_holds_nothing_back(self, lab: Lab) -> None:
        lab.create("Aspirin")
        lab.send()
        lab.deliver()
        (message,) = lab.messages(lab.target)
        died = lab.results[-1].run_id
        lab.update_row(JobRun, died, status=RunStatus.RUNNING)
        lab.update_row(SparkMessage, message.id, claimed_by=died)
        assert counts(lab.receive()) == {}
        self.cancel_running(lab)
        assert counts(lab.receive()) == {"received": 1, "created": 1}

    def test_a_run_that_was_taken_over_does_not_apply_what_it_had_read(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It has read the old value; meanwhile the new one has arrived and been applied by another run."""
        product = lab.create("Old")
        lab.send()
        lab.deliver()

        def taken_over() -> None:
            self.cancel_running(lab)
            lab.change(product, name__v="New")
            lab.transfer()

        before_write(monkeypatch, lab, 3, taken_over)
        result = lab.receive()
        assert counts(result) == {}
        assert lab.run_row(result).status is RunStatus.CANCELLED
        assert [row["name__v"] for row in lab.targets()] == ["New"]

    def test_nor_the_open_items_that_it_was_trying_again(
        self, store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lab = make_lab(store, clock, mappings=[("name__v", "name__v"), ("code__c", "strength__c")])
        product = lab.create("Old", code__c="bad")
        lab.transfer()
        (item,) = lab.items()
        lab.change(product, code__c="12")

        def taken_over() -> None:
            self.cancel_running(lab)
            lab.change(product, name__v="New", code__c="13")
            lab.transfer()

        # Write 1 opens the run, 2 looks for messages, 3 would apply the open item.
        before_write(monkeypatch, lab, 3, taken_over)
        result = lab.receive()
        assert counts(result) == {}
        assert [(row["name__v"], row["strength__c"]) for row in lab.targets()] == [("New", 13)]
        assert [row.status for row in lab.items(None)] == [ItemStatus.RESOLVED]
        assert item.attempts == 1
