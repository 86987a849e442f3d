"""Criteria of an outbound integration point: which of the changed records are sent."""

from typing import Any

import pytest

from models.services.objects import FieldSpec, add_fields, create_object, create_picklist
from models.store import Store
from models.tables import (
    FieldType,
    ObjectField,
    PicklistValue,
    PointSource,
    RecordStatus,
    RunStatus,
    table_of,
)
from tests.conftest import ManualClock
from tests.stages.lab import Lab, make_lab


def lab_with(store: Store, clock: ManualClock, criteria: dict[str, Any]) -> Lab:
    """A lab whose Products belong to a Family, and are sent by these criteria."""
    lab = make_lab(store, clock)
    with store.write() as write:
        create_picklist(write, 1001, "area__c", "Area", ["oncology__c", "cardiology__c"])
        create_object(
            write,
            1001,
            "family__v",
            "Family",
            "Families",
            "V0F",
            [FieldSpec("approved__c", type=FieldType.YES_NO), FieldSpec("rank__c", type=FieldType.NUMBER)],
            ["draft__c", "final__c"],
        )
        add_fields(
            write,
            1001,
            "product__v",
            [
                FieldSpec("family__v", type=FieldType.OBJECT, reference_object="family__v"),
                FieldSpec("area__c", type=FieldType.PICKLIST, picklist="area__c"),
                FieldSpec("reviewed__c", type=FieldType.DATETIME),
            ],
        )
    (source,) = lab.rows(PointSource)
    lab.update_row(PointSource, source.id, criteria=criteria)
    return lab


@pytest.mark.parametrize(
    ("criteria", "sent"),
    [
        ({}, {"Aspirin", "Ibuprofen", "Plain"}),
        ({"marketed__c": True}, {"Aspirin"}),
        ({"marketed__c": False}, {"Ibuprofen"}),
        ({"marketed__c": "true"}, {"Aspirin"}),
        ({"strength__c": 500}, {"Aspirin"}),
        ({"strength__c": 500.0}, {"Aspirin"}),
        ({"strength__c": "2.5"}, {"Ibuprofen"}),
        ({"code__c": "A'1"}, {"Aspirin"}),
        ({"code__c": "a'1"}, set()),
        ({"launched__c": "2026-01-31"}, {"Ibuprofen"}),
        ({"reviewed__c": "2026-01-31T13:00:00+01:00"}, {"Aspirin"}),
        ({"area__c": "oncology__c"}, {"Aspirin"}),
        ({"code__c": None}, {"Plain"}),
        ({"strength__c": ""}, {"Plain"}),
        ({"marketed__c": True, "code__c": "B2"}, set()),
        ({"marketed__c": False, "code__c": "B2"}, {"Ibuprofen"}),
        ({"name__v": "Aspirin"}, {"Aspirin"}),
        ({"status__v": "inactive__v"}, {"Plain"}),
        ({"status__v": RecordStatus.ACTIVE}, {"Aspirin", "Ibuprofen"}),
        ({"link__sys": "9_1"}, {"Plain"}),
        ({"link__sys": None}, {"Aspirin", "Ibuprofen"}),
        ({"family__vr.name__v": "Painkillers"}, {"Aspirin"}),
        ({"family__vr.approved__c": True}, {"Aspirin"}),
        ({"family__vr.approved__c": False}, {"Ibuprofen"}),
        ({"family__vr.rank__c": 2}, {"Ibuprofen"}),
        ({"family__vr.state__v": "draft__c", "family__vr.status__v": "active__v"}, {"Aspirin", "Ibuprofen"}),
        ({"family__vr.approved__c": True, "marketed__c": True}, {"Aspirin"}),
        ({"family__vr.approved__c": False, "marketed__c": True}, set()),
    ],
)
def test_only_records_that_hold_the_values_are_sent(
    store: Store, clock: ManualClock, criteria: dict[str, Any], sent: set[str]
) -> None:
    lab = lab_with(store, clock, criteria)
    painkillers = lab.create("Painkillers", object_name="family__v", approved__c=True, rank__c=1)
    others = lab.create("Others", object_name="family__v", approved__c=False, rank__c=2)
    ids = {
        lab.create(
            "Aspirin",
            code__c="A'1",
            strength__c=500,
            marketed__c=True,
            family__v=painkillers,
            area__c="oncology__c",
            reviewed__c="2026-01-31T12:00:00Z",
        ): "Aspirin",
        lab.create(
            "Ibuprofen",
            code__c="B2",
            strength__c=2.5,
            marketed__c=False,
            launched__c="2026-01-31",
            family__v=others,
            area__c="cardiology__c",
        ): "Ibuprofen",
        lab.create("Plain", status__v="inactive__v", link__sys="9_1"): "Plain",
    }
    result = lab.send()
    assert result.status is RunStatus.SUCCESS
    assert {ids[item] for items in lab.sent_items() for item in items} == sent
    assert result.counts.sent == len(sent)


