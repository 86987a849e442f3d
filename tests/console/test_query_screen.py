"""The VQL screen: a query is asked, its rows read, described, exported, remembered; trouble is shown at its place."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.doing.queries import history, remember
from console.modals.picker import PickList
from console.screens.query import QueryScreen
from console.screens.records import RecordsScreen
from models.store import Store
from tests.console.lab import console, fill, lines, press, settle
from tests.console.test_snapshots import SIZES
from tests.console.test_snapshots import still as still

pictures = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pictures were drawn on Python 3.11")
QUERY = "SELECT id, name__v, strength__c FROM product__v ORDER BY name__v"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The history of queries is not that of the account."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def screen(app: ConsoleApp) -> QueryScreen:
    assert isinstance(app.screen, QueryScreen)
    return app.screen


async def ask(pilot: Pilot[Any], text: str) -> QueryScreen:
    """Open the screen, type a query, and ask it."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    await settle(pilot)
    if not isinstance(app.screen, QueryScreen):
        await press(pilot, "f8")
    screen(app).editor.text = text
    screen(app).editor.focus()
    await press(pilot, "enter")
    return screen(app)


def trouble(shown: QueryScreen) -> str:
    line = shown.query_one("#query-trouble")
    return str(line.render()) if line.display else ""


async def test_a_typed_query_is_answered_in_a_list_with_the_row_beside_it(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        shown = await ask(pilot, QUERY)
        assert lines(shown.table)[0].split() == ["id", "name__v", "strength__c"]
        assert lines(shown.table)[1].split()[-3:] == ["Product", "001", "1"]
        assert shown.table.total == 30
        assert shown.table.has_focus
        assert "Product 001" in shown.pane.text
        await press(pilot, "d")
        assert "Strength" in shown.pane.text
        assert "Number" in shown.pane.text
        await press(pilot, "d", "down")
        assert "Product 002" in shown.pane.text


async def test_the_screen_is_found_by_name_and_left_by_escape(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"vql", "enter")
        assert screen(app).editor.has_focus
        await press(pilot, "f8", "escape", "escape")
        assert isinstance(app.screen, RecordsScreen)


async def test_a_query_is_begun_with_all_fields_of_an_object(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f8")
        assert "“n”, begins one." in "".join(lines(screen(app).table))
        await press(pilot, "escape", "n", *"product", "enter")
        text = screen(app).editor.text
        assert text.startswith("SELECT id, name__v, ")
        assert text.endswith(" FROM product__v")
        assert "code__c" in text
        await press(pilot, "enter")
        assert screen(app).table.total == 30
        await press(pilot, "d")
        # Names stay whole beside their labels, however narrow the pane.
        assert "modified_date__v" in screen(app).pane.text


async def test_a_refused_query_says_why_and_puts_the_cursor_there(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await ask(pilot, "SELECT id\nFROM product__v WHERE nothing__v = 5")
        assert "INVALID_DATA (line 2, position 23)" in trouble(shown)
        assert "[nothing__v] is not a queryable field" in trouble(shown)
        assert shown.editor.cursor_location == (1, 22)
        assert shown.editor.has_focus
        shown = await ask(pilot, QUERY)
        assert not trouble(shown)


async def test_what_a_user_may_not_read_is_refused(store: Store) -> None:
    fill(store)
    from models.services.vaults import create_profile, create_user

    with store.write() as write:
        create_profile(write, 1001, "Nothing", [])
        create_user(write, 1001, "nobody@lab.example.com", "No", "Body", "Nothing")
    app = console(store, user="nobody@lab.example.com")
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await ask(pilot, QUERY)
        assert "INSUFFICIENT_ACCESS" in trouble(shown)
        assert "Object: product__v: Read" in trouble(shown)


async def test_thousands_of_rows_are_read_a_page_at_a_time(store: Store) -> None:
    fill(store, products=1_500)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await ask(pilot, QUERY)
        assert shown.table.total == 1_500
        assert shown.table.rows_in_memory < 600
        await press(pilot, "G")
        row: Any = shown.table.cursor_row
        assert row.values["name__v"] == "Product 999"
        shown = await ask(pilot, f"{QUERY} SKIP 10 PAGESIZE 250 PAGEOFFSET 5")
        assert shown.table.total == 250
        row = shown.table.cursor_row
        assert row.values["strength__c"] == 16


async def test_all_rows_are_written_as_csv(store: Store, own_folder: Path) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, "SELECT name__v, status__v, marketed__c, link__sys FROM product__v ORDER BY name__v")
        await press(pilot, "w", "enter")
        await press(pilot, "ctrl+s")
    written = (own_folder / "product__v.csv").read_bytes().decode().split("\r\n")
    assert written[:2] == ["name__v,status__v,marketed__c,link__sys", "Product 001,active__v,true,"]
    assert len(written) == 32


async def test_queries_are_remembered_and_taken_up_again(store: Store) -> None:
    fill(store)
    remember("SELECT id FROM product__v")
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await ask(pilot, QUERY)
        assert history() == (QUERY, "SELECT id FROM product__v")
        await press(pilot, "h")
        assert isinstance(app.screen, PickList)
        await press(pilot, "down", "enter")
        assert shown.editor.text == "SELECT id FROM product__v"
        await press(pilot, "ctrl+up")
        assert shown.editor.text == QUERY


async def test_a_row_with_an_id_leads_to_its_record(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await ask(pilot, f"{QUERY} DESC")
        await press(pilot, "o")
        assert isinstance(app.screen, RecordsScreen)
        row: Any = app.screen.table.cursor_row
        assert row.name == "Product 030"


async def test_the_store_is_not_read_while_a_query_is_being_typed(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f8")
        seen: list[str] = []
        event.listen(store.engine, "before_cursor_execute", lambda *heard: seen.append(heard[2]))
        await press(pilot, *"SELECT")
        assert not [text for text in seen if " record" in text]


SCREENS = {
    "empty": "",
    "rows": "SELECT id, name__v, status__v, strength__c, modified_date__v FROM product__v ORDER BY name__v",
    "refused": "SELECT id, name__v FROM product__v ORDER name__v",
}


@pictures
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_the_vql_screen_looks_as_it_did(store: Store, snap_compare: Callable[..., bool], name: str, size: str) -> None:
    fill(store)

    async def open_screen(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "f8")
        if SCREENS[name]:
            await ask(pilot, SCREENS[name])

    assert snap_compare(console(store), terminal_size=SIZES[size], run_before=open_screen)
