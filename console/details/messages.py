"""A Spark message's details as lines to read: its way, content, signature, attempts, headers and body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.details.texts import duration, moment, short, state
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.columns import Cell
from console.widgets.document import Block, Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from console.doing.messages import MessagePage
    from models.queries.message_content import ItemLine


def document(page: MessagePage) -> Document:
    """A message's way, other side, attributes, items, troubles, attempts, signature, headers and body."""
    detail, row = page.detail, page.detail.row
    parts: list[Part] = [Title(f"{row.object_name} {row.event}".strip() or "Message", state(row.state)), *_facts(page)]
    parts.append(Section("On the other side"))
    if detail.twin is not None:
        twin = detail.twin
        words, tone = SIGNS.words(twin.state)
        target = Goto("messages", twin.key, twin.vault_id, within=twin.queue_id)
        parts += [Fact(f"In {twin.vault}", twin.queue, target=target), Fact("State there", words, tone)]
    else:
        parts.append(Note("It has not arrived, or has left again."))
    parts.append(Section("Attributes"))
    parts += [Fact(name, str(value)) for name, value in detail.attributes.items()] or [Note("None.")]
    parts += _items(page)
    parts += _troubles(page)
    parts += _attempts(page)
    parts += _signature(page)
    if detail.headers:
        parts.append(Section("Signed headers"))
        parts += [Fact(name, value) for name, value in detail.headers.items()]
    if detail.body:
        parts += [Section("Body as sent", "b saves it"), Block(_indented(detail.body))]
    return parts


def _facts(page: MessagePage) -> list[Part]:
    detail, row = page.detail, page.detail.row
    direction, _ = SIGNS.words(detail.queue_type)
    facts: list[Part] = [
        Fact("Message ID", row.message_id),
        Fact("Direction", direction),
        Fact("Queue", detail.queue, target=Goto("queues", detail.queue_id)),
        Fact("Connection", detail.connection, target=Goto("connections", detail.connection_id)),
        Fact("Integration point", row.integration_point),
        Fact("Entered", moment(row.entered_at)),
        Fact("Left", moment(row.left_at)),
        Fact("Tries", str(row.attempts)),
    ]
    if row.state == "queued" and row.next_attempt_at is not None:
        facts.append(Fact("Next try", moment(row.next_attempt_at)))
    if row.last_error:
        facts.append(Fact("Last error", row.last_error, "bad"))
    for label, run in (("Put here by run", detail.put_by), ("Taken by run", detail.taken_by)):
        if run is not None:
            facts.append(Fact(label, str(run), target=Goto("jobs", run)))
    if detail.claimed_by is not None and row.state == "queued":
        facts.append(Fact("Being worked on by run", str(detail.claimed_by), target=Goto("jobs", detail.claimed_by)))
    return facts


def _items(page: MessagePage) -> list[Part]:
    detail, shown = page.detail, page.content.items
    many = f"{len(detail.items)} record id{'' if len(detail.items) == 1 else 's'}"
    parts: list[Part] = [Section("Items", f"{many}; Enter goes to the record, t traces it")]
    lines = tuple(Line(_item_cells(item), Goto("records", item.record_id, detail.items_vault_id)) for item in shown)
    parts.append(Grid((Head("Item"), Head("Name", flex=True), Head("")), lines, "It names no record."))
    if len(shown) < len(detail.items):
        parts.append(Note(f"and {len(detail.items) - len(shown)} more"))
    return parts


def _item_cells(item: ItemLine) -> tuple[Cell, ...]:
    if item.open_exception is not None:
        return item.item, item.name, ("! not applied", "bad")
    return item.item, item.name, ("deleted" if item.deleted else "", "muted")


def _troubles(page: MessagePage) -> list[Part]:
    if not page.content.troubles:
        return []
    lines = tuple(
        Line(
            (
                ("open", "bad") if line.open else ("over", "muted"),
                line.item or "the message",
                line.error_message,
            ),
            Goto("exceptions", line.key, line.vault_id),
        )
        for line in page.content.troubles
    )
    heads = (Head("Status"), Head("About"), Head("Error", flex=True))
    return [Section("User exceptions", "Enter goes to it"), Grid(heads, lines)]


def _attempts(page: MessagePage) -> list[Part]:
    if not page.attempts:
        return []
    tries = tuple(
        Line(
            (
                str(line.number),
                short(line.at),
                (line.kind.capitalize(), "ok" if line.kind == "ok" else "bad"),
                duration(line.duration_ms),
                f"{line.status or ''} {line.answer}".strip(),
            )
        )
        for line in page.attempts
    )
    heads = (Head("Try", "right"), Head("At"), Head("Result"), Head("Took", "right"), Head("Answer", flex=True))
    return [Section("Attempts"), Grid(heads, tries)]


def _signature(page: MessagePage) -> list[Part]:
    verdict = page.verdict
    parts: list[Part] = [Section("Signature")]
    if verdict is None:
        return [*parts, Note("It carries no signature here: it has not been signed yet.")]
    words = SIGNS.pick("✓ Valid", "+ Valid") if verdict.valid else SIGNS.pick("✕ Not valid", "x Not valid")
    parts.append(Fact("Signature", words, "ok" if verdict.valid else "bad"))
    parts.append(Fact("Reason", verdict.reason))
    if verdict.certificate_id:
        target = None if page.certificate_key is None else Goto("certificates", page.certificate_key)
        parts.append(Fact("Certificate", verdict.certificate_id, target=target))
    return parts


def _indented(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
