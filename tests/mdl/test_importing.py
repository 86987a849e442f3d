"""Rules leave a store as MDL text and come back: what differs is shown first, then goes through the services."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import select, update

from models.errors import NotAllowed
from models.mdl.components import print_rules, read_rules
from models.mdl.difference import Kind, sentences
from models.mdl.exporting import export_rules
from models.mdl.importing import import_rules, preview_import
from models.mdl.syntax import MdlError
from models.opening import open_store
from models.permissions import Actor, Permission
from models.services.objects import FieldSpec
from models.services.query_object_rules import add_query_object_rule
from models.services.rules import add_field_rule, change_rule, create_rule, delete_rule, set_rule_active
from models.store import Store
from models.tables import (
    AuditRow,
    FieldRule,
    Integration,
    IntegrationRule,
    LookupType,
    QueryObjectRule,
    ReferenceLookup,
    table_of,
)
from tests.builders import Pair, key, two_vaults
from tests.services.test_integrations import with_permission
from tests.services.test_rules import documents

pytestmark = pytest.mark.usefixtures("pair")


@pytest.fixture
def pair(store: Store) -> Pair:
    made = two_vaults(store)
    with store.write() as write:
        lookup = ReferenceLookup(
            connection_id=made.target.connection_id, name="Countries", api_name="countries__c", type=LookupType.GENERIC
        )
        write.add(lookup)
        write.flush()
        system = made.target.system
        add_query_object_rule(write, system, made.rule_id, query_object="product__v", filter_clause="name__v != ']'")
        add_field_rule(
            write, system, made.rule_id, target_object="product__v", target_field="link__sys", label="It's [it]",
            query_field="study__vr.name__v", default_value="a\n'b'\\", reference_lookup_id=key(lookup),
        )  # fmt: skip
        documents(write, 1002, [FieldSpec("study__v", "Study")])
        add_field_rule(write, system, made.rule_id, target_docfield="study__v", default_value="x", active=False)
    return made


def export(store: Store, **narrowed: int | None) -> str:
    with store.read() as session:
        return export_rules(session, 1002, **narrowed)


def bring(store: Store, text: str, actor: Actor | None = None) -> tuple[str, ...]:
    with store.write() as write:
        return sentences(import_rules(write, actor or Actor.system(1002), text))


def everything(store: Store) -> list[tuple[Any, ...]]:
    with store.read() as session:
        return [
            tuple(row)
            for model in (IntegrationRule, QueryObjectRule, FieldRule, AuditRow)
            for row in session.execute(select(table_of(model)))
        ]


def test_an_exported_rule_is_brought_back_without_a_difference(store: Store) -> None:
    before = everything(store)
    assert bring(store, export(store)) == ()
    assert everything(store) == before


def test_a_deleted_rule_comes_back_as_it_was(store: Store, pair: Pair) -> None:
    text = export(store)
    with store.write() as write:
        delete_rule(write, pair.target.system, pair.rule_id)
    assert export(store) == ""
    told = bring(store, text)
    assert told[0] == "+ Integrationrule product_rule__c is added"
    assert export(store) == text


def names(store: Store) -> list[str]:
    """The rules of the target's point, in their order."""
    return [rule.name for rule in read_rules(export(store))]


def test_rules_that_were_deleted_come_back_in_their_order(store: Store, pair: Pair) -> None:
    with store.write() as write:
        for name in ("B", "C", "D"):
            create_rule(write, pair.target.system, pair.target.point_id, name=name, api_name=f"{name.lower()}__c")
    text = export(store)
    assert names(store) == ["product_rule__c", "b__c", "c__c", "d__c"]
    with store.write() as write:
        for row in write.execute(select(table_of(IntegrationRule))).all():
            if row.api_name in ("product_rule__c", "c__c"):
                delete_rule(write, pair.target.system, row.id)
    assert names(store) == ["b__c", "d__c"]

    bring(store, text)

    assert export(store) == text


