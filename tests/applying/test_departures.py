"""Source records that go: what becomes of their target records by the integration's settings."""

import pytest

from models.services.integration_settings import change_integration_settings
from models.services.objects import add_fields, create_picklist
from models.services.vaults import FieldSpec, create_profile, create_user
from models.store import Store
from models.tables import (
    AuditRow,
    FieldRule,
    FieldType,
    Integration,
    ItemStatus,
    Matching,
    ObjectField,
    RecordStatus,
    RunStatus,
    Tombstone,
    User,
    table_of,
)
from scheduler.departures import marked
from scheduler.route import Following
from tests.applying.lab import global_id, set_up
from tests.builders import PRODUCT_FIELDS, key
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts, make_lab


def moved(lab: Lab, *names: str) -> list[str]:
    """Source records that have come to the target."""
    made = [lab.create(name) for name in names]
    lab.transfer()
    return made


def write_as(lab: Lab, *permissions: str) -> None:
    """Have the receiving side write as a user with these permissions alone."""
    with lab.store.write() as write:
        create_profile(write, lab.target.vault_id, "Writer", set(permissions))
        writer = key(create_user(write, lab.target.vault_id, "writer", "", "", "Writer"))
    lab.set_connection(lab.target, authorized_user_id=writer)


def write_as_owner(lab: Lab) -> None:
    (owner,) = lab.rows(User, vault_id=lab.target.vault_id, username="app.owner@lab.example.com")
    lab.set_connection(lab.target, authorized_user_id=owner.id)


def test_by_default_the_target_stays_as_it_was(lab: Lab) -> None:
    """S0: "When documents or records are deleted from a source Vault, the connection does not delete the associated
    document or record in the target Vault."
    """
    (product,) = moved(lab, "Product")
    before = lab.targets()
    lab.delete(product)
    assert counts(lab.transfer()) == {"received": 1, "skipped": 1}
    assert lab.targets() == before


class TestDelete:
    """Quality-LIMS deletes (integration facts, section 5)."""

    @pytest.fixture
    def lab(self, lab: Lab) -> Lab:
        set_up(lab, delete_policy="delete")
        return lab

    def test_the_target_is_deleted_and_its_values_are_in_the_audit(self, lab: Lab) -> None:
        doomed, kept = moved(lab, "Doomed", "Kept")
        target = lab.targets()[0]
        link = global_id(lab, doomed)
        lab.delete(doomed)
        result = lab.transfer()
        assert (result.status, counts(result)) == (RunStatus.SUCCESS, {"received": 1, "deleted": 1})
        assert [row["link__sys"] for row in lab.targets()] == [global_id(lab, kept)]
        told = {row.field_name: row.old_value for row in lab.rows(AuditRow, record_id=target["id"], action="Delete")}
        assert (told["name__v"], told["link__sys"]) == ("Doomed", link)
        (stone,) = lab.rows(Tombstone, vault_id=lab.target.vault_id)
        assert (stone.record_id, stone.link, stone.name) == (target["id"], link, "Doomed")
        (owner,) = lab.rows(User, vault_id=lab.target.vault_id, username="app.owner@lab.example.com")
        assert stone.deleted_by == owner.id

    def test_a_record_that_never_came_over_or_is_gone_already_is_skipped(self, lab: Lab) -> None:
        (product,) = moved(lab, "Product")
        lab.delete(lab.targets()[0]["id"], side=lab.target)
        lab.delete(product)
        assert counts(lab.transfer()) == {"received": 1, "skipped": 1}

    def test_a_record_deleted_before_the_call_back_for_its_change_takes_its_target_along(self, lab: Lab) -> None:
        (product,) = moved(lab, "Product")
        lab.change(product, code__c="B2")
        lab.send()
        lab.deliver()
        lab.delete(product)
        assert counts(lab.receive()) == {"received": 1, "deleted": 1}
        assert lab.targets() == []
        assert counts(lab.transfer()) == {"received": 1, "skipped": 1}

    def test_without_the_right_it_is_refused_as_an_item_and_passes_once_it_is_granted(self, lab: Lab) -> None:
        (product,) = moved(lab, "Product")
        write_as(lab, "Object: product__v: Edit", "Object: product__v: Create")
        lab.delete(product)
        result = lab.transfer()
        assert (result.status, counts(result)) == (RunStatus.ERRORS_ENCOUNTERED, {"received": 1, "failed": 1})
        (item,) = lab.items()
        assert (item.item, item.target_object) == (product, "product__v")
        assert 'lacks the permission "Object: product__v: Delete"' in item.error_message
        assert len(lab.targets()) == 1
        assert counts(lab.receive()) == {"retried": 1, "failed": 1}
        write_as_owner(lab)
        assert counts(lab.receive()) == {"retried": 1, "deleted": 1}
        assert (lab.targets(), lab.exceptions(lab.target)) == ([], [])

    def test_many_go_in_one_run_and_the_numbers_add_up(self, lab: Lab) -> None:
        made = moved(lab, *(f"Product {place}" for place in range(7)))
        for product in made[:5]:
            lab.delete(product)
        result = lab.transfer()
        assert counts(result) == {"received": 5, "deleted": 5}
        assert lab.run_row(result).deleted == 5
        assert [row["name__v"] for row in lab.targets()] == ["Product 5", "Product 6"]

    def test_a_record_that_came_from_this_vault_itself_stays(self, store: Store, clock: ManualClock) -> None:
        lab = make_lab(store, clock, matching=Matching.ORIGIN, mappings=[("code__c", "code__c")])
        lab.update_row(Integration, lab.target.integration_id, delete_policy="delete", inactivates_targets=True)
        origin = lab.create("Inquiry", side=lab.target)
        case = lab.create("Case", link__sys=lab.record(lab.target, origin)["global_id__sys"])
        lab.change(case, status__v="inactive__v", code__c="A")
        lab.transfer()
        assert lab.record(lab.target, origin)["status__v"] == RecordStatus.ACTIVE
        lab.delete(case)
        assert counts(lab.transfer()) == {"received": 1, "skipped": 1}
        assert len(lab.targets()) == 1


