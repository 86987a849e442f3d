"""Charts drawn by the plotting widget, with text above and below: what a page of charts shows.

Loaded with the first page of charts: the library behind it is needed nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical, VerticalScroll
from textual.geometry import Size
from textual.widget import Widget
from textual_plotext import PlotextPlot

from console.theme import SIGNS, Tone
from console.widgets.charts import Chart, Panel
from console.widgets.document import Document, Part, lay_out
from console.widgets.paint import paint_of

BAR = 0.75
"""How much of its place a bar takes."""
AROUND = 3
"""Lines of a chart that are not its columns: its title, its axis and the labels of its places."""


class Words(Widget):
    """Parts of a document that are no charts, as high as they need."""

    DEFAULT_CSS = "Words { height: auto; width: 1fr; }"

    def __init__(self, parts: Document) -> None:
        super().__init__()
        self._parts = tuple(parts)

    def _text(self, width: int) -> Text:
        style = paint_of(self.app).style
        lines = [
            Text.assemble(*((text, style(tone, "head")) for text, tone in line.spans))
            for line in lay_out(self._parts, width)
        ]
        return Text("\n", no_wrap=True).join(lines)

    @property
    def text(self) -> str:
        """What it says."""
        return self._text(max(1, self.size.width)).plain

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as asked
        return len(lay_out(self._parts, width))

    def render(self) -> RenderResult:
        return self._text(self.size.width)


class Heading(Widget):
    """The title of one chart: what it counts, and how much that is in all."""

    DEFAULT_CSS = "Heading { height: 1; width: 1fr; }"

    def __init__(self, panel: Panel, when_zero: str) -> None:
        super().__init__()
        total = sum(panel.values)
        self.told: tuple[tuple[str, Tone], ...] = ((panel.title, "strong"),)
        if panel.summed or not any(panel.values):
            self.told += ((f"  {total:,}", "") if total else (f"  {when_zero}", "muted"),)

    def render(self) -> RenderResult:
        style = paint_of(self.app).style
        return Text.assemble(*((text, style(tone, "head")) for text, tone in self.told), no_wrap=True, overflow="crop")


class Plot(PlotextPlot):
    """One chart. Its axis names its highest value, whatever the colours and signs are."""

    def __init__(self, panel: Panel, labels: Sequence[str]) -> None:
        super().__init__()
        self._panel, self._labels = panel, labels

    def render(self) -> RenderResult:
        plot, values = self.plt, self._panel.values
        places = list(range(len(values)))
        color = paint_of(self.app).style(self._panel.tone, "head").color
        ink: tuple[int, int, int] | str = "default"
        if color is not None and color.triplet is not None:
            ink = color.triplet.red, color.triplet.green, color.triplet.blue
        plot.clear_figure()
        plot.xaxes(True, False)  # noqa: FBT003 - as the library asks for it: lower, upper
        plot.yaxes(True, False)  # noqa: FBT003 - left, right
        if self._panel.course:
            plot.plot(places, values, marker=SIGNS.pick("hd", "#"), color=ink, fillx=True)
        else:
            plot.bar(places, values, marker=SIGNS.pick("hd", "#"), color=ink, width=BAR)
        top = max(values, default=0) or 1
        plot.ylim(0, top)
        plot.yticks([0, top], ["0", f"{top:,}"])
        # No more labels than have room: of those that touch, the library leaves out some at random.
        longest = max(map(len, self._labels), default=1)
        room = max(1, (self.size.width - len(f"{top:,}") - 1) // (longest + 2))
        every = places[::-1][:: max(1, -(-len(places) // room))]
        plot.xticks([float(place) for place in every], [self._labels[place] for place in every])
        return super().render()


class PlotView(VerticalScroll, can_focus=True):
    """Shows a document whose charts are plotted; scrolls where there is more than fits."""

    HELP = "Each chart has its own scale: the number at its axis is its highest value. Below stand the numbers."
    DEFAULT_CSS = """
    PlotView { scrollbar-size-vertical: 1; }
    PlotView Grid { height: auto; grid-gutter: 0 3; margin-bottom: 1; }
    PlotView Grid > Vertical { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False, id="plots.down", tooltip="Scroll down"),
        Binding("up,k", "scroll_up", "Up", show=False, id="plots.up", tooltip="Scroll up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="plots.page_down", tooltip="A page down"),
        Binding("pageup", "page_up", "Page up", show=False, id="plots.page_up", tooltip="A page up"),
        Binding("home,g", "scroll_home", "Top", show=False, id="plots.top", tooltip="To the top"),
        Binding("end,G", "scroll_end", "Bottom", show=False, id="plots.bottom", tooltip="To the bottom"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._document: Document = ()
        self._across: list[int] = []

    @property
    def text(self) -> str:
        """What it says, with the titles of the charts."""
        told = []
        for widget in self.query("Words, Heading"):
            if isinstance(widget, Words):
                told.append(widget.text)
            elif isinstance(widget, Heading):
                told.append("".join(text for text, _ in widget.told))
        return "\n".join(told)

    def show(self, document: Document, *, same: bool = False) -> None:
        """Show a document; `same` says that it is about what was shown before: the scroll stays."""
        self._document = document
        self._put(keep=same)

    def on_resize(self) -> None:
        if self._across != [_across(part, self.size.width) for part in self._charts]:
            self._put(keep=True)

    @property
    def _charts(self) -> list[Chart]:
        return [part for part in self._document if isinstance(part, Chart)]

    def _put(self, *, keep: bool) -> None:
        self._across = [_across(part, self.size.width) for part in self._charts]
        self.remove_children()
        self.mount_all(self._made())
        if not keep:
            self.scroll_home(animate=False)

    def _made(self) -> Iterator[Widget]:
        for charted, parts in groupby(self._document, lambda part: isinstance(part, Chart)):
            if not charted:
                yield Words([part for part in parts if not isinstance(part, Chart)])
                continue
            for part in parts:
                if isinstance(part, Chart):
                    yield self._grid(part)

    def _grid(self, chart: Chart) -> Grid:
        boxes = []
        for panel in chart.panels:
            heading = Heading(panel, chart.when_zero)
            plot = Plot(panel, chart.labels)
            plot.styles.height = chart.height + AROUND - 1
            boxes.append(Vertical(heading, plot) if any(panel.values) else Vertical(heading))
        grid = Grid(*boxes)
        grid.styles.grid_size_columns = _across(chart, self.size.width)
        grid.styles.grid_rows = "auto"
        return grid


def _across(part: Part, width: int) -> int:
    """How many charts stand beside each other: as many as have a cell for each place, and for the axis."""
    if not isinstance(part, Chart):
        return 0
    places = max(len(part.labels), 12) + 8
    most = 3 if len(part.panels) % 3 == 0 else 2
    return next((across for across in range(most, 1, -1) if width // across >= places), 1)
