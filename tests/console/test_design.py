"""Integrations designed by keyboard: from nothing until a custom object moves, edited, switched, as MDL files."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from textual.pilot import Pilot

from console.modals.confirm import Confirm
from console.modals.dialog import Dialog, TypedName
from console.modals.form import FormScreen
from console.modals.live_form import LiveFormScreen
from console.modals.picker import PickList
from console.screens.design import DesignScreen
from console.widgets.fields import ChoiceField
from models.mdl.exporting import export_rules
from models.permissions import Actor, Permission
from models.services.objects import create_object
from models.services.query_object_rules import add_query_object_rule
from models.services.records import change_record, create_record
from models.services.rules import change_rule
from models.services.vaults import FieldSpec, create_profile, create_user
from models.store import Store
from models.tables import (
    Connection,
    ConnectionState,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    QueryObjectRule,
    Record,
    VaultObject,
    table_of,
)
from scheduler import deliver, receive, send
from scheduler.scope import Scope
from tests.builders import Pair, two_vaults
from tests.conftest import ManualClock
from tests.console.lab import area, console, lines, press, settle
from tests.console.test_connection_actions import WIDE, go_to_vault, line, said, told

pytestmark = pytest.mark.usefixtures("pair")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def pair(store: Store) -> Pair:
    made = two_vaults(store)
    batch = (FieldSpec("lot__c", "Lot", max_length=20), FieldSpec("size__c", "Size", FieldType.NUMBER))
    with store.write() as write:
        for vault_id in (1001, 1002):
            create_object(write, vault_id, "batch__c", "Batch", "Batches", "V0B", batch)
    return made


def rows(store: Store, model: type[Any], **where: Any) -> list[Any]:
    table = table_of(model)
    with store.read() as session:
        wanted = [table.c[name] == value for name, value in where.items()]
        return list(session.execute(select(table).where(*wanted).order_by(table.c.id)))


def batches(store: Store) -> list[tuple[str, Any]]:
    """Name and fields of the target's batches."""
    records, objects = table_of(Record), table_of(VaultObject)
    statement = (
        select(records.c.name, records.c.data)
        .join(objects, objects.c.id == records.c.object_id)
        .where(objects.c.vault_id == 1002, objects.c.name == "batch__c")
    )
    with store.read() as session:
        return [(row.name, row.data) for row in session.execute(statement)]


def transfer(store: Store, clock: ManualClock) -> None:
    for stage, vault_id in ((send, 1001), (deliver, 1001), (receive, 1002)):
        stage.run_once(store, clock, Scope(vault_id))


async def pick(pilot: Pilot[Any], field: str, text: str) -> None:
    """Choose a field's value out of its list."""
    line(pilot.app, field).editor.focus()
    await press(pilot, "enter", *text, "enter")


async def enter(pilot: Pilot[Any], field: str, text: str) -> None:
    line(pilot.app, field).editor.focus()
    await press(pilot, "end", *text)


async def add(pilot: Pilot[Any], what: str) -> None:
    """Choose what is added to the integration."""
    await press(pilot, "n", *what, "enter")
    assert isinstance(pilot.app.screen, FormScreen)


async def make_integration(pilot: Pilot[Any], name: str) -> None:
    await press(pilot, "2", "n")
    await enter(pilot, "name", name)
    await press(pilot, "f2")
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, DesignScreen)


async def open_design(pilot: Pilot[Any], *keys: str) -> None:
    await settle(pilot)
    await press(pilot, "2", "enter")
    assert isinstance(pilot.app.screen, DesignScreen)
    await press(pilot, *keys)


def kind_at_cursor(app: Any) -> str:
    row = area(app).table.cursor_row
    assert row is not None
    return str(row.kind)


def choices(app: Any, field: str) -> list[str]:
    return [value for value, _label in line(app, field).field.choices]


def problem(app: Any, field: str) -> str:
    found = line(app, field)
    return str(found.query_one(".problem").content) if found.has_class("-problem") else ""  # type: ignore[attr-defined]


