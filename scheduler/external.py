"""Delivery to external systems: a POST over HTTPS, judged by its answer (Spark facts, sections 1 and 2).

Delivered is what was answered with 2xx in time; no answer in time is a timeout; everything else is a failure, also a
redirect, which is not followed. Nothing here knows the store's tables: a post never runs inside a transaction.
"""

import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import httpcore2
import httpx2

from models.tables import AttemptKind
from scheduler.reach import Answer, Letter, Place, Reach, trusted_context
from scheduler.signing import CONTENT_TYPE, USER_AGENT

LONGEST_ANSWER = 2000
"""Bytes of an answer that are read and kept."""


class _Deadline(threading.local):
    """When the post of this thread has to be over: the client's own timeouts begin anew with every byte."""

    until: float = float("inf")

    def left(self, timeout: float | None) -> float:
        """Seconds that are left, at most `timeout`. Raises ReadTimeout when there are none."""
        left = min(self.until - time.monotonic(), float("inf") if timeout is None else timeout)
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left


class _Stream(httpcore2.NetworkStream):
    """A stream whose every step ends by the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Elsewhere(httpcore2.NetworkBackend):
    """Connects to another address than the URL names, where told so; TLS never learns of it."""

    def __init__(self, resolve: Mapping[Place, Place], deadline: _Deadline) -> None:
        self._resolve = resolve
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **more: Any
    ) -> httpcore2.NetworkStream:
        host, port = self._resolve.get((host.lower(), port), (host, port))
        left = self._deadline.left(timeout)
        return _Stream(self._plain.connect_tcp(host, port, left, *args, **more), self._deadline)


class _Transport(httpx2.HTTPTransport):
    def __init__(self, context: ssl.SSLContext, reach: Reach, deadline: _Deadline) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=reach.threads,
            max_keepalive_connections=reach.threads,
            network_backend=_Elsewhere(reach.resolve, deadline),
        )


class Poster:
    """Posts letters over a pool of connections, which lives until it is closed. Safe to share between threads."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._deadline = _Deadline()
        transport = _Transport(trusted_context(reach.ca_file), reach, self._deadline)
        timeout = httpx2.Timeout(reach.timeout)
        self._client = httpx2.Client(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def post(self, letter: Letter) -> Answer:
        """Post one letter and judge the answer; never raises for what the other side or the network does."""
        began = time.monotonic()
        try:
            self._deadline.until = began + self._reach.timeout
            kind, status, text = self._post(letter)
        except httpx2.TimeoutException:
            kind, status, text = AttemptKind.TIMEOUT, None, f"No answer within {self._reach.timeout:g} seconds."
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            kind, status, text = AttemptKind.FAILURE, None, _in_words(error)
        finally:
            self._deadline.until = float("inf")
        return Answer(kind, status, text, round((time.monotonic() - began) * 1000))

    def post_all(
        self, letters: Sequence[Callable[[], Letter]], *, in_order: bool
    ) -> list[tuple[Letter, Answer] | None]:
        """Make and post letters, each signed just before it goes; answers what became of each.

        `in_order` posts one after the other and stops at the first that is not delivered: None for those behind it.
        """
        if not in_order and len(letters) > 1:
            with ThreadPoolExecutor(self._reach.threads, thread_name_prefix="post") as pool:
                return list(pool.map(self._make_and_post, letters))
        outcomes: list[tuple[Letter, Answer] | None] = []
        for letter in letters:
            outcome = self._make_and_post(letter)
            outcomes.append(outcome)
            if in_order and outcome[1].kind is not AttemptKind.OK:
                break
        return outcomes + [None] * (len(letters) - len(outcomes))

    def _make_and_post(self, make: Callable[[], Letter]) -> tuple[Letter, Answer]:
        letter = make()
        return letter, self.post(letter)

    def _post(self, letter: Letter) -> tuple[AttemptKind, int, str]:
        headers = {"Content-Type": CONTENT_TYPE, "User-Agent": USER_AGENT, **letter.headers}
        if letter.authorization:
            headers["Authorization"] = letter.authorization
        # Built without the client's own headers: what is sent is what is documented, plus Host and Content-Length.
        request = httpx2.Request(
            "POST",
            letter.url,
            headers=headers,
            content=letter.body,
            extensions={"timeout": httpx2.Timeout(self._reach.timeout).as_dict()},
        )
        response = self._client.send(request, stream=True)
        try:
            text = _read(response)
        finally:
            response.close()
        if response.is_success:
            return AttemptKind.OK, response.status_code, text
        said = f"Answered {response.status_code} {response.reason_phrase}".strip() + "."
        if response.has_redirect_location:
            said += " Redirects are not followed."
        return AttemptKind.FAILURE, response.status_code, f"{said} {text}".strip()


def _read(response: httpx2.Response) -> str:
    """The answer's beginning, on one line."""
    held = b""
    for piece in response.iter_raw():
        held += piece
        if len(held) >= LONGEST_ANSWER:
            break
    text = " ".join(held[:LONGEST_ANSWER].decode("utf-8", "replace").split())
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:500]


def _in_words(error: Exception) -> str:
    said = str(error).strip() or type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The receiver's TLS certificate was refused: {cause.verify_message}."
        cause = cause.__cause__ or cause.__context__
    kind = "No connection" if isinstance(error, httpx2.ConnectError) else "The exchange broke off"
    return f"{kind}: {said}"[:500]
