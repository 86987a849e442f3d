"""The lab as Vaults and the connections between them, with what each end moves today, for the Home area.

Every number is the count of rows that a list can show: runs of the day that moved something through a connection,
messages of a connection that wait in queues, user exception messages that are active. All is read in a few statements
for the whole lab, each on an index; none looks at messages or runs of earlier days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.jobs import APPLIED, of_day
from models.queries.lab import VaultRow, vault_list
from models.queries.window import fetch
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    ItemStatus,
    JobRun,
    JobRunLine,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    Vault,
    table_of,
)

_connections = table_of(Connection).c
_runs = table_of(JobRun).c
_lines = table_of(JobRunLine).c
_queues = table_of(Queue).c
_served = table_of(QueueConnection).c
_messages = table_of(SparkMessage).c
_exceptions = table_of(ExceptionMessage).c
_items = table_of(ExceptionItem).c

# `+ 0` keeps SQLite from walking the whole index over a connection just because its rows would come grouped.


@dataclass(frozen=True, slots=True)
class End:
    """One Vault's side of a connection: what it sent and received today, and what waits there now.

    `sent` to `skipped` are sums over the runs of the day. `waiting_out` and `waiting_in` count queued messages,
    `failed` the open items and `exceptions` the messages of active user exceptions. `sends` and `receives` say
    whether an outbound or inbound queue serves the connection.
    """

    key: int
    vault_id: int
    vault: str
    name: str
    type: str
    state: str
    remote_key: int | None
    remote_name: str
    sends: bool = False
    receives: bool = False
    sent: int = 0
    waiting_out: int = 0
    waiting_in: int = 0
    received: int = 0
    applied: int = 0
    skipped: int = 0
    failed: int = 0
    exceptions: int = 0

    @property
    def moves_out(self) -> bool:
        """Whether there is anything to tell of the way out of here."""
        return bool(self.sends or self.sent or self.waiting_out)

    @property
    def moves_in(self) -> bool:
        """Whether there is anything to tell of the way into here."""
        return bool(self.receives or any((self.waiting_in, self.received, self.applied, self.skipped, self.failed)))


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a connection. An end is None where it lies outside the lab."""

    source: End | None
    target: End | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A connection with both its ends, `far` None while there is no other one in the lab."""

    near: End
    far: End | None = None

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways on which something can move or has moved, out of the near end first."""
        near, far = self.near, self.far
        if near.type == ConnectionType.LOCAL:
            ways: tuple[Way, ...] = (Way(near, near),)
        else:
            ways = (Way(near, far), Way(far, near))
        return tuple(way for way in ways if _is_used(way))


def _is_used(way: Way) -> bool:
    return bool(way.source and way.source.moves_out) or bool(way.target and way.target.moves_in)


@dataclass(frozen=True, slots=True)
class Group:
    """A Vault and the connections that are shown with it, each with the Vault's own end as the near one."""

    vault: VaultRow
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """All Vaults and all ends of connections at one moment of the lab's day."""

    day: date
    vaults: tuple[VaultRow, ...]
    ends: tuple[End, ...]

    def groups(self, vault_id: int) -> tuple[Group, ...]:
        """Every Vault once and every connection once: the Vault in use first, with all its connections."""
        by_key = {end.key: end for end in self.ends}
        ends: dict[int, list[End]] = {}
        for end in self.ends:
            ends.setdefault(end.vault_id, []).append(end)
        shown: set[int] = set()
        found = []
        for vault in sorted(self.vaults, key=lambda row: row.key != vault_id):
            ties = []
            for near in ends.get(vault.key, ()):
                if near.key in shown:
                    continue
                far = by_key.get(near.remote_key) if near.remote_key is not None else None
                far = None if far is near else far
                shown |= {near.key} | ({far.key} if far is not None else set())
                ties.append(Tie(near, far))
            found.append(Group(vault, tuple(ties)))
        return tuple(found)


