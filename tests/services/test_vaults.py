"""Making Vaults: what each one has from the start, and what cannot be made twice."""

import pytest
from sqlalchemy import func, select

from models.data_model import load_object
from models.errors import InvalidInput, NotFound
from models.feed import Topic
from models.services.vaults import (
    FieldSpec,
    add_fields,
    application_owner_id,
    create_object,
    create_picklist,
    create_profile,
    create_user,
    create_vault,
)
from models.store import Store
from models.tables import AuditRow, FieldType, Job, JobKind, SecurityProfile, Vault, VaultObject, table_of
from tests.builders import DOMAIN, OWNER, make_vault, user
from tests.conftest import ManualClock

_jobs = table_of(Job)


def count(store: Store, model: type) -> int:
    with store.read() as session:
        found: int = session.execute(select(func.count()).select_from(table_of(model))).scalar_one()
    return found


def test_a_vault_starts_with_standard_profiles_an_application_owner_and_an_administrator(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001, administrator=("Ada", "Byron"))
    with store.read() as session:
        profiles = session.execute(select(table_of(SecurityProfile).c.name)).scalars().all()
        owner = application_owner_id(session, 1001)
    assert set(profiles) == {"Vault Owner", "System Admin", "Integration User", "Read-Only User"}
    assert owner == user(store, 1001, OWNER).user_id
    assert user(store, 1001).name == f"admin@{DOMAIN}"


