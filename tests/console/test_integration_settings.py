"""How an integration applies what it receives, and its Last Successful Run Time, set by keyboard."""

from typing import Any

from sqlalchemy import select

from console.modals.form import FormScreen
from models.store import Store
from models.tables import Integration, Job, table_of
from models.time import from_iso
from tests.builders import Pair
from tests.console.lab import area, console, fill, press, settle
from tests.console.test_connection_actions import WIDE, act, line, told
from tests.console.test_design import choices, enter, pick, problem


def integration(store: Store, key: int) -> Any:
    table = table_of(Integration)
    with store.read() as session:
        return session.execute(select(table).where(table.c.id == key)).one()


def shown(app: Any) -> str:
    detail = area(app).detail
    return "" if detail is None else str(detail.settings)


async def test_the_settings_are_chosen_in_a_form_that_names_what_is_missing(store: Store) -> None:
    pair: Pair = fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        await act(pilot, "settings")
        assert isinstance(app.screen, FormScreen)
        await pick(pilot, "delete_policy", "marked")
        await pick(pilot, "inactivates_targets", "yes")
        await press(pilot, "f2")
        assert (problem(app, "mark_field"), problem(app, "mark_text")) == ("✕ This is needed.", "✕ This is needed.")
        assert "global_id__sys" not in choices(app, "mark_field")
        assert "global_id__sys" in choices(app, "match_target_field")
        assert "code__c" in choices(app, "match_source_field")
        await pick(pilot, "mark_field", "name__v")
        await enter(pilot, "mark_text", "Deleted")
        await press(pilot, "f2")
        row = integration(store, pair.target.integration_id)
        assert (row.delete_policy.value, row.mark_field, row.mark_text) == ("mark", "name__v", "Deleted")
        assert row.inactivates_targets
        assert "from the next run on" in told(app)
        assert "mark_text='Deleted'" in shown(app)


async def test_an_integration_that_only_sends_says_where_its_targets_are_looked_after(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "set in the receiving Vault" in area(app).why_not("settings")
        await press(pilot, "c")
        assert not isinstance(app.screen, FormScreen)


async def test_an_earlier_last_successful_run_time_asks_for_the_jobs(store: Store) -> None:
    pair: Pair = fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "l")
        line(app, "last_successful_run_time").editor.focus()
        await press(pilot, "ctrl+u", *"soon", "f2")
        assert "soon is no time. Write 2026-01-31" in problem(app, "last_successful_run_time")
        await press(pilot, "ctrl+u", *"2026-01-01", "f2")
        row = integration(store, pair.source.integration_id)
        assert row.last_successful_send == from_iso("2026-01-01T00:00:00.000Z")
        assert "asked to run at once" in told(app)
    jobs = table_of(Job)
    with store.read() as session:
        asked = session.execute(select(jobs.c.kind).where(jobs.c.requested_at.is_not(None))).scalars()
        assert {kind.value for kind in asked} == {"send", "receive"}
