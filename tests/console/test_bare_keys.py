"""No single key destroys anything: whatever takes something away asks first."""

import contextlib
import sqlite3

import pytest
from textual.widgets import Button, Input

from console.modals.confirm import Confirm
from console.modals.dialog import Dialog, TypedName
from models.store import Store
from tests.console.lab import console, fill, fill_lookups, settle
from tests.console.walking import WAYS, every_opening, go, vault_of


def amounts(store: Store) -> dict[str, int]:
    """How many rows each table holds."""
    assert store.path is not None
    with contextlib.closing(sqlite3.connect(store.path)) as found:
        tables = [name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: found.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}


@pytest.mark.parametrize("name", WAYS)
async def test_a_key_takes_nothing_away_before_it_has_asked(store: Store, name: str) -> None:
    fill(store)
    fill_lookups(store)
    app = console(store, vault=vault_of(name))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        before = amounts(store)
        async for action in every_opening(pilot, name):
            after = amounts(store)
            assert {table for table in before if after[table] < before[table]} == set(), action
            before = after
            match app.screen:
                case TypedName():
                    assert isinstance(app.focused, Input), action
                    assert app.screen.query_one("#yes", Button).disabled, action
                case Confirm():
                    assert isinstance(app.focused, Button), action
                    assert app.focused.id == "no", action
                case Dialog():
                    assert isinstance(app.focused, Button), action
                    assert app.focused.variant != "warning", action


@pytest.mark.parametrize("name", ["connections", "queues", "records", "lookups"])
async def test_delete_alone_deletes_nothing_however_often_it_is_pressed(store: Store, name: str) -> None:
    fill(store)
    fill_lookups(store)
    app = console(store, vault=vault_of(name))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await go(pilot, name)
        before = amounts(store)
        await pilot.press("delete", "delete", "enter", "delete", "enter", "enter")
        await settle(pilot)
        after = amounts(store)
        assert {table for table in before if after[table] < before[table]} == set()
