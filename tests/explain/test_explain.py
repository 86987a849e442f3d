"""Explain: each step that lets a record on or stops it, and how each target field came to its value."""

from typing import Any

import pytest

from models.errors import NotAllowed, NotFound
from models.permissions import Actor
from models.record_writer import Effect
from models.services.integrations import add_point_source, create_point
from models.services.vaults import FieldSpec
from models.store import Store
from models.tables import (
    Connection,
    ConnectionState,
    Direction,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    ItemStatus,
    MessageState,
    QueryObjectRule,
    ReferenceLookup,
    ReferenceLookupKey,
)
from scheduler.explain import explain_exception, explain_message, explain_record
from scheduler.story import FieldStory, Story
from tests.builders import key, user
from tests.conftest import ManualClock
from tests.stages.lab import Lab, make_lab


def story_of(lab: Lab, record_id: str) -> Story:
    (story,) = explain_record(lab.store, lab.source.system, record_id)
    return story


def field(story: Story, name: str) -> FieldStory:
    (target,) = story.targets
    return next(one for one in target.fields if one.label == name)


def lookup(lab: Lab, pairs: dict[str, str], field_rule: str) -> None:
    """Have a field rule go through a reference lookup."""
    with lab.store.write() as write:
        row = ReferenceLookup(connection_id=lab.target.connection_id, name="Codes", api_name="codes__c")
        write.add(row)
        write.flush()
        for source, target in pairs.items():
            write.add(ReferenceLookupKey(lookup_id=key(row), source_key=source, target_key=target))
        write.flush()
        lookup_id = key(row)
    rule = next(one for one in lab.rows(FieldRule) if one.api_name == field_rule)
    lab.update_row(FieldRule, rule.id, reference_lookup_id=lookup_id)


def test_a_record_that_is_yet_to_be_sent_is_told_what_will_become_of_it(lab: Lab) -> None:
    product = lab.create("Aspirin", code__c="A1", strength__c=500)
    story = story_of(lab, product)
    assert story.stopped is None
    assert [step.name for step in story.steps if step.verdict == "waits"] == ["Change"]
    (target,) = story.targets
    assert (target.effect, target.record_id) == (Effect.CREATED, "")
    strength = field(story, "Strength")
    assert strength.trace is not None
    assert (strength.trace.query_item, strength.trace.source_value) == ("strength__c", 500)
    assert (strength.before, strength.after) == (None, 500)


def test_what_is_explained_is_what_the_run_then_does(lab: Lab) -> None:
    product = lab.create("Aspirin", code__c="A1", strength__c=500, launched__c="2026-01-31")
    told = {one.label: one.after for one in story_of(lab, product).targets[0].fields}
    lab.transfer()
    (target,) = lab.targets()
    assert told["Name"] == target["name__v"]
    assert told["Code"] == target["code__c"]
    assert told["Strength"] == target["strength__c"]
    assert told["Launch Date"] == target["launched__c"]
    assert told["Link"] == target["link__sys"]
    assert told["Marketed"] is None
    assert "marketed__c" not in target


def test_explaining_changes_nothing(lab: Lab) -> None:
    product = lab.create("Aspirin")
    story_of(lab, product)
    assert lab.targets() == []


def test_an_update_shows_before_and_after_and_by_what_the_target_was_found(lab: Lab) -> None:
    product = lab.create("Aspirin", strength__c=500)
    lab.transfer()
    lab.clock.advance(minutes=5)
    lab.change(product, strength__c=1000)
    story = story_of(lab, product)
    (target,) = story.targets
    assert (target.effect, target.matched_by) == (Effect.UPDATED, "Link")
    assert target.record_id == lab.targets()[0]["id"]
    assert (field(story, "Strength").before, field(story, "Strength").after) == (500, 1000)
    assert (field(story, "Name").before, field(story, "Name").after) == ("Aspirin", "Aspirin")


