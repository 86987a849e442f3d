"""Integration rules with their children: changing, switching, deleting, and what a standard integration locks."""

from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.feed import Change, Topic
from models.permissions import Permission
from models.services.field_rules import add_field_rule, change_field_rule, delete_field_rule
from models.services.objects import FieldSpec, add_fields, create_object
from models.services.query_object_rules import (
    add_query_object_rule,
    change_query_object_rule,
    delete_query_object_rule,
)
from models.services.rules import change_rule, create_rule, delete_rule, order_children, set_rule_active
from models.store import Store, WriteSession
from models.tables import (
    AuditRow,
    FieldRule,
    FieldType,
    Integration,
    IntegrationRule,
    LookupType,
    ObjectKind,
    QueryObjectRule,
    ReferenceLookup,
    table_of,
)
from models.versions import StateType
from tests.builders import Pair, key, two_vaults
from tests.services.test_integrations import with_permission

_audit = table_of(AuditRow)


@pytest.fixture
def pair(store: Store) -> Pair:
    return two_vaults(store)


def rows(store: Store, model: type[Any], **where: Any) -> list[Any]:
    columns = table_of(model).c
    with store.read() as session:
        statement = select(table_of(model)).where(*(columns[name] == value for name, value in where.items()))
        return list(session.execute(statement.order_by(columns.position, columns.id)))


def audited(store: Store, action: str, object_name: str) -> list[tuple[str, str | None, str | None]]:
    with store.read() as session:
        wanted = _audit.c.vault_id == 1002, _audit.c.action == action, _audit.c.object_name == object_name
        found = session.execute(select(_audit).where(*wanted).order_by(_audit.c.id))
        return [(row.field_name, row.old_value, row.new_value) for row in found]


def documents(write: WriteSession, vault_id: int, fields: list[FieldSpec]) -> None:
    """Give a Vault documents."""
    states = [("draft__c", "Draft", None), ("approved__c", "Approved", StateType.STEADY)]
    create_object(
        write, vault_id, "documents", "Document", "Documents", "DOC", fields, states, kind=ObjectKind.DOCUMENT
    )


def narrow(store: Store, pair: Pair) -> int:
    """A query object rule under the pair's rule."""
    with store.write() as write:
        row = add_query_object_rule(
            write, pair.target.system, pair.rule_id, query_object="product__v", filter_clause="status__v = 'active__v'"
        )
        return key(row)


def make_standard(store: Store, pair: Pair, **locks: bool) -> None:
    with store.write() as write:
        write.execute(
            update(table_of(IntegrationRule))
            .where(table_of(IntegrationRule).c.id == pair.rule_id)
            .values(standard=True)
        )
        integrations = table_of(Integration)
        if locks:
            write.execute(update(integrations).where(integrations.c.id == pair.target.integration_id).values(**locks))


# Rules


def test_a_rule_is_relabelled_and_renamed_and_each_field_is_audited(store: Store, pair: Pair) -> None:
    with store.write() as write:
        assert change_rule(write, pair.target.system, pair.rule_id, {"name": "Products", "api_name": "products"})
        assert Change(Topic.RULES, 1002) in write.changes
        assert not change_rule(write, pair.target.system, pair.rule_id, {"name": "Products"})
    assert audited(store, "Edit", "integrationrule") == [
        ("name", "Product Rule", "Products"),
        ("api_name", "product_rule__c", "products__c"),
    ]


def test_a_rule_without_an_api_name_is_called_after_its_label_and_numbered(store: Store, pair: Pair) -> None:
    with store.write() as write:
        made = [create_rule(write, pair.target.system, pair.target.point_id, name="My Rule!") for _ in range(3)]
    assert [rule.api_name for rule in made] == ["my_rule__c", "my_rule1__c", "my_rule2__c"]
    assert [rule.position for rule in made] == [1, 2, 3]