def topology(session: Session, day: date) -> Topology:
    """The whole lab, with what moved on the lab's day. Connections stand by name within each Vault."""
    counters = _merged((_moved(session, day), _waiting(session), _troubles(session), _queues_of(session)))
    vaults = vault_list(session)
    names = {vault.key: vault.name for vault in vaults}
    columns = ("id", "vault_id", "name", "type", "state", "remote_connection_id", "remote_vault_name")
    statement = select(*(_connections[name] for name in columns)).order_by(
        func.lower(_connections.name), _connections.id
    )
    ends = tuple(
        replace(
            End(row[0], row[1], names.get(row[1], ""), row[2], str(row[3]), str(row[4]), row[5], row[6]),
            **counters.get(row[0], {}),
        )
        for row in fetch(session, statement)
    )
    return Topology(day, vaults, ends)


Numbers = dict[int, dict[str, Any]]
"""Numbers by name, of each connection."""


def _merged(found: Iterable[Mapping[int, Mapping[str, Any]]]) -> Numbers:
    together: Numbers = {}
    for numbers in found:
        for key, named in numbers.items():
            together.setdefault(key, {}).update(named)
    return together


def _moved(session: Session, day: date) -> Numbers:
    """What the runs of the day moved: found from the newest run back to the last one of an earlier day."""
    begin, end = of_day(day)
    earlier = session.execute(select(_runs.id).where(_runs.started_at < begin).order_by(_runs.id.desc()).limit(1))
    after = earlier.scalar() or 0
    applied = sum((_lines[name] for name in APPLIED[1:]), _lines[APPLIED[0]])
    connection_id = _lines.connection_id + 0
    statement = (
        select(
            connection_id,
            func.sum(_lines.sent),
            func.sum(_lines.received),
            func.sum(applied),
            func.sum(_lines.skipped),
        )
        .join(table_of(JobRun), _runs.id == _lines.run_id)
        .where(_lines.run_id > after, _runs.started_at < end)
        .group_by(connection_id)
    )
    names = ("sent", "received", "applied", "skipped")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in fetch(session, statement)}


def _waiting(session: Session) -> Numbers:
    """Messages that wait in queues, found in the index over queue and state."""
    types = {row[0]: row[1] for row in fetch(session, select(_queues.id, _queues.type))}
    each = (_messages.connection_id + 0, _messages.queue_id + 0)
    statement = (
        select(*each, func.count())
        .where(_messages.queue_id.in_(select(_queues.id)), _messages.state == MessageState.QUEUED)
        .group_by(*each)
    )
    found: Numbers = {}
    for key, queue_id, count in fetch(session, statement):
        name = "waiting_out" if types[queue_id] == Direction.OUTBOUND else "waiting_in"
        numbers = found.setdefault(key, {})
        numbers[name] = numbers.get(name, 0) + count
    return found


def _troubles(session: Session) -> Numbers:
    """Active user exception messages, and their items that are open."""
    # Naming the Vaults lets the index over Vault and status be used: what is over may be a hundred times as much.
    active = (
        _exceptions.vault_id.in_(select(table_of(Vault).c.id)),
        _exceptions.active,
        _exceptions.connection_id.is_not(None),
    )
    messages = select(_exceptions.connection_id, func.count()).where(*active).group_by(_exceptions.connection_id)
    items = (
        select(_exceptions.connection_id, func.count())
        .select_from(table_of(ExceptionMessage))
        .join(table_of(ExceptionItem), _items.message_id == _exceptions.id)
        .where(*active, _items.status == ItemStatus.OPEN)
        .group_by(_exceptions.connection_id)
    )
    found: Numbers = {row[0]: {"exceptions": row[1]} for row in fetch(session, messages)}
    for connection_id, count in fetch(session, items):
        found[connection_id]["failed"] = count
    return found


def _queues_of(session: Session) -> Numbers:
    """Whether queues serve the connections."""
    statement = (
        select(_served.connection_id, _queues.type)
        .join(table_of(Queue), _queues.id == _served.queue_id)
        .where(_served.active)
        .distinct()
    )
    found: Numbers = {}
    for connection_id, type_ in fetch(session, statement):
        found.setdefault(connection_id, {})["sends" if type_ == Direction.OUTBOUND else "receives"] = True
    return found
