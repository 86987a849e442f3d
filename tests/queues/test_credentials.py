"""Connection Authorization: its credentials go with what is posted to an external system, and are kept nowhere."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from models.errors import InvalidInput
from models.services.authorizations import create_authorization, edit_authorization
from models.services.connection_editing import edit_connection
from models.store import Store
from models.tables import (
    AttemptKind,
    AuthorizationType,
    ConnectionAuthorization,
    MessageState,
    SparkMessageBody,
    table_of,
)
from scheduler.credentials import HIDDEN, Credentials, basic
from scheduler.lab_server import Request, Server
from scheduler.reach import Letter
from scheduler.signature_check import check_signature
from tests.builders import key
from tests.conftest import ManualClock
from tests.queues.lab import HOST, SYSTEM, VAULT, Sender, make_sender, tls

SECRET = "hush: with ünusual signs"
KINDS = tuple(AuthorizationType)


@pytest.fixture
def sender(store: Store, clock: ManualClock) -> Sender:
    return make_sender(store, clock)


def authorize(sender: Sender, kind: AuthorizationType = AuthorizationType.BASIC_AUTH, secret: str = SECRET) -> int:
    """Give the connection an Authorization of a kind."""
    with sender.store.write() as write:
        made = create_authorization(
            write, SYSTEM, sender.store.secrets, type=kind, name="Warehouse", identity="ada", secret=secret
        )
        edit_connection(write, SYSTEM, key(sender.connection), {"authorization_id": key(made)})
    return key(made)


@pytest.fixture
def seen() -> list[dict[str, str]]:
    return []


@pytest.fixture
def plain_server(sender: Sender, seen: list[dict[str, str]]) -> Iterator[Server]:
    """A server that keeps all headers as they came, secrets included."""

    def handle(request: Request) -> None:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        request.reply(200)

    _ca, certificate, private = tls(HOST)
    with Server(handle, certificate=certificate, key=private) as server:
        sender.reach(server.port)
        yield server


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("plain_server")
def test_both_kinds_of_credentials_go_in_the_authorization_header(
    sender: Sender, kind: AuthorizationType, seen: list[dict[str, str]]
) -> None:
    authorize(sender, kind)
    sender.put()
    sender.deliver()
    assert [headers["authorization"] for headers in seen] == [basic("ada", SECRET)]


@pytest.mark.usefixtures("plain_server")
def test_a_connection_without_an_authorization_sends_no_such_header(sender: Sender, seen: list[dict[str, str]]) -> None:
    sender.put()
    sender.deliver()
    assert ["authorization" in headers for headers in seen] == [False]


def test_the_header_is_no_part_of_what_is_signed_and_the_receiver_takes_the_right_one(sender: Sender) -> None:
    authorize(sender)
    sender.put()
    with sender.receiver(accepts=basic("ada", SECRET)):
        sender.deliver()
    (message,) = sender.messages()
    assert message.state is MessageState.DELIVERED
    verdict = check_signature(sender.store, VAULT, message.id)
    assert verdict.valid, verdict.reason


@pytest.mark.parametrize("given", ["another secret", None])
def test_a_receiver_that_wants_other_credentials_answers_401_which_is_a_failure(
    sender: Sender, given: str | None
) -> None:
    if given:
        authorize(sender, secret=given)
    sender.put()
    with sender.receiver(accepts=basic("ada", SECRET)):
        sender.deliver()
    (attempt,) = sender.attempts()
    assert (attempt.kind, attempt.status) == (AttemptKind.FAILURE, 401)
    assert ("wrong" if given else "needed") in attempt.answer
    assert sender.stats() == {"failures": 1}


def test_the_secret_is_kept_with_no_message_and_told_by_no_receiver(sender: Sender) -> None:
    authorize(sender)
    sender.put()
    with sender.receiver():
        sender.deliver()
    (body,) = sender.rows(SparkMessageBody)
    assert body.headers["Authorization"] == HIDDEN
    value = basic("ada", SECRET)
    assert value not in str(body) + str(sender.arrivals) + str(sender.attempts()) + str(sender.log())
    assert {name: text for name, text in sender.arrivals[0].headers.items() if name.lower() == "authorization"} == {
        "Authorization": HIDDEN
    }
    assert sender.store.path is not None
    for file in sender.store.path.parent.glob("lab.sqlite3*"):
        if "key" not in file.name:
            assert value.encode() not in file.read_bytes()
    assert value not in repr(Letter("https://x", {}, b"", value)) + repr(Credentials({1: value}, {}))


def test_a_changed_secret_goes_with_the_next_try(sender: Sender) -> None:
    authorization = authorize(sender, secret="old")
    sender.put()
    with sender.receiver(accepts=basic("ada", "new")):
        sender.deliver()
        with sender.store.write() as write:
            edit_authorization(write, SYSTEM, sender.store.secrets, authorization, secret="new")
        sender.clock.advance(minutes=2)
        sender.deliver()
    assert [attempt.status for attempt in sender.attempts()] == [401, 200]


def test_credentials_that_cannot_be_opened_are_told_and_nothing_is_sent(sender: Sender) -> None:
    authorization = authorize(sender)
    with sender.store.write() as write:
        table = table_of(ConnectionAuthorization)
        write.execute(update(table).where(table.c.id == authorization).values(sealed_secret="broken"))
    sender.put()
    with sender.receiver():
        sender.deliver()
    assert sender.arrivals == []
    (message,) = sender.messages()
    assert (message.state, message.attempts) == (MessageState.QUEUED, 1)
    assert message.last_error


def test_a_user_name_holds_no_colon(sender: Sender) -> None:
    with pytest.raises(InvalidInput) as refusal, sender.store.write() as write:
        create_authorization(
            write,
            SYSTEM,
            sender.store.secrets,
            type=AuthorizationType.BASIC_AUTH,
            name="X",
            identity="a:b",
            secret="x",
        )
    assert set(refusal.value.fields) == {"username__sys"}
