"""Connect from File on the screen: what is refused says why, and the walk of re-establishing by keyboard (seed S1)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from textual.pilot import Pilot
from textual.widgets import Button

from console.modals.dialog import Dialog
from models.services.connection_files import connect_from_file, download_connection_file
from models.services.connection_workflow import complete_task
from models.services.connections import create_connection
from models.services.sandboxes import create_sandbox
from models.store import Store
from models.tables import Connection, ConnectionState, ConnectionType, table_of
from tests.builders import make_vault, user
from tests.conftest import ManualClock
from tests.console.lab import area, console, press, settle
from tests.console.test_connection_actions import (
    WIDE,
    act,
    connect,
    download,
    find,
    go_to_vault,
    line,
    own_folder,
    pending,
    ready,
    said,
    states,
    stored,
    title,
    told,
)

ACTIVE, APPROVED, PENDING = ConnectionState.ACTIVE, ConnectionState.APPROVED, ConnectionState.PENDING
FILE = "walk.vaultconnection"
Prepare = Callable[[Store, ManualClock, Path], None]
__all__ = ["own_folder"]


def write_file(store: Store, path: Path) -> bytes:
    """The connection file of the Pending connection Walk, saved."""
    with store.write() as write:
        key = stored(store, "walk__c").id
        data = download_connection_file(write, user(store, 1001), store.secrets, key).data
    path.write_bytes(data)
    return data


def for_another_vault(store: Store, _clock: ManualClock, path: Path) -> None:
    with store.write() as write:
        make_vault(write, 1003, "Third")
    pending(store, remote_vault_id=1003)
    write_file(store, path)


def one_byte_changed(store: Store, _clock: ManualClock, path: Path) -> None:
    pending(store)
    data = write_file(store, path)
    place = data.index(b"Walk")
    path.write_bytes(data[:place] + b"w" + data[place + 1 :])


def cut_short(store: Store, _clock: ManualClock, path: Path) -> None:
    pending(store)
    path.write_bytes(write_file(store, path)[:-9])


def expired(store: Store, clock: ManualClock, path: Path) -> None:
    pending(store)
    write_file(store, path)
    clock.advance(days=8)


def already_used(store: Store, _clock: ManualClock, path: Path) -> None:
    pending(store)
    data = write_file(store, path)
    with store.write() as write:
        connect_from_file(write, user(store, 1002), data)


def other_domain(store: Store, _clock: ManualClock, path: Path) -> None:
    with store.write() as write:
        make_vault(write, 2001, "Elsewhere", domain="elsewhere.example.com")
    pending(store)
    write_file(store, path)


def of_a_local_connection(store: Store, _clock: ManualClock, path: Path) -> None:
    pending(store)
    write_file(store, path)
    with store.write() as write:
        create_connection(write, user(store, 1002), type=ConnectionType.LOCAL, name="Walk", api_name="walk__c")


def count(store: Store) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(table_of(Connection))).scalar_one())


@pytest.mark.parametrize(
    ("prepare", "vault", "reason", "remedy"),
    [
        (for_another_vault, "target", "This file is for Vault 1003; this is Vault 1002.", "Use it in that Vault"),
        (one_byte_changed, "target", "was changed after it was downloaded", "again"),
        (cut_short, "target", "damaged or not complete", "again"),
        (expired, "target", "This file expired at 2026-01-12", "Download a new connection file."),
        (already_used, "target", "This file was already used", "Download a new connection file."),
        (other_domain, "elsewhere", "Elsewhere of elsewhere.example.com.", "must be of the same domain"),
        (of_a_local_connection, "target", "of this Vault is of type Local", "rename or delete it"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_a_file_that_is_refused_says_why_and_changes_nothing(
    store: Store, clock: ManualClock, own_folder: Path, prepare: Prepare, vault: str, reason: str, remedy: str
) -> None:
    ready(store)
    prepare(store, clock, own_folder / FILE)
    before, connections = states(store, "walk__c"), count(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await go_to_vault(pilot, vault)
        await connect(pilot)
        assert title(app) == "This file cannot be used"
        text = " ".join(said(app).split())
        assert reason in text
        assert remedy in text
        assert [str(button.label) for button in app.screen.query(Button)] == ["Leave"]
        await press(pilot, "enter")
        assert area(app).AREA == "connections"
    assert states(store, "walk__c") == before
    assert count(store) == connections


async def test_a_file_that_is_used_elsewhere_between_preview_and_continue_is_refused_too(
    store: Store, own_folder: Path
) -> None:
    ready(store)
    pending(store)
    data = write_file(store, own_folder / FILE)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await go_to_vault(pilot, "target")
        await connect(pilot)
        assert title(app) == "Connect from File will"
        with store.write() as write:
            connect_from_file(write, user(store, 1002), data)
        await press(pilot, "tab", "enter")
        assert "This file was already used" in told(app)


def established_sandboxes(store: Store) -> None:
    """Sandboxes of both Vaults, 1011 and 1012, whose sides of Lab Connection are Active."""
    for parent, number in ((1001, 1011), (1002, 1012)):
        with store.write() as write:
            host = f"sb-{number}.lab.example.com"
            name = f"{'Source' if parent == 1001 else 'Target'} Sandbox"
            create_sandbox(write, user(store, parent), id=number, name=name, dns_host=host)
    with store.write() as write:
        ours = stored(store, "lab_connection__c", 1011).id
        theirs = stored(store, "lab_connection__c", 1012).id
        file = download_connection_file(write, user(store, 1011), store.secrets, ours)
        connect_from_file(write, user(store, 1012), file.data)
        complete_task(write, user(store, 1011), ours, approve=True)
        complete_task(write, user(store, 1012), theirs, approve=True)


async def approve(pilot: Pilot[Any], vault: str) -> None:
    await go_to_vault(pilot, vault)
    await find(pilot, "lab conn")
    await act(pilot, "complete")
    assert isinstance(pilot.app.screen, Dialog)
    await press(pilot, "tab", "tab", "enter")


async def hand_over(pilot: Pilot[Any], folder: Path) -> None:
    """Download in the source's sandbox, connect in the target's."""
    await go_to_vault(pilot, "source sand")
    await find(pilot, "lab conn")
    await download(pilot)
    await go_to_vault(pilot, "target sand")
    await connect(pilot)
    assert "Use the connection Lab Connection." in said(pilot.app)
    await press(pilot, "tab", "enter")
    next(folder.iterdir()).unlink()


@pytest.mark.parametrize("names_target", [True, False])
async def test_the_walk_of_re_establishing_by_keyboard(store: Store, own_folder: Path, names_target: bool) -> None:
    ready(store)
    established_sandboxes(store)
    app = console(store)

    def both() -> list[ConnectionState]:
        found = states(store, "lab_connection__c")
        return [found[1011], found[1012]]

    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert both() == [ACTIVE, ACTIVE]
        # A refresh sets the sandbox's side to Pending; the remote one stays Active.
        await press(pilot, "f7", *"source sand", "enter", "tab", "enter")
        assert "Refreshed Source Sandbox" in told(app)
        assert both() == [PENDING, ACTIVE]
        # Steps 1 to 4: in the source Vault, find the connection; only an Active one is reset, and this one says so.
        await go_to_vault(pilot, "source sand")
        await find(pilot, "lab conn")
        assert "Pending" in area(app).why_not("reset")
        # Step 5: the Remote Vault ID, if it is known.
        if names_target:
            await press(pilot, "e")
            line(app, "remote_vault_id").editor.focus()
            await press(pilot, *"1012", "enter")
        # Steps 6 to 12: download there, connect from file here.
        await hand_over(pilot, own_folder)
        if not names_target:
            # Step 14: both Vaults complete the task.
            assert both() == [PENDING, ACTIVE]
            await approve(pilot, "target sand")
            assert both() == [PENDING, APPROVED]
            await approve(pilot, "source sand")
        # Step 13: both records are Active, and name each other.
        assert both() == [ACTIVE, ACTIVE]
        await go_to_vault(pilot, "source sand")
        await find(pilot, "lab conn")
        text = area(app).pane.text
        assert "Target Sandbox" in text
        assert "1012" in text
    assert states(store, "lab_connection__c")[1001] is states(store, "lab_connection__c")[1002] is ACTIVE
