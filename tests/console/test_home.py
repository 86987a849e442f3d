"""Home shows the lab as it is, and each of its numbers opens the rows that it counts."""

from datetime import timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from sqlalchemy import insert, update
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.details.home import home_lines, short_number
from console.modals.page import PageScreen
from console.screens.area import AreaScreen
from console.screens.exceptions import ExceptionsScreen
from console.screens.home import HomeScreen
from console.screens.jobs import JobsScreen
from console.screens.waiting import WaitingScreen
from console.targets import Counted, Counter
from console.widgets.links import LinkView
from models.queries.lab import ask
from models.queries.topology import topology
from models.store import Store
from models.tables import Connection, JobKind, JobRunLine, MessageState, Vault, table_of
from tests.builders import Pair, make_connection, make_vault
from tests.console.lab import START, add_message, add_run, console, fill, press, settle


@pytest.fixture
def pair(store: Store) -> Pair:
    """Two Vaults between which something moved, waits and failed today."""
    pair = fill(store, products=3)
    with store.write() as write:
        run = add_run(write, 1002, pair.target.connection_id, JobKind.RECEIVE, 4, received=4, updated=2, skipped=3)
        other = make_connection(write, 1002, "other__c", name="Other Connection")
        write.execute(insert(table_of(JobRunLine)).values(run_id=run, connection_id=other.id, received=70, updated=70))
        add_message(write, pair, 3, MessageState.QUEUED)
    return pair


def home(store: Store, **options: Any) -> ConsoleApp:
    return console(store, area="home", **options)


def view(app: Any) -> LinkView:
    assert isinstance(app.screen, HomeScreen)
    return app.screen.view


async def go_to_counter(pilot: Pilot[Any], connection_id: int, counter: Counter) -> int:
    """Move the cursor to a number by keyboard; answers the number."""
    shown = view(pilot.app)
    await press(pilot, "g")
    for _ in range(200):
        piece = shown.current
        target = piece.target if piece else None
        if isinstance(target, Counted) and (target.connection_id, target.counter) == (connection_id, counter):
            return int(piece.text) if piece else 0
        await pilot.press("right")
    raise AssertionError(f"No number of {counter} can be reached.")


async def rows_of(pilot: Pilot[Any], screen: AreaScreen) -> list[Any]:
    """All rows of a list, by going down it."""
    rows = []
    await press(pilot, "g")
    for _ in range(screen.table.total):
        rows.append(screen.table.cursor_row)
        await press(pilot, "down")
    return rows


@pytest.mark.parametrize("counter", ["sent", "received", "applied", "skipped"])
async def test_a_number_of_what_moved_opens_the_runs_that_moved_it(store: Store, pair: Pair, counter: Counter) -> None:
    side = pair.source if counter == "sent" else pair.target
    app = home(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        counted = await go_to_counter(pilot, side.connection_id, counter)
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, JobsScreen)
        names = ("created", "updated", "unchanged") if counter == "applied" else (counter,)
        rows = await rows_of(pilot, screen)
        sums = [sum(getattr(row.moved, name) for name in names) for row in rows]
        assert counted == sum(sums) > 0
        assert all(sums)
        await press(pilot, "escape")
        assert isinstance(app.screen, HomeScreen)


async def test_a_number_of_what_waits_opens_just_these_messages(store: Store, pair: Pair) -> None:
    app = home(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        counted = await go_to_counter(pilot, pair.source.connection_id, "waiting_out")
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, WaitingScreen)
        assert screen.table.total == counted == 2
        assert {row.state for row in await rows_of(pilot, screen)} == {"queued"}


async def test_a_number_of_what_failed_opens_the_exceptions_that_hold_it(store: Store, pair: Pair) -> None:
    app = home(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        counted = await go_to_counter(pilot, pair.target.connection_id, "failed")
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, ExceptionsScreen)
        assert app.session.vault_id == 1002
        rows = await rows_of(pilot, screen)
        assert counted == sum(row.open_items for row in rows) == 1


