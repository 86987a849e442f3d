"""Rows are found without narrowing a list, and filters come back where they were."""

from pathlib import Path

import pytest

from console.app import ConsoleApp
from console.keymap import KeyMap
from console.modals.form import FormScreen
from console.preferences import Preferences
from console.screens.exceptions import ExceptionsScreen
from console.widgets.detail_view import DetailView
from console.widgets.key_bar import KeyBar
from models.queries.records import listing
from models.store import Store
from tests.console.lab import area, console, fill, lines, press, settle
from tests.console.walking import go, picture

WIDE = (120, 40)


@pytest.mark.parametrize("sorted_by", ["", "name", "modified"])
@pytest.mark.parametrize("descending", [False, True])
def test_the_next_match_is_the_next_in_the_order_of_the_list(store: Store, sorted_by: str, descending: bool) -> None:
    fill(store)
    whole = listing(1001, "product__v", sort=sorted_by, descending=descending)
    some = listing(1001, "product__v", text="Product 02", sort=sorted_by, descending=descending)
    with store.read() as session:
        every = [row.key for row in whole.page(session, 0, 100, whole.count(session))]
        wanted = [row.key for row in some.page(session, 0, 100, some.count(session))]
        assert 5 < len(wanted) < len(every)
        for place, key in enumerate(every):
            after = next((each for each in every[place + 1 :] if each in wanted), None)
            before = next((each for each in reversed(every[:place]) if each in wanted), None)
            assert some.neighbour(session, whole, key, backwards=False) == after
            assert some.neighbour(session, whole, key, backwards=True) == before
        assert some.neighbour(session, whole, None, backwards=False) == wanted[0]
        assert some.neighbour(session, whole, None, backwards=True) == wanted[-1]


async def test_find_goes_from_match_to_match_and_all_rows_stay(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "s", "ctrl+t", *"product 01", "enter")
        table = area(app).table
        matches = {f"Product 01{digit}" for digit in range(10)}
        assert table.total == 30
        assert table.cursor_row is not None
        seen = [table.cursor_row.name]
        for _ in range(40):
            await press(pilot, "f3")
            assert table.cursor_row is not None
            seen.append(table.cursor_row.name)
            if len(seen) > 2 and seen[-1] == seen[0]:
                break
        assert matches <= set(seen)
        assert any("other end" in note.message for note in app._notifications)
        await press(pilot, "shift+f3")
        assert table.cursor_row.name == seen[-2]


def footer(app: ConsoleApp) -> dict[str, str]:
    """What the footer says of each key."""
    return {key.key: key.label for key in app.screen.query_one(KeyBar).keys}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_while_one_searches_n_is_the_next_match_and_otherwise_it_makes_something_new(
    store: Store, size: tuple[int, int]
) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "6", "n")
        assert isinstance(app.screen, FormScreen)
        await press(pilot, "escape", "ctrl+t", *"product 01", "enter")
        table = area(app).table
        assert "?product 01" in picture(app)
        assert "Next" in footer(app).values()
        first = table.cursor_row
        await press(pilot, "n")
        second = table.cursor_row
        await press(pilot, "n", "N", "N")
        assert table.cursor_row == first != second
        await press(pilot, "question_mark")
        assert "The next match, while one searches" in app.screen.query_one(DetailView).text
        await press(pilot, "escape", "escape")
        assert "?product 01" not in picture(app)
        assert table.total == 30
        await press(pilot, "n")
        assert isinstance(app.screen, FormScreen)


async def test_the_keys_of_a_search_can_be_given_like_all_others(store: Store) -> None:
    fill(store)
    app = console(store, keys=KeyMap({"area.find_again": ("ctrl+n",)}))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "ctrl+t", *"product 01", "enter")
        first = area(app).table.cursor_row
        await press(pilot, "ctrl+n")
        assert area(app).table.cursor_row != first
        await press(pilot, "n")
        assert isinstance(app.screen, FormScreen)


async def test_what_no_row_holds_is_told(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "f3", *"zzz", "enter")
        assert any("No row holds “zzz”" in note.message for note in app._notifications)
        assert area(app).table.cursor == 0


async def test_a_list_that_is_put_together_in_memory_is_searched_too(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await go(pilot, "design")
        total = area(app).table.total
        await press(pilot, "ctrl+t", *"strength", "enter")
        row = area(app).table.cursor_row
        assert row is not None
        assert "strength" in f"{row.name} {row.api_name} {row.about}".casefold()
        assert area(app).table.total == total


async def test_each_vault_has_its_own_filter_in_each_area(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"Product 02", "enter")
        narrowed = area(app).table.total
        assert narrowed < 30
        await press(pilot, "v", *"target", "enter")
        assert (area(app).filter_text, area(app).table.total) == ("", 1)
        await press(pilot, "7", "v", *"source", "enter", "6")
        assert (area(app).filter_text, area(app).table.total) == ("Product 02", narrowed)
        assert "/Product 02" in picture(app)


async def test_a_filter_hides_no_row_that_one_goes_to_in_another_vault(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"nothing", "enter", "v", *"source", "enter", "J")
        assert app.session.vault_id == 1002
        assert area(app).filter_text == ""
        assert "Product 001" in lines(area(app).table)[1]


async def test_what_exceptions_were_narrowed_to_belongs_to_its_vault(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "o")
        screen = area(app)
        assert isinstance(screen, ExceptionsScreen)
        before = screen.held_filter()
        await press(pilot, "v", *"source", "enter")
        assert screen.held_filter() != before
        await press(pilot, "v", *"target", "enter")
        assert screen.held_filter() == before


async def test_earlier_filters_come_back_with_up_in_this_session_and_the_next(store: Store, tmp_path: Path) -> None:
    fill(store)
    app = console(store, preferences=Preferences.load(tmp_path / "config"))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"one", "enter", "escape", "slash", *"two", "enter", "escape")
    again = console(store, preferences=Preferences.load(tmp_path / "config"))
    async with again.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", "up", "enter")
        assert area(again).filter_text == "two"
        await press(pilot, "slash", "up", "enter")
        assert area(again).filter_text == "one"
        await press(pilot, "1", "slash", "up", "enter")
        assert area(again).filter_text == ""
