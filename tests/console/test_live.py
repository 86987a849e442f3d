"""Lists and details while jobs run: everything stays in its place, and only what is looked at is read."""

from sqlalchemy import update
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.screens.jobs import JobsScreen
from models.feed import Topic
from models.permissions import Actor
from models.services.records import change_record, create_records, delete_record
from models.store import Store
from models.tables import JobKind, MessageState, Queue, table_of
from tests.console.lab import add_message, add_run, area, console, fill, lines, press, record_id, settle


async def open_jobs(pilot: Pilot[None], store: Store, connection_id: int, runs: int) -> None:
    with store.write() as write:
        for place in range(runs):
            add_run(write, 1001, connection_id, JobKind.SEND, place, found=place, sent=place)
    await settle(pilot)
    await press(pilot, "7")


async def test_new_runs_come_in_above_and_the_cursor_stays_on_its_run(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_jobs(pilot, store, pair.source.connection_id, 5)
        await press(pilot, "j", "j")
        table = area(app).table
        before, key = table.cursor, table.cursor_key
        with store.write() as write:
            add_run(write, 1001, pair.source.connection_id, JobKind.DELIVER, 9, delivered=1)
            add_run(write, 1001, pair.source.connection_id, JobKind.DELIVER, 9, delivered=2)
        await settle(pilot)
        assert table.cursor_key == key
        assert table.cursor == before + 2
        assert "Deliver" in lines(table)[1]


async def test_a_list_that_is_scrolled_shows_the_same_lines_after_new_runs_came_in(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_jobs(pilot, store, pair.source.connection_id, 300)
        await press(pilot, "pagedown", "pagedown", "pagedown", "space", "j")
        table = area(app).table
        shown, selected = lines(table), set(table.selected)
        assert table.top > 0
        with store.write() as write:
            for _ in range(7):
                add_run(write, 1001, pair.source.connection_id, JobKind.DELIVER, 9, delivered=1)
        await settle(pilot)
        assert lines(table) == shown
        assert table.selected == selected != set()
        assert table.total == 3 + 300 + 7


async def test_a_row_that_goes_away_leaves_the_cursor_in_its_place(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "j", "j")
        with store.write() as write:
            delete_record(write, Actor.system(1001), record_id(write, 1001, "Product 003"))
        await settle(pilot)
        assert area(app).table.cursor == 2
        assert "Product 004" in area(app).pane.text


async def test_queue_counts_follow_the_messages(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert lines(area(app).table)[1].split()[-3:] == ["1", "1", "0"]
        with store.write() as write:
            add_message(write, pair, 3, MessageState.QUEUED)
        await settle(pilot)
        assert lines(area(app).table)[1].split()[-3:] == ["2", "1", "0"]
        assert app.session.waiting is not None
        assert app.session.waiting.messages == 2


async def test_details_follow_a_change_and_keep_their_scroll(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "tab", "pagedown")
        pane = area(app).pane
        scroll = pane.scroll_offset.y
        assert scroll > 0
        with store.write() as write:
            write.execute(
                update(table_of(Queue)).where(table_of(Queue).c.id == pair.source.queue_id).values(label="New")
            )
            write.changed(Topic.QUEUES, 1001)
        await settle(pilot)
        assert "New" in pane.text
        assert pane.scroll_offset.y == scroll


async def test_a_record_changed_by_a_job_changes_on_the_screen(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        with store.write() as write:
            change_record(write, Actor.system(1002), record_id(write, 1002, "Product 001"), {"strength__c": 777})
        await settle(pilot)
        assert "777" in area(app).pane.text


async def test_what_happens_in_another_vault_does_not_touch_this_list(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        screen = area(app)
        assert isinstance(screen, JobsScreen)
        total = screen.table.total
        with store.write() as write:
            add_run(write, 1002, pair.target.connection_id, JobKind.RECEIVE, 1, received=1)
        await settle(pilot)
        assert screen.table.total == total


async def test_a_screen_behind_is_read_again_when_it_is_looked_at(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "1")
        jobs = next(screen for screen in app.framed_screens() if isinstance(screen, JobsScreen))
        total = jobs.table.total
        with store.write() as write:
            add_run(write, 1001, pair.source.connection_id, JobKind.SEND, 9)
        await settle(pilot)
        assert jobs.table.total == total
        await press(pilot, "7")
        assert jobs.table.total == total + 1


async def test_many_writes_are_read_in_few_looks(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    drained: list[int] = []

    class Counting(ConsoleApp):
        def _changed(self, changes: object) -> None:
            drained.append(1)
            super()._changed(changes)  # type: ignore[arg-type]

    app.__class__ = Counting
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        drained.clear()
        for place in range(100):
            with store.write() as write:
                add_run(write, 1001, pair.source.connection_id, JobKind.SEND, place % 10)
        await settle(pilot)
    assert 0 < len(drained) < 50


async def test_a_long_list_keeps_few_rows_in_memory(store: Store) -> None:
    fill(store, products=5)
    with store.write() as write:
        rows = [{"name__v": f"More {number:05}", "code__c": f"M{number}"} for number in range(6000)]
        create_records(write, Actor.system(1001), "product__v", rows)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "G")
        table = area(app).table
        assert table.total == 6005
        assert "More 05999" in "\n".join(lines(table))
        await press(pilot, *["pageup"] * 30)
        await press(pilot, "g")
        assert "Product 001" in lines(table)[1]
        assert table.rows_in_memory <= 12 * 200
