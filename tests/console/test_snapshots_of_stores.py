"""Snapshots of the store in the console: saved while it runs, listed, deleted by their name."""

from typing import Any

import pytest

from console.modals.dialog import Dialog, TypedName
from console.modals.form import FormScreen
from console.modals.picker import PickList
from models.store import Store
from scheduler.snapshots import save_snapshot, snapshots
from tests.console.lab import console, fill, press, settle, type_in
from tests.console.test_connection_actions import line, said, told


def front(app: Any) -> Any:
    """The screen in front."""
    return app.screen


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_snapshot_is_saved_shown_and_deleted(store: Store, size: tuple[int, int]) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "f4")
        assert isinstance(front(app), PickList)
        await press(pilot, "enter")
        assert isinstance(front(app), FormScreen)
        await type_in(pilot, "a b")
        await press(pilot, "f2")
        assert line(app, "name").has_class("-problem")
        await press(pilot, "backspace", "backspace", *"bc", "f2")
        assert "Saved the snapshot abc" in told(app)
        assert [one.name for one in snapshots(store)] == ["abc"]
        await press(pilot, "f4", "down", "enter")
        assert isinstance(front(app), Dialog)
        assert "vault-console snapshot restore abc" in said(app)
        await press(pilot, "right", "enter")
        assert isinstance(front(app), TypedName)
        await type_in(pilot, "abc")
        await press(pilot, "enter", "enter")
        assert "Deleted the snapshot abc." in told(app)
    assert snapshots(store) == ()


async def test_a_read_only_console_saves_nothing(store: Store) -> None:
    fill(store)
    save_snapshot(store, "one")
    app = console(store, read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f4")
        assert "This console is read-only" in told(app)
