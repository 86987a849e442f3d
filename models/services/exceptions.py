"""User exception messages: trying failed transfers again by Retry Transfer (seed S3), one message or many at once.

What failed in the receiving Vault is tried by its receive job, for exactly the items that are open. What could not be
sent is tried by the send job, what was not delivered by the delivery. A message is in one retry at a time: the store
itself refuses a second one. An engine carries the retry out, also when another one was killed half-way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, literal, select, update
from sqlmodel import Session

from models.audit import audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.queries.exceptions import ExceptionFilter
from models.services.checks import LARGEST_ID, in_vault, key_of
from models.services.queue_log import mark_put_back
from models.store import WriteSession
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    ExceptionItem,
    ExceptionMessage,
    ExceptionSide,
    ItemStatus,
    JobKind,
    JobRun,
    MessageState,
    Queue,
    RetryState,
    RetryTransfer,
    RetryTransferMessage,
    SparkMessage,
    Subject,
    table_of,
)

OBJECT_NAME = "exception_message__sys"
STEPS = (JobKind.SEND, JobKind.DELIVER, JobKind.RECEIVE)
"""The jobs that carry a retry out, in their order."""
_AT_ONCE = 500

_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)
_messages = table_of(SparkMessage)
_queues = table_of(Queue)
_retries = table_of(RetryTransfer)
_retried = table_of(RetryTransferMessage)
_runs = table_of(JobRun)

Chosen = Sequence[int] | ExceptionFilter
"""User exception messages: their numbers, or what they have in common."""


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """What a Retry Transfer would try, or tries: messages, and the items open in them.

    `under_way` counts the messages that are left out because another retry has them. `retry_id` is set once started.
    """

    messages: int
    items: int
    under_way: int
    retry_id: int | None = None


def plan_retry(session: Session, vault_id: int, chosen: Chosen) -> RetryPlan:
    """What a Retry Transfer of these messages would try; changes nothing."""
    free, taken = _free(), _taken()
    which = _conditions(vault_id, chosen)
    counted = session.execute(
        select(func.count(), func.coalesce(func.sum(_open_before()), 0)).select_from(_exceptions).where(*which, free)
    ).one()
    left_out = session.execute(select(func.count()).select_from(_exceptions).where(*which, taken)).scalar_one()
    return RetryPlan(counted[0], int(counted[1]), left_out)


def start_retry(write: WriteSession, actor: Actor, chosen: Chosen) -> RetryPlan:
    """Retry Transfer: have these messages tried again at once, those that are active and in no other retry.

    A Spark message that was removed undelivered goes back to its place in its queue first, with all its attempts
    before it (Assumed: the vendor names no way back). Raises NotAllowed, NotFound for a number of another Vault, and
    NotPossible when there is nothing to retry, or when the one message is in a retry or its queue does not take it.
    """
    actor.require(Permission.READ_EXCEPTIONS)
    actor.require(Permission.MANAGE_INTEGRATIONS)
    one = _the_one(write, actor, chosen)
    plan = plan_retry(write, actor.vault_id, chosen)
    if not plan.messages:
        raise _nothing_to_retry(write, actor.vault_id, one, plan)
    asked = chosen.in_words(write) if isinstance(chosen, ExceptionFilter) else ""
    row = RetryTransfer(
        vault_id=actor.vault_id,
        user_name=actor.name,
        asked=asked[:500],
        messages=plan.messages,
        items=plan.items,
        created_at=write.now,
    )
    write.add(row)
    write.flush()
    retry_id = key_of(row)
    _take(write, retry_id, _conditions(actor.vault_id, chosen))
    problem = _put_back(write, retry_id)
    if problem and one is not None:
        raise problem
    _due_at_once(write, retry_id)
    row.step = next_step(write, retry_id)
    write.add(row)
    what = one.name if one is not None else f"{plan.messages} messages"
    changes = {"messages": (None, plan.messages), "items": (None, plan.items), "retry": (None, retry_id)}
    if asked:
        changes["filter"] = (None, asked)  # type: ignore[assignment]
    audit(write, actor, action="Retry Transfer", object_name=OBJECT_NAME, item=what, changes=changes)
    for topic in (Topic.EXCEPTIONS, Topic.JOBS):
        write.changed(topic, actor.vault_id)
    write.flush()
    return RetryPlan(plan.messages, plan.items, plan.under_way, retry_id)


def next_step(session: Session, retry_id: int) -> JobKind | None:
    """The job that does the next part of a retry; None when all parts are done."""
    left = set(
        session.execute(
            select(_retried.c.step).where(_retried.c.retry_id == retry_id, _retried.c.under_way).distinct()
        ).scalars()
    )
    return next((step for step in STEPS if step in left), None)


def cancel_retry(write: WriteSession, actor: Actor, retry_id: int) -> None:
    """Call off a Retry Transfer that no job has begun: its messages are free for another one, and still open.

    What it put back on queues, and what it made due at once there, stays so. Raises NotAllowed, NotFound, and
    NotPossible for one that has begun or is over.
    """
    actor.require(Permission.READ_EXCEPTIONS)
    actor.require(Permission.MANAGE_INTEGRATIONS)
    row = in_vault(write, RetryTransfer, retry_id, actor.vault_id, "Retry Transfer")
    if row.state is not RetryState.UNDER_WAY:
        raise NotPossible(f"Retry Transfer {retry_id} is over: it is {row.state.value}.", "Start another one instead.")
    begun = write.execute(select(_runs.c.id).where(_runs.c.retry_id == retry_id).limit(1)).first()
    parts_done = (_retried.c.retry_id == retry_id, ~_retried.c.under_way)
    if begun is not None or write.execute(select(_retried.c.message_id).where(*parts_done).limit(1)).first():
        raise NotPossible(
            f"Retry Transfer {retry_id} has begun, and what it moved has moved.",
            "Wait for its result: it ends by itself.",
        )
    note = f"Cancelled by {actor.name} before it began."
    write.execute(
        update(_retried)
        .where(_retried.c.retry_id == retry_id)
        .values(under_way=False, still_open=_retried.c["items"], note=note[:1000])
    )
    row.state, row.step, row.finished_at, row.failed = RetryState.CANCELLED, None, write.now, row.items
    write.add(row)
    audit(write, actor, action="Cancel Retry Transfer", object_name=OBJECT_NAME, item=f"Retry Transfer {retry_id}")
    for topic in (Topic.EXCEPTIONS, Topic.JOBS):
        write.changed(topic, actor.vault_id)
    write.flush()


def _the_one(write: WriteSession, actor: Actor, chosen: Chosen) -> ExceptionMessage | None:
    """The message, when just one is named; all that are named must be this Vault's."""
    if isinstance(chosen, ExceptionFilter):
        return None
    found = [in_vault(write, ExceptionMessage, key, actor.vault_id, "user exception message") for key in set(chosen)]
    return found[0] if len(found) == 1 else None


