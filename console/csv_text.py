"""Rows as CSV, however they are asked for: a list that is saved in the console, or one that the command line prints."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from typing import IO, Any


def write_csv(file: IO[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """CSV as RFC 4180 has it, with a heading: lists and objects as JSON in their cell, nothing for none.

    Answers how many rows were written. The heading is that of the first row; without rows there is none.
    """
    writer = csv.writer(file, lineterminator="\r\n")
    written = 0
    for row in rows:
        if not written:
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
        written += 1
    return written


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
