"""Drawing without signs: whatever a widget draws beside letters becomes ASCII of the same width, at one place.

Our own texts choose their ASCII signs themselves (`SIGNS.pick`). What Textual's widgets draw (borders, arrows of keys,
ellipses, the lens of the palette) passes through a filter of all lines. Letters of stored text stay as they are.
"""

from __future__ import annotations

from typing import ClassVar, Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.renderables.bar import Bar
from textual.scrollbar import ScrollBarRender
from textual.widgets import Checkbox

_LINES: Final = {
    "-": "─┄┅┈┉╌╍╴╶╸╺╼╾–—―▁▂▔▀▄▃▅▆▇⎯",
    "|": "│┃┆┇┊┋╎╏╵╷╹╻╽╿▏▎▍▌▐▕▋▊▉",
    "=": "═‗",
    "#": "━█▓▒▙▛▜▟▘▝▖▗▚▞■",
    ".": "…·•◌∙",
    "*": "●◉★",
    "o": "○◯◇◦",
    "~": "◐◑◔◕≈",
    "x": "✕✗×✖",
    "+": "✓✔",
    "<": "←↓◀◂«⏎⌫",
    ">": "→▶▸►»",
    "^": "↑▴▲",
    "v": "▾▼",
    '"': "“”„",
    "?": "▯",
}
ASCII: Final[dict[int, str]] = {
    **dict.fromkeys(range(9472, 9600), "+"),
    **{ord(sign): plain for plain, signs in _LINES.items() for sign in signs},
    0x2018: "'",
    0x2019: "'",
    ord("↵"): "|",
    ord("\u00a0"): " ",
    ord("🔎"): "> ",
}
"""Signs and what stands for each, of the same width in cells."""


class PlainSigns(LineFilter):
    """Replaces signs by ASCII in every line that is drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - as every filter is asked
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(ASCII), segment.style, segment.control)
            for segment in segments
        ]


class CheckBox(Checkbox):
    """A check box that says by its sign, not by its colour, whether it is marked."""

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]")


class Meter(Bar):
    """The bar of a progress: what is done is a thick line, what is not a thin one."""

    DONE, OPEN = "━", "─"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = self.width or options.max_width
        start, end = (max(0, min(width, round(place))) for place in self.highlight_range)
        done, rest = (console.get_style(style) for style in (self.highlight_style, self.background_style))
        yield Text.assemble(
            (self.OPEN * start, rest),
            (self.DONE * (end - start), done),
            (self.OPEN * (width - max(start, end)), rest),
            end="",
        )


class PlainScrollBarRender(ScrollBarRender):
    """A scroll bar without the signs that let its ends stand between two lines."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8