async def test_a_custom_integration_made_from_nothing_moves_a_custom_object(
    store: Store, pair: Pair, clock: ManualClock
) -> None:
    """Seed S1, "Integrations": "From this section, you can also create custom integrations."."""
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await make_integration(pilot, "Batches")
        await add(pilot, "inbound")
        await enter(pilot, "name", "Batch In")
        await press(pilot, "f2")
        await add(pilot, "integration rule")
        await enter(pilot, "name", "Batch Rule")
        await pick(pilot, "primary_query_object", "batch")
        await press(pilot, "f2")
        for field in ("name__v", "lot__c", "size__c"):
            await add(pilot, "field rule")
            await pick(pilot, "target_object", "batch")
            await pick(pilot, "target_field", field)
            await pick(pilot, "query_field", field)
            await press(pilot, "f2")
            assert kind_at_cursor(app) == "field"
        await press(pilot, "escape", "a")
        await go_to_vault(pilot, "source")
        await make_integration(pilot, "Batches")
        await add(pilot, "outbound")
        await enter(pilot, "name", "Batch Out")
        await press(pilot, "f2")
        await add(pilot, "watched")
        await pick(pilot, "object_name", "batch")
        await pick(pilot, "remote_point", "batch in")
        await press(pilot, "f2", "escape", "a")
        assert [row.active for row in rows(store, Integration, api_name="batches__c")] == [True, True]
    clock.advance(minutes=5)
    with store.write() as write:
        made = create_record(write, pair.source.system, "batch__c", {"name__v": "B 1", "lot__c": "L1", "size__c": 5})
    transfer(store, clock)
    assert batches(store) == [("B 1", {"lot__c": "L1", "size__c": 5})]
    clock.advance(minutes=5)
    with store.write() as write:
        change_record(write, pair.source.system, made, {"size__c": 7})
    transfer(store, clock)
    assert batches(store) == [("B 1", {"lot__c": "L1", "size__c": 7})]


