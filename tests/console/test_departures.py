"""A source record deleted or inactivated by keyboard, and its target then, for each policy of an integration."""

from typing import Any

import pytest
from sqlalchemy import select
from textual.pilot import Pilot

from console.modals.dialog import Dialog
from console.modals.page import PageScreen
from models.services.integrations import set_integration_active
from models.store import Store
from models.tables import Record, table_of
from tests.builders import two_vaults
from tests.conftest import ManualClock
from tests.console.lab import area, console, lines, press, settle
from tests.console.test_connection_actions import WIDE, act, go_to_vault, said, told
from tests.console.test_design import enter, pick, transfer

_records = table_of(Record)


def target(store: Store) -> Any:
    """The target's one Product; None when it is gone."""
    with store.read() as session:
        return session.execute(select(_records).where(_records.c.vault_id == 1002)).one_or_none()


async def a_product_goes_over(pilot: Pilot[Any], store: Store, clock: ManualClock) -> None:
    await settle(pilot)
    await press(pilot, "6", "n", *"Cardolex", "tab", *"C1", "enter")
    transfer(store, clock)
    await settle(pilot)
    assert target(store).name == "Cardolex"


def page(app: Any) -> str:
    assert isinstance(app.screen, PageScreen)
    return app.screen.view.text


async def set_policy(pilot: Pilot[Any], policy: str) -> None:
    await go_to_vault(pilot, "target")
    await press(pilot, "2")
    await act(pilot, "settings")
    await pick(pilot, "delete_policy", policy)
    if policy == "is marked":
        await pick(pilot, "mark_field", "name__v")
        await enter(pilot, "mark_text", "{value} (deleted)")
    await press(pilot, "f2")
    await go_to_vault(pilot, "source")
    await press(pilot, "6")


@pytest.mark.parametrize(
    ("policy", "foretold", "name", "status"),
    [
        ("stays", "Target: Product Cardolex stays as it is, and gets no more updates", "Cardolex", "active__v"),
        ("is deleted", "Target: Product Cardolex is deleted (Product Integration)", None, None),
        ("inactivated", "Target: Product Cardolex is inactivated (Product Integration)", "Cardolex", "inactive__v"),
        ("is marked", "is marked: name__v = “{value} (deleted)”", "Cardolex (deleted)", "active__v"),
    ],
)
async def test_the_question_before_a_deletion_foretells_what_becomes_of_the_target(
    store: Store, clock: ManualClock, policy: str, foretold: str, name: str | None, status: str | None
) -> None:
    two_vaults(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await a_product_goes_over(pilot, store, clock)
        if policy != "stays":
            await set_policy(pilot, policy)
        await press(pilot, "delete")
        assert isinstance(app.screen, Dialog)
        assert foretold in " ".join(said(app).split())
        await press(pilot, "enter")
        assert area(app).table.total == 1
        await press(pilot, "delete", "tab", "enter")
        assert area(app).table.total == 0
        assert "The next send job sees it" in told(app)
        transfer(store, clock)
        await go_to_vault(pilot, "target")
        await press(pilot, "6")
        shown = area(app).pane.text if name else ""
        if name:
            # Whoever looks at the target learns what became of its source, in each of the three places.
            assert "Product" in shown
            assert "source in Source: Cardolex" in " ".join(shown.split())
            assert "was deleted at" in " ".join(shown.split())
            await press(pilot, "e")
            assert "Cardolex was deleted at" in " ".join(page(app).split())
            await press(pilot, "escape", "t")
            assert "Came from" in page(app)
            assert "deleted" in page(app)
    row = target(store)
    assert (row and row.name, row and row.status) == (name, status)
    assert (name or "") in shown


async def test_without_an_active_integration_the_target_stays_and_the_question_says_why(
    store: Store, clock: ManualClock
) -> None:
    pair = two_vaults(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await a_product_goes_over(pilot, store, clock)
        await set_policy(pilot, "is deleted")
        with store.write() as write:
            set_integration_active(write, pair.source.system, pair.source.integration_id, False)
        await press(pilot, "delete")
        assert "no active integration tells that Vault" in " ".join(said(app).split())
        await press(pilot, "escape", "n", *"Nolink", "tab", *"C2", "enter", "end", "delete")
        assert "No record of a connected Vault is linked with it" in said(app)


@pytest.mark.parametrize("follows", [True, False])
async def test_an_inactivated_record_reads_inactive_and_its_target_follows_where_the_integration_says_so(
    store: Store, clock: ManualClock, follows: bool
) -> None:
    two_vaults(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await a_product_goes_over(pilot, store, clock)
        if follows:
            await go_to_vault(pilot, "target")
            await press(pilot, "2")
            await act(pilot, "settings")
            await pick(pilot, "inactivates_targets", "yes")
            await press(pilot, "f2")
            await go_to_vault(pilot, "source")
            await press(pilot, "6")
        await press(pilot, "E")
        await pick(pilot, "status__v", "inactive")
        await press(pilot, "f2")
        assert "Inactive" in "".join(lines(area(app).table))
        transfer(store, clock)
    assert target(store).status == ("inactive__v" if follows else "active__v")
