"""Integrations, their points, rules and field rules, and Last Successful Run Time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.feed import Change, Topic
from models.permissions import Actor, Permission
from models.services.integrations import (
    add_field_rule,
    add_point_source,
    create_integration,
    create_point,
    create_rule,
    last_successful_run_time,
    set_integration_active,
    set_last_successful_run_time,
)
from models.services.vaults import FieldSpec, create_object, create_profile, create_user
from models.store import Store
from models.tables import (
    AuditRow,
    ConnectionType,
    Direction,
    FieldRule,
    FieldType,
    Integration,
    Job,
    JobKind,
    Matching,
    ReferenceLookup,
    table_of,
)
from tests.builders import Pair, build_pair, key, make_connection, make_vault, two_vaults, user
from tests.conftest import ManualClock

_audit = table_of(AuditRow)
_jobs = table_of(Job)


@pytest.fixture
def pair(store: Store) -> Pair:
    return two_vaults(store)


def with_permission(store: Store, vault_id: int, *permissions: str) -> Actor:
    with store.write() as write:
        create_profile(write, vault_id, "Narrow", permissions)
        create_user(write, vault_id, "narrow", "", "", "Narrow")
    return user(store, vault_id, "narrow")


def integration_of(store: Store, integration_id: int) -> Integration:
    with store.read() as session:
        return session.get_one(Integration, integration_id)


def requested(store: Store, vault_id: int) -> dict[JobKind, int | None]:
    with store.read() as session:
        rows = session.execute(select(_jobs).where(_jobs.c.vault_id == vault_id, _jobs.c.requested_at.is_not(None)))
        return {row.kind: row.requested_connection_id for row in rows}


def edits(store: Store, vault_id: int) -> list[tuple[str, str | None, str | None]]:
    with store.read() as session:
        rows = session.execute(select(_audit).where(_audit.c.vault_id == vault_id, _audit.c.action == "Edit"))
        return [(row.field_name, row.old_value, row.new_value) for row in rows]


# Integrations


def test_only_a_vault_to_vault_connection_has_integrations(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        local = make_connection(write, 1001, type=ConnectionType.LOCAL)
        with pytest.raises(NotPossible, match="of type Local"):
            create_integration(write, Actor.system(1001), key(local), name="Study", api_name="study__c")


def test_an_api_name_is_taken_once_per_connection(store: Store, pair: Pair) -> None:
    system, connection_id = pair.source.system, pair.source.connection_id
    with pytest.raises(InvalidInput, match="already has an integration with the API name"), store.write() as write:
        create_integration(write, system, connection_id, name="Twin", api_name="product_integration__c")
    with store.write() as write:
        other = make_connection(write, 1001, "other__c")
        create_integration(write, system, key(other), name="Twin", api_name="product_integration__c")


def test_an_integration_begins_inactive_and_has_never_run(store: Store, pair: Pair) -> None:
    with store.write() as write:
        made = create_integration(
            write, pair.source.system, pair.source.connection_id, name="Study", api_name="study__c"
        )
    assert not made.active
    assert last_successful_run_time(made, (Direction.INBOUND, Direction.OUTBOUND)) is None


def test_integrations_and_points_need_manage_connections(store: Store, pair: Pair) -> None:
    actor = with_permission(store, 1001, Permission.MANAGE_INTEGRATIONS)
    point: dict[str, Any] = {"name": "P", "api_name": "p__c", "direction": Direction.INBOUND}
    with store.write() as write:
        for attempt in (
            lambda: create_integration(write, actor, pair.source.connection_id, name="S", api_name="s__c"),
            lambda: create_point(write, actor, pair.source.integration_id, **point),
            lambda: add_point_source(
                write, actor, pair.source.point_id, object_name="product__v", remote_point="other__c"
            ),
            lambda: set_integration_active(write, actor, pair.source.integration_id, False),
            lambda: set_last_successful_run_time(write, actor, pair.source.integration_id, write.now),
        ):
            with pytest.raises(NotAllowed, match="Application: Manage Connections"):
                attempt()


def test_rules_need_manage_integrations(store: Store, pair: Pair) -> None:
    actor = with_permission(store, 1002, Permission.MANAGE_CONNECTIONS)
    with store.write() as write:
        with pytest.raises(NotAllowed, match="Application: Manage Integrations"):
            create_rule(write, actor, pair.target.point_id, name="R", api_name="r__c")
        with pytest.raises(NotAllowed, match="Application: Manage Integrations"):
            add_field_rule(
                write, actor, pair.rule_id, target_object="product__v", target_field="name__v", query_field="name__v"
            )


def test_what_belongs_to_another_vault_is_not_found(store: Store, pair: Pair) -> None:
    stranger = pair.target.system
    mine = pair.source
    with store.write() as write:
        for attempt in (
            lambda: create_integration(write, stranger, mine.connection_id, name="S", api_name="s__c"),
            lambda: create_point(
                write, stranger, mine.integration_id, name="P", api_name="p__c", direction=Direction.INBOUND
            ),
            lambda: add_point_source(write, stranger, mine.point_id, object_name="product__v", remote_point="other__c"),
            lambda: set_integration_active(write, stranger, mine.integration_id, False),
            lambda: set_last_successful_run_time(write, stranger, mine.integration_id, write.now),
            lambda: create_rule(write, mine.system, pair.target.point_id, name="R", api_name="r__c"),
            lambda: add_field_rule(
                write, mine.system, pair.rule_id, target_object="product__v", target_field="name__v", default_value="x"
            ),
            lambda: set_integration_active(write, stranger, 10**30, False),
        ):
            with pytest.raises(NotFound):
                attempt()


# Status


def test_activation_sets_last_successful_run_time_to_now(store: Store, clock: ManualClock) -> None:
    pair = build_pair(store, active=False)
    clock.advance(hours=1)
    with store.write() as write:
        assert set_integration_active(write, user(store, 1001), pair.source.integration_id, True)
        assert Change(Topic.INTEGRATIONS, 1001) in write.changes
        now = write.now
    integration = integration_of(store, pair.source.integration_id)
    assert integration.active
    assert integration.last_successful_send == integration.last_successful_receive == now
    assert edits(store, 1001) == [
        ("status__v", "inactive__v", "active__v"),
        ("last_successful_run_time", None, "2026-01-05T09:00:00.000Z"),
    ]


def test_inactivation_leaves_last_successful_run_time_and_reactivation_sets_it_to_now(
    store: Store, pair: Pair, clock: ManualClock
) -> None:
    before = integration_of(store, pair.source.integration_id).last_successful_send
    clock.advance(hours=1)
    with store.write() as write:
        set_integration_active(write, pair.source.system, pair.source.integration_id, False)
    assert integration_of(store, pair.source.integration_id).last_successful_send == before
    clock.advance(hours=1)
    with store.write() as write:
        set_integration_active(write, pair.source.system, pair.source.integration_id, True)
    assert integration_of(store, pair.source.integration_id).last_successful_send == clock.now()


def test_activating_what_is_active_touches_nothing(store: Store, pair: Pair, clock: ManualClock) -> None:
    before = integration_of(store, pair.source.integration_id)
    clock.advance(hours=1)
    with store.write() as write:
        assert not set_integration_active(write, pair.source.system, pair.source.integration_id, True)
        assert not write.changes
    after = integration_of(store, pair.source.integration_id)
    assert (after.last_successful_send, after.modified_at) == (before.last_successful_send, before.modified_at)
    assert edits(store, 1001) == []


# Last Successful Run Time


def test_setting_the_time_back_sets_both_directions_and_has_the_jobs_run_for_the_connection(
    store: Store, pair: Pair, clock: ManualClock
) -> None:
    earlier = clock.now() - timedelta(days=3)
    with store.write() as write:
        assert set_last_successful_run_time(write, pair.source.system, pair.source.integration_id, earlier)
        now = write.now
    integration = integration_of(store, pair.source.integration_id)
    assert integration.last_successful_send == integration.last_successful_receive == earlier
    assert requested(store, 1001) == {
        JobKind.SEND: pair.source.connection_id,
        JobKind.RECEIVE: pair.source.connection_id,
    }
    with store.read() as session:
        moments = session.execute(
            select(_jobs.c.requested_at).where(_jobs.c.vault_id == 1001, _jobs.c.kind != JobKind.DELIVER)
        ).scalars()
        assert set(moments) == {now}
    assert requested(store, 1002) == {}


def test_a_time_in_the_future_is_refused_in_words(store: Store, pair: Pair) -> None:
    with store.write() as write:
        moment = write.now + timedelta(milliseconds=1)
        with pytest.raises(InvalidInput, match="a time in the future"):
            set_last_successful_run_time(write, pair.source.system, pair.source.integration_id, moment)
    assert requested(store, 1001) == {}


def test_a_time_without_a_zone_is_refused(store: Store, pair: Pair) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(InvalidInput, match="time zone"), store.write() as write:
        set_last_successful_run_time(write, pair.source.system, pair.source.integration_id, naive)


def test_a_time_of_another_zone_is_the_same_moment(store: Store, pair: Pair) -> None:
    with store.write() as write:
        moment = datetime.fromisoformat("2026-01-01T02:00:00+02:00")
        set_last_successful_run_time(write, pair.source.system, pair.source.integration_id, moment)
    integration = integration_of(store, pair.source.integration_id)
    assert integration.last_successful_send == datetime(2026, 1, 1, tzinfo=UTC)


def test_setting_the_time_it_has_touches_nothing(store: Store, pair: Pair) -> None:
    moment = integration_of(store, pair.source.integration_id).last_successful_send
    assert moment is not None
    with store.write() as write:
        assert not set_last_successful_run_time(write, pair.source.system, pair.source.integration_id, moment)
        assert not write.changes
    assert requested(store, 1001) == {}


def test_now_is_allowed_and_starts_no_job(store: Store, pair: Pair, clock: ManualClock) -> None:
    clock.advance(hours=1)
    with store.write() as write:
        assert set_last_successful_run_time(write, pair.source.system, pair.source.integration_id, write.now)
    assert requested(store, 1001) == {}


def test_people_read_the_earlier_time_of_the_directions_that_have_points() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    integration = Integration(
        vault_id=1, connection_id=1, name="", api_name="", last_successful_send=late, last_successful_receive=early
    )
    assert last_successful_run_time(integration, (Direction.OUTBOUND,)) == late
    assert last_successful_run_time(integration, (Direction.INBOUND,)) == early
    assert last_successful_run_time(integration, (Direction.INBOUND, Direction.OUTBOUND)) == early
    assert last_successful_run_time(integration, ()) == early


# Integration points and what they watch


def test_an_inbound_point_has_a_name_of_its_own_in_the_whole_connection(store: Store, pair: Pair) -> None:
    system, connection_id = pair.target.system, pair.target.connection_id
    with store.write() as write:
        second = create_integration(write, system, connection_id, name="Second", api_name="second__c")
        with pytest.raises(InvalidInput, match="Another integration of this connection"):
            create_point(
                write,
                system,
                key(second),
                name="Same",
                api_name="product_inbound__c",
                direction=Direction.INBOUND,
            )
        create_point(
            write, system, key(second), name="Same", api_name="product_inbound__c", direction=Direction.OUTBOUND
        )


def test_points_keep_the_order_in_which_they_were_made(store: Store, pair: Pair) -> None:
    with store.write() as write:
        points = [
            create_point(
                write,
                pair.source.system,
                pair.source.integration_id,
                name=name,
                api_name=name,
                direction=Direction.OUTBOUND,
            )
            for name in ("second", "third")
        ]
    assert [point.position for point in points] == [1, 2]


def test_an_outbound_point_matches_nothing(store: Store, pair: Pair) -> None:
    with pytest.raises(InvalidInput, match="Only an inbound point matches"), store.write() as write:
        create_point(
            write,
            pair.source.system,
            pair.source.integration_id,
            name="Odd",
            api_name="odd__c",
            direction=Direction.OUTBOUND,
            matching=Matching.ORIGIN,
        )


def test_only_an_outbound_point_watches_objects(store: Store, pair: Pair) -> None:
    with pytest.raises(NotPossible, match="is inbound"), store.write() as write:
        add_point_source(
            write, pair.target.system, pair.target.point_id, object_name="product__v", remote_point="other__c"
        )


def test_criteria_name_fields_that_the_object_has_or_reaches_through_a_reference(store: Store, pair: Pair) -> None:
    system = pair.source.system
    fields = [FieldSpec("product__v", type=FieldType.OBJECT, reference_object="product__v"), FieldSpec("kind__v")]
    with store.write() as write:
        create_object(write, 1001, "study__v", "Study", "Studies", "V0B", fields)
        good = {"kind__v": "a", "status__v": "active__v", "product__vr.code__c": "b", "product__vr.id": "c"}
        source = add_point_source(
            write, system, pair.source.point_id, object_name="study__v", remote_point="there__c", criteria=good
        )
        assert source.criteria == good
        bad = {"none__v": 1, "none__vr.code__c": 1, "product__vr.none__v": 1, "a.b.c": 1}
        with pytest.raises(InvalidInput) as refused:
            add_point_source(
                write, system, pair.source.point_id, object_name="study__v", remote_point="two__c", criteria=bad
            )
    assert set(refused.value.fields) == {f"criteria {path}" for path in bad}


def test_an_object_is_sent_once_to_each_remote_point(store: Store, pair: Pair) -> None:
    add: dict[str, Any] = {"object_name": "product__v", "remote_point": "product_inbound__c"}
    with pytest.raises(InvalidInput, match="already sends Product"), store.write() as write:
        add_point_source(write, pair.source.system, pair.source.point_id, **add)
    with pytest.raises(NotFound, match="no object site__v"), store.write() as write:
        add_point_source(write, pair.source.system, pair.source.point_id, **add | {"object_name": "site__v"})


# Rules and field rules


def test_a_rule_belongs_to_an_inbound_point_and_ends_in_c(store: Store, pair: Pair) -> None:
    with store.write() as write:
        rule = create_rule(write, pair.target.system, pair.target.point_id, name="Second", api_name="second")
        standard = create_rule(
            write, pair.target.system, pair.target.point_id, name="Third", api_name="third__v", standard=True
        )
        with pytest.raises(NotPossible, match="is outbound"):
            create_rule(write, pair.source.system, pair.source.point_id, name="Second", api_name="second")
        with pytest.raises(InvalidInput, match="already has a rule"):
            create_rule(write, pair.target.system, pair.target.point_id, name="Second", api_name="second__c")
    assert (rule.api_name, rule.position) == ("second__c", 1)
    assert (standard.api_name, standard.position) == ("third__v", 2)


def add(store: Store, pair: Pair, **values: Any) -> FieldRule:
    options: dict[str, Any] = {"target_object": "product__v", "target_field": "code__c", "query_field": "code__v"}
    with store.write() as write:
        return add_field_rule(write, pair.target.system, pair.rule_id, **options | values)


def refused_field_rule(store: Store, pair: Pair, **values: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        add(store, pair, **values)
    return refusal.value.fields


def test_a_field_rule_reads_the_primary_query_object_unless_it_names_another(store: Store, pair: Pair) -> None:
    assert add(store, pair).query_object == "product__v"
    assert add(store, pair, query_object="study__v").query_object == "study__v"
    assert add(store, pair, query_field=None, default_value="x").query_object == ""


def test_a_field_rule_is_called_after_its_target_field_and_numbered_when_that_is_taken(store: Store) -> None:
    pair = build_pair(store, mappings=[])
    names = [add(store, pair).api_name for _ in range(3)]
    assert names == ["code__c", "code1__c", "code2__c"]
    assert add(store, pair, api_name="mine").api_name == "mine__c"
    assert "already has a field rule mine__c" in refused_field_rule(store, pair, api_name="mine__c")["api_name"]


def test_a_field_rule_may_fill_the_system_fields_that_can_be_written_and_no_others(store: Store, pair: Pair) -> None:
    for name in ("name__v", "link__sys", "status__v", "state__v"):
        assert add(store, pair, target_field=name).target_field == name
    for name in ("id", "global_id__sys", "modified_date__v", "none__v"):
        assert "target_field" in refused_field_rule(store, pair, target_field=name)
    assert "target_object" in refused_field_rule(store, pair, target_object="study__v")


def test_a_field_rule_needs_a_query_field_or_a_default(store: Store, pair: Pair) -> None:
    assert "query field, a default value, or both" in refused_field_rule(store, pair, query_field=None)["query_field"]
    both = add(store, pair, default_value="none")
    assert (both.query_field, both.default_value) == ("code__v", "none")


def test_a_query_field_walks_one_reference_and_no_more(store: Store, pair: Pair) -> None:
    assert add(store, pair, query_field="study__vr.name__v").query_field == "study__vr.name__v"
    assert "one object reference" in refused_field_rule(store, pair, query_field="a__vr.b__vr.c__v")["query_field"]
    for bad in ("study__vr.", ".name__v", "Name", "a b"):
        assert "query_field" in refused_field_rule(store, pair, query_field=bad)


def test_only_a_reference_is_matched_and_only_on_a_field_of_the_referenced_object(store: Store) -> None:
    reference = FieldSpec("parent__c", type=FieldType.OBJECT, reference_object="product__v")
    pair = build_pair(store, target_fields=[FieldSpec("code__c"), reference], mappings=[])
    for name in ("link__sys", "global_id__sys", "code__c"):
        assert add(store, pair, target_field="parent__c", target_lookup_field=name).target_lookup_field == name
    assert "target_lookup_field" in refused_field_rule(
        store, pair, target_field="parent__c", target_lookup_field="none__v"
    )
    assert "target_lookup_field" in refused_field_rule(store, pair, target_lookup_field="link__sys")


def test_a_reference_lookup_comes_from_the_connection_of_the_rule(store: Store, pair: Pair) -> None:
    with store.write() as write:
        lookups = [
            ReferenceLookup(connection_id=side.connection_id, name="Countries", api_name="countries__c")
            for side in (pair.source, pair.target)
        ]
        write.add_all(lookups)
        write.flush()
    foreign, own = (key(lookup) for lookup in lookups)
    assert add(store, pair, reference_lookup_id=own).reference_lookup_id == own
    assert "reference_lookup_id" in refused_field_rule(store, pair, reference_lookup_id=foreign)
    assert "reference_lookup_id" in refused_field_rule(store, pair, reference_lookup_id=10**30)
    assert "reference_lookup_id" in refused_field_rule(
        store, pair, reference_lookup_id=own, query_field=None, default_value="x"
    )
