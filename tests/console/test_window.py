"""A window over a long list: any page from anywhere, and a cursor that stays on its row."""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from console.widgets.columns import Column
from console.widgets.window_source import Place, StoreSource
from console.widgets.window_table import WindowTable
from models.permissions import Actor
from models.queries import records
from models.queries.lab import ask
from models.queries.window import PAGE, Anchor, Key, Listing, Look, View, look
from models.services.records import create_records, delete_record
from models.store import Store
from tests.builders import two_vaults

TOTAL = 450


@pytest.fixture
def products(store: Store) -> Store:
    two_vaults(store)
    with store.write() as write:
        rows = [{"name__v": f"Product {(number * 7) % TOTAL:04}"} for number in range(TOTAL)]
        create_records(write, Actor.system(1001), "product__v", rows)
    return store


def listing(**options: object) -> Listing[records.RecordRow]:
    return records.listing(1001, "product__v", **options)  # type: ignore[arg-type]


def keys(store: Store, chosen: Listing[records.RecordRow]) -> list[str]:
    return [row.key for row in ask(store, lambda session: chosen.page(session, 0, 10_000, TOTAL))]


@given(offset=st.integers(0, TOTAL + 10), limit=st.integers(0, 250), anchor=st.integers(-1, TOTAL - 1))
@settings(max_examples=60)
def test_a_page_is_the_same_from_whatever_row_it_is_found(
    products: Store, offset: int, limit: int, anchor: int
) -> None:
    everything = keys(products, listing())
    known = None if anchor < 0 else Anchor(anchor, everything[anchor])
    if known is not None and offset <= anchor < offset + limit:
        known = None
    page = ask(products, lambda session: listing().page(session, offset, limit, TOTAL, known))
    assert [row.key for row in page] == everything[offset : offset + limit]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["", "name", "modified"])
def test_every_row_knows_its_place_in_every_order(products: Store, sort: str, *, descending: bool) -> None:
    chosen = listing(sort=sort, descending=descending)
    everything = keys(products, chosen)
    for place in (0, 1, 199, 200, 333, TOTAL - 1):
        assert ask(products, chosen.position, everything[place]) == place
    tail = ask(products, lambda session: chosen.page(session, TOTAL - 5, 200, TOTAL))
    assert [row.key for row in tail] == everything[-5:]


def test_the_window_stays_around_its_row_when_rows_above_go(products: Store) -> None:
    everything = keys(products, listing())
    before = ask(products, look, listing(), Look(20, top=100, cursor=110, key=everything[110]))
    with products.write() as write:
        for key in everything[5:9]:
            delete_record(write, Actor.system(1001), key)
    after = ask(products, look, listing(), Look(20, top=100, cursor=110, key=everything[110]))
    assert (before.top, before.cursor) == (100, 110)
    assert (after.top, after.cursor, after.total, after.found) == (96, 106, TOTAL - 4, True)
    assert after.pages[0][106].key == everything[110]


def test_a_row_that_is_gone_leaves_the_window_where_it_was(products: Store) -> None:
    everything = keys(products, listing())
    with products.write() as write:
        delete_record(write, Actor.system(1001), everything[110])
    after = ask(products, look, listing(), Look(20, top=100, cursor=110, key=everything[110]))
    assert (after.top, after.cursor, after.found) == (100, 110, False)
    assert after.pages[0][110].key == everything[111]


def test_a_window_reads_only_the_pages_that_it_shows(products: Store) -> None:
    view = ask(products, look, listing(), Look(20, top=190, cursor=195))
    assert sorted(view.pages) == [0, 1]
    assert sum(len(page) for page in view.pages.values()) == 2 * PAGE


def test_a_list_names_its_vault(products: Store) -> None:
    assert ask(products, lambda session: records.listing(1002, "product__v").count(session)) == 0


@pytest.mark.parametrize("text", ["%", "_0_", "\\", "' or 1=1 --"])
def test_nothing_in_a_filter_is_a_wildcard(products: Store, text: str) -> None:
    assert ask(products, listing(text=text).count) == 0


def test_the_first_rows_of_a_list_are_told_before_it_is_counted(products: Store) -> None:
    told: list[View[records.RecordRow]] = []
    whole = ask(products, look, listing(), Look(20, seek=True), told.append)
    assert whole.total == TOTAL
    assert [(view.total, len(view.pages[0])) for view in told] == [(PAGE, PAGE)]
    assert [row.key for row in told[0].pages[0]] == [row.key for row in whole.pages[0]]


def test_a_list_of_less_than_a_page_is_counted_by_reading_it(products: Store) -> None:
    chosen = listing(text="99")
    everything = keys(products, chosen)
    assert 3 < len(everything) < PAGE
    told: list[View[records.RecordRow]] = []
    found = ask(products, look, chosen, Look(20, key=everything[3], seek=True), told.append)
    assert told == []
    assert (found.total, found.cursor, found.found) == (len(everything), 3, True)
    assert found == ask(products, look, chosen, Look(20, key=everything[3], seek=True))


class Slow:
    """A list that is still being counted when its first rows are there."""

    def __init__(self, store: Store, counted: Event) -> None:
        self._within = StoreSource(store, listing)
        self._counted = counted

    def look(self, place: Place, early: Callable[[View[Any]], object] | None = None) -> View[Any]:
        found = self._within.look(place, early)
        if early is not None:
            self._counted.wait(30)
        return found

    def pages(self, numbers: list[int], total: int, known: Mapping[int, tuple[int, Key]]) -> dict[int, list[Any]]:
        return self._within.pages(numbers, total, known)


class ListApp(App[None]):
    def compose(self) -> ComposeResult:
        yield WindowTable((Column("Name", lambda row: row.name, 20),), id="list")


async def test_the_cursor_moves_on_first_rows_and_stays_where_it_is_when_the_rest_is_counted(products: Store) -> None:
    counted = Event()
    async with ListApp().run_test(size=(60, 20)) as pilot:
        table = pilot.app.query_one(WindowTable)
        table.focus()
        table.show(Slow(products, counted), early=True)
        while not table.loaded:
            await pilot.pause()
        assert (table.total, table.still_counted, table.cursor) == (PAGE, True, 0)
        await pilot.press("down", "down", "down")
        key = table.cursor_key
        counted.set()
        while table.still_counted:
            await pilot.pause()
        assert (table.total, table.cursor, table.cursor_key) == (TOTAL, 3, key)