def test_inactivating_a_rule_inactivates_its_children_and_activating_it_leaves_them(store: Store, pair: Pair) -> None:
    narrow(store, pair)
    with store.write() as write:
        assert set_rule_active(write, pair.target.system, pair.rule_id, active=False)
        assert not set_rule_active(write, pair.target.system, pair.rule_id, active=False)
    assert {row.active for row in rows(store, FieldRule) + rows(store, QueryObjectRule)} == {False}
    assert ("active", "true", "false") in audited(store, "Edit", "fieldrule")
    with store.write() as write:
        set_rule_active(write, pair.target.system, pair.rule_id, active=True)
    assert {row.active for row in rows(store, FieldRule)} == {False}
    with store.write() as write:
        set_rule_active(write, pair.target.system, pair.rule_id, active=False)
        set_rule_active(write, pair.target.system, pair.rule_id, active=True, with_children=True)
    assert {row.active for row in rows(store, FieldRule) + rows(store, QueryObjectRule)} == {True}


def test_deleting_a_rule_deletes_its_children_and_the_audit_keeps_their_values(store: Store, pair: Pair) -> None:
    narrow(store, pair)
    with store.write() as write:
        delete_rule(write, pair.target.system, pair.rule_id)
    assert rows(store, IntegrationRule) + rows(store, FieldRule) + rows(store, QueryObjectRule) == []
    assert ("api_name", "product_rule__c", None) in audited(store, "Delete", "integrationrule")
    assert ("query_field", "code__c", None) in audited(store, "Delete", "fieldrule")
    assert ("filter_clause", "status__v = 'active__v'", None) in audited(store, "Delete", "queryobjectrule")


def test_a_standard_rule_is_edited_and_switched_but_not_deleted_or_renamed(store: Store, pair: Pair) -> None:
    make_standard(store, pair)
    with store.write() as write:
        assert change_rule(write, pair.target.system, pair.rule_id, {"name": "Products"})
        assert set_rule_active(write, pair.target.system, pair.rule_id, active=False)
        with pytest.raises(NotPossible, match="is a standard rule"):
            delete_rule(write, pair.target.system, pair.rule_id)
        with pytest.raises(InvalidInput, match="stays as it is"):
            change_rule(write, pair.target.system, pair.rule_id, {"api_name": "products__c"})


def test_a_locked_activation_holds_standard_rules_and_leaves_custom_ones_free(store: Store, pair: Pair) -> None:
    make_standard(store, pair, locks_rule_activation=True)
    with store.write() as write:
        with pytest.raises(NotPossible, match="locks whether its standard rules are active"):
            set_rule_active(write, pair.target.system, pair.rule_id, active=False)
        custom = create_rule(write, pair.target.system, pair.target.point_id, name="Own")
        assert set_rule_active(write, pair.target.system, key(custom), active=False)


def test_locked_defaults_cannot_be_changed_given_or_taken_away(store: Store, pair: Pair) -> None:
    with store.write() as write:
        add: dict[str, Any] = {"target_object": "product__v", "target_field": "link__sys"}
        kept = add_field_rule(write, pair.target.system, pair.rule_id, default_value="x", **add)
    make_standard(store, pair, locks_rule_defaults=True)
    plain = rows(store, FieldRule)[0].id
    with store.write() as write:
        for attempt in (
            lambda: change_field_rule(write, pair.target.system, key(kept), {"default_value": "y"}),
            lambda: change_field_rule(write, pair.target.system, plain, {"default_value": "y"}),
            lambda: delete_field_rule(write, pair.target.system, key(kept)),
            lambda: add_field_rule(write, pair.target.system, pair.rule_id, default_value="z", **add),
        ):
            with pytest.raises(NotPossible, match="locks the defaults of its standard rules"):
                attempt()
        assert change_field_rule(write, pair.target.system, key(kept), {"label": "Kept", "active": False})
        assert set_rule_active(write, pair.target.system, pair.rule_id, active=False)


