"""Attempts at messages: each is signed anew, and verified by the receiving Vault or posted to an external system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select
from sqlmodel import Session

from models.errors import ConsoleError
from models.secrets import SecretBox
from models.services.vaults import application_owner_id
from models.tables import AttemptKind, QueueConnection, SparkMessageBody, table_of
from models.time import Clock
from scheduler.credentials import AUTHORIZATION, HIDDEN, Credentials, open_credentials
from scheduler.destination import NOT_SERVED, AnyDestination, ExternalDestination, find_destination
from scheduler.keyring import KeyRing
from scheduler.reach import Letter
from scheduler.signing import Signer, Verifier, signature_headers, spark_body
from scheduler.tokens import resolve_address, resolve_attributes, token_values

if TYPE_CHECKING:
    from scheduler.external import Poster

_served = table_of(QueueConnection)
_bodies = table_of(SparkMessageBody)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one message: what was sent where, or why nothing was, and what became of it.

    `at` is lab time, `duration_ms` real time; `status` and `answer` are an external system's. `refusal` is why the
    receiving Vault refused what had reached it.
    """

    message: Row[Any]
    destination: AnyDestination | None
    headers: dict[str, str]
    body: bytes
    items: list[str]
    attributes: dict[str, Any]
    error: str
    at: datetime
    kind: AttemptKind = AttemptKind.OK
    status: int | None = None
    answer: str = ""
    duration_ms: int = 0
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class SigningDesk:
    """Signs the messages of one batch and has the receiving side take or verify them. Needs no session any more.

    `signers` are by certificate row; a sentence stands for one that cannot sign.
    """

    run_id: int
    queue_name: str
    sender: Row[Any]
    now: datetime
    clock: Clock
    contents: Mapping[int, Row[Any]]
    destinations: Mapping[int, AnyDestination | str]
    signers: Mapping[int | None, tuple[str, Signer] | str]
    verifier: Verifier
    platform_user_id: int | None
    credentials: Credentials
    secrets: SecretBox

    def is_external(self, message: Row[Any]) -> bool:
        """Whether a message goes to an external system."""
        return isinstance(self.destinations[message.connection_id], ExternalDestination)

    def attempt(self, message: Row[Any]) -> Attempt:
        """Sign one message for its inbound queue and have the receiving Vault verify it."""
        destination = self.destinations[message.connection_id]
        if isinstance(destination, str):
            return self._nothing_sent(message, None, destination)
        if isinstance(destination, ExternalDestination):
            raise TypeError("an external system is posted to")
        content = self._content(message, destination)
        signing = self.signers[destination.certificate]
        if isinstance(signing, str):
            return self._nothing_sent(message, destination, signing)
        body, headers = self._signed(message, content, destination.url, signing, self.now)
        verdict = self.verifier.verify(
            body, headers, destination.url, self.now, expected_vault_id=str(destination.expected_vault_id)
        )
        if verdict.valid:
            refusal = destination.refuses
            error = f"The receiving Vault refused the message: {refusal}" if refusal else ""
        else:
            error = f"The receiving Vault refused the signature: {verdict.reason}"
            refusal = f"Signature by certificate {verdict.certificate_id or '(none)'} refused: {verdict.reason}"
        items = self.contents[message.id].content
        kind = AttemptKind.FAILURE if error else AttemptKind.OK
        return Attempt(message, destination, headers, body, items, content, error, self.now, kind, refusal=refusal)

    def post(self, messages: Sequence[Row[Any]], poster: "Poster", *, in_order: bool) -> list[Attempt]:
        """Post messages to their external systems; `in_order` ends with the first that is not delivered."""
        attempts: dict[int, Attempt] = {}
        ready: list[tuple[Row[Any], Any]] = []
        for message in messages:
            made = self._letter(message)
            if isinstance(made, Attempt):
                attempts[message.id] = made
                if in_order:
                    break
            else:
                ready.append((message, made))
        outcomes = poster.post_all([make for _message, make in ready], in_order=in_order)
        for (message, _make), outcome in zip(ready, outcomes, strict=True):
            if outcome is None:
                # What comes behind a message that was not delivered waits in its place.
                return [attempts[each.id] for each, _make in ready if each.id in attempts]
            letter, answer = outcome
            attempts[message.id] = Attempt(
                message,
                self._external(message),
                dict(letter.headers) | ({AUTHORIZATION: HIDDEN} if letter.authorization else {}),
                letter.body,
                self.contents[message.id].content,
                {},
                "" if answer.kind is AttemptKind.OK else answer.text or "No answer.",
                self.now,
                answer.kind,
                answer.status,
                answer.text,
                answer.duration_ms,
            )
        return [attempts[message.id] for message in messages if message.id in attempts]

    def _letter(self, message: Row[Any]) -> Any:
        """What makes the letter when it is to go; an attempt where it cannot be made."""
        destination = self._external(message)
        signing = self.signers[destination.certificate]
        if isinstance(signing, str):
            return self._nothing_sent(message, destination, signing)
        if problem := self.credentials.problem(destination):
            return self._nothing_sent(message, destination, problem)
        try:
            url = resolve_address(destination.url, destination.path, self._tokens(message, destination))
        except ConsoleError as refusal:
            return self._nothing_sent(message, destination, str(refusal))
        return partial(self._write_letter, message, self._content(message, destination), url, signing)

    def _write_letter(
        self, message: Row[Any], content: dict[str, Any], url: str, signing: tuple[str, Signer]
    ) -> Letter:
        body, headers = self._signed(message, content, url, signing, self.clock.now())
        return Letter(url, headers, body, self.credentials.value(self._external(message)))

    def _external(self, message: Row[Any]) -> ExternalDestination:
        destination = self.destinations[message.connection_id]
        if not isinstance(destination, ExternalDestination):
            raise TypeError("only an external system is posted to")
        return destination

    def _content(self, message: Row[Any], destination: AnyDestination) -> dict[str, Any]:
        attributes: dict[str, Any] = self.contents[message.id].attributes
        if any(isinstance(value, str) and "${" in value for value in attributes.values()):
            return resolve_attributes(attributes, self._tokens(message, destination))
        return attributes

    def _tokens(self, message: Row[Any], destination: AnyDestination) -> dict[str, str]:
        # Assumed: what the platform puts by itself has the session of the Application Owner.
        user_id = message.user_id if message.user_id is not None else self.platform_user_id
        return token_values(
            self.secrets,
            vault_id=self.sender.id,
            vault_host_name=self.sender.dns_host,
            user_id=user_id,
            connection_user_id=destination.connection_user_id,
        )

    def _signed(
        self, message: Row[Any], attributes: dict[str, Any], url: str, signing: tuple[str, Signer], now: datetime
    ) -> tuple[bytes, dict[str, str]]:
        """The body and headers of one attempt: every attempt is signed anew (Assumed)."""
        body = spark_body(
            vault_name=self.sender.name,
            vault_host_name=self.sender.dns_host,
            queue_name=self.queue_name,
            enter_queue_timestamp=message.entered_at,
            send_message_timestamp=now,
            send_attempt=message.attempts + 1,
            message_id=message.message_id,
            attributes=attributes,
            items=self.contents[message.id].content,
        )
        certificate_id, signer = signing
        unsigned = signature_headers(
            certificate_id=certificate_id,
            execution_id=str(self.run_id),
            message_id=message.message_id,
            now=now,
            url=url,
            vault_id=str(self.sender.id),
        )
        return body, signer.sign(body, unsigned, url)

    def _nothing_sent(self, message: Row[Any], destination: AnyDestination | None, error: str) -> Attempt:
        content = self.contents[message.id]
        return Attempt(
            message, destination, {}, b"", content.content, content.attributes, error, self.now, AttemptKind.FAILURE
        )


