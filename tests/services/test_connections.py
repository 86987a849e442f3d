"""Creating connections and pairing two Vaults."""

from typing import Any

import pytest
from sqlalchemy import select

from models.errors import InvalidInput, NotAllowed, NotPossible
from models.feed import Change, Topic
from models.permissions import INTEGRATION_USER, Actor, Right
from models.services.connections import create_connection, establish, url_problem
from models.services.records import create_record
from models.services.vaults import application_owner_id, create_object, create_user
from models.store import Store
from models.tables import AuditRow, Connection, ConnectionState, ConnectionType, table_of
from tests.builders import key, make_connection, make_vault, user
from tests.conftest import ManualClock

V2V = ConnectionType.VAULT_TO_VAULT
_audit = table_of(AuditRow)


@pytest.fixture
def lab(store: Store) -> Store:
    with store.write() as write:
        make_vault(write, 1001, "Clinical")
        make_vault(write, 1002, "Quality")
    return store


def create(store: Store, **values: Any) -> Connection:
    options: dict[str, Any] = {"type": V2V, "name": "Lab", "api_name": "lab__c"}
    with store.write() as write:
        return create_connection(write, Actor.system(1001), **options | values)


def refused(store: Store, **values: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        create(store, **values)
    return refusal.value.fields


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (ConnectionType.VAULT_TO_VAULT, ConnectionState.PENDING),
        (ConnectionType.EXTERNAL, ConnectionState.ACTIVE),
        (ConnectionType.LOCAL, ConnectionState.ACTIVE),
    ],
)
def test_a_connection_begins_in_the_state_of_its_type(lab: Store, kind: ConnectionType, state: ConnectionState) -> None:
    assert create(lab, type=kind).state is state


def test_a_connection_gets_a_record_id_of_its_own_from_the_numbers_that_all_records_share(lab: Store) -> None:
    system = Actor.system(1001)
    with lab.write() as write:
        create_object(write, 1001, "product__v", "Product", "Products", "V0A")
        first = make_connection(write, 1001, "one__c")
        record = create_record(write, system, "product__v", {"name__v": "Cholecap"})
        second = make_connection(write, 1001, "two__c")
        other_vault = make_connection(write, 1002, "one__c")
        last = create_record(write, system, "product__v", {"name__v": "Restolar"})
    assert first.record_id == other_vault.record_id == "V17000000001001"
    assert second.record_id == "V17000000001003"
    assert (record, last) == ("V0A000000001002", "V0A000000001004")


def test_who_lacks_manage_connections_creates_none(lab: Store) -> None:
    with lab.write() as write:
        create_user(write, 1001, "worker", "", "", INTEGRATION_USER)
    worker = user(lab, 1001, "worker")
    assert worker.may_object("connection__sys", Right.CREATE)
    with pytest.raises(NotAllowed, match="Application: Manage Connections"), lab.write() as write:
        create_connection(write, worker, type=V2V, name="", api_name="")


def test_everything_that_is_wrong_with_a_new_connection_is_said_at_once(lab: Store) -> None:
    create(lab)
    with lab.read() as session:
        stranger = application_owner_id(session, 1002)
    problems = refused(
        lab,
        name="  ",
        description="x" * 501,
        url="https://example.com",
        authorized_user_id=stranger,
        remote_vault_id=1001,
        remote_vault_name="x" * 101,
        remote_dns_host="x" * 256,
    )
    assert set(problems) == {
        "name",
        "api_name",
        "description",
        "url",
        "authorized_user_id",
        "remote_vault_id",
        "remote_vault_name",
        "remote_dns_host",
    }


def test_an_api_name_is_taken_once_per_vault(lab: Store) -> None:
    create(lab)
    with lab.write() as write:
        make_connection(write, 1002, "lab__c")
    assert "already has a connection with the API name lab__c" in refused(lab)["api_name"]


def test_a_hyphen_is_only_good_in_a_standard_name(lab: Store) -> None:
    assert "api_name" in refused(lab, api_name="cdms_clin-ops_connection__v")
    assert create(lab, api_name="cdms_clin-ops_connection__v", system_managed=True).system_managed


