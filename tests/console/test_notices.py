"""Notifications by keyboard: a badge counts what is new, the list leads to each place, and nothing rings."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.screens.connections import ConnectionsScreen
from console.screens.exceptions import ExceptionsScreen
from console.screens.noticing import NoticesScreen
from console.screens.queues import QueuesScreen
from console.widgets.bars import VaultBar
from models.services.integrations import set_integration_active
from models.services.queues import edit_queue, set_delivery_enabled
from models.store import Store
from tests.builders import OWNER, Pair, user
from tests.console.lab import area, console, fill, press, settle
from tests.console.test_connection_actions import told

SIZES = [(120, 40), (80, 24)]
SMALL = (80, 24)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.noticing.NOTICE_EVERY", 0.0)


def badge(app: Any) -> str:
    bar = app.screen.query_one(VaultBar)
    assert isinstance(bar, VaultBar)
    text = bar.text
    return text.split("  ")[0].strip() if text.startswith(" !") else ""


def page(app: Any) -> str:
    assert isinstance(app.screen, NoticesScreen)
    return app.screen.view.text


def hold(store: Store, pair: Pair) -> None:
    """Have the source's outbound queue hold the message that waits in it."""
    with store.write() as write:
        set_delivery_enabled(write, user(store, 1001), pair.source.queue_id, enabled=False)


@pytest.mark.parametrize("size", SIZES)
async def test_the_badge_counts_what_is_new_and_the_list_leads_to_it(store: Store, size: tuple[int, int]) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert badge(app) == ""
        hold(store, pair)
        await settle(pilot)
        assert badge(app) == "! 1"
        await press(pilot, "1", "exclamation_mark")
        assert "1 new" in page(app)
        assert "1 message waits in Lab Outbound, whose delivery is disabled." in " ".join(page(app).split())
        await press(pilot, "enter")
        assert isinstance(app.screen, QueuesScreen)
        assert area(app).table.cursor_row is not None
        assert badge(app) == ""
        await press(pilot, "exclamation_mark")
        assert "nothing new" in page(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, QueuesScreen)


async def test_all_are_marked_as_seen_at_once(store: Store) -> None:
    pair = fill(store)
    hold(store, pair)
    with store.write() as write:
        set_integration_active(write, pair.target.system, pair.target.integration_id, active=False)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert badge(app) == "! 2"
        await press(pilot, "exclamation_mark", "a")
        assert "nothing new" in page(app)
        assert "Product Integration of Lab Connection is active here and inactive in Target" in " ".join(
            page(app).split()
        )
        await press(pilot, "escape")
        assert badge(app) == ""
    other = console(store, user=OWNER)
    async with other.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert badge(other) == "! 2"


async def test_user_exceptions_open_the_list_that_was_counted(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        assert badge(app) == "! 1"
        await press(pilot, "1", "exclamation_mark", "enter")
        assert isinstance(app.screen, ExceptionsScreen)
        assert "of one connection" in "".join(text for text, _ in app.screen.list_title())


async def test_another_vault_has_its_own(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert badge(app) == ""
        app.use_vault(1002)
        await settle(pilot)
        assert badge(app) == "! 1"
        app.use_vault(1001)
        await settle(pilot)
        assert badge(app) == ""


async def test_what_is_new_in_another_vault_leads_there(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "exclamation_mark")
        assert "In Target  1 new" in page(app)
        assert "1 active user exception message of Lab Connection." in " ".join(page(app).split())
        await press(pilot, "enter")
        assert app.session.vault_id == 1002
        assert isinstance(app.screen, ExceptionsScreen)
        assert badge(app) == ""
        await press(pilot, "exclamation_mark")
        assert "nothing new" in page(app)


async def test_a_read_only_console_shows_them_and_marks_nothing(store: Store) -> None:
    pair = fill(store)
    hold(store, pair)
    app = console(store, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "exclamation_mark", "a")
        assert "read-only" in told(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, QueuesScreen)
        assert badge(app) == "! 1"


async def test_nothing_rings_unless_it_is_switched_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = fill(store)
    app = console(store)
    rung: list[str] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append("bell"))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        hold(store, pair)
        await settle(pilot)
        assert badge(app) == "! 1"
        assert rung == []
        assert told(app) == ""


async def test_the_badge_is_a_link(store: Store) -> None:
    pair = fill(store)
    hold(store, pair)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "1")
        assert isinstance(app.screen, ConnectionsScreen)
        await pilot.click(VaultBar, offset=(2, 0))
        await settle(pilot)
        assert isinstance(app.screen, NoticesScreen)


async def test_hostile_text_is_shown_and_not_obeyed(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        edit_queue(write, user(store, 1001), pair.source.queue_id, {"label": "[/foo] [@click=app.quit]x[/]"})
    hold(store, pair)
    app = console(store)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await press(pilot, "exclamation_mark")
        assert "1 message waits in [/foo] [@click=app.quit]x[/]" in " ".join(page(app).split())


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")
@pytest.mark.parametrize("size", SIZES, ids=["120x40", "80x24"])
def test_the_list_looks_as_it_did(
    store: Store, snap_compare: Callable[..., bool], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    pair = fill(store)
    hold(store, pair)
    with store.write() as write:
        set_integration_active(write, pair.target.system, pair.target.integration_id, active=False)

    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "1", "exclamation_mark")

    assert snap_compare(console(store), terminal_size=size, run_before=look)


def test_every_picture_belongs_to_a_test() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_notices"
    assert len(list(folder.iterdir())) == len(SIZES)
