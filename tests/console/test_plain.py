"""`--plain`: every character on the screen is ASCII, wherever one goes."""

from typing import Any

import pytest

from console.theme import SIGNS
from console.widgets.plain import ASCII, CheckBox
from models.store import Store
from tests.console.lab import console, fill, fill_lookups, press, settle
from tests.console.walking import WAYS, every_opening, go, picture, vault_of

WIDE = (120, 40)


@pytest.fixture(autouse=True)
def with_signs_again() -> Any:
    yield
    SIGNS.plain = False


def strangers(app: Any) -> set[str]:
    return {sign for sign in picture(app) if not sign.isascii()}


@pytest.mark.parametrize("name", WAYS)
async def test_a_screen_and_whatever_its_actions_open_is_drawn_in_ascii(store: Store, name: str) -> None:
    fill(store)
    fill_lookups(store)
    app = console(store, vault=vault_of(name), plain=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await go(pilot, name)
        assert not strangers(app)
        async for action in every_opening(pilot, name):
            assert not strangers(app), action


@pytest.mark.parametrize(
    "keys", [("x",), ("v",), ("colon",), ("f9",), ("question_mark",), ("ctrl+p",), ("f6",), ("u",)]
)
async def test_what_opens_anywhere_is_drawn_in_ascii(store: Store, keys: tuple[str, ...]) -> None:
    fill(store)
    app = console(store, plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        assert not strangers(app)


@pytest.mark.parametrize("severity", ["information", "warning", "error"])
async def test_a_notice_is_drawn_in_ascii(store: Store, severity: Any) -> None:
    fill(store)
    app = console(store, plain=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        app.tell("“Quoted” – and so on…", title="Title", severity=severity)
        await settle(pilot)
        assert '"Quoted" - and so on.' in picture(app)
        assert not strangers(app)


async def test_progress_is_read_by_its_signs(store: Store) -> None:
    from threading import Event

    from console.modals.progress import ProgressScreen

    fill(store)
    app = console(store, plain=True)
    begun, end = Event(), Event()

    def work(tell: Any, cancelled: Any) -> str:
        del cancelled
        tell("Half way", 0.5)
        begun.set()
        end.wait(20)
        return "done"

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.push_screen(ProgressScreen("Long work", work))
        while "50%" not in picture(app):
            await pilot.pause()
        bar = next(line for line in picture(app).splitlines() if "50%" in line)
        assert bar.count("-") == pytest.approx(bar.count("#"), abs=2)
        assert not strangers(app)
        end.set()
        await settle(pilot)


def test_a_check_box_says_by_its_sign_whether_it_is_marked() -> None:
    assert str(CheckBox("x", value=True)._button) == "[x]"
    assert str(CheckBox("x")._button) == "[ ]"


def test_each_sign_is_replaced_by_as_many_cells() -> None:
    from rich.cells import cell_len

    assert {chr(sign): plain for sign, plain in ASCII.items() if cell_len(chr(sign)) != len(plain)} == {}
    assert all(plain.isascii() for plain in ASCII.values())
