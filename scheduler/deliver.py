"""Delivery: takes messages off outbound queues in FIFO order, signs them, and puts them on the remote inbound queue.

Marking a message delivered and putting it on the inbound queue commit together, and an inbound queue takes a message
id once per connection: so a message arrives once, whatever is killed when. An attempt that fails is tried again on the
retry schedule; after the last one the message leaves the queue (Spark facts, section 1).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update
from sqlmodel import Session

from models.errors import ConsoleError
from models.feed import Topic
from models.store import Store, WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    Direction,
    JobKind,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    SparkMessageBody,
    Vault,
    table_of,
)
from models.time import Clock
from scheduler.claims import claim
from scheduler.destination import Destination, find_destination
from scheduler.keyring import KeyRing, key_ring
from scheduler.outbox import waiting, write_messages
from scheduler.runs import Run, RunResult, add_to_stats, job_run, result_of
from scheduler.scope import Scope
from scheduler.signing import Signer, Verifier, signature_headers, spark_body
from scheduler.troubles import raise_undelivered, settle_undelivered

_queues = table_of(Queue)
_queue_connections = table_of(QueueConnection)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_vaults = table_of(Vault)

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40, 60, 60, 60))
"""Pauses between attempts. Assumed: the vendor publishes only that retries end within six hours."""
BATCH = 100

_FAILED = (
    update(_messages)
    .where(_messages.c.id == bindparam("message"))
    .values(
        {
            "state": bindparam("new_state"),
            "attempts": bindparam("new_attempts"),
            "last_error": bindparam("new_error"),
            "next_attempt_at": bindparam("new_next_attempt_at"),
            "left_at": bindparam("new_left_at"),
            "taken_by": bindparam("new_taken_by"),
            "claimed_by": None,
        }
    )
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one message: what was sent where, or why nothing was."""

    message: Row[Any]
    destination: Destination | None
    headers: dict[str, str]
    body: bytes
    items: list[str]
    attributes: dict[str, Any]
    error: str


def run_once(store: Store, clock: Clock, scope: Scope) -> RunResult:
    """Deliver what waits on a Vault's outbound queues and is due; answers how much was delivered."""
    with job_run(store, JobKind.DELIVER, scope) as run:
        with store.read() as session:
            queues = session.execute(_deliverable_queues(scope.vault_id)).all()
            sender = session.execute(select(_vaults).where(_vaults.c.id == scope.vault_id)).one()
        for queue in queues:
            _work_off(store, clock, run, queue, sender)
    return result_of(run)


def has_work(store: Store, clock: Clock, scope: Scope) -> bool:
    """Whether any message of the Vault waits to be delivered now, so that idle runs need no row."""
    with store.read() as session:
        statement = (
            select(_messages.c.id)
            .join(_queues, _queues.c.id == _messages.c.queue_id)
            .where(
                _queues.c.vault_id == scope.vault_id,
                _queues.c.type == Direction.OUTBOUND,
                _queues.c.delivery_enabled,
                _messages.c.state == MessageState.QUEUED,
                _messages.c.next_attempt_at.is_(None) | (_messages.c.next_attempt_at <= clock.now()),
            )
            .limit(1)
        )
        return session.execute(statement).first() is not None


def _deliverable_queues(vault_id: int) -> Select[Any]:
    # An inactive queue takes nothing new but still works off what it holds.
    return (
        select(_queues.c.id, _queues.c.api_name, _queues.c.sequential)
        .where(_queues.c.vault_id == vault_id, _queues.c.type == Direction.OUTBOUND, _queues.c.delivery_enabled)
        .order_by(_queues.c.id)
    )


def _work_off(store: Store, clock: Clock, run: Run, queue: Row[Any], sender: Row[Any]) -> None:
    ring = key_ring(store)
    while True:
        with store.write() as write:
            due_at = max(clock.now(), write.now)
            claimed = claim(
                write,
                run_id=run.id,
                queue_id=queue.id,
                connection_id=run.scope.connection_id,
                due_at=due_at,
                limit=BATCH,
                sequential=queue.sequential,
            )
        if not claimed:
            return
        with store.read() as session:
            attempts = _attempt_all(session, ring, run, queue, sender, claimed, due_at)
        with store.write() as write:
            held_back = _settle(write, run, sender, attempts, sequential=queue.sequential)
        if held_back:
            return


