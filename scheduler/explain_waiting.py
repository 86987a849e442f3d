"""What an explanation says of the next try: which user exception message holds an item, and that it is tried again.

Every receive run tries open items and refused messages again ("After you update the configuration, Vault attempts to
resolve any errors the next time the connection runs", seed S3).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlmodel import Session

from models.sets import one_of
from models.tables import (
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    ItemStatus,
    SparkMessage,
    SparkMessageItem,
    table_of,
)
from scheduler.route import find_point
from scheduler.story import Way

_items = table_of(ExceptionItem).c
_exceptions = table_of(ExceptionMessage).c
_index = table_of(SparkMessageItem).c

AGAIN = "The next receive run tries it again, and Retry Transfer does at once."
ONCE_MENDED = "Once what stops it is mended, the next receive run tries it again, and Retry Transfer does at once."


def open_items(session: Session, way: Way, items: Sequence[str]) -> Mapping[str, str]:
    """Of the items on their way into a point, those that wait for another try: what is to be said of each."""
    told = _refused(session, way, items)
    point = find_point(session, way.connection_id, way.point_name)
    if point is None:
        return told
    statement = (
        select(_items.item, _items.message_id, func.max(_items.attempts), func.max(_items.tried_at))
        .where(_items.point_id == point.id, _items.status == ItemStatus.OPEN, one_of(_items.item, items))
        .group_by(_items.item, _items.message_id)
        .order_by(_items.message_id)
    )
    for item, message, attempts, tried_at in session.execute(statement):
        times = "once" if attempts == 1 else f"{attempts} times"
        told[item] = (
            f"It is an open item of user exception message {message}, tried {times}, last at "
            f"{tried_at:%Y-%m-%d %H:%M:%S}."
        )
    return told


def _refused(session: Session, way: Way, items: Sequence[str]) -> dict[str, str]:
    """Items of messages that were refused as a whole. The index of items leads to what the sending Vault put."""
    arrived, sent = table_of(SparkMessage).alias("arrived"), table_of(SparkMessage).alias("sent")
    statement = (
        select(_index.item, _exceptions.id)
        .join(arrived, arrived.c.id == _exceptions.spark_message_id)
        .join(sent, sent.c.message_id == arrived.c.message_id)
        .join(table_of(SparkMessageItem), _index.message_id == sent.c.id)
        .where(
            one_of(_index.item, items),
            _exceptions.vault_id == way.vault_id,
            _exceptions.active,
            _exceptions.error_type == ErrorType.CONFIGURATION,
            arrived.c.connection_id == way.connection_id,
            arrived.c.integration_point == way.point_name,
        )
        .order_by(_exceptions.id)
    )
    return {
        item: f"Its message was refused as a whole: user exception message {message}."
        for item, message in session.execute(statement)
    }
