"""An entry of the Queue Log, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import moment
from console.widgets.document import Document, Fact, Part, Title

if TYPE_CHECKING:
    from models.queries.queue_detail import LogLine


def document(line: LogLine) -> Document:
    """The vendor's columns, then what became of the message."""
    parts: list[Part] = [
        Title(line.entry_type, ""),
        Fact("Timestamp", moment(line.timestamp)),
        Fact("Vault ID", str(line.vault_id)),
        Fact("Queue Name", line.queue_name),
        Fact("Connection Name", line.connection_name),
        Fact("Message ID", line.message_id),
        Fact("Queue Time", moment(line.queue_time)),
        Fact("Send Time", moment(line.send_time)),
        Fact("Attempts", str(line.attempts)),
        Fact("Reason", line.reason, "" if line.entry_type == "TRACE" else "bad"),
    ]
    if line.due_back_at is not None:
        parts.append(Fact("Goes back at", moment(line.due_back_at)))
    if line.put_back_at is not None:
        parts.append(Fact("Put back", moment(line.put_back_at), "ok"))
    return parts
