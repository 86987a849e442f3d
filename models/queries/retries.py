"""Retry Transfers: how far each has come, what it moved, and which user exception messages it tried again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import fetch, fetch_one, row_of
from models.tables import (
    ExceptionItem,
    ItemStatus,
    JobKind,
    JobRun,
    RetryState,
    RetryTransfer,
    RetryTransferMessage,
    RunStatus,
    table_of,
)

_retries = table_of(RetryTransfer).c
_retried = table_of(RetryTransferMessage).c
_runs = table_of(JobRun).c
_items = table_of(ExceptionItem).c

SHOWN_RETRIES = 10
NOTHING_LEFT = "Nothing of it is left to try: what it was about has been deleted."
"""What is noted with a message that nothing can solve any more."""


@dataclass(frozen=True, slots=True)
class RetryRow:
    """A Retry Transfer: what was open before it, and its result, which grows while it is under way.

    `sent` and `applied` count items, `delivered` Spark messages, `failed` what is still open after it.
    """

    key: int
    vault_id: int
    state: str
    step: str | None
    user_name: str
    asked: str
    messages: int
    items: int
    sent: int
    delivered: int
    applied: int
    skipped: int
    failed: int
    error: str
    created_at: datetime
    finished_at: datetime | None
    runs: tuple[int, ...]

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end."""
        return self.state != RetryState.UNDER_WAY

    @property
    def result(self) -> str:
        """What came of it, in words."""
        if self.state == RetryState.CANCELLED:
            return "cancelled before it began"
        moved = [
            f"{number:,} {name}"
            for name in ("sent", "delivered", "applied", "skipped", "failed")
            if (number := getattr(self, name)) or name in ("applied", "failed")
        ]
        return ", ".join(moved)


@dataclass(frozen=True, slots=True)
class RetryLine:
    """A Retry Transfer as one of its messages sees it: how many of the message's items were open before and after."""

    retry: RetryRow
    items: int
    still_open: int
    under_way: bool
    note: str


def retry(session: Session, key: int) -> RetryRow | None:
    """One Retry Transfer; None when there is none of this number."""
    row = fetch_one(session, select(*_COLUMNS).where(_retries.id == key))
    return None if row is None else _row(session, row)


def retries(session: Session, vault_id: int, limit: int = 50) -> tuple[RetryRow, ...]:
    """The Retry Transfers of a Vault, the newest first."""
    statement: Any = select(*_COLUMNS).where(_retries.vault_id == vault_id).order_by(_retries.id.desc()).limit(limit)
    return tuple(_row(session, row) for row in fetch(session, statement))


def retries_of(session: Session, vault_id: int, message_id: int) -> tuple[RetryLine, ...]:
    """The latest Retry Transfers of one user exception message, the newest first."""
    statement = (
        select(*_COLUMNS, _retried["items"], _retried.still_open, _retried.under_way, _retried.note)
        .join(table_of(RetryTransferMessage), _retried.retry_id == _retries.id)
        .where(_retries.vault_id == vault_id, _retried.message_id == message_id)
        .order_by(_retries.id.desc())
        .limit(SHOWN_RETRIES)
    )
    return tuple(RetryLine(_row(session, row[:-4]), *row[-4:]) for row in fetch(session, statement))


def under_way(session: Session, vault_id: int | None = None) -> tuple[tuple[int, int, JobKind], ...]:
    """Retry Transfers that are not over, of one Vault or of all: number, Vault, and the job that is to go on."""
    statement = select(_retries.id, _retries.vault_id, _retries.step).where(
        _retries.state == RetryState.UNDER_WAY, _retries.step.is_not(None)
    )
    if vault_id is not None:
        statement = statement.where(_retries.vault_id == vault_id)
    return tuple((row[0], row[1], row[2]) for row in fetch(session, statement.order_by(_retries.id)))


def moved(session: Session, key: int) -> dict[str, Any]:
    """What a Retry Transfer has moved so far: by its job runs, those that were killed included, and by its items.

    A run may also touch other target records of the same source record: only items that were open count as applied.
    """
    applied = _runs.created + _runs.updated + _runs.unchanged + _runs.deleted
    row = session.execute(
        select(
            *(func.coalesce(func.sum(column), 0) for column in (_runs.sent, _runs.delivered, applied, _runs.skipped))
        ).where(_runs.retry_id == key)
    ).one()
    solved = _solved(session, key)
    skipped = min(row[3], solved)
    return {
        "sent": row[0],
        "delivered": row[1],
        "applied": min(row[2], solved - skipped),
        "skipped": skipped + _orphaned(session, key),
    }


def _solved(session: Session, key: int) -> int:
    """How many items that were open before are open no more: of messages that are done with, and of the others."""
    received = (_retried.retry_id == key, _retried.step == JobKind.RECEIVE)
    done_with: int = session.execute(
        select(func.coalesce(func.sum(_retried["items"] - _retried.still_open), 0)).where(
            *received, ~_retried.under_way, _retried.note != NOTHING_LEFT
        )
    ).scalar_one()
    so_far: int = session.execute(
        select(func.count(_items.id))
        .join(table_of(RetryTransferMessage), _retried.message_id == _items.message_id)
        .join(table_of(RetryTransfer), _retries.id == _retried.retry_id)
        .where(
            *received, _retried.under_way, _items.status == ItemStatus.RESOLVED, _items.tried_at >= _retries.created_at
        )
    ).scalar_one()
    return done_with + so_far


def _orphaned(session: Session, key: int) -> int:
    number: int = session.execute(
        select(func.coalesce(func.sum(_retried["items"]), 0)).where(
            _retried.retry_id == key, _retried.note == NOTHING_LEFT
        )
    ).scalar_one()
    return number


_COLUMNS = tuple(_retries["id" if name == "key" else name] for name in RetryRow.__dataclass_fields__ if name != "runs")


def _row(session: Session, row: Any) -> RetryRow:
    runs = select(_runs.id).where(_runs.retry_id == row[0], _runs.status != RunStatus.CANCELLED).order_by(_runs.id)
    found = row_of(RetryRow, row, tuple(session.execute(runs).scalars()))
    if found.is_over:
        return found
    return replace(found, **moved(session, found.key))
