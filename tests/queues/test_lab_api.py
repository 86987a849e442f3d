"""The API of a Vault: an external system calls back with its session, and Client ID Filtering lets it in or not."""

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest
from sqlalchemy import select

from models.permissions import READ_ONLY_USER
from models.services.clients import add_client, set_client_active, set_client_id_filtering
from models.services.connection_editing import edit_connection
from models.services.queues import create_queue
from models.services.vaults import application_owner_id, create_user
from models.store import Store
from models.tables import ConnectionClient, Direction, MessageState, Queue, User, table_of
from scheduler.lab_api import CLIENT_ID_HEADER, ApiCall, VaultApi
from scheduler.lab_server import Server
from scheduler.tokens import session_id
from tests.builders import key
from tests.conftest import ManualClock
from tests.queues.lab import SYSTEM, VAULT, Sender, make_sender

DEFAULT = "veeva-vault-warehouse"


class Api:
    """The API of Vault 1001, and a caller with a session."""

    def __init__(self, sender: Sender, port: int, calls: list[ApiCall]) -> None:
        self.sender, self.calls = sender, calls
        self.base = f"http://127.0.0.1:{port}/api/v24.3/services"
        with sender.store.read() as session:
            self.owner = application_owner_id(session, VAULT) or 0

    def session_of(self, user_id: int) -> str:
        return session_id(self.sender.store.secrets, VAULT, user_id)

    def call(
        self, path: str = "/queues", *, method: str = "GET", session: str | None = None, **headers: str
    ) -> dict[str, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given["Authorization"] = self.session_of(self.owner) if session is None else session
        answer = httpx2.request(method, self.base + path, headers=given, trust_env=False)
        assert answer.status_code == 200
        return dict(orjson.loads(answer.content))

    def refusal(self, path: str = "/queues", **more: str) -> str:
        document = self.call(path, **more)
        assert document["responseStatus"] == "FAILURE"
        (error,) = document["errors"]
        assert error["message"]
        return str(error["type"])

    def filter_clients(self) -> None:
        with self.sender.store.write() as write:
            set_client_id_filtering(write, SYSTEM, on=True)

    def user(self, name: str, profile: str) -> int:
        with self.sender.store.write() as write:
            return key(create_user(write, VAULT, name, "", name, profile))


@pytest.fixture
def api(store: Store, clock: ManualClock) -> Iterator[Api]:
    sender = make_sender(store, clock)
    calls: list[ApiCall] = []
    with Server(VaultApi(store, VAULT, calls.append).handle) as server:
        yield Api(sender, server.port, calls)


def test_queues_are_listed_and_shown_with_what_became_of_their_last_messages(api: Api) -> None:
    with api.sender.store.write() as write:
        create_queue(write, SYSTEM, label="Arrivals", type=Direction.INBOUND, message_processor="log")
    assert api.call()["data"] == [
        {
            "name": name,
            "status": "active",
            "type": kind,
            "url": f"https://vault-1001.lab.example.com/api/v24.3/services/queues/{name}",
        }
        for name, kind in (("arrivals__c", "inbound"), ("orders__c", "outbound"))
    ]
    (message_id,) = api.sender.put()
    with api.sender.receiver("error"):
        api.sender.deliver()
    (shown,) = api.call("/queues/orders__c")["data"]
    assert (shown["delivery"], shown["messages_in_queue"]) == ("enabled", 1)
    (connection,) = shown["connections"]
    assert (connection["name"], connection["last_message_delivered"]) == ("Warehouse", "error")
    assert connection["error"]["message_id"] == message_id
    assert "500" in connection["error"]["message"]
    assert "delivery" not in api.call("/queues/arrivals__c")["data"][0]


def test_delivery_is_switched_and_a_queue_is_reset(api: Api) -> None:
    api.sender.put()
    assert api.call("/queues/orders__c/actions/disable_delivery", method="PUT") == {"responseStatus": "SUCCESS"}
    assert api.sender.rows(Queue)[0].delivery_enabled is False
    assert api.call("/queues/orders__c/actions/enable_delivery", method="PUT") == {"responseStatus": "SUCCESS"}
    reset = api.call("/queues/orders__c/actions/reset", method="PUT")
    assert reset == {"responseStatus": "SUCCESS", "responseMessage": "Deleted messages in queue."}
    assert api.sender.messages(state=MessageState.QUEUED) == []


def test_what_cannot_be_done_is_a_failure_with_its_type(api: Api) -> None:
    with api.sender.store.write() as write:
        create_queue(write, SYSTEM, label="Arrivals", type=Direction.INBOUND, message_processor="log")
    assert api.refusal("/queues/nowhere__c") == "INVALID_DATA"
    assert api.refusal("/queues/arrivals__c/actions/disable_delivery", method="PUT") == "INVALID_DATA"
    assert api.refusal("/queues/orders__c/actions/explode", method="PUT") == "MALFORMED_URL"
    assert api.refusal("/queues/orders__c", method="PUT") == "METHOD_NOT_SUPPORTED"
    assert api.refusal("/else") == "MALFORMED_URL"


def test_a_call_needs_the_session_of_an_active_user_and_may_do_what_he_may(api: Api) -> None:
    assert api.refusal(session="") == "INVALID_SESSION_ID"
    assert api.refusal(session="0" * 64) == "INVALID_SESSION_ID"
    assert api.call(session=f"Bearer {api.session_of(api.owner)}")["responseStatus"] == "SUCCESS"
    reader = api.user("reader", READ_ONLY_USER)
    assert api.refusal(session=api.session_of(reader)) == "INSUFFICIENT_ACCESS"
    assert api.calls[-1].user == "reader"
    with api.sender.store.write() as write:
        write.get_one(User, reader).active = False
    assert api.refusal(session=api.session_of(reader)) == "INVALID_SESSION_ID"


def test_the_session_that_a_message_brings_opens_the_api(api: Api) -> None:
    api.sender.put({"event": "new", "sessionId": "${Session.ConnectionUserSessionId}"})
    with api.sender.receiver():
        api.sender.deliver()
    brought = orjson.loads(api.sender.arrivals[0].body)["message"]["attributes"]["sessionId"]
    assert api.call(session=brought)["responseStatus"] == "SUCCESS"


def test_without_an_authorized_connection_user_the_external_system_gets_no_session(api: Api) -> None:
    with api.sender.store.write() as write:
        edit_connection(write, SYSTEM, key(api.sender.connection), {"authorized_user_id": None})
    api.sender.put({"event": "new", "sessionId": "${Session.ConnectionUserSessionId}"})
    with api.sender.receiver():
        api.sender.deliver()
    brought = orjson.loads(api.sender.arrivals[0].body)["message"]["attributes"]["sessionId"]
    assert api.refusal(session=brought) == "INVALID_SESSION_ID"


def test_with_filtering_off_any_client_is_let_in_and_logged(api: Api) -> None:
    api.call(X_VaultAPI_ClientID="whoever")
    api.call()
    api.call(X_VaultAPI_ClientID="not good!")
    assert [call.client_id for call in api.calls] == ["whoever", "unknown", "invalid_client_id"]
    assert {call.error for call in api.calls} == {""}


def test_with_filtering_on_only_an_approved_client_of_the_connection_s_user_is_let_in(api: Api) -> None:
    api.filter_clients()
    assert api.refusal() == "INVALID_CLIENT_ID"
    assert api.refusal(X_VaultAPI_ClientID="not good!") == "INVALID_CLIENT_ID"
    assert api.refusal(X_VaultAPI_ClientID="whoever") == "INVALID_CLIENT_ID"
    assert api.call(X_VaultAPI_ClientID=DEFAULT)["responseStatus"] == "SUCCESS"
    other = api.user("other", "Vault Owner")
    assert api.refusal(session=api.session_of(other), X_VaultAPI_ClientID=DEFAULT) == "INVALID_CLIENT_ID"
    assert "Authorized Connection User" in api.calls[-1].message
    assert [call.client_id for call in api.calls] == ["unknown", "invalid_client_id", "whoever", DEFAULT, DEFAULT]


def test_the_query_parameter_beats_the_header(api: Api) -> None:
    api.filter_clients()
    assert api.call(f"/queues?client_id={DEFAULT}", X_VaultAPI_ClientID="whoever")["responseStatus"] == "SUCCESS"
    assert api.refusal("/queues?client_id=whoever", X_VaultAPI_ClientID=DEFAULT) == "INVALID_CLIENT_ID"
    assert api.refusal("/queues?client_id=", X_VaultAPI_ClientID=DEFAULT) == "INVALID_CLIENT_ID"


def test_a_client_that_is_added_is_let_in_and_one_that_is_inactivated_no_longer(api: Api) -> None:
    api.filter_clients()
    with api.sender.store.write() as write:
        add_client(write, SYSTEM, key(api.sender.connection), "orders-app")
    assert api.call(X_VaultAPI_ClientID="orders-app")["responseStatus"] == "SUCCESS"
    table = table_of(ConnectionClient)
    with api.sender.store.write() as write:
        added = write.execute(select(table.c.id).where(table.c.client_id == "orders-app")).scalar_one()
        set_client_active(write, SYSTEM, added, active=False)
    assert api.refusal(X_VaultAPI_ClientID="orders-app") == "INVALID_CLIENT_ID"


def test_a_certificate_needs_neither_session_nor_client(api: Api) -> None:
    api.filter_clients()
    answer = httpx2.get(f"{api.base}/certificate/00001", trust_env=False)
    assert answer.text == api.sender.pem("00001")
    assert api.refusal("/certificate/00009") == "INVALID_DATA"


def test_a_read_only_api_shows_and_changes_nothing(store: Store, clock: ManualClock) -> None:
    sender = make_sender(store, clock)
    calls: list[ApiCall] = []
    with Server(VaultApi(store, VAULT, calls.append, read_only=True).handle) as server:
        api = Api(sender, server.port, calls)
        assert api.call()["responseStatus"] == "SUCCESS"
        assert api.refusal("/queues/orders__c/actions/reset", method="PUT") == "INSUFFICIENT_ACCESS"


def test_the_header_is_called_as_the_vendor_calls_it() -> None:
    assert CLIENT_ID_HEADER == "X-VaultAPI-ClientID"
