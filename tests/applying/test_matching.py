"""Which target record belongs to a source record: each way of matching, in the words of the seeds."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from models.opening import open_store
from models.store import Store
from models.tables import FieldType, IntegrationPoint, Matching, ObjectField, RunStatus, table_of
from scheduler.apply import apply, prepare
from scheduler.route import load_route
from tests.applying.lab import by_name, global_id, keyed_lab, set_up
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts


class TestByCrmKeys:
    @pytest.fixture
    def lab(self, store: Store, clock: ManualClock) -> Lab:
        return keyed_lab(store, clock, Matching.CRM_KEYS)

    @pytest.mark.parametrize("key", ["CRM Org and CRM ID", "External ID", "Link"])
    def test_a_record_with_a_matching_value_is_updated(self, lab: Lab, key: str) -> None:
        """S2: "If a pre-existing record from the source Vault with a matching CRM Org, CRM ID, External ID, or Link
        value exists in the target Vault, Vault updates the existing record."
        """
        account = lab.create("Dr. A", external_id__c="E1", city__c="Bern")
        held = {
            "CRM Org and CRM ID": {"crm_org__c": "Verteo", "crm_id__c": account},
            "External ID": {"external_id__c": "E1"},
            "Link": {"link__sys": global_id(lab, account)},
        }[key]
        known = lab.create("Known", side=lab.target, **held)
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        (row,) = lab.targets()
        assert (row["id"], row["name__v"], row["city__c"]) == (known, "Dr. A", "Bern")
        assert row["link__sys"] == global_id(lab, account)

    def test_the_same_name_with_other_keys_makes_a_new_record(self, lab: Lab) -> None:
        """S2: "If a pre-existing record from the source Vault with an identical Name but different CRM Org, CRM ID,
        External ID, or Link value, Vault creates a new record."
        """
        lab.create(
            "Dr. A",
            side=lab.target,
            external_id__c="E9",
            crm_org__c="Other",
            crm_id__c="X",
            link__sys="9_9",
            city__c="X",
        )
        lab.create("Dr. A", external_id__c="E1")
        assert counts(lab.transfer()) == {"received": 1, "created": 1}
        assert [row["name__v"] for row in lab.targets()] == ["Dr. A", "Dr. A"]

    @pytest.mark.parametrize("link", [None, "9_9"])
    def test_the_external_id_counts_only_where_link_is_blank(self, lab: Lab, link: str | None) -> None:
        """S2: "Vault uses the Link field to look up matching records in Vault CRM. If the Link field on an existing
        record in MedInquiry is blank, the Medical-CRM Connection uses the External ID field."
        """
        lab.create("Known", side=lab.target, external_id__c="E1", link__sys=link)
        lab.create("Dr. A", external_id__c="E1")
        lab.transfer()
        expected = ["Dr. A"] if link is None else ["Known", "Dr. A"]
        assert [row["name__v"] for row in lab.targets()] == expected

    def test_the_crm_id_of_another_org_is_another_record(self, lab: Lab) -> None:
        account = lab.create("Dr. A")
        lab.create("Theirs", side=lab.target, crm_org__c="Another CRM", crm_id__c=account)
        assert counts(lab.transfer()) == {"received": 1, "created": 1}

    def test_the_link_goes_before_the_other_keys(self, lab: Lab) -> None:
        account = lab.create("Dr. A", external_id__c="E1")
        lab.create("By External ID", side=lab.target, external_id__c="E1")
        linked = lab.create("By Link", side=lab.target, link__sys=global_id(lab, account))
        lab.transfer()
        assert lab.record(lab.target, linked)["name__v"] == "Dr. A"
        assert [row["name__v"] for row in lab.targets()] == ["By External ID", "Dr. A"]

    def test_a_record_that_is_linked_to_another_source_record_is_left_to_that_one(self, lab: Lab) -> None:
        account = lab.create("Dr. A", external_id__c="E1")
        keys = {"crm_org__c": "Verteo", "crm_id__c": account, "external_id__c": "E1"}
        lab.create("Theirs", side=lab.target, link__sys="9_9", **keys)
        assert counts(lab.transfer()) == {"received": 1, "created": 1}
        assert [(row["name__v"], row["link__sys"]) for row in lab.targets()] == [
            ("Theirs", "9_9"),
            ("Dr. A", global_id(lab, account)),
        ]


class TestByExternalId:
    @pytest.fixture
    def lab(self, store: Store, clock: ManualClock) -> Lab:
        return keyed_lab(store, clock, Matching.EXTERNAL_ID)

    def test_equal_external_ids_join_the_records_and_link_them(self, lab: Lab) -> None:
        """Quality-RIM Product Transfer links on equal External ID."""
        known = lab.create("Known", side=lab.target, external_id__c="E1")
        product = lab.create("Product", external_id__c="E1")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        (row,) = lab.targets()
        assert (row["id"], row["name__v"], row["link__sys"]) == (known, "Product", global_id(lab, product))

    def test_it_goes_before_the_link(self, lab: Lab) -> None:
        product = lab.create("Product", external_id__c="E1")
        lab.create("By External ID", side=lab.target, external_id__c="E1")
        lab.create("By Link", side=lab.target, link__sys=global_id(lab, product))
        lab.transfer()
        assert [row["name__v"] for row in lab.targets()] == ["Product", "By Link"]

    def test_without_one_the_link_finds_the_record(self, lab: Lab) -> None:
        product = lab.create("Product", external_id__c="E1")
        lab.transfer()
        lab.change(product, external_id__c=None, city__c="Bern")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        lab.change(product, external_id__c="E2", city__c="Basel")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert [row["external_id__c"] for row in lab.targets()] == ["E2"]

    def test_a_unique_external_id_is_found_by_its_index(self, lab: Lab) -> None:
        """The values of a unique field are kept by themselves; the answer is the same."""
        fields = table_of(ObjectField)
        with lab.store.write() as write:
            write.execute(fields.update().where(fields.c.name == "external_id__c").values(unique=True))
        known = lab.create("Known", side=lab.target, external_id__c="E1")
        lab.create("Other", side=lab.target, external_id__c="E2")
        lab.create("Product", external_id__c="E1")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert lab.record(lab.target, known)["name__v"] == "Product"

    def test_an_object_without_the_field_is_matched_by_link(self, store: Store, clock: ManualClock) -> None:
        lab = keyed_lab(store, clock, Matching.EXTERNAL_ID, target_fields=(), mappings=[("name__v", "name__v")])
        product = lab.create("Product", external_id__c="E1")
        lab.transfer()
        lab.change(product, name__v="Renamed")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}


class TestByAPairOfFields:
    """S4: "The Clinical Operations to CRM connection uses a unique identifier to "match" person records ... You can use
    either standard or custom fields for this mapping."
    """

    @pytest.fixture
    def lab(self, store: Store, clock: ManualClock) -> Lab:
        lab = keyed_lab(store, clock)
        set_up(lab, matching="fields", match_source_field="number__c", match_target_field="crm_id__c")
        return lab

    def test_equal_values_join_the_records(self, lab: Lab) -> None:
        known = lab.create("Account", side=lab.target, crm_id__c="17")
        lab.create("Other", side=lab.target, crm_id__c="18")
        person = lab.create("Person", number__c=17)
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        row = lab.record(lab.target, known)
        assert (row["name__v"], row["link__sys"]) == ("Person", global_id(lab, person))

    def test_a_record_without_a_value_is_found_by_its_link_and_made_once(self, lab: Lab) -> None:
        person = lab.create("Person")
        assert counts(lab.transfer()) == {"received": 1, "created": 1}
        lab.change(person, city__c="Bern")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}

    def test_a_standard_field_will_do(self, lab: Lab) -> None:
        set_up(lab, match_source_field="external_id__c", match_target_field="name__v")
        lab.create("E7", side=lab.target)
        lab.create("Person", external_id__c="E7")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}

    def test_an_incomplete_pair_refuses_the_message_until_it_is_complete(
        self, store: Store, clock: ManualClock
    ) -> None:
        lab = keyed_lab(store, clock)
        lab.update_row(IntegrationPoint, lab.target.point_id, matching=Matching.FIELDS)
        lab.create("Person", number__c=17)
        result = lab.transfer()
        assert result.status is RunStatus.ERRORS_ENCOUNTERED
        (told,) = lab.exceptions(lab.target)
        assert "matches by a pair of fields, and the pair is not complete" in told.error_message
        set_up(lab, match_source_field="number__c", match_target_field="number__c")
        assert counts(lab.receive()) == {"retried": 1, "created": 1}

    @pytest.mark.parametrize("side", ["source", "target"])
    def test_a_field_that_was_removed_refuses_the_message(self, lab: Lab, side: str) -> None:
        set_up(lab, match_source_field="number__c", match_target_field="crm_id__c")
        fields = table_of(ObjectField)
        name = {"source": "number__c", "target": "crm_id__c"}[side]
        with lab.store.write() as write:
            write.execute(fields.delete().where(fields.c.name == name))
        lab.create("Person")
        lab.transfer()
        assert name in lab.exceptions(lab.target)[0].error_message

    def test_a_point_may_match_in_another_way_than_its_integration(self, lab: Lab) -> None:
        lab.update_row(IntegrationPoint, lab.target.point_id, matching=Matching.LINK)
        lab.create("Account", side=lab.target, crm_id__c="17")
        lab.create("Person", number__c=17)
        assert counts(lab.transfer()) == {"received": 1, "created": 1}


class TestWithinOneMessage:
    """What a batch does must not depend on where one message ends and the next begins."""

    def test_two_source_records_with_the_same_key_are_one_target_record(self, store: Store, clock: ManualClock) -> None:
        lab = keyed_lab(store, clock, Matching.EXTERNAL_ID)
        lab.create("First", external_id__c="E1")
        lab.create("Second", external_id__c="E1")
        lab.create("Third", external_id__c="E3")
        assert counts(lab.transfer()) == {"received": 3, "created": 2, "updated": 1}
        assert [row["name__v"] for row in lab.targets()] == ["Second", "Third"]

    def test_also_when_both_match_a_record_that_is_there(self, store: Store, clock: ManualClock) -> None:
        lab = keyed_lab(store, clock, Matching.EXTERNAL_ID)
        lab.create("Known", side=lab.target, external_id__c="E1")
        first = lab.create("First", external_id__c="E1", city__c="Bern")
        lab.create("Second", external_id__c="E1")
        assert counts(lab.transfer()) == {"received": 2, "updated": 2}
        (row,) = lab.targets()
        assert (row["name__v"], row["link__sys"]) == ("Second", global_id(lab, first))

    def test_records_that_share_no_key_are_written_together(self, store: Store, clock: ManualClock) -> None:
        lab = keyed_lab(store, clock, Matching.CRM_KEYS)
        for place in range(40):
            lab.create(f"Account {place}", external_id__c=f"E{place}")
        assert counts(lab.transfer()) == {"received": 40, "created": 40}
        assert {row["crm_org__c"] for row in lab.targets()} == {"Verteo"}


@pytest.mark.parametrize("kind", [FieldType.TEXT, FieldType.NUMBER])
@pytest.mark.parametrize("value", [5, 2.5, 0])
def test_numbers_match_whatever_the_type_of_the_other_field(
    store: Store, clock: ManualClock, kind: FieldType, value: float
) -> None:
    lab = keyed_lab(store, clock)
    target = "number__c" if kind is FieldType.NUMBER else "crm_org__c"
    set_up(lab, matching="fields", match_source_field="number__c", match_target_field=target)
    held: dict[str, Any] = {target: value}
    lab.create("Known", side=lab.target, **held)
    lab.create("Person", number__c=value)
    assert counts(lab.transfer()) == {"received": 1, "updated": 1}


def test_of_several_records_with_the_same_key_the_oldest_is_taken(store: Store, clock: ManualClock) -> None:
    lab = keyed_lab(store, clock, Matching.EXTERNAL_ID)
    lab.create("Older", side=lab.target, external_id__c="E1")
    lab.create("Newer", side=lab.target, external_id__c="E1")
    lab.create("Product", external_id__c="E1")
    assert counts(lab.transfer()) == {"received": 1, "updated": 1}
    assert by_name(lab.targets(), "Newer")["external_id__c"] == "E1"
    assert [row["name__v"] for row in lab.targets()] == ["Product", "Newer"]


@pytest.mark.parametrize("matching", [Matching.EXTERNAL_ID, Matching.CRM_KEYS])
@pytest.mark.parametrize("seed", range(4))
def test_what_comes_of_a_batch_is_what_comes_of_its_records_one_by_one(
    store: Store, tmp_path: Path, clock: ManualClock, matching: Matching, seed: int
) -> None:
    outcomes = []
    for number, size in enumerate((1, 500)):
        chosen = Random(seed)
        opened = store if number == 0 else open_store(tmp_path / "second.sqlite3", clock=clock)
        lab = keyed_lab(opened, clock, matching)
        for place in range(6):
            held = {"external_id__c": chosen.choice(["E1", "E2", None]), "crm_id__c": f"V0A00000000000{place}"}
            link = chosen.choice([None, None, f"1001_{chosen.randint(1, 9)}"])
            org = chosen.choice(["Verteo", "Other"])
            lab.create(f"Known {place}", side=lab.target, link__sys=link, crm_org__c=org, **held)
        made = [
            lab.create(f"Account {place}", external_id__c=chosen.choice(["E1", "E2", "E3", "E4", None]))
            for place in range(9)
        ]
        with lab.store.read() as session:
            route = load_route(session, lab.target.connection_id, "product_inbound__c", "account__v", lab.clock.now())
        for start in range(0, len(made), size):
            with lab.store.read() as session:
                prepared = prepare(session, route, made[start : start + size])
            with lab.store.write() as write:
                assert not apply(write, prepared).failures
        shown = ("name__v", "link__sys", "external_id__c", "crm_org__c", "crm_id__c")
        outcomes.append(sorted(str([row.get(name) for name in shown]) for row in lab.targets()))
        if opened is not store:
            opened.close()
    assert outcomes[0] == outcomes[1]
