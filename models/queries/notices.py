"""What a Vault's administrator ought to know of, computed from the state as it is: one list, newest first.

A notice lasts as long as its cause does and has one key all that time, by which a user marks it as seen; what gets
worse (another user exception, another message first in line) is a new notice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import fetch
from models.tables import (
    MESSAGES_IN_A_QUEUE,
    ApprovalTask,
    CertificateRollover,
    CertificateState,
    Connection,
    ConnectionState,
    Direction,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    JobKind,
    JobRun,
    MessageState,
    NotificationSeen,
    PointSource,
    Queue,
    RolloverStage,
    RunStatus,
    SigningCertificate,
    SparkMessage,
    Vault,
    table_of,
)

RUNS_WITHOUT = 3
"""A queue is stuck when its first message has been there since before this many runs of the job that takes it."""
NEARLY_FULL = MESSAGES_IN_A_QUEUE * 9 // 10
"""How many messages in a queue are spoken of, whatever the cause."""
SOON = timedelta(days=30)
"""How long before its end a certificate is spoken of."""
STAGE_SOON = timedelta(days=7)
"""How long before a stage of a certificate rollover it is spoken of."""
LATEST = 1000
"""How many active user exception messages are looked at: the latest."""

_connections = table_of(Connection).c
_exceptions = table_of(ExceptionMessage).c
_integrations = table_of(Integration).c
_messages = table_of(SparkMessage).c
_points = table_of(IntegrationPoint).c
_queues = table_of(Queue).c
_runs = table_of(JobRun).c
_seen = table_of(NotificationSeen).c
_sources = table_of(PointSource).c


class NoticeKind(StrEnum):
    """What a notice is about."""

    EXCEPTIONS = "User exceptions"
    QUEUE_STUCK = "Queue stuck"
    DELIVERY_OFF = "Delivery disabled"
    QUEUE_FILLING = "Queue filling"
    CERTIFICATE = "Certificate"
    ROLLOVER = "Certificate rollover"
    HALF_ACTIVE = "Active on one side"
    APPROVAL = "Approval"
    DISCONNECTED = "Disconnected"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know of, and the row of an area where it is seen to.

    `since` is when it began, or when it will be. `is_bad` says that something does not move, or will not.
    """

    key: str
    kind: NoticeKind
    text: str
    since: datetime
    area: str
    place: int
    within: int | None = None
    """The connection whose user exceptions these are."""
    is_bad: bool = True
    seen: bool = False


def notices(
    session: Session, vault_id: int, now: datetime, *, user_id: int | None = None, with_exceptions: bool = True
) -> tuple[Notice, ...]:
    """All notices of a Vault at a lab time, those that the user has not seen first, each lot the newest first.

    Without the permission to read user exceptions, `with_exceptions` leaves those out.
    """
    found: list[Notice] = []
    if with_exceptions:
        found += _of_exceptions(session, vault_id)
    found += _of_queues(session, vault_id)
    found += _of_certificates(session, vault_id, now)
    found += _of_rollover(session, now)
    found += _of_integrations(session, vault_id)
    found += _of_connections(session, vault_id)
    seen = _seen_by(session, user_id)
    marked = [replace(notice, seen=notice.key in seen) for notice in found]
    marked.sort(key=lambda notice: (notice.since, notice.key), reverse=True)
    return tuple(sorted(marked, key=lambda notice: notice.seen))


def _seen_by(session: Session, user_id: int | None) -> set[str]:
    if user_id is None:
        return set()
    return set(session.execute(select(_seen.notification).where(_seen.user_id == user_id)).scalars())


def _of_exceptions(session: Session, vault_id: int) -> Iterator[Notice]:
    """Active user exception messages: one notice for those of one connection, which is a list that can be opened."""
    latest = (
        select(_exceptions.id, _exceptions.connection_id, _exceptions.created_at)
        .where(_exceptions.vault_id == vault_id, _exceptions.active)
        .order_by(_exceptions.id.desc())
        .limit(LATEST)
        .subquery()
    )
    statement = (
        select(
            latest.c.connection_id,
            func.count(),
            func.max(latest.c.id),
            func.max(latest.c.created_at),
            func.max(_connections.name),
        )
        .outerjoin(table_of(Connection), _connections.id == latest.c.connection_id)
        .group_by(latest.c.connection_id)
    )
    for connection_id, count, newest, created_at, connection in fetch(session, statement):
        yield Notice(
            f"exceptions-{connection_id or 0}-{newest}",
            NoticeKind.EXCEPTIONS,
            f"{_counted(count, 'active user exception message')}{f' of {connection}' if connection else ''}.",
            created_at,
            "exceptions",
            newest,
            connection_id,
        )


