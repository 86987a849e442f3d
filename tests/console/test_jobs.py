"""Jobs by keyboard: how long their runs may take, and what they deleted."""

from sqlalchemy import select

from console.modals.form import FormScreen
from models.store import Store
from models.tables import Job, JobKind, table_of
from tests.console.lab import add_run, area, console, fill, lines, press, settle
from tests.console.test_connection_actions import WIDE, line, told
from tests.console.test_design import problem
from tests.console.test_rights import READER


def limits(store: Store) -> dict[str, int]:
    """Seconds that a run may take, by kind of job of the source Vault."""
    jobs = table_of(Job).c
    with store.read() as session:
        rows = session.execute(select(jobs.kind, jobs.longest_seconds).where(jobs.vault_id == 1001))
        return {row.kind.value: row.longest_seconds for row in rows}


async def test_the_time_limits_of_the_jobs_are_set_in_a_form_all_or_none(store: Store) -> None:
    fill(store)
    before = limits(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "7", "c")
        assert isinstance(app.screen, FormScreen)
        line(app, "send").editor.focus()
        await press(pilot, "ctrl+u", *"120", "tab", "ctrl+u", *"soon", "tab", "ctrl+u", *"99999999", "f2")
        assert problem(app, "deliver") == "✕ A whole number of seconds is needed."
        assert problem(app, "receive") == "✕ 1 to 86,400 seconds are needed."
        assert limits(store) == before
        line(app, "deliver").editor.focus()
        await press(pilot, "ctrl+u", *"60")
        assert problem(app, "deliver") == ""
        await press(pilot, "tab", "ctrl+u", *"600", "f2")
        assert "send 120 s, deliver 60 s, receive 600 s at most" in told(app)
    assert limits(store) == {"send": 120, "deliver": 60, "receive": 600}


async def test_who_may_not_manage_integrations_sets_no_time_limit(store: Store) -> None:
    fill(store)
    app = console(store, user=READER)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "7", "c")
        assert not isinstance(app.screen, FormScreen)
        assert "Application: Manage Integrations is missing" in told(app)


async def test_a_run_that_deleted_targets_says_so_in_the_list_and_in_its_details(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        add_run(write, 1002, pair.target.connection_id, JobKind.RECEIVE, 4, received=2, deleted=2)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        heading, first = lines(area(app).table)[:2]
        assert first[: heading.index("Del") + 3].split()[-1] == "2"
        assert "Deleted" in area(app).pane.text