class TestInactivate:
    """S4: "When you delete a Call or an Interaction in Medical CRM, Vault updates the corresponding Medical Activity in
    your Clinical Operations Vault by inactivating it".
    """

    def test_the_target_is_inactivated_once(self, lab: Lab) -> None:
        set_up(lab, delete_policy="inactivate")
        (product,) = moved(lab, "Call")
        lab.delete(product)
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        (row,) = lab.targets()
        assert row["status__v"] == RecordStatus.INACTIVE
        told = lab.rows(AuditRow, record_id=row["id"], action="Edit")
        assert [(each.field_name, each.old_value, each.new_value) for each in told] == [
            ("status__v", "active__v", "inactive__v")
        ]
        with lab.store.write() as write:
            since = lab.rows(Tombstone, vault_id=lab.source.vault_id)[0].deleted_at
            table = table_of(Integration)
            write.execute(
                table.update().where(table.c.id == lab.source.integration_id).values(last_successful_send=since)
            )
        assert counts(lab.transfer()) == {"received": 1, "unchanged": 1}


class TestMark:
    def test_a_word_is_appended_to_the_subject_line(self, lab: Lab) -> None:
        """S4: "when you delete a Clinical Activity in your Clinical Operations Vault, Vault updates the corresponding
        Clinical Interaction in Medical CRM to append "Deleted" to the subject line".
        """
        set_up(lab, delete_policy="mark", mark_field="name__v", mark_text="{value} Deleted")
        (product,) = moved(lab, "Visit in Bern")
        lab.delete(product)
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert [row["name__v"] for row in lab.targets()] == ["Visit in Bern Deleted"]

    def test_a_status_says_deleted_in_vault_clinical(self, store: Store, clock: ManualClock) -> None:
        """S4: "the connection updates the status of the corresponding Clinical Study or Study Site record in Medical
        CRM to "Deleted in Vault Clinical"."
        """
        status = FieldSpec("study_status__c", "Study Status", FieldType.PICKLIST, picklist="study_status__c")
        lab = make_lab(store, clock)
        with store.write() as write:
            create_picklist(
                write,
                1002,
                "study_status__c",
                "Study Status",
                ["open__c", ("deleted_in_vault_clinical__c", "Deleted in Vault Clinical")],
            )
            add_fields(write, 1002, "product__v", [status])
        set_up(lab, delete_policy="mark", mark_field="study_status__c", mark_text="deleted_in_vault_clinical__c")
        (study,) = moved(lab, "Study")
        lab.delete(study)
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert lab.targets()[0]["study_status__c"] == "deleted_in_vault_clinical__c"

    def test_a_text_that_does_not_fit_is_an_item_with_its_field(self, lab: Lab) -> None:
        set_up(lab, delete_policy="mark", mark_field="code__c", mark_text="{value} was deleted over there")
        (product,) = moved(lab, "Product")
        lab.delete(product)
        assert counts(lab.transfer()) == {"received": 1, "failed": 1}
        (item,) = lab.items()
        assert item.fields == {"code__c": "22 characters are too many: at most 20 fit."}
        set_up(lab, mark_text="gone")
        assert counts(lab.receive()) == {"retried": 1, "updated": 1}
        assert lab.targets()[0]["code__c"] == "gone"

    def test_a_mark_field_that_was_removed_is_an_item(self, lab: Lab) -> None:
        set_up(lab, delete_policy="mark", mark_field="code__c", mark_text="gone")
        (product,) = moved(lab, "Product")
        lab.delete(product)
        fields = table_of(ObjectField)
        lab.send()
        lab.deliver()
        with lab.store.write() as write:
            rules = table_of(FieldRule)
            write.execute(rules.delete().where(rules.c.target_field == "code__c"))
            write.execute(fields.delete().where(fields.c.name == "code__c"))
        assert counts(lab.receive()) == {"received": 1, "failed": 1}
        assert lab.items(ItemStatus.OPEN)[0].fields == {"code__c": "Product has no field code__c that can be written."}


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("Deleted", "Visit", "Deleted"),
        ("Deleted", None, "Deleted"),
        ("{value} Deleted", "Visit", "Visit Deleted"),
        ("{value} Deleted", "Visit Deleted", "Visit Deleted"),
        ("{value} Deleted", None, "Deleted"),
        ("Deleted: {value}", "Visit", "Deleted: Visit"),
        ("Deleted: {value}", "Deleted: Visit", "Deleted: Visit"),
        ("[{value}]", "Visit", "[Visit]"),
        ("[{value}]", "[Visit]", "[Visit]"),
        ("[{value}]", "[", "[[]"),
        ("{value}", "Visit", "Visit"),
    ],
)
def test_a_mark_is_set_once_however_often_the_deletion_is_told(text: str, before: str | None, after: str) -> None:
    assert marked(Following(mark_text=text), before) == after
    assert marked(Following(mark_text=text), after) == after


