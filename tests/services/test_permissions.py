"""Who may do what, and how a refusal reads."""

import pytest

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import (
    INTEGRATION_USER,
    READ_ONLY_USER,
    SYSTEM_ADMIN,
    VAULT_OWNER,
    Actor,
    Permission,
    Right,
    actor_for,
    object_permission,
)
from models.services.vaults import change_profile, create_profile, create_user
from models.store import Store
from tests.builders import ADMIN, OWNER, make_vault, user


@pytest.fixture
def lab(store: Store) -> Store:
    with store.write() as write:
        make_vault(write, 1001)
        make_vault(write, 1002)
        for profile in (INTEGRATION_USER, READ_ONLY_USER):
            create_user(write, 1001, profile, "", "", profile)
    return store


def test_a_vault_owner_may_everything(lab: Store) -> None:
    owner = user(lab, 1001, OWNER)
    assert all(owner.may(permission) for permission in Permission)
    assert all(owner.may_object("study__v", right) for right in Right)


def test_a_system_admin_has_every_permission_and_every_right_to_every_object(lab: Store) -> None:
    admin = user(lab, 1001, ADMIN)
    assert all(admin.may(permission) for permission in Permission)
    assert all(admin.may_object("study__v", right) for right in Right)


def test_an_integration_user_works_with_records_but_administers_nothing(lab: Store) -> None:
    integration_user = user(lab, 1001, INTEGRATION_USER)
    assert all(integration_user.may_object("study__v", right) for right in Right)
    assert not any(integration_user.may(permission) for permission in Permission)


def test_a_read_only_user_reads_records_and_exceptions_and_no_more(lab: Store) -> None:
    reader = user(lab, 1001, READ_ONLY_USER)
    assert [right for right in Right if reader.may_object("study__v", right)] == [Right.READ]
    assert [permission for permission in Permission if reader.may(permission)] == [Permission.READ_EXCEPTIONS]


def test_a_refusal_names_the_permission_the_user_and_the_vault(lab: Store) -> None:
    with pytest.raises(NotAllowed) as refused:
        user(lab, 1001, READ_ONLY_USER).require(Permission.MANAGE_CONNECTIONS)
    for word in ("Application: Manage Connections", READ_ONLY_USER, "1001"):
        assert word in refused.value.message
    assert refused.value.remedy


def test_a_refused_right_names_the_object(lab: Store) -> None:
    with pytest.raises(NotAllowed, match="Object: study__v: Delete"):
        user(lab, 1001, READ_ONLY_USER).require_object("study__v", Right.DELETE)


def test_a_read_only_session_is_refused_in_its_own_words_before_any_permission_is_looked_at(lab: Store) -> None:
    for name in (OWNER, READ_ONLY_USER):
        watcher = user(lab, 1001, name, read_only=True)
        with pytest.raises(NotAllowed, match="read-only session"):
            watcher.require(Permission.MANAGE_INTEGRATIONS)
        with pytest.raises(NotAllowed, match="read-only session"):
            watcher.require_object("study__v", Right.EDIT)


def test_a_read_only_session_may_look_where_its_user_may_look(lab: Store) -> None:
    watcher = user(lab, 1001, READ_ONLY_USER, read_only=True)
    watcher.require(Permission.READ_EXCEPTIONS)
    watcher.require_object("study__v", Right.READ)
    with pytest.raises(NotAllowed, match="Admin: Queue Log"):
        watcher.require(Permission.QUEUE_LOG)


def test_a_right_to_one_object_is_none_to_another(lab: Store) -> None:
    with lab.write() as write:
        create_profile(write, 1001, "Study Reader", {object_permission("study__v", Right.READ)})
        create_user(write, 1001, "reader", "", "", "Study Reader")
    reader = user(lab, 1001, "reader")
    assert reader.may_object("study__v", Right.READ)
    assert not reader.may_object("site__v", Right.READ)
    assert not reader.may_object("study__v", Right.EDIT)


def test_an_inactive_user_cannot_act(lab: Store) -> None:
    with lab.write() as write:
        create_user(write, 1001, "gone", "", "", SYSTEM_ADMIN, active=False)
    with lab.read() as session, pytest.raises(NotAllowed, match="gone is an inactive user"):
        actor_for(session, 1001, "gone")


def test_a_user_of_one_vault_is_unknown_in_another(lab: Store) -> None:
    with lab.read() as session, pytest.raises(NotFound, match="Vault 1002 has no user Integration User"):
        actor_for(session, 1002, INTEGRATION_USER)


def test_the_platform_itself_may_everything_and_is_no_user() -> None:
    system = Actor.system(1001)
    system.require(Permission.MANAGE_CONNECTIONS)
    system.require_object("study__v", Right.DELETE)
    assert system.user_id is None
    assert system.name == "System"


@pytest.mark.parametrize("profile", [VAULT_OWNER, SYSTEM_ADMIN, INTEGRATION_USER, READ_ONLY_USER])
def test_a_standard_profile_cannot_be_edited(lab: Store, profile: str) -> None:
    with pytest.raises(NotPossible, match="standard security profile"), lab.write() as write:
        change_profile(write, 1001, profile, {Permission.QUEUE_LOG})


def test_a_custom_profile_grants_what_it_was_last_given(lab: Store) -> None:
    with lab.write() as write:
        create_profile(write, 1001, "Queue Keeper", {Permission.SPARK_QUEUES})
        create_user(write, 1001, "keeper", "", "", "Queue Keeper")
        assert change_profile(write, 1001, "Queue Keeper", {Permission.QUEUE_LOG})
        assert not change_profile(write, 1001, "Queue Keeper", {Permission.QUEUE_LOG})
    keeper = user(lab, 1001, "keeper")
    assert keeper.may(Permission.QUEUE_LOG)
    assert not keeper.may(Permission.SPARK_QUEUES)


def test_a_profile_cannot_grant_what_does_not_exist_nor_everything(lab: Store) -> None:
    for permission in ("Application: Manage Weather", "Object: study__v: Fly", "All permissions"):
        with pytest.raises(InvalidInput, match="There is no permission"), lab.write() as write:
            create_profile(write, 1001, "Wizard", {permission})


def test_a_profile_of_one_vault_is_unknown_in_another(lab: Store) -> None:
    with lab.write() as write:
        create_profile(write, 1001, "Queue Keeper", {Permission.SPARK_QUEUES})
    with pytest.raises(NotFound), lab.write() as write:
        change_profile(write, 1002, "Queue Keeper", set())
    with pytest.raises(InvalidInput, match="no security profile Queue Keeper"), lab.write() as write:
        create_user(write, 1002, "keeper", "", "", "Queue Keeper")