def test_rules_that_the_text_does_not_name_keep_their_places(store: Store, pair: Pair) -> None:
    with store.write() as write:
        create_rule(write, pair.target.system, pair.target.point_id, name="B", api_name="b__c")
    text = export(store)
    with store.write() as write:
        delete_rule(write, pair.target.system, pair.rule_id)
        create_rule(write, pair.target.system, pair.target.point_id, name="Own", api_name="own__c")

    bring(store, text)

    assert names(store) == ["product_rule__c", "own__c", "b__c"]


def test_all_rules_of_a_vault_come_back_after_all_were_deleted(store: Store, pair: Pair) -> None:
    with store.write() as write:
        create_rule(write, pair.target.system, pair.target.point_id, name="B", api_name="b__c")
    text = export(store)
    with store.write() as write:
        for row in write.execute(select(table_of(IntegrationRule))).all():
            delete_rule(write, pair.target.system, row.id)
    assert export(store) == ""

    previewed = preview_import(store, pair.target.system, text)
    assert export(store) == ""
    assert sentences(previewed) == bring(store, text)
    assert export(store) == text


def test_a_preview_shows_old_and_new_and_changes_nothing(store: Store) -> None:
    before = everything(store)
    text = (
        export(store)
        .replace("label('Product Rule')", "label('Products')")
        .replace("Fieldrule code__c", "Fieldrule code_of_it__c")
        .replace("query_field('strength__c')", "query_field('power__c')")
    )
    changes = preview_import(store, Actor.system(1002), text)
    assert [(change.kind, change.name) for change in changes] == [
        (Kind.CHANGED, "product_rule__c"),
        (Kind.REMOVED, "code__c"),
        (Kind.ADDED, "code_of_it__c"),
        (Kind.CHANGED, "strength__c"),
    ]
    assert "    label: “Product Rule” becomes “Products”" in sentences(changes)
    assert everything(store) == before
    bring(store, text)
    assert export(store) == text


def test_what_is_left_out_of_a_rule_is_removed_from_it(store: Store) -> None:
    told = bring(
        store,
        "RECREATE Integrationrule product_rule__c (connection('lab_connection__c'), "
        "integration_point('product_inbound__c'), label('Product Rule'));",
    )
    assert "    - Queryobjectrule product__c of product_rule__c is removed" in told
    assert "    primary_query_object: “product__v” becomes empty" in told
    with store.read() as session:
        assert session.execute(select(table_of(FieldRule))).all() == []


def test_rules_that_are_not_named_stay(store: Store) -> None:
    bring(
        store,
        "RECREATE Integrationrule second (connection('lab_connection__c'), integration_point('product_inbound__c'),\n"
        "primary_query_object('product__v'), Fieldrule name (target_object('product__v'), "
        "target_object_field('name__v'), query_field('name__v')));",
    )
    text = export(store)
    assert "Integrationrule product_rule__c" in text
    assert "Integrationrule second__c" in text
    assert "query_object('product__v')" in text.partition("second__c")[2]
    assert bring(store, text) == ()


def test_children_take_the_order_of_the_text(store: Store) -> None:
    text = export(store)
    name, rest = text.index("    Fieldrule name__c"), text.index("    Fieldrule code__c")
    after = text.index("    Fieldrule strength__c")
    swapped = text[:name] + text[rest:after] + text[name:rest] + text[after:]
    assert "order: “name__c, code__c" in " ".join(bring(store, swapped))
    assert export(store) == swapped


