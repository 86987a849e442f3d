"""A user exception message's details, as lines to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.details.texts import moment, state
from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.document import Document, Fact, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.exception_detail import ExceptionDetail, ItemLine
    from models.queries.retries import RetryLine

ERROR_TYPES = {
    "message_processing_error__sys": "Message Processing Error",
    "item_processing_error__sys": "Item Processing Error",
    "connection_error__sys": "Connection Error",
    "configuration_error__sys": "Configuration Error",
    "timeout__sys": "Timeout",
}


SIDES = {
    "source": "Source: what it sends",
    "target": "Target: what it receives",
}
LONGEST = 1500
"""Characters of a message body or of item data that are shown; the command line shows all."""


def document(detail: ExceptionDetail) -> Document:
    """What failed, where, and per item the problem of each field in words."""
    row = detail.row
    parts: list[Part] = [
        Title(row.name, state("unresolved" if row.active else "resolved")),
        Note(row.error_message, "bad" if row.active else ""),
        Section("Details"),
        Fact("Error Type", ERROR_TYPES.get(row.error_type, row.error_type)),
        Fact("Side", SIDES.get(row.side, row.side)),
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
    parts += _retries(detail.retries)
    parts.append(Section("User Exception Items", f"{len(detail.items)}"))
    if not detail.items:
        parts.append(Note("None: the message as a whole could not be processed."))
    for item in detail.items:
        parts += _item(item)
    parts.append(Section("Record", "by API names"))
    parts += _record(detail.record)
    return parts


def _retries(lines: Sequence[RetryLine]) -> list[Part]:
    parts: list[Part] = [Section("Retry Transfers", f"{len(lines)}")] if lines else []
    for line in lines:
        retry = line.retry
        asked = f"{moment(retry.created_at)} by {retry.user_name}"
        if line.under_way:
            parts.append(Fact(f"Retry {retry.key}", f"Under way, asked for {asked}: {retry.result} so far.", "accent"))
            continue
        own = f"{line.items:,} open before, {line.still_open:,} after."
        whole = (
            f" All {retry.messages:,} messages of it: {retry.result}." if retry.messages > 1 else f" {retry.result}."
        )
        text = " ".join(filter(None, [f"{asked}: {own}{whole}", line.note, retry.error]))
        tone: Tone = "bad" if line.still_open else "ok"
        target = Goto("jobs", retry.runs[-1]) if retry.runs else None
        parts.append(Fact(f"Retry {retry.key}", text, tone, target))
    return parts


def _record(record: Mapping[str, Any]) -> list[Part]:
    return [Fact(name, _value(value)) for name, value in record.items()]


def _value(value: Any) -> str:
    text = "" if value is None else json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]}{SIGNS.pick('…', '...')} ({more:,} characters more)"


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
    return parts + _record(item.record)
