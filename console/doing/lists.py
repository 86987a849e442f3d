"""Saving a list as it is filtered and sorted: all its rows, page after page, as CSV or JSON.

A row is saved with all its values, also those for which the screen has no column. Rows are read as the list itself
reads them, each page from the last row of the one before; what changes meanwhile is saved as it is when it is read. A
sorted list is read by one statement, as it is when saving begins.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import IO, Any

from console.csv_text import write_csv
from console.doing.asking import NeedsYes
from console.doing.files import reason
from console.widgets.window_pages import PAGE
from console.widgets.window_source import Place, StoreSource, WindowSource
from models.errors import InvalidInput

FORMATS = (("csv", "CSV with a heading"), ("json", "JSON, a list of objects"))
AT_ONCE = 10
"""Pages that are read in one transaction."""
NOTHING_SAVED = "Cancelled: nothing was saved."


def check_path(values: Mapping[str, str], *, replace: bool) -> Path:
    """Where to save. Raises InvalidInput for a path that cannot be, NeedsYes where a file is already."""
    typed = values.get("path", "").strip()
    if not typed:
        raise InvalidInput({"path": "Say where to save the file."})
    path = Path(typed).expanduser()
    if path.is_dir() or not path.parent.is_dir():
        raise InvalidInput({"path": "This is a folder." if path.is_dir() else f"There is no folder {path.parent}."})
    if path.exists() and not replace:
        raise NeedsYes("Replace the file?", f"There is a file {path} already.", "Replace it")
    return path


def save_list(
    source: WindowSource, path: Path, kind: str, tell: Callable[[str, float], None], cancelled: Callable[[], bool]
) -> str:
    """Write all rows of a list to a file; the file is there whole or not at all. Raises InvalidInput."""
    draft = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            written = (write_csv if kind == "csv" else _write_json)(file, _rows(source, tell, cancelled))
        if cancelled():
            draft.unlink()
            return NOTHING_SAVED
        draft.replace(path)
    except (OSError, ValueError) as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput({"path": reason(error)}) from error
    return f"Saved {written:,} {'row' if written == 1 else 'rows'} to {path}."


def _rows(
    source: WindowSource, tell: Callable[[str, float], None], cancelled: Callable[[], bool]
) -> Iterator[Mapping[str, Any]]:
    """The rows of a list, each with its values by name; none any more once it is cancelled."""
    total = source.look(Place(1)).total
    in_order = source.in_sorted_order() if isinstance(source, StoreSource) else None
    if in_order is not None:
        for read, row in enumerate(in_order, 1):
            if cancelled():
                return
            yield values_of(row)
            if read % (PAGE * AT_ONCE) == 0:
                tell(f"{read:,} of {total:,} rows", min(1.0, read / max(1, total)))
        return
    last: Any = None
    read = 0
    numbers = range((total + PAGE - 1) // PAGE)
    for start in numbers[::AT_ONCE]:
        some = list(numbers[start : start + AT_ONCE])
        known = {} if last is None else {start: (start * PAGE - 1, last.key)}
        pages = source.pages(some, total, known)
        for number in some:
            for row in pages.get(number, ()):
                if cancelled():
                    return
                yield values_of(row)
                last = row
                read += 1
        tell(f"{read:,} of {total:,} rows", read / max(1, total))


def values_of(row: Any) -> dict[str, Any]:
    """The values of a row by name, as JSON knows them; its key is its id."""
    found = getattr(row, "values", None)
    if isinstance(found, Mapping):
        return {str(name): _plain(value) for name, value in found.items()}
    names = [field.name for field in dataclasses.fields(row)] if dataclasses.is_dataclass(row) else row._fields
    return {"id" if name == "key" else name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return values_of(value)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return value


def _write_json(file: IO[str], rows: Iterator[Mapping[str, Any]]) -> int:
    written = 0
    file.write("[")
    for row in rows:
        file.write(",\n" if written else "\n")
        file.write(json.dumps(row, ensure_ascii=False, default=str))
        written += 1
    file.write("\n]\n")
    return written
