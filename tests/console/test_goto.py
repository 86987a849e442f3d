"""Going to a row of a long list: by its place, its key, or a time, from the keyboard."""

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from console.modals.goto import GotoPrompt
from models.queries import audit, exceptions, jobs, records
from models.queries.lab import ask
from models.store import Store
from models.tables import JobKind
from tests.console.lab import START, add_run, area, console, fill, press, record_id, settle, type_in


async def go(pilot: Pilot[Any], text: str) -> None:
    await press(pilot, "ctrl+g")
    await type_in(pilot, text)
    await press(pilot, "enter")


def said(app: Any) -> str:
    assert isinstance(app.screen, GotoPrompt)
    return str(app.screen.query_one(Static).render())


async def test_one_goes_to_a_place_a_key_and_back_with_esc(store: Store) -> None:
    fill(store, products=300)
    with store.read() as session:
        wanted = record_id(session, 1001, "Product 250")
    app = console(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        await go(pilot, "120")
        assert area(app).table.cursor == 119
        await go(pilot, wanted)
        row = area(app).table.cursor_row
        assert row is not None
        assert row.name == "Product 250"
        await press(pilot, "ctrl+g", "escape")
        assert area(app).table.cursor_row == row


async def test_what_there_is_not_is_told_and_what_was_typed_stays(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        await go(pilot, "999")
        assert "The list has 3 rows." in said(app)
        assert app.screen.query_one(Input).value == "999"
        await press(pilot, *("backspace",) * 3)
        await type_in(pilot, "some day")
        await press(pilot, "enter")
        assert "some day is no time" in said(app)
        await press(pilot, *("backspace",) * 8)
        await type_in(pilot, "2020-01-01")
        await press(pilot, "enter")
        assert "There is no such row in this list." in said(app)


async def test_a_list_of_runs_goes_to_a_time(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        for place in range(10, 30):
            add_run(write, 1001, pair.source.connection_id, JobKind.SEND, place, found=1)
    app = console(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        await go(pilot, "09:07")
        row = area(app).table.cursor_row
        assert row is not None
        assert f"{row.started_at:%H:%M}" == "09:05"


@pytest.mark.parametrize("name", ["jobs", "exceptions", "audit", "records"])
def test_every_long_list_finds_rows_by_key_and_by_time(store: Store, name: str) -> None:
    fill(store)
    lists: dict[str, Any] = {
        "jobs": jobs.listing(1001),
        "exceptions": exceptions.listing(1002),
        "audit": audit.listing(1001),
        "records": records.listing(1001, "product__v"),
    }
    listing = lists[name]
    now = START.replace(year=2027)

    def read(session: Any) -> None:
        total = listing.count(session)
        rows = listing.page(session, 0, total, total)
        key = rows[total // 2].key
        assert listing.go_to(session, key if isinstance(key, str) else f"#{key}", now) == key
        assert listing.go_to(session, "now", now) in {row.key for row in rows}
        assert listing.go_to(session, "1999-01-01", now) is None
        assert listing.go_to(session, "#999999", now) is None if name != "records" else True
        with pytest.raises(ValueError, match="no time"):
            listing.go_to(session, "nowhere", now)

    ask(store, read)


def test_the_last_row_up_to_a_time_is_meant(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        runs = [add_run(write, 1001, pair.source.connection_id, JobKind.SEND, place, found=1) for place in (10, 20)]
    for time, run in (("08:55", runs[0]), ("09:39", runs[0]), ("09:40", runs[1]), ("23:59", runs[1])):
        assert ask(store, jobs.listing(1001).go_to, time, START) == run


@pytest.mark.parametrize("keys", [("7",), ("8",), ("3", "l")], ids=["jobs", "audit", "queue log"])
async def test_a_list_with_the_newest_first_can_be_turned_round(store: Store, keys: tuple[str, ...]) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        table = area(app).table
        shown = [table._pages.row(place) for place in range(table.total)]
        await press(pilot, "s")
        assert [table._pages.row(place) for place in range(table.total)] == shown[::-1]
        await press(pilot, "s")
        assert [table._pages.row(place) for place in range(table.total)] == shown
