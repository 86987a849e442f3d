"""Delivery to an external system over real TLS: what is sent, what counts as delivered, and every way to fail."""

import base64
import socket
import subprocess
from pathlib import Path

import orjson
import pytest

from models.errors import InvalidInput, NotPossible
from models.services.queue_connections import edit_queue_connection
from models.store import Store
from models.tables import AttemptKind, MessageState, RunStatus
from models.time import iso
from scheduler.external import Poster
from scheduler.lab_server import Arrival, Behaviour, Request, Server
from scheduler.reach import Answer, Letter, Reach, parse_resolve
from scheduler.signature_check import check_signature
from scheduler.signing import canonical_headers
from scheduler.tokens import session_id
from tests.builders import key
from tests.conftest import ManualClock
from tests.queues.lab import HOST, SYSTEM, VAULT, Sender, make_sender, tls

HEADERS = {
    "x-vaultapisignature-certificateid",
    "x-vaultapisignature-executionid",
    "x-vaultapisignature-requestid",
    "x-vaultapisignature-requestdatetime",
    "x-vaultapisignature-requestnotbefore",
    "x-vaultapisignature-requestnotafter",
    "x-vaultapisignature-requesttype",
    "x-vaultapisignature-url",
    "x-vaultapisignature-vaultid",
    "x-vaultapi-signature",
    "x-vaultapi-signaturev2",
    "content-type",
    "content-length",
    "user-agent",
    "host",
}


def header(arrival: Arrival, name: str) -> str:
    return next(value for wrote, value in arrival.headers.items() if wrote.lower() == name.lower())


def test_a_message_arrives_with_exactly_the_documented_headers_and_body(sender: Sender) -> None:
    (message_id,) = sender.put({"event": "new", "urgent": True, "count": 3}, ["V0A1", "V0A2"])
    with sender.receiver():
        result = sender.deliver()
    (arrival,) = sender.arrivals
    assert {name.lower() for name in arrival.headers} == HEADERS
    assert arrival.url == f"https://{HOST}/spark"
    assert header(arrival, "User-Agent") == "Veeva Vault Spark Message Agent"
    assert header(arrival, "Content-Type") == "application/json"
    assert header(arrival, "X-VaultAPISignature-URL") == arrival.url
    assert header(arrival, "X-VaultAPISignature-RequestId") == message_id
    assert header(arrival, "X-VaultAPISignature-VaultId") == str(VAULT)
    body = orjson.loads(arrival.body)
    (message,) = sender.messages()
    assert body == {
        "vault_name": "Sender",
        "vault_host_name": "vault-1001.lab.example.com",
        "queue_name": "orders__c",
        "enter_queue_timestamp": iso(message.entered_at),
        "send_message_timestamp": header(arrival, "X-VaultAPISignature-RequestDateTime"),
        "send_attempt": 1,
        "message_id": message_id,
        "message": {"attributes": {"event": "new", "urgent": True, "count": 3}, "items": ["V0A1", "V0A2"]},
    }
    assert arrival.verdict.valid, arrival.verdict.reason
    assert message.state is MessageState.DELIVERED
    assert result.status is RunStatus.SUCCESS
    assert sender.stats() == {"sent": 1}
    (attempt,) = sender.attempts()
    assert (attempt.number, attempt.kind, attempt.status, attempt.answer) == (1, AttemptKind.OK, 200, "Received.")


def test_both_signatures_hold_for_the_openssl_command_line_too(sender: Sender, tmp_path: Path) -> None:
    sender.put()
    with sender.receiver():
        sender.deliver()
    (arrival,) = sender.arrivals
    (tmp_path / "certificate.pem").write_text(sender.pem("00001") or "")
    public = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "certificate.pem", "-pubkey", "-noout"], check=True, capture_output=True
    )
    (tmp_path / "public.pem").write_bytes(public.stdout)
    first = canonical_headers(arrival.headers) + arrival.body
    for name, signed in (
        ("X-VaultAPI-Signature", first),
        ("X-VaultAPI-SignatureV2", first + b"\n" + arrival.url.encode()),
    ):
        (tmp_path / "signature").write_bytes(base64.b64decode(header(arrival, name)))
        command: list[str | Path] = [
            "openssl",
            "dgst",
            "-sha256",
            "-verify",
            tmp_path / "public.pem",
            "-signature",
            tmp_path / "signature",
        ]
        good = subprocess.run(command, input=signed, capture_output=True, check=False)
        assert (good.returncode, good.stdout) == (0, b"Verified OK\n"), name
        assert subprocess.run(command, input=signed + b" ", capture_output=True, check=False).returncode == 1


