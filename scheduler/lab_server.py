"""Small HTTP servers for labs: a receiver of Spark messages, and the endpoint that hands out signing certificates.

Both are for the machine of a trainer or developer, not for the internet: one thread per connection, no limits.
"""

import hmac
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import httpx2
import orjson

from models.errors import InvalidInput, NotPossible
from models.time import from_iso
from scheduler.credentials import HIDDEN
from scheduler.signing import CERTIFICATE_ID, REQUEST_DATE_TIME, REQUEST_URL, SigningKeyUnreadable, Verdict, Verifier

LONGEST_BODY = 10_000_000
SLOW_SECONDS = 35.0
"""How long a slow receiver takes: longer than a Vault waits."""
CERTIFICATE_PATH = re.compile(r"/api/v\d+(?:\.\d+)?/services/certificate/(?P<id>[A-Za-z0-9_-]{1,20})")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it reached the receiver; `url` is the address it was sent to."""

    at: datetime
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    verdict: Verdict


class Server:
    """An HTTP server in a thread, over TLS when a certificate is given. Use as a context manager."""

    def __init__(
        self,
        handle: Callable[["Request"], None],
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self.stopping = threading.Event()
        context = None if certificate is None else _server_context(certificate, key)
        try:
            self._server = _Listener((address, port), handle, self.stopping, context)
        except OSError as error:
            raise NotPossible(
                f"Nothing can listen at {address}:{port}: {error.strerror or error}.", "Choose another port."
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="lab server", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End: nothing more is taken, and what is held is let go."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.let_go()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self,
        place: tuple[str, int],
        handle: Callable[["Request"], None],
        stopping: threading.Event,
        context: ssl.SSLContext | None,
    ) -> None:
        self.handle_spark = handle
        self.stopping = stopping
        self._context = context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(place, Request)

    def get_request(self) -> tuple[socket.socket, Any]:
        accepted, place = super().get_request()
        if self._context is not None:
            # The handshake happens in the connection's own thread: a silent client holds up nobody else.
            accepted = self._context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(accepted)
        return accepted, place

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or does not trust this server, is no error of the server."""

    def let_go(self) -> None:
        """Break what is still open, so that its threads end."""
        with self._lock:
            for held in self._open:
                try:
                    held.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class Request(BaseHTTPRequestHandler):
    """One connection; hands every request on to the server's function."""

    protocol_version = "HTTP/1.1"
    server_version = "lab"
    sys_version = ""
    server: _Listener
    body: bytes = b""

    def do_POST(self) -> None:
        """Take a message."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self.close_connection = True
            self.reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        self.body = self.rfile.read(int(length))
        self.server.handle_spark(self)

    def do_GET(self) -> None:
        """Answer a question."""
        self.body = b""
        self.server.handle_spark(self)

    def do_PUT(self) -> None:
        """Take an action."""
        self.do_POST()

    def log_message(self, *_words: Any) -> None:
        """Say nothing: the caller tells what came."""

    @property
    def stopping(self) -> threading.Event:
        """Set when the server ends."""
        return self.server.stopping

    def reply(self, status: int, text: bytes = b"", kind: str = "text/plain; charset=utf-8", **more: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def reset(self) -> None:
        """Begin an answer and break the connection in its middle."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"the first")
        self.wfile.flush()
        # With this option closing sends a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class Behaviour:
    """How a receiver answers: ok, error (500), slow, none, reset, redirect, or an HTTP status."""

    KINDS: ClassVar[tuple[str, ...]] = ("ok", "error", "slow", "none", "reset", "redirect")

    def __init__(self, text: str = "ok", *, slow: float = SLOW_SECONDS) -> None:
        self.kind, self.status = text, 200
        self._slow = slow
        if text.isascii() and text.isdigit() and 200 <= int(text) <= 599:
            self.kind, self.status = "status", int(text)
        elif text not in self.KINDS:
            kinds = ", ".join(self.KINDS)
            raise InvalidInput({"answer": f"{text} is no way to answer. There is: {kinds}, or a status like 503."})

    def answer(self, request: Request) -> None:
        """Answer a request in this way."""
        match self.kind:
            case "error":
                request.reply(HTTPStatus.INTERNAL_SERVER_ERROR, b"The receiver was told to answer with an error.")
            case "none":
                request.stopping.wait()
                request.close_connection = True
            case "reset":
                request.reset()
            case "redirect":
                request.reply(HTTPStatus.FOUND, Location=request.path + "/elsewhere")
            case "slow":
                if not request.stopping.wait(self._slow):
                    request.reply(HTTPStatus.OK, b"Late.")
                request.close_connection = True
            case "status":
                request.reply(self.status)
            case _:
                request.reply(HTTPStatus.OK, b"Received.")


