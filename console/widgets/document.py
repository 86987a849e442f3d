"""What a detail pane shows: a document of sections, facts, small tables and notes, laid out into lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from console.targets import Target
from console.theme import SIGNS, Tone
from console.widgets.charts import Chart, chart_lines
from console.widgets.columns import Cell, Span, span
from console.widgets.paint import clean, fit, wrap

NARROWEST = 6
"""Cells that a column keeps when others need the room."""
LABEL_WIDTH = 26
"""Cells that labels of facts take at most."""


@dataclass(frozen=True, slots=True)
class Title:
    """What the document is about, and its state."""

    text: str
    state: Cell = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading above what follows."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value. Values are wrapped, never cut."""

    label: str
    value: str
    tone: Tone = ""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a small table. Columns without a `width` are as wide as their widest cell; `flex` ones give way."""

    label: str
    align: Literal["left", "right"] = "left"
    flex: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a small table."""

    cells: tuple[Cell, ...]
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table."""

    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    when_empty: str = "None."


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence."""

    text: str
    tone: Tone = "muted"
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Text whose lines stand as they are, such as a certificate or a message's body."""

    text: str


Part = Title | Section | Fact | Grid | Note | Block | Chart
Document = Sequence[Part]


@dataclass(frozen=True, slots=True)
class Laid:
    """One painted line. `copy` is what copying it gives; lines with a `target` can be gone into."""

    spans: tuple[Span, ...]
    copy: str = ""
    target: Target | None = None
    head: bool = False


@dataclass(slots=True)
class _Layout:
    width: int
    label_width: int
    lines: list[Laid] = field(default_factory=list)

    def blank(self) -> None:
        if self.lines and self.lines[-1].spans:
            self.lines.append(Laid(()))


