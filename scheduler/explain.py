"""Explain: why a record or a message arrived as it did, or which step stopped it.

The steps are those of the real run, by its own code: the change is looked for as the send job does, the route worked
out, the source called back, the rules evaluated with their traces, the target matched and written, all in a
transaction that is taken back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select
from sqlmodel import Session

from models.data_model import load_object
from models.errors import ConsoleError, NotFound
from models.permissions import Actor, Permission, Right
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ConnectionState,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    MessageEvent,
    PointSource,
    Queue,
    Record,
    SparkMessage,
    SparkMessageBody,
    Tombstone,
    Vault,
    VaultObject,
    table_of,
)
from models.versions import MAJOR, version_id, version_in
from scheduler.behaviour import Sending, behaviours_of
from scheduler.criteria import conditions, sent_by
from scheduler.documents import VERSIONS, is_crosslink, version_sent
from scheduler.explain_receive import tell
from scheduler.route import find_point
from scheduler.story import Step, Story, Way

_connections = table_of(Connection)
_vaults = table_of(Vault)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)
_objects = table_of(VaultObject)
_records = table_of(Record)
_tombstones = table_of(Tombstone)
_queues = table_of(Queue)
_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_items = table_of(ExceptionItem)
_exceptions = table_of(ExceptionMessage)

ITEMS_EXPLAINED = 20
"""Items of a message that are explained one by one."""
_EVER = timedelta(days=36_500)
"""Longer than any lab's time."""


def explain_record(store: Store, actor: Actor, record_id: str) -> list[Story]:
    """Explain a record of the actor's Vault: the way on which it came, and each way on which it is sent.

    Empty when no integration point watches its object and it came from nowhere. Raises NotFound, and NotAllowed for who
    may not read the object.
    """
    with store.rehearse() as write:
        record = write.execute(
            select(_records, _objects.c.name.label("object_name"))
            .join(_objects, _objects.c.id == _records.c.object_id)
            .where(_records.c.vault_id == actor.vault_id, _records.c.record_id == record_id)
        ).one_or_none()
        if record is None:
            raise _no_record(write, actor.vault_id, record_id)
        actor.require_object(record.object_name, Right.READ)
        origin = _origin(write, record)
        came: list[Story] = []
        if origin is not None:
            came = [
                story
                for story in _stories(write, origin, actor.vault_id)
                if any(target.record_id == record_id for target in story.targets) or not story.targets
            ]
        elif record.link:
            came = list(_stories_of_deleted(write, record))
        return [*came, *_stories(write, record, None)]


def _no_record(session: Session, vault_id: int, record_id: str) -> NotFound:
    deleted_at = session.execute(
        select(_tombstones.c.deleted_at).where(_tombstones.c.vault_id == vault_id, _tombstones.c.record_id == record_id)
    ).scalar()
    if deleted_at is None:
        return NotFound(f"This Vault has no record {record_id}.", "Check its id.")
    return NotFound(
        f"Record {record_id} was deleted at {deleted_at:%Y-%m-%d %H:%M:%S}.",
        "Its trace has the message that told of it, which can be explained.",
    )


def explain_message(store: Store, actor: Actor, message_key: int) -> list[Story]:
    """Explain the first items of a message, on whichever side it is.

    Empty for a message that no other Vault receives. Raises NotFound.
    """
    with store.rehearse() as write:
        known = select(_messages.c.id).where(_messages.c.id == message_key, _messages.c.vault_id == actor.vault_id)
        if write.execute(known).first() is None:
            raise NotFound("This Vault has no such message.", "Choose one of the message list.")
        return _of_message(write, message_key)


