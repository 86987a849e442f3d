"""The send job: what changed since Last Successful Run Time goes, in thin messages, onto the outbound queue.

For each active integration with outbound points, one transaction finds the changed and deleted records of every point
source, puts their ids in messages of at most 500 items, and moves the integration's Last Successful Run Time to the
run's start (Assumed, integration facts, section 5). A run that cannot put all its messages moves nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select, update
from sqlmodel import Session

from models.data_model import ObjectModel, load_object, models_kept
from models.errors import ConsoleError
from models.feed import Topic
from models.store import Store, WriteSession
from models.tables import (
    ITEMS_IN_A_MESSAGE,
    Connection,
    ConnectionState,
    ConnectionType,
    Direction,
    ErrorType,
    Integration,
    IntegrationPoint,
    JobKind,
    MessageEvent,
    PointSource,
    Record,
    Tombstone,
    VaultObject,
    table_of,
)
from models.time import Clock
from scheduler.behaviour import Preparing, Sending, behaviours_of, stirring
from scheduler.criteria import sent_by
from scheduler.documents import VERSIONS, changed_versions, withdrawn_versions
from scheduler.outbox import Outbox, open_outbox
from scheduler.runs import Run, RunResult, job_run, result_of
from scheduler.scope import Scope
from scheduler.troubles import raise_trouble, raise_undelivered, settle_trouble

_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)
_objects = table_of(VaultObject)
_records = table_of(Record)
_tombstones = table_of(Tombstone)

_STREAM = 5_000
"""Rows fetched at a time, so that memory stays flat however many records changed."""


def run_once(store: Store, clock: Clock, scope: Scope) -> RunResult:  # noqa: ARG001 - all stages are called alike
    """Run a Vault's send job once; answers what it found and sent.

    An integration that cannot send gets a user exception message in this Vault and the others go on (seed S3).
    """
    with job_run(store, JobKind.SEND, scope) as run:
        with store.read() as session:
            integrations = sending_integrations(session, scope)
        # A run takes the data model as it is when it begins.
        kept: dict[tuple[int, str], ObjectModel] = {}
        for integration in integrations:
            run.go_on()
            try:
                with store.write() as write:
                    # Another run, or an administrator, may have been faster than this transaction.
                    present = write.execute(_active_integrations(scope, integration.id)).one_or_none()
                    if present is not None:
                        with models_kept(write, kept):
                            _send_integration(write, run, present)
            except ConsoleError as error:
                run.error(f"{integration.name}: {error.message}")
                with store.write() as write:
                    raise_trouble(write, run.id, integration, ErrorType.CONFIGURATION, str(error))
        _tell_of_broken_connections(store, run)
    return result_of(run)


def _active_integrations(scope: Scope, integration_id: int | None = None) -> Select[Any]:
    statement = _with_outbound_points(scope).where(_connections.c.state == ConnectionState.ACTIVE)
    if integration_id is not None:
        statement = statement.where(_integrations.c.id == integration_id)
    return statement


def _with_outbound_points(scope: Scope) -> Select[Any]:
    """Active integrations that send, whatever the state of their connection."""
    statement = (
        select(
            _integrations.c.id,
            _integrations.c.vault_id,
            _integrations.c.name,
            _integrations.c.connection_id,
            _integrations.c.feature,
            _integrations.c.last_successful_send,
            _integrations.c.inactivates_targets,
        )
        .join(_connections, _connections.c.id == _integrations.c.connection_id)
        .where(
            _integrations.c.vault_id == scope.vault_id,
            _integrations.c.active,
            _connections.c.type == ConnectionType.VAULT_TO_VAULT,
            _integrations.c.id.in_(select(_points.c.integration_id).where(_points.c.direction == Direction.OUTBOUND)),
        )
        .order_by(_integrations.c.id)
    )
    if scope.connection_id is not None:
        statement = statement.where(_integrations.c.connection_id == scope.connection_id)
    if scope.integration_ids is not None:
        statement = statement.where(_integrations.c.id.in_(scope.integration_ids))
    return statement


def _send_integration(write: WriteSession, run: Run, integration: Row[Any]) -> None:
    if _prepare(write, integration):
        # What was written just now has this very time, and a search for changes ends before its own.
        write.tick()
    until = write.now
    outbox: Outbox | None = None
    sent = 0
    for found_by in changes_of(write, integration, integration.last_successful_send, until):
        for items in found_by.messages():
            outbox = outbox or open_outbox(write, run.id, integration.vault_id, integration.connection_id)
            outbox.put(
                object_name=found_by.object_name,
                event=found_by.event,
                integration_point=found_by.remote_point,
                items=items,
            )
            sent += len(items)
    found = sent
    if outbox is not None:
        outbox.flush()
        if outbox.dropped_items:
            sent -= outbox.dropped_items
            run.error(f"{integration.name}: {outbox.full} What it did not take is in the Queue Log.")
            raise_undelivered(write, run.id, integration.vault_id, outbox.dropped)
    write.execute(update(_integrations).where(_integrations.c.id == integration.id).values(last_successful_send=until))
    write.changed(Topic.INTEGRATIONS, integration.vault_id)
    settle_trouble(write, integration)
    run.count(write, integration.connection_id, found=found, sent=sent)


def _prepare(write: WriteSession, integration: Row[Any]) -> bool:
    """Let the behaviours of the outbound points write what is to be sent; answers whether they wrote anything."""
    wanted = (_points.c.integration_id == integration.id, _points.c.direction == Direction.OUTBOUND)
    named = write.execute(select(_points.c.behaviours).where(*wanted).order_by(_points.c.position)).scalars().all()
    since = integration.last_successful_send
    preparing = Preparing(integration.vault_id, integration.connection_id, since, write.now)
    wrote = False
    for behaviour in (one for names in named for one in behaviours_of(names)):
        wrote = behaviour.prepare(write, preparing) or wrote
    return wrote


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to records of one object, for one inbound point of the partner; `ids` can be read once."""

    object_name: str
    event: MessageEvent
    remote_point: str
    ids: Iterator[str]

    def messages(self) -> Iterator[list[str]]:
        """The items, as many at a time as a message holds."""
        while items := list(islice(self.ids, ITEMS_IN_A_MESSAGE)):
            yield items


