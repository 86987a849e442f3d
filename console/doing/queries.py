"""Queries of a person: answered page by page, written as CSV, and remembered for the next time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from models.permissions import Actor
    from models.vql import Answer

HISTORY = 100
"""Queries that are remembered."""
EXPORT_PAGE = 10_000
"""Rows that are read at once when all pages are written."""


def flat(value: Any) -> str:
    """A value of an answer in one cell: a list's values with semicolons, related records as JSON, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(map(flat, value))
    if isinstance(value, dict):
        return json.dumps(value["data"], ensure_ascii=False, separators=(",", ":"))
    return str(value)


def every_page(session: Session, reader: Actor, text: str, now: datetime) -> Iterator[Answer]:
    """The answers to a query, page after page; only the one that it asks for itself where it names a page."""
    from models.vql import VqlError, parse, run_query

    query = parse(text)
    named = (query.pagesize, query.pageoffset) != (None, None)
    offset = query.pageoffset or 0
    try:
        while True:
            asked = query if named else replace(query, pageoffset=offset)
            answer = run_query(session, reader, asked, now=now, page=EXPORT_PAGE)
            yield answer
            offset += answer.details.size
            if named or not answer.details.size or offset >= answer.details.total:
                return
    except VqlError as error:
        raise error.place(text) from None


def csv_of(session: Session, reader: Actor, text: str, now: datetime) -> tuple[bytes, int]:
    """All rows of a query as CSV in UTF-8 with a heading, and how many they are. Raises VqlError."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    rows = 0
    for number, answer in enumerate(every_page(session, reader, text, now)):
        keys = [field.name for field in answer.fields]
        if not number:
            writer.writerow(keys)
        writer.writerows([flat(row[key]) for key in keys] for row in answer.data)
        rows += len(answer.data)
    return written.getvalue().encode(), rows


def history_path(folder: Path | None = None) -> Path:
    """The file that remembers queries, in the user's state folder."""
    if folder is None:
        from platformdirs import user_state_path

        folder = user_state_path("vault-console", appauthor=False)
    return folder / "queries.json"


def history(folder: Path | None = None) -> tuple[str, ...]:
    """The queries that were asked before, the last one first; none when the file cannot be read."""
    try:
        found = json.loads(history_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(text for text in found if isinstance(text, str))[:HISTORY] if isinstance(found, list) else ()


def remember(text: str, folder: Path | None = None) -> Sequence[str]:
    """Put a query first in the history, and answer it; a history that cannot be written is not kept."""
    text = text.strip()
    known = [text, *(each for each in history(folder) if each != text)][:HISTORY]
    path = history_path(folder)
    draft = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(path)
    except (OSError, ValueError):
        draft.unlink(missing_ok=True)
    return known
