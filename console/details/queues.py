"""A queue's details as lines to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.details.texts import active, moment, short, state, yes_no
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.columns import number
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from console.doing.queues import QueuePage
    from models.queries.queues import MessageRow


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
