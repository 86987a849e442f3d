"""Jump mode, the way back, and what the mouse does instead of keys."""

from typing import Any

import pytest
from textual.widgets import Input

from console.modals.form import FormScreen
from console.modals.jump import JumpScreen, Letter
from console.modals.picker import PickList
from console.widgets.bars import PaneTitle
from console.widgets.detail_view import DetailView
from console.widgets.window_table import WindowTable
from models.store import Store
from tests.console.lab import area, console, fill, fill_lookups, press, settle
from tests.console.walking import picture

WIDE = (120, 40)


def letter_on(app: Any, place: tuple[int, int]) -> str:
    """The letter that stands at a place."""
    letter = next(letter for letter in app.screen.query(Letter) if letter.region.offset == place)
    return str(letter.render()).strip()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_letter_on_each_pane_and_each_area_leads_there(store: Store, size: tuple[int, int]) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        pane = app.screen.query_one(DetailView)
        await press(pilot, "ctrl+o")
        assert isinstance(app.screen, JumpScreen)
        letters = [str(letter.render()).strip() for letter in app.screen.query(Letter)]
        assert len(letters) == len(set(letters)) >= 11
        await press(pilot, letter_on(app, pane.region.offset))
        assert pane.has_focus
        await press(pilot, "ctrl+o")
        await press(
            pilot, str(next(each for each in app.screen.query(Letter) if each.spot.name == "jobs").render()).strip()
        )
        assert area(app).AREA == "jobs"


async def test_another_key_leaves_all_as_it_is_and_forms_can_be_jumped_in_too(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+o", "escape")
        assert isinstance(app.focused, WindowTable)
        await press(pilot, "ctrl+o", "1")
        assert area(app).AREA == "connections"
        await press(pilot, "6", "E")
        assert isinstance(app.screen, FormScreen)
        lines = list(app.screen.query(Input))
        await press(pilot, "ctrl+o")
        await press(pilot, letter_on(app, lines[1].region.offset))
        assert lines[1].has_focus


async def test_a_letter_can_be_clicked(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+o")
        await pilot.click(next(letter for letter in app.screen.query(Letter) if letter.spot.name == "records"))
        await settle(pilot)
        assert area(app).AREA == "records"


async def test_the_way_to_a_screen_stands_in_its_title_and_each_step_leads_back(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "1", "l", "enter")
        assert type(app.screen_stack[-1]).__name__ == "LookupKeysScreen"
        title = app.screen.query_one("#list-title", PaneTitle)
        assert "Connections ▸ Lab Connection ▸ Reference Lookups ▸ Codes" in title.text
        await pilot.click(title, offset=(title.text.index("Reference"), 0))
        await settle(pilot)
        assert [type(screen).__name__ for screen in app.screen_stack] == ["ConnectionsScreen", "LookupsScreen"]
        assert "Connections ▸ Lab Connection ▸ Reference Lookups" in picture(app)
        title = app.screen.query_one("#list-title", PaneTitle)
        await pilot.click(title, offset=(title.text.index("Connections"), 0))
        await settle(pilot)
        assert len(app.screen_stack) == 1


async def test_a_click_beside_a_dialog_is_esc(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "v")
        assert isinstance(app.screen, PickList)
        await pilot.click(offset=(1, 38))
        await settle(pilot)
        assert len(app.screen_stack) == 1
        await press(pilot, "6", "E", "X")
        await pilot.click(offset=(1, 38))
        await settle(pilot)
        assert len(app.screen_stack) == 3
        assert "Drop what you typed?" in picture(app)


async def test_the_palette_knows_the_keys_of_a_page(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "h")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Back", "Read again"} <= titles
