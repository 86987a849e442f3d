"""The options by which commands choose messages: the terms of the console's filter line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from models.errors import InvalidInput, NotFound
from models.typed_times import FORMS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from console.cli.lab import OpenLab
    from models.queries.lab import VaultRow
    from models.queries.message_filter import MessageFilter
    from models.queries.messages import MessageListing

QueueName = Annotated[
    str | None, typer.Argument(metavar="[QUEUE]", help="Only of this queue: its API name, label or number.")
]
State = Annotated[
    str | None,
    typer.Option(metavar="STATE", help="Only in this state: queued, delivered, processed, removed or failed."),
]
DirectionOption = Annotated[str | None, typer.Option("--direction", metavar="WAY", help="Only inbound or outbound.")]
Point = Annotated[str | None, typer.Option(metavar="NAME", help="Only for this integration point.")]
Connection = Annotated[str | None, typer.Option(metavar="NAME", help="Only through this connection.")]
ObjectName = Annotated[str | None, typer.Option("--object", metavar="NAME", help="Only about this object.")]
Event = Annotated[str | None, typer.Option(metavar="EVENT", help="Only changed, deleted or withdrawn.")]
Item = Annotated[str | None, typer.Option(metavar="ID", help="Only those that name this record or document.")]
Key = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Only those that name a record with this name (or Name*), Global ID or unique value, e.g. External ID.",
    ),
]
Attribute = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only with this attribute. May stand more than once.")
]
MessageId = Annotated[str | None, typer.Option("--id", metavar="ID", help="Only whose message id begins so.")]
Run = Annotated[str | None, typer.Option(metavar="NUMBER", help="Only what this job run put or took.")]
Since = Annotated[str | None, typer.Option(metavar="TIME", help=f"Only entered since: 1h, {FORMS}. Lab time.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help=f"Only entered until: 1h, {FORMS}. Lab time.")]
Words = Annotated[
    str, typer.Option("--filter", metavar="LINE", help="A filter line as the console has it: terms and words.")
]


@dataclass(frozen=True)
class Options:
    """What was typed, each under the name of its term; `line` is a filter line to begin with."""

    line: str = ""
    state: str | None = None
    direction: str | None = None
    point: str | None = None
    connection: str | None = None
    object: str | None = None
    event: str | None = None
    item: str | None = None
    key: str | None = None
    attribute: tuple[str, ...] = ()
    id: str | None = None
    run: str | None = None
    since: str | None = None
    until: str | None = None

    def filter(self, now: datetime) -> MessageFilter:
        """What is meant at a lab time. Raises InvalidInput, which names each option that cannot be read."""
        from models.queries.message_filter import with_term
        from models.queries.message_terms import read_line

        read = read_line(self.line, now)
        wrong = {"filter": " ".join(read.problems)} if read.problems else {}
        found = read.filter
        for each in fields(self):
            given = getattr(self, each.name)
            if each.name == "line" or given is None:
                continue
            for value in given if isinstance(given, tuple) else (given,):
                try:
                    found = with_term(found, each.name, value, now)
                except ValueError as error:
                    wrong[each.name] = str(error)
        if wrong:
            raise InvalidInput(wrong)
        return found


def _narrowing(
    state: State = None,
    direction: DirectionOption = None,
    point: Point = None,
    connection: Connection = None,
    object_name: ObjectName = None,
    event: Event = None,
    item: Item = None,
    key: Key = None,
    attribute: Attribute = None,
    line: Words = "",
) -> Options:
    """The options that narrow messages in every command that lists them."""
    return Options(line, state, direction, point, connection, object_name, event, item, key, tuple(attribute or ()))


def narrowed(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: a command has the options that narrow messages, and gets them together as `options`."""
    own, shared = inspect.signature(command).parameters, inspect.signature(_narrowing).parameters

    @wraps(command)
    def call(**given: Any) -> None:
        command(options=_narrowing(**{name: given.pop(name) for name in shared}), **given)

    hints = {**get_type_hints(_narrowing, include_extras=True), **get_type_hints(command, include_extras=True)}
    del hints["options"]
    before = [each for each in own.values() if each.name in ("context", "queue")]
    after = [each for each in own.values() if each.name not in ("context", "queue", "options")]
    parameters = [
        each.replace(annotation=hints[each.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for each in (*before, *shared.values(), *after)
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = hints
    return call


@dataclass(frozen=True)
class Where:
    """The Vaults whose messages are meant, or one queue."""

    vaults: tuple[VaultRow, ...]
    queue_id: int | None = None
    queue: str | None = None


def where(lab: OpenLab, session: Session, queue: str | None) -> Where:
    """Where to look: in a queue that was named, else in the Vaults in question. Raises NotFound, NotPossible."""
    from models.tables import Queue

    if queue is None:
        return Where(lab.vaults(session))
    found = lab.find(session, Queue, queue)
    vaults = tuple(row for row in lab.vaults(session) if row.key == found.vault_id)
    return Where(vaults, found.key, found.api_name)


def listings(session: Session, place: Where, wanted: MessageFilter) -> list[tuple[VaultRow, MessageListing]]:
    """The list of each Vault. Raises NotFound when none of them has what the filter names, and TooMany."""
    from models.queries.messages import listing, unknown

    found = [(vault, listing(session, vault.key, wanted, queue_id=place.queue_id)) for vault in place.vaults]
    told = [unknown(wanted, listed) for _vault, listed in found]
    if told and all(told):
        raise NotFound(told[0][0], "vault-console connections list, queues list and messages list tell the names.")
    return found
