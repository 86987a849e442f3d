"""Source-side user exceptions: trouble of configuration or connection (seed S3), and jobs that took too long (seed S0).

A trouble that lasts has one active message, in the words of its latest cause; it becomes inactive when it is over.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update
from sqlmodel import Session

from models.feed import Topic
from models.store import WriteSession
from models.tables import (
    Connection,
    ErrorType,
    ExceptionMessage,
    ExceptionSide,
    Integration,
    IntegrationPoint,
    JobKind,
    MessageState,
    PointSource,
    SparkMessage,
    Subject,
    Vault,
    table_of,
)
from scheduler.scope import Scope

_exceptions = table_of(ExceptionMessage)
_messages = table_of(SparkMessage)
_connections = table_of(Connection)
_own = _connections.alias("own")
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)
_vaults = table_of(Vault)

EXTERNAL = "External delivery"
"""What a user exception message about messages is called that name no integration point."""
JOB_NAMES = {JobKind.SEND: "Send job", JobKind.DELIVER: "Delivery", JobKind.RECEIVE: "Receive job"}
"""What a user exception message about a job is called."""


def raise_trouble(write: WriteSession, run_id: int, integration: Row[Any], kind: ErrorType, sentence: str) -> None:
    """Tell an integration's own Vault that it cannot send."""
    _tell(
        write,
        integration.vault_id,
        _sending(integration.id),
        {
            "name": integration.name,
            "subject": Subject.SENDING,
            "error_type": kind,
            "error_message": sentence,
            "connection_id": integration.connection_id,
            "integration_id": integration.id,
            "run_id": run_id,
        },
    )


def settle_trouble(write: WriteSession, integration: Row[Any]) -> None:
    """Make the troubles of an integration inactive, now that it could send."""
    _settle(write, integration.vault_id, _sending(integration.id))


def raise_waiting(
    write: WriteSession, run_id: int, vault_id: int, failed: Sequence[tuple[Row[Any], str, ErrorType]]
) -> None:
    """Tell the sending Vault that messages wait in their queue, because they were not taken: once per connection.

    Of a message that was given up before and put back, its own user exception message tells.
    """
    own = select(_exceptions.c.spark_message_id).where(
        *_undelivered(vault_id, [message.id for message, _, _ in failed])
    )
    told = set(write.execute(own).scalars())
    latest = {message.connection_id: each for each in failed if (message := each[0]).id not in told}
    for message, sentence, kind in latest.values():
        values = {
            "name": message.integration_point or EXTERNAL,
            "subject": Subject.DELIVERY,
            "error_type": kind,
            "error_message": sentence,
            "connection_id": message.connection_id,
            "queue_id": message.queue_id,
            "run_id": run_id,
        }
        _tell(write, vault_id, _waiting(message.queue_id, {message.connection_id}), values)


def settle_waiting(write: WriteSession, vault_id: int, queue_id: int, connections: Collection[int]) -> None:
    """Make the trouble of connections inactive of which no message waits any more after a failed attempt."""
    still = (
        select(_messages.c.connection_id)
        .where(
            _messages.c.queue_id == queue_id,
            _messages.c.connection_id.in_(connections),
            _messages.c.state == MessageState.QUEUED,
            _messages.c.attempts > 0,
        )
        .distinct()
    )
    over = set(connections) - set(write.execute(still).scalars())
    if over:
        _settle(write, vault_id, _waiting(queue_id, over))


def raise_long_run(write: WriteSession, run_id: int, scope: Scope, kind: JobKind, sentence: str) -> None:
    """Tell a Vault that a run of one of its jobs was ended, because it took too long."""
    values = {
        "name": JOB_NAMES[kind],
        "side": ExceptionSide.TARGET if kind is JobKind.RECEIVE else ExceptionSide.SOURCE,
        "subject": Subject.JOB,
        "error_type": ErrorType.TIMEOUT,
        "error_message": sentence,
        "connection_id": scope.connection_id,
        "job": kind,
        "run_id": run_id,
    }
    _tell(write, scope.vault_id, _long_run(kind), values)


def settle_long_run(write: WriteSession, scope: Scope, kind: JobKind) -> None:
    """Make the time-out of a job inactive, now that a run of it came to its end."""
    about = _long_run(kind)
    if scope.connection_id is not None:
        about = (*about, _exceptions.c.connection_id == scope.connection_id)
    _settle(write, scope.vault_id, about)


def raise_remote(write: WriteSession, connection_id: int, point_name: str, sentence: str) -> None:
    """Tell the sending Vault that the receiving one cannot process its messages for an integration point.

    `connection_id` is that of the receiving Vault.
    """
    sender = write.execute(
        select(_connections.c.id, _connections.c.vault_id, _vaults.c.name)
        .join(_own, _own.c.remote_connection_id == _connections.c.id)
        .join(_vaults, _vaults.c.id == _own.c.vault_id)
        .where(_own.c.id == connection_id)
    ).one_or_none()
    if sender is None:
        return
    integration = write.execute(
        select(_integrations.c.id)
        .join(_points, _points.c.integration_id == _integrations.c.id)
        .join(_sources, _sources.c.point_id == _points.c.id)
        .where(_integrations.c.connection_id == sender.id, _sources.c.remote_point == point_name)
        .order_by(_integrations.c.id)
    ).first()
    values = {
        "name": point_name,
        "subject": Subject.REMOTE,
        "error_type": ErrorType.CONFIGURATION,
        "error_message": f"{sender.name} cannot process what was sent. {sentence}",
        "connection_id": sender.id,
        "integration_id": None if integration is None else integration.id,
    }
    _tell(write, sender.vault_id, _remote(sender.id, point_name), values)


