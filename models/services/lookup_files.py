"""CSV mapping files of reference lookups (seed S3): loading with a report for each row, and exporting.

A mapping file has a heading with a source key and a target key column, in any order and beside any others. Assumed:
the columns are called `source_key` and `target_key`; capitals, blanks and underscores in them do not matter.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from models.audit import audit
from models.errors import InvalidInput
from models.permissions import Actor, Permission
from models.services.lookups import (
    OBJECT_NAME,
    Pair,
    audit_pairs,
    key_problem,
    keys_without_record,
    lookup_in_vault,
    target_keys,
    tell_changed,
    write_pairs,
)
from models.store import WriteSession
from models.tables import ReferenceLookup

SOURCE_COLUMN = "source_key"
TARGET_COLUMN = "target_key"
LARGEST_FILE = 8_000_000
"""Bytes of a mapping file at most."""
MOST_ROWS = 50_000
"""Rows of a mapping file at most."""
_DELIMITERS = ",;\t|"
_NO_SIGN = re.compile(r"[^a-z]")
_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "a spreadsheet or an archive, not CSV"}
_SAVE = "Save it as CSV UTF-8 and load it again."


class LoadMode(StrEnum):
    """What becomes of the pairs that a lookup has already."""

    ADD = "add"
    """Pairs of the file are added, or changed where their source key is known; all others stay."""
    REPLACE = "replace"
    """Pairs whose source key is not in the file are removed besides."""


class RowAction(StrEnum):
    """What became of a row of a mapping file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LoadLine:
    """A row of a mapping file. `line` counts from 1, heading included; `reason` says why it was refused."""

    line: int
    action: RowAction
    source_key: str
    target_key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a mapping file did, or would do: `loaded` is False for a check, and when all or nothing came to nothing.

    `removed` are the source keys that a replacement takes away; `ignored` are columns that no lookup has.
    """

    lookup: str
    mode: LoadMode
    loaded: bool
    lines: tuple[LoadLine, ...]
    removed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows met which action, and how many pairs were removed."""
        found = Counter(line.action for line in self.lines)
        return {action.value: found[action] for action in RowAction} | {"removed": len(self.removed)}


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    source_key: str
    target_key: str
    problem: str = ""


def load_keys(
    write: WriteSession,
    actor: Actor,
    lookup_id: int,
    data: bytes,
    *,
    mode: LoadMode = LoadMode.ADD,
    all_or_nothing: bool = False,
    check: bool = False,
) -> LoadReport:
    """Load a mapping file into a lookup; answers what became of each row.

    A row that cannot be loaded is refused and the others are loaded, unless it is to be `all_or_nothing`: then nothing
    is. With `check` nothing is written in any case. A source key that comes twice counts once, where it is first.
    Raises NotAllowed, NotFound, and InvalidInput for a file that cannot be read as a mapping file, with its line.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    lookup = lookup_in_vault(write, lookup_id, actor.vault_id)
    rows, ignored = _read(data)
    held = target_keys(write, lookup_id)
    lines = _hinted(write, actor.vault_id, lookup, _judge(rows, held))
    named = {row.source_key for row in rows}
    removed = tuple(source for source in held if source not in named) if mode is LoadMode.REPLACE else ()
    pairs = {action: [line for line in lines if line.action is action] for action in RowAction}
    loaded = not check and not (all_or_nothing and pairs[RowAction.REFUSED])
    report = LoadReport(lookup.api_name, mode, loaded, lines, removed, ignored)
    added, changed = pairs[RowAction.ADDED], pairs[RowAction.CHANGED]
    if not loaded or not (added or changed or removed):
        return report
    write_pairs(write, lookup_id, added=_pairs(added), changed=_pairs(changed), removed=removed)
    counted = {name: (None, number) for name, number in report.counts.items() if number}
    audit(write, actor, action="Load", object_name=OBJECT_NAME, item=lookup.name, changes={"mode": (None, mode)})
    audit(write, actor, action="Load", object_name=OBJECT_NAME, item=lookup.name, changes=counted)
    audit_pairs(write, actor, lookup, {line.source_key: (None, line.target_key) for line in added}, action="Create")
    after = {line.source_key: (held[line.source_key], line.target_key) for line in changed}
    audit_pairs(write, actor, lookup, after, action="Edit")
    audit_pairs(write, actor, lookup, {source: (held[source], None) for source in removed}, action="Delete")
    tell_changed(write, actor)
    return report


def export_keys(pairs: Mapping[str, str]) -> bytes:
    """A mapping file of these pairs, source to target key; loading it again changes nothing."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((SOURCE_COLUMN, TARGET_COLUMN))
    writer.writerows(pairs.items())
    return text.getvalue().encode()


def _pairs(lines: Sequence[LoadLine]) -> list[Pair]:
    return [Pair(line.source_key, line.target_key) for line in lines]