async def test_choices_follow_what_is_chosen_and_come_from_the_source_vault(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down")
        await add(pilot, "field rule")
        assert isinstance(app.screen, LiveFormScreen)
        assert choices(app, "target_field") == []
        assert "code__c" in choices(app, "query_field")
        await pick(pilot, "target_object", "batch")
        assert "lot__c" in choices(app, "target_field")
        assert "code__c" not in choices(app, "target_field")
        assert "id" not in choices(app, "target_field")
        await pick(pilot, "query_object", "batch")
        assert "lot__c" in choices(app, "query_field")
        await pick(pilot, "query_object", "product")
        await pick(pilot, "query_field", "code__c")
        await pick(pilot, "query_object", "batch")
        assert "Batch in the source Vault has no field code__c" in problem(app, "query_field")


async def test_while_the_source_is_not_known_its_names_are_typed(store: Store, pair: Pair) -> None:
    with store.write() as write:
        write.execute(
            update(table_of(Connection))
            .where(table_of(Connection).c.id == pair.target.connection_id)
            .values(state=ConnectionState.PENDING)
        )
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down")
        await add(pilot, "field rule")
        assert not isinstance(line(app, "query_field").editor, ChoiceField)
        await pick(pilot, "target_object", "product")
        await pick(pilot, "target_field", "code__c")
        await enter(pilot, "query_field", "a__vr.b__vr.c__v")
        assert "walks one object reference at most" in problem(app, "query_field")
        await press(pilot, *["backspace"] * 11, "enter")
    assert rows(store, FieldRule)[-1].query_field == "a__vr"


async def test_criteria_are_checked_as_one_types_and_typed_text_is_dropped_only_after_a_question(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down")
        await add(pilot, "query object")
        await enter(pilot, "filter_clause", "name__v =")
        assert problem(app, "filter_clause")
        await enter(pilot, "filter_clause", " 'x'")
        assert not problem(app, "filter_clause")
        await press(pilot, "escape")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "enter")
        assert isinstance(app.screen, FormScreen)
        await press(pilot, "f2")
        assert "name__v = 'x'" in area(app).pane.text
    assert [row.filter_clause for row in rows(store, QueryObjectRule)] == ["name__v = 'x'"]


async def test_parts_are_edited_where_they_stand(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "e")
        await pick(pilot, "matching", "id, then link")
        await press(pilot, "f2", "down", "e")
        await enter(pilot, "name", "s")
        await press(pilot, "f2", "down", "enter")
        await enter(pilot, "default_value", "none")
        await press(pilot, "f2")
        assert "none" in area(app).pane.text
    assert rows(store, IntegrationPoint, vault_id=1002)[0].matching == "external_id"
    assert rows(store, IntegrationRule)[0].name == "Product Rules"
    assert rows(store, FieldRule)[0].default_value == "none"


async def test_a_rule_is_checked_as_one_types(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot)
        await add(pilot, "rule")
        await enter(pilot, "api_name", "product_rule__c")
        assert "already has a rule with the API name" in problem(app, "api_name")
        await enter(pilot, "name", "New")
        await press(pilot, "f2")
        assert "already has a rule" in problem(app, "api_name")
        line(app, "api_name").editor.focus()
        await press(pilot, *["backspace"] * 8, "f2")
    assert rows(store, IntegrationRule)[-1].api_name == "product__c"


async def test_what_a_point_watches_is_edited_and_removed(store: Store) -> None:
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down", "e")
        await enter(pilot, "criteria", "marketed__c=perhaps")
        await press(pilot, "f2")
        assert "neither yes nor no" in problem(app, "criteria")
        await press(pilot, *["backspace"] * 7, *"yes", "f2")
        assert "marketed__c=true" in area(app).pane.text
        await press(pilot, "delete", "tab", "enter")
        assert area(app).table.total == 1


async def test_a_rule_is_switched_with_what_is_in_it(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down", "a")
        assert {row.active for row in rows(store, FieldRule)} == {False}
        await press(pilot, "a")
        assert isinstance(app.screen, Dialog)
        await press(pilot, "tab", "tab", "enter")
        assert {row.active for row in rows(store, FieldRule)} == {True}
        await press(pilot, "down", "a")
        assert [row.active for row in rows(store, FieldRule)].count(False) == 1
        assert "on with its integration" in area(app).why_not("toggle") or area(app).why_not("toggle") == ""
        await press(pilot, "home", "a")
        assert "A point is on with its integration." in told(app)


async def test_disabled_actions_say_why(store: Store) -> None:
    with store.write() as write:
        write.execute(update(table_of(IntegrationRule)).values(standard=True))
        write.execute(update(table_of(Integration)).values(locks_rule_activation=True, standard=True))
        create_profile(write, 1002, "Rules", [Permission.MANAGE_INTEGRATIONS])
        create_user(write, 1002, "rules@lab.example.com", "R", "Ules", "Rules")
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down", "a")
        assert "locks whether its standard rules are active" in told(app)
        assert "is a standard rule" in area(app).why_not("delete")
        await press(pilot, "escape")
        assert "whether its standard rules are active" in " ".join(area(app).pane.text.split())
        for name in ("edit", "delete"):
            assert "is a standard integration" in area(app).why_not(name)
        await press(pilot, "u", *"rules", "enter")
        assert "Application: Manage Connections is missing" in area(app).why_not("create")
        await press(pilot, "enter")
        assert "Application: Manage Connections is missing" in area(app).why_not("edit")
        await press(pilot, "n", *"inbound")
        assert isinstance(app.screen, PickList)
        await press(pilot, "enter")
        assert isinstance(app.screen, PickList)
        await press(pilot, "escape", "down")
        assert area(app).why_not("edit") == ""


async def test_parts_and_integrations_are_deleted_after_a_question(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "end", "delete")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "enter")
        assert len(rows(store, FieldRule)) == 5
        await press(pilot, "delete", "tab", "enter")
        assert len(rows(store, FieldRule)) == 4
        await press(pilot, "escape", "delete")
        assert "is Active: inactivate it first" in told(app)
        await press(pilot, "a", "delete")
        assert isinstance(app.screen, TypedName)
        await press(pilot, *"product_integration__c", "enter", "enter")
    assert rows(store, Integration, vault_id=1002) == []
    assert rows(store, IntegrationRule) == []


async def test_rules_are_exported_to_a_file_and_imported_with_the_difference_shown_first(
    store: Store, own_folder: Path
) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "w", "enter", "enter")
        file = own_folder / "product_integration__c.mdl"
        text = file.read_text()
        with store.read() as session:
            assert text == export_rules(session, 1002)
        file.write_text(text.replace("'Product Rule'", "'Products'"))
        await press(pilot, "o", "enter")
        assert isinstance(app.screen, Dialog)
        assert "“Product Rule” becomes “Products”" in said(app)
        await press(pilot, "escape")
        assert rows(store, IntegrationRule)[0].name == "Product Rule"
        await press(pilot, "o", "enter", "tab", "enter")
        assert rows(store, IntegrationRule)[0].name == "Products"
        await press(pilot, "o", "enter")
        assert "are what" in said(app)