def open_desk(
    session: Session,
    ring: KeyRing,
    *,
    run_id: int,
    queue: Row[Any],
    sender: Row[Any],
    messages: Sequence[Row[Any]],
    now: datetime,
    clock: Clock,
) -> SigningDesk:
    """Read all that the attempts at these messages need."""
    contents = {
        row.message_id: row
        for row in session.execute(
            select(_bodies.c.message_id, _bodies.c.attributes, _bodies.c["items"].label("content")).where(
                _bodies.c.message_id.in_([message.id for message in messages])
            )
        )
    }
    routes = {
        row.connection_id: row
        for row in session.execute(
            select(_served.c.connection_id, _served.c.deliver_to_queue, _served.c.path).where(
                _served.c.queue_id == queue.id, _served.c.active
            )
        )
    }
    destinations: dict[int, AnyDestination | str] = {}
    for connection_id in {message.connection_id for message in messages}:
        route = routes.get(connection_id)
        destinations[connection_id] = (
            NOT_SERVED
            if route is None
            else find_destination(session, connection_id, route.deliver_to_queue, route.path)
        )
    certificates = {each.certificate for each in destinations.values() if not isinstance(each, str)}
    with_tokens = any("${" in str(row.attributes) for row in contents.values()) or any(
        isinstance(each, ExternalDestination) for each in destinations.values()
    )
    return SigningDesk(
        run_id=run_id,
        queue_name=queue.api_name,
        sender=sender,
        now=now,
        clock=clock,
        contents=contents,
        destinations=destinations,
        signers={certificate: _signer(ring, session, certificate) for certificate in certificates},
        verifier=ring.verifier(session),
        platform_user_id=application_owner_id(session, sender.id) if with_tokens else None,
        credentials=open_credentials(session, ring.secrets, destinations.values()),
        secrets=ring.secrets,
    )


def _signer(ring: KeyRing, session: Session, certificate: int | None) -> tuple[str, Signer] | str:
    try:
        return ring.signer(session, certificate)
    except ConsoleError as refusal:
        return str(refusal)
