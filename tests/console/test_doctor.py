"""The doctor by keyboard: it says why a connection does not move, and goes there."""

from sqlalchemy import update

from console.modals.page import PageScreen
from console.screens.queues import QueuesScreen
from console.targets import Goto
from models.store import Store
from models.tables import Lab, Queue, table_of
from tests.console.lab import area, console, fill, press, settle
from tests.console.test_connection_actions import WIDE


async def test_the_doctor_names_what_is_broken_and_enter_goes_there(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        write.execute(update(table_of(Queue)).where(table_of(Queue).c.id == pair.source.queue_id).values(active=False))
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "1", "D")
        assert isinstance(app.screen, PageScreen)
        text = app.screen.view.text
        assert "A queue is inactive" in text
        assert "vault-console queues activate" in text
        while (line := app.screen.view.current) is not None and line.target != Goto(
            "queues", pair.source.queue_id, 1001
        ):
            await press(pilot, "down")
        await press(pilot, "enter")
        assert isinstance(app.screen, QueuesScreen)
        row = area(app).table.cursor_row
        assert row is not None
        assert row.key == pair.source.queue_id


async def test_the_doctor_reads_again_when_something_was_mended(store: Store) -> None:
    pair = fill(store)
    queues = table_of(Queue)
    mended = queues.c.id == pair.source.queue_id
    with store.write() as write:
        write.execute(update(queues).where(mended).values(delivery_enabled=False))
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "1", "D")
        assert isinstance(app.screen, PageScreen)
        assert "Delivery is disabled" in app.screen.view.text
        with store.write() as write:
            write.execute(update(queues).where(mended).values(delivery_enabled=True))
            write.execute(update(table_of(Lab)).values(paused=False))
        await press(pilot, "r")
        assert "Delivery is disabled" not in app.screen.view.text
        await press(pilot, "escape")
        assert area(app).table.has_focus
