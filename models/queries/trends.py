"""How a Vault's last day went, hour by hour: what waited in its queues, and how long its jobs took."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlmodel import Session

from models.queries.window import fetch
from models.tables import Direction, JobKind, JobRun, MessageState, Queue, SparkMessage, table_of

HOURS = 24
LONGEST_WAIT = timedelta(hours=6)
"""No message that is tried again and again waits longer: the tries of a queue are over before (Spark facts, section 6).
What a held queue keeps longer is counted while it is there."""

_messages = table_of(SparkMessage).c
_queues = table_of(Queue).c
_runs = table_of(JobRun).c


@dataclass(frozen=True, slots=True)
class Trends:
    """Numbers per hour, the oldest first. `ends` says when each hour ends, the last one is now.

    `waiting_out` and `waiting_in` count messages that waited at that moment, `entered` and `left` those of the hour.
    `longest` is the longest run of each kind of job that began in the hour, in milliseconds.
    """

    ends: tuple[datetime, ...]
    waiting_out: tuple[int, ...]
    waiting_in: tuple[int, ...]
    entered: tuple[int, ...]
    left: tuple[int, ...]
    longest: dict[str, tuple[int, ...]]


def trends(session: Session, vault_id: int, now: datetime) -> Trends:
    """The last 24 hours of a Vault, up to `now` of lab time."""
    ends = tuple(now - timedelta(hours=hour) for hour in reversed(range(HOURS)))
    entered, left = _through(session, vault_id, ends)
    return Trends(
        ends,
        _waiting(session, vault_id, ends, Direction.OUTBOUND),
        _waiting(session, vault_id, ends, Direction.INBOUND),
        entered,
        left,
        _durations(session, vault_id, ends),
    )


def _recent(vault_id: int, since: datetime) -> Any:
    return and_(_messages.vault_id == vault_id, _messages.entered_at > since)


def _waiting(session: Session, vault_id: int, ends: tuple[datetime, ...], way: Direction) -> tuple[int, ...]:
    queues = select(_queues.id).where(_queues.vault_id == vault_id, _queues.type == way)
    waited = [
        func.sum(case((and_(_messages.entered_at <= end, _gone_after(end)), 1), else_=0)).label(f"at{place}")
        for place, end in enumerate(ends)
    ]
    since = ends[0] - LONGEST_WAIT
    lately = _recent(vault_id, since)
    held = and_(_messages.queue_id.in_(queues), _messages.state == MessageState.QUEUED, _messages.entered_at <= since)
    total = [0] * len(ends)
    for condition in (and_(lately, _messages.queue_id.in_(queues)), held):
        (row,) = fetch(session, select(*waited).where(condition))
        total = [before + (value or 0) for before, value in zip(total, row, strict=True)]
    return tuple(total)


def _gone_after(end: datetime) -> Any:
    return or_(_messages.left_at.is_(None), _messages.left_at > end)


def _through(session: Session, vault_id: int, ends: tuple[datetime, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    hour = timedelta(hours=1)
    found = []
    for column in (_messages.entered_at, _messages.left_at):
        within = [
            func.sum(case((and_(column > end - hour, column <= end), 1), else_=0)).label(f"in{place}")
            for place, end in enumerate(ends)
        ]
        (row,) = fetch(session, select(*within).where(_recent(vault_id, ends[0] - LONGEST_WAIT)))
        found.append(tuple(value or 0 for value in row))
    return found[0], found[1]


def _durations(session: Session, vault_id: int, ends: tuple[datetime, ...]) -> dict[str, tuple[int, ...]]:
    begin = ends[0] - timedelta(hours=1)
    earlier = select(_runs.id).where(_runs.vault_id == vault_id, _runs.started_at <= begin)
    after = session.execute(earlier.order_by(_runs.id.desc()).limit(1)).scalar() or 0
    statement = select(_runs.kind, _runs.started_at, _runs.duration_ms).where(
        _runs.vault_id == vault_id, _runs.id > after
    )
    longest = {kind.value: [0] * len(ends) for kind in JobKind}
    for kind, started, took in fetch(session, statement):
        place = int((started - begin).total_seconds() // 3600)
        if 0 <= place < len(ends):
            hours = longest[str(kind)]
            hours[place] = max(hours[place], took)
    return {kind: tuple(hours) for kind, hours in longest.items()}
