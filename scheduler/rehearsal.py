"""Dry run: what the next runs would do, found out by doing it in a transaction that is taken back.

It is the receive job's own code that reads, evaluates and writes; only the transaction differs. So a dry run sees what
an earlier batch of it has made, and changes nothing: a test compares the whole store before and after.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.callback import SourceRow
from models.errors import ConsoleError, NotFound
from models.permissions import Actor, Permission
from models.record_writer import Draft, Effect
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    ItemStatus,
    MessageEvent,
    MessageState,
    PointSource,
    Queue,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from scheduler.apply import Applied, Prepared, apply, prepare
from scheduler.route import Route, RouteBroken, load_route
from scheduler.scope import Scope
from scheduler.send import changes_of, sending_integrations
from scheduler.work import Work

_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)
_queues = table_of(Queue)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_exceptions = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)

KEPT = 1000
"""Planned records that are kept to be read; all are counted."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one target record. `changes` maps fields to what they hold before and after."""

    vault_id: int
    point: str
    item: str
    item_name: str
    target_object: str
    record_id: str
    name: str
    effect: Effect
    note: str
    problems: Mapping[str, str]
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why items would not even be tried, and how many."""

    sentence: str
    remedy: str
    items: int


@dataclass(slots=True)
class Rehearsal:
    """What a dry run found: counts of target records, the first of them one by one, and what stands in the way."""

    found: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    failed: int = 0
    planned: list[Planned] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def hinder(self, obstacle: Obstacle) -> None:
        """Note what stands in the way, once."""
        if obstacle not in self.obstacles:
            self.obstacles.append(obstacle)

    def add(self, route: Route, prepared: Prepared, applied: Applied, keep: int) -> None:
        """Take over what one set of items would come to."""
        for name, count in applied.counts().items():
            setattr(self, name, getattr(self, name) + count)
        for part in prepared.parts:
            for row, draft in zip(part.source.rows, part.drafts, strict=True):
                if len(self.planned) >= keep:
                    return
                if draft.effect is not Effect.UNCHANGED:
                    self.planned.append(_planned(route, part.target.model.name, row, draft))
        for model, row, draft in applied.dependents:
            if len(self.planned) < keep and draft.effect is not Effect.UNCHANGED:
                self.planned.append(_planned(route, model.name, row, draft))


def rehearse_integration(
    store: Store, actor: Actor, integration_id: int, *, since: datetime | None = None, keep: int = KEPT
) -> Rehearsal:
    """What the next runs would move through an integration, both ways.

    With `since` as if its Last Successful Run Time had been set to that time. Who may see the Vault may rehearse, in a
    read-only session too. Raises NotFound.
    """
    with store.rehearse() as write:
        return _rehearse(write, _flows_of_integration(write, actor.vault_id, integration_id), since, keep)


def point_of(session: Session, integration_id: int, api_name: str) -> int:
    """The id of an integration's point by its API name. Raises NotFound."""
    found = session.execute(
        select(_points.c.id).where(_points.c.integration_id == integration_id, _points.c.api_name == api_name)
    ).scalar()
    if found is None:
        raise NotFound(f"The integration has no integration point {api_name}.", "`integrations show` lists its points.")
    return int(found)


def rehearse_point(
    store: Store, actor: Actor, point_id: int, *, since: datetime | None = None, keep: int = KEPT
) -> Rehearsal:
    """What the next runs would move through one integration point. Raises NotFound."""
    with store.rehearse() as write:
        point = write.execute(
            select(_points.c.integration_id).where(_points.c.id == point_id, _points.c.vault_id == actor.vault_id)
        ).one_or_none()
        if point is None:
            raise NotFound("This Vault has no such integration point.", "Choose one of the Integrations area.")
        flows = _flows_of_integration(write, actor.vault_id, point.integration_id, point_id)
        return _rehearse(write, flows, since, keep)


def rehearse_retry(store: Store, actor: Actor, message_ids: Sequence[int], *, keep: int = KEPT) -> Rehearsal:
    """What a Retry Transfer of user exception messages would come to: their open items, and refused messages whole.

    Raises NotAllowed for who may not see user exceptions.
    """
    actor.require(Permission.READ_EXCEPTIONS)
    with store.rehearse() as write:
        rehearsal = Rehearsal()
        _play(write, list(_works_of_exceptions(write, actor.vault_id, message_ids)), rehearsal, keep)
        return rehearsal


@dataclass(frozen=True, slots=True)
class _Flow:
    """A way into an inbound point: the receiving connection, the point's API name, and the sending integrations."""

    connection_id: int
    vault_id: int
    remote_connection_id: int | None
    remote_vault_id: int | None
    point_name: str
    senders: frozenset[int] | None = None


