"""How every area looks, at a usual and at the smallest size."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from models.store import Store
from tests.console.lab import console, fill, press, settle

# Pictures are compared character by character, so they are only held to on the Python that drew them.
pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")

SIZES = {"120x40": (120, 40), "80x24": (80, 24)}
AREAS = {
    "home": ("0",),
    "connections": ("1",),
    "integrations": ("2",),
    "split": ("1", "S"),
    "queues": ("3",),
    "messages": ("3", "enter"),
    "certificates": ("4",),
    "exceptions": ("5",),
    "records": ("6",),
    "jobs": ("7",),
    "form": ("6", "E"),
    "vaults": ("v",),
    "actions": ("5", "x"),
    "help": ("6", "question_mark"),
    "audit": ("8",),
    "queue-log": ("3", "l"),
    "connection-form": ("1", "n", "v", "enter"),
    "connection-stats": ("1", "h"),
    "design": ("2", "enter", "down"),
    "field-rule-form": ("2", "enter", "down", "n", "enter"),
}
IN_TARGET = {"exceptions", "integrations", "design", "field-rule-form"}


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", AREAS)
def test_an_area_looks_as_it_did(store: Store, snap_compare: Callable[..., bool], name: str, size: str) -> None:
    fill(store)

    async def open_area(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *AREAS[name])

    app = console(store, vault=1002 if name in IN_TARGET else 1001)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=open_area)


@pytest.mark.parametrize("look", ["vault-day", "plain"])
def test_it_can_be_light_and_it_can_do_without_signs(
    store: Store, snap_compare: Callable[..., bool], look: str
) -> None:
    fill(store)
    options: dict[str, Any] = {"plain": True} if look == "plain" else {"theme": look}
    assert snap_compare(console(store, **options), terminal_size=(80, 24), run_before=settle)


def test_every_picture_belongs_to_a_test() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_snapshots"
    assert len(list(folder.iterdir())) == len(AREAS) * len(SIZES) + 2