def _of_queues(session: Session, vault_id: int) -> Iterator[Notice]:
    """Queues with messages that nothing takes, and those that will soon take no more."""
    own = select(_queues.id).where(_queues.vault_id == vault_id)
    each = _messages.queue_id + 0
    lines = (
        select(each.label("queue_id"), func.count().label("waiting"), func.min(_messages.id).label("first"))
        .where(_messages.queue_id.in_(own), _messages.state == MessageState.QUEUED)
        .group_by(each)
        .subquery()
    )
    statement = (
        select(
            _queues.id,
            _queues.label,
            _queues.type,
            _queues.delivery_enabled,
            lines.c.waiting,
            lines.c.first,
            _messages.entered_at,
            _messages.last_error,
        )
        .join(lines, lines.c.queue_id == _queues.id)
        .join(table_of(SparkMessage), _messages.id == lines.c.first)
    )
    begun: dict[JobKind, datetime | None] = {}
    for row in fetch(session, statement):
        kind = JobKind.DELIVER if row.type is Direction.OUTBOUND else JobKind.RECEIVE
        if kind not in begun:
            begun[kind] = _begun(session, vault_id, kind)
        waiting = f"{_counted(row.waiting, 'message')} {'waits' if row.waiting == 1 else 'wait'} in {row.label}"
        since, before = row.entered_at, begun[kind]
        if not row.delivery_enabled:
            yield _queue(row, NoticeKind.DELIVERY_OFF, f"{waiting}, whose delivery is disabled.")
        elif before is not None and since < before:
            why = f": {row.last_error}" if row.last_error else "."
            text = f"{waiting}; the first of them was not taken by the last {RUNS_WITHOUT} {kind.value} runs{why}"
            yield _queue(row, NoticeKind.QUEUE_STUCK, text)
        if row.waiting >= NEARLY_FULL:
            yield _queue(row, NoticeKind.QUEUE_FILLING, f"{waiting}; {MESSAGES_IN_A_QUEUE:,} fit.")


def _queue(row: Any, kind: NoticeKind, text: str) -> Notice:
    return Notice(f"{kind.name.lower()}-{row.id}-{row.first}", kind, text, row.entered_at, "queues", row.id)


def _begun(session: Session, vault_id: int, kind: JobKind) -> datetime | None:
    """When the last but so many finished runs of a job began; None when there were fewer."""
    statement = (
        select(_runs.started_at)
        .where(_runs.vault_id == vault_id, _runs.kind == kind, _runs.status != RunStatus.RUNNING)
        .order_by(_runs.id.desc())
        .limit(1)
        .offset(RUNS_WITHOUT - 1)
    )
    found: datetime | None = session.execute(statement).scalar_one_or_none()
    return found


def _of_certificates(session: Session, vault_id: int, now: datetime) -> Iterator[Notice]:
    """The certificates with which the Vault's connections sign, that have ended or soon will."""
    certificates = table_of(SigningCertificate).c
    chosen = select(_connections.certificate_id).where(
        _connections.vault_id == vault_id, _connections.certificate_id.is_not(None)
    )
    used = (certificates.state == CertificateState.CURRENT) | certificates.id.in_(chosen)
    statement = select(certificates.id, certificates.certificate_id, certificates.not_after).where(
        used, certificates.not_after < now + SOON
    )
    for key, name, not_after in fetch(session, statement):
        ended = not_after <= now
        yield Notice(
            f"certificate-{key}-{'ended' if ended else 'ends'}",
            NoticeKind.CERTIFICATE,
            f"Signing certificate {name} {'ended' if ended else 'ends'} on {not_after:%Y-%m-%d %H:%M} (UTC)"
            f"{': what it signs is refused' if ended else ''}.",
            not_after,
            "certificates",
            key,
            is_bad=ended,
        )


