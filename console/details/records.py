"""A record's details, as lines to read and fields to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details import documents
from console.details.texts import moment
from console.forms.integrations import POLICIES
from console.targets import EditField, Goto, Target
from console.theme import SIGNS, Tone
from console.widgets.document import Document, Fact, Note, Part, Section, Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.queries.fates import Fate
    from models.queries.records import FieldValue, RecordDetail


def deletion(fates: Sequence[Fate]) -> list[str]:
    """What becomes of the targets of a record that is to be deleted, a line for each."""
    if not fates:
        return ["No record of a connected Vault is linked with it."]
    lines = ["Its targets in other Vaults, by what their integrations say now:"]
    for fate in fates:
        what = POLICIES[fate.policy]
        if fate.policy == "mark":
            what += f": {fate.mark_field} = “{fate.mark_text}”"
        if fate.policy == "leave":
            what += ", and gets no more updates"
        who = f" ({fate.integration})" if fate.integration else " (no active integration tells that Vault)"
        lines.append(f"{SIGNS.pick('•', '-')} {fate.vault}: {fate.object_label} {fate.name} {what}{who}")
    return lines


def document(detail: RecordDetail) -> Document:
    """Link partners, open exception items, fields, system fields."""
    status = next((value.text for value in detail.system if value.name == "status__v"), "")
    state = SIGNS.words(status.lower())
    if detail.document is not None and (latest := next(iter(detail.document.versions), None)) is not None:
        # Of a document, people want to know the version and its lifecycle state.
        state = (f"{latest.version} {latest.state_label}", documents.tone_of(latest.state_type))
    parts: list[Part] = [Title(detail.name, state)]
    if detail.locked:
        parts.append(Note(f"Locked: {detail.locked}. Jobs go on writing it.", "warn"))
    for item in detail.open_items:
        words = f"! {item.vault} could not apply it ({item.attempts}×): {item.error_message}"
        parts.append(Note(words, "bad", Goto("exceptions", item.message_key, item.vault_id)))
    parts.append(Section("Link partner"))
    for partner in detail.partners:
        role = f"{SIGNS.pick('←', '<-')} source" if partner.role == "source" else f"{SIGNS.pick('→', '->')} target"
        target = Goto("records", partner.record_id, partner.vault_id, within=partner.object_name)
        label = f"{role} in {partner.vault}"
        parts.append(Fact(label, f"{partner.name}  ({partner.object_label} {partner.record_id})", target=target))
    if (gone := detail.deleted_source) is not None:
        arrow = SIGNS.pick("←", "<-")
        when = f"was deleted at {moment(gone.deleted_at)}: it tells of no more changes"
        parts.append(Note(f"{arrow} source in {gone.vault}: {gone.name} ({gone.record_id}) {when}.", "warn"))
    elif not detail.partners:
        parts.append(Note("None: no record of a connected Vault is linked with this one."))
    if detail.document is not None:
        parts += documents.parts(detail.document)
    parts.append(Section(detail.object_label, "Enter edits the field"))
    name = next(value for value in detail.system if value.name == "name__v")
    parts += [_field(value) for value in (name, *detail.fields)]
    parts.append(Section("System fields"))
    parts += [_field(value) for value in detail.system if value is not name]
    return parts


def _field(value: FieldValue) -> Fact:
    target: Target | None = EditField(value.name) if value.writable else None
    tone: Tone = "" if value.writable else "muted"
    text = value.text
    label = value.label + (" *" if value.required else "")
    # A field that can be edited is no link: it keeps the colour of a value.
    return Fact(label, text, tone or ("strong" if text else "muted"), target)