def test_relationships_need_a_primary_query_object(store: Store, pair: Pair) -> None:
    with store.write() as write:
        bare = create_rule(write, pair.target.system, pair.target.point_id, name="Bare")
        options: dict[str, Any] = {"target_object": "product__v", "target_field": "code__c", "query_object": "site__v"}
        with pytest.raises(InvalidInput, match="has no primary query object"):
            add_field_rule(write, pair.target.system, key(bare), query_field="study__vr.name__v", **options)
        add_field_rule(write, pair.target.system, pair.rule_id, query_field="study__vr.name__v", **options)
        walking: dict[str, Any] = {"query_field": "status__v", "query_field_select": "TONAME(study__vr.status__v)"}
        with pytest.raises(InvalidInput, match="has no primary query object"):
            add_field_rule(write, pair.target.system, key(bare), **walking, **options)
        with pytest.raises(InvalidInput, match="may walk a relationship, as code1__c does"):
            change_rule(write, pair.target.system, pair.rule_id, {"primary_query_object": ""})


def test_several_rules_hang_under_one_point_and_their_children_keep_a_given_order(store: Store, pair: Pair) -> None:
    names = [row.api_name for row in rows(store, FieldRule)]
    with store.write() as write:
        order_children(
            write, pair.target.system, pair.rule_id, query_object_rules=(), field_rules=list(reversed(names))
        )
    assert [row.api_name for row in rows(store, FieldRule)] == names[::-1]


# Query object rules


def test_a_query_object_rule_is_changed_and_deleted(store: Store, pair: Pair) -> None:
    made = narrow(store, pair)
    with store.write() as write:
        system = pair.target.system
        assert change_query_object_rule(write, system, made, {"filter_clause": "", "label": "All", "active": False})
        assert not change_query_object_rule(write, system, made, {"active": False})
    (row,) = rows(store, QueryObjectRule)
    assert (row.api_name, row.label, row.filter_clause, row.active) == ("product__c", "All", "", False)
    with store.write() as write:
        delete_query_object_rule(write, pair.target.system, made)
    assert rows(store, QueryObjectRule) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("query_object", ""),
        ("query_object", "Bad Name"),
        ("filter_clause", "x" * 4001),
        ("filter_clause", "name__v ="),
        ("label", "x" * 61),
    ],
)
def test_a_query_object_rule_is_checked_field_by_field(store: Store, pair: Pair, field: str, value: str) -> None:
    options: dict[str, Any] = {"query_object": "product__v", field: value}
    with store.write() as write, pytest.raises(InvalidInput) as refused:
        add_query_object_rule(write, pair.target.system, pair.rule_id, **options)
    assert set(refused.value.fields) == {field}


# Field rules


def test_a_field_rule_fills_a_document_field_instead_of_an_object_s(store: Store, pair: Pair) -> None:
    with store.write() as write:
        system = pair.target.system
        with pytest.raises(InvalidInput, match="has no object documents"):
            add_field_rule(write, system, pair.rule_id, target_docfield="study__v", query_field="study__v")
        documents(write, 1002, [FieldSpec("study__v", "Study")])
        with pytest.raises(InvalidInput, match="as document field"):
            add_field_rule(
                write, system, pair.rule_id, target_object="documents", target_field="study__v", query_field="study__v"
            )
        with pytest.raises(InvalidInput, match="no field none__v that can be written"):
            add_field_rule(write, system, pair.rule_id, target_docfield="none__v", query_field="study__v")
        made = add_field_rule(write, system, pair.rule_id, target_docfield="study__v", query_field="study__v")
        assert (made.api_name, made.target_object, made.target_docfield) == ("study__c", "", "study__v")
        with pytest.raises(InvalidInput, match="not both"):
            add_field_rule(
                write, system, pair.rule_id, target_docfield="a__v", target_object="product__v", query_field="a__v"
            )
        with pytest.raises(InvalidInput, match="Choose the object that is filled"):
            add_field_rule(write, system, pair.rule_id, query_field="a__v")