class CertificateSource:
    """Signing certificates by id: from a PEM file for all ids, or from a certificate endpoint, each asked for once."""

    def __init__(self, *, file: Path | None = None, endpoint: str | None = None, ca_file: Path | None = None) -> None:
        self._endpoint = endpoint.rstrip("/") if endpoint else None
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._known: dict[str, Verifier] = {}
        try:
            self._text = file.read_text(encoding="ascii") if file is not None else None
        except (OSError, ValueError) as error:
            raise NotPossible(f"{file} cannot be read.", "Give the certificate as a PEM file.") from error

    def verify(self, headers: Mapping[str, str], body: bytes, url: str, now: datetime | None = None) -> Verdict:
        """Judge a message at a time, by default at the one it says it was signed at: lab time is not this machine's."""
        names = {name.lower(): value for name, value in headers.items()}
        certificate_id = names.get(CERTIFICATE_ID.lower(), "").strip()
        try:
            verifier = self._verifier(certificate_id)
            moment = now or from_iso(names.get(REQUEST_DATE_TIME.lower(), ""))
        except (NotPossible, SigningKeyUnreadable) as trouble:
            return Verdict(valid=False, certificate_id=certificate_id or None, reason=str(trouble))
        except ValueError:
            moment = datetime.now(UTC)
        return verifier.verify(body, headers, url, moment)

    def _verifier(self, certificate_id: str) -> Verifier:
        with self._lock:
            if certificate_id not in self._known:
                self._known[certificate_id] = Verifier({certificate_id: self._fetch(certificate_id)})
            return self._known[certificate_id]

    def _fetch(self, certificate_id: str) -> str:
        if self._text is not None:
            return self._text
        path = f"/api/v24.3/services/certificate/{certificate_id}"
        if self._endpoint is None or CERTIFICATE_PATH.fullmatch(path) is None:
            raise NotPossible("The message names no certificate that can be fetched.", "")
        try:
            verify = ssl.create_default_context(cafile=self._ca_file)
            answer = httpx2.get(self._endpoint + path, verify=verify, timeout=10.0, trust_env=False)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise NotPossible(f"The certificate {certificate_id} could not be fetched: {error}.") from error
        if not answer.is_success or "BEGIN CERTIFICATE" not in answer.text:
            raise NotPossible(f"The endpoint has no certificate {certificate_id}.")
        return answer.text


def receiver(
    source: CertificateSource,
    behaviour: Behaviour,
    tell: Callable[[Arrival], None],
    *,
    certificate: Path,
    key: Path,
    address: str = "127.0.0.1",
    port: int = 0,
    check_time: bool = False,
    accepts: str = "",
) -> Server:
    """A receiver of Spark messages over HTTPS: verifies each, tells of it, then answers as told.

    A message whose signature does not hold is answered with 401, whatever the behaviour, and so is one that does not
    carry the Authorization header `accepts`, where one is asked for. Its value is not told. `check_time` judges the
    time window by this machine's clock.
    """

    def handle(request: Request) -> None:
        headers = _headers(request.headers)
        host = request.headers.get("Host", "")
        url = _reached(f"https://{host}{request.path}", headers)
        if request.command != "POST":
            request.reply(HTTPStatus.METHOD_NOT_ALLOWED)
            return
        now = datetime.now(UTC)
        verdict = source.verify(headers, request.body, url, now if check_time else None)
        credentials = [value for name, value in headers.items() if name.lower() == "authorization"]
        told = {name: HIDDEN if name.lower() == "authorization" else value for name, value in headers.items()}
        tell(Arrival(now, request.command, url, told, request.body, verdict))
        if not verdict.valid:
            request.reply(HTTPStatus.UNAUTHORIZED, verdict.reason.encode())
        elif accepts and not _same(credentials, accepts):
            words = b"The credentials are wrong." if credentials else b"Credentials are needed."
            request.reply(HTTPStatus.UNAUTHORIZED, words, **{"WWW-Authenticate": "Basic"})
        else:
            behaviour.answer(request)

    return Server(handle, address=address, port=port, certificate=certificate, key=key)


def certificate_server(
    lookup: Callable[[str], str | None],
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Server:
    """The endpoint `GET /api/{version}/services/certificate/{id}`, which needs no session (Spark facts, section 5)."""

    def handle(request: Request) -> None:
        asked = CERTIFICATE_PATH.fullmatch(request.path.partition("?")[0])
        if request.command != "GET" or asked is None:
            request.reply(HTTPStatus.NOT_FOUND, b"Only /api/{version}/services/certificate/{id} is answered here.")
            return
        pem = lookup(asked["id"])
        if pem is not None:
            request.reply(HTTPStatus.OK, pem.encode("ascii"), "application/x-pem-file")
            return
        error = {"type": "INVALID_DATA", "message": f"There is no certificate {asked['id']}."}
        # The real API answers its failures with 200 too.
        document = orjson.dumps({"responseStatus": "FAILURE", "errors": [error]})
        request.reply(HTTPStatus.OK, document, "application/json")

    return Server(handle, address=address, port=port, certificate=certificate, key=key)


def _same(credentials: list[str], accepts: str) -> bool:
    return len(credentials) == 1 and hmac.compare_digest(credentials[0].encode(), accepts.encode())


def _reached(url: str, headers: Mapping[str, str]) -> str:
    """The address that was reached, as the sender wrote it: capital letters in a host, or no path, change nothing."""
    claimed = next((value for name, value in headers.items() if name.lower() == REQUEST_URL.lower()), url)
    return claimed if _normal(claimed) == _normal(url) else url


def _normal(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    return (parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query)


def _headers(message: Message) -> dict[str, str]:
    """The headers by name. A name given twice keeps both, so that the verifier sees it."""
    found: dict[str, str] = {}
    for name, value in message.items():
        found[name if name not in found else f"{name.upper()}"] = value
    return found


def _server_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise NotPossible(
            f"{certificate} and its key cannot be used for TLS.", "receiver --make-certificates makes both."
        ) from error
    return context
