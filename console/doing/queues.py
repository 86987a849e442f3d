"""Queues: everything that an administrator does with one, as calls of services (Spark facts, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.commands import acting
from console.doing.asking import Made, NeedsYes, nobody
from models.errors import InvalidInput

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.queue_detail import QueueSettings
    from models.queries.queues import QueueDetail
    from models.store import Store

Values = Mapping[str, str]
USERS = ("processor_user_id", "handler_user_id")
SWITCHES = ("sequential", "rollback_on_error")
CHOSEN = ("message_processor", "delivery_handler")


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A queue with its further settings; the ids of its users as a form holds them."""

    detail: QueueDetail
    settings: QueueSettings
    users: Mapping[str, int | None]

    @property
    def key(self) -> int:
        """The queue's id."""
        return self.detail.key


def read_page(session: StoreSession, vault_id: int, queue_id: int) -> QueuePage | None:
    """Read a queue's page; None when the queue is gone."""
    from models.queries.queue_detail import settings
    from models.queries.queues import detail
    from models.tables import Queue

    found, more, queue = detail(session, vault_id, queue_id), settings(session, vault_id, queue_id), None
    queue = session.get(Queue, queue_id)
    if found is None or more is None or queue is None:
        return None
    return QueuePage(found, more, {name: getattr(queue, name) for name in USERS})


def _typed(values: Values) -> dict[str, Any]:
    """What was typed, as the services take it."""
    typed: dict[str, Any] = dict(values)
    for name in USERS:
        if name in values:
            typed[name] = int(values[name]) if values[name] else None
    for name in SWITCHES:
        if name in values:
            typed[name] = values[name] == "true"
    for name in CHOSEN:
        if name in values:
            typed[name] = values[name] or None
    if "retry_minutes" in values:
        typed["retry_minutes"] = _minutes(values["retry_minutes"])
    return typed


def _minutes(text: str) -> list[int] | None:
    words = text.replace(",", " ").split()
    if not words:
        return None
    if not all(word.isascii() and word.isdigit() and len(word) < 5 for word in words):
        raise InvalidInput({"retry_minutes": "Whole minutes with commas between them are needed, e.g. 1, 2, 5."})
    return [int(word) for word in words]


def create(store: Store, who: Who, values: Values, _confirmed: bool, /, *, kind: str, made: Made = nobody) -> str:
    """Create a queue of a type."""
    from models.services.checks import key_of
    from models.services.queues import create_queue
    from models.tables import Direction

    with acting(store, who) as (write, actor):
        row = create_queue(write, actor, type=Direction(kind), **_typed(values))
        key = key_of(row)
    made(key)
    return f"Created {row.label} ({row.api_name})."


def edit(store: Store, who: Who, values: Values, _confirmed: bool, /, *, queue_id: int) -> str:
    """Save changed settings of a queue."""
    from models.services.queues import edit_queue

    with acting(store, who) as (write, actor):
        changed = edit_queue(write, actor, queue_id, _typed(values))
    return "The queue was saved." if changed else "Nothing differed: nothing was saved."


def delete(store: Store, who: Who, *, queue_id: int, name: str) -> str:
    """Delete a queue with all its messages; its name has been typed."""
    from models.services.queue_emptying import delete_queue

    with acting(store, who) as (write, actor):
        waiting = delete_queue(write, actor, queue_id, confirmed=True)
    return f"Deleted {name}" + (f" with {waiting} messages that waited in it." if waiting else ".")


def reset(store: Store, who: Who, *, queue_id: int, name: str, typed: str) -> str:
    """Delete every message that waits in a queue."""
    from models.services.queue_emptying import reset_queue

    with acting(store, who) as (write, actor):
        deleted = reset_queue(write, actor, queue_id, typed)
    return f"{deleted} {'message was' if deleted == 1 else 'messages were'} deleted from {name}, for good."


def trace(store: Store, who: Who, *, queue_id: int, name: str, off: bool) -> str:
    """Have every delivery of a queue logged for 20 minutes of lab time, or no longer."""
    from models.services.queue_log import trace_queues

    with acting(store, who) as (write, actor):
        until = trace_queues(write, actor, [queue_id], off=off)
    if until is None:
        return f"Deliveries of {name} are no longer traced."
    return f"Deliveries of {name} are traced until {until:%H:%M:%S} lab time."


def serve(store: Store, who: Who, values: Values, _confirmed: bool, /, *, queue_id: int) -> str:
    """Have a queue serve a connection."""
    from models.services.queue_connections import connect_queue

    if not values.get("connection_id"):
        raise InvalidInput({"connection_id": "Choose a connection."})
    with acting(store, who) as (write, actor):
        connect_queue(
            write,
            actor,
            queue_id,
            int(values["connection_id"]),
            values.get("deliver_to_queue") or None,
            path=values.get("path") or None,
            label=values.get("label", ""),
        )
    return "The queue serves the connection."


def change_serving(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, queue_id: int, connection_id: int
) -> str:
    """Change how a queue serves a connection."""
    from models.services.queue_connections import edit_queue_connection, set_queue_connection_active

    wanted = {name: values[name] for name in ("label", "deliver_to_queue", "path") if name in values}
    with acting(store, who) as (write, actor):
        changed = edit_queue_connection(write, actor, queue_id, connection_id, **wanted)
        if "active" in values:
            changed |= set_queue_connection_active(write, actor, queue_id, connection_id, values["active"] == "true")
    return "The connection of the queue was saved." if changed else "Nothing differed: nothing was saved."


def stop_serving(store: Store, who: Who, *, queue_id: int, connection_id: int, name: str) -> str:
    """Have a queue no longer serve a connection."""
    from models.services.queue_connections import disconnect_queue

    with acting(store, who) as (write, actor):
        disconnect_queue(write, actor, queue_id, connection_id)
    return f"The queue no longer serves {name}."


def put_message(store: Store, who: Who, values: Values, confirmed: bool, /, *, queue_id: int) -> str:
    """Put a Spark message on an outbound queue."""
    from models.services.messages import put_message as put

    attributes: dict[str, str] = {
        name: values[name] for name in ("object", "event", "integration_point") if values.get(name)
    }
    for piece in filter(None, (piece.strip() for piece in values.get("more", "").split(","))):
        name, mark, value = piece.partition("=")
        if not mark or not name.strip():
            raise InvalidInput({"more": "Write attributes as name=value, with commas between them."})
        attributes[name.strip()] = value.strip()
    items = values.get("items", "").replace(",", " ").split()
    if not items and not confirmed:
        raise NeedsYes("Put a message without items?", "No record ids were entered.", "Put it")
    with acting(store, who) as (write, actor):
        done = put(write, actor, queue_id, attributes, items)
    text = f"Queued {len(done.queued)} {'message' if len(done.queued) == 1 else 'messages'}, one per connection."
    return text + (f" {len(done.dropped)} found no room and went to the Queue Log." if done.dropped else "")


def put_back(store: Store, who: Who, *, entry_id: int) -> str:
    """Put a removed message back on the queue it came from."""
    from models.services.queue_log import put_back as back

    with acting(store, who) as (write, actor):
        back(write, actor, entry_id)
    return "The message is back in its queue; its attempts begin anew."
