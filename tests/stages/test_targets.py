"""What the rules of a point make of one source record: several target objects in order, defaults, lookups, links."""

from typing import Any

import pytest

from models.services.integrations import add_field_rule, add_point_source, create_rule
from models.services.objects import FieldSpec, add_fields, create_object
from models.store import Store
from models.tables import FieldRule, FieldType, IntegrationRule, RunStatus
from tests.builders import key
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts, make_lab


def add_rule(lab: Lab, target_object: str, *mappings: Any, rule_id: int | None = None) -> int:
    """Add field rules for a target object, to the lab's rule or to another."""
    with lab.store.write() as write:
        if rule_id is None:
            rule = create_rule(
                write,
                lab.target.system,
                lab.target.point_id,
                name="Second Rule",
                api_name="second_rule__c",
                primary_query_object="product__v",
            )
            rule_id = key(rule)
        for query_field, target_field, *more in mappings:
            add_field_rule(
                write,
                lab.target.system,
                rule_id,
                target_object=target_object,
                target_field=target_field,
                query_field=query_field,
                **(more[0] if more else {}),
            )
    return rule_id


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> Lab:
    """The target has a Package beside the Product, which refers to it."""
    lab = make_lab(store, clock, mappings=[("name__v", "name__v"), ("strength__c", "strength__c")])
    with store.write() as write:
        create_object(
            write,
            lab.target.vault_id,
            "package__v",
            "Package",
            "Packages",
            "V0P",
            [
                FieldSpec("product__v", "Product", FieldType.OBJECT, reference_object="product__v", required=True),
                FieldSpec("size__c", "Size", FieldType.NUMBER),
                FieldSpec("kind__c", "Kind"),
            ],
        )
    return lab


PACKAGE = (
    ("name__v", "name__v"),
    ("global_id__sys", "product__v", {"target_lookup_field": "link__sys"}),
    ("code__c", "size__c"),
)


class TestSeveralTargetObjects:
    @pytest.fixture
    def lab(self, lab: Lab) -> Lab:
        add_rule(lab, "package__v", *PACKAGE, rule_id=lab.pair.rule_id)
        return lab

    def test_each_gets_its_record_and_a_later_one_refers_to_an_earlier_one(self, lab: Lab) -> None:
        ids = [lab.create(f"Product {place}", code__c=str(place)) for place in range(3)]
        result = lab.transfer()
        assert counts(result) == {"received": 3, "created": 6}
        products = {row["link__sys"]: row["id"] for row in lab.targets()}
        packages = lab.targets("package__v")
        globals_ = [lab.record(lab.source, each)["global_id__sys"] for each in ids]
        assert [row["link__sys"] for row in packages] == globals_
        assert [row["product__v"] for row in packages] == [products[each] for each in globals_]
        assert [row["size__c"] for row in packages] == [0, 1, 2]

    def test_a_change_touches_only_the_target_records_that_it_concerns(self, lab: Lab) -> None:
        product = lab.create("Product", code__c="1")
        lab.transfer()
        lab.change(product, code__c="2")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1, "unchanged": 1}
        assert [row["size__c"] for row in lab.targets("package__v")] == [2]

    def test_one_may_fail_while_the_other_is_written(self, lab: Lab) -> None:
        product = lab.create("Product", code__c="big")
        assert counts(lab.transfer()) == {"received": 1, "created": 1, "failed": 1}
        (item,) = lab.items()
        assert (item.target_object, item.item) == ("package__v", product)
        assert len(lab.targets()) == 1
        lab.change(product, code__c="7")
        assert counts(lab.receive()) == {"retried": 1, "created": 1, "unchanged": 1}
        assert lab.exceptions(lab.target) == []

    def test_what_refers_to_a_record_that_failed_fails_with_it_and_passes_with_it(self, lab: Lab) -> None:
        add_rule(lab, "product__v", ("code__c", "launched__c"), rule_id=lab.pair.rule_id)
        product = lab.create("Product", code__c="2026")
        assert counts(lab.transfer()) == {"received": 1, "failed": 2}
        global_id = lab.record(lab.source, product)["global_id__sys"]
        assert {item.target_object: item.fields for item in lab.items()} == {
            "product__v": {"launched__c": "'2026' is not a date; write it as 2026-01-31."},
            "package__v": {"product__v": f"No product__v record of this Vault has Link {global_id}."},
        }
        (message,) = lab.exceptions(lab.target)
        assert message.items_failed == 2
        lab.change(product, code__c=None)
        assert counts(lab.receive()) == {"retried": 1, "created": 2}
        assert lab.exceptions(lab.target) == []

    def test_an_empty_reference_that_is_required_is_named(self, lab: Lab) -> None:
        (rule,) = lab.rows(FieldRule, target_object="package__v", target_field="product__v")
        lab.update_row(FieldRule, rule.id, query_field="link__sys")
        product = lab.create("Product", code__c="x")
        lab.transfer()
        assert lab.problems() == {product: {"product__v": "Product is required.", "size__c": "'x' is not a number."}}

    def test_a_deleted_source_record_leaves_all_its_target_records(self, lab: Lab) -> None:
        product = lab.create("Product", code__c="1")
        lab.transfer()
        lab.delete(product)
        assert lab.transfer().status is RunStatus.SUCCESS
        assert len(lab.targets()) == len(lab.targets("package__v")) == 1


