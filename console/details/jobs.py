"""A job run's details, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import duration, failed, moment, state
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.columns import Cell, number
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.jobs import Moved, RunDetail

BY_KIND = {
    "send": ("found", "sent", "skipped", "failed"),
    "deliver": ("found", "delivered", "retried", "failed"),
    "receive": ("received", "created", "updated", "unchanged", "deleted", "skipped", "failed"),
}
"""Which counters a kind of run moves; others are shown only when they are not zero."""


def document(detail: RunDetail) -> Document:
    """What a run moved, in all and per connection, and its messages."""
    row = detail.row
    symbol, _ = SIGNS.words(row.kind)
    parts: list[Part] = [Title(f"{symbol} run {row.key}", state(row.status))]
    if detail.error:
        parts.append(Note(detail.error, "bad"))
    parts += [
        Fact("Started", moment(row.started_at)),
        Fact("Finished", moment(row.finished_at)),
        Fact("Took", duration(row.duration_ms)),
        Fact("Limited to", row.connection or "all connections"),
        *([Fact("Retry Transfer", str(detail.retry_id))] if detail.retry_id is not None else []),
        Section("Moved"),
    ]
    names = _shown(row.kind, row.moved)
    lines = tuple(
        Line((line.connection, *(_count(name, line.moved) for name in names)), Goto("connections", line.connection_id))
        for line in detail.lines
    )
    every = Line((("All connections", "strong"), *(_count(name, row.moved) for name in names)))
    heads = (Head("Connection", flex=True), *(Head(name.capitalize(), "right") for name in names))
    parts.append(Grid(heads, (*lines, every)))
    messages = tuple(
        Line(
            (message.message_id[:8], message.object_name, number(message.items), state(message.state)),
            Goto("messages", message.key, within=message.queue_id),
        )
        for message in detail.messages
    )
    heads = (Head("Id"), Head("Object", flex=True), Head("Items", "right"), Head("State now"))
    return [*parts, Section("Messages"), Grid(heads, messages, "It touched no message of this Vault.")]


def _shown(kind: str, moved: Moved) -> tuple[str, ...]:
    names = BY_KIND.get(kind, ())
    others = [name for name in moved.__slots__ if name not in names and getattr(moved, name)]
    return (*names, *others)


def _count(name: str, moved: Moved) -> Cell:
    count = getattr(moved, name)
    return failed(count) if name == "failed" else number(count)