def test_the_path_of_the_queue_connection_is_appended_and_tokens_are_resolved_at_send(
    store: Store, clock: ManualClock
) -> None:
    sender = make_sender(
        store, clock, path="/orders?session=${Session.ConnectionUserSessionId}", url=f"https://{HOST}/a/"
    )
    owner = sender.connection.authorized_user_id
    assert owner is not None
    sender.put({"sessionId": "${Session.SessionId}", "other": "${Unknown.Token}"})
    with sender.receiver():
        sender.deliver()
    (arrival,) = sender.arrivals
    assert arrival.url == f"https://{HOST}/a/orders?session={session_id(sender.store.secrets, VAULT, owner)}"
    assert arrival.verdict.valid, arrival.verdict.reason
    attributes = orjson.loads(arrival.body)["message"]["attributes"]
    assert attributes == {"sessionId": session_id(sender.store.secrets, VAULT, owner), "other": "${Unknown.Token}"}


@pytest.mark.parametrize("url", ["https://Example.com", "https://EXAMPLE.com/Path?q=1"])
def test_the_address_is_signed_as_it_was_written(store: Store, clock: ManualClock, url: str) -> None:
    sender = make_sender(store, clock, url=url)
    sender.put()
    with sender.receiver():
        sender.deliver()
    (arrival,) = sender.arrivals
    assert arrival.verdict.valid, arrival.verdict.reason
    assert header(arrival, "X-VaultAPISignature-URL") == url


def test_without_an_authorized_connection_user_the_system_gets_no_session(store: Store, clock: ManualClock) -> None:
    sender = make_sender(store, clock, without_user=True)
    sender.put({"session": "${Session.ConnectionUserSessionId}"})
    with sender.receiver():
        sender.deliver()
    assert orjson.loads(sender.arrivals[0].body)["message"]["attributes"] == {"session": ""}


def test_an_unknown_token_in_the_address_is_said_and_nothing_is_sent(store: Store, clock: ManualClock) -> None:
    sender = make_sender(store, clock, path="${Custom.thing}")
    sender.put()
    with sender.receiver():
        sender.deliver()
    assert not sender.arrivals
    assert "${Custom.thing}" in sender.messages()[0].last_error


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ("error", 500, "Answered 500 Internal Server Error. The receiver was told"),
        ("404", 404, "Answered 404 Not Found."),
        ("redirect", 302, "Redirects are not followed."),
        ("reset", None, "The exchange broke off"),
    ],
)
def test_what_is_not_answered_with_2xx_is_a_failure_and_tried_again(
    sender: Sender, answer: str, status: int | None, said: str
) -> None:
    sender.put()
    with sender.receiver(answer):
        result = sender.deliver()
    assert result.status is RunStatus.ERRORS_ENCOUNTERED
    assert [arrival.url for arrival in sender.arrivals] == [f"https://{HOST}/spark"]
    (attempt,) = sender.attempts()
    assert (attempt.kind, attempt.status) == (AttemptKind.FAILURE, status)
    assert said in attempt.answer
    assert sender.stats() == {"failures": 1}
    sender.clock.advance(minutes=1, seconds=1)
    with sender.receiver("204"):
        sender.deliver()
    assert orjson.loads(sender.arrivals[-1].body)["send_attempt"] == 2
    assert sender.messages()[0].state is MessageState.DELIVERED
    assert sender.stats() == {"failures": 1, "retries": 1, "sent": 1}


@pytest.mark.parametrize("answer", ["none", "slow"])
def test_no_answer_in_time_is_a_timeout(sender: Sender, answer: str) -> None:
    for _ in range(3):
        sender.put()
    with sender.receiver(answer, timeout=0.5):
        sender.deliver()
    assert {attempt.kind for attempt in sender.attempts()} == {AttemptKind.TIMEOUT}
    assert sender.stats() == {"timeouts": 3}
    assert {message.claimed_by for message in sender.messages()} == {None}
    assert "No answer within 0.5 seconds." in sender.messages()[0].last_error