def sending_integrations(session: Session, scope: Scope) -> Sequence[Row[Any]]:
    """The active integrations that send, of active connections."""
    return session.execute(_active_integrations(scope)).all()


def changes_of(session: Session, integration: Row[Any], since: datetime | None, until: datetime) -> Iterator[Changes]:
    """What an integration's outbound points have to tell of a span of time (None: from the beginning).

    `integration` is a row of `sending_integrations`. Each answer is to be read before the next is asked for. Raises
    ConsoleError when a point watches what the Vault does not have.
    """
    for source in session.execute(_point_sources(integration.id)).all():
        for model, event, ids in _found(session, integration, source, since, until):
            yield Changes(model.name, event, source.remote_point, ids)


def _point_sources(integration_id: int) -> Select[Any]:
    return (
        select(
            _sources.c.object_id,
            _sources.c.remote_point,
            _sources.c.criteria,
            _points.c.behaviours,
            _objects.c.name.label("object_name"),
            _points.c.name.label("point_name"),
        )
        .join(_points, _points.c.id == _sources.c.point_id)
        .join(_objects, _objects.c.id == _sources.c.object_id)
        .where(_points.c.integration_id == integration_id, _points.c.direction == Direction.OUTBOUND)
        .order_by(_points.c.position, _points.c.id, _sources.c.position, _sources.c.id)
    )