async def test_the_rules_of_a_connection_or_of_the_whole_vault_are_exported_too(store: Store, own_folder: Path) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "w", *"connection", "enter", "enter", "w", *"whole", "enter", "enter")
        assert [file.name for file in sorted(own_folder.iterdir())] == ["connection-2.mdl", "vault-1002.mdl"]
        await press(pilot, "enter", "down", "w", "enter")
        assert (own_folder / "product_rule__c.mdl").read_text() == (own_folder / "vault-1002.mdl").read_text()
        await go_to_vault(pilot, "source")
        await press(pilot, "escape", "w", "enter")
        assert isinstance(app.screen, PickList)
        assert "has no inbound point" in app.screen.query_one("Bar").text  # type: ignore[attr-defined]


async def test_a_long_heading_of_the_details_is_told_whole(store: Store, pair: Pair) -> None:
    name = "Product Inbound Integration Point of the Laboratory"
    with store.write() as write:
        points = table_of(IntegrationPoint)
        write.execute(update(points).where(points.c.id == pair.target.point_id).values(name=name))
    app = console(store, vault=1002)
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert name in " ".join(area(app).pane.text.replace("─", "").split())
        assert all(len(text) <= area(app).pane.size.width for text in area(app).pane.text.splitlines())


async def test_names_are_shown_and_never_obeyed(store: Store, pair: Pair) -> None:
    odd = "[/foo] [@click=app.quit]x[/]"
    with store.write() as write:
        change_rule(write, pair.target.system, pair.rule_id, {"name": odd})
        add_query_object_rule(
            write, pair.target.system, pair.rule_id, query_object="product__v", filter_clause=f"name__v = '{odd}'"
        )
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await open_design(pilot, "down")
        assert odd in area(app).pane.text
        assert any(odd in text for text in lines(area(app).table))
        await press(pilot, "e", "escape", "delete", "escape", "w", "escape", "down", "e", "escape")
        assert isinstance(app.screen, DesignScreen)


async def test_a_broken_file_is_refused_with_line_and_column(store: Store, own_folder: Path) -> None:
    (own_folder / "rules.mdl").write_text("RECREATE Integrationrule a__c (\n  label(5));")
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "o", "enter")
        assert "Line 2, column 3" in told(app)


async def test_the_parts_are_filtered_and_the_details_name_criteria(store: Store, pair: Pair) -> None:
    with store.write() as write:
        add_query_object_rule(
            write, Actor.system(1002), pair.rule_id, query_object="product__v", filter_clause="strength__c > 1"
        )
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "strength__c > 1" in area(app).pane.text
        await press(pilot, "enter", "slash", *"strength__c >", "enter")
        assert area(app).table.total == 1
        assert kind_at_cursor(app) == "query"
