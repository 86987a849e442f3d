"""Opening a page over whatever screen asks for it; a line that is gone into closes it and leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.modals.page import PageScreen
from console.targets import Goto

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.app import ConsoleApp
    from console.twins.call import Twin
    from console.widgets.document import Document


def open_page(
    home: ConsoleApp,
    title: str,
    reading: Callable[[StoreSession], Document],
    *,
    twin: Twin | None = None,
    charts: bool = False,
) -> None:
    """Show what `reading` makes of the store, in a thread; nothing before the store is open.

    `twin` makes the call that shows the same; `charts`: its charts are plotted.
    """
    if home.store is None:
        return
    if twin is not None:
        home.looked(title, twin)
    page = PageScreen
    if charts:
        from console.modals.charts import ChartsScreen

        page = ChartsScreen

    def followed(target: Goto | None) -> None:
        if target is not None:
            home.go_to(target)

    home.push_screen(page(title, home.store, reading), followed)
