"""Do queues carry the connection's messages: queue connections, delivery, room, messages that do not get through."""

from typing import Any

from sqlalchemy import Row, func, select

from models.doctor.case import Case, Side, quoted
from models.doctor.finding import FindingKind, Findings
from models.queries.notices import NEARLY_FULL
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    ConnectionType,
    Direction,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    table_of,
)

_queues = table_of(Queue)
_served = table_of(QueueConnection)
_messages = table_of(SparkMessage)

STUCK_AFTER = 2
"""Attempts after which a message that still waits counts as stuck."""


def check_queues(case: Case) -> Findings:
    """Queues of both sides, and whether outbound ones lead to inbound ones that take their messages."""
    for side in case.sides:
        sends = not case.is_vault_to_vault or any(stream.active for stream in side.streams)
        takes = side.row.type is ConnectionType.LOCAL or (
            case.is_vault_to_vault and any(point.active and point.takes_messages for point in side.inbound.values())
        )
        serving = _serving(side)
        for direction, needed in ((Direction.OUTBOUND, sends), (Direction.INBOUND, takes)):
            queues = [queue for queue in serving if queue.type is direction and queue.served]
            if needed and not queues:
                yield side.finding(
                    FindingKind.NO_QUEUE,
                    f"No {direction.value} queue of {side.vault} serves {side.name}.",
                    f"Add the connection to an {direction.value} queue in Spark Queues.",
                    command=f"queues connect QUEUE {quoted(side.row.api_name)}",
                )
            for queue in queues:
                yield from _queue(side, queue)
        for queue in serving:
            if queue.type is Direction.OUTBOUND and queue.served and side.row.type is not ConnectionType.EXTERNAL:
                yield from _leads_somewhere(case, side, queue)
        yield from _stuck(side)


def _serving(side: Side) -> list[Row[Any]]:
    waiting = (
        select(func.count())
        .where(_messages.c.queue_id == _queues.c.id, _messages.c.state == MessageState.QUEUED)
        .scalar_subquery()
    )
    statement = (
        select(_queues, _served.c.deliver_to_queue, _served.c.active.label("served"), waiting.label("waiting"))
        .join(_served, _served.c.queue_id == _queues.c.id)
        .where(_served.c.connection_id == side.key)
        .order_by(_queues.c.id)
    )
    return list(side.session.execute(statement))


def _queue(side: Side, queue: Row[Any]) -> Findings:
    place = {"area": "queues", "key": queue.id, "where": f"Queue {queue.label}"}
    name = quoted(queue.api_name)
    if not queue.active:
        yield side.finding(
            FindingKind.QUEUE_INACTIVE,
            f"{queue.label} of {side.vault} is inactive and takes no messages.",
            "Set its Status to Active.",
            command=f"queues activate {name}",
            **place,
        )
    if not queue.delivery_enabled:
        yield side.finding(
            FindingKind.DELIVERY_DISABLED,
            f"{queue.label} of {side.vault} holds its messages: {queue.waiting} wait.",
            "Enable Delivery.",
            command=f"queues enable-delivery {name}",
            **place,
        )
    if queue.waiting >= NEARLY_FULL:
        yield side.finding(
            FindingKind.QUEUE_FILLING,
            f"{queue.waiting:,} of {MESSAGES_IN_A_QUEUE:,} messages wait in {queue.label} of {side.vault}.",
            "Find out why they are not worked off.",
            severity="stops" if queue.waiting >= MESSAGES_IN_A_QUEUE else "warns",
            command=f"queues show {name}",
            **place,
        )


def _leads_somewhere(case: Case, side: Side, queue: Row[Any]) -> Findings:
    other = side if side.row.type is ConnectionType.LOCAL else next((s for s in case.sides if s is not side), None)
    if other is None:
        return
    found = None
    if queue.deliver_to_queue is not None:
        found = side.session.execute(
            select(_queues.c.id, _served.c.active)
            .join(_served, (_served.c.queue_id == _queues.c.id) & (_served.c.connection_id == other.key), isouter=True)
            .where(
                _queues.c.vault_id == other.vault_id,
                _queues.c.api_name == queue.deliver_to_queue,
                _queues.c.type == Direction.INBOUND,
            )
        ).first()
    if found is not None and found.active:
        return
    if queue.deliver_to_queue is None:
        cause = f"{queue.label} of {side.vault} names no queue to deliver to for {side.name}."
    elif found is None:
        cause = f"{other.vault} has no inbound queue {queue.deliver_to_queue}."
    else:
        cause = f"Queue {queue.deliver_to_queue} of {other.vault} does not serve {other.name}."
    yield side.finding(
        FindingKind.DELIVERS_NOWHERE,
        cause,
        "Correct the queue connection, or add the connection to the inbound queue.",
        area="queues",
        key=queue.id,
        where=f"Queue {queue.label}",
        command=f"queues connect {quoted(queue.api_name)} {quoted(side.row.api_name)} --deliver-to QUEUE",
    )


def _stuck(side: Side) -> Findings:
    # By state and queue, so that the index of what waits is used and not the connection's whole past.
    statement = (
        select(func.count().label("count"), func.max(_messages.c.attempts), func.max(_messages.c.last_error))
        .where(
            _messages.c.queue_id.in_(select(_served.c.queue_id).where(_served.c.connection_id == side.key)),
            _messages.c.state == MessageState.QUEUED,
            _messages.c.connection_id + 0 == side.key,
            _messages.c.attempts >= STUCK_AFTER,
        )
        .limit(1)
    )
    count, attempts, error = side.session.execute(statement).one()
    if count:
        yield side.finding(
            FindingKind.MESSAGES_STUCK,
            f"{count} {'message waits' if count == 1 else 'messages wait'} in {side.vault} after up to {attempts} "
            f"attempts: {error or 'no answer was kept'}",
            "Mend what the answer names; they are tried again on schedule.",
            command="messages list",
        )
