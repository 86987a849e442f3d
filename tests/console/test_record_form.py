"""Editing records: what is wrong stands beside its field, and nothing typed is lost."""

from typing import Any

from sqlalchemy import update
from textual.pilot import Pilot
from textual.widgets import Input, Label, Static

from console.modals.confirm import Confirm
from console.modals.picker import PickList
from console.modals.record_form import RecordFormScreen
from console.widgets.fields import ChoiceField, FieldLine
from models.permissions import Right, object_permission
from models.queries.lab import ask
from models.queries.records import RecordDetail, detail
from models.services.vaults import change_profile, create_profile, create_user
from models.store import Store
from models.tables import VaultObject, table_of
from tests.console.lab import area, console, fill, press, record_id, settle


def stored(store: Store, name: str) -> RecordDetail:
    with store.read() as session:
        key = record_id(session, 1001, name)
    found = ask(store, detail, 1001, key)
    assert found is not None
    return found


def field(app: Any, name: str) -> FieldLine:
    lines: list[FieldLine] = list(app.screen.query(FieldLine))
    return next(line for line in lines if line.field.name == name)


async def open_form(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await press(pilot, "6", "E")
    assert isinstance(pilot.app.screen, RecordFormScreen)


async def test_enter_on_a_field_edits_that_field(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "j", "j", "enter", "down", "enter")
        assert isinstance(app.screen, RecordFormScreen)
        assert app.focused is field(app, "code__c").editor
        await press(pilot, "end", *"-X", "enter")
        assert area(app).AREA == "records"
        assert "P003-X" in area(app).pane.text
    values = {value.name: value.text for value in stored(store, "Product 003").fields}
    assert values["code__c"] == "P003-X"


async def test_problems_stand_beside_their_fields_and_what_was_typed_stays(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        field(app, "strength__c").query_one(Input).value = "much"
        field(app, "launched__c").query_one(Input).value = "soon"
        field(app, "code__c").query_one(Input).value = "NEW"
        await press(pilot, "f2")
        assert isinstance(app.screen, RecordFormScreen)
        problems = {
            line.field.name: str(line.query_one(".problem", Label).render())
            for line in app.screen.query(FieldLine)
            if line.has_class("-problem")
        }
        assert set(problems) == {"strength__c", "launched__c"}
        assert "'much' is not a number." in problems["strength__c"]
        assert field(app, "code__c").value == "NEW"
        assert app.focused is field(app, "strength__c").editor
        field(app, "strength__c").query_one(Input).value = "5"
        field(app, "launched__c").query_one(Input).value = "2026-02-01"
        await press(pilot, "f2")
        assert area(app).AREA == "records"
    values = {value.name: value.text for value in stored(store, "Product 001").fields}
    assert (values["code__c"], values["strength__c"], values["launched__c"]) == ("NEW", "5", "2026-02-01")


async def test_esc_asks_before_it_drops_what_was_typed(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        await press(pilot, "end", *"!!", "escape")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "enter")
        assert isinstance(app.screen, RecordFormScreen)
        assert field(app, "name__v").value == "Product 001!!"
        await press(pilot, "escape", "tab", "enter")
        assert area(app).AREA == "records"
    assert stored(store, "Product 001").name == "Product 001"


async def test_esc_leaves_at_once_when_nothing_was_typed(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        await press(pilot, "escape")
        assert area(app).AREA == "records"


async def test_a_value_out_of_a_list_is_chosen_by_typing_part_of_it(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        field(app, "marketed__c").editor.focus()
        await press(pilot, "enter")
        assert isinstance(app.screen, PickList)
        await press(pilot, *"no", "enter")
        line = field(app, "marketed__c")
        assert (line.query_one(ChoiceField).text, line.changed) == ("No", True)
        await press(pilot, "f2")
    values = {value.name: value.text for value in stored(store, "Product 001").fields}
    assert values["marketed__c"] == "No"


async def test_a_user_who_loses_the_right_is_refused_in_the_form_and_keeps_what_was_typed(store: Store) -> None:
    fill(store)
    rights = [object_permission("product__v", right) for right in (Right.READ, Right.EDIT)]
    with store.write() as write:
        create_profile(write, 1001, "Editor", rights)
        create_user(write, 1001, "editor@lab.example.com", "Ed", "Editor", "Editor")
    app = console(store, user="editor@lab.example.com")
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        with store.write() as write:
            change_profile(write, 1001, "Editor", rights[:1])
        await press(pilot, "end", "2", "enter")
        assert isinstance(app.screen, RecordFormScreen)
        assert "Permission missing" in str(app.screen.query_one("#trouble", Static).render())
        assert field(app, "name__v").value == "Product 0012"


async def test_a_new_record_is_made_and_a_record_is_deleted_only_after_a_question(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "n", *"Brand new", "enter")
        assert area(app).table.total == 31
        await press(pilot, "G")
        assert "Brand new" in area(app).pane.text
        await press(pilot, "delete", "enter")
        assert area(app).table.total == 31
        await press(pilot, "delete", "tab", "enter")
        assert area(app).table.total == 30


async def test_a_locked_record_cannot_be_edited_and_says_why(store: Store) -> None:
    fill(store)
    objects = table_of(VaultObject)
    with store.write() as write:
        write.execute(update(objects).where(objects.c.name == "product__v").values(locked_when={"marketed__c": True}))
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "E")
        assert not isinstance(app.screen, RecordFormScreen)
        assert "Locked: Marketed is Yes" in area(app).pane.text
