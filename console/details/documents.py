"""What a document has beside a record's fields, as lines to read: CrossLink, versions, who is bound to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import short
from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.columns import Cell
from console.widgets.document import Fact, Grid, Head, Line, Note, Part, Section

if TYPE_CHECKING:
    from models.queries.documents import Binding, CrossLinkLine, DocumentFacts, VersionLine

_TONES: dict[str, Tone] = {"steady": "ok", "superseded": "muted", "obsolete": "muted"}
_CROSSLINKS = (Head("Vault", flex=True), Head("Version", "right"), Head("State", flex=True), Head("Bound to", "right"))


def tone_of(state_type: str) -> Tone:
    """How a lifecycle state of a type looks."""
    return _TONES.get(state_type, "")


def parts(document: DocumentFacts) -> list[Part]:
    """The sections of a document."""
    found: list[Part] = [Section("Versions"), Fact("Version", document.version, "strong")]
    found.append(Fact("State type", document.state_type or "none: between two of them"))
    if document.binding is not None:
        found += _bound(document.binding)
    is_bound = any(line.binding for line in document.versions)
    heads = [Head("Version", "right"), Head("State", flex=True), Head("Modified")]
    if is_bound:
        heads.insert(2, Head("Bound to", "right"))
    found.append(Grid(tuple(heads), tuple(_version(line, is_bound=is_bound) for line in document.versions)))
    if document.used_by:
        found.append(Section("CrossLinks bound to it"))
        found.append(Grid(_CROSSLINKS, tuple(_used_by(line) for line in document.used_by)))
    return found


def _bound(binding: Binding) -> list[Part]:
    arrow = SIGNS.pick("←", "<-")
    if not binding.source_name:
        text = f"{arrow} {binding.source_record_id} of {binding.source_vault} is no longer there."
        source: Part = Note(text, "warn")
    else:
        target = Goto("records", binding.source_record_id, binding.source_vault_id, within="documents")
        name = f"{arrow} {binding.source_name}  ({binding.source_record_id} in {binding.source_vault})"
        source = Fact("CrossLink of", name, target=target)
    return [source, Fact("Bound to", f"version {binding.source_version}"), Fact("Binding rule", binding.binding)]


def _version(line: VersionLine, *, is_bound: bool) -> Line:
    cells: list[Cell] = [
        (line.version, "strong" if line.latest else ""),
        (line.state_label, tone_of(line.state_type)),
        short(line.modified_at),
    ]
    if is_bound:
        cells.insert(2, line.binding.source_version if line.binding else "")
    return Line(tuple(cells))


def _used_by(line: CrossLinkLine) -> Line:
    target = Goto("records", line.record_id, line.vault_id, within="documents")
    return Line((line.vault, line.version, line.state_label, line.source_version), target)
