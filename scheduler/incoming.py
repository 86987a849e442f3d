"""What a receive run has to process: messages on the inbound queues, refused messages, and open exception items."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, select

from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ConnectionState,
    Direction,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    ItemStatus,
    MessageEvent,
    MessageState,
    Queue,
    RetryTransferMessage,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from scheduler.claims import claim
from scheduler.runs import Run
from scheduler.work import Work

_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_queues = table_of(Queue)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)
_retries = table_of(RetryTransferMessage)

CLAIM = 20
"""Messages claimed at a time."""
RETRY_BATCH = 500
"""Open items tried at a time."""


def queued(store: Store, run: Run) -> Iterator[Sequence[Work]]:
    """Messages on the inbound queues, as many at a time as are claimed for the run at once."""
    with store.read() as session:
        queues = session.execute(
            select(_queues.c.id, _queues.c.message_processor)
            .where(_queues.c.vault_id == run.scope.vault_id, _queues.c.type == Direction.INBOUND)
            .order_by(_queues.c.id)
        ).all()
    for queue in queues:
        while True:
            run.go_on()
            with store.write() as write:
                claimed = claim(
                    write,
                    run_id=run.id,
                    queue_id=queue.id,
                    connection_id=run.scope.connection_id,
                    due_at=None,
                    limit=CLAIM,
                )
                bodies = _items_of(write, [message.id for message in claimed])
            if not claimed:
                break
            yield [
                Work(
                    connection_id=message.connection_id,
                    point_name=message.integration_point,
                    object_name=message.object_name,
                    event=message.event,
                    items=bodies[message.id],
                    processor=queue.message_processor,
                    spark_message_id=message.id,
                )
                for message in claimed
            ]


def _items_of(write: WriteSession, messages: Sequence[int]) -> dict[int, list[str]]:
    rows = write.execute(
        select(_bodies.c.message_id, _bodies.c["items"].label("content")).where(_bodies.c.message_id.in_(messages))
    )
    return {row.message_id: row.content for row in rows}


def refused_before(store: Store, run: Run) -> Iterator[Work]:
    """Messages of earlier runs of which no item could be processed; the set-up may have been mended."""
    after = 0
    while True:
        with store.read() as session:
            row = session.execute(_refused_message(run, after)).first()
        if row is None:
            return
        after = row.id
        yield Work(
            connection_id=row.connection_id,
            point_name=row.integration_point,
            object_name=row.object_name,
            event=row.event,
            items=row.content,
            processor=row.message_processor,
            spark_message_id=row.spark_message_id,
            exception_id=row.id,
        )


def _refused_message(run: Run, after: int) -> Select[Any]:
    statement = (
        select(
            _exceptions.c.id,
            _exceptions.c.spark_message_id,
            _exceptions.c.message_processor,
            _messages.c.connection_id,
            _messages.c.integration_point,
            _messages.c.object_name,
            _messages.c.event,
            _bodies.c["items"].label("content"),
        )
        .join(_messages, _messages.c.id == _exceptions.c.spark_message_id)
        .join(_bodies, _bodies.c.message_id == _messages.c.id)
        .where(
            _exceptions.c.vault_id == run.scope.vault_id,
            _exceptions.c.active,
            _exceptions.c.error_type == ErrorType.CONFIGURATION,
            # A run that was cleared away leaves no number behind.
            _exceptions.c.run_id.is_(None) | (_exceptions.c.run_id != run.id),
            _exceptions.c.id > after,
            _messages.c.state == MessageState.PROCESSED,
        )
        .order_by(_exceptions.c.id)
        .limit(1)
    )
    if run.scope.connection_id is not None:
        statement = statement.where(_exceptions.c.connection_id == run.scope.connection_id)
    if run.scope.retry_id is not None:
        statement = statement.where(_exceptions.c.id.in_(_retried(run.scope.retry_id)))
    return statement


def _retried(retry_id: int) -> Select[tuple[int]]:
    """The user exception messages that a Retry Transfer tries again."""
    return select(_retries.c.message_id).where(_retries.c.retry_id == retry_id, _retries.c.under_way)


def groups_of_open_items(store: Store, run: Run) -> Sequence[Row[Any]]:
    """The points and source objects of which items of active integrations are open that this run has not tried."""
    statement = (
        select(_points.c.id, _points.c.api_name, _integrations.c.connection_id, _items.c.source_object)
        .distinct()
        .join(_points, _points.c.id == _items.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .join(_connections, _connections.c.id == _integrations.c.connection_id)
        .where(
            _items.c.vault_id == run.scope.vault_id,
            _items.c.status == ItemStatus.OPEN,
            _items.c.tried_at < run.started_at,
            _integrations.c.active,
            _connections.c.state == ConnectionState.ACTIVE,
        )
        .order_by(_points.c.id, _items.c.source_object)
    )
    if run.scope.connection_id is not None:
        statement = statement.where(_integrations.c.connection_id == run.scope.connection_id)
    if run.scope.retry_id is not None:
        statement = statement.where(_items.c.message_id.in_(_retried(run.scope.retry_id)))
    with store.read() as session:
        return session.execute(statement).all()


def open_items(store: Store, run: Run, group: Row[Any], after: str) -> Work | None:
    """The next open items of a group behind an item; None when there are no more."""
    statement = (
        select(_items.c.item)
        .distinct()
        .where(
            _items.c.point_id == group.id,
            _items.c.source_object == group.source_object,
            _items.c.status == ItemStatus.OPEN,
            _items.c.tried_at < run.started_at,
            _items.c.item > after,
        )
        .order_by(_items.c.item)
        .limit(RETRY_BATCH)
    )
    if run.scope.retry_id is not None:
        statement = statement.where(_items.c.message_id.in_(_retried(run.scope.retry_id)))
    with store.read() as session:
        items = list(session.execute(statement).scalars())
    if not items:
        return None
    return Work(
        connection_id=group.connection_id,
        point_name=group.api_name,
        object_name=group.source_object,
        event=MessageEvent.CHANGED,
        items=items,
    )
