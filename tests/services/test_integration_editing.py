"""Custom integrations, points and what they watch: changed and deleted; standard ones stay (seed S1, Integrations)."""

from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import InvalidInput, NotAllowed, NotPossible
from models.permissions import Permission
from models.services.integration_editing import (
    delete_integration,
    delete_point,
    edit_integration,
    edit_point,
    edit_point_source,
    remove_point_source,
)
from models.services.integrations import create_integration, create_point, set_integration_active
from models.store import Store
from models.tables import (
    Direction,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Matching,
    PointSource,
    table_of,
)
from tests.builders import Pair, key, two_vaults
from tests.services.test_integrations import edits, with_permission


@pytest.fixture
def pair(store: Store) -> Pair:
    return two_vaults(store)


def count(store: Store, model: type[Any], vault_id: int | None = None) -> int:
    table = table_of(model)
    with store.read() as session:
        statement = select(table) if vault_id is None else select(table).where(table.c.vault_id == vault_id)
        return len(session.execute(statement).all())


def source_of(store: Store) -> int:
    with store.read() as session:
        return int(session.execute(select(table_of(PointSource).c.id)).scalar_one())


def test_a_custom_integration_is_renamed_and_each_field_is_audited(store: Store, pair: Pair) -> None:
    with store.write() as write:
        values = {"name": "Products", "feature": "Lab"}
        assert edit_integration(write, pair.source.system, pair.source.integration_id, values)
        assert not edit_integration(write, pair.source.system, pair.source.integration_id, values)
    assert edits(store, 1001) == [("name", "Product Integration", "Products"), ("feature", "", "Lab")]


def test_two_integrations_of_a_connection_share_no_api_name(store: Store, pair: Pair) -> None:
    with store.write() as write:
        system = pair.source.system
        other = create_integration(write, system, pair.source.connection_id, name="Study", api_name="study__c")
        with pytest.raises(InvalidInput, match="already has an integration"):
            edit_integration(write, system, key(other), {"api_name": "product_integration__c"})


def test_a_standard_integration_keeps_its_names_and_is_not_deleted(store: Store, pair: Pair) -> None:
    integrations = table_of(Integration)
    with store.write() as write:
        write.execute(update(integrations).values(standard=True))
    with store.write() as write:
        values = {"name": "Other", "api_name": "other__c"}
        with pytest.raises(InvalidInput) as refused:
            edit_integration(write, pair.source.system, pair.source.integration_id, values)
        assert set(refused.value.fields) == {"name", "api_name"}
        with pytest.raises(NotPossible, match="is a standard integration"):
            delete_integration(write, pair.source.system, pair.source.integration_id)


def test_an_integration_is_deleted_with_all_that_hangs_under_it_once_it_is_inactive(store: Store, pair: Pair) -> None:
    with store.write() as write, pytest.raises(NotPossible, match="is Active"):
        delete_integration(write, pair.target.system, pair.target.integration_id)
    with store.write() as write:
        set_integration_active(write, pair.target.system, pair.target.integration_id, active=False)
        delete_integration(write, pair.target.system, pair.target.integration_id)
    for model in (Integration, IntegrationPoint, IntegrationRule):
        assert count(store, model, 1002) == 0
    assert count(store, FieldRule) == 0
    assert count(store, Integration, 1001) == 1


def test_a_point_is_changed_and_deleted(store: Store, pair: Pair) -> None:
    with store.write() as write:
        system = pair.target.system
        values: dict[str, Any] = {"api_name": "products_in__c", "matching": "external_id", "updates": False}
        assert edit_point(write, system, pair.target.point_id, values)
        point = write.get_one(IntegrationPoint, pair.target.point_id)
        assert (point.api_name, point.matching, point.updates) == ("products_in__c", Matching.EXTERNAL_ID, False)
        with pytest.raises(InvalidInput, match="It is one of link"):
            edit_point(write, system, pair.target.point_id, {"matching": "guess"})
        with pytest.raises(InvalidInput, match="Only an inbound point matches"):
            edit_point(write, pair.source.system, pair.source.point_id, {"matching": "link"})
        delete_point(write, system, pair.target.point_id)
    assert count(store, IntegrationRule) == 0


def test_two_inbound_points_of_a_connection_share_no_api_name(store: Store, pair: Pair) -> None:
    with store.write() as write:
        system = pair.target.system
        second = create_integration(write, system, pair.target.connection_id, name="Second", api_name="second__c")
        point = create_point(write, system, key(second), name="In", api_name="in__c", direction=Direction.INBOUND)
        with pytest.raises(InvalidInput, match="already has an integration point"):
            edit_point(write, system, key(point), {"api_name": "product_inbound__c"})


def test_a_standard_point_stays(store: Store, pair: Pair) -> None:
    with store.write() as write:
        write.execute(update(table_of(IntegrationPoint)).values(api_name="product__v"))
    with store.write() as write, pytest.raises(NotPossible, match="is a standard integration point"):
        delete_point(write, pair.target.system, pair.target.point_id)


def test_what_a_point_watches_is_changed_and_removed(store: Store, pair: Pair) -> None:
    made = source_of(store)
    with store.write() as write:
        system = pair.source.system
        assert edit_point_source(write, system, made, remote_point="other__c", criteria={"marketed__c": True})
        assert not edit_point_source(write, system, made, remote_point="other__c")
        with pytest.raises(InvalidInput) as refused:
            edit_point_source(write, system, made, remote_point="", criteria={"none__c": 1})
        assert set(refused.value.fields) == {"remote_point", "criteria none__c"}
        remove_point_source(write, system, made)
    assert count(store, PointSource) == 0


def test_all_of_it_needs_manage_connections(store: Store, pair: Pair) -> None:
    actor = with_permission(store, 1001, Permission.MANAGE_INTEGRATIONS)
    made = source_of(store)
    with store.write() as write:
        for attempt in (
            lambda: edit_integration(write, actor, pair.source.integration_id, {"name": "x"}),
            lambda: delete_integration(write, actor, pair.source.integration_id),
            lambda: edit_point(write, actor, pair.source.point_id, {"name": "x"}),
            lambda: delete_point(write, actor, pair.source.point_id),
            lambda: edit_point_source(write, actor, made, remote_point="x"),
            lambda: remove_point_source(write, actor, made),
        ):
            with pytest.raises(NotAllowed, match="Application: Manage Connections"):
                attempt()
