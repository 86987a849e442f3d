"""Connections by keyboard: forms, establishing on both sides, resetting, deleting, certificates, clients."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from textual.pilot import Pilot
from textual.widgets import Button, Input, Label, Static

from console.modals.confirm import Confirm
from console.modals.dialog import Dialog, TypedName
from console.modals.file_chooser import FileChooser
from console.modals.form import FormScreen
from console.modals.picker import PickList
from console.modals.signing import ManageCertificate
from console.widgets.fields import FieldLine
from models.services.connections import create_connection
from models.services.identifiers import Identifiers, identifiers_of
from models.store import Store
from models.tables import (
    Connection,
    ConnectionClient,
    ConnectionState,
    ConnectionType,
    SigningCertificate,
    Vault,
    table_of,
)
from tests.builders import _issued, user
from tests.console.lab import area, console, fill, press, settle, type_in

WIDE = (120, 44)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def ready(store: Store) -> None:
    """The lab of all tests, with a certificate that can sign."""
    fill(store)
    with store.write() as write:
        write.execute(update(table_of(SigningCertificate)).values(pem=_issued("00001").certificate_pem))


def states(store: Store, api_name: str) -> dict[int, ConnectionState]:
    with store.read() as session:
        columns = table_of(Connection).c
        statement = select(columns.vault_id, columns.state).where(columns.api_name == api_name)
        return {row[0]: row[1] for row in session.execute(statement)}


def stored(store: Store, api_name: str, vault_id: int = 1001) -> Any:
    with store.read() as session:
        columns = table_of(Connection).c
        statement = table_of(Connection).select().where(columns.api_name == api_name, columns.vault_id == vault_id)
        return session.execute(statement).one_or_none()


def pending(store: Store, name: str = "Walk", **more: Any) -> None:
    with store.write() as write:
        create_connection(
            write,
            user(store, 1001),
            type=ConnectionType.VAULT_TO_VAULT,
            name=name,
            api_name=f"{name.lower()}__c",
            **more,
        )


def line(app: Any, name: str) -> FieldLine:
    lines: list[FieldLine] = list(app.screen.query(FieldLine))
    return next(line for line in lines if line.field.name == name)


def said(app: Any) -> str:
    """What the dialog in front says."""
    return "\n".join(str(text.render()) for text in app.screen.query(Static))


def title(app: Any) -> str:
    """The title of the dialog in front."""
    return str(app.screen.crumb)


def told(app: Any) -> str:
    return "\n".join(f"{note.title} {note.message}" for note in app._notifications)


async def act(pilot: Pilot[Any], words: str) -> None:
    """Choose an entry of the Actions menu by typing part of its name."""
    await press(pilot, "x")
    await type_in(pilot, words)
    await press(pilot, "enter")


async def go_to_vault(pilot: Pilot[Any], name: str) -> None:
    await press(pilot, "v")
    await type_in(pilot, name)
    await press(pilot, "enter")


async def find(pilot: Pilot[Any], name: str) -> None:
    await press(pilot, "1", "escape", "slash")
    await type_in(pilot, name)
    await press(pilot, "enter")
    assert area(pilot.app).table.cursor_row is not None


async def download(pilot: Pilot[Any]) -> None:
    await act(pilot, "download conn")
    assert isinstance(pilot.app.screen, FormScreen)
    await press(pilot, "enter")


async def connect(pilot: Pilot[Any]) -> None:
    """Choose the connection file that is listed first, and say Continue where it is not refused."""
    await act(pilot, "connect from")
    assert isinstance(pilot.app.screen, FileChooser)
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, Dialog)


async def test_a_walk_without_a_remote_vault_id_is_approved_by_both_vaults(store: Store, own_folder: Path) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "n", *"vault to", "enter")
        assert isinstance(app.screen, FormScreen)
        await press(pilot, *"Walk", "tab", *"walk__c", "f2")
        await find(pilot, "walk")
        await download(pilot)
        assert [path.name for path in own_folder.iterdir()] == ["walk__c-1001.vaultconnection"]
        await go_to_vault(pilot, "target")
        await connect(pilot)
        assert "Create the connection Walk." in said(app)
        assert "both Vaults must approve" in said(app)
        assert states(store, "walk__c") == {1001: ConnectionState.PENDING}  # a preview changes nothing
        await press(pilot, "tab", "enter")
        await find(pilot, "walk")
        assert "Waits for approval" in area(app).pane.text
        await act(pilot, "complete")
        await press(pilot, "tab", "tab", "enter")
        assert states(store, "walk__c") == {1001: ConnectionState.PENDING, 1002: ConnectionState.APPROVED}
        await go_to_vault(pilot, "source")
        await find(pilot, "walk")
        await act(pilot, "complete")
        assert "That Vault has approved it." in said(app)
        await press(pilot, "tab", "tab", "enter")
        assert set(states(store, "walk__c").values()) == {ConnectionState.ACTIVE}
        assert "Approved" in area(app).pane.text


async def test_a_file_with_the_vaults_id_makes_both_sides_active_at_once(store: Store) -> None:
    ready(store)
    pending(store, remote_vault_id=1002)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "walk")
        await download(pilot)
        await go_to_vault(pilot, "target")
        await connect(pilot)
        await press(pilot, "tab", "enter")
    assert set(states(store, "walk__c").values()) == {ConnectionState.ACTIVE}


async def test_a_reset_connection_is_established_again(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        await press(pilot, "w")
        assert "Active: reset the connection first" in told(app)
        await act(pilot, "reset conn")
        assert isinstance(app.screen, Dialog)
        await press(pilot, "tab", "enter")
        assert states(store, "lab_connection__c") == {1001: ConnectionState.PENDING, 1002: ConnectionState.ACTIVE}
        await press(pilot, "e")
        line(app, "remote_vault_id").editor.focus()
        await press(pilot, *"1002", "enter")
        await download(pilot)
        await go_to_vault(pilot, "target")
        await connect(pilot)
        assert "Use the connection Lab Connection." in said(app)
        await press(pilot, "tab", "enter")
    assert set(states(store, "lab_connection__c").values()) == {ConnectionState.ACTIVE}


async def test_rejecting_takes_both_sides_back_to_pending(store: Store) -> None:
    ready(store)
    pending(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "walk")
        await download(pilot)
        await go_to_vault(pilot, "target")
        await connect(pilot)
        await press(pilot, "tab", "enter")
        await find(pilot, "walk")
        await act(pilot, "complete")
        await press(pilot, "tab", "enter")
        assert "Rejected" in area(app).pane.text
    assert set(states(store, "walk__c").values()) == {ConnectionState.PENDING}


async def test_a_file_that_cannot_be_used_says_why_and_offers_no_way_on(store: Store, own_folder: Path) -> None:
    ready(store)
    pending(store, remote_vault_id=1002)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "walk")
        await download(pilot)
        await connect(pilot)
        assert "this very Vault" in said(app)
        assert len(app.screen.query(Button)) == 1
        await press(pilot, "enter")
        file = own_folder / "walk__c-1001.vaultconnection"
        file.write_bytes(file.read_bytes().replace(b"Walk", b"Welk"))
        await go_to_vault(pilot, "target")
        await connect(pilot)
        assert "changed" in said(app)
        await press(pilot, "escape")
        file.write_text("nothing of the kind")
        await connect(pilot)
        assert len(app.screen.query(Button)) == 1
    assert states(store, "walk__c") == {1001: ConnectionState.PENDING}


async def test_a_file_is_not_overwritten_without_a_question(store: Store, own_folder: Path) -> None:
    ready(store)
    pending(store)
    file = own_folder / "walk__c-1001.vaultconnection"
    file.write_text("mine")
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "walk")
        await download(pilot)
        assert "Replace the file?" in title(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, FormScreen)
        assert file.read_text() == "mine"
        await press(pilot, "enter", "tab", "enter")
        assert area(app).AREA == "connections"
    assert file.read_bytes() != b"mine"


async def test_a_folder_that_is_not_there_is_said_beside_the_field_and_no_file_counts_as_downloaded(
    store: Store,
) -> None:
    ready(store)
    pending(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "walk")
        await act(pilot, "download conn")
        line(app, "path").query_one(Input).value = "/nowhere/at/all"
        await press(pilot, "enter")
        assert "There is no folder /nowhere/at" in str(line(app, "path").query_one(".problem", Label).render())
        await press(pilot, "escape", "tab", "enter")
        assert "Download Connection File" not in area(app).pane.text


@pytest.mark.parametrize(
    ("kind", "fields", "missing"),
    [
        ("vault to", {"remote_vault_id", "remote_vault_name", "remote_dns_host"}, {"url", "authorization_id"}),
        ("external", {"url", "authorization_id"}, {"remote_vault_id"}),
        ("local", set(), {"url", "authorization_id", "remote_vault_id"}),
    ],
)
async def test_each_type_has_its_own_fields(store: Store, kind: str, fields: set[str], missing: set[str]) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "n", *kind, "enter")
        names = {line.field.name for line in app.screen.query(FieldLine)}
        assert fields | {"name", "api_name", "description", "authorized_user_id"} <= names
        assert not missing & names


async def test_what_is_wrong_stands_beside_its_field_and_typed_text_is_dropped_only_after_a_question(
    store: Store,
) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "n", *"external", "enter", *"Orders", "tab", *"Bad Name", "tab", *"http://x:1", "enter")
        problems = {line.field.name for line in app.screen.query(FieldLine) if line.has_class("-problem")}
        assert problems == {"api_name", "url"}
        assert line(app, "name").value == "Orders"
        await press(pilot, "escape")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "enter")
        line(app, "api_name").query_one(Input).value = "orders__c"
        line(app, "url").query_one(Input).value = "https://orders.example.com"
        await press(pilot, "f2")
        assert area(app).AREA == "connections"
    assert stored(store, "orders__c").state is ConnectionState.ACTIVE


async def test_a_new_api_name_is_saved_only_after_its_dependents_were_shown(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        await press(pilot, "e", "tab", *"x", "enter")
        assert "Check the marked fields" in said(app)
        line(app, "api_name").query_one(Input).value = "renamed__c"
        await press(pilot, "enter")
        assert "Change the API name?" in title(app)
        assert "Integration product_integration__c" in said(app)
        assert "Queue lab_outbound__c" in said(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, FormScreen)
        assert stored(store, "renamed__c") is None
        await press(pilot, "enter", "tab", "enter")
        assert area(app).AREA == "connections"
    assert stored(store, "renamed__c") is not None


async def test_a_copy_gets_its_own_names(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        await act(pilot, "duplicate")
        await press(pilot, "enter")
    assert stored(store, "lab_connection_copy__c").name == "Lab Connection Copy"


async def test_deleting_asks_for_the_name_and_says_which_queue_forbids_it(store: Store) -> None:
    ready(store)
    pending(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        await press(pilot, "delete")
        assert "Lab Outbound" in told(app)
        await press(pilot, "escape")
        await find(pilot, "walk")
        await press(pilot, "delete")
        assert isinstance(app.screen, TypedName)
        await press(pilot, *"walk", "enter", "enter")
        assert isinstance(app.screen, TypedName)
        assert stored(store, "walk__c") is not None
        await press(pilot, *"__c", "enter", "enter")
    assert stored(store, "walk__c") is None


async def test_a_user_without_the_permission_sees_why_nothing_can_be_done(store: Store) -> None:
    ready(store)
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "x", *"create", "enter")
        assert isinstance(app.screen, PickList)
        assert "Application: Manage Connections is missing" in app.screen.query_one("Reason").text  # type: ignore[attr-defined]
        await press(pilot, "escape")
        assert "Manage Connections is missing" in area(app).why_not("edit")
        await press(pilot, "u", *"admin", "enter")
        assert area(app).why_not("edit") == ""
        await press(pilot, "n")
        assert isinstance(app.screen, PickList)


async def test_one_certificate_is_read_only_and_can_be_downloaded(store: Store, own_folder: Path) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "m")
        assert isinstance(app.screen, ManageCertificate)
        assert app.screen.query_one("#save", Button).disabled
        await press(pilot, "d", "enter")
    assert (own_folder / "signing-certificate-00001.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")


async def test_client_ids_are_added_and_inactivated(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "i", *"add", "enter", *"my-client", "enter")
        assert "my-client" in area(app).pane.text
        await press(pilot, "i", *"my-client", "enter", "tab", "enter", *"inact", "enter", "f2")
        assert area(app).AREA == "connections"
    with store.read() as session:
        columns = table_of(ConnectionClient).c
        active = session.execute(select(columns.active).where(columns.client_id == "my-client")).scalar_one()
    assert active is False


async def test_client_id_filtering_is_a_setting_of_the_vault(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await act(pilot, "filtering")
        await press(pilot, "tab", "enter")
        assert "Client ID Filtering is on" in area(app).pane.text
    with store.write() as write:
        vault = write.get_one(Vault, 1001)
        assert vault.client_id_filtering
        write.execute(update(table_of(Vault)).values(client_id_filtering=False))


async def test_an_authorization_is_made_and_its_secret_is_never_shown(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "a", *"basic", "enter", *"Orders", "tab", *"orders", "tab", *"hush")
        assert "hush" not in "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        await press(pilot, "enter")
        await press(pilot, "a", *"orders", "enter")
        assert isinstance(app.screen, Dialog)
        await press(pilot, "tab", "enter")
        assert line(app, "password__sys").value == ""
        line(app, "username__sys").query_one(Input).value = "orders2"
        await press(pilot, "f2")
        await press(pilot, "a", *"orders", "enter", "tab", "tab", "enter")
        await press(pilot, "a")
        assert "Orders" not in str(app.screen.query_one("OptionList").render())


async def test_identifiers_of_persons_are_set_for_one_connection_or_for_all_and_taken_back(store: Store) -> None:
    pair = fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "I")
        await type_in(pilot, "sim_crm_account_id__c")
        await press(pilot, "tab")
        await type_in(pilot, "sim_account_number__c")
        await press(pilot, "enter")
        assert "matched by sim_crm_account_id__c = sim_account_number__c" in told(app)
        with store.read() as session:
            assert identifiers_of(session, pair.source.connection_id) == Identifiers(
                "sim_crm_account_id__c", "sim_account_number__c"
            )
        await press(pilot, "I")
        assert line(app, "person_field").value == "sim_crm_account_id__c"
        await press(pilot, *(["backspace"] * 30), "tab", *(["backspace"] * 30), "enter")
        assert "were taken back" in told(app)
        with store.read() as session:
            assert identifiers_of(session, pair.source.connection_id) is None