def test_an_answer_that_comes_byte_by_byte_has_to_be_whole_in_time(sender: Sender) -> None:
    def drip(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not request.stopping.wait(0.05):
            request.wfile.write(b"x")
        request.close_connection = True

    sender.put()
    _ca, certificate, private = tls(HOST)
    with Server(drip, certificate=certificate, key=private) as server:
        sender.reach(server.port, timeout=0.6)
        sender.deliver()
    (attempt,) = sender.attempts()
    assert attempt.kind is AttemptKind.TIMEOUT


def test_a_refused_connection_is_a_failure(sender: Sender) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sender.reach(unused.getsockname()[1])
        sender.put()
        sender.deliver()
    (attempt,) = sender.attempts()
    assert (attempt.kind, attempt.status) == (AttemptKind.FAILURE, None)
    assert attempt.answer.startswith("No connection")


def test_a_certificate_of_another_host_is_refused(sender: Sender) -> None:
    sender.put()
    with sender.receiver(host="other.example.org") as server:
        sender.reach(server.port, ca=tls("other.example.org")[0])
        sender.deliver()
    assert not sender.arrivals
    assert "Hostname mismatch" in sender.attempts()[0].answer


def test_an_unknown_ca_is_refused(sender: Sender) -> None:
    sender.put()
    with sender.receiver() as server:
        sender.reach(server.port, ca=tls("other.example.org")[0])
        sender.deliver()
    assert not sender.arrivals
    assert "TLS certificate was refused" in sender.attempts()[0].answer


def test_a_file_without_certificates_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(NotPossible, match="holds no certificates"):
        Poster(Reach(ca_file=tmp_path / "ca.pem"))


def test_many_messages_go_over_a_few_connections_and_each_arrives_once(sender: Sender) -> None:
    ids = {sender.put()[0] for _ in range(40)}
    with sender.receiver():
        sender.deliver()
    assert sorted(header(each, "X-VaultAPISignature-RequestId") for each in sender.arrivals) == sorted(ids)
    assert sender.stats() == {"sent": 40}


def test_a_sequential_queue_posts_in_order_and_stops_at_the_first_failure(store: Store, clock: ManualClock) -> None:
    sender = make_sender(store, clock, sequential=True)
    ids = [sender.put()[0] for _ in range(5)]

    def third_fails(request: Request) -> None:
        number = len(sender.arrivals)
        sender.arrivals.append(Arrival(clock.now(), "POST", "", dict(request.headers.items()), request.body, None))  # type: ignore[arg-type]
        Behaviour("error" if number == 2 else "ok").answer(request)

    _ca, certificate, private = tls(HOST)
    with Server(third_fails, certificate=certificate, key=private) as server:
        sender.reach(server.port)
        sender.deliver()
        assert [header(each, "X-VaultAPISignature-RequestId") for each in sender.arrivals] == ids[:3]
        states = [message.state for message in sender.messages()]
        assert states == [MessageState.DELIVERED] * 2 + [MessageState.QUEUED] * 3
        clock.advance(minutes=1, seconds=1)
        sender.deliver()
    arrived = [header(each, "X-VaultAPISignature-RequestId") for each in sender.arrivals]
    assert arrived == [*ids[:3], *ids[2:]]


def test_a_post_is_never_made_inside_a_transaction(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    sender.put()
    seen: list[bool] = []
    real = Poster.post

    def post(self: Poster, letter: Letter) -> Answer:
        with sender.store.write():
            seen.append(True)
        return real(self, letter)

    monkeypatch.setattr(Poster, "post", post)
    with sender.receiver():
        sender.deliver()
    assert seen == [True]


def test_what_was_sent_can_be_looked_at_and_verified_later(sender: Sender) -> None:
    sender.put()
    (message,) = sender.messages()
    assert "not been signed yet" in check_signature(sender.store, VAULT, message.id).reason
    with sender.receiver():
        sender.deliver()
    sender.clock.advance(days=3)
    verdict = check_signature(sender.store, VAULT, message.id)
    assert verdict.valid, verdict.reason
    assert verdict.certificate_id == "00001"


def test_a_receiver_without_the_certificate_refuses_and_says_why(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.put()
    monkeypatch.setattr(sender, "pem", lambda _id: None)
    with sender.receiver():
        sender.deliver()
    assert not sender.arrivals[0].verdict.valid
    assert "Answered 401" in sender.attempts()[0].answer
    assert "no certificate 00001" in sender.attempts()[0].answer


def test_the_path_can_be_changed_and_takes_only_signs_of_a_url(sender: Sender) -> None:
    with sender.store.write() as write:
        edit_queue_connection(write, SYSTEM, sender.queue_id, key(sender.connection), path="/orders")
    with pytest.raises(InvalidInput), sender.store.write() as write:
        edit_queue_connection(write, SYSTEM, sender.queue_id, key(sender.connection), path="/or ders")


def test_resolve_reads_what_curl_reads() -> None:
    assert parse_resolve(["Example.com:443:127.0.0.1:8443", "a.b:443:[::1]"]) == {
        ("example.com", 443): ("127.0.0.1", 8443),
        ("a.b", 443): ("::1", 443),
    }
    for wrong in ("example.com", "example.com:443", "a:0:b:1", "a:443:b:70000", ""):
        with pytest.raises(InvalidInput):
            parse_resolve([wrong])
