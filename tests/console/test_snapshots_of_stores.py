"""Snapshots of the store in the console: saved while it runs, listed, deleted by their name."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.cli.opening import make_engine
from console.lab import OpenedLab
from console.modals.dialog import Dialog, TypedName
from console.modals.form import FormScreen
from console.modals.picker import PickList
from models.opening import open_store
from models.store import Store
from scheduler.clock import attach_lab
from scheduler.snapshots import save_snapshot, snapshots
from tests.builders import ADMIN
from tests.console.lab import area, console, fill, press, settle, type_in
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
        await press(pilot, "right", "enter")
        assert isinstance(front(app), TypedName)
        await type_in(pilot, "abc")
        await press(pilot, "enter", "enter")
        assert "Deleted the snapshot abc." in told(app)
    assert snapshots(store) == ()


def lab_of(path: Path, engines: list[Any]) -> OpenedLab:
    """What the program opens: the store in a file with its lab clock, and an engine."""
    opened = open_store(path)
    attach_lab(opened)

    def start() -> Any:
        made = make_engine(opened, generate=False)
        made.start()
        engines.append(made)
        return made

    return OpenedLab(opened, start)


def first_row(app: Any) -> Any:
    """The row under the cursor."""
    return area(app).table.cursor_row


async def wait_until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    for _ in range(600):
        await pilot.pause(0.02)
        if true():
            await settle(pilot)
            return
    raise AssertionError("it never came")


async def test_a_snapshot_is_put_back_while_the_console_stays_open(store: Store) -> None:
    fill(store)
    path = store.path
    assert path is not None
    store.close()
    engines: list[Any] = []
    app: Any = ConsoleApp(lambda: lab_of(path, engines), vault=1001, user=ADMIN, area="queues")
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.session.engine == "running")
        app.store.clock.pause()
        save_snapshot(app.store, "morning")
        then = app.store.clock.now()
        app.store.clock.step(timedelta(hours=30))
        await press(pilot, "a")
        await wait_until(pilot, lambda: first_row(app) is not None and not first_row(app).active)
        before = app.store
        await press(pilot, "f4", *"morning", "enter")
        assert isinstance(front(app), Dialog)
        await press(pilot, "right", "right", "enter")
        assert isinstance(front(app), TypedName)
        assert "before-restore" in said(app)
        assert front(app).query_one("#yes").disabled, "only its name puts it back"
        await type_in(pilot, "morning")
        await press(pilot, "enter", "enter")
        await wait_until(pilot, lambda: app.store not in (None, before) and app.session.engine == "running")
        assert "morning is back" in told(app)
        assert len(engines) == 2
        assert app.session.vault_id == 1001
        assert app.store.clock.now() - then < timedelta(hours=1), "the lab clock has gone back"
        await press(pilot, "3")
        await wait_until(pilot, lambda: first_row(app) is not None)
        assert first_row(app).active
        assert app.calls[0].call.endswith("snapshot restore morning")
        assert {one.name for one in snapshots(app.store)} == {"before-restore", "morning"}
        engines[-1].stop()
    app.store.close()


async def test_where_another_engine_runs_the_lab_stays_and_the_console_goes_on(store: Store) -> None:
    fill(store)
    path = store.path
    assert path is not None
    other = lab_of(path, [])
    save_snapshot(other.store, "morning")
    engine: Any = other.start_engine() if other.start_engine else None
    app: Any = ConsoleApp(lambda: lab_of(path, []), vault=1001, user=ADMIN, area="queues")
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await wait_until(pilot, lambda: app.session.engine == "viewer")
            await press(pilot, "f4", *"morning", "enter", "right", "right", "enter", *"morning", "enter", "enter")
            await wait_until(pilot, lambda: app.session.engine == "viewer" and "End it first" in told(app))
            await press(pilot, "3")
            assert area(app).table.cursor_row is not None
            app.engine.stop()
        app.store.close()
    finally:
        engine.stop()
        other.store.close()


async def test_a_read_only_console_saves_nothing(store: Store) -> None:
    fill(store)
    save_snapshot(store, "one")
    app = console(store, read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f4")
        assert "This console is read-only" in told(app)
