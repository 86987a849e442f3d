"""How everything looks, at a usual and at the smallest size: each screen, and whatever an action opens."""

import pkgutil
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

import console as room
from models.store import Store
from tests.console.gallery import PICTURES, front, same_world
from tests.console.lab import console, fill, fill_lookups, settle
from tests.console.walking import WAYS, every_opening, vault_of

# Pictures are compared character by character, so they are only held to on the Python that drew them.
drawn = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")

SIZES = {"120x40": (120, 40), "80x24": (80, 24)}
SHOWN = {picture.shows for picture in PICTURES.values()}


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.delenv("NO_COLOR", raising=False)


@drawn
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PICTURES)
def test_a_screen_looks_as_it_did(
    store: Store, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    same_world(monkeypatch, store)
    app = PICTURES[name].prepared(store)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=PICTURES[name].open)


@drawn
@pytest.mark.parametrize("look", ["vault-day", "plain"])
def test_it_can_be_light_and_it_can_do_without_signs(
    store: Store, snap_compare: Callable[..., bool], look: str
) -> None:
    fill(store)
    options: dict[str, Any] = {"plain": True} if look == "plain" else {"theme": look}
    assert snap_compare(console(store, **options), terminal_size=(80, 24), run_before=settle)


@drawn
def test_every_picture_belongs_to_a_test() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_snapshots"
    assert len(list(folder.iterdir())) == len(PICTURES) * len(SIZES) + 2


def kinds_of(base: type[Any]) -> set[type[Any]]:
    """All classes of the console that are derived from a class, directly or not."""
    direct = base.__subclasses__()
    ours = {kind for kind in direct if kind.__module__.startswith("console.")}
    return {*ours, *(kind for each in direct for kind in kinds_of(each))}


def test_every_kind_of_screen_has_a_picture() -> None:
    for module in pkgutil.walk_packages(room.__path__, "console."):
        import_module(module.name)
    ours = {kind for kind in kinds_of(Screen) if kind.__module__.startswith(("console.screens", "console.modals"))}
    final = {kind.__name__ for kind in ours if not kind.__subclasses__()}
    assert len(final) > 30
    assert final - {shown.partition(":")[0] for shown in SHOWN} == set()


@pytest.mark.parametrize("name", WAYS)
async def test_whatever_an_action_opens_has_a_picture(store: Store, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    same_world(monkeypatch, store)
    fill(store)
    fill_lookups(store)
    app = console(store, vault=vault_of(name))
    opened = set()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        async for _ in every_opening(pilot, name):
            opened.add(front(app))
    assert opened - SHOWN == set()
