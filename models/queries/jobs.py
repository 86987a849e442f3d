"""Jobs of a Vault and their runs, for the Jobs area."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select, union
from sqlmodel import Session

from models.queries.window import Listing, fetch, fetch_one, matches, row_of
from models.tables import COUNTS, Connection, Job, JobKind, JobRun, JobRunLine, SparkMessage, table_of

_table = table_of(JobRun)
_c = _table.c
_connections = table_of(Connection).c
_connection_name = select(_connections.name).where(_connections.id == _c.connection_id).scalar_subquery()

APPLIED = ("created", "updated", "unchanged")
"""The counters of target records that are now as their source is."""
SHOWN_MESSAGES = 20
"""How many of a run's messages its detail shows."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a run moved."""

    found: int = 0
    sent: int = 0
    delivered: int = 0
    received: int = 0
    retried: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class RunRow:
    """A job run in the list."""

    key: int
    kind: str
    status: str
    connection: str | None
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int
    moved: Moved


@dataclass(frozen=True, slots=True)
class RunLine:
    """What a run moved for one connection."""

    connection_id: int
    connection: str
    moved: Moved


@dataclass(frozen=True, slots=True)
class RunMessage:
    """A message that a run put on a queue or took off one."""

    key: int
    queue_id: int
    message_id: str
    object_name: str
    items: int
    state: str


@dataclass(frozen=True, slots=True)
class RunDetail:
    """All that the Jobs area shows about one run. `retry_id` is the Retry Transfer of which it did a part."""

    row: RunRow
    error: str
    retry_id: int | None
    lines: tuple[RunLine, ...]
    messages: tuple[RunMessage, ...]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A recurring job. `requested_at` is when somebody asked for a run at once.

    `longest_seconds` is the real time after which a run of it ends as TIMEOUT.
    """

    key: int
    kind: str
    every_seconds: int
    next_run_at: datetime
    requested_at: datetime | None
    longest_seconds: int


_ROW_COLUMNS = (
    _c.id,
    _c.kind,
    _c.status,
    _connection_name,
    _c.started_at,
    _c.finished_at,
    _c.duration_ms,
    *(_c[name] for name in COUNTS),
)


def _row(columns: Any) -> RunRow:
    return row_of(RunRow, columns[:7], Moved(*columns[7 : 7 + len(COUNTS)]))


def of_day(day: date) -> tuple[datetime, datetime]:
    """When a day of the lab (UTC) begins and when the next one does."""
    begin = datetime.combine(day, time.min, UTC)
    return begin, begin + timedelta(days=1)


def listing(
    vault_id: int,
    *,
    text: str = "",
    moved_only: bool = False,
    connection_id: int | None = None,
    day: date | None = None,
    counters: Sequence[str] = (),
) -> Listing[RunRow]:
    """The job runs of a Vault, the newest first; `moved_only` leaves out runs that found nothing to do.

    `connection_id` keeps the runs that moved something through it, with `counters` only those in which one of these
    counted, and tells what they moved through it alone. `day` keeps the runs that began on that day of the lab.
    """
    keys = select(_c.id).where(_c.vault_id == vault_id)
    lines = table_of(JobRunLine).c
    if connection_id is not None:
        of_connection = select(lines.run_id).where(lines.connection_id == connection_id)
        if counters:
            of_connection = of_connection.where(or_(*(lines[name] > 0 for name in counters)))
        keys = keys.where(_c.id.in_(of_connection))
    if day is not None:
        begin, end = of_day(day)
        keys = keys.where(_c.started_at >= begin, _c.started_at < end)
    if moved_only:
        keys = keys.where(or_(*(_c[name] > 0 for name in COUNTS), _c.status != "SUCCESS"))
    if text:
        keys = keys.where(matches(text, _c.kind, _c.status, _c.error, _connection_name))
    rows = select(*_ROW_COLUMNS).where(_c.vault_id == vault_id)
    if connection_id is not None:
        moved = (lines[name] for name in COUNTS)
        rows = select(*_ROW_COLUMNS[: -len(COUNTS)], *moved).join(table_of(JobRunLine), lines.run_id == _c.id)
        rows = rows.where(_c.vault_id == vault_id, lines.connection_id == connection_id)
    return Listing(_c.id, keys, rows, _row, descending=True, dated=_c.started_at)


def detail(session: Session, vault_id: int, run_id: int) -> RunDetail | None:
    """One run of a Vault with a line per connection; None when it is gone."""
    statement = select(*_ROW_COLUMNS, _c.error, _c.retry_id).where(_c.vault_id == vault_id, _c.id == run_id)
    row = fetch_one(session, statement)
    if row is None:
        return None
    lines = table_of(JobRunLine)
    per_connection = (
        select(_connections.id, _connections.name, *(lines.c[name] for name in COUNTS))
        .join(lines, lines.c.connection_id == _connections.id)
        .where(lines.c.run_id == run_id)
        .order_by(_connections.name)
    )
    messages = table_of(SparkMessage).c
    # One search for each side, in the order of its index; asked for either at once, SQLite reads the Vault's messages.
    sides = [
        select(messages.id)
        .where(side == run_id, messages.vault_id + 0 == vault_id)
        .order_by(messages.id.desc())
        .limit(SHOWN_MESSAGES)
        .subquery()
        for side in (messages.put_by, messages.taken_by)
    ]
    touched = (
        select(
            messages.id,
            messages.queue_id,
            messages.message_id,
            messages.object_name,
            messages.item_count,
            messages.state,
        )
        .where(messages.id.in_(union(*(select(side.c.id) for side in sides))))
        .order_by(messages.id.desc())
        .limit(SHOWN_MESSAGES)
    )
    return RunDetail(
        _row(row),
        row.error,
        row.retry_id,
        tuple(RunLine(line[0], line[1], Moved(*line[2:])) for line in fetch(session, per_connection)),
        tuple(RunMessage(*message) for message in fetch(session, touched)),
    )


def job_list(session: Session, vault_id: int) -> tuple[JobRow, ...]:
    """The jobs of a Vault, in the order in which a change passes them."""
    columns = table_of(Job).c
    shown = ("id", "kind", "every_seconds", "next_run_at", "requested_at", "longest_seconds")
    statement = select(*(columns[name] for name in shown)).where(columns.vault_id == vault_id)
    order = list(JobKind)
    return tuple(
        sorted((JobRow(*row) for row in fetch(session, statement)), key=lambda job: order.index(JobKind(job.kind)))
    )
