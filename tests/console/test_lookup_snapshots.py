"""How reference lookups look: their list, keys, missing keys, and the report of a mapping file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from models.store import Store
from tests.console.lab import console, fill, fill_lookups, press, settle
from tests.console.test_snapshots import SIZES
from tests.console.test_snapshots import still as still

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")

SCREENS = {
    "lookups": ("1", "l"),
    "keys": ("1", "l", "enter"),
    "missing": ("1", "l", "m"),
    "add-missing": ("1", "l", "m", "enter"),
    "report": ("1", "l", "l", "enter"),
}
ROWS = "used__c,other\nnew,[/foo]\nbad,\nnew,again\noften__c,frequent__c\n"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_of_lookups_looks_as_it_did(
    store: Store,
    snap_compare: Callable[..., bool],
    name: str,
    size: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "map.csv").write_text(f"source_key,note,target_key\n{ROWS.replace(',', ',,')}")
    fill(store)
    fill_lookups(store)

    async def open_screen(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *SCREENS[name])

    assert snap_compare(console(store, vault=1002), terminal_size=SIZES[size], run_before=open_screen)


def test_every_picture_of_lookups_belongs_to_a_test() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_lookup_snapshots"
    assert len(list(folder.iterdir())) == len(SCREENS) * len(SIZES)
