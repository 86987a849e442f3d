"""Tracing by keyboard, over records that really moved."""

import itertools
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.modals.page import PageScreen
from console.modals.picker import PickList
from console.screens.messages import MessagesScreen
from console.screens.records import RecordsScreen
from models.services.vaults import FieldSpec
from models.store import Store
from tests.builders import PRODUCT_FIELDS
from tests.conftest import ManualClock
from tests.console.lab import area, console, press, settle
from tests.console.test_snapshots import SIZES
from tests.console.test_snapshots import still as still
from tests.stages.lab import Lab, make_lab

WIDE = (120, 40)
drawn = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")


@pytest.fixture
def moved(store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Alpha arrived and was changed since; Beta cannot be applied."""
    numbers = itertools.count(1)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=0xA0000000 << 96 | next(numbers)))
    lab = make_lab(store, clock, target_fields=(FieldSpec("code__c", "Code", max_length=5), *PRODUCT_FIELDS[1:]))
    alpha = lab.create("Alpha [/foo]", code__c="A")
    lab.create("Beta", code__c="TOO-LONG")
    clock.advance(minutes=5)
    lab.transfer()
    clock.advance(minutes=5)
    lab.change(alpha, code__c="A2")
    return lab


def in_front(app: Any, kind: type[Any]) -> bool:
    """Whether the screen in front is of a kind; asked this way, nobody concludes that it stays so."""
    return isinstance(app.screen, kind)


def row(app: Any) -> Any:
    """The row under the cursor."""
    found = area(app).table.cursor_row
    assert found is not None
    return found


def page(app: ConsoleApp) -> str:
    assert isinstance(app.screen, PageScreen)
    return app.screen.view.text


async def go_into(pilot: Pilot[Any], words: str) -> None:
    """Move to the line of a page that holds these words, and follow it."""
    screen = pilot.app.screen
    assert isinstance(screen, PageScreen)
    for _ in range(60):
        line = screen.view.current
        if line is not None and words in "".join(text for text, _ in line.spans):
            await press(pilot, "enter")
            return
        await press(pilot, "down")
    pytest.fail(f"no line holds {words}")


async def trace_first(pilot: Pilot[Any]) -> None:
    """Trace the record that the list of records begins with."""
    await settle(pilot)
    await press(pilot, "6", "home", "t")


async def test_a_record_shows_its_way_through_both_vaults(moved: Lab) -> None:
    app = console(moved.store)
    async with app.run_test(size=WIDE) as pilot:
        await trace_first(pilot)
        text = page(app)
        for words in (
            "Alpha [/foo]",
            "Went to",
            "It has changed since it was last sent",
            "Lab Outbound, Source",
            "Lab Inbound, Target",
            "Send run",
            "Deliver run",
            "Receive run",
        ):
            assert words in text
        await press(pilot, "escape")
        assert in_front(app, RecordsScreen)


async def test_lines_of_a_trace_lead_to_message_run_and_target(moved: Lab) -> None:
    app = console(moved.store)
    async with app.run_test(size=WIDE) as pilot:
        await trace_first(pilot)
        await go_into(pilot, "Lab Inbound, Target")
        assert in_front(app, MessagesScreen)
        assert app.session.vault_id == 1002

        await press(pilot, "t")
        assert in_front(app, PickList)
        await press(pilot, *"Alpha", "enter")
        assert "Trace: " in str(app.screen.query_one("Vertical").border_title)
        await go_into(pilot, "Receive run")
        assert area(app).AREA == "jobs"
        assert row(app).kind == "receive"

        await press(pilot, "t", "enter")
        await go_into(pilot, "Target")
        assert area(app).AREA == "records"
        assert app.session.vault_id == 1002


async def test_a_target_record_is_traced_back(moved: Lab) -> None:
    app = console(moved.store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await trace_first(pilot)
        assert "Came from" in page(app)
        await go_into(pilot, "Alpha")
        assert app.session.vault_id == 1001


async def test_an_exception_leads_to_the_trace_of_its_record_and_back(moved: Lab) -> None:
    app = console(moved.store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "t")
        assert in_front(app, PickList)
        await press(pilot, "enter")
        assert "! Not applied to Product in Target, tried 1 time" in page(app)
        assert "8 characters are too many" in page(app)
        await go_into(pilot, "Not applied")
        assert area(app).AREA == "exceptions"


async def test_a_page_is_read_again_by_key(moved: Lab) -> None:
    app = console(moved.store)
    async with app.run_test(size=WIDE) as pilot:
        await trace_first(pilot)
        assert page(app).count("Send run") == 1
        moved.clock.advance(minutes=5)
        moved.transfer()
        await settle(pilot)
        await press(pilot, "r")
        assert page(app).count("Send run") == 2


@drawn
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["source", "failed", "target"])
def test_a_trace_looks_as_it_did(moved: Lab, snap_compare: Callable[..., bool], name: str, size: str) -> None:
    async def open_trace(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "6", "end" if name == "failed" else "home", "t")

    app = console(moved.store, vault=1002 if name == "target" else 1001)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=open_trace)


def test_every_picture_of_a_trace_belongs_to_a_test() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_trace"
    assert len(list(folder.iterdir())) == 3 * len(SIZES)
