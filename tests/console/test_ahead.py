"""Screens that nobody has been to are made ready while nobody does anything."""

import pytest
from textual.pilot import Pilot

from console import ahead
from console.app import ConsoleApp
from console.areas import AREAS
from console.screens.area import AreaScreen
from models.store import Store
from tests.console.lab import area, console, fill, lines, press, settle


def made(app: ConsoleApp) -> set[str]:
    return set(app._screen_stacks)


async def wait_until_all_are_made(pilot: Pilot[None]) -> None:
    for _ in range(200):
        app = pilot.app
        assert isinstance(app, ConsoleApp)
        if made(app) == {item.name for item in AREAS} and app._made_ready is None:
            break
        await settle(pilot)
    await settle(pilot)


def eager(store: Store, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    monkeypatch.setattr(ahead.AheadApp, "AHEAD", True)
    monkeypatch.setattr(ahead, "QUIET", 0.02)
    return console(store)


async def test_screens_are_built_ahead_but_read_no_list_before_somebody_comes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    app = eager(store, monkeypatch)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_all_are_made(pilot)
        assert made(app) == {item.name for item in AREAS}
        hidden = [app._screen_stacks[name][0] for name in ("queues", "jobs", "messages")]
        tables = [screen.table for screen in hidden if isinstance(screen, AreaScreen)]
        assert len(tables) == 3
        assert not any(table.loaded or table.rows_in_memory for table in tables)
        await press(pilot, "7")
        assert area(app).table.total == 3
        assert "Send" in lines(area(app).table)[1]


async def test_no_screen_is_built_while_keys_are_pressed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    monkeypatch.setattr(ahead.AheadApp, "AHEAD", True)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        monkeypatch.setattr(ahead, "QUIET", 3600.0)
        await press(pilot, "j")
        before = made(app)
        app._make_ready()
        assert made(app) == before


async def test_a_screen_made_ahead_stands_as_one_that_is_made_when_somebody_comes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    late = console(store)
    async with late.run_test(size=(120, 40)) as pilot:
        await press(pilot, "7")
        shown = [strip.text for strip in late.screen._compositor.render_strips()]
    early = eager(store, monkeypatch)
    async with early.run_test(size=(120, 40)) as pilot:
        await wait_until_all_are_made(pilot)
        await press(pilot, "7")
        assert [strip.text for strip in early.screen._compositor.render_strips()] == shown