def test_a_value_that_was_taken_off_the_picklist_still_finds_the_records_that_hold_it(
    store: Store, clock: ManualClock
) -> None:
    lab = lab_with(store, clock, {"area__c": "oncology__c"})
    product = lab.create("Product", area__c="oncology__c")
    (value,) = lab.rows(PicklistValue, name="oncology__c")
    lab.update_row(PicklistValue, value.id, active=False)
    lab.send()
    assert lab.sent_items() == [[product]]


def test_a_record_is_sent_once_it_has_changed_to_hold_the_value(store: Store, clock: ManualClock) -> None:
    lab = lab_with(store, clock, {"marketed__c": True})
    product = lab.create("Product")
    lab.send()
    assert lab.sent_items() == []
    lab.change(product, marketed__c=True)
    lab.send()
    assert lab.sent_items() == [[product]]


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [
        ({"gone__c": "x"}, "[gone__c] is not a queryable field of [product__v]."),
        ({"gone__vr.name__v": "x"}, "[gone__vr] is not a relationship of [product__v]."),
        ({"family__vr.gone__c": "x"}, "[gone__c] is not a queryable field of [family__v]."),
        ({"strength__c": "much"}, "'much' is not a number."),
        ({"marketed__c": "perhaps"}, "'perhaps' is neither yes nor no."),
        ({"status__v": "asleep__v"}, "'asleep__v' is not a Status"),
        ({"modified_date__v": "yesterday"}, "Criteria modified_date__v of Product"),
        ({"created_by__v": "somebody"}, "Criteria created_by__v of Product"),
    ],
)
def test_criteria_that_make_no_sense_become_a_user_exception_in_words(
    store: Store, clock: ManualClock, criteria: dict[str, Any], sentence: str
) -> None:
    lab = lab_with(store, clock, criteria)
    lab.create("Product")
    before = lab.integration(lab.source).last_successful_send
    result = lab.send()
    assert result.status is RunStatus.ERRORS_ENCOUNTERED
    (told,) = lab.exceptions(lab.source)
    assert sentence in told.error_message
    assert "Correct the criteria of the integration point." in told.error_message
    assert lab.integration(lab.source).last_successful_send == before


def test_a_field_of_the_criteria_that_was_removed_stops_the_integration_instead_of_sending_nothing_silently(
    store: Store, clock: ManualClock
) -> None:
    lab = lab_with(store, clock, {"code__c": "A1"})
    lab.create("Product", code__c="A1")
    table = table_of(ObjectField)
    with store.write() as write:
        write.execute(table.delete().where(table.c.name == "code__c"))
    assert lab.send().status is RunStatus.ERRORS_ENCOUNTERED
    assert "[code__c] is not a queryable field of [product__v]." in lab.exceptions(lab.source)[0].error_message


def test_criteria_across_a_reference_look_at_the_own_vault_alone(store: Store, clock: ManualClock) -> None:
    """Records of two Vaults may have the same id."""
    lab = lab_with(store, clock, {"family__vr.approved__c": True})
    with store.write() as write:
        create_object(
            write, 1002, "family__v", "Family", "Families", "V0F", [FieldSpec("approved__c", type=FieldType.YES_NO)]
        )
    family = lab.create("Refused here", object_name="family__v", approved__c=False)
    same = lab.create("Approved there", side=lab.target, object_name="family__v", approved__c=True)
    assert family == same
    lab.create("Product", family__v=family)
    lab.send()
    assert lab.sent_items() == []