def test_a_name_with_signs_that_no_screen_shows_is_refused(lab: Store) -> None:
    assert "sign that cannot be shown" in refused(lab, name="Lab\x1b[2J")["name"]
    assert create(lab, name="[/foo] [@click=app.quit]x[/]", description="two\nlines").description == "two\nlines"


def test_a_standard_connection_acts_through_the_application_owner_unless_told_otherwise(lab: Store) -> None:
    with lab.read() as session:
        owner = application_owner_id(session, 1001)
    assert create(lab, api_name="one__v", system_managed=True).authorized_user_id == owner
    admin = user(lab, 1001).user_id
    assert create(lab, api_name="two__v", system_managed=True, authorized_user_id=admin).authorized_user_id == admin
    assert create(lab, api_name="three__c").authorized_user_id is None


def test_an_inactive_user_cannot_be_the_authorized_connection_user(lab: Store) -> None:
    with lab.write() as write:
        gone = create_user(write, 1001, "gone", "", "", INTEGRATION_USER, active=False)
    assert "inactive" in refused(lab, authorized_user_id=gone.id)["authorized_user_id"]
    assert "authorized_user_id" in refused(lab, authorized_user_id=10**30)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/spark?a=b",
        "https://${Custom.host}/spark",
        "https://example.com/${Session.SessionId}/x",
        "https://[2001:db8::1]/",
    ],
)
def test_an_external_connection_takes_an_https_url_with_or_without_tokens(lab: Store, url: str) -> None:
    assert create(lab, type=ConnectionType.EXTERNAL, url=url).url == url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://example.com", "https://"),
        ("example.com", "https://"),
        ("https://", "https://"),
        ("https:///spark", "https://"),
        ("${Custom.url}", "https://"),
        ("https://example.com:8443", "port"),
        ("https://example.com:443/", "port"),
        ("https://example.com:/", "port"),
        ("https://[2001:db8::1]:8443/", "port"),
        ("https://${Custom.host}:8443/", "port"),
        ("https://example.com:port/", "port"),
        ("https://ada:secret@example.com", "password"),
        ("https://exam ple.com", "blanks"),
        ("https://[example.com", "valid"),
        ("https://${Custom.host/spark", "token"),
    ],
)
def test_a_url_that_the_vendor_does_not_allow_is_refused_with_its_reason(lab: Store, url: str, word: str) -> None:
    assert word in refused(lab, type=ConnectionType.EXTERNAL, url=url)["url"]


def test_a_refused_url_never_repeats_a_password() -> None:
    assert "secret" not in (url_problem("https://ada:secret@example.com") or "")


def test_only_an_external_connection_has_a_url_and_only_a_vault_to_vault_one_a_remote_vault(lab: Store) -> None:
    assert set(refused(lab, type=ConnectionType.LOCAL, url="https://example.com", remote_vault_id=1002)) == {
        "url",
        "remote_vault_id",
    }
    assert set(refused(lab, type=ConnectionType.EXTERNAL, remote_vault_name="Quality", remote_dns_host="q")) == {
        "remote_vault_name",
        "remote_dns_host",
    }


def test_a_new_connection_is_audited_with_who_made_it_and_published(lab: Store) -> None:
    admin = user(lab, 1001)
    with lab.write() as write:
        made = create_connection(write, admin, type=V2V, name="Lab", api_name="lab__c")
        assert Change(Topic.CONNECTIONS, 1001) in write.changes
    with lab.read() as session:
        row = session.execute(select(_audit).where(_audit.c.object_name == "connection__sys")).one()
    assert (row.user_id, row.user_name, row.action, row.item) == (admin.user_id, admin.name, "Create", "Lab")
    assert row.record_id == made.record_id
    assert row.at == made.created_at == made.modified_at


def test_establishing_makes_both_sides_active_and_fills_in_the_remote_vault_details(
    lab: Store, clock: ManualClock
) -> None:
    with lab.write() as write:
        ours, theirs = make_connection(write, 1001, "ours__c"), make_connection(write, 1002, "theirs__c")
    clock.advance(minutes=1)
    with lab.write() as write:
        establish(write, write.get_one(Connection, ours.id), write.get_one(Connection, theirs.id))
        assert {Change(Topic.CONNECTIONS, 1001), Change(Topic.CONNECTIONS, 1002)} <= write.changes
    with lab.read() as session:
        one, two = session.get_one(Connection, ours.id), session.get_one(Connection, theirs.id)
    assert one.state is two.state is ConnectionState.ACTIVE
    assert (one.remote_connection_id, two.remote_connection_id) == (two.id, one.id)
    assert (one.remote_vault_id, one.remote_vault_name) == (1002, "Quality")
    assert (two.remote_vault_id, two.remote_dns_host) == (1001, "vault-1001.lab.example.com")
    assert one.modified_at > one.created_at


