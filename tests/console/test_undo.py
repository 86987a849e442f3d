"""Undo and Redo by keyboard: the question names the change, and nothing happens without a yes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from console.modals.picker import PickList
from console.modals.undo import UndoScreen
from models.services.integrations import set_integration_active
from models.services.queues import edit_queue
from models.store import Store
from models.tables import Queue
from tests.builders import ADMIN, OWNER, Pair, user
from tests.console.lab import area, console, fill, press, settle, type_in
from tests.console.test_connection_actions import said, told

SIZES = [(120, 40), (80, 24)]
SMALL = (80, 24)


def change(store: Store, pair: Pair, text: str, username: str = ADMIN) -> None:
    with store.write() as write:
        edit_queue(write, user(store, 1001, username), pair.source.queue_id, {"description": text})


def description(store: Store, pair: Pair) -> str:
    with store.read() as session:
        return session.get_one(Queue, pair.source.queue_id).description


def answers(app: Any) -> list[str]:
    return [str(button.label) for button in app.screen.query(Button) if button.display]


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_change_is_taken_back_and_done_again_by_keyboard(store: Store, size: tuple[int, int]) -> None:
    pair = fill(store)
    change(store, pair, "first")
    change(store, pair, "second")
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "U")
        assert isinstance(app.screen, UndoScreen)
        assert "Edit queue Lab Outbound" in said(app)
        assert f"{ADMIN}, 2026-01-05 08:00:00 UTC" in said(app)
        assert "description: second → first" in said(app)
        await press(pilot, "enter")
        assert description(store, pair) == "second"
        await press(pilot, "U", "left", "enter")
        assert "Taken back: Edit queue Lab Outbound." in told(app)
        assert description(store, pair) == "first"
        await press(pilot, "U", "left", "enter")
        assert description(store, pair) == ""
        await press(pilot, "U")
        assert "has changed nothing that could be taken back in Source" in said(app)
        assert answers(app) == ["Leave", "Other changes"]
        await press(pilot, "escape", "ctrl+r", "left", "enter")
        assert "Done again: Undo Edit queue Lab Outbound." in told(app)
        assert description(store, pair) == "first"


async def test_another_change_is_picked_from_the_list(store: Store) -> None:
    pair = fill(store)
    change(store, pair, "theirs", OWNER)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "U", "right", "enter")
        assert isinstance(app.screen, PickList)
        await type_in(pilot, "owner")
        await press(pilot, "enter", "left", "enter")
        assert description(store, pair) == ""


async def test_a_change_that_cannot_be_taken_back_says_why_and_offers_nothing(store: Store) -> None:
    pair = fill(store)
    change(store, pair, "mine")
    change(store, pair, "theirs", OWNER)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "U")
        assert "It cannot be taken back. This has changed since: Queue Lab Outbound: description" in said(app)
        assert OWNER in said(app)
        assert answers(app) == ["Leave", "Other changes"]


async def test_without_the_permission_of_the_change_it_is_not_offered(store: Store) -> None:
    pair = fill(store)
    change(store, pair, "mine")
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "U", "right", "enter", "enter")
        assert "The permission Admin: Spark Queues is missing." in said(app)
        assert answers(app) == ["Leave", "Other changes"]


async def test_a_read_only_console_takes_nothing_back(store: Store) -> None:
    pair = fill(store)
    change(store, pair, "mine")
    app = console(store, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "U")
        assert "This console is read-only" in told(app)
        assert area(app) is app.screen or not isinstance(app.screen, UndoScreen)


async def test_hostile_text_is_shown_and_not_obeyed(store: Store) -> None:
    pair = fill(store)
    change(store, pair, "[/foo] [@click=app.quit]x[/]")
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "U")
        assert "[/foo] [@click=app.quit]x[/]" in said(app)


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")
@pytest.mark.parametrize("size", SIZES, ids=["120x40", "80x24"])
def test_the_question_looks_as_it_did(
    store: Store, snap_compare: Callable[..., bool], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    pair = fill(store)
    with store.write() as write:
        set_integration_active(write, user(store, 1001), pair.source.integration_id, active=False)

    async def ask(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "1", "U")

    assert snap_compare(console(store), terminal_size=size, run_before=ask)


def test_every_picture_belongs_to_a_test() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_undo"
    assert len(list(folder.iterdir())) == len(SIZES)
