"""An audited change, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import moment
from console.widgets.document import Block, Document, Fact, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.audit import AuditLine


def document(line: AuditLine) -> Document:
    """Who, when, what, on whose behalf, and the value before and after."""
    parts: list[Part] = [
        Title(line.item, line.action),
        Fact("Timestamp", moment(line.at)),
        Fact("User", line.user),
        Fact("On behalf of", line.on_behalf_of),
        Fact("Action", line.action),
        Fact("Object", line.object_name),
        Fact("Item", line.item),
        Fact("Record ID", line.record_id),
    ]
    if line.workflow:
        parts += [Fact("Workflow", line.workflow), Fact("Task", line.task), Fact("Verdict", line.verdict.capitalize())]
    if line.field_name:
        parts += [
            Fact("Field", line.field_name),
            Section("Old value"),
            Block(line.old_value or "(empty)"),
            Section("New value"),
            Block(line.new_value or "(empty)"),
        ]
    return parts
