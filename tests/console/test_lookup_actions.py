"""Reference lookups by keyboard: lists, keys, missing keys, mapping files."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert, update
from textual.pilot import Pilot
from textual.widgets import Button, Checkbox, Input

from console.app import ConsoleApp
from console.doing.files import list_folder
from console.modals.confirm import Confirm
from console.modals.file_chooser import FileChooser
from console.modals.form import FormScreen
from console.modals.load_report import LoadReportScreen
from console.modals.picker import PickList
from console.screens.connections import ConnectionsScreen
from console.screens.lookup_keys import LookupKeysScreen, MissingKeysScreen
from console.screens.lookups import LookupsScreen
from console.targets import Goto
from console.widgets.detail_view import DetailView
from models.feed import Topic
from models.services.lookups import target_keys
from models.store import Store
from models.tables import ReferenceLookup, ReferenceLookupKey, ReferenceLookupMiss, table_of
from tests.console.lab import START, area, console, fill, fill_lookups, lines, press, settle
from tests.console.test_connection_actions import line, said, told

WIDE = (120, 44)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def in_front(app: Any, kind: type[Any]) -> bool:
    """Whether the screen in front is of a kind; asked this way, nobody concludes that it stays so."""
    return isinstance(app.screen, kind)


def row(app: Any) -> Any:
    """The row under the cursor."""
    found = area(app).table.cursor_row
    assert found is not None
    return found


def pairs(store: Store, lookup_id: int) -> dict[str, str]:
    with store.read() as session:
        return target_keys(session, lookup_id)


def target(store: Store, **options: Any) -> ConsoleApp:
    return console(store, vault=1002, **options)


async def open_lookups(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await press(pilot, "1", "l")
    assert in_front(pilot.app, LookupsScreen)


async def open_keys(pilot: Pilot[Any]) -> None:
    await open_lookups(pilot)
    await press(pilot, "enter")
    assert in_front(pilot.app, LookupKeysScreen)


async def fill_in(pilot: Pilot[Any], **values: str) -> None:
    """Type into the fields of the form in front, and save."""
    assert in_front(pilot.app, FormScreen)
    for name, value in values.items():
        field = line(pilot.app, name)
        field.editor.focus()
        await pilot.pause()
        field.query_one(Input).value = value
    await press(pilot, "f2")


def report(app: Any) -> str:
    return str(app.screen.query_one("#report", DetailView).text)


async def test_a_connection_lists_its_lookups_and_a_line_leads_to_one(store: Store) -> None:
    fill(store)
    first, second = fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "1")
        assert "Reference Lookups" in area(app).pane.text
        assert "Codes" in area(app).pane.text

        await press(pilot, "l")
        shown = "\n".join(lines(area(app).table))
        assert "Codes" in shown
        assert "!2" in shown
        assert row(app).key == first

        await press(pilot, "escape")
        assert in_front(app, ConnectionsScreen)
        app.go_to(Goto("lookups", second, within=2))
        await settle(pilot)
        assert in_front(app, LookupsScreen)
        assert row(app).key == second


async def test_the_details_of_a_lookup_name_missing_and_unused_keys(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        text = area(app).pane.text
        assert "Expanded Access" in text
        assert "No field rule uses it" in text
        assert "unused__c" in text


async def test_generic_and_object_lookups_are_created_by_form(store: Store) -> None:
    fill(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        await press(pilot, "n")
        assert in_front(app, PickList)
        await press(pilot, "enter")
        await fill_in(pilot, name="Country", api_name="country")
        assert row(app).api_name == "country__c"

        await press(pilot, "n", *"obj", "enter")
        await fill_in(pilot, name="Product Code", api_name="product_code")
        assert "This is needed" in said(app) or isinstance(app.screen, FormScreen)
        field = line(app, "target_object").editor
        field.put("product__v", "Product")  # type: ignore[attr-defined]
        line(app, "target_key_field").editor.put("code__c", "Code")  # type: ignore[attr-defined]
        await press(pilot, "f2")
        assert area(app).table.total == 2
    with store.read() as session:
        rows = session.execute(table_of(ReferenceLookup).select().order_by(table_of(ReferenceLookup).c.id)).all()
    assert [(row.api_name, row.target_object, row.target_key_field) for row in rows] == [
        ("country__c", None, None),
        ("product_code__c", "product__v", "code__c"),
    ]


async def test_a_lookup_is_edited_and_deleted_after_a_question(store: Store) -> None:
    fill(store)
    _first, second = fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        await press(pilot, "e")
        await fill_in(pilot, name="[/foo] Codes")
        assert row(app).name == "[/foo] Codes"

        await press(pilot, "home")
        assert row(app).key == second
        await press(pilot, "delete")
        assert in_front(app, Confirm)
        await press(pilot, "escape")
        assert area(app).table.total == 2
        await press(pilot, "delete", "right", "enter")
        assert area(app).table.total == 1


async def test_keys_are_added_edited_and_removed(store: Store) -> None:
    fill(store)
    lookup, _ = fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_keys(pilot)
        await press(pilot, "n")
        await fill_in(pilot, source_key="U.S.", target_key="United States")
        assert pairs(store, lookup)["U.S."] == "United States"

        await press(pilot, "slash", *"U.S", "enter")
        await press(pilot, "e")
        await fill_in(pilot, target_key="USA")
        assert pairs(store, lookup)["U.S."] == "USA"

        await press(pilot, "delete", "right", "enter")
        assert "U.S." not in pairs(store, lookup)


async def test_only_unused_keys_can_be_listed(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_keys(pilot)
        assert area(app).table.total == 3
        await press(pilot, "o")
        assert [row(app).key, area(app).table.total] == ["unused__c", 1]


async def test_a_missing_key_is_added_at_once(store: Store) -> None:
    fill(store)
    lookup, _ = fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        await press(pilot, "m")
        assert in_front(app, MissingKeysScreen)
        assert row(app).key == "Expanded Access"

        await press(pilot, "enter")
        assert line(app, "source_key").value == "Expanded Access"
        await fill_in(pilot, target_key="expanded__c")
        assert pairs(store, lookup)["Expanded Access"] == "expanded__c"
        assert area(app).table.total == 1

        await press(pilot, "m")
        assert in_front(app, LookupKeysScreen)
        assert area(app).table.total == 4
        await press(pilot, "m", "f", "enter")
        assert area(app).table.total == 1
        await press(pilot, "f", "right", "enter")
        assert area(app).table.total == 0


async def test_a_mapping_file_shows_what_it_would_do_before_it_is_loaded(store: Store, own_folder: Path) -> None:
    fill(store)
    lookup, _ = fill_lookups(store)
    (own_folder / "map.csv").write_text("source_key,target_key\nused__c,other\nnew [/foo],x\nbad,\n")
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        await press(pilot, "l")
        assert in_front(app, FileChooser)
        await press(pilot, "enter")
        assert in_front(app, LoadReportScreen)
        assert "Line 4" in report(app)
        assert "target_key: This is needed." in report(app)
        assert "new [/foo]" in report(app)
        assert len(pairs(store, lookup)) == 3

        app.screen.query_one("#all", Checkbox).toggle()
        await settle(pilot)
        assert app.screen.query_one("#load", Button).disabled
        await press(pilot, "f2")
        assert in_front(app, LoadReportScreen)
        app.screen.query_one("#all", Checkbox).toggle()
        await press(pilot, "tab", "shift+tab", " ")
        assert app.screen.query_one("#replace", Checkbox).value
        assert "Removed" in report(app)
        await press(pilot, "f2")

        assert in_front(app, LookupsScreen)
        assert "Loaded: 1 added, 1 changed, 1 refused, 2 removed." in told(app)
    assert pairs(store, lookup) == {"used__c": "other", "new [/foo]": "x"}


async def test_leaving_the_report_loads_nothing(store: Store, own_folder: Path) -> None:
    fill(store)
    lookup, _ = fill_lookups(store)
    before = pairs(store, lookup)
    (own_folder / "map.csv").write_text("source_key,target_key\na,b\n")
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_keys(pilot)
        await press(pilot, "l", "enter", "escape")
        assert in_front(app, LookupKeysScreen)
    assert pairs(store, lookup) == before


async def test_a_file_that_is_no_mapping_file_is_told_of_with_its_line(store: Store, own_folder: Path) -> None:
    fill(store)
    fill_lookups(store)
    (own_folder / "map.csv").write_bytes(b"source_key,target_key\na,\xff\n")
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_keys(pilot)
        await press(pilot, "l", "enter")
        assert "Line 2: this is not UTF-8 text." in told(app)


async def test_an_export_is_saved_and_asks_before_it_replaces(store: Store, own_folder: Path) -> None:
    fill(store)
    fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        await press(pilot, "w", "f2")
        saved = own_folder / "codes__c.csv"
        assert saved.read_bytes().startswith(b"source_key,target_key\r\n")
        await press(pilot, "w", "f2")
        assert "Replace the file?" in str(app.screen.query_one("Vertical").border_title)


async def test_a_user_without_manage_connections_looks_and_changes_nothing(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app = console(store, vault=1002, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await open_keys(pilot)
        for key in ("n", "e", "delete", "l"):
            await press(pilot, key)
            assert in_front(app, LookupKeysScreen)
        assert "read-only" in told(app)


async def test_counts_follow_what_a_receive_run_counts(store: Store) -> None:
    fill(store)
    lookup, _ = fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_keys(pilot)
        keys, misses = table_of(ReferenceLookupKey), table_of(ReferenceLookupMiss)
        with store.write() as write:
            write.execute(update(keys).where(keys.c.source_key == "unused__c").values(uses=5, last_used_at=START))
            write.execute(insert(misses).values(lookup_id=lookup, source_key="fresh", misses=1, last_missed_at=START))
            write.changed(Topic.JOBS, 1002)
        await settle(pilot)
        await press(pilot, "end")
        assert "5" in area(app).pane.text
        await press(pilot, "m")
        assert area(app).table.total == 3


async def test_what_was_made_comes_under_the_cursor_and_needs_no_api_name(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        assert row(app).name == "Codes"
        await press(pilot, "n", *"generic", "enter")
        await fill_in(pilot, name="Site Timezones")
        assert row(app).name == "Site Timezones"
        assert row(app).api_name == "site_timezones__c"
        await press(pilot, "enter", "n")
        await fill_in(pilot, source_key="b", target_key="two")
        await press(pilot, "n")
        await fill_in(pilot, source_key="a", target_key="one")
        assert row(app).key == "a"
        await press(pilot, "down", "e")
        await fill_in(pilot, source_key="c")
        assert row(app).key == "c"


async def test_what_says_that_there_is_nothing_is_not_cut_off(store: Store) -> None:
    fill(store)
    fill_lookups(store)
    app = target(store)
    async with app.run_test(size=(100, 40)) as pilot:
        await open_lookups(pilot)
        await press(pilot, "down")
        assert all(len(text) <= area(app).pane.size.width for text in area(app).pane.text.splitlines())
        assert "it was asked for" in " ".join(area(app).pane.text.split())


async def test_a_path_that_is_typed_while_its_folder_is_read_stays(
    store: Store, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    fill_lookups(store)
    (own_folder / "map.csv").write_text("source_key,target_key\nused__c,other\n")
    typed = Event()

    def list_slowly(folder: Path, suffix: str) -> Any:
        assert typed.wait(30)
        return list_folder(folder, suffix)

    monkeypatch.setattr("console.doing.files.list_folder", list_slowly)
    app = target(store)
    async with app.run_test(size=WIDE) as pilot:
        await open_lookups(pilot)
        await pilot.press("l")
        while not in_front(app, FileChooser):
            await pilot.pause()
        await pilot.press(*"map.c")
        typed.set()
        await settle(pilot)
        assert app.screen.query_one(Input).value == "map.c"
        await press(pilot, "enter")
        assert in_front(app, LoadReportScreen)
