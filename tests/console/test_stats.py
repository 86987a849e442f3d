"""Connection Stats charted: readable at both sizes, in ASCII too, and never another number than the table's."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from sqlalchemy import insert

from console.details.connections import stats_parts
from console.modals.stats import StatsPage
from console.theme import SIGNS
from console.widgets.charts import Chart, Panel, chart_lines
from console.widgets.document import lay_out
from models.queries.connections import DayStats
from models.store import Store
from models.tables import ConnectionStat, table_of
from tests.builders import Pair
from tests.cli.conftest import Call, call  # noqa: F401 - a fixture
from tests.console.lab import START, area, console, fill, press, settle

TODAY = START.date()
NAMES = ("sent", "received", "failures", "retries", "timeouts", "fatal_errors")
TITLES = ("Sent", "Received", "Failures", "Retries", "Timeouts", "Fatal errors")


@pytest.fixture(autouse=True)
def with_signs() -> None:
    SIGNS.plain = False


def add_days(store: Store, pair: Pair) -> dict[date, dict[str, int]]:
    """Stats of the thirty days before today, different on each."""
    made = {}
    for back in range(1, 30):
        counts = {name: (back * (place + 3)) % 11 * 10 ** min(place, 2) for place, name in enumerate(NAMES)}
        made[TODAY - timedelta(days=back)] = counts
    with store.write() as write:
        for day, counts in made.items():
            row = {"connection_id": pair.source.connection_id, "day": day, **counts}
            write.execute(insert(table_of(ConnectionStat)).values(**row))
    return made | {TODAY: dict.fromkeys(NAMES, 0) | {"sent": 12, "received": 3, "failures": 1}}


def sums(days: dict[date, dict[str, int]], count: int, until: date = TODAY) -> dict[str, int]:
    shown = [until - timedelta(days=back) for back in range(count)]
    return {name: sum(days.get(day, {}).get(name, 0) for day in shown) for name in NAMES}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_page_of_a_connection_charts_the_numbers_of_its_table(store: Store, size: tuple[int, int]) -> None:
    days = add_days(store, fill(store))
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        text = area(app).pane.text
        part = text[text.index("Connection Stats") :]
        table = next(line for line in part.splitlines() if line.lstrip().startswith("7 days")).split()[2:]
        assert [int(number.strip("!").replace(",", "")) for number in table] == list(sums(days, 7).values())
        for title, total in zip(TITLES, sums(days, 7).values(), strict=True):
            assert f"{title}  {total:,}" in part
        peak = max(days[TODAY - timedelta(days=back)]["fatal_errors"] for back in range(7))
        assert f"{peak:,}│" in part
        assert part.index("Sent  ") < part.index("Today")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_whole_screen_goes_back_by_weeks_and_shows_up_to_four(store: Store, size: tuple[int, int]) -> None:
    days = add_days(store, fill(store))
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "x", *"connection stats", "enter")
        assert isinstance(app.screen, StatsPage)
        view = app.screen.shown
        assert "2025-12-30 to 2026-01-05" in view.text
        assert f"Sent  {sums(days, 7)['sent']:,}" in view.text
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert all(title in shown for title in TITLES), "all six charts are seen without scrolling"
        await press(pilot, "right")
        assert "2025-12-30 to 2026-01-05" in view.text  # there is nothing after today
        await press(pilot, "left")
        assert "2025-12-23 to 2025-12-29" in view.text
        assert f"Sent  {sums(days, 7, TODAY - timedelta(days=7))['sent']:,}" in view.text
        await press(pilot, "right", "d", "d")
        assert "2025-12-09 to 2026-01-05" in view.text
        assert f"Retries  {sums(days, 28)['retries']:,}" in view.text
        assert "28 days" in view.text
        await press(pilot, "escape")
        assert area(app).AREA == "connections"


async def test_without_signs_the_charts_are_ascii(store: Store) -> None:
    add_days(store, fill(store))
    app = console(store, plain=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "h")
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "#" in shown
        assert shown.isascii()


async def test_a_connection_through_which_nothing_went_says_so_in_place_of_charts(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "Nothing was sent or received in these 7 days." in " ".join(area(app).pane.text.split())
        assert "│" not in area(app).pane.text


counts = st.integers(0, 10**7)


@given(st.integers(1, 28), st.integers(10, 200), st.integers(1, 12), st.booleans(), st.data())
def test_a_chart_fits_shows_what_is_not_nothing_and_names_its_peak(
    days: int, width: int, height: int, plain: bool, data: st.DataObject
) -> None:
    values = tuple(data.draw(st.tuples(*[counts] * days)) for _ in range(3))
    chart = Chart(tuple(Panel(f"P{place}", row) for place, row in enumerate(values)), ("01",) * days, height)
    SIGNS.plain = plain
    try:
        lines = chart_lines(chart, width)
    finally:
        SIGNS.plain = False
    text = ["".join(piece for piece, _ in line) for line in lines]
    assert all(cell_len(line) <= width for line in text)
    assert not plain or "".join(text).isascii()
    if width >= 120:
        for row in values:
            assert sum(row) == 0 or any(f"{max(row):,}{'|' if plain else '│'}" in line for line in text)


def test_one_message_is_seen_beside_a_million() -> None:
    days = (DayStats(TODAY, sent=1_000_000), DayStats(TODAY - timedelta(days=1), sent=1))
    text = ["".join(piece for piece, _ in line.spans) for line in lay_out(stats_parts(days, TODAY), 60)]
    assert sum(line.count("▁") for line in text) > 0
    assert any("1,000,000" in line for line in text)


def test_the_command_line_tells_the_same_numbers(store: Store, call: Call, tmp_path: Path) -> None:  # noqa: F811
    days = add_days(store, fill(store))
    path = str(tmp_path / "lab.sqlite3")
    words = ("connections", "stats", "lab_connection__c", "--vault", "Source", "--store", path)
    told = call(*words, "--days", "28", "--json").document
    assert told["sums"] == sums(days, 28)
    assert {date.fromisoformat(line.pop("day")): line for line in told["days"]} == {
        day: counts for day, counts in days.items() if day > TODAY - timedelta(days=28)
    }
    assert "Fatal errors" in call(*words).out
    assert "2026-01-31" in call(*words, "--until", "soon", code=1).err