def _judge(rows: Sequence[_Row], held: Mapping[str, str]) -> tuple[LoadLine, ...]:
    seen: dict[str, _Row] = {}
    lines: list[LoadLine] = []
    for row in rows:
        first = seen.get(row.source_key)
        action, reason = RowAction.REFUSED, row.problem
        if not reason and first is not None:
            if first.target_key == row.target_key:
                action, reason = RowAction.UNCHANGED, f"The same as line {first.line}."
            else:
                reason = f"Line {first.line} maps this source key already, to {first.target_key!r}."
        elif not reason:
            seen[row.source_key] = row
            before = held.get(row.source_key)
            action = RowAction.ADDED if before is None else RowAction.CHANGED
            action = RowAction.UNCHANGED if before == row.target_key else action
            reason = f"It was {before!r}." if action is RowAction.CHANGED else ""
        lines.append(LoadLine(row.line, action, row.source_key, row.target_key, reason))
    return tuple(lines)


def _hinted(
    write: WriteSession, vault_id: int, lookup: ReferenceLookup, lines: tuple[LoadLine, ...]
) -> tuple[LoadLine, ...]:
    """Say of new target keys of an Object lookup that no record has them: they are loaded, for it may come later."""
    fresh = (RowAction.ADDED, RowAction.CHANGED)
    dead = keys_without_record(write, vault_id, lookup, {line.target_key for line in lines if line.action in fresh})
    if not dead:
        return lines
    hint = f"No {lookup.target_object} record has this {lookup.target_key_field} yet."
    marked = [line for line in lines if line.action in fresh and line.target_key in dead]
    hinted = {line.line: replace(line, reason=f"{line.reason} {hint}".strip()) for line in marked}
    return tuple(hinted.get(line.line, line) for line in lines)


def _read(data: bytes) -> tuple[list[_Row], tuple[str, ...]]:
    """The rows of a mapping file, and the columns in it that are not wanted. Raises InvalidInput with the line."""
    text = _text(data)
    records = _records(text)
    if not records:
        raise InvalidInput({"file": "The file is empty."}, f"Its heading is {SOURCE_COLUMN},{TARGET_COLUMN}.")
    line, heading = records[0]
    names = [_NO_SIGN.sub("", name.casefold()) for name in heading]
    places = [_place(line, names, column) for column in (SOURCE_COLUMN, TARGET_COLUMN)]
    rows = [_row(line, cells, places, len(heading)) for line, cells in records[1:]]
    if not rows:
        raise InvalidInput({"file": "The file has a heading and no rows: there is nothing to load."})
    if len(rows) > MOST_ROWS:
        raise InvalidInput({"file": f"{len(rows):,} rows are too many: at most {MOST_ROWS:,} are loaded at once."})
    ignored = tuple(name.strip() for place, name in enumerate(heading) if place not in places and name.strip())
    return rows, ignored


def _text(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise InvalidInput({"file": f"The file is too large: at most {LARGEST_FILE // 1_000_000} MB are loaded."})
    for mark, encoding in _ENCODINGS.items():
        if data.startswith(mark):
            raise InvalidInput({"file": f"Line 1: the file is {encoding}."}, _SAVE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput({"file": f"Line {line}: this is not UTF-8 text."}, _SAVE) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput({"file": f"Line {line}: the file holds a NUL sign: it is no text."}, _SAVE)
    return text


def _records(text: str) -> list[tuple[int, list[str]]]:
    """The records that are not blank, each with the line it begins at."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    found: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for cells in reader:
            # Spreadsheets may write a line that names the separator, before the heading.
            names_separator = not found and before == 0 and text.startswith("sep=")
            if any(cell.strip() for cell in cells) and not names_separator:
                found.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        problem = "a quote is opened and never closed" if "unexpected end" in str(error) else str(error)
        raise InvalidInput({"file": f"Line {before + 1}: this is not CSV: {problem}."}) from error
    return found


def _delimiter(text: str) -> str:
    """The sign between the two columns of the heading: the one that it holds most often, or else a comma."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    if heading.startswith("sep=") and heading[4:5] in _DELIMITERS:
        return heading[4]
    return max(_DELIMITERS, key=lambda sign: (heading.count(sign), -_DELIMITERS.index(sign)))


def _place(line: int, names: Sequence[str], column: str) -> int:
    wanted = _NO_SIGN.sub("", column)
    places = [place for place, name in enumerate(names) if name.removesuffix("c") == wanted or name == wanted]
    if len(places) == 1:
        return places[0]
    problem = f"has no column {column}" if not places else f"has {len(places)} columns {column}"
    raise InvalidInput(
        {"file": f"Line {line}: the heading {problem}."}, f"A mapping file begins with {SOURCE_COLUMN},{TARGET_COLUMN}."
    )


def _row(line: int, cells: Sequence[str], places: Sequence[int], columns: int) -> _Row:
    values = [cells[place] if place < len(cells) else "" for place in places]
    problem = ""
    if len(cells) > columns:
        problem = f"It has {len(cells)} cells, and the heading {columns}. Quote a cell that holds the separator."
    elif len(cells) <= max(places):
        problem = "A cell is missing."
    else:
        for column, value in zip((SOURCE_COLUMN, TARGET_COLUMN), values, strict=True):
            if wrong := key_problem(value):
                problem = f"{column}: {wrong}"
                break
    return _Row(line, values[0], values[1], problem)
