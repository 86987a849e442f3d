"""Attempts kept with their messages: when, how they ended, and what was answered."""

from collections.abc import Sequence

from sqlalchemy import bindparam, update

from models.bulk import bulk_insert
from models.store import WriteSession
from models.tables import AttemptKind, DeliveryAttempt, SparkMessageBody, table_of
from scheduler.destination import ExternalDestination
from scheduler.signing_desk import Attempt

_attempts = table_of(DeliveryAttempt)
_bodies = table_of(SparkMessageBody)
_SENT = (
    update(_bodies)
    .where(_bodies.c.message_id == bindparam("message"))
    .values(headers=bindparam("sent_headers"), body=bindparam("sent_body"))
)
_COLUMNS = ("message_id", "number", "at", "kind", "status", "answer", "duration_ms")


def note_attempts(write: WriteSession, arrived: Sequence[Attempt], failed: Sequence[tuple[Attempt, str]]) -> None:
    """Write a row for each attempt. What an external system was sent, or a Vault refused, stays with its message."""
    outcomes = [(attempt, attempt.kind, attempt.answer) for attempt in arrived]
    outcomes += [
        (attempt, AttemptKind.FAILURE if attempt.kind is AttemptKind.OK else attempt.kind, error)
        for attempt, error in failed
    ]
    rows = [
        (
            attempt.message.id,
            attempt.message.attempts + 1,
            attempt.at,
            kind,
            attempt.status,
            answer[:1000],
            attempt.duration_ms,
        )
        for attempt, kind, answer in outcomes
    ]
    bulk_insert(write, _attempts, same={}, columns=_COLUMNS, rows=rows)
    sent = [
        {"message": attempt.message.id, "sent_headers": attempt.headers, "sent_body": attempt.body.decode()}
        for attempt, _kind, _answer in outcomes
        if attempt.headers and (attempt.refusal or isinstance(attempt.destination, ExternalDestination))
    ]
    if sent:
        write.connection().execute(_SENT, sent)
