"""The lab as Vaults and the connections between them, with what each end moves today, for the Home area.

Every number is the count of rows that a list can show: runs of the day that moved something through a connection,
messages of a connection that wait in queues, user exception messages that are active. All is read in a few statements
for the whole lab, each on an index; none looks at messages or runs of earlier days.
"""

from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.jobs import APPLIED, of_day
from models.queries.lab import vault_list
from models.queries.ties import End, Group, Numbers, Tie, Topology, Way, assembled
from models.queries.window import fetch
from models.tables import (
    Connection,
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

__all__ = ["End", "Group", "Tie", "Topology", "Way", "topology"]

_connections = table_of(Connection).c
_runs = table_of(JobRun).c
_lines = table_of(JobRunLine).c
_queues = table_of(Queue).c
_served = table_of(QueueConnection).c
_messages = table_of(SparkMessage).c
_exceptions = table_of(ExceptionMessage).c
_items = table_of(ExceptionItem).c

# `+ 0` keeps SQLite from walking the whole index over a connection just because its rows would come grouped.


def topology(session: Session, day: date) -> Topology:
    """The whole lab, with what moved on the lab's day. Connections stand by name within each Vault."""
    columns = ("id", "vault_id", "name", "type", "state", "remote_connection_id", "remote_vault_name")
    statement = select(*(_connections[name] for name in columns)).order_by(
        func.lower(_connections.name), _connections.id
    )
    counters = (_moved(session, day), _waiting(session), _troubles(session), _queues_of(session))
    return assembled(day, vault_list(session), fetch(session, statement), counters)


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