def settle_remote(write: WriteSession, connection_id: int, point_name: str) -> None:
    """Make the trouble inactive that was told of an integration point, now that its messages are processed."""
    sender = write.execute(
        select(_connections.c.id, _connections.c.vault_id)
        .join(_own, _own.c.remote_connection_id == _connections.c.id)
        .where(_own.c.id == connection_id)
    ).one_or_none()
    if sender is not None:
        _settle(write, sender.vault_id, _remote(sender.id, point_name))


def told_senders(session: Session, vault_id: int) -> set[tuple[int, str]]:
    """Connection and integration point of a receiving Vault of whose troubles the sending Vaults have been told."""
    statement = (
        select(_own.c.id, _exceptions.c.name)
        .join(_own, _own.c.remote_connection_id == _exceptions.c.connection_id)
        .where(
            _own.c.vault_id == vault_id,
            _exceptions.c.vault_id == _own.c.remote_vault_id,
            _exceptions.c.active,
            _exceptions.c.subject == Subject.REMOTE,
        )
    )
    return {(row.id, row.name) for row in session.execute(statement)}


def raise_undelivered(
    write: WriteSession, run_id: int, vault_id: int, removed: Sequence[tuple[Row[Any], str, ErrorType]]
) -> None:
    """Tell the sending Vault of messages that left their queue undelivered, each with the sentence that says why.

    One that was put back and given up again keeps its user exception message, which then tells of this time.
    """
    ids = [message.id for message, _, _ in removed]
    told = {
        row.spark_message_id: row.id
        for row in write.execute(
            select(_exceptions.c.id, _exceptions.c.spark_message_id).where(*_undelivered(vault_id, ids))
        )
    }
    new: list[dict[str, Any]] = []
    for message, sentence, kind in removed:
        words = {"error_type": kind, "error_message": sentence[:2000], "run_id": run_id}
        if message.id in told:
            write.execute(update(_exceptions).where(_exceptions.c.id == told[message.id]).values(**words))
            continue
        new.append(
            {
                "vault_id": message.vault_id,
                "name": message.integration_point or EXTERNAL,
                "active": True,
                "side": ExceptionSide.SOURCE,
                "subject": Subject.MESSAGE,
                "connection_id": message.connection_id,
                "queue_id": message.queue_id,
                "message_processor": "",
                "spark_message_id": message.id,
                "items_received": message.item_count,
                "items_failed": message.item_count,
                "created_at": write.now,
                **words,
            }
        )
    if new:
        write.connection().execute(insert(_exceptions), new)
    write.changed(Topic.EXCEPTIONS, vault_id)


def settle_undelivered(write: WriteSession, vault_id: int, messages: Sequence[int]) -> None:
    """Make the user exceptions of messages inactive that were put back and are delivered now."""
    if messages:
        _settle(write, vault_id, _undelivered(vault_id, messages))


def _tell(write: WriteSession, vault_id: int, about: tuple[ColumnElement[bool], ...], values: dict[str, Any]) -> None:
    """Tell of a trouble: in its active message while there is one, else in a new one."""
    values["error_message"] = values["error_message"][:2000]
    told = write.execute(
        select(_exceptions.c.id, _exceptions.c.error_message, _exceptions.c.error_type).where(
            _exceptions.c.vault_id == vault_id, _exceptions.c.active, *about
        )
    ).first()
    if told is not None:
        if (told.error_message, told.error_type) == (values["error_message"], values["error_type"]):
            return
        words = {name: values[name] for name in ("error_message", "error_type", "run_id") if name in values}
        write.execute(update(_exceptions).where(_exceptions.c.id == told.id).values(**words))
    else:
        row = {
            "vault_id": vault_id,
            "active": True,
            "side": ExceptionSide.SOURCE,
            "message_processor": "",
            "items_received": 0,
            "items_failed": 0,
            "created_at": write.now,
        }
        write.execute(insert(_exceptions).values(row | values))
    write.changed(Topic.EXCEPTIONS, vault_id)


def _settle(write: WriteSession, vault_id: int, about: Sequence[ColumnElement[bool]]) -> None:
    settled = write.connection().execute(
        update(_exceptions)
        .where(_exceptions.c.vault_id == vault_id, _exceptions.c.active, *about)
        .values(active=False, resolved_at=write.now)
    )
    if settled.rowcount:
        write.changed(Topic.EXCEPTIONS, vault_id)


def _sending(integration_id: int) -> tuple[ColumnElement[bool], ...]:
    return (_exceptions.c.subject == Subject.SENDING, _exceptions.c.integration_id == integration_id)


def _waiting(queue_id: int, connections: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        _exceptions.c.subject == Subject.DELIVERY,
        _exceptions.c.queue_id == queue_id,
        _exceptions.c.connection_id.in_(connections),
    )


def _long_run(kind: JobKind) -> tuple[ColumnElement[bool], ...]:
    return (_exceptions.c.subject == Subject.JOB, _exceptions.c.job == kind)


def _remote(connection_id: int, point_name: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _exceptions.c.subject == Subject.REMOTE,
        _exceptions.c.connection_id == connection_id,
        _exceptions.c.name == point_name,
    )


def _undelivered(vault_id: int, messages: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        _exceptions.c.vault_id == vault_id,
        _exceptions.c.active,
        _exceptions.c.side == ExceptionSide.SOURCE,
        _exceptions.c.subject == Subject.MESSAGE,
        _exceptions.c.spark_message_id.in_(messages),
    )