def test_rules_apply_in_their_order_and_inactive_ones_never(lab: Lab) -> None:
    second = add_rule(lab, "package__v", *PACKAGE)
    lab.create("Product", code__c="1")
    assert counts(lab.transfer()) == {"received": 1, "created": 2}
    lab.update_row(IntegrationRule, second, active=False)
    lab.create("Another", code__c="2")
    assert counts(lab.transfer()) == {"received": 1, "created": 1}
    lab.update_row(IntegrationRule, second, active=True, position=0)
    lab.update_row(IntegrationRule, lab.pair.rule_id, position=1)
    lab.create("Third", code__c="3")
    assert counts(lab.transfer()) == {"received": 1, "created": 1, "failed": 1}
    assert counts(lab.receive()) == {"retried": 1, "created": 1, "unchanged": 1}


def test_an_inactive_field_rule_never_applies(lab: Lab) -> None:
    (rule,) = lab.rows(FieldRule, target_field="strength__c")
    lab.update_row(FieldRule, rule.id, active=False)
    lab.create("Product", strength__c=5)
    lab.transfer()
    assert "strength__c" not in lab.targets()[0]


def test_a_default_fills_what_the_source_leaves_empty_and_a_default_alone_always(lab: Lab) -> None:
    add_rule(
        lab,
        "product__v",
        ("code__c", "code__c", {"default_value": "NONE"}),
        (None, "marketed__c", {"default_value": "true"}),
        rule_id=lab.pair.rule_id,
    )
    lab.create("With", code__c="A1")
    lab.create("Without")
    lab.transfer()
    assert [(row["code__c"], row["marketed__c"]) for row in lab.targets()] == [("A1", True), ("NONE", True)]


def test_a_bad_default_fails_the_records_that_need_it(lab: Lab) -> None:
    add_rule(lab, "product__v", ("code__c", "launched__c", {"default_value": "soon"}), rule_id=lab.pair.rule_id)
    good, bad = lab.create("Good", code__c="2026-01-31"), lab.create("Bad")
    assert counts(lab.transfer()) == {"received": 2, "created": 1, "failed": 1}
    assert set(lab.problems()) == {bad}
    assert good not in lab.problems()


def test_defaults_alone_make_no_record_of_an_object_that_reads_other_source_records(lab: Lab) -> None:
    """The rule reads Products for one target object and Plants for another; the latter has a default as well."""
    with lab.store.write() as write:
        create_object(write, lab.source.vault_id, "plant__v", "Plant", "Plants", "V0L")
        create_object(write, lab.target.vault_id, "site__v", "Site", "Sites", "V0S", [FieldSpec("kind__c", "Kind")])
        add_point_source(
            write,
            lab.source.system,
            lab.source.point_id,
            object_name="plant__v",
            remote_point="product_inbound__c",
        )
    add_rule(
        lab,
        "site__v",
        ("name__v", "name__v", {"query_object": "plant__v"}),
        (None, "kind__c", {"default_value": "plant"}),
        rule_id=lab.pair.rule_id,
    )
    lab.create("Product")
    lab.create("Plant", object_name="plant__v")
    result = lab.transfer()
    assert counts(result) == {"received": 2, "created": 2}
    assert [row["name__v"] for row in lab.targets()] == ["Product"]
    assert [(row["name__v"], row["kind__c"]) for row in lab.targets("site__v")] == [("Plant", "plant")]
    assert lab.items() == []


def test_a_field_rule_cannot_take_the_link_away_by_which_the_record_is_found_again(lab: Lab) -> None:
    add_rule(lab, "product__v", ("code__c", "link__sys"), rule_id=lab.pair.rule_id)
    product = lab.create("Product", code__c="OWN")
    other = lab.create("Without")
    lab.transfer()
    lab.change(product, strength__c=1)
    lab.change(other, strength__c=2)
    lab.transfer()
    assert {row["link__sys"]: row["strength__c"] for row in lab.targets()} == {
        lab.record(lab.source, product)["global_id__sys"]: 1,
        lab.record(lab.source, other)["global_id__sys"]: 2,
    }


