"""Sandboxes by keyboard: creating one with its progress, refusing what cannot be, refreshing."""

import pytest
from sqlalchemy import func, select
from textual.widgets import Input, Label

from console.doing.sandboxes import creating
from console.modals.form import FormScreen
from console.modals.progress import ProgressScreen
from console.widgets.fields import FieldLine
from models.errors import NotPossible
from models.store import Store
from models.tables import Record, Vault, table_of
from tests.console.lab import console, fill, press, settle
from tests.console.test_connection_actions import WIDE, line, said, told


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
