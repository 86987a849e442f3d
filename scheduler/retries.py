"""Carrying out Retry Transfers: for each job that a retry needs, a run of it for nothing else.

A retry is under way until its last part is done. Its result is added up from its job runs, whose counts commit with
what they moved: so it is true, and the retry goes on, when the engine was killed half-way.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select, update

from models.feed import Topic
from models.queries.retries import NOTHING_LEFT, moved
from models.services.exceptions import next_step
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ConnectionState,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    ExceptionSide,
    Integration,
    ItemStatus,
    JobKind,
    Queue,
    RetryState,
    RetryTransfer,
    RetryTransferMessage,
    Subject,
    table_of,
)
from models.time import Clock
from scheduler import deliver, receive, send
from scheduler.processors import in_words
from scheduler.runs import RunResult
from scheduler.scope import Scope
from scheduler.troubles import settle_waiting

_retries = table_of(RetryTransfer)
_retried = table_of(RetryTransferMessage)
_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)
_integrations = table_of(Integration)
_connections = table_of(Connection)
_queues = table_of(Queue)

_STAGES = {JobKind.SEND: send.run_once, JobKind.DELIVER: deliver.run_once, JobKind.RECEIVE: receive.run_once}
_AT_ONCE = 500


def serve_retries(store: Store, clock: Clock, vault_id: int, kind: JobKind) -> list[RunResult]:
    """Do the part of each waiting Retry Transfer of a Vault that this job does; answers the runs that came of it.

    Only one caller at a time may run a Vault's job. Raises what a run raises, after the retry has been ended with it.
    """
    results: list[RunResult] = []
    with store.read() as session:
        waiting = session.execute(
            select(_retries.c.id)
            .where(_retries.c.vault_id == vault_id, _retries.c.state == RetryState.UNDER_WAY, _retries.c.step == kind)
            .order_by(_retries.c.id)
        ).scalars()
        keys = list(waiting)
    for retry_id in keys:
        try:
            results += [_STAGES[kind](store, clock, scope) for scope in _scopes(store, vault_id, retry_id, kind)]
        except Exception as error:
            _end(store, retry_id, f"The {kind.value} job failed: {in_words(error)}")
            raise
        _finish_step(store, retry_id, kind)
    return results


def _scopes(store: Store, vault_id: int, retry_id: int, kind: JobKind) -> Iterator[Scope]:
    """The runs that this part of a retry needs, one after the other."""
    with store.read() as session:
        rows = session.execute(
            select(_exceptions.c.subject, _exceptions.c.connection_id, _exceptions.c.integration_id)
            .join(_retried, _retried.c.message_id == _exceptions.c.id)
            .where(_retried.c.retry_id == retry_id, _retried.c.under_way, _retried.c.step == kind)
            .distinct()
        ).all()
    whole = {row.connection_id for row in rows if _needs_all(row, kind)}
    if kind is JobKind.RECEIVE:
        if any(row.subject is Subject.MESSAGE for row in rows):
            yield Scope(vault_id, retry_id=retry_id)
        # A job that took too long runs as it always does: what it moves is not the retry's alone.
        yield from (Scope(vault_id, connection) for connection in _widest(whole))
        return
    yield from (Scope(vault_id, connection, retry_id) for connection in _widest(whole))
    single: dict[int, set[int]] = {}
    for row in rows:
        if row.integration_id is not None and not ({None, row.connection_id} & whole):
            single.setdefault(row.connection_id, set()).add(row.integration_id)
    for connection, integrations in single.items():
        yield Scope(vault_id, connection, retry_id, frozenset(integrations))


def _needs_all(row: Any, kind: JobKind) -> bool:
    """Whether a trouble is tried again by a run for its whole connection."""
    if kind is JobKind.DELIVER or row.subject is Subject.JOB:
        return True
    return row.subject is Subject.REMOTE and row.connection_id is not None


def _widest(connections: set[int | None]) -> list[int | None]:
    return [None] if None in connections else [*sorted(filter(None, connections))]


def _finish_step(store: Store, retry_id: int, kind: JobKind) -> None:
    """Write down what became of each message, and go on to the next job or to the end."""
    with store.write() as write:
        if not _is_under_way(write, retry_id):
            return
        mine = (_retried.c.retry_id == retry_id, _retried.c.under_way, _retried.c.step == kind)
        if kind is JobKind.DELIVER:
            _settle_empty_queues(write, mine)
        _settle_orphans(write, mine)
        still_open = (
            select(func.count())
            .where(_items.c.message_id == _retried.c.message_id, _items.c.status == ItemStatus.OPEN)
            .correlate(_retried)
            .scalar_subquery()
        )
        active = (
            select(_exceptions.c.active)
            .where(_exceptions.c.id == _retried.c.message_id)
            .correlate(_retried)
            .scalar_subquery()
        )
        left = case((~active, 0), (still_open > 0, still_open), (_retried.c["items"] > 0, _retried.c["items"]), else_=1)
        write.execute(update(_retried).where(*mine).values(still_open=left))
        _say_why_not(write, mine)
        write.execute(update(_retried).where(*mine).values(under_way=False))
        step = next_step(write, retry_id)
        if step is not None:
            write.execute(update(_retries).where(_retries.c.id == retry_id).values(step=step))
        else:
            _close(write, retry_id, RetryState.DONE)
        _changed(write, retry_id)


def _settle_empty_queues(write: WriteSession, mine: tuple[ColumnElement[bool], ...]) -> None:
    """A trouble of deliveries is over when nothing waits for another attempt, e.g. after its queue was reset."""
    troubled = write.execute(
        select(_exceptions.c.vault_id, _exceptions.c.queue_id, _exceptions.c.connection_id)
        .join(_retried, _retried.c.message_id == _exceptions.c.id)
        .where(*mine, _exceptions.c.subject == Subject.DELIVERY, _exceptions.c.queue_id.is_not(None))
    ).all()
    for row in troubled:
        settle_waiting(write, row.vault_id, row.queue_id, {row.connection_id})


def _settle_orphans(write: WriteSession, mine: tuple[ColumnElement[bool], ...]) -> None:
    """Make messages inactive that nothing can solve any more, because what they were about was deleted (Assumed)."""
    has_open_items = (
        select(_items.c.id)
        .where(_items.c.message_id == _exceptions.c.id, _items.c.status == ItemStatus.OPEN)
        .correlate(_exceptions)
        .exists()
    )
    without_message = _exceptions.c.spark_message_id.is_(None)
    orphaned = case(
        (_exceptions.c.subject == Subject.SENDING, _exceptions.c.integration_id.is_(None)),
        (_exceptions.c.subject == Subject.DELIVERY, _exceptions.c.queue_id.is_(None)),
        (_exceptions.c.subject != Subject.MESSAGE, literal(value=False)),
        (_exceptions.c.side == ExceptionSide.SOURCE, without_message),
        # A message that was refused as a whole is tried again from its own body.
        else_=~has_open_items & (without_message | (_exceptions.c.error_type != ErrorType.CONFIGURATION)),
    )
    statement = (
        select(_exceptions.c.id)
        .join(_retried, _retried.c.message_id == _exceptions.c.id)
        .where(*mine, _exceptions.c.active, orphaned)
    )
    keys = list(write.execute(statement).scalars())
    for place in range(0, len(keys), _AT_ONCE):
        these = keys[place : place + _AT_ONCE]
        write.execute(
            update(_exceptions).where(_exceptions.c.id.in_(these)).values(active=False, resolved_at=write.now)
        )
        write.execute(update(_retried).where(*mine, _retried.c.message_id.in_(these)).values(note=NOTHING_LEFT))


def _say_why_not(write: WriteSession, mine: tuple[ColumnElement[bool], ...]) -> None:
    """Note with messages whose items were left alone what keeps them from being tried."""
    active = select(_exceptions.c.id).where(_exceptions.c.active)
    of_integration = active.join(_integrations, _integrations.c.id == _exceptions.c.integration_id)
    of_connection = active.join(_connections, _connections.c.id == _exceptions.c.connection_id)
    of_queue = active.join(_queues, _queues.c.id == _exceptions.c.queue_id)
    reasons = (
        ("Its integration is inactive.", of_integration.where(~_integrations.c.active)),
        ("Its connection is not active.", of_connection.where(_connections.c.state != ConnectionState.ACTIVE)),
        ("Delivery of its queue is disabled.", of_queue.where(~_queues.c.delivery_enabled)),
    )
    for sentence, held in reasons:
        still = (_retried.c.still_open > 0, _retried.c.note == "", _retried.c.message_id.in_(held))
        write.execute(update(_retried).where(*mine, *still).values(note=sentence))


def _end(store: Store, retry_id: int, sentence: str) -> None:
    """End a retry with an error of the program: its messages are free for another one."""
    with store.write() as write:
        if not _is_under_way(write, retry_id):
            return
        write.execute(
            update(_retried)
            .where(_retried.c.retry_id == retry_id, _retried.c.under_way)
            .values(under_way=False, still_open=_retried.c["items"], note=sentence[:1000])
        )
        _close(write, retry_id, RetryState.FAILED, sentence)
        _changed(write, retry_id)


def _is_under_way(write: WriteSession, retry_id: int) -> bool:
    """Whether it is this caller's to end: a person may have cancelled it in the moment before its run began."""
    state = write.execute(select(_retries.c.state).where(_retries.c.id == retry_id)).scalar_one_or_none()
    return state is RetryState.UNDER_WAY


def _close(write: WriteSession, retry_id: int, state: RetryState, sentence: str = "") -> None:
    failed = select(func.coalesce(func.sum(_retried.c.still_open), 0)).where(_retried.c.retry_id == retry_id)
    values = {"state": state, "step": None, "finished_at": write.now, "error": sentence[:2000]}
    values |= moved(write, retry_id) | {"failed": write.execute(failed).scalar_one()}
    write.execute(update(_retries).where(_retries.c.id == retry_id).values(**values))


def _changed(write: WriteSession, retry_id: int) -> None:
    vault_id = write.execute(select(_retries.c.vault_id).where(_retries.c.id == retry_id)).scalar_one()
    for topic in (Topic.EXCEPTIONS, Topic.JOBS):
        write.changed(topic, vault_id)
