"""The way back: every screen and every box over it says how one came there, and Esc goes back step by step."""

from typing import Any

import pytest
from textual.content import Content

from console.modals.base import Modal, way_to
from console.screens.split import SplitScreen
from console.widgets.bars import PaneTitle
from models.store import Store
from tests.console.lab import area, console, fill, fill_lookups, press, settle
from tests.console.walking import picture


def title(app: Any) -> str:
    return Content.from_markup(app.screen.query("Modal > Vertical").first().border_title).plain


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_split_view_says_where_it_was_opened(store: Store, size: tuple[int, int]) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "1", "S")
        assert isinstance(app.screen, SplitScreen)
        assert "Connections ▸ Both sides of Lab Connection" in picture(app)
        await press(pilot, "D")
        assert title(app).endswith("Both sides of Lab Connection ▸ Doctor: Lab Connection of Source")
        await press(pilot, "escape", "escape")
        assert area(app).AREA == "connections"


async def test_a_click_on_a_step_goes_back_to_it(store: Store) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "S")
        await pilot.click(app.screen.query_one("#way", PaneTitle), offset=(5, 0))
        await settle(pilot)
        assert area(app).AREA == "connections"


async def test_a_box_in_a_list_that_was_opened_from_another_one_tells_the_whole_way(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app: Any = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "l", "enter", "question_mark")
        assert title(app).startswith("Connections ▸ Lab Connection ▸ Reference Lookups ▸ ")
        assert title(app).endswith(" ▸ Help")


async def test_where_the_way_does_not_fit_its_beginning_gives_way(store: Store) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "S", "D")
        assert isinstance(app.screen, Modal)
        assert way_to(app.screen) == ["Connections", "Both sides of Lab Connection"]
        before = title(app)
        await pilot.resize_terminal(60, 24)
        await settle(pilot)
        assert len(title(app)) < len(before)
        assert title(app).endswith("Doctor: Lab Connection of Source")


async def test_what_a_box_opens_over_itself_tells_of_the_box(store: Store) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "n")
        form = app.screen.crumb
        await press(pilot, "x", "escape")
        assert title(app) == f"Products ▸ {form} ▸ Drop what you typed?"


async def test_without_signs_the_way_is_ascii(store: Store) -> None:
    fill(store)
    app: Any = console(store, plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "S")
        assert "Connections > Both sides of Lab Connection" in picture(app)
        await press(pilot, "question_mark")
        assert title(app).isascii()
