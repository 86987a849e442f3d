"""Lists are saved and copied whole, whatever of them is on the screen; the screen itself is saved as a picture."""

import csv
import json
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event
from textual.widgets import Input

from console.doing.lists import NOTHING_SAVED, save_list, values_of
from console.modals.dialog import Dialog
from console.modals.form import FormScreen
from console.screens.frame import AreaFrame
from console.widgets.window_source import StoreSource
from models.queries.records import listing
from models.store import Store
from tests.console.lab import area, console, fill, press, settle
from tests.console.walking import WAYS, go

WIDE = (120, 40)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def products(store: Store) -> StoreSource:
    return StoreSource(store, lambda: listing(1001, "product__v"))


def quiet(_what: str, _part: float) -> None: ...


def test_all_rows_of_a_list_are_saved_however_many_pages_it_has(store: Store, here: Path) -> None:
    fill(store, products=2345)
    told: list[float] = []
    text = save_list(products(store), here / "all.csv", "csv", lambda _what, part: told.append(part), lambda: False)
    assert text == f"Saved 2,345 rows to {here / 'all.csv'}."
    with (here / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == 2345
    assert rows[0]["name"] == "Product 001"
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_json_holds_the_same_rows(store: Store, here: Path) -> None:
    fill(store)
    save_list(products(store), here / "all.json", "json", quiet, lambda: False)
    save_list(products(store), here / "all.csv", "csv", quiet, lambda: False)
    rows = json.loads((here / "all.json").read_text(encoding="utf-8"))
    with (here / "all.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [row["id"] for row in rows]
    assert len(rows) == 30
    assert rows[0]["modified_at"].endswith("Z")


def test_a_sorted_list_is_saved_in_its_order_by_one_statement(store: Store, here: Path) -> None:
    fill(store, products=2345)
    in_order = StoreSource(store, lambda: listing(1001, "product__v", sort="name", descending=True))
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    told: list[float] = []
    text = save_list(in_order, here / "all.csv", "csv", lambda _what, part: told.append(part), lambda: False)
    with (here / "all.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert text.startswith("Saved 2,345 rows")
    assert names == [f"Product {number:03}" for number in sorted(range(1, 2346), key="{:03}".format, reverse=True)]
    assert told
    assert len([statement for statement in asked if "LIMIT" not in statement and "count(" not in statement]) <= 3
    assert not any("OFFSET" in statement for statement in asked[3:])


def test_saving_a_sorted_list_can_be_cancelled(store: Store, here: Path) -> None:
    fill(store, products=300)
    in_order = StoreSource(store, lambda: listing(1001, "product__v", sort="name"))
    assert save_list(in_order, here / "all.csv", "csv", quiet, lambda: True) == NOTHING_SAVED
    assert list(here.glob("all*")) == []


def test_a_save_that_is_cancelled_leaves_no_file_and_the_old_one_as_it_was(store: Store, here: Path) -> None:
    fill(store, products=300)
    (here / "all.csv").write_text("before")
    stop = Event()

    def after_some(_what: str, _part: float) -> None:
        stop.set()

    assert save_list(products(store), here / "all.csv", "csv", after_some, stop.is_set) == NOTHING_SAVED
    assert [path.name for path in here.glob("all*")] == ["all.csv"]
    assert (here / "all.csv").read_text() == "before"


async def test_a_filtered_list_is_saved_as_it_is_filtered_and_what_is_there_is_not_lost(
    store: Store, here: Path
) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"Product 02", "enter")
        table = area(app).table
        listed = [table._pages.row(place).name for place in range(table.total)]  # type: ignore[union-attr]
        assert 1 < len(listed) < 30
        await press(pilot, "Y")
        assert isinstance(app.screen, FormScreen)
        assert app.screen.query_one(Input).value == str(here / "records.csv")
        await press(pilot, "enter")
        with (here / "records.csv").open(encoding="utf-8", newline="") as file:
            shown = [row["name"] for row in csv.DictReader(file)]
        assert shown == listed
        await press(pilot, "escape", "ctrl+e", "enter")
        assert [type(screen) for screen in app.screen_stack[-2:]] == [FormScreen, Dialog]
        await press(pilot, "enter")
        assert type(app.screen_stack[-1]) is FormScreen
        assert (here / "records.csv").read_text(encoding="utf-8").count("\n") == len(listed) + 1


async def test_a_folder_that_is_not_there_is_told_beside_the_field(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "ctrl+e")
        app.screen.query_one(Input).value = "/no/such/folder/x.csv"
        await press(pilot, "enter")
        assert isinstance(app.screen, FormScreen)
        assert "There is no folder /no/such/folder." in "".join(
            str(label.render()) for label in app.screen.query(".problem")
        )


@pytest.mark.parametrize("name", sorted(WAYS))
async def test_every_list_can_be_saved(store: Store, here: Path, name: str) -> None:
    fill(store)
    app = console(store, vault=1002 if name in ("exceptions", "design") else 1001)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        screen = await go(pilot, name)
        if not isinstance(screen, AreaFrame) or not screen.table.total:
            return
        source = screen.table.source
        assert source is not None
        text = save_list(source, here / "list.json", "json", quiet, lambda: False)
        assert text.startswith(f"Saved {screen.table.total:,} row")
        rows = json.loads((here / "list.json").read_text(encoding="utf-8"))
        assert len(rows) == screen.table.total
        save_list(source, here / "list.csv", "csv", quiet, lambda: False)


async def test_selected_rows_are_copied_all_and_in_the_order_of_the_list(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "down", "space", "up", "up", "space", "y")
        rows = [area(app).table._pages.row(place) for place in (0, 1)]
        assert app.clipboard.split("\n") == [str(row.key) for row in rows if row is not None]


async def test_a_picture_of_the_screen_is_saved_and_its_place_is_told(store: Store, here: Path) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f12")
        (path,) = here.glob("vault-console-*.svg")
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert "Lab&#160;Connection" in text
        assert any(str(path) in note.message for note in app._notifications)


def test_a_row_of_a_query_is_its_values() -> None:
    from console.doing.queries import AnswerRow

    assert values_of(AnswerRow(3, {"id": "V1", "name__v": None})) == {"id": "V1", "name__v": None}
