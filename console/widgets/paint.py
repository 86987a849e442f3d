"""Painting lines of text: stored text made safe, cut to width by cells, in tones of the theme."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from console.theme import SIGNS, Tone
from console.themes import AA, LEAST, legible

if TYPE_CHECKING:
    from textual.app import App

Row = Literal["", "head", "cursor", "cursor-blurred", "panel"]
"""What a line is, which decides its background."""

BOLD: Final = frozenset({"strong", "heading"})
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""Characters that move the cursor, change direction or show nothing: stored text may hold them, a screen may not."""
_WIDTHLESS: Final = re.compile("[\u00ad\ufe00-\ufe0f\U000e0000-\U000e01ef]")
"""Characters that terminals make nothing, one cell or the next one wider of, each in its own way: they are left out."""


def clean(text: str) -> str:
    """Stored text as it may be shown on one line: line ends become a sign, control characters a box."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: _stand_in(found.group()), _WIDTHLESS.sub("", text))


def _stand_in(character: str) -> str:
    if character == "\n":
        return SIGNS.pick("↵", "|")
    return " " if character == "\t" else SIGNS.pick("▯", "?")


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """Cut or pad text to exactly so many cells; what was cut ends in an ellipsis. `text` is clean."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + SIGNS.pick("…", ".")
    blank = " " * (width - length)
    return blank + text if align == "right" else text + blank


def wrap(text: str, width: int) -> list[str]:
    """Break clean text into lines of at most so many cells, at blanks where there are any."""
    width = max(1, width)
    if (len(text) if text.isascii() else cell_len(text)) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cell_len(word) > width:
            head = _head(word, width)
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line]


def _head(word: str, width: int) -> str:
    used = 0
    for place, character in enumerate(word):
        used += cell_len(character)
        if used > width:
            return word[: max(1, place)]
    return word


class Paint:
    """The styles of one theme: a tone on a kind of line. Without colours, lines differ by reverse and underline."""

    def __init__(self, variables: dict[str, str], *, colours: bool = True) -> None:
        base, text, primary = (Color.parse(variables[name]) for name in ("background", "foreground", "primary"))
        self._least = float(variables.get(LEAST, AA))
        self._colours = colours
        self._tones: dict[Tone, Color] = {
            "": text,
            "muted": base.blend(text, 0.62),
            "strong": text,
            "heading": primary,
            "accent": Color.parse(variables["accent"]),
            "ok": Color.parse(variables["success"]),
            "warn": Color.parse(variables["warning"]),
            "bad": Color.parse(variables["error"]),
            "link": primary,
        }
        self._rows: dict[Row, Color] = {
            "": base,
            "head": Color.parse(variables["surface"]),
            "panel": Color.parse(variables["panel"]),
            "cursor": base.blend(primary, 0.34),
            "cursor-blurred": base.blend(primary, 0.15),
        }
        self.style = lru_cache(maxsize=None)(self._style)

    def _style(self, tone: Tone, row: Row = "") -> Style:
        bold = True if tone in BOLD or row == "cursor" else None
        if not self._colours:
            return Style(bold=bold, reverse=row == "cursor", underline=row == "panel" or None)
        background = self._rows[row]
        color = legible(self._tones[tone], background, self._least)
        return Style(color=color.rich_color, bgcolor=background.rich_color, bold=bold)

    def hex(self, tone: Tone) -> str:
        """The colour of a tone, for widgets that are not painted line by line."""
        return legible(self._tones[tone], self._rows["panel"], self._least).hex

    def strip(self, spans: list[tuple[str, Tone]], row: Row, width: int) -> Strip:
        """A line of clean, cut spans, filled up to `width`."""
        segments = [Segment(text, self.style(tone, row)) for text, tone in spans if text]
        strip = Strip(segments)
        missing = width - strip.cell_length
        if missing > 0:
            segments.append(Segment(" " * missing, self.style("", row)))
            return Strip(segments, width)
        return strip.crop(0, width) if missing < 0 else strip


_paints: dict[tuple[str, bool], Paint] = {}


def paint_of(app: App[object]) -> Paint:
    """The styles of the theme that the app uses now."""
    look = (app.theme, not app.no_color)
    if look not in _paints:
        _paints[look] = Paint(app.theme_variables, colours=look[1])
    return _paints[look]