def test_one_rule_a_point_an_integration_or_a_connection_is_exported(store: Store, pair: Pair) -> None:
    with store.write() as write:
        create_rule(write, pair.target.system, pair.target.point_id, name="Second")
    assert export(store, rule_id=pair.rule_id).count("RECREATE") == 1
    for narrowed in (
        {"point_id": pair.target.point_id},
        {"integration_id": pair.target.integration_id},
        {"connection_id": pair.target.connection_id},
        {},
    ):
        assert export(store, **narrowed).count("RECREATE") == 2
    assert export(store, connection_id=pair.source.connection_id) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("connection('lab_connection__c')", "connection('none__c')", "Line 1, column 10: Vault 1002 has no connection"),
        ("product_inbound__c", "none__c", "has no inbound integration point none__c"),
        ("'countries__c'", "'none__c'", "has no reference lookup none__c"),
        ("reference_lookup_type('generic')", "reference_lookup_type('object')", "is of type generic, not object"),
        ("Field.strength__c", "Field.none__c", "strength__c: target_object_field: Product has no field none__c"),
        ("study__vr.name__v", "a__vr.b__vr.c__v", "walks one object reference at most"),
        ("    primary_query_object('product__v'),\n", "", "may walk a relationship, as link__c does"),
    ],
)
def test_what_does_not_fit_the_vault_is_refused_with_its_place_and_nothing_is_kept(
    store: Store, old: str, new: str, told: str
) -> None:
    text = export(store).replace("'Product Rule'", "'Other'")
    assert old in text
    before = everything(store)
    with pytest.raises(MdlError) as refused:
        preview_import(store, Actor.system(1002), text.replace(old, new))
    assert told in refused.value.message
    with pytest.raises(MdlError):
        bring(store, text.replace(old, new))
    assert everything(store) == before


def test_a_locked_rule_is_refused_with_its_place(store: Store) -> None:
    with store.write() as write:
        write.execute(update(table_of(IntegrationRule)).values(standard=True))
        write.execute(update(table_of(Integration)).values(locks_rule_activation=True, locks_rule_defaults=True))
    text = export(store)
    with pytest.raises(MdlError, match=r"Line 1, column 10: .* locks whether its standard rules are active"):
        bring(store, text.replace("active(true)", "active(false)", 1))
    with pytest.raises(MdlError, match="locks the defaults"):
        bring(store, text.replace("field_default('x')", "field_default('y')"))


def test_an_inactive_rule_may_have_active_children(store: Store, pair: Pair) -> None:
    with store.write() as write:
        set_rule_active(write, pair.target.system, pair.rule_id, active=False)
    text = export(store).replace("        active(false)", "        active(true)")
    bring(store, text)
    assert export(store) == text


def test_a_rule_whose_target_is_gone_does_not_stand_in_the_way_of_others(store: Store) -> None:
    rules = table_of(FieldRule)
    with store.write() as write:
        write.execute(update(rules).where(rules.c.target_field == "code__c").values(target_field="gone__c"))
    assert len(bring(store, export(store).replace("label('Product Rule')", "label('Products')"))) == 2


def test_importing_needs_manage_integrations_in_that_vault(store: Store) -> None:
    text = export(store)
    with pytest.raises(NotAllowed, match="Application: Manage Integrations"):
        bring(store, text, with_permission(store, 1002, Permission.MANAGE_CONNECTIONS))
    with pytest.raises(MdlError, match="has no inbound integration point"):
        bring(store, text, Actor.system(1001))


labels = some.text(some.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=20)


@settings(max_examples=20)
@given(labels, some.booleans(), some.permutations(["name__c", "code__c", "strength__c", "marketed__c"]))
def test_any_edit_of_the_text_is_what_the_store_exports_afterwards(
    tmp_path_factory: pytest.TempPathFactory, label: str, active: bool, order: list[str]
) -> None:
    store = open_store(tmp_path_factory.mktemp("lab") / "lab.sqlite3")
    try:
        two_vaults(store)
        (rule,) = read_rules(export(store))
        by_name = {text.name: replace(text, active=active, label=label) for text in rule.field_rules}
        wanted = replace(rule, label=label, field_rules=tuple(by_name[name] for name in order))
        bring(store, print_rules([wanted]))
        assert read_rules(export(store)) == (wanted,)
        assert bring(store, print_rules([wanted])) == ()
    finally:
        store.close()


def test_a_relabelled_rule_shows_as_changed_back(store: Store, pair: Pair) -> None:
    text = export(store)
    with store.write() as write:
        change_rule(write, pair.target.system, pair.rule_id, {"name": "Renamed"})
    assert bring(store, text) == (
        "~ Integrationrule product_rule__c is changed",
        "    label: “Renamed” becomes “Product Rule”",
    )