async def test_home_follows_what_moves_while_one_looks_at_it(store: Store, pair: Pair) -> None:
    app = home(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        before = await go_to_counter(pilot, pair.source.connection_id, "sent")
        with store.write() as write:
            add_run(write, 1001, pair.source.connection_id, JobKind.SEND, 6, sent=5)
        await settle(pilot)
        piece = view(app).current
        assert piece is not None
        assert int(piece.text) == before + 5
        assert isinstance(piece.target, Counted)
        assert piece.target.counter == "sent"


@pytest.mark.usefixtures("pair")
async def test_a_click_on_a_number_opens_it_and_a_click_on_a_vault_goes_to_work_there(store: Store) -> None:
    app = home(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        shown = view(app)
        text = shown.text.splitlines()
        row = next(place for place, line in enumerate(text) if "□ Target" in line or "□" in line)
        await pilot.click(LinkView, offset=(5, row))
        await settle(pilot)
        assert app.session.vault_id == 1002
        assert "in use" in next(line for line in view(app).text.splitlines() if "1002" in line)
        line = next(line for line in view(app)._lines if line.key.startswith("way"))
        link = line.links[0]
        await pilot.click(LinkView, offset=(line.start(link), list(view(app)._lines).index(line)))
        await settle(pilot)
        assert isinstance(app.screen, JobsScreen)


@pytest.mark.usefixtures("pair")
async def test_the_doctor_and_the_connection_are_one_key_away(store: Store) -> None:
    app = home(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.screen.why_not("doctor") == "The cursor is on no connection."  # type: ignore[attr-defined]
        await press(pilot, "down", "D")
        assert PageScreen.__name__ == type(app.screen).__name__
        await press(pilot, "escape", "c")
        assert app.current_mode == "connections"
        await press(pilot, "0")
        assert isinstance(app.screen, HomeScreen)


async def test_a_lab_without_vaults_says_so(store: Store) -> None:
    app = home(store, vault=None, user=None)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "no Vault yet" in view(app).text


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 60), (40, 12)])
async def test_home_reads_at_any_size(store: Store, size: tuple[int, int]) -> None:
    app = home(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        await pilot.resize_terminal(*size)
        await settle(pilot)
        if size[0] >= 80:
            assert all(cell_len(line) < size[0] for line in view(app).text.splitlines())
            assert "from" in view(app).text or "to" in view(app).text


@pytest.mark.usefixtures("pair")
def test_names_of_any_kind_leave_the_numbers_in_their_columns(store: Store) -> None:
    connections = table_of(Connection).c
    with store.write() as write:
        write.execute(update(table_of(Vault)).where(table_of(Vault).c.id == 1002).values(name="製品データ連携" * 9))
        write.execute(
            update(table_of(Connection)).where(connections.vault_id == 1001).values(name="[red]x[/red]\x1b[31m")
        )
    with store.read() as session:
        lines = home_lines(topology(session, START.date()), 1001, 80)
    ways = [line for line in lines if line.key.startswith("way")]
    assert ways
    ends = [{line.start(link) + cell_len(line.pieces[link].text) for link in line.links} for line in ways]
    assert all(places <= max(ends, key=len) for places in ends)
    assert all(cell_len(line.text) <= 80 for line in lines)
    assert all("Active" in line.text for line in lines if line.key == f"tie {ways[0].about}")
    assert "\x1b" not in "".join(line.text for line in lines)


@pytest.mark.usefixtures("pair")
def test_yesterday_does_not_count_today(store: Store) -> None:
    tomorrow = ask(store, topology, START.date() + timedelta(days=1))
    assert all(end.sent == end.received == end.applied == end.skipped == 0 for end in tomorrow.ends)
    assert any(end.waiting_out for end in tomorrow.ends)


@pytest.mark.usefixtures("pair")
def test_a_vault_without_connections_is_drawn_too(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1003, "Alone")
    with store.read() as session:
        text = "\n".join(line.text for line in home_lines(topology(session, START.date()), 1001, 80))
    assert "Alone" in text
    assert text.count("no connection yet") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (99_999, "99999"),
        (123_456, "123k"),
        (1_234_567, "1.2M"),
        (999_999_999, "999M"),
        (5_000_000_000, "5.0G"),
    ],
)
def test_long_numbers_are_cut_down(value: int, text: str) -> None:
    assert short_number(value) == text
    assert len(text) <= 5
