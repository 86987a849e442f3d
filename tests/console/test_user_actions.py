"""User actions in the Records area: what there is, what cannot be done now and why, and what comes of it."""

from typing import Any

from console.modals.calls import CallsScreen
from console.modals.picker import PickList
from models.services.user_actions import perform_action
from models.store import Store
from tests.builders import user
from tests.console.gallery import acted_on
from tests.console.lab import area, console, fill, press, record_id, settle
from tests.console.test_connection_actions import WIDE, told
from tests.console.test_record_form import stored


def reason(app: Any) -> str:
    assert isinstance(app.screen, PickList)
    return str(app.screen.query_one("Reason").text)  # type: ignore[attr-defined]


def marketed(store: Store) -> str:
    return next(field.text for field in stored(store, "Product 001").fields if field.name == "marketed__c")


async def test_an_action_is_picked_and_performed_and_its_call_is_there(store: Store) -> None:
    fill(store)
    acted_on(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "a", *"withdraw", "enter")
        assert "Withdraw: done with V0A000000001002. The next send job sees it." in told(app)
        assert marketed(store) == "No"
        assert "Marketed" in area(app).pane.text
        await press(pilot, "a", *"withdraw")
        assert "This was done already." in reason(app)
        await press(pilot, "escape", ";")
        assert isinstance(app.screen, CallsScreen)
        assert app.calls[0].call.endswith("records act V0A000000001002 Withdraw")


async def test_an_action_that_cannot_be_done_says_why_and_is_not_done(store: Store) -> None:
    fill(store)
    acted_on(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "a", *"transfer", "enter")
        assert "Transfer to Quality is possible once Launch Date is 2026-01-05." in reason(app)
        await press(pilot, "escape", "a", *"market", "enter")
        assert "This was done already." in reason(app)
    assert marketed(store) == "Yes"


async def test_records_without_actions_say_so_and_in_the_list_of_all_actions_too(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "a")
        assert "Product has no user actions." in told(app)
        await press(pilot, "x", *"user actions")
        assert "Product has no user actions." in reason(app)


async def test_what_somebody_else_has_done_meanwhile_is_told_and_done_once(store: Store) -> None:
    fill(store)
    acted_on(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "a", *"withdraw")
        with store.write() as write:
            perform_action(write, user(store, 1001), record_id(write, 1001, "Product 001"), "Withdraw")
        await press(pilot, "enter")
        assert "Withdraw: this was done with V0A000000001002 already." in told(app)
