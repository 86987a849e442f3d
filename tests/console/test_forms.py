"""Forms and pick lists: nothing is out of sight in a small terminal, and typing finds what was meant."""

from typing import Any

import pytest
from textual.app import App
from textual.geometry import Region
from textual.widgets import Button, Input, OptionList

from console.modals.form import FormScreen
from console.modals.picker import Choice, PickList, Reason
from models.store import Store
from tests.builders import Pair, two_vaults
from tests.console.lab import console, press, settle
from tests.console.test_connection_actions import go_to_vault, line
from tests.console.test_design import open_design, problem

SMALL = (80, 24)


@pytest.fixture
def pair(store: Store) -> Pair:
    return two_vaults(store)


def in_sight(app: App[Any], selector: str, kind: type[Any]) -> bool:
    widget = app.screen.query_one(selector, kind)
    return bool(widget.region) and Region(0, 0, *SMALL).contains_region(widget.region) and widget.is_on_screen


@pytest.mark.usefixtures("pair")
async def test_problems_are_told_whole_and_push_no_button_out_of_sight(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=SMALL) as pilot:
        await open_design(pilot, "down", "n", *"field rule", "enter", "f2")
        assert isinstance(app.screen, FormScreen)
        for field in ("target_field", "query_field"):
            told = line(app, field).query_one(".problem")
            assert told.size.width < SMALL[0] - 4
        long = line(app, "query_field")
        assert problem(app, "query_field").endswith("or both.")
        assert long.query_one(".problem").size.height == 2
        assert in_sight(app, "#save", Button)
        assert in_sight(app, "#leave", Button)


@pytest.mark.usefixtures("pair")
async def test_typing_into_a_choice_opens_its_list_narrowed(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=SMALL) as pilot:
        await open_design(pilot, "down", "n", *"field rule", "enter")
        line(app, "target_field").editor.focus()
        # As a fast typist or a paste does: the list opens while the keys come.
        await pilot.press(*"strength", "space", *"number")
        await settle(pilot)
        assert isinstance(app.screen, PickList)
        await press(pilot, "enter")
        assert isinstance(app.screen, FormScreen)
        assert line(app, "target_field").value == "strength__c"
        await press(pilot, "space")
        assert app.screen.query_one(Input).value == ""


@pytest.mark.usefixtures("pair")
async def test_a_choice_that_depends_on_others_says_so_while_there_is_none(store: Store) -> None:
    app = console(store, vault=1002)
    async with app.run_test(size=SMALL) as pilot:
        await open_design(pilot, "down", "n", *"field rule", "enter")
        line(app, "target_lookup_field").editor.focus()
        await press(pilot, "enter")
        assert isinstance(app.screen, PickList)
        assert "depends on other fields" in app.screen.query_one(Reason).text


async def test_enter_picks_what_was_typed_and_not_what_was_there(store: Store) -> None:
    two_vaults(store)
    app = console(store, vault=1001)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        # Both notes hold “lab”, the name of what is meant begins with what is typed.
        await go_to_vault(pilot, "target")
        assert app.session.vault_id == 1002
        await press(pilot, "v", *"lab")
        options = app.screen.query_one(OptionList)
        assert options.option_count == 2
        assert options.highlighted == 0
        await press(pilot, "escape")
        choices = [Choice("1", "Study Site"), Choice("2", "Country", "of a site"), Choice("3", "Site")]
        app.push_screen(PickList("Object", choices, current="1"))
        await press(pilot, *"site")
        assert "Site" in str(app.screen.query_one(OptionList).get_option_at_index(0).prompt)
        assert "Study" not in str(app.screen.query_one(OptionList).get_option_at_index(0).prompt)


async def test_what_a_list_cuts_off_is_told_whole_below_it(store: Store) -> None:
    two_vaults(store)
    query = "SELECT id, name__v, code__c, strength__c, marketed__c FROM product__v WHERE marketed__c = true"
    note = "Lets one thing after another be done, each of them with words enough to fill a line"
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        app.push_screen(PickList("Any", [Choice("1", query), Choice("2", "Run", note), Choice("3", "Short", "fits")]))
        await settle(pilot)
        below = app.screen.query_one(Reason)
        assert below.text == query
        await press(pilot, "down")
        assert below.text == note
        await press(pilot, "down")
        assert below.text == "Enter picks, Esc leaves"
