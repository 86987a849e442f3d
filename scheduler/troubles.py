"""Source-side user exceptions: an integration that could not send at all (seed S3: configuration and connection)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from models.feed import Topic
from models.store import WriteSession
from models.tables import ErrorType, ExceptionMessage, table_of
from scheduler.runs import Run

_exceptions = table_of(ExceptionMessage)


def raise_trouble(
    write: WriteSession, run: Run, integration: Row[Any], kind: ErrorType, sentence: str, **more: Any
) -> None:
    """Tell about an integration's trouble in its own Vault: once while it lasts, in the words of its latest cause."""
    sentence = sentence[:2000]
    told = write.execute(
        select(_exceptions.c.id, _exceptions.c.error_message).where(
            *_open(integration), _exceptions.c.error_type == kind
        )
    ).first()
    if told is not None:
        if told.error_message != sentence:
            write.execute(update(_exceptions).where(_exceptions.c.id == told.id).values(error_message=sentence))
            write.changed(Topic.EXCEPTIONS, integration.vault_id)
        return
    write.execute(
        insert(_exceptions).values(
            vault_id=integration.vault_id,
            name=integration.name,
            active=True,
            error_type=kind,
            error_message=sentence,
            connection_id=integration.connection_id,
            integration_id=integration.id,
            message_processor="",
            items_received=0,
            items_failed=0,
            run_id=run.id,
            created_at=write.now,
            **more,
        )
    )
    write.changed(Topic.EXCEPTIONS, integration.vault_id)


def settle_trouble(write: WriteSession, integration: Row[Any]) -> None:
    """Make the configuration troubles of an integration inactive, now that it could send."""
    settled = write.connection().execute(
        update(_exceptions)
        .where(*_open(integration), _exceptions.c.error_type == ErrorType.CONFIGURATION)
        .values(active=False, resolved_at=write.now)
    )
    if settled.rowcount:
        write.changed(Topic.EXCEPTIONS, integration.vault_id)


def _open(integration: Row[Any]) -> tuple[Any, ...]:
    """An integration's own active exceptions that are about no point and no message of another Vault."""
    return (
        _exceptions.c.vault_id == integration.vault_id,
        _exceptions.c.active,
        _exceptions.c.integration_id == integration.id,
        _exceptions.c.point_id.is_(None),
        _exceptions.c.spark_message_id.is_(None),
    )


def raise_undelivered(write: WriteSession, run: Run, removed: Sequence[tuple[Row[Any], str]]) -> None:
    """Tell the sending Vault of messages that left their queue undelivered, each with the sentence that says why.

    One that was put back and given up again keeps its user exception message, which then tells of this time.
    """
    ids = [message.id for message, _ in removed]
    told = {
        row.spark_message_id: row.id
        for row in write.execute(
            select(_exceptions.c.id, _exceptions.c.spark_message_id).where(*_undelivered(run.scope.vault_id, ids))
        )
    }
    new: list[dict[str, Any]] = []
    for message, sentence in removed:
        words = {"error_message": sentence[:2000], "run_id": run.id}
        if message.id in told:
            write.execute(update(_exceptions).where(_exceptions.c.id == told[message.id]).values(**words))
            continue
        new.append(
            {
                "vault_id": message.vault_id,
                "name": message.integration_point,
                "active": True,
                "error_type": ErrorType.CONNECTION,
                "connection_id": message.connection_id,
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
    write.changed(Topic.EXCEPTIONS, run.scope.vault_id)


def settle_undelivered(write: WriteSession, vault_id: int, messages: Sequence[int]) -> None:
    """Make the user exceptions of messages inactive that were put back and are delivered now."""
    if not messages:
        return
    settled = write.connection().execute(
        update(_exceptions).where(*_undelivered(vault_id, messages)).values(active=False, resolved_at=write.now)
    )
    if settled.rowcount:
        write.changed(Topic.EXCEPTIONS, vault_id)


def _undelivered(vault_id: int, messages: Sequence[int]) -> tuple[Any, ...]:
    return (
        _exceptions.c.vault_id == vault_id,
        _exceptions.c.active,
        _exceptions.c.error_type == ErrorType.CONNECTION,
        _exceptions.c.spark_message_id.in_(messages),
    )
