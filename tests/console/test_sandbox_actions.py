"""Sandboxes by keyboard: creating one with its progress, refusing what cannot be, refreshing."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select
from textual.pilot import Pilot
from textual.widgets import Input, Label

from console.doing.sandboxes import creating
from console.modals.form import FormScreen
from console.modals.picker import PickList
from console.modals.progress import ProgressScreen
from console.widgets.bars import TaskBar
from console.widgets.fields import FieldLine
from models.errors import InvalidInput, NotPossible
from models.store import Store
from models.tables import Record, Vault, table_of
from tests.console.lab import area, console, fill, press, settle
from tests.console.test_connection_actions import WIDE, line, said, told
from tests.console.walking import picture


def records(store: Store, vault_id: int) -> int:
    with store.read() as session:
        statement = select(func.count()).select_from(table_of(Record)).where(table_of(Record).c.vault_id == vault_id)
        return int(session.execute(statement).scalar_one())


async def test_a_sandbox_is_created_and_refreshed(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f7")
        assert "This Vault has no sandbox." in told(app)
        await press(pilot, "f6")
        assert isinstance(app.screen, FormScreen)
        await press(pilot, "backspace", "2", "enter")
        assert line(app, "id").has_class("-problem")
        await press(pilot, "backspace", "9", "enter")
        assert "Created the sandbox Source Sandbox (1009)" in told(app)
        assert records(store, 1009) == records(store, 1001)
        await press(pilot, "6", "n", *"Later", "enter", "f7", "enter", "tab", "enter")
        assert "Refreshed Source Sandbox" in told(app)
    assert records(store, 1009) == records(store, 1001) == 31
    with store.read() as session:
        assert session.get_one(Vault, 1009).parent_id == 1001


async def test_what_the_service_refuses_late_stands_beside_its_field_and_nothing_typed_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f6")
        values = {"id": "1009", "name": "Rehearsal", "dns_host": "no host!"}
        for name, text in values.items():
            line(app, name).query_one(Input).value = text
        await press(pilot, "f2")
        assert isinstance(app.screen, FormScreen)
        assert {name: line(app, name).value for name in values} == values
        assert [item.field.name for item in app.screen.query(FieldLine) if item.has_class("-problem")] == ["dns_host"]
        assert "A host name such as" in str(line(app, "dns_host").query_one(".problem", Label).render())
        assert app.focused is line(app, "dns_host").editor
        line(app, "dns_host").query_one(Input).value = "sb-1009.lab.example.com"

        def full(*_args: object, **_options: object) -> None:
            raise NotPossible("The disk is full.", "Make room.")

        with monkeypatch.context() as patch:
            patch.setattr("models.services.sandboxes._fill", full)
            await press(pilot, "f2")
        assert isinstance(app.screen, FormScreen)
        assert "The disk is full. Make room." in said(app)
        assert line(app, "name").value == "Rehearsal"
        await press(pilot, "f2")
        assert "Created the sandbox Rehearsal (1009)" in told(app)
    assert records(store, 1009) == records(store, 1001)


class Held:
    """Long work that goes on until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun, self.go_on, self._error = Event(), Event(), error

    def __call__(self, tell: Callable[[str, float], None], cancelled: Callable[[], bool]) -> str:
        tell("12 of 24 records", 0.5)
        self.begun.set()
        for _ in range(2_000):
            if self.go_on.wait(0.01):
                break
            if cancelled():
                raise NotPossible("It was cancelled.", "Nothing was changed.")
        if self._error is not None:
            raise self._error
        return "All is copied."


async def until(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_one_works_on_while_long_work_goes_on_and_it_tells_when_it_is_done(
    store: Store, size: tuple[int, int]
) -> None:
    fill(store)
    app: Any = console(store)
    work = Held()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.push_screen(ProgressScreen("Copy of Source", work))
        await until(pilot, lambda: "50%" in picture(app))
        assert "Esc works on meanwhile" in picture(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("3")
        await until(pilot, lambda: area(app).table.cursor_row is not None)
        await pilot.press("a")
        await until(pilot, lambda: "queues inactivate lab_outbound__c" in told(app))
        assert "Copy of Source  ━━━━━━──────  50%  12 of 24 records" in app.screen.query_one(TaskBar).text
        assert app.screen.query_one(TaskBar).region.height == 1
        await pilot.press("ampersand")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        assert "12 of 24 records" in picture(app)
        await pilot.press("escape")
        work.go_on.set()
        await settle(pilot)
        assert "All is copied." in told(app)
        assert not app.screen.query_one(TaskBar).display
        await press(pilot, "ampersand")
        assert "No long work is under way." in told(app)


async def test_work_that_is_not_watched_can_be_cancelled(store: Store) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for name in ("First", "Second"):
            app.push_screen(ProgressScreen(name, Held()))
            await until(pilot, lambda: "50%" in picture(app) and isinstance(app.screen, ProgressScreen))
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
        assert "and 1 more" in app.screen.query_one(TaskBar).text
        await pilot.press("ampersand")
        await until(pilot, lambda: isinstance(app.screen, PickList))
        await pilot.press(*"first", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen))
        assert app.focused.id == "on", "Enter cancels nothing by itself"
        await pilot.press("right", "enter")
        await until(pilot, lambda: "It was cancelled." in told(app))
        assert [task.title for task in app.tasks] == ["Second"]
        app.cancel_tasks()
        await settle(pilot)
        assert not app.tasks


async def test_a_form_whose_work_was_refused_meanwhile_comes_back_with_what_was_typed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    app: Any = console(store)
    work = Held(InvalidInput({"dns_host": "Another Vault has this host."}))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f6")
        form = app.screen
        monkeypatch.setattr(form, "_form", replace(form._form, work=lambda *_: work))
        line(app, "name").query_one(Input).value = "Rehearsal"
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen) and work.begun.is_set())
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        work.go_on.set()
        await settle(pilot)
        assert isinstance(app.screen, FormScreen)
        assert line(app, "name").value == "Rehearsal"
        assert "Another Vault has this host." in str(line(app, "dns_host").query_one(".problem", Label).render())


async def test_a_lab_is_not_replaced_under_long_work(store: Store) -> None:
    fill(store)
    app: Any = console(store)
    work = Held()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.push_screen(ProgressScreen("Copy", work))
        await until(pilot, work.begun.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        app.replace_lab(lambda *_: "replaced")
        await until(pilot, lambda: "Copy is under way" in told(app))
        work.go_on.set()
        await settle(pilot)
        assert "replaced" not in told(app).replace("be replaced", "")


async def test_a_cancelled_sandbox_leaves_nothing(store: Store) -> None:
    fill(store)
    app = console(store)
    typed = {"id": "1009", "name": "Sandbox", "dns_host": "sb-1009.lab.example.com"}
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        who = app.session.who
        screen = ProgressScreen("Create", creating(store, who, typed))
        screen.cancelled.set()
        app.push_screen(screen)
        await settle(pilot)
        assert app.screen is not screen
        assert "Sandbox cancelled" in told(app)
    assert records(store, 1009) == 0


async def test_who_may_not_make_sandboxes_is_told_which_permission_is_missing(store: Store) -> None:
    fill(store)
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f6")
        assert not isinstance(app.screen, FormScreen)
        assert "Admin: Sandbox Vaults is missing" in told(app)
