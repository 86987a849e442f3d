"""Reference lookups, their keys and their missing keys, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import active, moment, short
from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.columns import Cell, number
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.lookups import KeyDetail, LookupDetail, MissRow
    from models.services.lookup_files import LoadLine, LoadReport

SHOWN_ROWS = 200
"""How many rows of each kind a report of a mapping file shows."""


def missing(count: int) -> Cell:
    """A count of missing keys: a sign beside it, unless it is zero."""
    tone: Tone = "warn"
    return (f"!{count:,}", tone) if count else number(0)


def document(detail: LookupDetail) -> Document:
    """A lookup: what it is, who uses it, which keys are missing and which were never used."""
    row = detail.row
    parts: list[Part] = [
        Title(row.name, row.type.capitalize()),
        Section("Details"),
        Fact("API Name", row.api_name),
        Fact("Connection", detail.connection, target=Goto("connections", detail.connection_id)),
    ]
    if row.target_object:
        parts.append(Fact("Target Object", f"{detail.target_label} ({row.target_object})"))
        parts.append(Fact("Target Key Field", row.target_key_field or ""))
    parts += [
        Fact("Keys", f"{row.keys:,}"),
        Fact("Never used", f"{row.unused:,}"),
        Fact("Missing keys", f"{row.missing:,}", "warn" if row.missing else ""),
    ]
    rules = tuple(
        Line((use.rule, use.target, active(use.active)), Goto("integrations", use.integration_id))
        for use in detail.rules
    )
    heads = (Head("Integration rule", flex=True), Head("Target", flex=True), Head("Status"))
    parts += [Section("Field rules"), Grid(heads, rules, "No field rule uses it, so it has no effect.")]
    parts.append(Section("Missing keys found in data", "m lists them" if row.missing else ""))
    misses = tuple(Line((line.key, number(line.misses), short(line.last_missed_at))) for line in detail.missing)
    heads = (Head("Source key", flex=True), Head("In vain", "right"), Head("Last"))
    parts.append(Grid(heads, misses, "None: it held every value that it was asked for."))
    if row.missing > len(misses):
        parts.append(Note(f"{row.missing - len(misses):,} more."))
    parts.append(Section("Keys never used"))
    parts += [Note(source, "") for source in detail.unused]
    if not detail.unused:
        parts.append(Note("None." if row.keys else "It has no keys."))
    if row.unused > len(detail.unused):
        parts.append(Note(f"{row.unused - len(detail.unused):,} more."))
    return parts


def key_document(detail: KeyDetail) -> Document:
    """A pair: what it says, how often it was used, and the record that it leads to."""
    row, lookup = detail.row, detail.lookup
    parts: list[Part] = [
        Title(row.key),
        Section("Key"),
        Fact("Source Key", row.key),
        Fact("Target Key", row.target_key),
        Fact("Uses", f"{row.uses:,}" if row.uses else "never"),
        Fact("Last used", moment(row.last_used_at)),
    ]
    if lookup.target_object is not None:
        parts.append(Section("Target record"))
        if detail.record is None:
            words = f"No {lookup.target_object} record has {row.target_key} as its {lookup.target_key_field}."
            parts.append(Note(f"! {words}", "warn"))
        else:
            record = detail.record
            target = Goto("records", record.record_id, within=record.object_name)
            parts.append(Fact(record.name, record.record_id, target=target))
    return parts


def miss_document(row: MissRow) -> Document:
    """A source value that the lookup does not hold."""
    return [
        Title(row.key, ("missing", "warn")),
        Section("Missing key found in data"),
        Fact("Source value", row.key),
        Fact("Misses", f"{row.misses:,}"),
        Fact("Last", moment(row.last_missed_at)),
        Note("A record with this value fails, or gets the default of its field rule. Enter adds the key."),
    ]


def report_document(report: LoadReport) -> Document:
    """What a mapping file does, row by row: first what is refused, then what changes, then what is new."""
    by_action: dict[str, list[LoadLine]] = {}
    for line in report.lines:
        by_action.setdefault(line.action.value, []).append(line)
    parts: list[Part] = []
    if report.ignored:
        parts.append(Note(f"Columns that no lookup has are left out: {', '.join(report.ignored)}.", "warn"))
    parts += _rows("refused", by_action.get("refused", []), "bad")
    for action in ("changed", "added"):
        parts += _rows(action, by_action.get(action, []), "")
    if report.removed:
        parts.append(Section("Removed", f"{len(report.removed):,}, not in the file"))
        parts += [Note(source, "warn") for source in report.removed[:SHOWN_ROWS]]
        if len(report.removed) > SHOWN_ROWS:
            parts.append(Note(f"{len(report.removed) - SHOWN_ROWS:,} more."))
    # A row that is unchanged with a reason is one that comes twice.
    twice = [line for line in by_action.get("unchanged", []) if line.reason]
    parts += _rows("unchanged", twice, "")
    same = len(by_action.get("unchanged", [])) - len(twice)
    if same:
        parts += [Section("Unchanged"), Note(f"{same:,} {'row' if same == 1 else 'rows'} that the lookup holds so.")]
    return parts


def _rows(action: str, lines: list[LoadLine], tone: Tone) -> list[Part]:
    if not lines:
        return []
    parts: list[Part] = [Section(action.capitalize(), f"{len(lines):,}")]
    arrow = SIGNS.pick("→", "->")
    for line in lines[:SHOWN_ROWS]:
        reason = f"\n{line.reason}" if line.reason else ""
        parts.append(Fact(f"Line {line.line}", f"{line.source_key} {arrow} {line.target_key}{reason}", tone))
    if len(lines) > SHOWN_ROWS:
        parts.append(Note(f"{len(lines) - SHOWN_ROWS:,} more."))
    return parts
