"""Claiming messages: a run marks the messages it will work on, so that no other run takes them.

A claim ends with its run: one whose run is no longer RUNNING is void, so a killed process holds nothing back.
"""

from datetime import datetime

from sqlalchemy import Row, and_, or_, select, update

from models.store import WriteSession
from models.tables import JobRun, MessageState, RunStatus, SparkMessage, table_of

_messages = table_of(SparkMessage)
_runs = table_of(JobRun)


def claim(
    write: WriteSession,
    *,
    run_id: int,
    queue_id: int,
    connection_id: int | None,
    due_at: datetime | None,
    limit: int,
    sequential: bool = False,
) -> list[Row[tuple[object, ...]]]:
    """Claim the next queued messages of a queue in FIFO order; answers their rows.

    With `due_at`, only messages whose next attempt is due by then; in a sequential queue a message that is not due
    holds back those behind it.
    """
    running = select(_runs.c.id).where(_runs.c.status == RunStatus.RUNNING)
    conditions = [_messages.c.queue_id == queue_id, _messages.c.state == MessageState.QUEUED]
    if connection_id is not None:
        conditions.append(_messages.c.connection_id == connection_id)
    free = or_(_messages.c.claimed_by.is_(None), _messages.c.claimed_by.not_in(running))
    due = or_(_messages.c.next_attempt_at.is_(None), _messages.c.next_attempt_at <= due_at) if due_at else None
    if sequential and due is not None:
        blocker = select(_messages.c.id).where(*conditions, ~and_(free, due)).order_by(_messages.c.id).limit(1)
        first_blocked = write.execute(blocker).scalar_one_or_none()
        if first_blocked is not None:
            conditions.append(_messages.c.id < first_blocked)
    conditions.append(free)
    if due is not None:
        conditions.append(due)
    rows = write.execute(select(_messages).where(*conditions).order_by(_messages.c.id).limit(limit)).all()
    if rows:
        write.execute(update(_messages).where(_messages.c.id.in_([row.id for row in rows])).values(claimed_by=run_id))
    return list(rows)