def _nothing_to_retry(write: WriteSession, vault_id: int, one: ExceptionMessage | None, plan: RetryPlan) -> NotPossible:
    if plan.under_way:
        held = (
            select(_retries.c.id, _retries.c.user_name, _retries.c.created_at)
            .join(_retried, _retried.c.retry_id == _retries.c.id)
            .where(_retries.c.vault_id == vault_id, _retried.c.under_way)
        )
        if one is not None:
            held = held.where(_retried.c.message_id == key_of(one))
        retry = write.execute(held.order_by(_retries.c.id.desc()).limit(1)).one()
        whose = f"User exception message {one.name} is" if one is not None else "All of these messages are"
        return NotPossible(
            f"{whose} being retried already: by {retry.user_name}, since {retry.created_at:%Y-%m-%d %H:%M:%S} "
            f"(Retry Transfer {retry.id}).",
            "Wait for its result. When its engine was stopped, the next engine goes on with it.",
        )
    if one is not None:
        return NotPossible(
            f"User exception message {one.name} is inactive: everything in it has passed.",
            "There is nothing to retry.",
        )
    return NotPossible("None of these user exception messages is active.", "There is nothing to retry.")


def _conditions(vault_id: int, chosen: Chosen) -> tuple[ColumnElement[bool], ...]:
    """Those that are meant and active."""
    if isinstance(chosen, ExceptionFilter):
        return (*chosen.conditions(vault_id), _exceptions.c.active)
    keys = [key for key in set(chosen) if 0 < key <= LARGEST_ID]
    return (_exceptions.c.vault_id == vault_id, _exceptions.c.active, _exceptions.c.id.in_(keys))


def _taken() -> ColumnElement[bool]:
    held = select(_retried.c.message_id).where(_retried.c.message_id == _exceptions.c.id, _retried.c.under_way)
    return held.correlate(_exceptions).exists()


def _free() -> ColumnElement[bool]:
    return ~_taken()


def _open_before() -> ColumnElement[int]:
    """How many items of a message are open; those of a message of which none could be processed are all."""
    counted = (
        select(func.count())
        .where(_items.c.message_id == _exceptions.c.id, _items.c.status == ItemStatus.OPEN)
        .correlate(_exceptions)
        .scalar_subquery()
    )
    return case((counted > 0, counted), else_=_exceptions.c.items_failed)