def test_a_vault_has_a_send_a_receive_and_a_deliver_job_of_their_own_periods(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
    with store.read() as session:
        periods = {row.kind: row.every_seconds for row in session.execute(select(_jobs))}
    assert periods == {JobKind.SEND: 300, JobKind.RECEIVE: 300, JobKind.DELIVER: 60}


def test_a_receive_job_runs_half_a_period_after_the_send_job_of_its_vault(store: Store) -> None:
    with store.write() as write:
        for vault_id in range(1001, 1010):
            make_vault(write, vault_id)
    with store.read() as session:
        first = {(row.vault_id, row.kind): row.next_run_at for row in session.execute(select(_jobs))}
    for vault_id in range(1001, 1010):
        gap = (first[vault_id, JobKind.RECEIVE] - first[vault_id, JobKind.SEND]).total_seconds()
        assert gap % 300 == 150


def test_the_jobs_of_different_vaults_begin_at_different_seconds_within_one_period(
    store: Store, clock: ManualClock
) -> None:
    with store.write() as write:
        for vault_id in range(1001, 1010):
            make_vault(write, vault_id)
    with store.read() as session:
        rows = session.execute(select(_jobs)).all()
    for kind in JobKind:
        moments = [row.next_run_at for row in rows if row.kind is kind]
        assert len(set(moments)) == len(moments) == 9
    for row in rows:
        assert 0 < (row.next_run_at - clock.now()).total_seconds() <= row.every_seconds


def test_a_vault_with_a_parent_is_its_sandbox(store: Store) -> None:
    with store.write() as write:
        assert not make_vault(write, 1001).sandbox
        sandbox = make_vault(write, 1002, parent_id=1001)
    assert sandbox.sandbox
    assert sandbox.parent_id == 1001


def test_everything_that_is_wrong_with_a_new_vault_is_said_at_once_and_nothing_is_made(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001, "Clinical")
    with pytest.raises(InvalidInput) as refused, store.write() as write:
        create_vault(
            write,
            id=1001,
            name="Clinical",
            dns_host=f"vault-1001.{DOMAIN}",
            domain="no host at all",
            family="",
            parent_id=7,
        )
    assert set(refused.value.fields) == {"id", "name", "dns_host", "domain", "family", "parent_id"}
    assert count(store, Vault) == 1


def test_an_id_that_no_database_column_holds_is_refused(store: Store) -> None:
    for vault_id in (0, -1, 2**31, 10**30):
        with pytest.raises(InvalidInput, match="id: A whole number"), store.write() as write:
            make_vault(write, vault_id)


def test_making_a_vault_is_audited_and_published(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001, "Clinical")
        topics = {change.topic for change in write.changes if change.vault_id == 1001}
    assert {Topic.VAULTS, Topic.USERS, Topic.JOBS, Topic.AUDIT} <= topics
    with store.read() as session:
        row = session.execute(select(table_of(AuditRow)).where(table_of(AuditRow).c.object_name == "vault")).one()
    assert (row.user_name, row.action, row.item) == ("System", "Create", "Clinical")


def test_a_user_name_is_taken_once_per_vault(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        make_vault(write, 1002)
        create_user(write, 1001, "ada", "Ada", "Byron", "System Admin")
        create_user(write, 1002, "ada", "Ada", "Byron", "System Admin")
    with pytest.raises(InvalidInput, match="username: Vault 1001 already has a user ada"), store.write() as write:
        create_user(write, 1001, "ada", "Ada", "Byron", "System Admin")


def test_an_object_is_made_with_typed_fields_picklists_references_and_states(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        create_picklist(write, 1001, "phase__v", "Phase", ["one__v", ("two__v", "Phase Two")])
        create_object(write, 1001, "product__v", "Product", "Products", "V0A")
        fields = [
            FieldSpec("number__v", "Number", required=True, unique=True, max_length=20),
            FieldSpec("phase__v", "Phase", FieldType.PICKLIST, picklist="phase__v"),
            FieldSpec("product__v", "Product", FieldType.OBJECT, reference_object="product__v"),
            FieldSpec("parent__v", "Parent", FieldType.OBJECT, reference_object="study__v", relationship="up__vr"),
            FieldSpec("start_date__v", type=FieldType.DATE),
        ]
        create_object(
            write, 1001, "study__v", "Study", "Studies", "V0B", fields, ["planned__v", ("active__v", "In Progress")]
        )
    with store.read() as session:
        model = load_object(session, 1001, "study__v")
    assert list(model.fields) == ["number__v", "phase__v", "product__v", "parent__v", "start_date__v"]
    assert model.fields["number__v"].required
    assert model.fields["number__v"].unique
    assert model.fields["phase__v"].picklist == {"one__v": "One", "two__v": "Phase Two"}
    assert (model.fields["product__v"].reference, model.fields["product__v"].relationship) == (
        "product__v",
        "product__vr",
    )
    assert (model.fields["parent__v"].reference, model.fields["parent__v"].relationship) == ("study__v", "up__vr")
    assert model.fields["start_date__v"].label == "Start Date"
    assert model.states == {"planned__v": "Planned", "active__v": "In Progress"}
    assert model.starting_state == "planned__v"


def test_every_bad_field_of_an_object_is_named_at_once_and_the_object_is_not_made(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
    fields = [
        FieldSpec("name__v"),
        FieldSpec("Bad Name"),
        FieldSpec("colour__v", type=FieldType.PICKLIST, picklist="none__v"),
        FieldSpec("other__v", type=FieldType.OBJECT, reference_object="none__v"),
        FieldSpec("twice__v"),
        FieldSpec("twice__v"),
        FieldSpec("count__v", type=FieldType.NUMBER, max_length=5),
        FieldSpec("plain__v", picklist="none__v"),
        FieldSpec("good__v"),
    ]
    with pytest.raises(InvalidInput) as refused, store.write() as write:
        create_object(write, 1001, "study__v", "Study", "Studies", "V0B", fields)
    assert set(refused.value.fields) == {spec.name for spec in fields} - {"good__v"}
    assert count(store, VaultObject) == 0


def test_a_picklist_or_object_of_another_vault_is_out_of_reach_of_a_field(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        make_vault(write, 1002)
        create_picklist(write, 1001, "phase__v", "Phase", ["one__v"])
        create_object(write, 1001, "product__v", "Product", "Products", "V0A")
    fields = [
        FieldSpec("phase__v", type=FieldType.PICKLIST, picklist="phase__v"),
        FieldSpec("product__v", type=FieldType.OBJECT, reference_object="product__v"),
    ]
    with pytest.raises(InvalidInput) as refused, store.write() as write:
        create_object(write, 1002, "study__v", "Study", "Studies", "V0B", fields)
    assert set(refused.value.fields) == {"phase__v", "product__v"}


def test_names_and_prefixes_of_objects_and_picklists_are_taken_once_per_vault(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        make_vault(write, 1002)
        for vault_id in (1001, 1002):
            create_object(write, vault_id, "product__v", "Product", "Products", "V0A")
            create_picklist(write, vault_id, "phase__v", "Phase", ["one__v"])
    with pytest.raises(InvalidInput) as refused, store.write() as write:
        create_object(write, 1001, "product__v", "Product", "Products", "V0A")
    assert set(refused.value.fields) == {"name", "prefix"}
    with pytest.raises(InvalidInput, match="already a picklist phase__v"), store.write() as write:
        create_picklist(write, 1001, "phase__v", "Phase", ["one__v"])


def test_fields_are_added_behind_those_an_object_has(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        create_object(write, 1001, "product__v", "Product", "Products", "V0A", [FieldSpec("one__v")])
        add_fields(write, 1001, "product__v", [FieldSpec("two__v")])
    with pytest.raises(InvalidInput, match="two__v: Product already has this field"), store.write() as write:
        add_fields(write, 1001, "product__v", [FieldSpec("two__v")])
    with pytest.raises(NotFound), store.write() as write:
        add_fields(write, 1001, "study__v", [])
    with store.read() as session:
        assert list(load_object(session, 1001, "product__v").fields) == ["one__v", "two__v"]


def test_nothing_is_made_in_a_vault_that_does_not_exist(store: Store) -> None:
    with store.write() as write:
        for attempt in (
            lambda: create_user(write, 7, "ada", "", "", "System Admin"),
            lambda: create_profile(write, 7, "Custom", set()),
            lambda: create_picklist(write, 7, "phase__v", "Phase", ["one__v"]),
            lambda: create_object(write, 10**30, "product__v", "Product", "Products", "V0A"),
        ):
            with pytest.raises(NotFound, match="There is no Vault"):
                attempt()
