"""Source-side user exceptions: an integration that could not send at all (seed S3: configuration and connection)."""

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


def raise_undelivered(write: WriteSession, run: Run, message: Row[Any], sentence: str) -> None:
    """Tell the sending Vault that a message left its queue undelivered."""
    write.execute(
        insert(_exceptions).values(
            vault_id=message.vault_id,
            name=message.integration_point,
            active=True,
            error_type=ErrorType.CONNECTION,
            error_message=sentence,
            connection_id=message.connection_id,
            message_processor="",
            spark_message_id=message.id,
            items_received=message.item_count,
            items_failed=message.item_count,
            run_id=run.id,
            created_at=write.now,
        )
    )
    write.changed(Topic.EXCEPTIONS, message.vault_id)
