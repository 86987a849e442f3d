"""What all dialogs share: a box over the screen below, whose title tells the way there, and leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.cells import cell_len
from textual import events, on
from textual.containers import Vertical
from textual.content import Content
from textual.css.scalar import Scalar, Unit
from textual.screen import ModalScreen

from console.screens.chrome import FramedScreen
from console.theme import SIGNS
from console.widgets.paint import clean

if TYPE_CHECKING:
    from textual.app import App

T = TypeVar("T")
FRAME = 6
"""Cells of a box that its border and the blanks around its title take."""


class Modal(ModalScreen[T]):
    """A box over the screen from which it was opened."""

    HELP: ClassVar[str] = ""
    DEFAULT_CSS = """
    Modal { align: center middle; background: $background 60%; }
    Modal > Vertical {
        background: $surface; border: round $primary; border-title-color: $primary; border-subtitle-color: $foreground;
    }
    """

    crumb: str = ""
    """What this box is called on the way to it."""

    def entitle(self, box: Vertical, title: str, *keys: str) -> None:
        """Say what a box is called; its title stands after the way to it. Its keys stand below it."""
        self.crumb = clean(title)
        box.border_title = Content(self.crumb)
        if keys:
            box.border_subtitle = Content(SIGNS.pick(" · ", ", ").join(keys))

    @on(events.Mount)
    @on(events.Resize)
    def _write_way(self) -> None:
        """Write the title after the way to it, as far as that fits: its beginning gives way first."""
        box = self.query("Modal > Vertical").first(Vertical)
        way, room = way_to(self), _cells(box, self.app) - FRAME
        while way and _length([*way, self.crumb]) > room:
            way = way[1:]
        if way or box.border_title != self.crumb:
            mark = SIGNS.pick(" ▸ ", " > ")
            box.border_title = Content.assemble(*((f"{name}{mark}", "$text-muted") for name in way), self.crumb)

    def action_leave(self) -> None:
        self.dismiss(None)


class Page(Modal[T]):
    """A box as large as the screen lets it be, to read in."""

    DEFAULT_CSS = """
    Page > Vertical {
        width: 110; max-width: 96%; height: 92%; padding: 0 1; border-subtitle-color: $text-muted;
    }
    """


def way_to(screen: Modal[T]) -> list[str]:
    """The names of the screens from which a box was opened, the first one first."""
    names: list[str] = []
    for below in screen.app.screen_stack:
        if below is screen:
            break
        if isinstance(below, FramedScreen):
            names = [clean(name) for name, _ in below.crumbs()]
        elif isinstance(below, Modal) and below.crumb:
            names.append(below.crumb)
    return names


def _length(names: list[str]) -> int:
    return sum(map(cell_len, names)) + 3 * (len(names) - 1)


def _cells(box: Vertical, app: App[object]) -> int:
    """How wide a box will be, before it is laid out."""
    wide = app.size.width

    def resolved(scalar: Scalar | None) -> int:
        if scalar is None or scalar.unit == Unit.AUTO:
            return wide
        return int(scalar.resolve(app.size, app.size))

    return min(resolved(box.styles.width), resolved(box.styles.max_width))
