"""A list without rows says why, and what to do next; nothing of it is cut."""

from typing import Any

import pytest

from console.screens.area import AreaScreen
from models.store import Store
from tests.builders import two_vaults
from tests.console.lab import area, console, lines, settle
from tests.console.walking import go

EMPTY = ("all messages", "messages", "queue log", "exceptions", "jobs", "lookups", "records")
"""Lists of which two Vaults that have just been connected hold nothing."""


def said(app: Any) -> str:
    """What an empty list says, its lines as one."""
    return " ".join(" ".join(lines(area(app).table)[1:]).split())


def every_list() -> list[type[AreaScreen]]:
    from console.routes import load_screens

    load_screens()
    found: list[type[AreaScreen]] = []
    waiting = [AreaScreen]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.AREA and kind.COLUMNS:
            found.append(kind)
    return found


def test_no_list_leaves_one_alone_with_nothing() -> None:
    lists = every_list()
    assert len(lists) > 12
    for kind in lists:
        assert any(sign in kind.EMPTY for sign in ("“", "Esc")), f"{kind.__name__} says what to do next"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_empty_list_names_the_key_that_fills_it(store: Store, size: tuple[int, int]) -> None:
    two_vaults(store)
    app: Any = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for name in EMPTY:
            await go(pilot, name)
            screen = area(app)
            assert screen.table.total == 0, name
            assert said(app) == screen.empty_text, name
            assert "{" not in said(app), name


async def test_a_filter_that_leaves_nothing_says_how_to_take_it_away(store: Store) -> None:
    two_vaults(store)
    app: Any = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("3", "slash", *"[/foo]{x}", "enter")
        await settle(pilot)
        assert said(app) == "No match for “[/foo]{x}”. Esc takes the filter away."