def test_a_record_that_arrived_and_did_not_change_since_stays_as_it_is(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.clock.advance(minutes=5)
    lab.transfer()
    story = story_of(lab, product)
    assert story.targets[0].effect is Effect.UNCHANGED
    (change,) = [step for step in story.steps if step.name == "Change"]
    assert change.verdict == "note"
    assert "before the Last Successful Run Time" in change.text


def stopped(lab: Lab, record_id: str) -> tuple[str, str]:
    step = story_of(lab, record_id).stopped
    assert step is not None
    return step.name, step.text


def test_a_connection_that_is_not_active_stops_it(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.update_row(Connection, lab.source.connection_id, state=ConnectionState.INACTIVE)
    assert stopped(lab, product) == ("Connection", "Lab Connection is Inactive: nothing is sent.")


def test_an_integration_that_is_inactive_here_or_there_stops_it(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.update_row(Integration, lab.target.integration_id, active=False)
    assert stopped(lab, product) == ("Route", "Integration Product Integration is inactive in this Vault.")
    lab.update_row(Integration, lab.source.integration_id, active=False)
    assert stopped(lab, product)[0] == "Integration"


def test_a_missing_inbound_point_stops_it(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.update_row(IntegrationPoint, lab.target.point_id, api_name="renamed__c")
    name, text = stopped(lab, product)
    assert name == "Route"
    assert "no inbound integration point product_inbound__c" in text


def test_criteria_that_are_not_met_stop_it_and_are_named(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, criteria={"marketed__c": True})
    kept, sent = lab.create("Kept", marketed__c=False), lab.create("Sent", marketed__c=True)
    assert stopped(lab, kept) == (
        "Criteria",
        "Point Product Outbound Point sends only records with marketed__c = True.",
    )
    assert story_of(lab, sent).stopped is None


def test_a_filter_that_lets_it_not_through_stops_it_and_is_named(lab: Lab) -> None:
    with lab.store.write() as write:
        write.add(
            QueryObjectRule(
                rule_id=lab.pair.rule_id, api_name="q__c", query_object="product__v", filter_clause="strength__c > 100"
            )
        )
    weak, strong = lab.create("Weak", strength__c=50), lab.create("Strong", strength__c=500)
    assert stopped(lab, weak)[0] == "Rules"
    assert any("strength__c > 100" in step.text for step in story_of(lab, weak).steps if step.name == "Rule")
    assert story_of(lab, strong).stopped is None


def test_a_value_that_the_target_refuses_stops_it_beside_its_field(store: Store, clock: ManualClock) -> None:
    short = (FieldSpec("code__c", "Code", max_length=3),)
    lab = make_lab(store, clock, source_fields=(FieldSpec("code__c", "Code", max_length=20),), target_fields=short)
    product = lab.create("Aspirin", code__c="TOO-LONG")
    name, text = stopped(lab, product)
    assert (name, story_of(lab, product).targets[0].effect) == ("Result", Effect.FAILED)
    assert "at most 3" in text
    assert "at most 3" in field(story_of(lab, product), "Code").problem


def test_a_required_field_that_no_rule_writes_stops_it(store: Store, clock: ManualClock) -> None:
    more = (FieldSpec("code__c", "Code"), FieldSpec("batch__c", "Batch", required=True))
    lab = make_lab(store, clock, source_fields=(FieldSpec("code__c", "Code"),), target_fields=more)
    story = story_of(lab, lab.create("Aspirin", code__c="A1"))
    batch = field(story, "Batch")
    assert batch.trace is None
    assert batch.problem == "Batch is required."


def test_a_lookup_shows_what_it_gave_and_a_missing_key_stops_it(lab: Lab) -> None:
    lookup(lab, {"A1": "alpha"}, "code__c")
    known, unknown = lab.create("Known", code__c="A1"), lab.create("Unknown", code__c="B2")
    code = field(story_of(lab, known), "Code")
    assert code.trace is not None
    assert (code.trace.lookup, code.trace.looked_up, code.after) == ("Codes", "alpha", "alpha")
    assert "no entry for 'B2'" in stopped(lab, unknown)[1]


def test_a_default_is_told_apart_from_a_value(lab: Lab) -> None:
    rule = next(one for one in lab.rows(FieldRule) if one.api_name == "code__c")
    lab.update_row(FieldRule, rule.id, default_value="none")
    empty, filled = lab.create("Empty"), lab.create("Filled", code__c="A1")
    traces = [field(story_of(lab, product), "Code").trace for product in (empty, filled)]
    assert [trace.took_default for trace in traces if trace is not None] == [True, False]


def test_a_target_that_was_deleted_is_not_made_anew_and_says_so(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.transfer()
    lab.delete(lab.targets()[0]["id"], side=lab.target)
    name, text = stopped(lab, product)
    assert name == "Result"
    assert "was deleted" in text


def test_a_target_record_is_explained_from_where_it_came(lab: Lab) -> None:
    product = lab.create("Aspirin", code__c="A1")
    lab.transfer()
    (target,) = lab.targets()
    (story,) = explain_record(lab.store, lab.target.system, target["id"])
    assert (story.item, story.source_vault_id) == (product, lab.source.vault_id)
    assert story.targets[0].record_id == target["id"]


def test_how_a_record_came_is_told_before_where_it_is_sent_on(lab: Lab) -> None:
    lab.create("Aspirin", code__c="A1")
    lab.transfer()
    (target,) = lab.targets()
    actor = lab.target.system
    with lab.store.write() as write:
        integration = lab.target.integration_id
        point = create_point(write, actor, integration, name="Back", direction=Direction.OUTBOUND)
        add_point_source(write, actor, key(point), object_name="product__v", remote_point="back__c")
    stories = explain_record(lab.store, actor, target["id"])
    assert [story.target_vault_id for story in stories] == [lab.target.vault_id, lab.source.vault_id]


def test_a_record_that_nobody_sends_has_no_story(lab: Lab) -> None:
    alone = lab.create("Alone", side=lab.target)
    assert explain_record(lab.store, lab.target.system, alone) == []


def test_a_record_that_is_not_there_is_not_explained(lab: Lab) -> None:
    with pytest.raises(NotFound):
        explain_record(lab.store, lab.source.system, "V0A000000009999")


def test_a_record_that_was_deleted_is_told_so(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.delete(product)
    with pytest.raises(NotFound, match=f"Record {product} was deleted at") as refused:
        story_of(lab, product)
    assert "trace" in refused.value.remedy


def test_who_may_not_read_an_object_gets_no_explanation_of_it(lab: Lab) -> None:
    product = lab.create("Aspirin")
    nobody = Actor(lab.source.vault_id, None, "nobody", frozenset())
    with pytest.raises(NotAllowed):
        explain_record(lab.store, nobody, product)
    with pytest.raises(NotAllowed):
        explain_exception(lab.store, nobody, 1)


def test_a_read_only_session_may_have_things_explained(lab: Lab) -> None:
    product = lab.create("Aspirin")
    reader = user(lab.store, lab.source.vault_id, read_only=True)
    assert explain_record(lab.store, reader, product)


def test_a_message_is_explained_on_both_sides(lab: Lab) -> None:
    products = [lab.create("One"), lab.create("Two")]
    lab.send()
    lab.deliver()
    (outbound,) = lab.messages(lab.source)
    (inbound,) = lab.messages(lab.target, MessageState.QUEUED)
    for actor, message in ((lab.source.system, outbound), (lab.target.system, inbound)):
        stories = explain_message(lab.store, actor, message.id)
        assert [story.item for story in stories] == products
        assert all(story.targets[0].effect is Effect.CREATED for story in stories)
    with pytest.raises(NotFound):
        explain_message(lab.store, lab.target.system, outbound.id)


def test_a_deletion_is_explained_by_the_delete_policy(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.transfer()
    lab.clock.advance(minutes=5)
    lab.delete(product)
    lab.send()
    (message,) = lab.messages(lab.source, MessageState.QUEUED)
    (story,) = explain_message(lab.store, lab.source.system, message.id)
    assert any("delete policy: leave" in step.text for step in story.steps)


def test_an_exception_is_explained_item_by_item(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, **_strict())
    bad, good = lab.create("Bad", code__c="TOO-LONG"), lab.create("Good", code__c="OK")
    lab.transfer()
    (exception,) = lab.exceptions(lab.target)
    (story,) = explain_exception(lab.store, lab.target.system, exception.id)
    assert story.item == bad != good
    assert story.stopped is not None
    assert story.stopped.name == "Result"


def test_an_exception_of_a_whole_message_is_explained_by_its_message(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.send()
    lab.deliver()
    lab.update_row(Integration, lab.target.integration_id, active=False)
    lab.receive()
    assert lab.items(ItemStatus.OPEN) == []
    exception = next(one for one in lab.exceptions(lab.target) if one.spark_message_id is not None)
    (story,) = explain_exception(lab.store, lab.target.system, exception.id)
    assert story.item == product
    assert story.stopped is not None
    assert story.stopped.name == "Route"


def test_an_open_item_is_told_that_each_run_tries_it_again(store: Store, clock: ManualClock) -> None:
    """Seed S3: "Vault attempts to resolve any errors the next time the connection runs"."""
    lab = make_lab(store, clock, **_strict())
    bad, good = lab.create("Bad", code__c="TOO-LONG"), lab.create("Good", code__c="OK")
    assert next_try(lab, bad) is None
    lab.transfer()
    clock.advance(minutes=5)
    lab.receive()
    (exception,) = lab.exceptions(lab.target)
    told = next_try(lab, bad)
    assert told is not None
    assert f"open item of user exception message {exception.id}, tried 2 times" in told
    assert "The next receive run tries it again" in told
    assert next_try(lab, good) is None

    lab.change(bad, code__c="OK2")
    clock.advance(minutes=5)
    assert next_try(lab, bad) is not None
    lab.receive()
    assert next_try(lab, bad) is None


def test_a_message_that_was_refused_as_a_whole_is_tried_again_too(lab: Lab) -> None:
    product = lab.create("Aspirin")
    lab.send()
    lab.deliver()
    lab.update_row(Integration, lab.target.integration_id, active=False)
    lab.receive()
    told = next_try(lab, product)
    assert told is not None
    assert "refused as a whole" in told
    assert "Once what stops it is mended" in told

    lab.update_row(Integration, lab.target.integration_id, active=True)
    lab.receive()
    assert next_try(lab, product) is None


def next_try(lab: Lab, record_id: str) -> str | None:
    return next((step.text for step in story_of(lab, record_id).steps if step.name == "Next try"), None)


def test_the_source_record_of_an_exception_may_be_gone(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, **_strict())
    bad = lab.create("Bad", code__c="TOO-LONG")
    lab.transfer()
    lab.delete(bad)
    (exception,) = lab.exceptions(lab.target)
    (story,) = explain_exception(lab.store, lab.target.system, exception.id)
    assert story.stopped is not None
    assert story.stopped.name == "Source"


def _strict() -> dict[str, Any]:
    return {
        "source_fields": (FieldSpec("code__c", "Code", max_length=20), FieldSpec("n__c", "N", FieldType.NUMBER)),
        "target_fields": (FieldSpec("code__c", "Code", max_length=3),),
    }