def _attempt_all(
    session: Session,
    ring: KeyRing,
    run: Run,
    queue: Row[Any],
    sender: Row[Any],
    messages: Sequence[Row[Any]],
    now: datetime,
) -> list[Attempt]:
    bodies = {
        row.message_id: row
        for row in session.execute(
            select(_bodies.c.message_id, _bodies.c.attributes, _bodies.c["items"].label("content")).where(
                _bodies.c.message_id.in_([message.id for message in messages])
            )
        )
    }
    routes = {
        row.connection_id: row.deliver_to_queue
        for row in session.execute(
            select(_queue_connections.c.connection_id, _queue_connections.c.deliver_to_queue).where(
                _queue_connections.c.queue_id == queue.id, _queue_connections.c.active
            )
        )
    }
    destinations = {
        connection_id: find_destination(session, connection_id, routes.get(connection_id))
        for connection_id in {message.connection_id for message in messages}
    }
    certificates = {each.certificate for each in destinations.values() if isinstance(each, Destination)}
    desk = SigningDesk(
        run_id=run.id,
        queue_name=queue.api_name,
        sender=sender,
        now=now,
        signers={certificate: _signer(ring, session, certificate) for certificate in certificates},
        verifier=ring.verifier(session),
    )
    return [desk.attempt(message, bodies[message.id], destinations[message.connection_id]) for message in messages]


def _signer(ring: KeyRing, session: Session, certificate: int | None) -> tuple[str, Signer] | str:
    try:
        return ring.signer(session, certificate)
    except ConsoleError as refusal:
        return str(refusal)


@dataclass(frozen=True, slots=True)
class SigningDesk:
    """Signs the messages of one batch and has the receiving side verify them.

    `signers` are by certificate row; a sentence stands for one that cannot sign.
    """

    run_id: int
    queue_name: str
    sender: Row[Any]
    now: datetime
    signers: Mapping[int | None, tuple[str, Signer] | str]
    verifier: Verifier

    def attempt(self, message: Row[Any], content: Row[Any], destination: Destination | str) -> Attempt:
        """Sign one message anew for one attempt (Assumed)."""
        if isinstance(destination, str):
            return Attempt(message, None, {}, b"", content.content, content.attributes, destination)
        body = spark_body(
            vault_name=self.sender.name,
            vault_host_name=self.sender.dns_host,
            queue_name=self.queue_name,
            enter_queue_timestamp=message.entered_at,
            send_message_timestamp=self.now,
            send_attempt=message.attempts + 1,
            message_id=message.message_id,
            attributes=content.attributes,
            items=content.content,
        )
        signing = self.signers[destination.certificate]
        if isinstance(signing, str):
            return Attempt(message, destination, {}, body, content.content, content.attributes, signing)
        certificate_id, signer = signing
        unsigned = signature_headers(
            certificate_id=certificate_id,
            execution_id=str(self.run_id),
            message_id=message.message_id,
            now=self.now,
            url=destination.url,
            vault_id=str(self.sender.id),
        )
        headers = signer.sign(body, unsigned, destination.url)
        verdict = self.verifier.verify(
            body, headers, destination.url, self.now, expected_vault_id=str(destination.expected_vault_id)
        )
        error = "" if verdict.valid else f"The receiving Vault refused the signature: {verdict.reason}"
        return Attempt(message, destination, headers, body, content.content, content.attributes, error)


def _settle(write: WriteSession, run: Run, sender: Row[Any], attempts: Sequence[Attempt], *, sequential: bool) -> bool:
    """Write down what became of the attempts; answers whether a sequential queue is now held back by a failure."""
    still_ours = set(
        write.execute(
            select(_messages.c.id).where(
                _messages.c.id.in_([attempt.message.id for attempt in attempts]),
                _messages.c.claimed_by == run.id,
                _messages.c.state == MessageState.QUEUED,
            )
        ).scalars()
    )
    rooms: dict[int, int] = {}
    arrived: list[tuple[Attempt, Destination]] = []
    failed: list[tuple[Attempt, str]] = []
    held_back = False
    for attempt in attempts:
        if attempt.message.id not in still_ours:
            continue
        if held_back:
            write.execute(update(_messages).where(_messages.c.id == attempt.message.id).values(claimed_by=None))
            continue
        error = attempt.error or _refused_for_room(write, attempt, rooms)
        if error or attempt.destination is None:
            failed.append((attempt, error))
            held_back = sequential
        else:
            arrived.append((attempt, attempt.destination))
    if arrived:
        _arrive(write, run, arrived)
    if failed:
        _fail(write, run, sender, failed)
    return held_back


