"""What moves between Vaults: the ways through each connection, the runs that moved it, and whether all has arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import fetch, row_of
from models.tables import (
    Connection,
    Direction,
    ExceptionItem,
    Integration,
    IntegrationPoint,
    ItemStatus,
    Job,
    JobKind,
    JobRun,
    JobRunLine,
    MessageState,
    RunStatus,
    SparkMessage,
    Vault,
    table_of,
)

_vaults = table_of(Vault).c
_connections = table_of(Connection).c
_messages = table_of(SparkMessage).c
_runs = table_of(JobRun).c
_lines = table_of(JobRunLine).c
_jobs = table_of(Job).c

MOVED = ("found", "sent", "received", "created", "updated", "unchanged", "deleted", "skipped", "failed")
"""What is told of a flow, in the order in which a change passes it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What went one way through a connection: found and sent in the one Vault, received and applied in the other.

    `failed` counts the target records that still cannot be applied; all else counts what job runs moved.
    """

    connection: str
    from_vault_id: int
    from_vault: str
    to_vault_id: int | None
    to_vault: str
    found: int = 0
    sent: int = 0
    received: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A job run that has ended, in which Vault, and what it moved."""

    key: int
    vault_id: int
    vault: str
    kind: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int
    error: str
    found: int
    sent: int
    delivered: int
    received: int
    retried: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    skipped: int
    failed: int


def flows(session: Session, *, after: int = 0) -> tuple[Flow, ...]:
    """What job runs later than the run `after` have moved, one row for each way through each pair."""
    sums = (
        select(_lines.connection_id, *(func.sum(_lines[name]) for name in MOVED))
        .where(_lines.run_id > after)
        .group_by(_lines.connection_id)
        .order_by(_lines.connection_id)
    )
    moved = {row[0]: dict(zip(MOVED, row[1:], strict=True)) for row in fetch(session, sums)}
    failing = _open_items(session)
    sides = (
        select(
            _connections.id,
            _connections.api_name,
            _connections.vault_id,
            _vaults.name,
            _connections.remote_connection_id,
            _connections.remote_vault_id,
            _connections.remote_vault_name,
        )
        .join(table_of(Vault), _vaults.id == _connections.vault_id)
        .where(_connections.id.in_(_sending_connections()), _connections.remote_connection_id.is_not(None))
        .order_by(_connections.api_name, _connections.id)
    )
    found = []
    for key, api_name, vault_id, vault, remote, remote_vault_id, remote_vault in fetch(session, sides):
        here, there = moved.get(key, {}), moved.get(remote, {})
        numbers = {name: here.get(name, 0) for name in ("found", "sent")}
        numbers |= {name: there.get(name, 0) for name in MOVED[2:-1]}
        numbers["failed"] = failing.get(remote, 0)
        found.append(Flow(api_name, vault_id, vault, remote_vault_id, remote_vault, **numbers))
    return tuple(found)


def _sending_connections() -> Any:
    points, integrations = table_of(IntegrationPoint), table_of(Integration).c
    return (
        select(integrations.connection_id)
        .join(points, points.c.integration_id == integrations.id)
        .where(points.c.direction == Direction.OUTBOUND)
    )


def _open_items(session: Session) -> dict[int, int]:
    """Open user exception items by the connection through which they came."""
    items, points, integrations = table_of(ExceptionItem).c, table_of(IntegrationPoint).c, table_of(Integration).c
    statement = (
        select(integrations.connection_id, func.count())
        .select_from(table_of(ExceptionItem))
        .join(table_of(IntegrationPoint), points.id == items.point_id)
        .join(table_of(Integration), integrations.id == points.integration_id)
        .where(items.status == ItemStatus.OPEN)
        .group_by(integrations.connection_id)
    )
    return {row[0]: row[1] for row in fetch(session, statement)}


