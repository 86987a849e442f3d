"""The catalogue on screen: every standard connection, how it stands here, and the way to it."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.app import ConsoleApp
from console.modals.page import PageScreen
from console.screens.area import AreaScreen
from console.screens.catalogue import CatalogueScreen
from console.screens.connections import ConnectionsScreen
from console.screens.integrations import IntegrationsScreen
from models.store import Store
from tests.catalogue.lab import CatalogueLab
from tests.console.lab import console, fill, press, settle
from tests.console.test_snapshots import SIZES
from tests.console.test_snapshots import still as still

pictures = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")


ADMIN = "admin@verteo.example"


def screen(app: ConsoleApp) -> CatalogueScreen:
    assert isinstance(app.screen, CatalogueScreen)
    return app.screen


def row_of(app: ConsoleApp, kind: type[AreaScreen]) -> Any:
    """The row under the cursor of the list that is shown, which is one of this kind."""
    assert isinstance(app.screen, kind)
    return app.screen.table.cursor_row


def lab(store: Store) -> CatalogueLab:
    return CatalogueLab.of(store, "ecoa_clinops")


async def test_the_connections_of_this_vault_come_first_and_all_others_below(store: Store) -> None:
    vault = lab(store).vaults["ecoa"]
    app = console(store, vault=vault, user=ADMIN)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "K")
        text = screen(app).view.text
        here, others = text.split("For other Vaults")
        assert "With a record in eCOA" in here
        assert "eCOA/Clinical Operations Connection ↔ Clinical Operations  ● Active" in here
        assert "any Clinical Operations application, eCOA" in here
        assert "Quality-RIM" in others
        assert "needs Product Transfer, supersedes Variation Management" in others


async def test_enter_goes_to_the_connection_and_to_the_integration(store: Store) -> None:
    vault = lab(store).vaults["ecoa"]
    app = console(store, vault=vault, user=ADMIN)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "K", "enter")
        assert row_of(app, ConnectionsScreen).api_name == "epro_clinops_connection__v"
        await press(pilot, "K", "down", "enter")
        assert row_of(app, IntegrationsScreen).name == "Study Data"


async def test_what_is_not_here_opens_its_page_with_documented_and_assumed_told_apart(store: Store) -> None:
    vault = lab(store).vaults["ecoa"]
    app = console(store, vault=vault, user=ADMIN)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "K", "i")
        assert isinstance(app.screen, PageScreen)
        text = app.screen.view.text
        assert "Documented" in text
        assert "Assumed" in text
        assert "epro_clinops_connection__v" in text
        assert "Connect to Vault eCOA is Yes on the Study." in text
        await press(pilot, "escape")
        await press(pilot, "G", "enter")
        assert isinstance(app.screen, PageScreen)


async def test_a_word_narrows_the_catalogue_and_escape_shows_all_again(store: Store) -> None:
    vault = lab(store).vaults["ecoa"]
    app = console(store, vault=vault, user=ADMIN)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "K", "slash")
        app.screen.query_one(Input).value = "Change Control"
        await press(pilot, "enter")
        text = screen(app).view.text
        assert "Quality-RIM" in text
        assert "eCOA" not in text
        await press(pilot, "escape")
        assert "eCOA" in screen(app).view.text
        await press(pilot, "slash")
        app.screen.query_one(Input).value = "nothing like it"
        await press(pilot, "enter")
        assert "No standard connection has “nothing like it” in it." in screen(app).view.text


async def test_it_is_reached_by_name_and_says_where_one_is(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"cat", "enter")
        assert [name for name, _ in screen(app).crumbs()][-1] == "Catalogue"
        await press(pilot, "K")
        assert len([one for one in app.screen_stack if isinstance(one, CatalogueScreen)]) == 1


@pictures
@pytest.mark.parametrize("size", SIZES)
def test_the_catalogue_looks_as_it_did(store: Store, snap_compare: Callable[..., bool], size: str) -> None:
    vault = lab(store).vaults["ecoa"]

    async def show(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "K", "slash")
        pilot.app.screen.query_one(Input).value = "eCOA"
        await press(pilot, "enter")

    assert snap_compare(console(store, vault=vault, user=ADMIN), terminal_size=SIZES[size], run_before=show)
