"""Column charts out of characters: several panels over the same days, each to its own scale, with its peak in words.

Nothing is told by colour alone: each panel has its title, its sum and the value of its highest column. Block characters
draw eighths of a line; without them (`--plain`) signs draw thirds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.theme import SIGNS, Tone
from console.widgets.columns import Span
from console.widgets.paint import fit

GAP = 3
"""Blank cells between panels."""
WIDEST = 6
"""Cells that a column and the blank after it take at most."""
BLOCKS, ASCII = " ▁▂▃▄▅▆▇█", " .:#"


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: a value per place, the oldest first."""

    title: str
    values: tuple[int, ...]
    tone: Tone = "link"
    course: bool = False
    """Whether it is drawn as the course of one amount over time; else a column stands for each place."""
    summed: bool = True
    """Whether the values can be added up."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels over the same places. `labels` name the places with two characters each, `height` is in lines."""

    panels: tuple[Panel, ...]
    labels: tuple[str, ...]
    height: int = 3
    when_zero: str = "none"


def chart_lines(chart: Chart, width: int) -> list[tuple[Span, ...]]:
    """Lay a chart out for so many cells: as many panels beside each other as there is room for."""
    across = _panels_across(chart, width)
    each = (width - GAP * (across - 1)) // across
    lines: list[tuple[Span, ...]] = []
    for start in range(0, len(chart.panels), across):
        panels = [_panel(chart, panel, each) for panel in chart.panels[start : start + across]]
        # Panels of zeros need no columns; beside others they stand as high as those.
        for row in range(max(map(len, panels))):
            spans: list[Span] = []
            for place, panel in enumerate(panels):
                piece = panel[row] if row < len(panel) else []
                spans += [*piece, (" " * (each - _length(piece)), "")]
                if place < len(panels) - 1:
                    spans.append((" " * GAP, ""))
            lines.append(tuple(spans))
    return lines


def _length(spans: Sequence[Span]) -> int:
    return sum(len(text) for text, _ in spans)


def _axis(chart: Chart) -> int:
    """Cells that the numbers at the axis take."""
    return max(len(f"{max(panel.values, default=0):,}") for panel in chart.panels) + 1


def _panels_across(chart: Chart, width: int) -> int:
    """As many as can show each place in a column of its own, with a blank after it where there are few."""
    places = len(chart.labels)
    least = _axis(chart) + places * (2 if places <= 7 else 1)
    return next((across for across in (3, 2) if (width - GAP * (across - 1)) // across >= least), 1)


def _panel(chart: Chart, panel: Panel, width: int) -> list[list[Span]]:
    values, axis = panel.values, _axis(chart)
    peak, total = max(values, default=0), sum(values)
    title: list[Span] = [(fit(panel.title, min(len(panel.title), width)), "strong")]
    told = (f"  {total:,}" if panel.summed else "") if total else f"  {chart.when_zero}"
    if _length(title) + len(told) <= width:
        title.append((told, "" if total else "muted"))
    if not peak:
        return [title]
    slot = max(1, min(WIDEST, (width - axis) // max(1, len(values))))
    bar = max(1, slot - 1)
    lines = [title]
    levels = [_levels(value, peak, chart.height) for value in values]
    for row in range(chart.height):
        number = fit(f"{peak:,}" if row == 0 else "", axis - 1, "right")
        drawn = "".join(fit(levels[place][row] * bar, slot) for place in range(len(values)))
        lines.append([(number, "muted"), (SIGNS.pick("│", "|"), "muted"), (drawn[: width - axis], panel.tone)])
    foot = _foot(chart.labels, slot, bar)[: width - axis]
    return [*lines, [(fit("0", axis - 1, "right"), "muted"), (SIGNS.pick("└", "+"), "muted"), (foot, "muted")]]


def _levels(value: int, peak: int, height: int) -> list[str]:
    """The signs of a column from its top to its foot; what is not nothing is always seen."""
    signs = SIGNS.pick(BLOCKS, ASCII)
    steps = len(signs) - 1
    filled = max(1, round(value / peak * height * steps)) if value else 0
    return [signs[max(0, min(steps, filled - row * steps))] for row in reversed(range(height))]


def _foot(labels: Sequence[str], slot: int, bar: int) -> str:
    """The labels below the columns, counted from the last one; as many as do not touch."""
    every = -(-3 // slot)
    line = [" "] * (slot * len(labels))
    for place, label in enumerate(labels):
        end = place * slot + bar
        start = end - len(label) if bar < len(label) else place * slot + (bar - len(label)) // 2
        if (len(labels) - 1 - place) % every == 0 and start >= 0:
            line[start : start + len(label)] = label
    return "".join(line)
