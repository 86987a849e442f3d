"""`messages`: look at one without taking it, put a message by hand, put a removed one back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import area, command
from console.cli.lab import OpenLab, gone, opened
from console.cli.output import Column, answer, facts, located, parts, section, shown, table, tell
from console.cli.saving import Force, write_file
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotPossible
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.queries.queue_detail import MessagePlace

messages = area("messages", "Spark messages in and out of queues.")

QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="Its API name, label or number.")]
MessageName = Annotated[str, typer.Argument(metavar="MESSAGE", help="Its number or message id.")]


@command(messages, "show")
def show(
    context: typer.Context,
    message: MessageName,
    body: Annotated[bool, typer.Option("--body", help="Print nothing but the exact body that was sent.")] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the exact body that was sent as this file.")
    ] = None,
    force: Force = False,
) -> None:
    """Show a message: attributes, items, headers, body, whether its signature holds, its attempts and troubles."""
    from models.queries.message_content import TroubleLine, content
    from models.queries.queue_detail import AttemptLine, attempts
    from models.queries.queues import message_detail
    from scheduler.signature_check import check_signature

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            place = _place(lab, session, message)
            row = message_detail(session, place.vault_id, place.key)
            tried = attempts(session, place.vault_id, place.key)
            named = None if row is None else content(session, row)
        if row is None or named is None:
            raise gone("message")
        if body or output is not None:
            if not row.body:
                raise NotPossible("This message has not been sent: it has no body yet.", "Deliver it first.")
            if output is None:
                print(row.body, end="")
            else:
                path = write_file(output, row.body.encode(), "output", force=force)
                tell(settings, {"id": place.key, "path": str(path)}, f"The body is in {path}.")
            return
        verdict = check_signature(lab.store, place.vault_id, place.key)
    signature = {"valid": verdict.valid, "certificate_id": verdict.certificate_id, "reason": verdict.reason}
    columns: list[Column[AttemptLine]] = [
        Column("Attempt", lambda line: line.number, right=True),
        Column("At", lambda line: line.at),
        Column("Result", lambda line: line.kind),
        Column("Status", lambda line: line.status, right=True),
        Column("ms", lambda line: line.duration_ms, right=True),
        Column("Answer", lambda line: line.answer),
    ]

    troubles: list[Column[TroubleLine]] = [
        Column("Exception", lambda line: line.key, right=True),
        Column("Vault", lambda line: line.vault),
        Column("Status", lambda line: "open" if line.open else "over"),
        Column("Item", lambda line: line.item),
        Column("Error", lambda line: line.error_message),
    ]

    def words() -> str:
        held = "holds" if verdict.valid else "does not hold"
        return parts(
            facts(
                [
                    ("Number", row.row.key),
                    ("Message id", row.row.message_id),
                    ("Vault", place.vault),
                    ("Queue", row.queue),
                    ("Connection", row.connection),
                    ("State", row.row.state),
                    ("Attempts", row.row.attempts),
                    ("Entered", row.row.entered_at),
                    ("Left", row.row.left_at),
                    ("Next attempt", row.row.next_attempt_at),
                    ("Error", row.row.last_error),
                    ("Direction", row.queue_type),
                    ("Point", row.row.integration_point),
                    ("Put by run", row.put_by),
                    ("Taken by run", row.taken_by),
                    ("On the other side", None if row.twin is None else f"{row.twin.vault}: {row.twin.state}"),
                    ("Items", ", ".join(row.items)),
                    ("Signature", f"{held}: {verdict.reason}" if row.headers else verdict.reason),
                    ("Certificate", verdict.certificate_id),
                ]
            ),
            section("Attributes", facts((name, value) for name, value in row.attributes.items())),
            section("Items", facts((line.item, line.name or "(unknown)") for line in named.items)),
            section("User exceptions", table(troubles, named.troubles)),
            section("Attempts", table(columns, tried)),
            section("Headers", facts(row.headers.items())),
            section("Body", shown(row.body)),
        )

    document = located(place.vault_id, place.vault, row) | {
        "signature": signature,
        "delivery_attempts": tried,
        "named": named.items,
        "exceptions": named.troubles,
    }
    answer(settings, {"message": document}, words)


@command(messages, "put")
def put(
    context: typer.Context,
    queue: QueueName,
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help='May stand more than once. 5, true and "5" are read as JSON.'),
    ] = None,
    item: Annotated[list[str] | None, typer.Option(metavar="ID", help="May stand more than once.")] = None,
) -> None:
    """Put a message on an outbound queue: one for each connection that it serves."""
    from models.services.messages import put_message
    from models.tables import Queue

    settings = settings_of(context)
    attributes = dict(_attribute(text) for text in attribute or ())
    with opened(settings) as lab:
        with lab.store.read() as session:
            found = lab.find(session, Queue, queue)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            done = put_message(write, actor, found.key, attributes, item or ())
    sentence = f"Put on queue {found.api_name}: {', '.join(done.queued) or 'nothing'}."
    if done.dropped:
        sentence += f" The queue is full; dropped into the Queue Log: {', '.join(done.dropped)}."
    tell(settings, {"queue": found.api_name, "queued": done.queued, "dropped": done.dropped}, sentence)


@command(messages, "put-back")
def put_back_message(context: typer.Context, message: MessageName) -> None:
    """Put a message that left its queue undelivered back where it came from."""
    from models.queries.queue_detail import removal_of
    from models.services.queue_log import put_back

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            place = _place(lab, session, message)
            entry = removal_of(session, place.vault_id, place.key)
            actor = lab.actor(session, place.vault_id)
        if entry is None:
            raise NotPossible(
                f"Message {place.message_id} has not left its queue undelivered.",
                "vault-console queues log lists those.",
            )
        with lab.store.write() as write:
            put_back(write, actor, entry)
    tell(settings, {"id": place.key, "message_id": place.message_id}, f"Message {place.message_id} is queued again.")


def _place(lab: OpenLab, session: Session, text: str) -> MessagePlace:
    from models.queries.queue_detail import message_places

    rows = message_places(session, lab.vault_ids(session), text.strip())
    candidates = [Candidate(row.key, (str(row.key), row.message_id), row.vault) for row in rows]
    remedy = "Both sides of a connection know it: name the Vault with --vault, or give its number."
    key = choose(candidates, text, "message", remedy).key
    return next(row for row in rows if row.key == key)


def _attribute(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidInput({"attribute": f"{text} is not NAME=VALUE."})
    try:
        read = json.loads(value)
    except ValueError:
        return name.strip(), value
    return name.strip(), read if isinstance(read, str | int | float | bool) else value
