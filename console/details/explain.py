"""An explanation, as lines to read: step by step, and for each target field how it came to its value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.document import Document, Fact, Note, Part, Section, Title
from console.words import change_of, how_of
from models.versions import record_id_of

if TYPE_CHECKING:
    from scheduler.story import FieldStory, Step, Story, TargetStory

_EFFECTS: dict[str, tuple[str, Tone]] = {
    "created": ("is made", "ok"),
    "updated": ("is updated", "ok"),
    "unchanged": ("stays as it is", "muted"),
    "skipped": ("is skipped", "warn"),
    "failed": ("fails", "bad"),
}


def document(stories: Sequence[Story]) -> Document:
    """One part per way that the record takes."""
    if not stories:
        return [
            Title("Nothing to explain"),
            Note("No integration point watches its object, and it did not come from another Vault."),
        ]
    return [part for story in stories for part in _story(story)]


def _story(story: Story) -> Iterator[Part]:
    stopped = story.stopped
    yield Title(story.name or story.item, ("stopped", "bad") if stopped else ("goes through", "ok"))
    source = Goto("records", record_id_of(story.item), story.source_vault_id, story.source_object)
    yield Fact("Record", f"{story.source_object} {story.item}", target=source)
    yield Fact("Way", f"{story.connection}, {story.integration or 'no integration'}, point {story.point}")
    yield Fact("Into", story.target_vault)
    yield Section("Steps")
    for step in story.steps:
        yield _step(step)
        if step.verdict == "stops" and step.remedy:
            yield Fact("", step.remedy, "muted")
    for target in story.targets:
        yield from _target(story, target)


def _step(step: Step) -> Fact:
    sign, tone = {
        "ok": (SIGNS.pick("✓", "+"), "ok"),
        "stops": (SIGNS.pick("✗", "x"), "bad"),
        "waits": (SIGNS.pick("◔", "~"), "accent"),
        "note": (SIGNS.pick("·", "."), ""),
    }[step.verdict]
    text = "stops here: " if step.verdict == "stops" else ""
    return Fact(f"{sign} {step.name}", f"{text}{step.text}", tone)  # type: ignore[arg-type]


def _target(story: Story, target: TargetStory) -> Iterator[Part]:
    words, tone = _EFFECTS[target.effect.value]
    yield Section(f"{target.target_label} by {target.rule}", words)
    if target.record_id:
        found = f" (found by {target.matched_by})" if target.matched_by else ""
        place = Goto("records", target.record_id, story.target_vault_id, target.target_object)
        yield Fact("Target record", f"{target.record_id}{found}", tone, place)
    if target.note:
        yield Note(target.note, tone)
    for field in target.fields:
        yield _field(field)


def _field(field: FieldStory) -> Fact:
    lines = [change_of(field.before, field.after, plain=SIGNS.plain)]
    if field.problem:
        lines.append(f"{SIGNS.pick('✗', 'x')} {field.problem}")
    lines.append(how_of(field, plain=SIGNS.plain))
    changed: Tone = "" if field.before == field.after else "strong"
    return Fact(field.label, "\n".join(lines), "bad" if field.problem else changed)
