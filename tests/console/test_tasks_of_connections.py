"""Tasks of managing connections (seed S1) by keys alone, those that no test of a single screen does from end to end.

`test_tasks` says which task of the seed is done by which test.
"""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.services.connections import create_connection
from models.services.sandboxes import create_sandbox
from models.store import Store
from models.tables import (
    Connection,
    ConnectionAuthorization,
    ConnectionStat,
    ConnectionState,
    ConnectionType,
    Integration,
    QueueConnection,
    table_of,
)
from tests.builders import user
from tests.console.by_keys import answer, choose, details, row, to_line, write_in
from tests.console.lab import area, console, press, settle, type_in
from tests.console.test_connection_actions import (
    WIDE,
    act,
    connect,
    download,
    find,
    go_to_vault,
    own_folder,
    ready,
    said,
    states,
    stored,
    told,
)

__all__ = ["own_folder"]
SMALL = (80, 24)
ACTIVE, DISCONNECTED, PENDING = ConnectionState.ACTIVE, ConnectionState.DISCONNECTED, ConnectionState.PENDING
both_sizes = pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "80x24"])


async def new(pilot: Any, kind: str) -> None:
    """From the Connections page, Create; then the Connection Type."""
    await press(pilot, "1", "n")
    await type_in(pilot, kind)
    await press(pilot, "enter")


@both_sizes
async def test_a_vault_to_vault_connection_is_created_with_all_its_fields(store: Store, size: tuple[int, int]) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await new(pilot, "vault to")
        await write_in(
            pilot, name="Orders", api_name="orders__c", remote_vault_id="1002", description="What is ordered"
        )
        await choose(pilot, authorized_user_id="administrator")
        await write_in(pilot, remote_vault_name="Target", remote_dns_host="target.lab.example.com")
        await press(pilot, "f2")
        assert row(app).name == "Orders"
        assert "Pending" in details(app)
    made = stored(store, "orders__c")
    assert (made.state, made.remote_vault_id, made.description) == (PENDING, 1002, "What is ordered")
    assert (made.remote_vault_name, made.remote_dns_host) == ("Target", "target.lab.example.com")
    assert made.authorized_user_id == user(store, 1001).user_id


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("basic", {"username__sys": "orders", "password__sys": "hush"}),
        ("client", {"client_id__sys": "orders", "client_secret__sys": "hush"}),
    ],
)
@both_sizes
async def test_an_external_connection_is_created_with_an_authorization_and_is_active_at_once(
    store: Store, kind: str, typed: dict[str, str], size: tuple[int, int]
) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "1", "a")
        await type_in(pilot, kind)
        await press(pilot, "enter")
        await write_in(pilot, name="Login", **typed)
        await press(pilot, "f2")
        await new(pilot, "external")
        await write_in(pilot, name="Orders", api_name="orders__c", url="https://veeva.com:8443")
        await press(pilot, "f2")
        assert "standard" in "\n".join(str(label.render()) for label in app.screen.query(".problem"))
        await write_in(pilot, url="https://orders.example.com")
        await choose(pilot, authorization_id="login", authorized_user_id="application")
        await press(pilot, "f2")
        assert "Active" in details(app)
        # "we recommend configuring a Client ID and using Client ID Filtering"
        await press(pilot, "i")
        await type_in(pilot, "add")
        await press(pilot, "enter")
        await write_in(pilot, client_id="orders-client")
        await press(pilot, "f2", "f")
        await answer(pilot, "Turn on")
        assert "orders-client" in details(app)
        assert "Filtering is on" in details(app)
        assert row(app).name == "Orders"
    made = stored(store, "orders__c")
    with store.read() as session:
        login = session.execute(select(table_of(ConnectionAuthorization).c.id)).scalar_one()
    assert (made.state, made.authorization_id, made.url) == (ACTIVE, login, "https://orders.example.com")


@both_sizes
async def test_a_local_connection_is_created_and_has_no_workflow(store: Store, size: tuple[int, int]) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await new(pilot, "local")
        await write_in(pilot, name="Inside", api_name="Inside Out")
        await press(pilot, "f2")
        problems = "\n".join(str(label.render()) for label in app.screen.query(".problem"))
        assert "lowercase" in problems.lower() or "lower" in problems.lower()
        await write_in(pilot, api_name="inside__c")
        await choose(pilot, authorized_user_id="administrator")
        await press(pilot, "f2")
        assert "Active" in details(app)
        assert "approval is not required" in details(app).lower()
    assert stored(store, "inside__c").state is ACTIVE