def test_establishing_is_audited_in_both_vaults_field_by_field(lab: Store) -> None:
    with lab.write() as write:
        establish(write, make_connection(write, 1001), make_connection(write, 1002))
    with lab.read() as session:
        rows = session.execute(select(_audit).where(_audit.c.action == "Establish Connection")).all()
    states = {row.vault_id: (row.old_value, row.new_value) for row in rows if row.field_name == "state"}
    assert states == {1001: ("pending", "active"), 1002: ("pending", "active")}


def test_vaults_of_different_domains_are_not_paired_unless_both_connections_allow_it(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        make_vault(write, 1002, domain="crm.example.com")
        plain = make_connection(write, 1001, "one__c"), make_connection(write, 1002, "one__c")
        half = make_connection(write, 1001, "two__c", cross_domain=True), make_connection(write, 1002, "two__c")
        both = [make_connection(write, vault_id, "three__c", cross_domain=True) for vault_id in (1001, 1002)]
        for pair in (plain, half):
            with pytest.raises(NotPossible, match=r"crm\.example\.com"):
                establish(write, *pair)
        establish(write, *both)
    assert [side.state for side in (*plain, *half)] == [ConnectionState.PENDING] * 4
    assert [side.state for side in both] == [ConnectionState.ACTIVE] * 2


def test_a_connection_that_names_another_vault_as_remote_is_not_paired_with_this_one(lab: Store) -> None:
    with lab.write() as write:
        ours, theirs = make_connection(write, 1001, remote_vault_id=1007), make_connection(write, 1002)
        with pytest.raises(NotPossible, match="Vault 1007 as Remote Vault ID, not Vault 1002"):
            establish(write, ours, theirs)


def test_two_connections_of_one_vault_are_not_paired(lab: Store) -> None:
    with lab.write() as write, pytest.raises(NotPossible, match="Both connections belong to Vault 1001"):
        establish(write, make_connection(write, 1001, "one__c"), make_connection(write, 1001, "two__c"))


def test_only_vault_to_vault_connections_are_paired(lab: Store) -> None:
    with lab.write() as write:
        local = make_connection(write, 1001, type=ConnectionType.LOCAL)
        with pytest.raises(NotPossible, match="of type Local"):
            establish(write, local, make_connection(write, 1002))


def test_an_established_connection_is_neither_established_again_nor_taken_over(lab: Store) -> None:
    with lab.write() as write:
        make_vault(write, 1003)
        ours, theirs = make_connection(write, 1001), make_connection(write, 1002)
        establish(write, ours, theirs)
        for source, target in ((ours, theirs), (make_connection(write, 1003), theirs)):
            with pytest.raises(NotPossible, match="already established"):
                establish(write, source, target)
    assert ours.remote_connection_id == key(theirs)


def test_a_connection_that_was_reset_is_paired_again_with_a_remote_side_that_stayed_active(lab: Store) -> None:
    with lab.write() as write:
        ours, theirs = make_connection(write, 1001), make_connection(write, 1002)
        establish(write, ours, theirs)
        ours.state = ConnectionState.PENDING
        establish(write, ours, theirs)
    assert ours.state is theirs.state is ConnectionState.ACTIVE


def test_a_disconnected_connection_can_be_paired_with_another_vault(lab: Store) -> None:
    with lab.write() as write:
        make_vault(write, 1003)
        ours = make_connection(write, 1001)
        establish(write, ours, make_connection(write, 1002))
        ours.state, ours.remote_vault_id, ours.remote_connection_id = ConnectionState.DISCONNECTED, None, None
        other = make_connection(write, 1003)
        establish(write, ours, other)
    with lab.read() as session:
        paired = session.get_one(Connection, ours.id)
    assert (paired.remote_vault_id, paired.remote_connection_id) == (1003, key(other))