def _of_rollover(session: Session, now: datetime) -> Iterator[Notice]:
    """The next stage of a certificate rollover, when it is near: partners have to know the new certificate by then."""
    rollovers, certificates = table_of(CertificateRollover).c, table_of(SigningCertificate).c
    stages = (
        (RolloverStage.PUBLISHED, rollovers.published_at, "is published"),
        (RolloverStage.TESTING, rollovers.testing_at, "can be tested"),
        (RolloverStage.ROLLOVER, rollovers.rollover_at, "signs everything"),
        (RolloverStage.BOTH_SUPPORTED, rollovers.both_supported_at, "stands beside the old one"),
        (RolloverStage.FINAL, rollovers.final_at, "stands alone"),
    )
    statement = (
        select(rollovers.id, certificates.id, certificates.certificate_id, *(date for _, date, _ in stages))
        .join(table_of(SigningCertificate), certificates.id == rollovers.new_id)
        .where(rollovers.stage != RolloverStage.FINAL)
    )
    for key, certificate_id, name, *dates in fetch(session, statement):
        for (stage, _, what), date in zip(stages, dates, strict=True):
            if date > now:
                if date - now <= STAGE_SOON:
                    text = f"From {date:%Y-%m-%d %H:%M} (UTC) on, signing certificate {name} {what}."
                    notice_key = f"rollover-{key}-{stage.value}"
                    yield Notice(
                        notice_key, NoticeKind.ROLLOVER, text, date, "certificates", certificate_id, is_bad=False
                    )
                break


def _of_integrations(session: Session, vault_id: int) -> Iterator[Notice]:
    """Integrations of established connections that are active on one side only, so that nothing moves."""
    here, there = table_of(Integration).alias("here"), table_of(Integration).alias("there")
    out, into = table_of(IntegrationPoint).alias("out"), table_of(IntegrationPoint).alias("into")
    far = table_of(Connection).alias("far")
    vaults = table_of(Vault).c
    for near_end, far_end in ((out, into), (into, out)):
        statement = (
            select(
                here.c.id,
                here.c.name,
                here.c.active,
                here.c.modified_at,
                there.c.id,
                there.c.name,
                there.c.modified_at,
                _connections.name,
                vaults.name,
            )
            .select_from(table_of(PointSource))
            .join(out, out.c.id == _sources.point_id)
            .join(into, (into.c.api_name == _sources.remote_point) & (into.c.direction == Direction.INBOUND))
            .join(here, here.c.id == near_end.c.integration_id)
            .join(there, there.c.id == far_end.c.integration_id)
            .join(table_of(Connection), _connections.id == here.c.connection_id)
            .join(far, (far.c.id == there.c.connection_id) & (far.c.id == _connections.remote_connection_id))
            .join(table_of(Vault), vaults.id == far.c.vault_id)
            .where(
                _connections.vault_id == vault_id,
                _connections.state == ConnectionState.ACTIVE,
                here.c.active != there.c.active,
            )
            .distinct()
        )
        for key, name, active, changed, far_key, far_name, far_changed, connection, vault in fetch(session, statement):
            remote = vault if far_name == name else f"{far_name} of {vault}"
            states = ("active", "inactive") if active else ("inactive", "active")
            yield Notice(
                f"half-{key}-{far_key}-{'here' if active else 'there'}",
                NoticeKind.HALF_ACTIVE,
                f"{name} of {connection} is {states[0]} here and {states[1]} in {remote}: nothing moves.",
                max(changed, far_changed),
                "integrations",
                key,
                is_bad=False,
            )


def _of_connections(session: Session, vault_id: int) -> Iterator[Notice]:
    """Approvals that wait for this Vault, and connections that have lost their partner."""
    tasks = table_of(ApprovalTask).c
    waiting = (
        select(tasks.id, tasks.opened_at, _connections.id, _connections.name)
        .join(table_of(Connection), _connections.id == tasks.connection_id)
        .where(tasks.vault_id == vault_id, tasks.completed_at.is_(None))
    )
    for key, opened_at, connection_id, name in fetch(session, waiting):
        yield Notice(
            f"approval-{key}",
            NoticeKind.APPROVAL,
            f"{name} waits for an approval in this Vault.",
            opened_at,
            "connections",
            connection_id,
            is_bad=False,
        )
    lost = select(_connections.id, _connections.name, _connections.modified_at).where(
        _connections.vault_id == vault_id, _connections.state == ConnectionState.DISCONNECTED
    )
    for connection_id, name, modified_at in fetch(session, lost):
        yield Notice(
            f"disconnected-{connection_id}-{int(modified_at.timestamp())}",
            NoticeKind.DISCONNECTED,
            f"{name} is Disconnected: its remote connection is gone.",
            modified_at,
            "connections",
            connection_id,
        )


def unseen(found: Iterable[Notice]) -> int:
    """How many of these the user has not seen."""
    return sum(not notice.seen for notice in found)


def _counted(count: int, what: str) -> str:
    if count >= LATEST and what.startswith("active"):
        return f"{count:,} or more {what}s"
    return f"{count:,} {what}{'' if count == 1 else 's'}"
