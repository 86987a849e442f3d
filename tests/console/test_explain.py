"""Explain and dry run by keyboard, from a record, a message, an exception and an integration."""

from textual.pilot import Pilot

from console.app import ConsoleApp
from console.modals.page import PageScreen
from console.screens.records import RecordsScreen
from models.store import Store
from scheduler import deliver, receive, send
from scheduler.scope import Scope
from tests.builders import build_pair
from tests.conftest import ManualClock
from tests.console.lab import area, console, press, settle
from tests.console.test_connection_actions import WIDE
from tests.explain.test_rehearsal import LOOSE, STRICT
from tests.stages.lab import Lab


def moved(store: Store, clock: ManualClock) -> tuple[Lab, str, str]:
    """A lab in which one Product has arrived and one was refused."""
    lab = Lab(store, clock, build_pair(store, source_fields=LOOSE, target_fields=STRICT))
    good, bad = lab.create("Good", code__c="OK"), lab.create("Bad", code__c="TOO-LONG")
    for stage, vault_id in ((send, 1001), (deliver, 1001), (receive, 1002)):
        stage.run_once(store, clock, Scope(vault_id))
    return lab, good, bad


def page(app: ConsoleApp) -> str:
    assert isinstance(app.screen, PageScreen)
    return app.screen.view.text


async def to_vault(pilot: Pilot[None], name: str) -> None:
    await press(pilot, "v", *name, "enter")


async def test_e_explains_a_record_and_enter_goes_to_its_target(store: Store, clock: ManualClock) -> None:
    lab, good, _ = moved(store, clock)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"Good", "enter", "e")
        text = page(app)
        assert good in text
        assert "Link" in text
        assert "rule code__c; code__c = OK" in text
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, RecordsScreen)
        row = area(app).table.cursor_row
        assert row is not None
        assert row.key == lab.targets()[0]["id"]
        assert app.session.vault_id == 1002


async def test_e_explains_an_exception_and_d_rehearses_its_retry(store: Store, clock: ManualClock) -> None:
    lab, _, bad = moved(store, clock)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "e")
        text = page(app)
        assert bad in text
        assert "stops here" in text
        assert "at most 3" in text
        await press(pilot, "escape", "d")
        assert "Would fail" in page(app)
        lab.change(bad, code__c="FIT")
        await press(pilot, "r")
        assert "Would be created" in page(app)
        await press(pilot, "escape")
    assert len(lab.targets()) == 1


async def test_e_explains_a_message(store: Store, clock: ManualClock) -> None:
    _, good, bad = moved(store, clock)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "m", "e")
        text = page(app)
        assert good in text
        assert bad in text


async def test_d_rehearses_an_integration_and_nothing_happens(store: Store, clock: ManualClock) -> None:
    lab, _, _ = moved(store, clock)
    clock.advance(minutes=5)
    lab.create("Newer", code__c="N")
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "d")
        text = page(app)
        assert "nothing was changed" in text
        assert "Newer" in text
        await press(pilot, "escape")
    assert len(lab.targets()) == 1


async def test_d_rehearses_one_point_from_any_of_its_parts(store: Store, clock: ManualClock) -> None:
    lab, _, _ = moved(store, clock)
    clock.advance(minutes=5)
    lab.create("Newer", code__c="N")
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "enter", "end", "d")
        text = page(app)
        assert "nothing was changed" in text
        assert "Newer" in text
        assert "Product Inbound" in str(app.screen.query_one("Vertical").border_title)
        await press(pilot, "escape")
    assert len(lab.targets()) == 1