def test_a_lookup_for_an_object_fits_the_reference_that_it_fills(store: Store, pair: Pair) -> None:
    reference = FieldSpec("parent__c", type=FieldType.OBJECT, reference_object="product__v")
    with store.write() as write:
        add_fields(write, 1002, "product__v", [reference])
        lookups = [
            ReferenceLookup(
                connection_id=pair.target.connection_id,
                name=name,
                api_name=f"{name}__c",
                type=LookupType.OBJECT,
                target_object=f"{name}__v",
                target_key_field="name__v",
            )
            for name in ("product", "site")
        ]
        write.add_all(lookups)
        write.flush()
        good, bad = (key(lookup) for lookup in lookups)
        options: dict[str, Any] = {"target_object": "product__v", "target_field": "parent__c", "query_field": "a__v"}
        add_field_rule(write, pair.target.system, pair.rule_id, reference_lookup_id=good, **options)
        with pytest.raises(InvalidInput, match="site finds records of site__v, and the field refers to product__v"):
            add_field_rule(write, pair.target.system, pair.rule_id, reference_lookup_id=bad, **options)


def test_what_is_selected_and_its_type_belong_to_a_query_field(store: Store, pair: Pair) -> None:
    options: dict[str, Any] = {"target_object": "product__v", "target_field": "code__c"}
    with store.write() as write:
        system = pair.target.system
        made = add_field_rule(
            write, system, pair.rule_id, query_field="status__v", query_field_select="TONAME(status__v)",
            query_field_type="text", **options,
        )  # fmt: skip
        assert made.query_field_select == "TONAME(status__v)"
        wrong: tuple[dict[str, Any], ...] = (
            {"default_value": "x", "query_field_select": "TONAME(status__v)"},
            {"query_field": "status__v", "query_field_select": "TONAME("},
            {"query_field": "status__v", "query_field_select": "id, name__v"},
            {"query_field": "status__v", "query_field_type": "text"},
            {"query_field": "status__v", "query_field_select": "TONAME(status__v)", "query_field_type": "blob"},
        )
        for bad in wrong:
            with pytest.raises(InvalidInput):
                add_field_rule(write, system, pair.rule_id, **options, **bad)


def test_a_field_rule_is_changed_field_by_field_with_old_and_new_value(store: Store, pair: Pair) -> None:
    row = rows(store, FieldRule, target_field="code__c")[0]
    with store.write() as write:
        assert change_field_rule(write, pair.target.system, row.id, {"query_field": "name__v", "default_value": "none"})
        with pytest.raises(InvalidInput, match="no field nothing__c"):
            change_field_rule(write, pair.target.system, row.id, {"target_field": "nothing__c"})
    assert audited(store, "Edit", "fieldrule") == [
        ("query_field", "code__c", "name__v"),
        ("default_value", None, "none"),
    ]


def test_a_rule_whose_target_is_gone_can_still_be_switched_off(store: Store, pair: Pair) -> None:
    row = rows(store, FieldRule, target_field="code__c")[0]
    with store.write() as write:
        write.execute(
            update(table_of(FieldRule)).where(table_of(FieldRule).c.id == row.id).values(target_field="gone__c")
        )
        assert change_field_rule(write, pair.target.system, row.id, {"active": False})
        with pytest.raises(InvalidInput, match="no field gone__c"):
            change_field_rule(write, pair.target.system, row.id, {"label": "Gone"})


# Who may


def test_all_of_it_needs_manage_integrations_and_stays_within_the_vault(store: Store, pair: Pair) -> None:
    made = narrow(store, pair)
    field_rule = rows(store, FieldRule)[0].id
    actor = with_permission(store, 1002, Permission.MANAGE_CONNECTIONS)
    with store.write() as write:
        for who, refusal in ((actor, NotAllowed), (pair.source.system, NotFound)):
            for attempt in (
                lambda who=who: change_rule(write, who, pair.rule_id, {"name": "x"}),
                lambda who=who: set_rule_active(write, who, pair.rule_id, active=False),
                lambda who=who: delete_rule(write, who, pair.rule_id),
                lambda who=who: order_children(write, who, pair.rule_id, query_object_rules=(), field_rules=()),
                lambda who=who: add_query_object_rule(write, who, pair.rule_id, query_object="product__v"),
                lambda who=who: change_query_object_rule(write, who, made, {"label": "x"}),
                lambda who=who: delete_query_object_rule(write, who, made),
                lambda who=who: change_field_rule(write, who, field_rule, {"label": "x"}),
                lambda who=who: delete_field_rule(write, who, field_rule),
            ):
                with pytest.raises(refusal):
                    attempt()
