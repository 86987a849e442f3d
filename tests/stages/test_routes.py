"""Messages that no item of which can be applied: refused with words, kept, and processed once the set-up is mended."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from models.services.integrations import (
    add_field_rule,
    add_point_source,
    create_integration,
    create_point,
    create_rule,
)
from models.services.objects import FieldSpec, add_fields, create_object
from models.services.vaults import create_profile, create_user
from models.store import Store
from models.tables import (
    ConnectionState,
    Direction,
    ErrorType,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    JobRun,
    MessageState,
    ObjectField,
    RunStatus,
    User,
    VaultObject,
    table_of,
)
from scheduler import receive, send
from scheduler.housekeeping import KEEP_RUNS, Housekeeping
from tests.builders import key
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts, make_lab

Step = Callable[[Lab], object]


def make_reader(lab: Lab, *permissions: str, active: bool = True) -> int:
    """Have the source side call back as a user with these permissions alone."""
    with lab.store.write() as write:
        create_profile(write, lab.source.vault_id, "Reader", set(permissions))
        reader = key(create_user(write, lab.source.vault_id, "reader", "", "", "Reader"))
    if not active:
        lab.update_row(User, reader, active=False)
    lab.set_connection(lab.source, authorized_user_id=reader)
    return reader


def allow_all(lab: Lab) -> None:
    (owner,) = lab.rows(User, vault_id=lab.source.vault_id, username="app.owner@lab.example.com")
    lab.set_connection(lab.source, authorized_user_id=owner.id)


def drop_field(lab: Lab, object_id: int, name: str) -> None:
    fields = table_of(ObjectField)
    with lab.store.write() as write:
        write.execute(delete(fields).where(fields.c.object_id == object_id, fields.c.name == name))


def restore_field(lab: Lab, vault_id: int) -> None:
    with lab.store.write() as write:
        add_fields(write, vault_id, "product__v", [FieldSpec("code__c", "Code", max_length=20)])


def object_of(lab: Lab, vault_id: int) -> int:
    (row,) = lab.rows(VaultObject, vault_id=vault_id, name="product__v")
    return int(row.id)


BROKEN: dict[str, tuple[Step, Step, str]] = {
    "the source has no Authorized Connection User": (
        lambda lab: lab.set_connection(lab.source, authorized_user_id=None),
        allow_all,
        "Connection lab_connection__c of Source has no Authorized Connection User.",
    ),
    "the Authorized Connection User of the source is inactive": (
        lambda lab: make_reader(lab, "Object: *: Read", active=False),
        allow_all,
        "The call-back to Source is refused: reader is an inactive user of Vault 1001.",
    ),
    "the Authorized Connection User of the source may not read the object": (
        lambda lab: make_reader(lab, "Object: study__v: Read", "Object: product__v: Edit"),
        allow_all,
        'lacks the permission "Object: product__v: Read"',
    ),
    "the integration is inactive in the target": (
        lambda lab: lab.set_integration_active(lab.target, False),
        lambda lab: lab.set_integration_active(lab.target, True),
        "Integration Product Integration is inactive in this Vault.",
    ),
    "the message names a point that the connection does not have": (
        lambda lab: lab.update_row(IntegrationPoint, lab.target.point_id, api_name="renamed__c"),
        lambda lab: lab.update_row(IntegrationPoint, lab.target.point_id, api_name="product_inbound__c"),
        "Connection lab_connection__c has no inbound integration point product_inbound__c.",
    ),
    "the connection is inactive": (
        lambda lab: lab.set_connection(lab.target, state=ConnectionState.INACTIVE),
        lambda lab: lab.set_connection(lab.target, state=ConnectionState.ACTIVE),
        "Connection lab_connection__c is inactive, not active.",
    ),
    "the connection is disconnected": (
        lambda lab: lab.set_connection(lab.target, remote_connection_id=None),
        lambda lab: lab.set_connection(lab.target, remote_connection_id=lab.source.connection_id),
        "Connection lab_connection__c has no partner in another Vault.",
    ),
    "the source was reset and takes no call-back": (
        lambda lab: lab.set_connection(lab.source, state=ConnectionState.PENDING),
        lambda lab: lab.set_connection(lab.source, state=ConnectionState.ACTIVE),
        "The call-back to Source is refused: its connection lab_connection__c is not active for this Vault.",
    ),
    "the source is connected to another Vault by now": (
        lambda lab: lab.set_connection(lab.source, remote_connection_id=None),
        lambda lab: lab.set_connection(lab.source, remote_connection_id=lab.target.connection_id),
        "The call-back to Source is refused: its connection lab_connection__c is not active for this Vault.",
    ),
    "the rule is inactive": (
        lambda lab: lab.update_row(IntegrationRule, lab.pair.rule_id, active=False),
        lambda lab: lab.update_row(IntegrationRule, lab.pair.rule_id, active=True),
        "No active integration rule of this point reads product__v.",
    ),
    "the target field of a rule was removed": (
        lambda lab: drop_field(lab, object_of(lab, 1002), "code__c"),
        lambda lab: restore_field(lab, 1002),
        "Field rule code__c: Product has no field code__c.",
    ),
    "the query field of a rule was removed": (
        lambda lab: drop_field(lab, object_of(lab, 1001), "code__c"),
        lambda lab: restore_field(lab, 1001),
        (
            "The call-back to Source fails: INVALID_DATA: [code__c] is not a queryable field of [product__v] "
            "(rule Product Rule)."
        ),
    ),
    "the target object of a rule does not exist": (
        lambda lab: set_rules(lab, target_object="gone__v"),
        lambda lab: set_rules(lab, target_object="product__v"),
        "Vault 1002 has no object gone__v.",
    ),
    "a rule walks a relationship that is not there": (
        lambda lab: set_code_rule(lab, query_field="gone__vr.name__v"),
        lambda lab: set_code_rule(lab, query_field="code__c"),
        (
            "The call-back to Source fails: INVALID_DATA: [gone__vr] is not a relationship of [product__v] "
            "(rule Product Rule)."
        ),
    ),
}


def set_rules(lab: Lab, **values: str) -> None:
    for rule in lab.rows(FieldRule, rule_id=lab.pair.rule_id):
        lab.update_row(FieldRule, rule.id, **values)


def set_code_rule(lab: Lab, **values: str) -> None:
    (rule,) = lab.rows(FieldRule, rule_id=lab.pair.rule_id, target_field="code__c")
    lab.update_row(FieldRule, rule.id, **values)


@pytest.mark.parametrize("trouble", BROKEN)
def test_a_message_is_refused_in_words_and_nothing_is_lost(lab: Lab, trouble: str) -> None:
    break_it, mend_it, sentence = BROKEN[trouble]
    lab.create_many(3)
    lab.send()
    lab.deliver()
    before = lab.integration(lab.target).last_successful_receive
    break_it(lab)
    result = lab.receive()
    assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {"received": 3, "failed": 3})
    assert sentence in lab.run_row(result).error
    assert lab.targets() == []
    (told,) = lab.exceptions(lab.target)
    assert sentence in told.error_message
    assert told.error_type is ErrorType.CONFIGURATION
    assert (told.items_received, told.items_failed) == (3, 3)
    (message,) = lab.messages(lab.target)
    assert (message.state, told.spark_message_id) == (MessageState.PROCESSED, message.id)
    assert sentence in message.last_error

    lab.clock.advance(minutes=5)
    again = lab.receive()
    assert (again.status, counts(again)) == (RunStatus.ERRORS_ENCOUNTERED, {"retried": 3, "failed": 3})
    assert [row.id for row in lab.exceptions(lab.target, active=None)] == [told.id]
    if "point" not in trouble:
        assert lab.integration(lab.target).last_successful_receive == before

    mend_it(lab)
    lab.clock.advance(minutes=5)
    passed = lab.receive()
    assert (passed.status, counts(passed)) == (RunStatus.SUCCESS, {"retried": 3, "created": 3})
    assert [row["name__v"] for row in lab.targets()] == ["Product 1", "Product 2", "Product 3"]
    (told,) = lab.exceptions(lab.target, active=None)
    assert not told.active
    assert lab.integration(lab.target).last_successful_receive > before
    assert counts(lab.receive()) == {}


def test_a_refused_message_is_tried_again_even_when_the_run_that_refused_it_was_cleared_away(lab: Lab) -> None:
    lab.create("Product")
    lab.send()
    lab.deliver()
    lab.set_integration_active(lab.target, False)
    lab.receive()
    lab.clock.moment += KEEP_RUNS * 2
    Housekeeping(lab.store).clear_runs()
    assert lab.rows(JobRun) == []
    lab.set_integration_active(lab.target, True)
    assert counts(lab.receive()) == {"retried": 1, "created": 1}
    assert lab.exceptions(lab.target) == []


def test_items_of_a_mended_message_that_still_fail_become_items_of_its_exception(
    store: Store, clock: ManualClock
) -> None:
    lab = make_lab(store, clock, mappings=[("name__v", "name__v"), ("code__c", "strength__c")])
    lab.create("Good", code__c="1")
    bad = lab.create("Bad", code__c="one")
    lab.send()
    lab.deliver()
    lab.set_integration_active(lab.target, False)
    lab.receive()
    (refused,) = lab.exceptions(lab.target)
    lab.set_integration_active(lab.target, True)
    result = lab.receive()
    assert counts(result) == {"retried": 2, "created": 1, "failed": 1}
    (told,) = lab.exceptions(lab.target)
    assert (told.id, told.error_type) == (refused.id, ErrorType.MESSAGE_PROCESSING)
    assert (told.items_received, told.items_failed) == (2, 1)
    assert told.error_message == "1 of 2 items could not be applied."
    assert [(item.message_id, item.item) for item in lab.items()] == [(refused.id, bad)]
    lab.change(bad, code__c="2")
    lab.receive()
    assert lab.exceptions(lab.target) == []


def test_open_items_stay_open_while_their_route_is_broken(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, mappings=[("name__v", "name__v"), ("code__c", "strength__c")])
    bad = lab.create("Bad", code__c="one")
    lab.transfer()
    lab.change(bad, code__c="1")
    lab.set_connection(lab.source, authorized_user_id=None)
    result = lab.receive()
    assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {"retried": 1, "failed": 1})
    assert [item.item for item in lab.items()] == [bad]
    assert len(lab.exceptions(lab.target)) == 1
    allow_all(lab)
    assert counts(lab.receive()) == {"retried": 1, "created": 1}


def test_a_refused_message_about_a_deletion_is_settled_once_the_route_is_mended(lab: Lab) -> None:
    product = lab.create("Product")
    lab.transfer()
    lab.delete(product)
    lab.set_integration_active(lab.target, False)
    assert counts(lab.transfer()) == {"received": 1, "failed": 1}
    lab.set_integration_active(lab.target, True)
    assert counts(lab.receive()) == {"retried": 1, "skipped": 1}
    assert lab.exceptions(lab.target) == []
    assert len(lab.targets()) == 1


def test_a_run_limited_to_another_connection_tries_nothing_of_this_one_again(store: Store, clock: ManualClock) -> None:
    lab = make_lab(store, clock, mappings=[("name__v", "name__v"), ("code__c", "strength__c")])
    lab.create("Bad", code__c="one")
    lab.transfer()
    lab.create("Refused")
    lab.set_integration_active(lab.target, False)
    lab.transfer()
    lab.set_integration_active(lab.target, True)
    assert counts(lab.run(receive.run_once, lab.target, connection_id=lab.source.connection_id)) == {}
    result = lab.run(receive.run_once, lab.target, connection_id=lab.target.connection_id)
    assert counts(result) == {"retried": 2, "created": 1, "failed": 1}


def test_several_refused_messages_are_each_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 2)
    lab.create_many(5)
    lab.send()
    lab.deliver()
    lab.set_integration_active(lab.target, False)
    assert counts(lab.receive()) == {"received": 5, "failed": 5}
    assert [row.items_received for row in lab.exceptions(lab.target)] == [2, 2, 1]
    lab.set_integration_active(lab.target, True)
    assert counts(lab.receive()) == {"retried": 5, "created": 5}


def test_a_message_of_one_point_may_be_refused_while_another_is_processed(lab: Lab) -> None:
    good = second_integration(lab)
    lab.create("Product")
    lab.set_integration_active(lab.target, False)
    before = lab.integration(lab.target).last_successful_receive
    lab.clock.advance(minutes=5)
    result = lab.transfer()
    assert counts(result) == {"received": 2, "created": 1, "failed": 1}
    assert lab.rows(Integration, id=good)[0].last_successful_receive > before
    assert lab.integration(lab.target).last_successful_receive == before


def second_integration(lab: Lab) -> int:
    """A second way for the same Products, by an integration of its own."""
    with lab.store.write() as write:
        target = lab.target.system
        integration = create_integration(
            write, target, lab.target.connection_id, name="Second", api_name="second__c", active=True
        )
        point = create_point(
            write, target, key(integration), name="Second", api_name="second__c", direction=Direction.INBOUND
        )
        rule = create_rule(
            write, target, key(point), name="Second", api_name="second__c", primary_query_object="product__v"
        )
        add_field_rule(
            write, target, key(rule), target_object="product__v", target_field="name__v", query_field="name__v"
        )
        add_point_source(
            write, lab.source.system, lab.source.point_id, object_name="product__v", remote_point="second__c"
        )
        return key(integration)


class TestWalkingARelationship:
    """A query field may walk one object reference of the source, with the rights of the Authorized Connection User."""

    @pytest.fixture
    def lab(self, store: Store, clock: ManualClock) -> Lab:
        lab = make_lab(store, clock)
        with store.write() as write:
            create_object(
                write,
                1001,
                "family__v",
                "Family",
                "Families",
                "V0F",
                [FieldSpec("code__c"), FieldSpec("rank__c", type=FieldType.NUMBER)],
            )
            add_fields(
                write,
                1001,
                "product__v",
                [FieldSpec("family__v", type=FieldType.OBJECT, reference_object="family__v")],
            )
        set_code_rule(lab, query_field="family__vr.code__c")
        return lab

    def test_brings_the_values_of_the_record_it_refers_to(self, lab: Lab) -> None:
        family = lab.create("Family", object_name="family__v", code__c="F1")
        other = lab.create("No code", object_name="family__v")
        lab.create("With", family__v=family)
        lab.create("Empty", family__v=other)
        lab.create("Without")
        assert counts(lab.transfer()) == {"received": 3, "created": 3}
        assert [row.get("code__c") for row in lab.targets()] == ["F1", None, None]

    def test_reads_system_fields_too(self, lab: Lab) -> None:
        set_code_rule(lab, query_field="family__vr.global_id__sys")
        family = lab.create("Family", object_name="family__v")
        lab.create("With", family__v=family)
        lab.transfer()
        (expected,) = lab.records(lab.source, "family__v")
        assert [row["code__c"] for row in lab.targets()] == [expected["global_id__sys"]]

    def test_needs_the_right_to_read_the_object_it_refers_to(self, lab: Lab) -> None:
        make_reader(lab, "Object: product__v: Read")
        lab.create("Product")
        result = lab.transfer()
        assert counts(result) == {"received": 1, "failed": 1}
        assert 'lacks the permission "Object: family__v: Read"' in lab.exceptions(lab.target)[0].error_message
        allow_all(lab)
        assert counts(lab.receive()) == {"retried": 1, "created": 1}

    def test_without_a_rule_that_walks_it_the_right_is_not_needed(self, lab: Lab) -> None:
        set_code_rule(lab, query_field="code__c")
        make_reader(lab, "Object: product__v: Read")
        lab.create("Product")
        assert counts(lab.transfer()) == {"received": 1, "created": 1}

    def test_to_a_field_that_is_not_there_refuses_the_message(self, lab: Lab) -> None:
        set_code_rule(lab, query_field="family__vr.gone__c")
        lab.create("Product")
        lab.transfer()
        assert "[gone__c] is not a queryable field of [family__v]" in lab.exceptions(lab.target)[0].error_message
