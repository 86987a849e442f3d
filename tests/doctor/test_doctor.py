"""The doctor: a healthy connection has no finding; each thing that is broken is found, with where and what to do."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from models.doctor import Finding, FindingKind, examine
from models.errors import NotFound
from models.permissions import Actor, Right, object_permission
from models.services.connection_files import download_connection_file
from models.services.connections import create_connection
from models.services.integrations import create_integration, create_point, set_integration_active
from models.services.records import change_record, create_record, delete_record
from models.services.vaults import FieldSpec
from models.store import Store, WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    ApprovalTask,
    CertificateState,
    Connection,
    ConnectionFile,
    ConnectionState,
    ConnectionType,
    DeletePolicy,
    Direction,
    ErrorType,
    ExceptionMessage,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Lab,
    Matching,
    MessageState,
    ObjectField,
    ProfilePermission,
    QueryObjectRule,
    Queue,
    QueueConnection,
    Record,
    ReferenceLookup,
    ReferenceLookupKey,
    SecurityProfile,
    SigningCertificate,
    SparkMessage,
    User,
    Vault,
    VaultObject,
    table_of,
)
from tests.builders import OWNER, Pair, build_pair, key, make_connection, make_vault
from tests.conftest import ManualClock
from tests.stores import made_once

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
REAL_NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

FIELDS = (
    FieldSpec("code__c", "Code", max_length=20),
    FieldSpec("country__c", "Country"),
    FieldSpec("owner__c", "Owner", FieldType.OBJECT, reference_object="product__v", relationship="owner__cr"),
)
TARGET_FIELDS = (*FIELDS, FieldSpec("amount__c", "Amount", FieldType.NUMBER))
MAPPINGS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("name__v", "name__v", {}),
    ("code__c", "code__c", {}),
    ("country__c", "country__c", {}),
    ("owner__c", "owner__c", {"target_lookup_field": "link__sys"}),
    ("owner__cr.code__c", "amount__c", {"active": False}),
)


@made_once
def healthy(store: Store) -> Pair:
    """Two Vaults between which everything is as it should be."""
    pair = build_pair(store, source_fields=FIELDS, target_fields=TARGET_FIELDS, mappings=MAPPINGS)
    with store.write() as write:
        _set(write, Lab, {}, holder="an engine", alive_until=REAL_NOW + timedelta(seconds=10))
    return pair


@pytest.fixture(autouse=True)
def pair(store: Store) -> Pair:
    """The two Vaults of the store."""
    return healthy(store)


def findings(store: Store, connection_id: int, vault_id: int = 1001) -> list[Finding]:
    with store.read() as session:
        return examine(session, vault_id, connection_id, NOW, REAL_NOW)


def _set(write: WriteSession, table: type[Any], where: Mapping[str, Any], **values: Any) -> None:
    columns = table_of(table).c
    changed = write.connection().execute(
        update(table_of(table)).where(*(columns[name] == value for name, value in where.items())).values(**values)
    )
    assert changed.rowcount


def _drop(write: WriteSession, table: type[Any], **where: Any) -> None:
    columns = table_of(table).c
    gone = write.connection().execute(
        delete(table_of(table)).where(*(columns[name] == value for name, value in where.items()))
    )
    assert gone.rowcount


def test_a_healthy_connection_has_no_finding_from_either_side(store: Store, pair: Pair) -> None:
    assert findings(store, pair.source.connection_id) == []
    assert findings(store, pair.target.connection_id, 1002) == []


def test_a_connection_of_another_vault_cannot_be_examined(store: Store, pair: Pair) -> None:
    with pytest.raises(NotFound):
        findings(store, pair.target.connection_id, 1001)


Breaking = Callable[[Store, WriteSession, Pair], None]

BREAKINGS: dict[str, tuple[FindingKind, Breaking]] = {}


def breaks(kind: FindingKind) -> Callable[[Breaking], Breaking]:
    """Register what breaks exactly one thing."""

    def register(breaking: Breaking) -> Breaking:
        BREAKINGS[breaking.__name__] = (kind, breaking)
        return breaking

    return register


@breaks(FindingKind.NOT_ACTIVE)
def own_side_inactive(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Connection, {"id": pair.source.connection_id}, state=ConnectionState.INACTIVE)


@breaks(FindingKind.NOT_ACTIVE)
def remote_side_disconnected(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Connection, {"id": pair.target.connection_id}, state=ConnectionState.DISCONNECTED)


@breaks(FindingKind.PARTNER_NOT_ACTIVE)
def remote_side_belongs_to_another(_store: Store, write: WriteSession, pair: Pair) -> None:
    make_vault(write, 1003)
    third = make_connection(write, 1003)
    _set(write, Connection, {"id": pair.target.connection_id}, remote_connection_id=key(third))


@breaks(FindingKind.REMOTE_DETAILS_OLD)
def remote_host_renamed(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, Vault, {"id": 1002}, dns_host="elsewhere.lab.example.com")


@breaks(FindingKind.OTHER_DOMAIN)
def remote_vault_moved_to_another_domain(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, Vault, {"id": 1002}, domain="other.example.com")


@breaks(FindingKind.NO_USER)
def nobody_authorized(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Connection, {"id": pair.source.connection_id}, authorized_user_id=None)


@breaks(FindingKind.USER_INACTIVE)
def authorized_user_inactive(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, User, {"vault_id": 1001, "username": OWNER}, active=False)


@breaks(FindingKind.USER_LACKS_PERMISSION)
def authorized_user_may_not_read(_store: Store, write: WriteSession, _pair: Pair) -> None:
    profile = SecurityProfile(vault_id=1001, name="Other Objects Only", standard=False)
    write.add(profile)
    write.flush()
    write.add(ProfilePermission(profile_id=key(profile), permission=object_permission("country__v", Right.READ)))
    _set(write, User, {"vault_id": 1001, "username": OWNER}, profile_id=key(profile))


@breaks(FindingKind.INTEGRATION_OFF)
def every_integration_inactive(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, Integration, {"vault_id": 1001}, active=False)
    _set(write, Integration, {"vault_id": 1002}, active=False)


@breaks(FindingKind.OFF_ON_ONE_SIDE)
def integration_off_in_the_target(_store: Store, write: WriteSession, pair: Pair) -> None:
    other = create_integration(
        write, pair.target.system, pair.target.connection_id, name="Other", api_name="other__c", active=True
    )
    assert other.active
    _set(write, Integration, {"id": pair.target.integration_id}, active=False)


@breaks(FindingKind.OFF_ON_ONE_SIDE)
def integration_off_in_the_source(_store: Store, write: WriteSession, pair: Pair) -> None:
    create_integration(
        write, pair.source.system, pair.source.connection_id, name="Other", api_name="other__c", active=True
    )
    _set(write, Integration, {"id": pair.source.integration_id}, active=False)


@breaks(FindingKind.DEPENDENCY_OFF)
def needed_integration_inactive(_store: Store, write: WriteSession, pair: Pair) -> None:
    create_integration(write, pair.source.system, pair.source.connection_id, name="Base", api_name="base__c")
    _set(write, Integration, {"id": pair.source.integration_id}, depends_on=["base__c"])


@breaks(FindingKind.DEPENDENCY_OFF)
def needed_integration_unknown(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Integration, {"id": pair.source.integration_id}, depends_on=["nowhere__c"])


@breaks(FindingKind.SUPERSEDED_ACTIVE)
def superseded_integration_still_active(_store: Store, write: WriteSession, pair: Pair) -> None:
    create_integration(
        write, pair.source.system, pair.source.connection_id, name="Old Way", api_name="old_way__c", active=True
    )
    _set(write, Integration, {"id": pair.source.integration_id}, supersedes=["old_way__c"])


@breaks(FindingKind.APPLICATION_MISSING)
def application_taken_away(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Integration, {"id": pair.source.integration_id}, required_applications=["CTMS|eTMF"])
    _set(write, Vault, {"id": 1001}, applications=["Payments"])


@breaks(FindingKind.FEATURE_MISSING)
def local_feature_taken_away(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Integration, {"id": pair.target.integration_id}, required_features=["Change Control"])


@breaks(FindingKind.PARTNER_LACKS)
def application_of_the_partner_missing(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Integration, {"id": pair.source.integration_id}, remote_applications=["Registrations"])


@breaks(FindingKind.POINT_MISSING)
def point_renamed_in_the_target(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, IntegrationPoint, {"id": pair.target.point_id}, api_name="renamed__c")


@breaks(FindingKind.POINT_WITHOUT_SOURCE)
def another_point_watches_nothing(_store: Store, write: WriteSession, pair: Pair) -> None:
    create_point(
        write,
        pair.source.system,
        pair.source.integration_id,
        name="Idle",
        api_name="idle__c",
        direction=Direction.OUTBOUND,
    )


@breaks(FindingKind.RUN_TIME_AHEAD)
def last_run_in_the_future(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Integration, {"id": pair.source.integration_id}, last_successful_send=NOW + timedelta(days=1))


def test_linked_records_and_records_of_other_vaults_are_no_trouble(store: Store, pair: Pair) -> None:
    with store.write() as write:
        make_vault(write, 1003)
        _linked(write, pair)
        create_record(write, pair.target.system, "product__v", {"name__v": "Own", "code__c": "O"})
        create_record(write, pair.target.system, "product__v", {"name__v": "Of another", "link__sys": "1003_1"})
        source, target = _linked_again(write, pair)
        delete_record(write, pair.target.system, target)
        values = {"name__v": "Joined again", "code__c": "J", "link__sys": source}
        create_record(write, pair.target.system, "product__v", values)
    assert findings(store, pair.source.connection_id) == []


def _linked_again(write: WriteSession, pair: Pair) -> tuple[str, str]:
    """Another linked pair: the Global ID of the source, and the id of the target."""
    source, target = _linked(write, pair)
    records = table_of(Record)
    known = records.c.vault_id == pair.source.vault_id, records.c.record_id == source
    return write.execute(select(records.c.global_id).where(*known)).scalar_one(), target


def test_many_records_are_counted_and_some_are_named(store: Store, pair: Pair) -> None:
    with store.write() as write:
        for _ in range(5):
            delete_record(write, pair.target.system, _linked(write, pair)[1])
    (found,) = findings(store, pair.source.connection_id)
    assert found.cause.count("Alpha (") == 3
    assert "and 2 more of Source" in found.cause


def test_a_delete_policy_that_says_what_becomes_of_targets_leaves_nothing_to_tell(store: Store, pair: Pair) -> None:
    with store.write() as write:
        the_source_record_was_deleted(store, write, pair)
        _set(write, Integration, {"id": pair.target.integration_id}, delete_policy=DeletePolicy.INACTIVATE)
    assert findings(store, pair.source.connection_id) == []


def test_a_finding_about_a_rule_leads_to_the_rule(store: Store, pair: Pair) -> None:
    with store.write() as write:
        query_field_removed(store, write, pair)
    found = next(one for one in findings(store, pair.source.connection_id) if one.kind is FindingKind.QUERY_FIELD_GONE)
    assert found.command == "vault-console rules show product_rule__c --vault 1002"


def test_what_was_written_a_tick_ahead_of_a_standing_clock_is_no_future(store: Store, pair: Pair) -> None:
    for active in (False, True):
        # Each write takes a tick, while the clock stands.
        with store.write() as write:
            set_integration_active(write, pair.source.system, pair.source.integration_id, active)
    with store.read() as session:
        found = examine(session, pair.source.vault_id, pair.source.connection_id, store.clock.now())
    assert FindingKind.RUN_TIME_AHEAD not in {finding.kind for finding in found}


@breaks(FindingKind.NO_ACTIVE_RULE)
def rule_inactive(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, IntegrationRule, {"id": pair.rule_id}, active=False)


@breaks(FindingKind.OBJECT_GONE)
def target_object_renamed(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, VaultObject, {"vault_id": 1002, "name": "product__v"}, name="item__c")


@breaks(FindingKind.TARGET_FIELD_GONE)
def target_field_removed(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _drop(write, ObjectField, object_id=_object_id(write, 1002), name="code__c")


@breaks(FindingKind.QUERY_FIELD_GONE)
def query_field_removed(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _drop(write, ObjectField, object_id=_object_id(write, 1001), name="code__c")


@breaks(FindingKind.QUERY_FIELD_GONE)
def relationship_unknown(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, FieldRule, {"api_name": "code__c"}, query_field="maker__cr.code__c")


@breaks(FindingKind.MATCH_FIELD_GONE)
def matched_field_unknown(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, FieldRule, {"api_name": "owner__c"}, target_lookup_field="legacy_id__c")


@breaks(FindingKind.LOOKUP_GONE)
def lookup_of_another_connection(_store: Store, write: WriteSession, _pair: Pair) -> None:
    other = make_connection(write, 1002, "other_connection__c")
    lookup = _lookup(write, key(other))
    _set(write, FieldRule, {"api_name": "country__c"}, reference_lookup_id=lookup)


@breaks(FindingKind.FILTER_BROKEN)
def filter_on_a_field_that_is_gone(_store: Store, write: WriteSession, pair: Pair) -> None:
    write.add(
        QueryObjectRule(rule_id=pair.rule_id, api_name="q__c", query_object="product__v", filter_clause="gone__c = 'x'")
    )


@breaks(FindingKind.FILTER_BROKEN)
def filter_that_is_no_vql(_store: Store, write: WriteSession, pair: Pair) -> None:
    write.add(
        QueryObjectRule(rule_id=pair.rule_id, api_name="q__c", query_object="product__v", filter_clause="code__c ==")
    )


@breaks(FindingKind.RULES_BROKEN)
def walks_a_relationship_without_a_primary_query_object(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, FieldRule, {"target_field": "amount__c"}, active=True)
    _set(write, IntegrationRule, {"id": pair.rule_id}, primary_query_object=None)


@breaks(FindingKind.MATCHING_INCOMPLETE)
def matches_by_half_a_pair_of_fields(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(
        write,
        Integration,
        {"id": pair.target.integration_id},
        matching=Matching.FIELDS,
        match_source_field="code__c",
        match_target_field=None,
    )


@breaks(FindingKind.MATCHING_INCOMPLETE)
def matches_by_a_field_that_is_gone(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(
        write,
        Integration,
        {"id": pair.target.integration_id},
        matching=Matching.FIELDS,
        match_source_field="code__c",
        match_target_field="gone__c",
    )


@breaks(FindingKind.MARK_FIELD_GONE)
def marks_with_a_field_that_is_gone(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(
        write,
        Integration,
        {"id": pair.target.integration_id},
        delete_policy=DeletePolicy.MARK,
        mark_field="gone__c",
        mark_text="deleted",
    )


@breaks(FindingKind.REQUIRED_FIELD_EMPTY)
def target_field_became_required(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, ObjectField, {"object_id": _object_id(write, 1002), "name": "amount__c"}, required=True)


@breaks(FindingKind.VALUE_REFUSED)
def default_of_the_wrong_type(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, FieldRule, {"target_field": "amount__c"}, active=True, query_field=None, default_value="many")


@breaks(FindingKind.LOOKUP_KEY_MISSING)
def source_value_without_a_key(_store: Store, write: WriteSession, pair: Pair) -> None:
    lookup = _lookup(write, pair.target.connection_id)
    _set(write, FieldRule, {"api_name": "country__c"}, reference_lookup_id=lookup)
    for country in ("U.S.", "Peru"):
        create_record(write, pair.source.system, "product__v", {"name__v": country, "country__c": country})


@breaks(FindingKind.NO_QUEUE)
def outbound_queue_serves_it_no_more(_store: Store, write: WriteSession, pair: Pair) -> None:
    _drop(write, QueueConnection, queue_id=pair.source.queue_id)


@breaks(FindingKind.QUEUE_INACTIVE)
def inbound_queue_inactive(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Queue, {"id": pair.target.queue_id}, active=False)


@breaks(FindingKind.DELIVERY_DISABLED)
def delivery_disabled(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, Queue, {"id": pair.source.queue_id}, delivery_enabled=False)


@breaks(FindingKind.DELIVERS_NOWHERE)
def remote_queue_named_wrongly(_store: Store, write: WriteSession, pair: Pair) -> None:
    _set(write, QueueConnection, {"queue_id": pair.source.queue_id}, deliver_to_queue="nowhere__c")


@breaks(FindingKind.QUEUE_FILLING)
def queue_nearly_full(_store: Store, write: WriteSession, pair: Pair) -> None:
    _messages(write, pair, MESSAGES_IN_A_QUEUE * 9 // 10)


@breaks(FindingKind.MESSAGES_STUCK)
def message_tried_again_and_again(_store: Store, write: WriteSession, pair: Pair) -> None:
    _messages(write, pair, 1, attempts=3, last_error="503 Service Unavailable")


@breaks(FindingKind.NO_CERTIFICATE)
def no_certificate_is_current(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, SigningCertificate, {"certificate_id": "00001"}, state=CertificateState.UPCOMING)


@breaks(FindingKind.CERTIFICATE_NOT_VALID)
def certificate_ended(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, SigningCertificate, {"certificate_id": "00001"}, not_after=NOW)


@breaks(FindingKind.CERTIFICATE_NOT_VALID)
def certificate_begins_later(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, SigningCertificate, {"certificate_id": "00001"}, not_before=NOW + timedelta(hours=1))


@breaks(FindingKind.CERTIFICATE_NOT_VALID)
def chosen_certificate_retired(_store: Store, write: WriteSession, pair: Pair) -> None:
    row = SigningCertificate(
        certificate_id="00000",
        pem="",
        sealed_private_key="",
        state=CertificateState.RETIRED,
        not_before=NOW - timedelta(days=9),
        not_after=NOW + timedelta(days=999),
    )
    write.add(row)
    write.flush()
    _set(write, Connection, {"id": pair.source.connection_id}, certificate_id=key(row))


@breaks(FindingKind.CERTIFICATE_ENDS)
def certificate_ends_next_week(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, SigningCertificate, {"certificate_id": "00001"}, not_after=NOW + timedelta(days=7))


@breaks(FindingKind.CLOCK_STANDS)
def clock_paused(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, Lab, {}, paused=True)


@breaks(FindingKind.NO_ENGINE)
def engine_dead(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, Lab, {}, alive_until=REAL_NOW - timedelta(minutes=1))


@breaks(FindingKind.NO_ENGINE)
def engine_never_started(_store: Store, write: WriteSession, _pair: Pair) -> None:
    _set(write, Lab, {}, holder=None, alive_until=None)


def _linked(write: WriteSession, pair: Pair) -> tuple[str, str]:
    """A Product and the one that it became, by their ids."""
    source = create_record(write, pair.source.system, "product__v", {"name__v": "Alpha", "code__c": "A"})
    records = table_of(Record)
    known = records.c.vault_id == pair.source.vault_id, records.c.record_id == source
    link = write.execute(select(records.c.global_id).where(*known)).scalar_one()
    values = {"name__v": "Alpha", "code__c": "A", "link__sys": link}
    return source, create_record(write, pair.target.system, "product__v", values)


@breaks(FindingKind.TARGET_DELETED)
def the_target_record_was_deleted(_store: Store, write: WriteSession, pair: Pair) -> None:
    delete_record(write, pair.target.system, _linked(write, pair)[1])


@breaks(FindingKind.SOURCE_DELETED)
def the_source_record_was_deleted(_store: Store, write: WriteSession, pair: Pair) -> None:
    delete_record(write, pair.source.system, _linked(write, pair)[0])


@breaks(FindingKind.LINK_UNKNOWN)
def the_link_was_edited(_store: Store, write: WriteSession, pair: Pair) -> None:
    change_record(write, pair.target.system, _linked(write, pair)[1], {"link__sys": "1001_999999"})


@breaks(FindingKind.LINK_UNKNOWN)
def the_link_was_overwritten(_store: Store, write: WriteSession, pair: Pair) -> None:
    change_record(write, pair.target.system, _linked(write, pair)[1], {"link__sys": "by hand"})


@breaks(FindingKind.EXCEPTIONS_OPEN)
def an_exception_is_active(_store: Store, write: WriteSession, pair: Pair) -> None:
    write.add(
        ExceptionMessage(
            vault_id=1002,
            name="Product",
            error_type=ErrorType.MESSAGE_PROCESSING,
            error_message="One item failed.",
            connection_id=pair.target.connection_id,
            created_at=write.now,
        )
    )


@pytest.mark.parametrize("name", BREAKINGS)
def test_what_is_broken_is_found_with_its_place_and_what_to_do(store: Store, pair: Pair, name: str) -> None:
    kind, breaking = BREAKINGS[name]
    with store.write() as write:
        breaking(store, write, pair)
    found = findings(store, pair.source.connection_id)
    assert {finding.kind for finding in found} == {kind}, [finding.cause for finding in found]
    for finding in found:
        assert finding.cause.endswith((".", "!")) or "attempts:" in finding.cause
        assert finding.remedy.endswith(".")
        assert finding.where
        assert finding.command.startswith("vault-console ")
        assert finding.place is not None
        assert finding.place.vault_id in {1001, 1002}


@pytest.mark.parametrize("name", sorted(BREAKINGS.keys() - {"remote_side_belongs_to_another"}))
def test_it_is_found_from_the_other_side_too(store: Store, pair: Pair, name: str) -> None:
    kind, breaking = BREAKINGS[name]
    with store.write() as write:
        breaking(store, write, pair)
    assert kind in {finding.kind for finding in findings(store, pair.target.connection_id, 1002)}


def _only(store: Store, connection_id: int, kind: FindingKind) -> Finding:
    return next(finding for finding in findings(store, connection_id) if finding.kind is kind)


def test_what_both_sides_miss_in_one_vault_is_told_once_and_with_the_call_that_mends_it(
    store: Store, pair: Pair
) -> None:
    with store.write() as write:
        _set(write, Integration, {"id": pair.source.integration_id}, remote_applications=["QMS"])
        _set(write, Integration, {"id": pair.target.integration_id}, required_applications=["QMS"])
    (found,) = findings(store, pair.source.connection_id)
    assert found.kind is FindingKind.APPLICATION_MISSING
    assert found.command == "vault-console vaults edit --application QMS --vault 1002"


def test_an_inactive_integration_that_lacks_something_is_told_what_comes_before_activating_it(
    store: Store, pair: Pair
) -> None:
    with store.write() as write:
        _set(write, Integration, {"id": pair.target.integration_id}, required_features=["Deviations"], active=False)
    for kind in (FindingKind.INTEGRATION_OFF, FindingKind.OFF_ON_ONE_SIDE):
        assert "Before that: Configure Deviations there" in _only(store, pair.source.connection_id, kind).remedy


def test_missing_keys_are_named(store: Store, pair: Pair) -> None:
    with store.write() as write:
        source_value_without_a_key(store, write, pair)
    finding = _only(store, pair.source.connection_id, FindingKind.LOOKUP_KEY_MISSING)
    assert "'Peru'" in finding.cause
    assert "U.S." not in finding.cause


def test_a_lookup_behind_a_relationship_is_checked_against_the_related_records(store: Store, pair: Pair) -> None:
    with store.write() as write:
        source_value_without_a_key(store, write, pair)
        _set(write, FieldRule, {"api_name": "country__c"}, query_field="owner__cr.country__c")
    assert "'Peru'" in _only(store, pair.source.connection_id, FindingKind.LOOKUP_KEY_MISSING).cause


def test_a_default_makes_a_missing_key_harmless(store: Store, pair: Pair) -> None:
    with store.write() as write:
        source_value_without_a_key(store, write, pair)
        _set(write, FieldRule, {"api_name": "country__c"}, default_value="United States")
    assert findings(store, pair.source.connection_id) == []


def test_what_stops_the_connection_stands_before_what_only_warns(store: Store, pair: Pair) -> None:
    with store.write() as write:
        certificate_ends_next_week(store, write, pair)
        delivery_disabled(store, write, pair)
    assert [finding.stops for finding in findings(store, pair.source.connection_id)] == [True, False, False]


def test_a_pending_connection_is_told_how_it_is_established(store: Store) -> None:
    with store.write() as write:
        connection = key(make_connection(write, 1001, "second_connection__c"))
    finding = _only(store, connection, FindingKind.NOT_ESTABLISHED)
    assert finding.stops
    assert finding.command == "vault-console connections download second_connection__c --vault 1001"


@pytest.fixture
def downloaded(store: Store, pair: Pair) -> int:
    """A Pending connection whose file was downloaded."""
    with store.write() as write:
        connection = key(make_connection(write, 1001, "second_connection__c"))
        download_connection_file(write, Actor.system(1001), store.secrets, connection)
    assert pair.source.connection_id != connection
    return connection


def test_a_file_that_is_still_good_is_no_finding(store: Store, downloaded: int) -> None:
    assert FindingKind.FILE_NO_LONGER_GOOD not in {finding.kind for finding in findings(store, downloaded)}


def test_a_file_that_ran_out_is_found(store: Store, downloaded: int) -> None:
    with store.write() as write:
        _set(write, ConnectionFile, {"connection_id": downloaded}, expires_at=NOW)
    assert _only(store, downloaded, FindingKind.FILE_NO_LONGER_GOOD).cause.startswith("The last file ran out")


def test_a_file_that_was_withdrawn_is_found(store: Store, downloaded: int) -> None:
    with store.write() as write:
        _set(write, ConnectionFile, {"connection_id": downloaded}, withdrawn_at=NOW)
    assert "withdrawn" in _only(store, downloaded, FindingKind.FILE_NO_LONGER_GOOD).cause


def test_an_open_approval_task_is_found_where_it_is_open(store: Store, downloaded: int) -> None:
    with store.write() as write:
        file_id = write.execute(table_of(ConnectionFile).select()).one().id
        write.add(ApprovalTask(vault_id=1001, connection_id=downloaded, file_id=file_id, opened_at=NOW))
    finding = _only(store, downloaded, FindingKind.WAITS_FOR_APPROVAL)
    assert finding.command == "vault-console connections approve second_connection__c --vault 1001"


def test_an_active_connection_without_partner_is_found(store: Store) -> None:
    with store.write() as write:
        connection = key(make_connection(write, 1001, "second_connection__c"))
        _set(write, Connection, {"id": connection}, state=ConnectionState.ACTIVE)
    kinds = {finding.kind for finding in findings(store, connection)}
    assert {FindingKind.PARTNER_GONE, FindingKind.NO_INTEGRATION} <= kinds


def test_an_external_connection_without_url_or_queue_is_found(store: Store, clock: ManualClock) -> None:
    assert clock.now() < NOW
    with store.write() as write:
        external = create_connection(
            write,
            Actor.system(1001),
            type=ConnectionType.EXTERNAL,
            name="Outside",
            api_name="outside__c",
            url="https://outside.example.com/in",
        )
        _set(write, Connection, {"id": key(external)}, url=None, state=ConnectionState.ACTIVE)
    kinds = {finding.kind for finding in findings(store, key(external))}
    assert {FindingKind.NO_URL, FindingKind.NO_QUEUE, FindingKind.NO_USER} <= kinds


def test_every_kind_of_finding_is_broken_by_a_test_of_its_own() -> None:
    elsewhere = {
        FindingKind.NOT_ESTABLISHED,
        FindingKind.WAITS_FOR_APPROVAL,
        FindingKind.FILE_NO_LONGER_GOOD,
        FindingKind.PARTNER_GONE,
        FindingKind.NO_URL,
        FindingKind.NO_INTEGRATION,
    }
    assert {kind for kind, _breaking in BREAKINGS.values()} | elsewhere == set(FindingKind)


def _object_id(write: WriteSession, vault_id: int) -> int:
    objects = table_of(VaultObject)
    row = write.execute(objects.select().where(objects.c.vault_id == vault_id, objects.c.name == "product__v")).one()
    return int(row.id)


def _lookup(write: WriteSession, connection_id: int) -> int:
    lookup = ReferenceLookup(connection_id=connection_id, name="Country", api_name="country__c")
    write.add(lookup)
    write.flush()
    write.add(ReferenceLookupKey(lookup_id=key(lookup), source_key="U.S.", target_key="United States"))
    write.flush()
    return key(lookup)


def _messages(write: WriteSession, pair: Pair, count: int, **values: Any) -> None:
    rows = [
        {
            "vault_id": 1001,
            "queue_id": pair.source.queue_id,
            "connection_id": pair.source.connection_id,
            "message_id": str(number),
            "state": MessageState.QUEUED,
            "object_name": "product__v",
            "event": "changed",
            "integration_point": "product_inbound__c",
            "entered_at": NOW,
            **values,
        }
        for number in range(count)
    ]
    write.connection().execute(table_of(SparkMessage).insert(), rows)