def _found(
    session: Session, integration: Row[Any], source: Row[Any], since: datetime | None, until: datetime
) -> Iterator[tuple[ObjectModel, MessageEvent, Iterator[str]]]:
    """What a point source has to tell, by event. Documents that are no longer to be sent may be withdrawn."""
    model = load_object(session, integration.vault_id, source.object_name)
    wanted = sent_by(session, integration.connection_id, integration.feature, model, source)
    also = _stirred(session, integration, model, source, since, until)
    if not model.is_document:
        yield model, MessageEvent.CHANGED, _changed(session, model, wanted, also, since, until)
    else:
        yield model, MessageEvent.CHANGED, changed_versions(session, model, wanted, since, until, also, stream=_STREAM)
    yield model, MessageEvent.DELETED, _deleted(session, model, since, until)
    if model.is_document and integration.inactivates_targets:
        yield model, MessageEvent.WITHDRAWN, withdrawn_versions(session, model, wanted, since, until, stream=_STREAM)


def _stirred(
    session: Session,
    integration: Row[Any],
    model: ObjectModel,
    source: Row[Any],
    since: datetime | None,
    until: datetime,
) -> list[ColumnElement[bool]]:
    """What else counts as a change of a record or version, by the behaviours of the point."""
    if since is None:
        return []
    table = VERSIONS if model.is_document else _records
    sending = Sending(model.vault_id, integration.connection_id, integration.feature, model, table, source.criteria)
    return list(stirring(session, source.behaviours, sending, since, until))


def _changed(
    session: Session,
    model: ObjectModel,
    wanted: Sequence[ColumnElement[bool]],
    also: Sequence[ColumnElement[bool]],
    since: datetime | None,
    until: datetime,
) -> Iterator[str]:
    statement = select(_records.c.record_id).where(_records.c.object_id == model.id, _records.c.modified_at < until)
    if since is not None:
        statement = statement.where(or_(_records.c.modified_at >= since, *also))
    statement = statement.where(*wanted)
    statement = statement.order_by(_records.c.modified_at, _records.c.id)
    return iter(session.execute(statement, execution_options={"yield_per": _STREAM}).scalars())


def _deleted(session: Session, model: ObjectModel, since: datetime | None, until: datetime) -> Iterator[str]:
    statement = select(_tombstones.c.record_id).where(
        _tombstones.c.object_id == model.id, _tombstones.c.deleted_at < until
    )
    if since is not None:
        statement = statement.where(_tombstones.c.deleted_at >= since)
    statement = statement.order_by(_tombstones.c.id)
    return iter(session.execute(statement, execution_options={"yield_per": _STREAM}).scalars())


def _tell_of_broken_connections(store: Store, run: Run) -> None:
    """Tell of integrations for which something waits to be sent, but whose connection was established and is no more.

    One that was never established is no trouble: nothing is expected of it yet (Assumed).
    """
    with store.read() as session:
        broken = session.execute(_broken_connections(run.scope)).all()
        waiting = [integration for integration in broken if _has_changes(session, integration, run.started_at)]
    for integration in waiting:
        sentence = (
            f"Connection {integration.api_name} is {integration.state.value}, not active. "
            "What has changed is sent when it is active again."
        )
        with store.write() as write:
            raise_trouble(write, run.id, integration, ErrorType.CONNECTION, sentence)


def _broken_connections(scope: Scope) -> Select[Any]:
    statement = _with_outbound_points(scope).where(
        _connections.c.state.in_((ConnectionState.INACTIVE, ConnectionState.DISCONNECTED))
    )
    return statement.add_columns(_connections.c.api_name, _connections.c.state)


def _has_changes(session: Session, integration: Row[Any], until: datetime) -> bool:
    since = integration.last_successful_send
    for source in session.execute(_point_sources(integration.id)).all():
        try:
            waits = any(next(ids, None) for _, _, ids in _found(session, integration, source, since, until))
        except ConsoleError:
            # What else is wrong is told when the connection is active again.
            continue
        if waits:
            return True
    return False
