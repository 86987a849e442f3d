"""What goes wrong without a word, as seed S1 states it in "Standard Vault to Vault Connection Limitations"."""

import pytest

from models.services.field_rules import add_field_rule
from models.services.objects import add_fields, create_picklist
from models.services.vaults import FieldSpec
from models.store import Store
from models.tables import FieldType, ObjectField, PicklistValue, RunStatus, VaultObject, table_of
from tests.applying.lab import global_id
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts, make_lab


class TestADeletedPartnerRecord:
    """S1: "If a user deletes a record that either side of the connection was using, Vault ceases to update connected
    records with no notification."
    """

    def test_in_the_target_is_not_made_anew_and_nobody_is_told(self, lab: Lab) -> None:
        product, other = lab.create("Product"), lab.create("Other")
        lab.transfer()
        lab.delete(lab.targets()[0]["id"], side=lab.target)
        lab.change(product, code__c="B2")
        lab.change(other, code__c="C3")
        result = lab.transfer()
        assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 2, "updated": 1, "skipped": 1})
        assert [row["name__v"] for row in lab.targets()] == ["Other"]
        assert lab.exceptions(lab.target, active=None) == lab.exceptions(lab.source, active=None) == []

    def test_in_the_source_leaves_the_target_as_it_is_and_nobody_is_told(self, lab: Lab) -> None:
        product = lab.create("Product", code__c="A1")
        lab.transfer()
        before = lab.targets()
        lab.delete(product)
        assert lab.transfer().status is RunStatus.SUCCESS
        assert lab.targets() == before
        assert lab.exceptions(lab.target, active=None) == []

    def test_is_joined_again_by_pasting_the_global_id_into_the_link_of_another_record(self, lab: Lab) -> None:
        product = lab.create("Product")
        lab.transfer()
        lab.delete(lab.targets()[0]["id"], side=lab.target)
        lab.create("By hand", side=lab.target, link__sys=global_id(lab, product))
        lab.change(product, code__c="B2")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert [row["code__c"] for row in lab.targets()] == ["B2"]


class TestAnEditedIdField:
    """S1: "If a user manually updates one of the ID fields on a record used by either side of the connection, Vault may
    fail to process Spark messages and update connected records."
    """

    @pytest.mark.parametrize("link", ["9_9", None])
    def test_has_the_record_no_longer_updated(self, lab: Lab, link: str | None) -> None:
        product = lab.create("Product", code__c="A1")
        lab.transfer()
        (target,) = lab.targets()
        lab.change(target["id"], side=lab.target, link__sys=link)
        lab.change(product, code__c="B2")
        result = lab.transfer()
        assert result.status is RunStatus.SUCCESS
        assert lab.record(lab.target, target["id"])["code__c"] == "A1"
        # It is as if it had been made by hand: there is a second one beside it (seed S0).
        assert counts(result) == {"received": 1, "created": 1}
        assert lab.exceptions(lab.target, active=None) == []

    def test_fails_to_process_where_the_second_record_may_not_be(self, store: Store, clock: ManualClock) -> None:
        lab = make_lab(store, clock, target_fields=[FieldSpec("code__c", "Code", unique=True, max_length=20)])
        product = lab.create("Product", code__c="A1")
        lab.transfer()
        lab.change(lab.targets()[0]["id"], side=lab.target, link__sys="9_9")
        lab.change(product, name__v="Renamed")
        result = lab.transfer()
        assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {"received": 1, "failed": 1})
        assert lab.problems() == {product: {"code__c": "Code must be unique, and another record has 'A1'."}}


class TestAChangedConfiguration:
    """S1: "If configuration change on either side of the connection may impact the integration, such as changes to
    fields or picklists, Vault may fail to process Spark messages and update connected records."
    """

    @pytest.mark.parametrize("vault_id", [1001, 1002])
    def test_a_removed_field_fails_the_message(self, lab: Lab, vault_id: int) -> None:
        product = lab.create("Product", code__c="A1")
        lab.transfer()
        (changed,) = lab.rows(VaultObject, vault_id=vault_id)
        fields = table_of(ObjectField)
        with lab.store.write() as write:
            write.execute(fields.delete().where(fields.c.object_id == changed.id, fields.c.name == "code__c"))
        lab.change(product, name__v="Renamed")
        result = lab.transfer()
        assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {"received": 1, "failed": 1})
        assert "code__c" in lab.exceptions(lab.target)[0].error_message
        assert [row["name__v"] for row in lab.targets()] == ["Product"]

    def test_a_picklist_value_that_the_target_no_longer_has_fails_its_records_alone(
        self, store: Store, clock: ManualClock
    ) -> None:
        lab = make_lab(store, clock)
        area = FieldSpec("area__c", "Area", FieldType.PICKLIST, picklist="area__c")
        with store.write() as write:
            for vault_id in (1001, 1002):
                create_picklist(write, vault_id, "area__c", "Area", ["oncology__c", "cardiology__c"])
                add_fields(write, vault_id, "product__v", [area])
            add_field_rule(
                write,
                lab.target.system,
                lab.pair.rule_id,
                target_object="product__v",
                target_field="area__c",
                query_field="area__c",
            )
        first = lab.create("First", area__c="oncology__c")
        lab.transfer()
        values = table_of(PicklistValue)
        newest = max(row.id for row in lab.rows(PicklistValue, name="oncology__c"))
        with store.write() as write:
            write.execute(values.update().where(values.c.id == newest).values(active=False))
        lab.change(first, name__v="Renamed")
        lab.create("Second", area__c="cardiology__c")
        assert counts(lab.transfer()) == {"received": 2, "created": 1, "failed": 1}
        assert lab.problems() == {first: {"area__c": "'oncology__c' is not a value of picklist Area."}}
        assert [row["name__v"] for row in lab.targets()] == ["First", "Second"]
