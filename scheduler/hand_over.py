"""Handing an inbound message to the processor that its queue names, when that is not the built-in transfer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select

from models.permissions import Actor, actor_of
from models.store import Store, WriteSession
from models.tables import (
    AttemptKind,
    Connection,
    DeliveryAttempt,
    Queue,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from scheduler.processors import InboundMessage, ProcessorContext, find_processor, in_words
from scheduler.route import RouteBroken
from scheduler.work import Work

_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_queues = table_of(Queue)
_connections = table_of(Connection)
_attempts = table_of(DeliveryAttempt)


@dataclass
class HandedOver:
    """What a processor did with a message: whether it had it transferred, and its notes."""

    transferred: bool
    notes: list[str]


def hand_over(store: Store, work: Work, transfer: Callable[[], object]) -> HandedOver:
    """Call the processor that the work names. Raises RouteBroken with what went wrong, in words.

    The processor acts as the queue's processor user, or as the platform when the queue names none (Assumed).
    """
    with store.read() as session:
        row = session.execute(
            select(
                _messages.c.vault_id,
                _messages.c.message_id,
                _messages.c.entered_at,
                _queues.c.api_name.label("queue"),
                _queues.c.processor_user_id,
                _connections.c.api_name.label("connection"),
                _bodies.c.attributes,
                _bodies.c["items"].label("content"),
            )
            .join(_queues, _queues.c.id == _messages.c.queue_id)
            .join(_connections, _connections.c.id == _messages.c.connection_id)
            .join(_bodies, _bodies.c.message_id == _messages.c.id)
            .where(_messages.c.id == work.spark_message_id)
        ).one_or_none()
    if row is None:
        raise RouteBroken("The message no longer exists.", "Its queue was reset or deleted.")
    done = HandedOver(transferred=False, notes=[])

    def transfer_once() -> None:
        done.transferred = True
        transfer()

    try:
        context = _context(store, row, transfer_once, done.notes)
        find_processor(work.processor)(context, _message(row))
    except Exception as error:  # somebody else's code may fail in any way
        raise RouteBroken(
            f"The message processor {work.processor} did not process the message. {in_words(error)}",
            "The message is tried again with each run of the receive job.",
        ) from error
    return done


def keep_notes(write: WriteSession, work: Work, notes: list[str]) -> None:
    """Keep what a processor noted, where the message's attempts are shown."""
    if not notes or work.spark_message_id is None:
        return
    write.execute(
        insert(_attempts).values(
            message_id=work.spark_message_id,
            number=1,
            at=write.now,
            kind=AttemptKind.OK,
            answer=" ".join(notes)[:1000],
            duration_ms=0,
        )
    )


def _context(store: Store, row: Row[Any], transfer: Callable[[], None], notes: list[str]) -> ProcessorContext:
    actor = Actor.system(row.vault_id)
    if row.processor_user_id is not None:
        with store.read() as session:
            actor = actor_of(session, row.processor_user_id)
    return ProcessorContext(store, row.vault_id, actor, store.clock.now(), transfer, notes)


def _message(row: Row[Any]) -> InboundMessage:
    return InboundMessage(
        message_id=row.message_id,
        queue=row.queue,
        connection=row.connection,
        attributes=dict(row.attributes),
        items=tuple(row.content),
        entered_at=row.entered_at,
    )
