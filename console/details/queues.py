"""A queue's details and a message's, as lines to read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.details.texts import active, moment, short, state, yes_no
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.columns import number
from console.widgets.document import Block, Document, Fact, Grid, Head, Line, Note, Part, Section, Title
from models.versions import record_id_of

if TYPE_CHECKING:
    from console.doing.queues import MessagePage, QueuePage
    from models.queries.queues import MessageRow

SHOWN_ITEMS = 100
"""How many of a message's items are listed."""


def document(page: QueuePage) -> Document:
    """Type, status, delivery, settings, connections, counts, latest messages."""
    detail, more = page.detail, page.settings
    outbound = detail.type == "outbound"
    parts: list[Part] = [
        Title(detail.label, active(detail.active)),
        Fact("Queue Type", SIGNS.words(detail.type)[0]),
        Fact("Name", detail.api_name),
    ]
    if outbound:
        text, tone = SIGNS.words("enabled" if detail.delivery_enabled else "disabled")
        parts += [
            Fact("Delivery", text, tone),
            Fact("Delivery Event Handler", more.delivery_handler or ""),
            Fact("Handler User", more.handler_user or ""),
            Fact("Retry after minutes", ", ".join(map(str, more.retry_minutes))),
        ]
    else:
        parts += [
            Fact("Message Processor", detail.message_processor or ""),
            Fact("Processor User", detail.processor_user or ""),
        ]
    parts += [
        Fact("Sequential", yes_no(detail.sequential)),
        Fact("Rollback on Error", yes_no(detail.rollback_on_error)),
        Fact("Standard", yes_no(detail.standard)),
    ]
    if more.trace_until is not None:
        parts.append(Fact("Traced until", moment(more.trace_until)))
    if detail.description:
        parts.append(Fact("Description", detail.description))
    left = "delivered" if outbound else "processed"
    parts += [
        Section("Messages", "Enter on the queue lists them"),
        Fact("Queued", f"{detail.counts.get('queued', 0):,}"),
        Fact(left.capitalize(), f"{detail.counts.get(left, 0):,}"),
    ]
    removed = detail.counts.get("removed", 0)
    parts.append(Fact("Removed", f"! {removed:,}" if removed else "0", "bad" if removed else ""))
    parts += [Section("Connections"), *_connections(page)]
    return [*parts, Section("Latest messages"), _messages(detail.latest, detail.key)]


def _connections(page: QueuePage) -> list[Part]:
    """What the queue serves, and where its messages go. One that is not served is told of: its messages fail."""
    if not page.settings.connections:
        return [Note("None: it can neither send nor receive.")]
    remote = {line.connection_id: line.remote_vault for line in page.detail.connections}
    parts: list[Part] = []
    for line in page.settings.connections:
        lines = [f"{SIGNS.words(line.state)[0]}  {remote.get(line.key, '')}".rstrip()]
        if target := line.deliver_to or line.path:
            lines.append(f"{SIGNS.pick('→', '->')} {target}")
        if not line.active:
            lines.append("! Inactive: this queue does not serve it")
        if line.last_kind not in (None, "ok"):
            lines.append(f"! Last try: {line.last_kind} {line.last_answer}".rstrip())
        name = f"{line.name} ({line.label})" if line.label else line.name
        parts.append(Fact(name, "\n".join(lines), "" if line.active else "warn", Goto("connections", line.key)))
    return parts


def _messages(messages: Iterable[MessageRow], queue_id: int) -> Grid:
    lines = tuple(
        Line(
            (
                short(row.entered_at),
                state(row.state),
                row.object_name,
                number(row.items),
            ),
            Goto("messages", row.key, within=queue_id),
        )
        for row in messages
    )
    heads = (
        Head("Entered"),
        Head("State"),
        Head("Object", flex=True),
        Head("Items", "right"),
    )
    return Grid(heads, lines, "No message has passed yet.")


def message_document(page: MessagePage) -> Document:
    """A message's way, attempts, attributes, items, signed headers and body."""
    detail, row = page.detail, page.detail.row
    parts: list[Part] = [
        Title(f"{row.object_name} {row.event}", state(row.state)),
        Fact("Message ID", row.message_id),
        Fact("Queue", detail.queue, target=Goto("queues", detail.queue_id)),
        Fact("Connection", detail.connection, target=Goto("connections", detail.connection_id)),
        Fact("Integration point", row.integration_point),
        Fact("Entered", moment(row.entered_at)),
        Fact("Left", moment(row.left_at)),
        Fact("Tries", str(row.attempts)),
    ]
    if row.state == "queued" and row.next_attempt_at is not None:
        parts.append(Fact("Next try", moment(row.next_attempt_at)))
    if row.last_error:
        parts.append(Fact("Last error", row.last_error, "bad"))
    if detail.put_by is not None:
        parts.append(Fact("Put here by run", str(detail.put_by), target=Goto("jobs", detail.put_by)))
    if detail.taken_by is not None:
        parts.append(Fact("Taken by run", str(detail.taken_by), target=Goto("jobs", detail.taken_by)))
    parts.append(Section("On the other side"))
    if detail.twin is not None:
        twin = detail.twin
        words, tone = SIGNS.words(twin.state)
        target = Goto("messages", twin.key, twin.vault_id, within=twin.queue_id)
        parts += [Fact(f"In {twin.vault}", twin.queue, target=target), Fact("State there", words, tone)]
    else:
        parts.append(Note("It has not arrived, or has left again."))
    if page.attempts:
        tries = tuple(
            Line(
                (
                    str(line.number),
                    short(line.at),
                    (line.kind.capitalize(), "ok" if line.kind == "ok" else "bad"),
                    f"{line.status or ''} {line.answer}".strip(),
                )
            )
            for line in page.attempts
        )
        heads = (Head("Try", "right"), Head("At"), Head("Result"), Head("Answer", flex=True))
        parts += [Section("Attempts"), Grid(heads, tries)]
    parts.append(Section("Attributes"))
    parts += [Fact(name, str(value)) for name, value in detail.attributes.items()]
    parts.append(Section("Items", f"{len(detail.items)} record ids"))
    shown = detail.items[:SHOWN_ITEMS]
    parts += [Note(item, "link", Goto("records", record_id_of(item), detail.items_vault_id)) for item in shown]
    if len(shown) < len(detail.items):
        parts.append(Note(f"and {len(detail.items) - len(shown)} more"))
    if detail.headers:
        parts.append(Section("Signed headers"))
        parts += [Fact(name, value) for name, value in detail.headers.items()]
    if detail.body:
        parts += [Section("Body as sent"), Block(_indented(detail.body))]
    return parts


def _indented(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


__all__ = ["document", "message_document"]