def _flows_of_integration(
    session: Session, vault_id: int, integration_id: int, point_id: int | None = None
) -> Iterator[_Flow]:
    integration = session.execute(
        select(_integrations, _connections.c.remote_connection_id, _connections.c.remote_vault_id)
        .join(_connections, _connections.c.id == _integrations.c.connection_id)
        .where(_integrations.c.id == integration_id, _integrations.c.vault_id == vault_id)
    ).one_or_none()
    if integration is None:
        raise NotFound("This Vault has no such integration.", "Choose one of the Integrations area.")
    points = select(_points).where(_points.c.integration_id == integration_id).order_by(_points.c.position)
    if point_id is not None:
        points = points.where(_points.c.id == point_id)
    for point in session.execute(points).all():
        if point.direction is Direction.INBOUND:
            yield _Flow(
                integration.connection_id,
                vault_id,
                integration.remote_connection_id,
                integration.remote_vault_id,
                point.api_name,
            )
        elif integration.remote_connection_id is not None:
            names = select(_sources.c.remote_point).distinct().where(_sources.c.point_id == point.id)
            for name in session.execute(names.order_by(_sources.c.remote_point)).scalars():
                yield _Flow(
                    integration.remote_connection_id,
                    integration.remote_vault_id,
                    integration.connection_id,
                    vault_id,
                    name,
                    frozenset({integration_id}),
                )


def _rehearse(write: WriteSession, flows: Iterator[_Flow], since: datetime | None, keep: int) -> Rehearsal:
    rehearsal = Rehearsal()
    works: list[Work] = []
    for flow in flows:
        try:
            works += _works(write, flow, since)
        except ConsoleError as error:
            rehearsal.hinder(Obstacle(error.message, error.remedy, 0))
        if (asleep := _nobody_sends(write, flow)) is not None:
            rehearsal.hinder(asleep)
    _play(write, works, rehearsal, keep)
    return rehearsal


def _nobody_sends(session: Session, flow: _Flow) -> Obstacle | None:
    """Why nothing new comes for a point; None when something may."""
    if flow.remote_connection_id is None or flow.remote_vault_id is None:
        return Obstacle("The connection has no partner in another Vault.", "Establish the connection.", 0)
    scope = Scope(flow.remote_vault_id, flow.remote_connection_id, integration_ids=flow.senders)
    active = [row.id for row in sending_integrations(session, scope)]
    watching = (
        select(_sources.c.id)
        .join(_points, _points.c.id == _sources.c.point_id)
        .where(_points.c.integration_id.in_(active), _sources.c.remote_point == flow.point_name)
        .limit(1)
    )
    if session.execute(watching).first() is not None:
        return None
    return Obstacle(
        f"No active integration of an active connection sends to {flow.point_name}: no new change is looked for.",
        "Activate the integration in the sending Vault, and establish its connection.",
        0,
    )


def _works(session: WriteSession, flow: _Flow, since: datetime | None) -> Iterator[Work]:
    """What the receive job will find for a point: what waits already, what the next send run finds, open items."""
    coming: set[tuple[str, str]] = set()
    for work in _messages_of(session, flow, since):
        coming.update((work.object_name, item) for item in work.items)
        yield work
    for work in _open_items(session, _items.c.point_id.in_(_inbound_points(flow))):
        # What a message brings again is tried once in a run.
        left = [item for item in work.items if (work.object_name, item) not in coming]
        if left:
            yield replace(work, items=left)


def _messages_of(session: WriteSession, flow: _Flow, since: datetime | None) -> Iterator[Work]:
    yield from _waiting(session, flow.vault_id, flow.connection_id, Direction.INBOUND, flow)
    if flow.remote_connection_id is None or flow.remote_vault_id is None:
        return
    yield from _waiting(session, flow.remote_vault_id, flow.remote_connection_id, Direction.OUTBOUND, flow)
    scope = Scope(flow.remote_vault_id, flow.remote_connection_id, integration_ids=flow.senders)
    for sender in sending_integrations(session, scope):
        yield from _about_to_be_sent(session, flow, sender, since)


