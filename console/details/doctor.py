"""What the doctor found about a connection, as lines to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.targets import Goto
from console.widgets.columns import Cell
from console.widgets.document import Document, Fact, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.doctor import Finding


def document(name: str, findings: Sequence[Finding]) -> Document:
    """What stops the connection first, then what may; Enter on a finding's place goes there."""
    stopping = sum(finding.stops for finding in findings)
    if not findings:
        return [Title(name, ("healthy", "ok")), Note("Nothing is wrong on either side.", "ok")]
    state: Cell = ("stopped", "bad") if stopping else ("may stop", "warn")
    warned = len(findings) - stopping
    parts: list[Part] = [Title(name, state), Note(f"{stopping} stopping, {warned} warning.")]
    for finding in findings:
        target = None
        if finding.place is not None:
            target = Goto(finding.place.area, finding.place.key, finding.place.vault_id, finding.place.within)
        parts += [
            Section(finding.kind.value, "stops" if finding.stops else "warns"),
            Fact("Where", f"{finding.where}, {finding.vault}", "bad" if finding.stops else "warn", target),
            Fact("Cause", finding.cause),
            Fact("Remedy", finding.remedy),
            Fact("Command", finding.command, "muted"),
        ]
    return parts