async def test_an_integration_is_turned_off_and_on_and_a_custom_one_begun_from_the_connection(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        await to_line(pilot, "Product Integration")
        await press(pilot, "enter", "a")
        assert not row(app).active
        await press(pilot, "a")
        assert row(app).active
        await press(pilot, "n")
        await write_in(pilot, name="Own Integration")
        await press(pilot, "f2")
        assert "Inactive" in details(app)
    with store.read() as session:
        columns = table_of(Integration).c
        made = session.execute(select(columns.connection_id, columns.active).where(columns.name == "Own Integration"))
        assert [tuple(one) for one in made] == [(stored(store, "lab_connection__c").id, False)]


async def test_what_is_under_remote_vault_details_fills_itself_once_established(store: Store, own_folder: Path) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await new(pilot, "vault to")
        await write_in(pilot, name="Walk", api_name="walk__c", remote_vault_id="1002", remote_vault_name="my own note")
        await press(pilot, "f2")
        await find(pilot, "walk")
        await download(pilot)
        await go_to_vault(pilot, "target")
        await connect(pilot)
        await answer(pilot, "Continue")
        await go_to_vault(pilot, "source")
        await find(pilot, "walk")
        assert "my own note" not in details(app)
        assert "Target" in details(app)
    assert set(states(store, "walk__c").values()) == {ACTIVE}
    assert len(list(own_folder.iterdir())) == 1


async def test_deleting_an_established_connection_disconnects_the_remote_one_and_takes_its_stats(store: Store) -> None:
    ready(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        await press(pilot, "delete")
        assert "is referenced by the queue Lab Outbound" in told(app)
        # So it is taken out of the queue first: what waits there is deleted, for good.
        await press(pilot, "3", "X")
        await type_in(pilot, "lab_outbound__c")
        await press(pilot, "enter", "enter", "C", "enter")
        await answer(pilot, "Remove it")
        await find(pilot, "lab conn")
        await press(pilot, "delete")
        assert "Connection Stats" in " ".join(said(app).split())
        await type_in(pilot, "lab_connection__c")
        await press(pilot, "enter", "enter")
        assert states(store, "lab_connection__c") == {1002: DISCONNECTED}
        await go_to_vault(pilot, "target")
        await find(pilot, "lab conn")
        assert "Disconnected" in details(app)
    with store.read() as session:
        assert session.execute(select(table_of(ConnectionStat))).all() == []
        assert len(session.execute(select(table_of(QueueConnection))).all()) == 1


async def test_after_a_refresh_an_external_connection_is_active_again_once_its_url_was_entered_again(
    store: Store,
) -> None:
    ready(store)
    with store.write() as write:
        for name, url in (("Orders", "https://orders.example.com"), ("Tokens", "https://${Custom.host}/x")):
            api_name, kind = f"{name.lower()}__c", ConnectionType.EXTERNAL
            create_connection(write, user(store, 1001), type=kind, name=name, api_name=api_name, url=url)
    with store.write() as write:
        create_sandbox(write, user(store, 1001), id=1011, name="Sandbox", dns_host="sb-1011.lab.example.com")
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "f7")
        await press(pilot, "enter")
        await answer(pilot, "Refresh")
        assert "Refreshed Sandbox" in told(app)
        await go_to_vault(pilot, "sandbox")
        assert stored(store, "tokens__c", 1011).state is ACTIVE
        assert stored(store, "orders__c", 1011).state is ConnectionState.INACTIVE
        await find(pilot, "orders")
        assert "Inactive" in details(app)
        await press(pilot, "e")
        await write_in(pilot, url="https://orders.example.com")
        await press(pilot, "f2")
        assert stored(store, "orders__c", 1011).state is ACTIVE


async def test_a_standard_connection_cannot_be_deleted_but_reset_to_be_connected_anew(store: Store) -> None:
    ready(store)
    with store.write() as write:
        write.execute(table_of(Connection).update().values(system_managed=True))
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await find(pilot, "lab conn")
        assert "standard" in area(app).why_not("delete").lower() or "system" in area(app).why_not("delete").lower()
        await act(pilot, "reset conn")
        await answer(pilot, "Continue")
        assert states(store, "lab_connection__c")[1001] is PENDING
