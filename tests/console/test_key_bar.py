"""The line of keys shows what can be pressed here, and a click presses it."""

from console.modals.picker import PickList
from console.widgets.key_bar import KeyBar
from models.store import Store
from tests.console.lab import console, fill, press, settle


async def test_a_click_on_a_key_of_the_last_line_presses_it(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        bar = app.screen.query_one(KeyBar)
        place = next(index for index, key in enumerate(bar.keys) if key.label == "Vault")
        left = sum(key.width for key in bar.keys[:place])
        assert bar.text[left:].startswith(" v Vault ")
        await pilot.hover(KeyBar, offset=(left + 2, 0))
        assert bar.tooltip == "Switch to another Vault"
        await pilot.click(KeyBar, offset=(left + 2, 0))
        await settle(pilot)
        assert isinstance(app.screen, PickList)


async def test_a_key_that_would_be_refused_says_why_when_it_is_clicked(store: Store) -> None:
    fill(store)
    app = console(store, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        bar = app.screen.query_one(KeyBar)
        place, refused = next((index, key) for index, key in enumerate(bar.keys) if not key.enabled)
        assert "read-only" in refused.tooltip
        await pilot.click(KeyBar, offset=(sum(key.width for key in bar.keys[:place]) + 1, 0))
        await settle(pilot)
        assert any("read-only" in notice.message for notice in app._notifications)


async def test_the_line_of_keys_follows_the_focus(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        before = app.screen.query_one(KeyBar).text
        await press(pilot, "slash")
        assert "Clear" in app.screen.query_one(KeyBar).text
        await press(pilot, "escape")
        assert app.screen.query_one(KeyBar).text == before
