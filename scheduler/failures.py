"""User exceptions of the receiving side: messages that could not be processed, and the items that failed.

An item stays open until its record could be applied; there is one open item per point, target object and source
record, however often it fails. A message becomes inactive with its last open item (Assumed, integration facts, 4).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, exists, insert, select, update

from models.feed import Topic
from models.sets import one_of
from models.store import WriteSession
from models.tables import (
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    ExceptionSide,
    ItemStatus,
    Subject,
    table_of,
)
from scheduler.outcome import Failure
from scheduler.route import Route, RouteBroken
from scheduler.runs import Run
from scheduler.work import Work

_messages = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)

_TRY_AGAIN = (
    update(_items)
    .where(_items.c.id == bindparam("key"))
    .values(
        error_message=bindparam("sentence"),
        fields=bindparam("problems"),
        item_data=bindparam("values"),
        attempts=_items.c.attempts + 1,
        tried_at=bindparam("now"),
    )
)


def settle_items(write: WriteSession, run: Run, route: Route, work: Work, failures: Sequence[Failure]) -> None:
    """Bring the user exceptions of these items in line with how they were applied just now."""
    failed = {(failure.target_object, failure.item): failure for failure in failures}
    again: list[dict[str, Any]] = []
    resolved: list[int] = []
    messages: set[int] = set()
    for item in _open_items(write, run, route.point_id, work.items):
        failure = failed.pop((item.target_object, item.item), None)
        if failure is None:
            resolved.append(item.id)
            messages.add(item.message_id)
            continue
        again.append(
            {
                "key": item.id,
                "sentence": failure.sentence[:2000],
                "problems": failure.fields,
                "values": failure.data,
                "now": write.now,
            }
        )
    if again:
        write.connection().execute(_TRY_AGAIN, again)
    if resolved:
        write.execute(
            update(_items).where(_items.c.id.in_(resolved)).values(status=ItemStatus.RESOLVED, tried_at=write.now)
        )
    if failed:
        run.sound_points.discard(route.point_id)
        messages.discard(_add_items(write, run, route, work, list(failed.values())))
    elif work.exception_id is not None:
        messages.add(work.exception_id)
    _close_solved(write, messages)
    if failures or resolved or messages:
        write.changed(Topic.EXCEPTIONS, route.vault_id)


def refuse_message(write: WriteSession, run: Run, work: Work, broken: RouteBroken) -> None:
    """Tell that no item of a message could be processed; each later run tries the message again."""
    sentence = str(broken)[:2000]
    if work.exception_id is not None:
        write.execute(update(_messages).where(_messages.c.id == work.exception_id).values(error_message=sentence))
    elif work.spark_message_id is not None:
        write.execute(
            insert(_messages).values(
                **_message(write, run, work, broken.point),
                error_type=ErrorType.CONFIGURATION,
                error_message=sentence,
                items_failed=len(work.items),
            )
        )
    write.changed(Topic.EXCEPTIONS, run.scope.vault_id)


def settle_message(write: WriteSession, run: Run, work: Work) -> None:
    """Close the user exception of a message that was refused before and that its processor has taken now."""
    if work.exception_id is not None:
        _close_solved(write, {work.exception_id})
        write.changed(Topic.EXCEPTIONS, run.scope.vault_id)


def _open_items(write: WriteSession, run: Run, point_id: int, items: Sequence[str]) -> Iterable[Row[Any]]:
    if point_id not in run.sound_points and not _has_open_items(write, point_id):
        # Open items come only from this run's own failures: asking once is enough.
        run.sound_points.add(point_id)
    if point_id in run.sound_points:
        return []
    return write.execute(
        select(_items.c.id, _items.c.message_id, _items.c.target_object, _items.c.item).where(
            _items.c.point_id == point_id, _items.c.status == ItemStatus.OPEN, one_of(_items.c.item, items)
        )
    ).all()


def _has_open_items(write: WriteSession, point_id: int) -> bool:
    statement = select(_items.c.id).where(_items.c.point_id == point_id, _items.c.status == ItemStatus.OPEN).limit(1)
    return write.execute(statement).first() is not None


def _add_items(write: WriteSession, run: Run, route: Route, work: Work, failures: Sequence[Failure]) -> int:
    sentence = f"{len(failures)} of {len(work.items)} items could not be applied."
    values = {
        "error_type": ErrorType.MESSAGE_PROCESSING,
        "error_message": sentence,
        "items_failed": len(failures),
        "point_id": route.point_id,
        "integration_id": route.integration_id,
    }
    if work.exception_id is not None:
        write.execute(update(_messages).where(_messages.c.id == work.exception_id).values(**values))
        message_id = work.exception_id
    else:
        row = _message(write, run, work, None) | {"name": route.point_name} | values
        message_id = write.execute(insert(_messages).values(**row).returning(_messages.c.id)).scalar_one()
    write.execute(
        insert(_items),
        [
            {
                "vault_id": route.vault_id,
                "message_id": message_id,
                "point_id": route.point_id,
                "source_object": work.object_name,
                "target_object": failure.target_object,
                "item": failure.item,
                "status": ItemStatus.OPEN,
                "error_type": ErrorType.ITEM_PROCESSING,
                "error_message": failure.sentence[:2000],
                "fields": failure.fields,
                "item_data": failure.data,
                "attempts": 1,
                "created_at": write.now,
                "tried_at": write.now,
            }
            for failure in failures
        ],
    )
    return message_id


def _message(write: WriteSession, run: Run, work: Work, point: Row[Any] | None) -> dict[str, Any]:
    return {
        "vault_id": run.scope.vault_id,
        "name": point.name if point is not None else work.point_name,
        "active": True,
        "side": ExceptionSide.TARGET,
        "subject": Subject.MESSAGE,
        "connection_id": work.connection_id,
        "integration_id": point.integration_id if point is not None else None,
        "point_id": point.id if point is not None else None,
        "message_processor": work.processor,
        "spark_message_id": work.spark_message_id,
        "items_received": len(work.items),
        "run_id": run.id,
        "created_at": write.now,
    }


def _close_solved(write: WriteSession, messages: set[int]) -> None:
    if not messages:
        return
    still_open = exists().where(_items.c.message_id == _messages.c.id, _items.c.status == ItemStatus.OPEN)
    write.execute(
        update(_messages)
        .where(_messages.c.id.in_(messages), _messages.c.active, ~still_open)
        .values(active=False, resolved_at=write.now)
    )
