"""Answers: one JSON document for a program, or tables and facts for a person. Stored text is shown, never obeyed."""

import dataclasses
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, NamedTuple, TextIO, TypeVar

from console.cli.settings import Settings
from models.errors import InvalidInput

R = TypeVar("R")
# Characters that move the cursor, change the direction of text, show nothing, or cannot be written at all.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_NARROWEST = 8


class Column(NamedTuple, Generic[R]):
    """A column of a table: its title, what it shows of a row, and whether it is aligned to the right."""

    title: str
    get: Callable[[R], object]
    right: bool = False


def answer(
    settings: Settings,
    document: Mapping[str, object],
    text: Callable[[], str],
    *,
    rows: Sequence[Mapping[str, object]] | None = None,
) -> None:
    """Print a command's answer: the document with `--json`, a list's rows with `--csv`, else the text.

    `rows` are those of a list, where they do not stand in the document as such. Raises InvalidInput for `--csv` where
    the answer has none.
    """
    if settings.json:
        print_json(document)
    elif settings.csv:
        name = next((name for name in settings.lists if name in document), None)
        if rows is None and name is None:
            raise InvalidInput({"--csv": "This answer is no list."})
        print_csv(document[name] if rows is None and name is not None else rows, document.get("total"))
    else:
        say(text())


def tell(settings: Settings, document: Mapping[str, object], sentence: str) -> None:
    """Print what a command has done, in a sentence that may hold stored text."""
    answer(settings, document, lambda: printable(sentence))


def say(text: str) -> None:
    """Print text as it is; nothing for nothing."""
    if text:
        _write(text)


def print_json(document: Mapping[str, object]) -> None:
    """Print one JSON document."""
    plain = jsonable(document)
    text = json.dumps(plain, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(plain, indent=2)
    _write(text)


def print_csv(rows: object, total: object = None) -> None:
    """Print rows as CSV; says on standard error when there are more in all."""
    from console.csv_text import write_csv

    text = io.StringIO()
    number = write_csv(text, jsonable(rows))
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.getvalue().encode(encoding, "backslashreplace").decode(encoding))
    if isinstance(total, int) and total > number:
        print(f"{number:,} of {total:,} rows; --limit gives more.", file=sys.stderr)


def _write(text: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def jsonable(value: object) -> Any:
    """The value as JSON knows it: times as ISO 8601 in UTC, frozen rows as objects whose `key` is their `id`."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {"id" if name == "key" else name: jsonable(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [jsonable(item) for item in value]
    return value


def located(vault_id: int, vault: str, row: object) -> dict[str, Any]:
    """A row as JSON knows it, with the Vault it is in."""
    return {"vault_id": vault_id, "vault": vault, **jsonable(row)}


def printable(text: str) -> str:
    """Stored text on one line, with every character that a terminal would obey written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def shown(value: object) -> str:
    """A value as people read it in a table: yes and no, times in UTC to the second, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:g}"
    return printable(str(value))


def table(columns: Sequence[Column[R]], rows: Iterable[R], *, empty: str = "") -> str:
    """A table in text; on a terminal its widest columns are cut to the terminal's width. `empty` stands for no rows."""
    lines = [[shown(column.get(row)) for column in columns] for row in rows]
    if not lines:
        return empty
    heads = [column.title for column in columns]
    widths = [max(map(_cells, texts)) for texts in zip(heads, *lines, strict=True)]
    if sys.stdout.isatty():
        _squeeze(widths, shutil.get_terminal_size().columns - 2 * (len(widths) - 1))
    rights = [column.right for column in columns]
    head = bold(_line(heads, widths, rights), sys.stdout)
    return "\n".join([head, *(_line(texts, widths, rights) for texts in lines)])


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Labels and values, one pair on a line; pairs without a value are left out."""
    lines = [(label, shown(value)) for label, value in pairs]
    lines = [(label, text) for label, text in lines if text]
    width = max((len(label) for label, _text in lines), default=0)
    return "\n".join(f"{label:<{width}}  {text}" for label, text in lines)


def section(title: str, body: str) -> str:
    """A headed part of an answer; nothing when it has no body."""
    return f"\n{bold(printable(title), sys.stdout)}\n{body}" if body else ""


def lines(texts: Iterable[str]) -> str:
    """Stored texts, one on a line."""
    return "\n".join(map(printable, texts))


def parts(*texts: str) -> str:
    """Parts of an answer under each other, without the empty ones."""
    return "\n".join(text for text in texts if text)


def bold(text: str, stream: TextIO) -> str:
    """The text in bold where `stream` is a terminal that wants colours."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[1m{text}\x1b[0m"


def _squeeze(widths: list[int], room: int) -> None:
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _line(texts: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    cells = [_fit(text, width, right=right) for text, width, right in zip(texts, widths, rights, strict=True)]
    return "  ".join(cells).rstrip()


def _fit(text: str, width: int, *, right: bool) -> str:
    while _cells(text) > width:
        text = text[:-2] + "…"
    blank = " " * (width - _cells(text))
    return blank + text if right else text + blank


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