def _take(write: WriteSession, retry_id: int, which: Iterable[ColumnElement[bool]]) -> None:
    """Put the messages in the retry, each with the job that tries it. The store refuses one that is in another."""
    step: Any = case(
        (_exceptions.c.subject == Subject.JOB, _exceptions.c.job),
        (_exceptions.c.subject.in_((Subject.SENDING, Subject.REMOTE)), literal(JobKind.SEND.value)),
        (
            and_(_exceptions.c.subject == Subject.MESSAGE, _exceptions.c.side == ExceptionSide.TARGET),
            literal(JobKind.RECEIVE.value),
        ),
        else_=literal(JobKind.DELIVER.value),
    )
    columns = ("retry_id", "message_id", "step", "under_way", "items", "still_open", "note")
    rows: Select[Any] = select(
        literal(retry_id), _exceptions.c.id, step, literal(value=True), _open_before(), literal(0), literal("")
    ).where(*which, _free())
    write.execute(insert(_retried).from_select(columns, rows))


def _put_back(write: WriteSession, retry_id: int) -> NotPossible | None:
    """Put removed messages back on their own queues; those that wait for their next attempt are due at once.

    Answers why the last one could not be put back that could not; it is noted with each of these.
    """
    problem = None
    undelivered = (
        select(_messages.c.id, _messages.c.queue_id, _messages.c.state, _exceptions.c.id.label("exception"))
        .join(_exceptions, _exceptions.c.spark_message_id == _messages.c.id)
        .join(_retried, _retried.c.message_id == _exceptions.c.id)
        .where(
            _retried.c.retry_id == retry_id,
            _exceptions.c.side == ExceptionSide.SOURCE,
            _exceptions.c.subject == Subject.MESSAGE,
            _messages.c.state.in_((MessageState.REMOVED, MessageState.QUEUED)),
        )
        .order_by(_messages.c.id)
    )
    rows = write.execute(undelivered).all()
    for queue_id in sorted({row.queue_id for row in rows}):
        queue = write.get_one(Queue, queue_id)
        removed = [row for row in rows if row.queue_id == queue_id and row.state is MessageState.REMOVED]
        waiting = [row.id for row in rows if row.queue_id == queue_id and row.state is MessageState.QUEUED]
        room = _room(write, queue_id) if queue.active else 0
        back, left = [row.id for row in removed[:room]], removed[room:]
        _queue_again(write, back, {"state": MessageState.QUEUED, "attempts": 0, "left_at": None, "taken_by": None})
        _queue_again(write, waiting, {})
        for key in back:
            mark_put_back(write, key)
        if left:
            problem = _refusal(queue)
            _note(write, retry_id, [row.exception for row in left], str(problem))
        for topic in (Topic.MESSAGES, Topic.QUEUES):
            write.changed(topic, queue.vault_id)
    return problem


def _refusal(queue: Queue) -> NotPossible:
    if not queue.active:
        return NotPossible(
            f"Outbound queue {queue.api_name} is inactive and takes no messages.", "Set the queue's Status to Active."
        )
    return NotPossible(
        f"Outbound queue {queue.api_name} is full: it holds {MESSAGES_IN_A_QUEUE:,} messages.",
        "Enable its delivery, or wait until it has been worked off.",
    )


def _room(session: Session, queue_id: int) -> int:
    waiting: int = session.execute(
        select(func.count()).where(_messages.c.queue_id == queue_id, _messages.c.state == MessageState.QUEUED)
    ).scalar_one()
    return max(0, MESSAGES_IN_A_QUEUE - waiting)


def _queue_again(write: WriteSession, keys: Sequence[int], values: dict[str, Any]) -> None:
    for place in range(0, len(keys), _AT_ONCE):
        these = _messages.c.id.in_(keys[place : place + _AT_ONCE])
        write.execute(update(_messages).where(these).values(next_attempt_at=None, **values))


def _note(write: WriteSession, retry_id: int, exceptions: Sequence[int], note: str) -> None:
    for place in range(0, len(exceptions), _AT_ONCE):
        these = _retried.c.message_id.in_(exceptions[place : place + _AT_ONCE])
        write.execute(update(_retried).where(_retried.c.retry_id == retry_id, these).values(note=note[:1000]))


def _due_at_once(write: WriteSession, retry_id: int) -> None:
    """Have what waits in the queues of troubled deliveries tried at once."""
    troubled = write.execute(
        select(_exceptions.c.queue_id, _exceptions.c.connection_id)
        .join(_retried, _retried.c.message_id == _exceptions.c.id)
        .where(_retried.c.retry_id == retry_id, _exceptions.c.subject == Subject.DELIVERY)
    ).all()
    for queue_id, connection_id in troubled:
        write.execute(
            update(_messages)
            .where(
                _messages.c.queue_id == queue_id,
                _messages.c.connection_id == connection_id,
                _messages.c.state == MessageState.QUEUED,
            )
            .values(next_attempt_at=None)
        )
