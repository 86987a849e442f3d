"""What people do with records: create, change and delete them, with the rights that they have."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select

from models.errors import InvalidInput, NotAllowed, NotFound
from models.feed import Change, Topic
from models.permissions import INTEGRATION_USER, READ_ONLY_USER, Actor
from models.services.objects import create_object
from models.services.records import change_record, create_record, create_records, delete_record
from models.services.vaults import create_profile, create_user
from models.store import Store
from models.tables import AuditRow, Record, RecordStatus, Tombstone, UniqueValue, Vault, table_of
from tests.builders import make_vault, user
from tests.conftest import ManualClock
from tests.records.conftest import SYSTEM, VAULT, all_records, make, stored

_audit = table_of(AuditRow)


def change(vault: Store, record_id: str, **values: Any) -> bool:
    with vault.write() as write:
        return change_record(write, SYSTEM, record_id, values)


def delete(vault: Store, record_id: str) -> None:
    with vault.write() as write:
        delete_record(write, SYSTEM, record_id)


def refused(vault: Store, act: Callable[[Store], object]) -> dict[str, str]:
    """What is wrong, by field; and nothing was stored."""
    before = [tuple(row) for row in all_records(vault)]
    with pytest.raises(InvalidInput) as trouble:
        act(vault)
    assert [tuple(row) for row in all_records(vault)] == before
    return trouble.value.fields


def audit_rows(vault: Store, record_id: str) -> list[Any]:
    with vault.read() as session:
        return list(session.execute(select(_audit).where(_audit.c.record_id == record_id).order_by(_audit.c.id)))


class TestCreating:
    def test_a_record_begins_active_in_the_starting_state_with_ids_of_its_own(
        self, vault: Store, clock: ManualClock
    ) -> None:
        record = make(vault, name__v="Berlin")
        row = stored(vault, record)
        number = int(record[3:])
        assert record == f"V0T{number:012d}"
        assert row["global_id"] == f"{VAULT}_{number}"
        assert (row["name"], row["status"], row["state"]) == ("Berlin", RecordStatus.ACTIVE, "planned__c")
        assert row["link"] is None
        assert row["created_at"] == row["modified_at"] >= clock.now()
        assert row["created_by"] is row["modified_by"] is None
        assert row["data"] == {"must__c": "x"}

    def test_a_record_of_an_object_without_a_lifecycle_has_no_state(self, vault: Store) -> None:
        assert stored(vault, make(vault, "thing__v"))["state"] is None

    def test_values_of_every_type_are_kept_as_the_store_keeps_them(self, vault: Store) -> None:
        study = make(vault, "study__v")
        record = make(
            vault,
            text__c="Größe ✓",
            number__c=2.5,
            flag__c=False,
            day__c=date(2026, 1, 31),
            moment__c=datetime(2026, 1, 31, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1))),
            area__c="cardiology__c",
            study__v=study,
            status__v="inactive__v",
            state__v="open__c",
            link__sys="9_1",
        )
        row = stored(vault, record)
        assert row["data"] == {
            "must__c": "x",
            "text__c": "Größe ✓",
            "number__c": 2.5,
            "flag__c": False,
            "day__c": "2026-01-31",
            "moment__c": "2026-01-31T12:00:00.123Z",
            "area__c": "cardiology__c",
            "study__v": study,
        }
        assert (row["status"], row["state"], row["link"]) == (RecordStatus.INACTIVE, "open__c", "9_1")

    def test_values_given_as_text_are_read_as_the_field_s_type(self, vault: Store) -> None:
        record = make(
            vault, number__c="12", flag__c="Yes", day__c="2026-01-31", moment__c="2026-01-31T12:00:00+02:00", text__c=7
        )
        assert stored(vault, record)["data"] == {
            "must__c": "x",
            "number__c": 12,
            "flag__c": True,
            "day__c": "2026-01-31",
            "moment__c": "2026-01-31T10:00:00.000Z",
            "text__c": "7",
        }

    def test_an_empty_value_is_absent(self, vault: Store) -> None:
        record = make(vault, text__c="", number__c=None, area__c="", link__sys="")
        assert stored(vault, record)["data"] == {"must__c": "x"}
        assert stored(vault, record)["link"] is None

    def test_every_bad_field_is_named_at_once(self, vault: Store) -> None:
        make(vault, only__c="taken")

        def act(vault: Store) -> None:
            with vault.write() as write:
                create_record(
                    write,
                    SYSTEM,
                    "site__v",
                    {
                        "text__c": "12345678901",
                        "number__c": "many",
                        "flag__c": "perhaps",
                        "day__c": "31.1.2026",
                        "moment__c": "noon",
                        "area__c": "rheumatology__c",
                        "study__v": "V0S000000009999",
                        "only__c": "taken",
                        "status__v": "asleep__v",
                        "state__v": "gone__c",
                        "global_id__sys": "1_1",
                        "gone__c": "x",
                    },
                )

        assert refused(vault, act) == {
            "name__v": "Name is required.",
            "must__c": "Must is required.",
            "text__c": "11 characters are too many: at most 10 fit.",
            "number__c": "'many' is not a number.",
            "flag__c": "'perhaps' is neither yes nor no.",
            "day__c": "'31.1.2026' is not a date; write it as 2026-01-31.",
            "moment__c": "'noon' is not a date and time; write it as 2026-01-31T12:00:00.000Z.",
            "area__c": "'rheumatology__c' is not a value of picklist Area.",
            "study__v": "There is no study__v record V0S000000009999.",
            "only__c": "Only must be unique, and another record has 'taken'.",
            "status__v": "'asleep__v' is not a Status; it is active__v or inactive__v.",
            "state__v": "'gone__c' is not a value of the lifecycle of Site.",
            "global_id__sys": "Site has no field global_id__sys that can be written.",
            "gone__c": "Site has no field gone__c that can be written.",
        }

    def test_an_unknown_object_is_not_found(self, vault: Store) -> None:
        with pytest.raises(NotFound, match="no object gone__v"), vault.write() as write:
            create_record(write, SYSTEM, "gone__v", {"name__v": "x"})

    def test_a_reference_must_be_of_the_right_object_and_of_the_same_vault(self, vault: Store) -> None:
        thing = make(vault, "thing__v")
        with vault.write() as write:
            make_vault(write, 2002)
        for wrong in (thing, "V0S000000000001"):
            assert refused(vault, lambda vault, wrong=wrong: make(vault, study__v=wrong)) == {  # type: ignore[misc]
                "study__v": f"There is no study__v record {wrong}."
            }


class TestChanging:
    def test_only_what_is_given_changes(self, vault: Store, clock: ManualClock) -> None:
        record = make(vault, text__c="a", number__c=1)
        before = stored(vault, record)
        clock.advance(minutes=1)
        assert change(vault, record, number__c="2", name__v="New")
        row = stored(vault, record)
        assert row["data"] == {"must__c": "x", "text__c": "a", "number__c": 2}
        assert row["name"] == "New"
        assert row["modified_at"] >= before["modified_at"] + timedelta(seconds=59)
        same = ("record_id", "global_id", "created_at", "created_by", "status", "state")
        assert [row[name] for name in same] == [before[name] for name in same]

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"text__c": "a", "number__c": 1},
            {"number__c": "1", "flag__c": "yes"},
            {"number__c": 1.0},
            {"day__c": "2026-01-31", "long__c": None, "link__sys": ""},
            {"name__v": "A record", "status__v": "active__v", "state__v": "planned__c"},
        ],
    )
    def test_a_save_that_changes_nothing_touches_neither_modified_date_nor_audit(
        self, vault: Store, clock: ManualClock, values: dict[str, Any]
    ) -> None:
        record = make(vault, text__c="a", number__c=1, flag__c=True, day__c="2026-01-31")
        before, rows = stored(vault, record), len(audit_rows(vault, record))
        clock.advance(minutes=1)
        subscription = vault.feed.subscribe({Topic.RECORDS, Topic.AUDIT})
        assert not change(vault, record, **values)
        assert not subscription.drain()
        subscription.close()
        assert stored(vault, record) == before
        assert len(audit_rows(vault, record)) == rows

    def test_an_emptied_field_is_absent(self, vault: Store) -> None:
        record = make(vault, text__c="a", link__sys="9_1")
        assert change(vault, record, text__c="", link__sys=None)
        assert stored(vault, record)["data"] == {"must__c": "x"}
        assert stored(vault, record)["link"] is None

    def test_a_bad_change_changes_nothing_and_names_every_bad_field(self, vault: Store) -> None:
        record = make(vault, text__c="a")
        bad = {"text__c": "ok", "number__c": "many", "must__c": "", "name__v": None, "status__v": None, "state__v": ""}
        assert refused(vault, lambda vault: change(vault, record, **bad)) == {
            "number__c": "'many' is not a number.",
            "must__c": "Must is required.",
            "name__v": "Name is required.",
            "status__v": "Status is required.",
            "state__v": "Lifecycle State is required.",
        }

    def test_a_record_that_has_no_state_needs_none(self, vault: Store) -> None:
        record = make(vault, "thing__v")
        assert change(vault, record, text__c="b", state__v="")

    def test_a_record_of_another_vault_is_not_found(self, vault: Store) -> None:
        record = make(vault)
        with vault.write() as write:
            make_vault(write, 2002)
        with pytest.raises(NotFound, match="has no record"), vault.write() as write:
            change_record(write, Actor.system(2002), record, {"text__c": "x"})
        with pytest.raises(NotFound, match="has no record"), vault.write() as write:
            delete_record(write, Actor.system(2002), record)

    def test_a_reference_to_a_record_deleted_since_keeps_no_other_field_from_changing(self, vault: Store) -> None:
        study = make(vault, "study__v")
        record = make(vault, study__v=study)
        delete(vault, study)
        assert change(vault, record, text__c="b")
        assert refused(vault, lambda vault: make(vault, study__v=study)) == {
            "study__v": f"There is no study__v record {study}."
        }

    def test_who_and_when_are_noted(self, vault: Store) -> None:
        admin = user(vault, VAULT)
        record = make(vault)
        with vault.write() as write:
            change_record(write, admin, record, {"text__c": "x"})
            now = write.now
        row = stored(vault, record)
        assert (row["created_by"], row["modified_by"], row["modified_at"]) == (None, admin.user_id, now)


class TestUniqueValues:
    def test_a_value_that_another_record_has_is_refused(self, vault: Store) -> None:
        make(vault, only__c="A")
        other = make(vault, only__c="B")
        problem = {"only__c": "Only must be unique, and another record has 'A'."}
        assert refused(vault, lambda vault: make(vault, only__c="A")) == problem
        assert refused(vault, lambda vault: change(vault, other, only__c="A")) == problem

    def test_a_value_moves_with_a_change_and_is_free_afterwards(self, vault: Store) -> None:
        record = make(vault, only__c="A")
        change(vault, record, only__c="B")
        make(vault, only__c="A")
        assert refused(vault, lambda vault: make(vault, only__c="B"))
        change(vault, record, only__c="")
        make(vault, only__c="B")

    def test_a_deleted_record_frees_its_values(self, vault: Store) -> None:
        record = make(vault, only__c="A", rank__c=1)
        delete(vault, record)
        with vault.read() as session:
            assert session.execute(select(func.count()).select_from(table_of(UniqueValue))).scalar_one() == 0
        make(vault, only__c="A", rank__c=1)

    def test_many_records_may_have_no_value(self, vault: Store) -> None:
        assert len({make(vault, only__c=None), make(vault, only__c=""), make(vault)}) == 3

    def test_letters_of_another_case_are_another_value(self, vault: Store) -> None:
        make(vault, only__c="a")
        make(vault, only__c="A")

    def test_a_number_is_the_same_however_it_is_written(self, vault: Store) -> None:
        make(vault, rank__c=1)
        for same in (1.0, "1", "1.0", "01"):
            assert refused(vault, lambda vault, same=same: make(vault, rank__c=same)) == {  # type: ignore[misc]
                "rank__c": "Rank must be unique, and another record has '1'."
            }
        make(vault, rank__c=1.5)

    def test_the_same_value_in_two_fields_is_no_conflict(self, vault: Store) -> None:
        make(vault, only__c="1", rank__c=1)

    def test_a_value_may_be_kept_while_other_fields_change(self, vault: Store) -> None:
        record = make(vault, only__c="A")
        assert change(vault, record, only__c="A", text__c="b")


class TestDeleting:
    def test_leaves_a_tombstone_with_what_the_send_job_needs(self, vault: Store) -> None:
        record = make(vault, name__v="Berlin")
        row = stored(vault, record)
        admin = user(vault, VAULT)
        with vault.write() as write:
            delete_record(write, admin, record)
            now = write.now
            assert write.changes == {Change(Topic.RECORDS, VAULT), Change(Topic.AUDIT, VAULT)}
        with vault.read() as session:
            (stone,) = session.execute(select(table_of(Tombstone))).all()
        assert (stone.vault_id, stone.object_id, stone.record_id) == (VAULT, row["object_id"], record)
        assert (stone.global_id, stone.name) == (row["global_id"], "Berlin")
        assert (stone.deleted_at, stone.deleted_by) == (now, admin.user_id)
        assert all_records(vault) == []
        with pytest.raises(NotFound):
            delete(vault, record)

    def test_ids_are_never_given_again(self, vault: Store) -> None:
        first = make(vault)
        delete(vault, first)
        assert make(vault) > first


class TestAudit:
    def test_a_creation_is_one_row(self, vault: Store) -> None:
        admin = user(vault, VAULT)
        with vault.write() as write:
            record = create_record(write, admin, "site__v", {"name__v": "Berlin", "must__c": "x", "text__c": "a"})
        (row,) = audit_rows(vault, record)
        assert (row.action, row.object_name, row.item) == ("Create", "site__v", "Site: Berlin")
        assert (row.user_id, row.user_name, row.field_name) == (admin.user_id, admin.name, "")

    def test_a_change_is_one_row_per_changed_field(self, vault: Store) -> None:
        record = make(vault, text__c="a", number__c=1, flag__c=True)
        change(vault, record, text__c="b", number__c=1, flag__c=None, day__c="2026-01-31", status__v="inactive__v")
        rows = audit_rows(vault, record)[1:]
        assert {row.field_name: (row.old_value, row.new_value) for row in rows} == {
            "text__c": ("a", "b"),
            "flag__c": ("true", None),
            "day__c": (None, "2026-01-31"),
            "status__v": ("active__v", "inactive__v"),
        }
        assert {row.action for row in rows} == {"Edit"}

    def test_a_deletion_keeps_every_value(self, vault: Store) -> None:
        record = make(vault, name__v="Berlin", number__c=1.5)
        delete(vault, record)
        rows = audit_rows(vault, record)[1:]
        assert {row.field_name: (row.old_value, row.new_value) for row in rows} == {
            "name__v": ("Berlin", None),
            "status__v": ("active__v", None),
            "state__v": ("planned__c", None),
            "must__c": ("x", None),
            "number__c": ("1.5", None),
        }
        assert {row.action for row in rows} == {"Delete"}

    def test_a_refused_change_is_not_audited(self, vault: Store) -> None:
        record = make(vault)
        refused(vault, lambda vault: change(vault, record, number__c="many"))
        assert len(audit_rows(vault, record)) == 1


class TestPermissions:
    @pytest.mark.parametrize("right", ["Create", "Edit", "Delete"])
    def test_each_action_needs_its_own_right(self, vault: Store, right: str) -> None:
        record = make(vault)
        others = {f"Object: site__v: {each}" for each in ("Read", "Create", "Edit", "Delete") if each != right}
        with vault.write() as write:
            create_profile(write, VAULT, "Almost", others)
            create_user(write, VAULT, "almost", "", "", "Almost")
        actor = user(vault, VAULT, "almost")
        acts: dict[str, Callable[[Any], object]] = {
            "Create": lambda write: create_record(write, actor, "site__v", {"name__v": "x", "must__c": "x"}),
            "Edit": lambda write: change_record(write, actor, record, {"text__c": "x"}),
            "Delete": lambda write: delete_record(write, actor, record),
        }
        before = [tuple(row) for row in all_records(vault)]
        with pytest.raises(NotAllowed, match=f"Object: site__v: {right}"), vault.write() as write:
            acts.pop(right)(write)
        assert [tuple(row) for row in all_records(vault)] == before
        for act in acts.values():
            with vault.write() as write:
                act(write)

    def test_a_load_needs_the_right_to_create(self, vault: Store) -> None:
        with vault.write() as write:
            create_user(write, VAULT, "reader", "", "", READ_ONLY_USER)
        with pytest.raises(NotAllowed, match="Object: site__v: Create"), vault.write() as write:
            create_records(write, user(vault, VAULT, "reader"), "site__v", [])

    def test_a_right_to_every_object_is_enough(self, vault: Store) -> None:
        with vault.write() as write:
            create_user(write, VAULT, "machine", "", "", INTEGRATION_USER)
        actor = user(vault, VAULT, "machine")
        with vault.write() as write:
            record = create_record(write, actor, "thing__v", {"name__v": "x"})
            change_record(write, actor, record, {"text__c": "y"})
            delete_record(write, actor, record)

    def test_a_read_only_session_changes_nothing(self, vault: Store) -> None:
        record = make(vault)
        watcher = user(vault, VAULT, read_only=True)
        for act in (
            lambda write: create_record(write, watcher, "site__v", {"name__v": "x", "must__c": "x"}),
            lambda write: change_record(write, watcher, record, {"text__c": "x"}),
            lambda write: delete_record(write, watcher, record),
        ):
            with pytest.raises(NotAllowed, match="read-only session"), vault.write() as write:
                act(write)


class TestLoading:
    def rows(self, number: int, **more: Any) -> list[dict[str, Any]]:
        return [{"name__v": f"Site {place}", "must__c": "x", **more} for place in range(number)]

    def test_many_records_are_created_in_order_with_growing_numbers(self, vault: Store) -> None:
        with vault.write() as write:
            ids = create_records(write, SYSTEM, "site__v", self.rows(1203))
        assert ids == sorted(ids)
        rows = all_records(vault)
        assert [row.record_id for row in rows] == ids
        assert [row.name for row in rows] == [f"Site {place}" for place in range(1203)]
        numbers = [int(row.global_id.removeprefix(f"{VAULT}_")) for row in rows]
        assert numbers == list(range(numbers[0], numbers[0] + 1203))
        assert len({row.created_at for row in rows}) == 1

    def test_one_bad_row_keeps_all_out_and_is_named_with_its_number(self, vault: Store) -> None:
        rows = self.rows(700)
        rows[600] |= {"number__c": "many", "day__c": "soon"}
        with pytest.raises(InvalidInput) as trouble, vault.write() as write:
            create_records(write, SYSTEM, "site__v", rows)
        assert set(trouble.value.fields) == {"row 601, number__c", "row 601, day__c"}
        assert all_records(vault) == []

    def test_also_when_the_caller_goes_on_after_the_refusal(self, vault: Store) -> None:
        rows = self.rows(700)
        rows[600] |= {"number__c": "many"}
        with vault.write() as write:
            with pytest.raises(InvalidInput):
                create_records(write, SYSTEM, "site__v", rows)
            kept = create_record(write, SYSTEM, "site__v", {"name__v": "Kept", "must__c": "x"})
        assert [row.record_id for row in all_records(vault)] == [kept]

    def test_a_load_may_not_repeat_a_unique_value(self, vault: Store) -> None:
        with pytest.raises(InvalidInput) as trouble, vault.write() as write:
            create_records(write, SYSTEM, "site__v", self.rows(2, only__c="A"))
        assert set(trouble.value.fields) == {"row 2, only__c"}

    def test_a_load_is_not_audited_row_by_row(self, vault: Store) -> None:
        with vault.write() as write:
            ids = create_records(write, SYSTEM, "site__v", self.rows(3))
        assert [audit_rows(vault, each) for each in ids] == [[], [], []]

    def test_nothing_to_load_is_nothing(self, vault: Store) -> None:
        with vault.write() as write:
            assert create_records(write, SYSTEM, "site__v", []) == []
            assert not write.changes


def test_the_vault_s_next_number_is_shared_by_all_its_objects(vault: Store) -> None:
    ids = [make(vault), make(vault, "thing__v"), make(vault, "study__v")]
    numbers = [int(each[3:]) for each in ids]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    with vault.read() as session:
        assert session.get_one(Vault, VAULT).next_record == numbers[-1] + 1
        assert session.execute(select(func.count(func.distinct(table_of(Record).c.global_id)))).scalar_one() == 3


def test_two_vaults_count_for_themselves(vault: Store) -> None:
    with vault.write() as write:
        make_vault(write, 2002)
        create_object(write, 2002, "site__v", "Site", "Sites", "V0T")
        other = create_record(write, Actor.system(2002), "site__v", {"name__v": "Other"})
    record = make(vault)
    assert stored(vault, record)["global_id"].startswith(f"{VAULT}_")
    with vault.read() as session:
        found = session.execute(
            select(table_of(Record).c.global_id).where(
                table_of(Record).c.vault_id == 2002, table_of(Record).c.record_id == other
            )
        ).scalar_one()
    assert found == f"2002_{int(other[3:])}"


def test_times_are_whole_milliseconds_of_universal_time(vault: Store) -> None:
    row = stored(vault, make(vault))
    assert row["created_at"].tzinfo is UTC
    assert row["created_at"].microsecond % 1000 == 0
