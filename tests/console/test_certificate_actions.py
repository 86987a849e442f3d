"""Certificates by keyboard: a rollover is planned, the lab clock drives it, and a connection goes back in between."""

from sqlalchemy import select
from textual.widgets import Button

from console.modals.form import FormScreen
from console.modals.signing import ManageCertificate
from models.store import Store
from models.tables import Connection, SigningCertificate, table_of
from scheduler.rollover import keep_up
from tests.conftest import ManualClock
from tests.console.lab import area, console, press, settle
from tests.console.test_connection_actions import WIDE, line, ready


async def test_a_rollover_is_started_and_in_its_period_a_connection_goes_back(store: Store, clock: ManualClock) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "4", "n")
        assert isinstance(app.screen, FormScreen)
        line(app, "testing_at").editor.focus()
        await press(pilot, "end", *"x", "enter")
        assert line(app, "testing_at").has_class("-problem")
        await press(pilot, "backspace", "enter")
        assert area(app).table.total == 2
        assert "Both supported" in area(app).pane.text
        assert "under way" in area(app).why_not("rollover")
        clock.advance(days=31)
        keep_up(store)
        await settle(pilot)
        await press(pilot, "1", "m")
        assert isinstance(app.screen, ManageCertificate)
        assert not app.screen.query_one("#save", Button).disabled
        await press(pilot, "down", "space", "tab", "tab", "tab", "enter")
    with store.read() as session:
        old = session.execute(
            select(table_of(SigningCertificate).c.id).where(table_of(SigningCertificate).c.certificate_id == "00001")
        ).scalar_one()
        chosen = session.execute(
            select(table_of(Connection).c.certificate_id).where(table_of(Connection).c.vault_id == 1001)
        ).scalar_one()
    assert chosen == old