def explain_exception(store: Store, actor: Actor, message_key: int) -> list[Story]:
    """Explain the source records of a user exception message: its first items, open ones first, or its Spark message.

    Raises NotFound, and NotAllowed for who may not see user exceptions.
    """
    actor.require(Permission.READ_EXCEPTIONS)
    with store.rehearse() as write:
        row = write.execute(
            select(_exceptions).where(_exceptions.c.id == message_key, _exceptions.c.vault_id == actor.vault_id)
        ).one_or_none()
        if row is None:
            raise NotFound("This Vault has no such user exception message.", "Choose one of the Exceptions list.")
        stories = [story for item in write.execute(_items_of(row.id)).all() for story in _of_item(write, item)]
        if not stories and row.spark_message_id is not None:
            stories = _of_message(write, row.spark_message_id)
        return stories


def _items_of(message_id: int) -> Any:
    return (
        select(_items.c.item, _items.c.source_object, _points.c.api_name, _integrations.c.connection_id)
        .join(_points, _points.c.id == _items.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(_items.c.message_id == message_id)
        .order_by(_items.c.status, _items.c.id)
        .limit(ITEMS_EXPLAINED)
    )


def _of_item(write: WriteSession, row: Row[Any]) -> Iterator[Story]:
    source_vault = _partner_vault(write, row.connection_id)
    if source_vault is not None:
        way = _way(write, row.connection_id, row.api_name)
        yield from tell(write, way, source_vault, row.source_object, [row.item], MessageEvent.CHANGED)


def _of_message(write: WriteSession, message_key: int) -> list[Story]:
    row = write.execute(
        select(_messages, _bodies.c["items"].label("content"))
        .join(_bodies, _bodies.c.message_id == _messages.c.id)
        .where(_messages.c.id == message_key)
    ).one()
    receiver = _receiver(write, row)
    source_vault = None if receiver is None else _partner_vault(write, receiver)
    if receiver is None or source_vault is None:
        return []
    way = _way(write, receiver, row.integration_point)
    return list(tell(write, way, source_vault, row.object_name, row.content[:ITEMS_EXPLAINED], row.event))


def _stories(write: WriteSession, record: Row[Any], to_vault: int | None) -> Iterator[Story]:
    """The ways on which a record is sent, all of them or those into one Vault."""
    for stream in write.execute(_streams(record)).all():
        if stream.remote_connection_id is None or to_vault not in (None, stream.remote_vault_id):
            continue
        before = tuple(_sending(write, record, stream))
        way = _way(write, stream.remote_connection_id, stream.remote_point, before)
        yield from tell(
            write, way, record.vault_id, record.object_name, [_item(write, record, stream)], MessageEvent.CHANGED
        )


def _stories_of_deleted(write: WriteSession, target: Row[Any]) -> Iterator[Story]:
    """The ways on which the deletion of a record's source came to the Vault of the record, its target."""
    source = write.execute(
        select(_tombstones, _objects.c.name.label("object_name"))
        .join(_objects, _objects.c.id == _tombstones.c.object_id)
        .where(_tombstones.c.global_id == target.link, _tombstones.c.vault_id != target.vault_id)
        .order_by(_tombstones.c.id.desc())
        .limit(1)
    ).one_or_none()
    if source is None:
        return
    for stream in write.execute(_streams(source)).all():
        if stream.remote_connection_id is None or stream.remote_vault_id != target.vault_id:
            continue
        deleted = Step("Change", "note", f"{source.name} was deleted at {source.deleted_at:%Y-%m-%d %H:%M:%S}.")
        way = _way(write, stream.remote_connection_id, stream.remote_point, (*_open(stream), deleted))
        yield from tell(write, way, source.vault_id, source.object_name, [source.record_id], MessageEvent.DELETED)


def _streams(record: Row[Any]) -> Any:
    return (
        select(
            _connections.c.id.label("connection_id"),
            _connections.c.name.label("connection"),
            _connections.c.state,
            _connections.c.remote_connection_id,
            _connections.c.remote_vault_id,
            _integrations.c.name.label("integration"),
            _integrations.c.active,
            _integrations.c.feature,
            _integrations.c.last_successful_send,
            _points.c.name.label("point"),
            _points.c.behaviours,
            _sources.c.criteria,
            _sources.c.remote_point,
        )
        .join(_points, _points.c.id == _sources.c.point_id)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .join(_connections, _connections.c.id == _integrations.c.connection_id)
        .where(_sources.c.object_id == record.object_id, _points.c.direction == Direction.OUTBOUND)
        .order_by(_connections.c.id, _integrations.c.id, _points.c.position, _sources.c.position)
    )


def _open(stream: Row[Any]) -> Iterator[Step]:
    """Whether anything is sent on this way."""
    if stream.state is not ConnectionState.ACTIVE:
        yield Step(
            "Connection",
            "stops",
            f"{stream.connection} is {stream.state.value.capitalize()}: nothing is sent.",
            "Establish the connection.",
        )
    else:
        yield Step("Connection", "ok", f"{stream.connection} is Active.")
    if not stream.active:
        yield Step("Integration", "stops", f"{stream.integration} is inactive.", "Set its Status to Active.")
    else:
        yield Step("Integration", "ok", f"{stream.integration} is active.")


def _sending(session: Session, record: Row[Any], stream: Row[Any]) -> Iterator[Step]:
    """The send job's side: is it sent at all, and has this change been sent."""
    yield from _open(stream)
    yield _criteria(session, record, stream)
    yield from _behaviours(session, record, stream)
    since = stream.last_successful_send
    if since is None or record.modified_at >= since:
        yield Step(
            "Change", "waits", f"Changed at {record.modified_at:%Y-%m-%d %H:%M:%S}: the next send run will find it."
        )
    elif why := _stirred(session, record, stream, since):
        yield Step("Change", "waits", f"{why} Such a change came: the next send run will find it.")
    else:
        yield Step(
            "Change",
            "note",
            f"Changed at {record.modified_at:%Y-%m-%d %H:%M:%S}, before the Last Successful Run Time "
            f"{since:%Y-%m-%d %H:%M:%S}: not sent again before it changes.",
        )


def _criteria(session: Session, record: Row[Any], stream: Row[Any]) -> Step:
    if MAJOR in record.data and is_crosslink(session, record.id):
        said = "It is a CrossLink, which is not sent on: the Vault of its source document sends that one."
        return Step("Criteria", "stops", said, "Connect that Vault, where the document is needed elsewhere too.")
    if not stream.criteria:
        return Step("Criteria", "ok", f"Point {stream.point} sends every record of this object.")
    told = ", ".join(f"{name} = {value}" for name, value in stream.criteria.items())
    try:
        model = load_object(session, record.vault_id, record.object_name)
        if model.is_document:
            asked = list(conditions(session, model, stream.criteria, VERSIONS))
            version = version_sent(session, model, record.record_id, asked)
            if version is not None:
                return Step("Criteria", "ok", f"Version {version} holds what point {stream.point} asks for: {told}.")
            said = f"Point {stream.point} sends only versions with {told}, and no version of this document is so."
            return Step("Criteria", "stops", said, "Bring the document into such a state, or change the point.")
        met = session.execute(
            select(_records.c.id).where(_records.c.id == record.id, *conditions(session, model, stream.criteria))
        ).first()
    except ConsoleError as error:
        return Step("Criteria", "stops", error.message, error.remedy)
    if met is None:
        return Step(
            "Criteria",
            "stops",
            f"Point {stream.point} sends only records with {told}.",
            "Change the record or the point.",
        )
    return Step("Criteria", "ok", f"It holds what point {stream.point} asks for: {told}.")


def _behaviours(session: Session, record: Row[Any], stream: Row[Any]) -> Iterator[Step]:
    """Whether the behaviours of the point let the record, or any version of the document, be sent."""
    try:
        model = load_object(session, record.vault_id, record.object_name)
        table = VERSIONS if model.is_document else _records
        sending = Sending(record.vault_id, stream.connection_id, stream.feature, model, table)
        for behaviour in behaviours_of(stream.behaviours):
            wanted = list(behaviour.narrow(session, sending))
            if not wanted:
                continue
            here = (table.c.vault_id == record.vault_id, table.c.record_id == record.record_id)
            if session.execute(select(table.c.id).where(*here, *wanted).limit(1)).first() is None:
                yield Step("Behaviour", "stops", behaviour.about, "Change the record, or what the behaviour goes by.")
            else:
                yield Step("Behaviour", "ok", behaviour.about)
    except ConsoleError as error:
        yield Step("Behaviour", "stops", error.message, error.remedy)


def _stirred(session: Session, record: Row[Any], stream: Row[Any], since: datetime) -> str:
    """Which behaviour of the point has the record sent although nobody changed it, in its words; else empty."""
    try:
        model = load_object(session, record.vault_id, record.object_name)
        table = VERSIONS if model.is_document else _records
        sending = Sending(record.vault_id, stream.connection_id, stream.feature, model, table, stream.criteria)
        here = (table.c.vault_id == record.vault_id, table.c.record_id == record.record_id)
        for behaviour in behaviours_of(stream.behaviours):
            stirs = list(behaviour.stirs(session, sending, since, since + _EVER))
            if stirs and session.execute(select(table.c.id).where(*here, or_(*stirs)).limit(1)).first() is not None:
                return behaviour.about
    except ConsoleError:
        # What is wrong there is told of the criteria and the behaviours.
        return ""
    return ""


def _origin(session: Session, record: Row[Any]) -> Row[Any] | None:
    """The record of another Vault that this one was made from, by its Link."""
    if not record.link:
        return None
    return session.execute(
        select(_records, _objects.c.name.label("object_name"))
        .join(_objects, _objects.c.id == _records.c.object_id)
        .where(_records.c.global_id == record.link, _records.c.vault_id != record.vault_id)
    ).one_or_none()


def _receiver(session: Session, message: Row[Any]) -> int | None:
    """The receiving side's connection of a message that is on either side."""
    queue = session.execute(
        select(_queues.c.type, _connections.c.remote_connection_id)
        .join(_connections, _connections.c.id == message.connection_id)
        .where(_queues.c.id == message.queue_id)
    ).one()
    if queue.type is Direction.INBOUND:
        return int(message.connection_id)
    return None if queue.remote_connection_id is None else int(queue.remote_connection_id)


def _partner_vault(session: Session, connection_id: int) -> int | None:
    remote = select(_connections.c.remote_connection_id).where(_connections.c.id == connection_id).scalar_subquery()
    return session.execute(select(_connections.c.vault_id).where(_connections.c.id == remote)).scalar()


def _way(session: Session, connection_id: int, point_name: str, before: tuple[Step, ...] = ()) -> Way:
    """The way into a point; without such a point its integration stays empty, and the route will say so."""
    own = session.execute(
        select(_connections.c.name, _connections.c.vault_id, _vaults.c.name.label("vault"))
        .join(_vaults, _vaults.c.id == _connections.c.vault_id)
        .where(_connections.c.id == connection_id)
    ).one()
    point = find_point(session, connection_id, point_name)
    integration = "" if point is None else point.integration_name
    return Way(connection_id, own.name, own.vault_id, own.vault, point_name, integration, before)


def _item(session: Session, record: Row[Any], stream: Row[Any]) -> str:
    """How a message names the record: a document by the version that the point sends, or else by its latest one."""
    if MAJOR not in record.data:
        return str(record.record_id)
    try:
        model = load_object(session, record.vault_id, record.object_name)
        wanted = sent_by(session, stream.connection_id, stream.feature, model, stream)
        version = version_sent(session, model, record.record_id, wanted)
    except ConsoleError:
        version = None
    return version_id(record.record_id, version or version_in(record.data))