class TestInactivationOfTargets:
    """S0: "Some connections deactivate target records upon source record deactivation." """

    @pytest.fixture
    def lab(self, store: Store, clock: ManualClock) -> Lab:
        return make_lab(store, clock, source_fields=PRODUCT_FIELDS[:1])

    def test_a_target_follows_its_source_where_the_integration_says_so(self, lab: Lab) -> None:
        set_up(lab, inactivates_targets=True)
        (product,) = moved(lab, "Product")
        lab.change(product, status__v="inactive__v")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert lab.targets()[0]["status__v"] == RecordStatus.INACTIVE

    def test_it_stays_inactive_when_the_source_is_active_again(self, lab: Lab) -> None:
        set_up(lab, inactivates_targets=True)
        (product,) = moved(lab, "Product")
        lab.change(product, status__v="inactive__v")
        lab.transfer()
        lab.change(product, status__v="active__v")
        assert counts(lab.transfer()) == {"received": 1, "unchanged": 1}
        assert lab.targets()[0]["status__v"] == RecordStatus.INACTIVE

    def test_otherwise_the_status_of_the_target_is_its_own(self, lab: Lab) -> None:
        (product,) = moved(lab, "Product")
        lab.change(product, status__v="inactive__v")
        assert counts(lab.transfer()) == {"received": 1, "unchanged": 1}
        assert lab.targets()[0]["status__v"] == RecordStatus.ACTIVE


def test_a_changed_policy_applies_from_the_next_run_on(lab: Lab) -> None:
    first, second = moved(lab, "First", "Second")
    lab.delete(first)
    lab.transfer()
    with lab.store.write() as write:
        change_integration_settings(write, lab.target.system, lab.target.integration_id, {"delete_policy": "delete"})
    lab.delete(second)
    assert counts(lab.transfer()) == {"received": 1, "deleted": 1}
    assert [row["name__v"] for row in lab.targets()] == ["First"]