def _waiting(session: Session, vault_id: int, connection_id: int, direction: Direction, flow: _Flow) -> Iterator[Work]:
    statement = (
        select(_messages.c.object_name, _messages.c.event, _bodies.c["items"].label("content"))
        .join(_bodies, _bodies.c.message_id == _messages.c.id)
        .join(_queues, _queues.c.id == _messages.c.queue_id)
        .where(
            _queues.c.vault_id == vault_id,
            _queues.c.type == direction,
            _messages.c.connection_id == connection_id,
            _messages.c.state == MessageState.QUEUED,
            _messages.c.integration_point == flow.point_name,
        )
        .order_by(_messages.c.id)
    )
    for row in session.execute(statement).all():
        yield Work(flow.connection_id, flow.point_name, row.object_name, row.event, row.content)


def _about_to_be_sent(session: WriteSession, flow: _Flow, sender: Any, since: datetime | None) -> Iterator[Work]:
    for changes in changes_of(session, sender, since or sender.last_successful_send, session.now):
        if changes.remote_point != flow.point_name:
            continue
        for items in changes.messages():
            yield Work(flow.connection_id, flow.point_name, changes.object_name, changes.event, items)


def _inbound_points(flow: _Flow) -> Any:
    return (
        select(_points.c.id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(
            _integrations.c.connection_id == flow.connection_id,
            _points.c.api_name == flow.point_name,
            _points.c.direction == Direction.INBOUND,
        )
    )


def _open_items(session: Session, *where: Any) -> Iterator[Work]:
    statement = (
        select(_items.c.item, _items.c.source_object, _points.c.api_name, _integrations.c.connection_id)
        .distinct()
        .join(_points, _points.c.id == _items.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(_items.c.status == ItemStatus.OPEN, *where)
        .order_by(_integrations.c.connection_id, _points.c.api_name, _items.c.source_object, _items.c.item)
    )
    grouped: dict[tuple[int, str, str], list[str]] = {}
    for row in session.execute(statement):
        grouped.setdefault((row.connection_id, row.api_name, row.source_object), []).append(row.item)
    for (connection_id, point, source_object), items in grouped.items():
        yield Work(connection_id, point, source_object, MessageEvent.CHANGED, items)


def _works_of_exceptions(session: Session, vault_id: int, message_ids: Sequence[int]) -> Iterator[Work]:
    mine = (_exceptions.c.vault_id == vault_id, _exceptions.c.active, _exceptions.c.id.in_(message_ids))
    yield from _open_items(session, _items.c.message_id.in_(select(_exceptions.c.id).where(*mine)))
    refused = (
        select(_messages, _bodies.c["items"].label("content"))
        .join(_exceptions, _exceptions.c.spark_message_id == _messages.c.id)
        .join(_bodies, _bodies.c.message_id == _messages.c.id)
        .where(
            *mine,
            _messages.c.state == MessageState.PROCESSED,
            _exceptions.c.id.not_in(select(_items.c.message_id)),
        )
        .order_by(_exceptions.c.id)
    )
    for row in session.execute(refused).all():
        yield Work(row.connection_id, row.integration_point, row.object_name, row.event, row.content)


def _play(write: WriteSession, works: Sequence[Work], rehearsal: Rehearsal, keep: int) -> None:
    """Apply one set of items after the other, as the receive job would."""
    routes: dict[tuple[int, str, str], Route | ConsoleError] = {}
    blocked: dict[str, Obstacle] = {}
    for work in works:
        rehearsal.found += len(work.items)
        key = (work.connection_id, work.point_name, work.object_name)
        if key not in routes:
            try:
                routes[key] = load_route(write, *key, write.now)
            except RouteBroken as broken:
                routes[key] = broken
        route = routes[key]
        if isinstance(route, ConsoleError):
            before = blocked.get(route.message)
            items = len(work.items) + (before.items if before is not None else 0)
            blocked[route.message] = Obstacle(route.message, route.remedy, items)
            continue
        prepared = prepare(write, route, work.items, work.event)
        rehearsal.add(route, prepared, apply(write, prepared), keep)
    rehearsal.obstacles += blocked.values()


def _planned(route: Route, target_object: str, row: SourceRow, draft: Draft) -> Planned:
    before: Mapping[str, Any] = draft.existing.values if draft.existing is not None else {}
    after = draft.result if draft.effect in (Effect.CREATED, Effect.UPDATED) else {}
    names = dict.fromkeys((*before, *after)) if after else {}
    changes = {name: pair for name in names if (pair := (before.get(name), after.get(name)))[0] != pair[1]}
    name = draft.result.get("name__v") or before.get("name__v") or draft.values.get("name__v") or ""
    return Planned(
        route.vault_id,
        route.point_name,
        row.record_id,
        row.name,
        target_object,
        draft.existing.record_id if draft.existing is not None else "",
        str(name),
        draft.effect,
        draft.note,
        dict(draft.problems),
        changes,
    )
