"""Queries of a person: answered page by page, written as CSV, and remembered for the next time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.doing.files import save_file
from console.widgets.window_pages import PAGE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from console.session import Who
    from console.widgets.window_source import Place
    from models.permissions import Actor
    from models.queries.window import View
    from models.store import Store
    from models.vql import Answer, VqlError

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


def objects(session: Session, vault_id: int) -> tuple[tuple[str, str], ...]:
    """The objects of a Vault that a query may be about: name and label."""
    from models.queries.rule_choices import object_options

    return object_options(session, vault_id)


def query_of_all_fields(session: Session, vault_id: int, object_name: str) -> str:
    """A query of all fields of an object, to begin from. Raises NotFound."""
    from models.data_model import load_object
    from models.vql.schema import attributes_of

    model = load_object(session, vault_id, object_name)
    fields = ", ".join(attributes_of(model))
    return f"SELECT {fields} FROM {object_name}"  # noqa: S608 - VQL, whose answer holds what its reader may see


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


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A row of an answer in a list; its key is its place."""

    key: int
    values: Mapping[str, Any]


class QuerySource:
    """The rows of a query for a list: each page of the list is one question, so that a million rows are no trouble.

    A query that names a page size is shown as the one page it asks for.
    """

    def __init__(self, store: Store, who: Who, text: str) -> None:
        self._store = store
        self._who = who
        self._text = text
        self.first: Answer | None = None

    def begin(self) -> Answer | VqlError:
        """Ask for the first rows; a query that cannot be answered is answered by the reason."""
        from models.vql import VqlError

        try:
            self.first = self._ask(0)
        except VqlError as error:
            return error
        return self.first

    def _ask(self, number: int) -> Answer:
        from models.permissions import actor_for
        from models.queries.lab import ask
        from models.vql import VqlError, parse, run_query
        from models.vql.run import PAGE as LARGEST

        def read(session: Session) -> Answer:
            actor = actor_for(session, self._who.vault_id, self._who.username, read_only=self._who.read_only)
            query = parse(self._text)
            rows = PAGE
            if query.pagesize is not None:
                rows = max(0, min(rows, min(query.pagesize, LARGEST) - number * PAGE))
            offset = (query.pageoffset or 0) + number * PAGE
            try:
                asked = replace(query, pagesize=rows, pageoffset=offset)
                return run_query(session, actor, asked, now=self._store.clock.now())
            except VqlError as error:
                raise error.place(self._text) from None

        return ask(self._store, read)

    def total(self, answer: Answer) -> int:
        """How many rows the list has."""
        from models.vql import parse
        from models.vql.run import PAGE as LARGEST

        query = parse(self._text)
        rest = max(0, answer.details.total - (query.pageoffset or 0))
        return rest if query.pagesize is None else min(rest, query.pagesize, LARGEST)

    def look(self, place: Place, early: object = None) -> View[AnswerRow]:
        """What the list shows now."""
        del early  # a query says how many rows it has
        from models.queries.window import View

        answer, self.first = self.first or self._ask(0), None
        total = self.total(answer)
        cursor = max(0, min(place.cursor, total - 1))
        top = max(0, min(place.top, total - place.height))
        numbers = {row // PAGE for row in (top, top + place.height - 1, cursor) if row // PAGE * PAGE < total}
        known = {0: _rows(answer, 0)}
        pages = {number: known.get(number) or self._page(number) for number in sorted(numbers)}
        return View(total, top, cursor, found=True, pages=pages)

    def pages(self, numbers: list[int], total: int, known: Mapping[int, object]) -> dict[int, list[AnswerRow]]:  # noqa: ARG002 - as every source is asked
        """Pages of rows by number."""
        return {number: self._page(number) for number in numbers}

    def _page(self, number: int) -> list[AnswerRow]:
        return _rows(self._ask(number), number)


def _rows(answer: Answer, number: int) -> list[AnswerRow]:
    return [AnswerRow(number * PAGE + place, row) for place, row in enumerate(answer.data)]


def export(store: Store, who: Who, values: Mapping[str, str], confirmed: bool, /, *, text: str) -> str:
    """Write all rows of a query as CSV."""
    from models.permissions import actor_for
    from models.queries.lab import ask

    def read(session: Session) -> tuple[bytes, int]:
        actor = actor_for(session, who.vault_id, who.username, read_only=who.read_only)
        return csv_of(session, actor, text, store.clock.now())

    data, rows = ask(store, read)
    saved = save_file(values.get("path", ""), data, replace=confirmed)
    return f"Saved {rows:,} rows to {saved}."
