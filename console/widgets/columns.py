"""Columns of a list: what each shows of a row, and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from console.theme import SIGNS, Tone
from console.widgets.paint import clean, fit

Cell = str | tuple[str, Tone]
"""Text of a cell, plain or in a tone. Text is data: it is cleaned when painted, never read as markup."""


Span = tuple[str, Tone]
"""A piece of a line."""


def span(cell: Cell) -> Span:
    """A cell as text and tone."""
    return (cell, "") if isinstance(cell, str) else cell


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `flex` shares out what width is left; columns of a higher `rank` go first when it is too narrow."""

    label: str
    cell: Callable[[Any], Cell]
    width: int
    align: Literal["left", "right"] = "left"
    flex: int = 0
    rank: int = 0
    sort: str = ""
    """Name under which the query sorts by this column; empty when it cannot."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column with its width in cells."""

    column: Column
    width: int


GAP = 2
"""Blank cells between columns."""


def place(columns: Sequence[Column], width: int) -> tuple[Placed, ...]:
    """Choose the columns that fit into `width` cells and share the rest among those that stretch."""
    shown = list(columns)
    while len(shown) > 1 and _needed(shown) > width:
        highest = max(column.rank for column in shown)
        if not highest:
            break
        shown.remove(next(column for column in reversed(shown) if column.rank == highest))
    spare = max(0, width - _needed(shown))
    shares = sum(column.flex for column in shown)
    placed = []
    for column in shown:
        extra = spare * column.flex // shares if shares else 0
        placed.append(Placed(column, column.width + extra))
    if shares and placed:
        rest = spare - sum(item.width - item.column.width for item in placed)
        place_of_rest = next(index for index, item in enumerate(placed) if item.column.flex)
        item = placed[place_of_rest]
        placed[place_of_rest] = Placed(item.column, item.width + rest)
    return tuple(placed)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def number(value: int) -> Cell:
    """A count; zero steps back, so that what moved stands out."""
    return f"{value:,}" if value else ("0", "muted")


def heading_spans(placed: Sequence[Placed], sort: str, *, descending: bool) -> list[Span]:
    """The heading of a list: the column it is sorted by says which way."""
    spans: list[Span] = []
    for item in placed:
        label = item.column.label
        here = bool(item.column.sort) and item.column.sort == sort
        if here:
            label += SIGNS.pick("▾", "v") if descending else SIGNS.pick("▴", "^")
        spans += [(fit(label, item.width, item.column.align), "accent" if here else "muted"), (" " * GAP, "")]
    return spans


def row_spans(placed: Sequence[Placed], row: Any) -> list[Span]:
    """The cells of a row, cleaned and cut to their columns."""
    spans: list[Span] = []
    for item in placed:
        text, tone = span(item.column.cell(row))
        spans += [(fit(clean(text), item.width, item.column.align), tone), (" " * GAP, "")]
    return spans
