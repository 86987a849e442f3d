"""A user exception message's details, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import moment, state
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.document import Document, Fact, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.exceptions import ExceptionDetail, ItemLine

ERROR_TYPES = {
    "message_processing_error__sys": "Message Processing Error",
    "item_processing_error__sys": "Item Processing Error",
    "connection_error__sys": "Connection Error",
    "configuration_error__sys": "Configuration Error",
    "timeout__sys": "Timeout",
}


def document(detail: ExceptionDetail) -> Document:
    """What failed, where, and per item the problem of each field in words."""
    row = detail.row
    parts: list[Part] = [
        Title(row.name, state("unresolved" if row.active else "resolved")),
        Note(row.error_message, "bad" if row.active else ""),
        Section("Details"),
        Fact("Error Type", ERROR_TYPES.get(row.error_type, row.error_type)),
        Fact("Items received", f"{row.received:,}"),
        Fact("Items failed", f"{row.failed:,}"),
        Fact("Still open", f"{row.open_items:,}"),
        Fact("Created", moment(row.created_at)),
    ]
    if detail.resolved_at is not None:
        parts.append(Fact("Resolved", moment(detail.resolved_at)))
    if detail.connection_id is not None:
        parts.append(Fact("Connection", row.connection or "", target=Goto("connections", detail.connection_id)))
    if detail.integration_id is not None:
        target = Goto("integrations", detail.integration_id)
        parts.append(Fact("Integration", detail.integration or "", target=target))
    parts.append(Fact("Integration Point", detail.point or ""))
    if detail.spark_message_key is not None:
        message = Goto("messages", detail.spark_message_key, within=detail.spark_queue_id)
        parts.append(Fact("Spark message", detail.spark_message_id or "", target=message))
    if detail.run_id is not None:
        parts.append(Fact("Job run", str(detail.run_id), target=Goto("jobs", detail.run_id)))
    parts.append(Section("User Exception Items", f"{len(detail.items)}"))
    if not detail.items:
        parts.append(Note("None: the message as a whole could not be processed."))
    for item in detail.items:
        parts += _item(item)
    return parts


def _item(item: ItemLine) -> list[Part]:
    target = None
    if item.source_record_id is not None:
        target = Goto("records", item.source_record_id, item.source_vault_id, within=item.source_object)
    name = item.source_name or item.item
    words, tone = SIGNS.words(item.status)
    parts: list[Part] = [
        Note(f"{name}  ({item.source_object} {SIGNS.pick('→', '->')} {item.target_object})", "link", target),
        Fact("Status", words, tone),
    ]
    parts += [Fact(label, problem, "bad" if item.status == "open" else "") for label, problem in item.problems]
    if not item.problems:
        parts.append(Fact("Error", item.error_message))
    parts.append(Fact("Tried", f"{item.attempts} {'time' if item.attempts == 1 else 'times'}, {moment(item.tried_at)}"))
    return parts