def still_moving(session: Session, *, after: int = 0) -> str | None:
    """What still moves, in one sentence; None when everything has arrived.

    Then no message waits in a queue, and in every Vault the latest send and receive runs found nothing new, the send
    run after all that was received. Only runs later than the run `after` can tell: what was changed since an earlier
    one, nobody has looked for.
    """
    queued = session.execute(
        select(_vaults.name, func.count())
        .join(table_of(Vault), _vaults.id == _messages.vault_id)
        .where(_messages.state == MessageState.QUEUED)
        .group_by(_vaults.id)
        .order_by(_vaults.id)
    ).first()
    if queued is not None:
        return f"{queued[1]} messages wait in queues of {queued[0]}."
    for vault_id, name in fetch(session, select(_vaults.id, _vaults.name).order_by(_vaults.id)):
        sent, received = (_latest(session, vault_id, kind, after) for kind in (JobKind.SEND, JobKind.RECEIVE))
        if sent is None or received is None:
            return f"The jobs of {name} have not all run yet."
        if sent.found:
            return f"{name} sent {sent.found} changes in its latest run."
        if received.received:
            return f"{name} received {received.received} items in its latest run."
        if sent.id < _latest_applied(session, vault_id):
            return f"{name} has not looked for changes since it received some."
    return None


def _latest(session: Session, vault_id: int, kind: JobKind, after: int) -> Any:
    """The latest ended run of a Vault's job that was not limited to one connection."""
    statement = select(_runs.id, _runs.found, _runs.received).where(
        _runs.vault_id == vault_id,
        _runs.kind == kind,
        _runs.id > after,
        _runs.connection_id.is_(None),
        _runs.status != RunStatus.RUNNING,
    )
    return session.execute(statement.order_by(_runs.id.desc()).limit(1)).one_or_none()


def _latest_applied(session: Session, vault_id: int) -> int:
    """Id of the latest receive run that changed records; 0 without one."""
    statement = select(func.max(_runs.id)).where(
        _runs.vault_id == vault_id, _runs.kind == JobKind.RECEIVE, _runs.created + _runs.updated > 0
    )
    return session.execute(statement).scalar() or 0


def last_run_id(session: Session) -> int:
    """Id of the latest job run of all; 0 without one."""
    return session.execute(select(func.max(_runs.id))).scalar() or 0


def run_by_id(session: Session, run_id: int) -> EndedRun | None:
    """One job run of any Vault; None when it is gone."""
    row = session.execute(_run_rows().where(_runs.id == run_id)).one_or_none()
    return None if row is None else row_of(EndedRun, row)


def ended_runs(session: Session, vault_id: int, kinds: Sequence[JobKind], *, after: int) -> tuple[EndedRun, ...]:
    """The ended runs of a Vault's jobs that began after the run with the id `after`, oldest first."""
    statement = (
        _run_rows()
        .where(_runs.vault_id == vault_id, _runs.kind.in_(kinds), _runs.id > after, _runs.status != RunStatus.RUNNING)
        .order_by(_runs.id)
    )
    return tuple(row_of(EndedRun, row) for row in fetch(session, statement))


def _run_rows() -> Any:
    columns = [_vaults.name if name == "vault" else _runs["id" if name == "key" else name] for name in _RUN_FIELDS]
    return select(*columns).join(table_of(Vault), _vaults.id == _runs.vault_id)


_RUN_FIELDS = tuple(EndedRun.__dataclass_fields__)


def open_runs(session: Session, vault_id: int, kinds: Sequence[JobKind], *, after: int) -> int:
    """How many runs of a Vault's jobs go on that began after the run with the id `after`."""
    statement = select(func.count()).where(
        _runs.vault_id == vault_id, _runs.kind.in_(kinds), _runs.id > after, _runs.status == RunStatus.RUNNING
    )
    number: int = session.execute(statement).scalar_one()
    return number


def requested_jobs(session: Session, vault_id: int) -> tuple[tuple[JobKind, datetime, int | None], ...]:
    """Jobs of a Vault that somebody asked to run at once: kind, when it was asked, and the connection, if limited."""
    statement = select(_jobs.kind, _jobs.requested_at, _jobs.requested_connection_id).where(
        _jobs.vault_id == vault_id, _jobs.requested_at.is_not(None)
    )
    order = list(JobKind)
    rows = sorted(fetch(session, statement), key=lambda row: order.index(JobKind(row[0])))
    return tuple((JobKind(row[0]), row[1], row[2]) for row in rows)


def due_times(session: Session) -> tuple[datetime, ...]:
    """When the jobs of all Vaults are due next (lab time), earliest first."""
    return tuple(session.execute(select(_jobs.next_run_at).order_by(_jobs.next_run_at)).scalars())