def _refused_for_room(write: WriteSession, attempt: Attempt, rooms: dict[int, int]) -> str:
    if attempt.destination is None:
        return "There is no remote queue."
    queue_id = attempt.destination.queue_id
    room = rooms.get(queue_id)
    if room is None:
        room = MESSAGES_IN_A_QUEUE - waiting(write, queue_id)
    rooms[queue_id] = room - 1
    return "" if room > 0 else f"Inbound queue {attempt.destination.queue_name} of the remote Vault is full."


def _arrive(write: WriteSession, run: Run, arrived: Sequence[tuple[Attempt, Destination]]) -> None:
    inbound, sent = [], []
    per_connection: dict[tuple[int, int, int], int] = {}
    for attempt, destination in arrived:
        message = attempt.message
        inbound.append(
            {
                "vault_id": destination.vault_id,
                "queue_id": destination.queue_id,
                "connection_id": destination.connection_id,
                "message_id": message.message_id,
                "state": MessageState.QUEUED,
                "object_name": message.object_name,
                "event": message.event,
                "integration_point": message.integration_point,
                "item_count": message.item_count,
                "attempts": message.attempts + 1,
                "entered_at": write.now,
                "put_by": run.id,
            }
        )
        sent.append(message.id)
        key = (message.connection_id, destination.vault_id, destination.connection_id)
        per_connection[key] = per_connection.get(key, 0) + 1
    write_messages(
        write,
        inbound,
        [(attempt.attributes, attempt.items, attempt.headers, attempt.body.decode()) for attempt, _ in arrived],
    )
    write.execute(
        update(_messages)
        .where(_messages.c.id.in_(sent))
        .values(
            state=MessageState.DELIVERED,
            attempts=_messages.c.attempts + 1,
            left_at=write.now,
            next_attempt_at=None,
            last_error=None,
            taken_by=run.id,
            claimed_by=None,
        )
    )
    # Only a message that failed before, or was put back, can have an exception.
    settle_undelivered(write, run.scope.vault_id, [each.message.id for each, _ in arrived if each.message.last_error])
    retried = {attempt.message.connection_id: 0 for attempt, _ in arrived}
    for attempt, _ in arrived:
        retried[attempt.message.connection_id] += attempt.message.attempts > 0
    for (connection_id, remote_vault_id, remote_connection_id), number in per_connection.items():
        add_to_stats(write, run.scope.vault_id, connection_id, sent=number, retries=retried[connection_id])
        add_to_stats(write, remote_vault_id, remote_connection_id, received=number)
        run.count(write, connection_id, delivered=number)
        write.changed(Topic.MESSAGES, remote_vault_id)
        write.changed(Topic.QUEUES, remote_vault_id)
    write.changed(Topic.MESSAGES, run.scope.vault_id)
    write.changed(Topic.QUEUES, run.scope.vault_id)


def _fail(write: WriteSession, run: Run, sender: Row[Any], failed: Sequence[tuple[Attempt, str]]) -> None:
    rows: list[dict[str, Any]] = []
    given_up: list[tuple[Row[Any], str]] = []
    moved: dict[int, Counter[str]] = {}
    for attempt, error in failed:
        message = attempt.message
        attempts = message.attempts + 1
        fatal = attempts > len(RETRY_AFTER)
        rows.append(
            {
                "message": message.id,
                "new_state": MessageState.REMOVED if fatal else MessageState.QUEUED,
                "new_attempts": attempts,
                "new_error": error[:1000],
                "new_next_attempt_at": None if fatal else write.now + RETRY_AFTER[attempts - 1],
                "new_left_at": write.now if fatal else None,
                "new_taken_by": run.id if fatal else None,
            }
        )
        if fatal:
            given_up.append((message, f"Given up after {attempts} attempts. {error}"))
        stats = moved.setdefault(message.connection_id, Counter())
        stats.update(failures=1, retries=int(message.attempts > 0), fatal_errors=int(fatal))
        run.error(f"Messages were not delivered: {error}")
    write.connection().execute(_FAILED, rows)
    if given_up:
        raise_undelivered(write, run, given_up)
    for connection_id, stats in moved.items():
        add_to_stats(write, sender.id, connection_id, **stats)
    write.changed(Topic.MESSAGES, sender.id)
    write.changed(Topic.QUEUES, sender.id)
