"""What a dry run found, as lines to read: counts, obstacles, and record by record what would happen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.document import Document, Fact, Note, Part, Section, Title
from console.words import change_of

if TYPE_CHECKING:
    from scheduler.rehearsal import Planned, Rehearsal

_ORDER = ("failed", "created", "updated", "deleted", "skipped")
_SECTIONS = {
    "failed": "Would fail",
    "created": "Would be created",
    "updated": "Would be updated",
    "deleted": "Would be deleted",
    "skipped": "Would be skipped",
}
_TONES: dict[str, Tone] = {"failed": "bad", "skipped": "warn"}
SHOWN = 200
"""Records of one kind that are listed."""


def document(title: str, rehearsal: Rehearsal) -> Document:
    """The counts first, then what stands in the way, then the records by what would become of them."""
    parts: list[Part] = [
        Title(title, ("nothing was changed", "muted")),
        Fact("Items found", f"{rehearsal.found:,}"),
        Fact("Created", f"{rehearsal.created:,}"),
        Fact("Updated", f"{rehearsal.updated:,}"),
        Fact("Unchanged", f"{rehearsal.unchanged:,}"),
        Fact("Deleted", f"{rehearsal.deleted:,}"),
        Fact("Skipped", f"{rehearsal.skipped:,}", "warn" if rehearsal.skipped else ""),
        Fact("Failed", f"{rehearsal.failed:,}", "bad" if rehearsal.failed else ""),
    ]
    if not rehearsal.found:
        parts.append(Note("The next run would find nothing to move."))
    for obstacle in rehearsal.obstacles:
        items = f" ({obstacle.items:,} items)" if obstacle.items else ""
        parts += [Section("Stands in the way"), Note(f"{obstacle.sentence}{items}", "bad"), Note(obstacle.remedy)]
    for effect in _ORDER:
        found = [planned for planned in rehearsal.planned if planned.effect.value == effect]
        if found:
            parts += [Section(_SECTIONS[effect], f"{len(found):,}"), *_records(found[:SHOWN])]
        if len(found) > SHOWN:
            parts.append(Note(f"And {len(found) - SHOWN:,} more."))
    return parts


def _records(found: list[Planned]) -> Iterator[Part]:
    for planned in found:
        tone = _TONES.get(planned.effect.value, "")
        place = Goto("records", planned.record_id, planned.vault_id, planned.target_object)
        target = place if planned.record_id else None
        yield Fact(planned.name or planned.item_name, "\n".join(_lines(planned)), tone, target)


def _lines(planned: Planned) -> Iterator[str]:
    yield f"{planned.target_object} {planned.record_id}".rstrip() + f" from {planned.item_name} ({planned.item})"
    if planned.note:
        yield planned.note
    yield from (f"{name}: {problem}" for name, problem in planned.problems.items())
    if planned.effect.value == "updated":
        yield from (
            f"{name}: {change_of(before, after, plain=SIGNS.plain)}"
            for name, (before, after) in planned.changes.items()
        )