@pytest.mark.parametrize(
    ("match", "value"),
    [
        ("name__v", "Tablets"),
        ("code__c", "T1"),
        ("rank__c", 5),
        ("rank__c", "5"),
        ("share__c", 2.5),
        ("global_id__sys", None),
        ("link__sys", "9_9"),
        ("status__v", "inactive__v"),
    ],
)
def test_a_reference_is_found_by_any_field_of_the_record(lab: Lab, match: str, value: Any) -> None:
    with lab.store.write() as write:
        create_object(
            write,
            lab.target.vault_id,
            "form__v",
            "Form",
            "Forms",
            "V0F",
            [
                FieldSpec("code__c"),
                FieldSpec("rank__c", type=FieldType.NUMBER),
                FieldSpec("share__c", type=FieldType.NUMBER),
            ],
        )
        reference = FieldSpec("form__v", "Form", FieldType.OBJECT, reference_object="form__v")
        add_fields(write, lab.target.vault_id, "product__v", [reference])
    lab.create("Others", side=lab.target, object_name="form__v", code__c="O1", rank__c=1)
    form = lab.create(
        "Tablets",
        side=lab.target,
        object_name="form__v",
        code__c="T1",
        rank__c=5,
        share__c=2.5,
        link__sys="9_9",
        status__v="inactive__v",
    )
    field = {int: "strength__c", float: "strength__c"}.get(type(value), "code__c")
    if value is None:
        value = next(row["global_id__sys"] for row in lab.targets("form__v") if row["id"] == form)
    with lab.store.write() as write:
        add_fields(write, lab.source.vault_id, "product__v", [FieldSpec("long__c", max_length=40)])
    field = "long__c" if field == "code__c" else field
    add_rule(lab, "product__v", (field, "form__v", {"target_lookup_field": match}), rule_id=lab.pair.rule_id)
    lab.create("Product", **{field: value})
    assert counts(lab.transfer()) == {"received": 1, "created": 1}, lab.problems()
    assert [row["form__v"] for row in lab.targets()] == [form]


def test_of_several_records_that_match_a_reference_the_oldest_is_taken(lab: Lab) -> None:
    with lab.store.write() as write:
        add_fields(
            write,
            lab.target.vault_id,
            "product__v",
            [FieldSpec("parent__v", "Parent", FieldType.OBJECT, reference_object="product__v")],
        )
    older = lab.create("Twin", side=lab.target)
    lab.create("Twin", side=lab.target)
    add_rule(lab, "product__v", ("code__c", "parent__v", {"target_lookup_field": "name__v"}), rule_id=lab.pair.rule_id)
    lab.create("Child", code__c="Twin")
    lab.transfer()
    assert lab.targets()[-1]["parent__v"] == older


def test_status_and_state_go_over_and_a_new_record_begins_in_the_starting_state(
    store: Store, clock: ManualClock
) -> None:
    lab = make_lab(
        store,
        clock,
        source_states=["draft__c", "final__c"],
        target_states=["planned__c", "final__c"],
        mappings=[("name__v", "name__v"), ("status__v", "status__v")],
    )
    product = lab.create("Product", status__v="inactive__v")
    lab.transfer()
    assert [(row["status__v"], row["state__v"]) for row in lab.targets()] == [("inactive__v", "planned__c")]
    add_rule(lab, "product__v", ("state__v", "state__v"), rule_id=lab.pair.rule_id)
    lab.change(product, state__v="final__c", status__v="active__v")
    lab.transfer()
    assert [(row["status__v"], row["state__v"]) for row in lab.targets()] == [("active__v", "final__c")]
    lab.change(product, state__v="draft__c")
    lab.transfer()
    assert lab.problems() == {product: {"state__v": "'draft__c' is not a value of the lifecycle of Product."}}


def test_dates_of_the_system_go_into_fields_of_the_target(store: Store, clock: ManualClock) -> None:
    fields = [FieldSpec("made__c", "Made", FieldType.DATETIME)]
    lab = make_lab(
        store, clock, target_fields=fields, mappings=[("name__v", "name__v"), ("created_date__v", "made__c")]
    )
    lab.create("Product")
    lab.transfer()
    assert lab.targets()[0]["made__c"].startswith("2026-01-05T08:00:00.")
    assert counts(lab.transfer()) == {}
