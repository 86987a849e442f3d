"""Spark message delivery event handlers: run when a message leaves its queue undelivered (Spark facts, section 1).

An integration developer brings one as an entry point of the group `vault_console.delivery_handlers`. It is called with
an `Undelivered`, outside any transaction and after the removal is in the Queue Log; once more when the program was
killed in between. What it wishes for by `notify` and `put_back_after` is done afterwards in one transaction.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import insert, select, update

from models.feed import Topic
from models.queries.queue_detail import LogLine
from models.services.queue_log import return_to_queue
from models.store import Store, WriteSession
from models.tables import (
    ErrorType,
    ExceptionMessage,
    ExceptionSide,
    LogEntryType,
    QueueLogEntry,
    SparkMessage,
    SparkMessageBody,
    Subject,
    table_of,
)
from scheduler.processors import find_callable, in_words

logger = logging.getLogger(__name__)

GROUP = "vault_console.delivery_handlers"
NOTIFY = "notify"
PUT_BACK_AFTER = timedelta(hours=24)
"""Lab time after which the built-in handler puts a message back."""
TRY_AGAIN = timedelta(hours=1)
"""Lab time until a put-back that was refused is tried again, e.g. by a queue that is full."""

_log = table_of(QueueLogEntry)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_exceptions = table_of(ExceptionMessage)


@dataclass
class Undelivered:
    """A message that was given up, and what a handler may wish for."""

    entry: LogLine
    attributes: dict[str, Any]
    items: tuple[str, ...]
    notices: list[str] = field(default_factory=list)
    back_after: timedelta | None = None

    def notify(self, sentence: str) -> None:
        """Tell the administrators of the sending Vault by a user exception."""
        self.notices.append(sentence)

    def put_back_after(self, pause: timedelta) -> None:
        """Put the message back on its queue after a pause in lab time."""
        self.back_after = pause


class Handler(Protocol):
    """What an entry point of the group must be."""

    def __call__(self, undelivered: Undelivered, /) -> object:
        """Handle one message that was given up."""
        ...


def notify(undelivered: Undelivered) -> None:
    """Built in: tell by a user exception of the sending Vault."""
    entry = undelivered.entry
    undelivered.notify(f"A message left queue {entry.queue_name} undelivered. {entry.reason}".strip())


def put_back(undelivered: Undelivered) -> None:
    """Built in: put the message back after 24 hours of lab time."""
    undelivered.put_back_after(PUT_BACK_AFTER)


def run_handlers(store: Store, vault_id: int) -> int:
    """Run the handlers of removals that still wait for theirs, each in its turn; answers how many ran."""
    done = 0
    while True:
        with store.read() as session:
            row = session.execute(
                select(_log, _bodies.c.attributes, _bodies.c["items"].label("content"))
                .outerjoin(_bodies, _bodies.c.message_id == _log.c.spark_message_id)
                .where(_log.c.vault_id == vault_id, _log.c.handler.is_not(None), _log.c.handled_at.is_(None))
                .order_by(_log.c.id)
                .limit(1)
            ).first()
        if row is None:
            return done
        undelivered = Undelivered(_line(row), dict(row.attributes or {}), tuple(row.content or ()))
        try:
            handler: Handler = find_callable(GROUP, row.handler, "delivery event handler")
            handler(undelivered)
        except Exception as error:  # somebody else's code may fail in any way
            logger.warning("The delivery event handler %s failed.", row.handler, exc_info=True)
            undelivered.back_after = None
            undelivered.notices.append(f"The delivery event handler {row.handler} failed. {in_words(error)}")
        _apply(store, row, undelivered)
        done += 1


def put_back_due(store: Store, vault_id: int) -> int:
    """Put back the messages whose time has come; answers how many. What is refused is tried again in an hour."""
    with store.read() as session:
        keys = session.execute(
            select(_log.c.id)
            .where(_log.c.vault_id == vault_id, _log.c.due_back_at <= store.clock.now())
            .order_by(_log.c.id)
        ).scalars()
        due = list(keys)
    number = 0
    for key in due:
        with store.write() as write:
            entry = write.get(QueueLogEntry, key)
            if entry is None or entry.due_back_at is None:
                continue
            if not return_to_queue(write, entry):
                number += 1
                continue
            # Without its message there is nothing to try again with.
            later = None if entry.spark_message_id is None else write.now + TRY_AGAIN
            write.execute(update(_log).where(_log.c.id == key).values(due_back_at=later))
    return number


def _apply(store: Store, row: Any, undelivered: Undelivered) -> None:
    with store.write() as write:
        pause = undelivered.back_after
        values: dict[str, datetime | None] = {"handled_at": write.now}
        if pause is not None and row.put_back_at is None:
            values["due_back_at"] = write.now + pause
        write.execute(update(_log).where(_log.c.id == row.id).values(values))
        for sentence in undelivered.notices:
            _tell(write, row, sentence)
        write.changed(Topic.QUEUES, row.vault_id)


def _tell(write: WriteSession, row: Any, sentence: str) -> None:
    """Raise a user exception; a message of an integration has one that tells of its removal already."""
    told = select(_exceptions.c.id).where(
        _exceptions.c.vault_id == row.vault_id,
        _exceptions.c.spark_message_id == row.spark_message_id,
        _exceptions.c.side == ExceptionSide.SOURCE,
        _exceptions.c.active,
    )
    if row.handler == NOTIFY and write.execute(told).first() is not None:
        return
    message = write.execute(
        select(_messages.c.connection_id, _messages.c.integration_point, _messages.c.item_count).where(
            _messages.c.id == row.spark_message_id
        )
    ).one_or_none()
    write.execute(
        insert(_exceptions).values(
            vault_id=row.vault_id,
            name=(message.integration_point if message is not None else "") or row.queue_name,
            active=True,
            side=ExceptionSide.SOURCE,
            subject=Subject.MESSAGE,
            error_type=ErrorType.CONNECTION,
            error_message=sentence[:2000],
            connection_id=None if message is None else message.connection_id,
            message_processor="",
            spark_message_id=None if message is None else row.spark_message_id,
            items_received=0 if message is None else message.item_count,
            items_failed=0 if message is None else message.item_count,
            created_at=write.now,
        )
    )
    write.changed(Topic.EXCEPTIONS, row.vault_id)


def _line(row: Any) -> LogLine:
    return LogLine(
        key=row.id,
        timestamp=row.at,
        vault_id=row.vault_id,
        queue_name=row.queue_name,
        connection_name=row.connection_name,
        message_id=row.message_id,
        entry_type=LogEntryType(row.entry_type).value,
        queue_time=row.queue_time,
        send_time=row.send_time,
        attempts=row.attempts,
        reason=row.reason,
        message_key=row.spark_message_id,
        due_back_at=row.due_back_at,
        put_back_at=row.put_back_at,
    )
