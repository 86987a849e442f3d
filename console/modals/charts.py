"""A page of charts over the screen, with the numbers below them."""

from __future__ import annotations

from collections.abc import Sequence

from console.keymap import key_name
from console.modals.page import PageScreen
from console.widgets.plots import PlotView


class ChartsScreen(PageScreen):
    """Shows a document whose charts are plotted."""

    HELP = (
        "Each chart has its own scale: the number at its axis is its highest value. Down scrolls to the numbers, "
        "{page.read} reads all again. Esc goes back."
    )

    def made_view(self) -> PlotView:
        return PlotView(id="view")

    def keys(self) -> Sequence[str]:
        return "Down to the numbers", f"{key_name(self, 'page.read', 'r')} reads again", "Esc back"
