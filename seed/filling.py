"""Fills a lab with as many messages and records as one wants to measure it with: the traffic of years, in a minute.

Nothing of it moves any more. Records are older than every record that was there, so that no send job finds them; what
still waits in a queue is tried again in half a year.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select, update

from models.bulk import bulk_insert
from models.feed import Topic
from models.message_items import index_items
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ConnectionStat,
    ConnectionState,
    Direction,
    Integration,
    IntegrationPoint,
    ObjectField,
    ObjectKind,
    PointSource,
    Queue,
    QueueConnection,
    Record,
    SparkMessage,
    SparkMessageBody,
    Vault,
    VaultObject,
    table_of,
)

Progress = Callable[[str, float], None]
"""Told what is done and how much of all it is, from 0 to 1."""

BATCH = 10_000
"""Rows in one transaction."""
SPAN = timedelta(days=180)
"""So far back in lab time does the traffic go."""
WAITING = 200
"""One exchange in so many still waits for its next attempt."""
GIVEN_UP = 50
"""One exchange in so many was tried to the end and removed."""
UNANSWERED = "The remote Vault did not answer."
_ITEMS = (1, 1, 1, 2, 3)

_connections, _queues, _served = table_of(Connection), table_of(Queue), table_of(QueueConnection)
_points, _sources, _integrations = table_of(IntegrationPoint), table_of(PointSource), table_of(Integration)
_messages, _bodies, _stats = table_of(SparkMessage), table_of(SparkMessageBody), table_of(ConnectionStat)
_records, _objects, _vaults = table_of(Record), table_of(VaultObject), table_of(Vault)

_MESSAGE = (
    "id", "vault_id", "queue_id", "connection_id", "message_id", "state", "object_name", "integration_point",
    "item_count", "attempts", "entered_at", "left_at", "next_attempt_at", "last_error",
)  # fmt: skip
_RECORD = ("record_id", "global_id", "name", "created_at", "modified_at", "data")


@dataclass(frozen=True, slots=True)
class _End:
    """A queue that messages of a connection pass through."""

    vault_id: int
    queue_id: int
    connection_id: int


@dataclass(frozen=True, slots=True)
class _Route:
    """The way of messages from one Vault to another, and what they tell of: objects, and the points meant."""

    source: _End
    target: _End
    subjects: Sequence[tuple[str, str]]
    items: Sequence[str]
    """Records of the source Vault."""


def fill(
    store: Store,
    *,
    messages: int = 1_000_000,
    records: int = 200_000,
    seed: int = 7,
    progress: Progress = lambda _what, _share: None,
) -> None:
    """Add so many messages and records to a demo in a file that nothing has moved in yet; no engine may run.

    The same seed number adds the same to the same store. Half goes through the first route and into the first object,
    half of the rest through the next ones, and so on.
    """
    random = Random(seed)
    total = max(1, messages + records)
    for done in _add_records(store, records):
        progress("Records", done / total)
    for done in _add_messages(store, random, messages):
        progress("Messages", (records + done) / total)
    # Lists are planned by what the database knows of its indexes.
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    progress("Done", 1.0)


def _share(number: int, shares: int) -> int:
    """Which of so many shares a number falls to: half of all numbers to the first, a quarter to the second, ..."""
    number += 1
    return min((number & -number).bit_length(), shares) - 1


# Records


@dataclass(frozen=True, slots=True)
class _Object:
    key: int
    vault_id: int
    prefix: str
    samples: Sequence[Any]


def _add_records(store: Store, number: int) -> Iterator[int]:
    with store.read() as session:
        objects = _plain_objects(session)
        until = session.execute(select(func.min(_records.c.created_at))).scalar()
    if not objects or until is None:
        return
    for start in range(0, number, BATCH):
        rows: dict[int, list[int]] = {}
        for place in range(start, min(start + BATCH, number)):
            rows.setdefault(_share(place, len(objects)), []).append(place)
        with store.write() as write:
            for which, places in rows.items():
                moments = [until - SPAN + SPAN * place / (number + 1) for place in places]
                _insert_records(write, objects[which], places, moments)
        yield start + BATCH


def _plain_objects(session: Any) -> list[_Object]:
    """Objects that have records and no unique field, those with the most records first."""
    fields = table_of(ObjectField)
    unique = select(fields.c.object_id).where(fields.c.unique)
    count = func.count()
    statement = (
        select(_objects.c.id, _objects.c.vault_id, _objects.c.prefix)
        .join(_records, _records.c.object_id == _objects.c.id)
        .where(_objects.c.kind == ObjectKind.OBJECT, _objects.c.id.not_in(unique))
        .group_by(_objects.c.id)
        .order_by(count.desc(), _objects.c.id)
    )
    found = []
    for row in session.execute(statement).all():
        sample = select(_records.c.name, _records.c.data).where(_records.c.object_id == row.id).order_by(_records.c.id)
        found.append(_Object(row.id, row.vault_id, row.prefix, session.execute(sample.limit(200)).all()))
    return found


def _insert_records(write: WriteSession, home: _Object, places: Sequence[int], moments: Sequence[datetime]) -> None:
    taken = (
        update(_vaults)
        .where(_vaults.c.id == home.vault_id)
        .values(next_record=_vaults.c.next_record + len(places))
        .returning(_vaults.c.next_record)
    )
    first = write.execute(taken).scalar_one() - len(places)
    rows = []
    for number, (place, moment) in enumerate(zip(places, moments, strict=True), start=first):
        sample = home.samples[place % len(home.samples)]
        rows.append(
            (
                f"{home.prefix}{number:012d}",
                f"{home.vault_id}_{number}",
                f"{sample.name} {place}",
                moment,
                moment,
                sample.data,
            )
        )
    same = {"vault_id": home.vault_id, "object_id": home.key, "status": "active__v"}
    bulk_insert(write, _records, same=same, columns=_RECORD, rows=rows)
    write.changed(Topic.RECORDS, home.vault_id)


# Messages


def _add_messages(store: Store, random: Random, number: int) -> Iterator[int]:
    with store.read() as session:
        routes = _routes(session)
        until: datetime = store.clock.now()
        key = int(session.execute(select(func.coalesce(func.max(_messages.c.id), 0))).scalar_one()) + 1
    made, exchange = 0, 0
    sent: Counter[tuple[int, date, str]] = Counter()
    while routes and made < number:
        rows: list[tuple[Any, ...]] = []
        bodies: list[tuple[Any, ...]] = []
        while len(rows) < BATCH and made + len(rows) < number:
            at = until - SPAN + SPAN * (made + len(rows)) / (number + 1)
            route = routes[_share(exchange, len(routes))]
            _exchange(random, route, key + made + len(rows), at, rows, bodies, sent)
            exchange += 1
        rows, bodies = rows[: number - made], bodies[: number - made]
        with store.write() as write:
            bulk_insert(write, _messages, same={"event": "changed"}, columns=_MESSAGE, rows=rows)
            bulk_insert(write, _bodies, same={}, columns=("message_id", "attributes", "items"), rows=bodies)
            keys = [row[0] for row in rows]
            for start in range(0, len(keys), 500):
                index_items(write, keys[start : start + 500])
            write.changed(Topic.MESSAGES)
        made += len(rows)
        yield made
    with store.write() as write:
        _count(write, sent)


def _exchange(
    random: Random,
    route: _Route,
    key: int,
    at: datetime,
    rows: list[tuple[Any, ...]],
    bodies: list[tuple[Any, ...]],
    sent: Counter[tuple[int, date, str]],
) -> None:
    """One message put on a queue, and what became of it: it waits, was given up, or was delivered and processed."""
    message_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
    object_name, point = random.choice(route.subjects)
    items = random.choices(route.items, k=random.choice(_ITEMS))
    body = ({"object": object_name, "event": "changed", "integration_point": point}, items)
    told = (object_name, point, len(items))

    def line(end: _End, state: str, attempts: int, error: str | None = None, *, left: int = 0) -> None:
        place = (key + len(rows) - before, end.vault_id, end.queue_id, end.connection_id, message_id)
        times = (at, at + timedelta(seconds=left), None) if left else (at, None, at + 2 * SPAN)
        rows.append((*place, state, *told, attempts, *times, error))
        bodies.append((place[0], *body))

    before = len(rows)
    source, target = route.source, route.target
    if random.randrange(WAITING) == 0:
        line(source, "queued", 1, UNANSWERED)
        return
    if random.randrange(GIVEN_UP) == 0:
        line(source, "removed", 6, UNANSWERED, left=3_600)
        sent[source.connection_id, at.date(), "failures"] += 1
        return
    line(source, "delivered", 1, left=2)
    line(target, "processed", 1, left=4)
    sent[source.connection_id, at.date(), "sent"] += 1
    sent[target.connection_id, at.date(), "received"] += 1


def _routes(session: Any) -> list[_Route]:
    """The routes between queues of active connections, those of the first Vaults first."""
    inbound = _queues.alias("inbound")
    statement = (
        select(
            _queues.c.vault_id,
            _queues.c.id.label("queue_id"),
            _connections.c.id.label("connection_id"),
            _connections.c.remote_vault_id,
            _connections.c.remote_connection_id,
            inbound.c.id.label("target_id"),
        )
        .join(_served, _served.c.queue_id == _queues.c.id)
        .join(_connections, _connections.c.id == _served.c.connection_id)
        .join(
            inbound,
            (inbound.c.vault_id == _connections.c.remote_vault_id) & (inbound.c.api_name == _served.c.deliver_to_queue),
        )
        .where(_queues.c.type == Direction.OUTBOUND, _connections.c.state == ConnectionState.ACTIVE)
        .order_by(_queues.c.vault_id, _queues.c.id)
    )
    found = []
    for row in session.execute(statement).all():
        source = _End(row.vault_id, row.queue_id, row.connection_id)
        subjects = _subjects(session, row.connection_id)
        items = _items(session, row.vault_id)
        if subjects and items:
            target = _End(row.remote_vault_id, row.target_id, row.remote_connection_id)
            found.append(_Route(source, target, subjects, items))
    return found


def _subjects(session: Any, connection_id: int) -> list[tuple[str, str]]:
    """Objects that the outbound points of a connection watch, each with the remote point that is told."""
    statement = (
        select(_objects.c.name, _sources.c.remote_point)
        .join(_sources, _sources.c.object_id == _objects.c.id)
        .join(_points, _points.c.id == _sources.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(_integrations.c.connection_id == connection_id)
        .order_by(_sources.c.id)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def _items(session: Any, vault_id: int) -> list[str]:
    statement = select(_records.c.record_id).where(_records.c.vault_id == vault_id).order_by(_records.c.id)
    return [row[0] for row in session.execute(statement.limit(5_000))]


def _count(write: WriteSession, sent: Counter[tuple[int, date, str]]) -> None:
    """Write the Connection Stats of what has moved."""
    there = {(row.connection_id, row.day) for row in write.execute(select(_stats.c.connection_id, _stats.c.day))}
    days = sorted({(connection_id, day) for connection_id, day, _what in sent} - there)
    rows = [(*day, sent[*day, "sent"], sent[*day, "received"], sent[*day, "failures"]) for day in days]
    columns = ("connection_id", "day", "sent", "received", "failures")
    bulk_insert(write, _stats, same={"retries": 0, "timeouts": 0, "fatal_errors": 0}, columns=columns, rows=rows)
    write.changed(Topic.STATS)