def lay_out(document: Document, width: int) -> list[Laid]:
    """Lay a document out for so many cells."""
    labels = [len(part.label) for part in document if isinstance(part, Fact)]
    label_width = min(max(labels, default=0), LABEL_WIDTH, max(8, width // 2))
    layout = _Layout(width, label_width)
    for part in document:
        match part:
            case Title():
                _title(layout, part)
            case Section():
                _section(layout, part)
            case Fact():
                _fact(layout, part)
            case Grid():
                _grid(layout, part)
            case Note():
                _note(layout, part)
            case Chart():
                layout.lines += [Laid(spans) for spans in chart_lines(part, width)]
            case Block():
                for text in part.text.splitlines():
                    layout.lines += [Laid(((piece, ""),), copy=text) for piece in _chop(clean(text), width)]
    return layout.lines


def _chop(text: str, width: int) -> list[str]:
    pieces = wrap(text, width)
    return pieces or [""]


def _title(layout: _Layout, part: Title) -> None:
    state, tone = span(part.state)
    pieces = wrap(clean(part.text), layout.width)
    for piece in pieces[:-1]:
        layout.lines.append(Laid(((piece, "strong"),), part.text))
    last: list[Span] = [(pieces[-1], "strong")]
    if state and len(pieces[-1]) + len(state) + 2 <= layout.width:
        last += [("  ", ""), (state, tone)]
        layout.lines.append(Laid(tuple(last), part.text))
    else:
        layout.lines.append(Laid(tuple(last), part.text))
        if state:
            layout.lines.append(Laid(((state, tone),), state))


def _section(layout: _Layout, part: Section) -> None:
    layout.blank()
    # A heading that does not fit goes on on the next line: names are told whole.
    *above, text = _chop(part.text, max(1, layout.width - 1))
    layout.lines += [Laid(((piece, "heading"),), part.text, head=True) for piece in above]
    spans: list[Span] = [(text, "heading")]
    used = _cells_wide(text)
    if part.note and used + len(part.note) + 4 <= layout.width:
        spans.append((f"  {part.note}", "muted"))
        used += len(part.note) + 2
    rule = SIGNS.pick("─", "-") * max(0, layout.width - used - 1)
    layout.lines.append(Laid((*spans, (f" {rule}", "muted")), part.text, head=True))


def _fact(layout: _Layout, part: Fact) -> None:
    label_width = layout.label_width
    room = max(4, layout.width - label_width - 2)
    value = part.value or SIGNS.pick("–", "-")
    tone: Tone = part.tone if part.value else "muted"
    if part.target is not None and not part.tone:
        tone = "link"
    longest = max((_cells_wide(word) for word in value.split()), default=0)
    if room < longest <= layout.width - 2:
        # A name that a person may want to copy stays in one piece, on a line of its own.
        layout.lines.append(Laid(((part.label, "muted"),), part.value))
        layout.lines += [
            Laid((("  ", ""), (piece, tone)), part.value, part.target if place == 0 else None)
            for place, piece in enumerate(wrap(clean(value), layout.width - 2))
        ]
        return
    pieces = [piece for line in value.split("\n") for piece in wrap(clean(line), room)]
    labels = wrap(part.label, label_width)
    for place in range(max(len(pieces), len(labels))):
        label = fit(labels[place] if place < len(labels) else "", label_width)
        piece = pieces[place] if place < len(pieces) else ""
        spans: tuple[Span, ...] = ((label, "muted"), ("  ", ""), (piece, tone))
        layout.lines.append(Laid(spans, part.value, part.target if place == 0 else None))


def _grid(layout: _Layout, part: Grid) -> None:
    if not part.lines:
        layout.lines += [Laid(((piece, "muted"),)) for piece in _chop(part.when_empty, layout.width)]
        return
    rows = [[_cell(cell) for cell in line.cells] for line in part.lines]
    widths = [
        max(len(head.label), *(_cells_wide(row[place][0]) for row in rows)) for place, head in enumerate(part.heads)
    ]
    gap = _gap(widths, part.heads, layout.width)
    _give_way(widths, part.heads, layout.width - len(gap) * (len(widths) - 1))
    if any(head.label for head in part.heads):
        spans: list[Span] = []
        for head, width in zip(part.heads, widths, strict=True):
            spans += [(fit(head.label, width, head.align), "muted"), (gap, "")]
        layout.lines.append(Laid(tuple(spans[:-1])))
    for line, row in zip(part.lines, rows, strict=True):
        spans = []
        for place, (head, width, (text, tone)) in enumerate(zip(part.heads, widths, row, strict=True)):
            shown: Tone = "link" if line.target is not None and not tone and place == _named(part.heads) else tone
            spans += [(fit(text, width, head.align), shown), (gap, "")]
        layout.lines.append(Laid(tuple(spans[:-1]), "\t".join(text for text, _ in row), line.target))


def _named(heads: tuple[Head, ...]) -> int:
    """The column that names a line: the first that gives way, where a link is shown."""
    return next((place for place, head in enumerate(heads) if head.flex), 0)


def _cells_wide(text: str) -> int:
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)


def _cell(cell: Cell) -> Span:
    text, tone = span(cell)
    return clean(text), tone


def _gap(widths: list[int], heads: tuple[Head, ...], room: int) -> str:
    """What stands between columns: one blank instead of two before a column that must not give way is cut."""
    least = sum(min(width, NARROWEST) if head.flex else width for width, head in zip(widths, heads, strict=True))
    return "  " if least + 2 * (len(widths) - 1) <= room else " "


def _give_way(widths: list[int], heads: tuple[Head, ...], room: int) -> None:
    """Narrow the columns that give way, the widest first, until the table fits."""
    giving = [place for place, head in enumerate(heads) if head.flex] or list(range(len(widths)))
    while sum(widths) > room:
        widest = max(giving, key=lambda place: widths[place])
        if widths[widest] <= NARROWEST:
            giving = [place for place in range(len(widths)) if widths[place] > NARROWEST]
            if not giving:
                return
            continue
        widths[widest] -= 1


def _note(layout: _Layout, part: Note) -> None:
    lines = [piece for line in part.text.split("\n") for piece in wrap(clean(line), layout.width)]
    for place, piece in enumerate(lines):
        layout.lines.append(Laid(((piece, part.tone),), part.text, part.target if place == 0 else None))
