"""`queues create|edit|delete|activate|...`: all that changes a queue and its connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from console.cli.frame import command
from console.cli.lab import opened
from console.cli.output import tell
from console.cli.queues import queues
from console.cli.settings import settings_of
from models.errors import InvalidInput

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.store import WriteSession

T = TypeVar("T")

Name = Annotated[str, typer.Argument(metavar="QUEUE", help="Its API name, label or number.")]
ConnectionName = Annotated[str, typer.Argument(metavar="CONNECTION", help="Its API name, name or number.")]
Sequential = Annotated[bool | None, typer.Option("--sequential/--not-sequential", help="Strictly in arrival order.")]
Rollback = Annotated[
    bool | None, typer.Option("--rollback-on-error/--no-rollback-on-error", help="What a put does when it is full.")
]
Retry = Annotated[str | None, typer.Option(metavar="MINUTES", help='Pauses between attempts, e.g. "1,2,5"; "default".')]
Text = Annotated[str | None, typer.Option()]
Processor = Annotated[str | None, typer.Option(metavar="NAME", help="Spark Message Processor, of an inbound queue.")]
ProcessorUser = Annotated[str | None, typer.Option(metavar="USER", help="User it acts as.")]
Handler = Annotated[
    str | None, typer.Option(metavar="NAME", help='Delivery Event Handler, of an outbound queue; "" for none.')
]
HandlerUser = Annotated[str | None, typer.Option(metavar="USER", help="User it acts as.")]


def change(
    context: typer.Context, name: str, work: Callable[[WriteSession, Actor, Named], T], *, what: Any = None
) -> tuple[Named, T]:
    """Do something to the queue that a person names; answers the queue and what came of it."""
    from models.tables import Queue

    with opened(settings_of(context)) as lab:
        with lab.store.read() as session:
            found = lab.find(session, what or Queue, name)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            return found, work(write, actor, found)


@command(queues, "create")
def create(
    context: typer.Context,
    label: Annotated[str, typer.Argument(help="Its label; the API name follows from it.")],
    type_: Annotated[str, typer.Option("--type", metavar="inbound|outbound", help="Queue Type.")],
    name: Annotated[str, typer.Option(help="API name, when another is wanted.")] = "",
    description: Annotated[str, typer.Option()] = "",
    message_processor: Processor = None,
    processor_user: ProcessorUser = None,
    delivery_handler: Handler = None,
    handler_user: HandlerUser = None,
    sequential: Sequential = None,
    rollback_on_error: Rollback = None,
    retry: Retry = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Create it inactive.")] = False,
) -> None:
    """Create a queue in the Vault named with --vault."""
    from models.services.checks import key_of
    from models.services.queues import create_queue
    from models.tables import Direction

    settings = settings_of(context)
    if type_ not in tuple(Direction):
        raise InvalidInput({"type": "A queue is inbound or outbound."})
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
            values = _values(
                session,
                vault.key,
                message_processor=message_processor,
                processor_user=processor_user,
                delivery_handler=delivery_handler or None,
                handler_user=handler_user,
                sequential=bool(sequential),
                rollback_on_error=bool(rollback_on_error),
                retry=retry,
            )
        with lab.store.write() as write:
            queue = create_queue(
                write,
                actor,
                label=label,
                type=Direction(type_),
                api_name=name,
                description=description,
                active=not inactive,
                **values,
            )
            key, api_name = key_of(queue), queue.api_name
    document = {"id": key, "vault_id": vault.key, "api_name": api_name, "type": type_}
    tell(settings, document, f"Created queue {api_name} in {vault.name}.")


@command(queues, "edit")
def edit(
    context: typer.Context,
    queue: Name,
    label: Text = None,
    description: Text = None,
    message_processor: Processor = None,
    processor_user: ProcessorUser = None,
    delivery_handler: Handler = None,
    handler_user: HandlerUser = None,
    sequential: Sequential = None,
    rollback_on_error: Rollback = None,
    retry: Retry = None,
) -> None:
    """Change settings of a queue; what is not named stays. Type and API name never change."""
    from models.services.queues import edit_queue

    def work(write: WriteSession, actor: Actor, found: Named) -> bool:
        values = _values(
            write,
            found.vault_id,
            label=label,
            description=description,
            message_processor=message_processor,
            processor_user=processor_user,
            delivery_handler=delivery_handler,
            handler_user=handler_user,
            sequential=sequential,
            rollback_on_error=rollback_on_error,
            retry=retry,
        )
        if delivery_handler == "":
            values |= {"delivery_handler": None, "handler_user_id": None}
        return edit_queue(write, actor, found.key, values)

    found, changed = change(context, queue, work)
    _tell_changed(context, found, "edited", changed=changed)


@command(queues, "delete")
def delete(
    context: typer.Context,
    queue: Name,
    confirm: Annotated[bool, typer.Option("--confirm", help="Also when messages wait in it.")] = False,
) -> None:
    """Delete a custom queue; a standard one can never be deleted."""
    from models.services.queue_emptying import delete_queue

    found, deleted = change(
        context, queue, lambda write, actor, found: delete_queue(write, actor, found.key, confirmed=confirm)
    )
    document = {"id": found.key, "api_name": found.api_name, "messages": deleted}
    tell(settings_of(context), document, f"Deleted queue {found.api_name}, in which {deleted} messages waited.")


@command(queues, "activate")
def activate(context: typer.Context, queue: Name) -> None:
    """Have a queue accept messages."""
    from models.services.queues import set_queue_active

    found, changed = change(
        context, queue, lambda write, actor, found: set_queue_active(write, actor, found.key, active=True)
    )
    _tell_changed(context, found, "active", changed=changed)


@command(queues, "inactivate")
def inactivate(context: typer.Context, queue: Name) -> None:
    """Have a queue accept no more messages; it works off what it holds."""
    from models.services.queues import set_queue_active

    found, changed = change(
        context, queue, lambda write, actor, found: set_queue_active(write, actor, found.key, active=False)
    )
    _tell_changed(context, found, "inactive", changed=changed)


@command(queues, "enable-delivery")
def enable_delivery(context: typer.Context, queue: Name) -> None:
    """Have an outbound queue deliver again."""
    from models.services.queues import set_delivery_enabled

    found, changed = change(
        context, queue, lambda write, actor, found: set_delivery_enabled(write, actor, found.key, enabled=True)
    )
    _tell_changed(context, found, "delivery enabled", changed=changed)


@command(queues, "disable-delivery")
def disable_delivery(context: typer.Context, queue: Name) -> None:
    """Have an outbound queue hold its messages."""
    from models.services.queues import set_delivery_enabled

    found, changed = change(
        context, queue, lambda write, actor, found: set_delivery_enabled(write, actor, found.key, enabled=False)
    )
    _tell_changed(context, found, "delivery disabled", changed=changed)


@command(queues, "reset")
def reset(
    context: typer.Context,
    queue: Name,
    typed: Annotated[
        str, typer.Option("--type-name", metavar="NAME", help="The queue's API name, typed once more: this is final.")
    ] = "",
) -> None:
    """Delete every message in a queue, for good."""
    from models.services.queue_emptying import reset_queue

    found, deleted = change(context, queue, lambda write, actor, found: reset_queue(write, actor, found.key, typed))
    document = {"id": found.key, "api_name": found.api_name, "deleted": deleted}
    tell(settings_of(context), document, f"Deleted messages in queue {found.api_name}: {deleted}.")


@command(queues, "connect")
def connect(
    context: typer.Context,
    queue: Name,
    connection: ConnectionName,
    deliver_to: Annotated[str | None, typer.Option(metavar="QUEUE", help="Inbound queue it delivers to.")] = None,
    path: Annotated[str | None, typer.Option(help="Appended to the URL of an External connection.")] = None,
    label: Text = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it is served.")] = None,
) -> None:
    """Have a queue serve a connection, or change how it does."""
    from models.services.queue_connections import connect_queue, edit_queue_connection, set_queue_connection_active

    def work(write: WriteSession, actor: Actor, found: Named) -> bool:
        connection_id = _connection(write, found, connection)
        if _serves(write, found.key, connection_id):
            changed = edit_queue_connection(
                write, actor, found.key, connection_id, deliver_to_queue=deliver_to, path=path, label=label
            )
        else:
            connect_queue(write, actor, found.key, connection_id, deliver_to, path=path, label=label or "")
            changed = True
        if active is not None:
            changed |= set_queue_connection_active(write, actor, found.key, connection_id, active)
        return changed

    found, changed = change(context, queue, work)
    _tell_changed(context, found, f"serves {connection}", changed=changed)


@command(queues, "disconnect")
def disconnect(context: typer.Context, queue: Name, connection: ConnectionName) -> None:
    """Have a queue no longer serve a connection."""
    from models.services.queue_connections import disconnect_queue

    found, _none = change(
        context,
        queue,
        lambda write, actor, found: disconnect_queue(write, actor, found.key, _connection(write, found, connection)),
    )
    _tell_changed(context, found, f"does not serve {connection}", changed=True)


def _values(session: Session, vault_id: int, **options: Any) -> dict[str, Any]:
    """The settings that were given, by the service's names: users by their ids, the schedule as numbers."""
    values = {name: value for name, value in options.items() if value is not None}
    for option, field in (("processor_user", "processor_user_id"), ("handler_user", "handler_user_id")):
        if option in values:
            values[field] = _user(session, vault_id, option, values.pop(option))
    if "retry" in values:
        values["retry_minutes"] = _schedule(values.pop("retry"))
    return values


def _user(session: Session, vault_id: int, option: str, username: str) -> int:
    from models.queries.lab import user_list

    found = next((user.key for user in user_list(session, vault_id) if user.username == username), None)
    if found is None:
        raise InvalidInput({option: f"Vault {vault_id} has no user {username}."})
    return found


def _schedule(text: str) -> list[int] | None:
    if text.strip() == "default":
        return None
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InvalidInput({"retry": f'{text} is no list of minutes; write it as "1,2,5,10".'}) from None


def _connection(session: Session, queue: Named, name: str) -> int:
    from models.queries.choosing import Candidate, choose
    from models.queries.lookup import named
    from models.tables import Connection

    rows = named(session, Connection, [queue.vault_id])
    candidates = [Candidate(row.key, (str(row.key), row.api_name, row.label), row.vault) for row in rows]
    return choose(candidates, name, "connection", "Give its API name.").key


def _serves(session: Session, queue_id: int, connection_id: int) -> bool:
    from models.queries.queue_detail import served

    return any(row.key == connection_id for row in served(session, queue_id))


def _tell_changed(context: typer.Context, found: Named, state: str, *, changed: bool) -> None:
    document = {"id": found.key, "vault_id": found.vault_id, "api_name": found.api_name, "changed": changed}
    tell(settings_of(context), document, f"Queue {found.api_name}: {state}{'' if changed else ' (as it was)'}.")
