"""Connection Stats over the whole screen: charts per day with their table beneath, a week to four weeks at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from console.details.connections import stats_parts
from console.keymap import key_name
from console.modals.charts import ChartsScreen
from console.theme import SIGNS
from console.widgets.document import Document, Grid, Head, Line, Note, Part

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.store import Store
    from seed.catalogue.figures import Figure

ARROWS = (("earlier", ("←", "Left")), ("later", ("→", "Right")))
SPANS = (7, 14, 28)
"""So many days are shown at a time."""


def _figures(figures: Sequence[Figure]) -> list[Part]:
    """What the Vault counts of the records of a standard connection; nothing when it counts none."""
    if not figures:
        return []
    lines = tuple(Line((figure.label, f"{figure.number:,}")) for figure in figures)
    return [Grid((Head("Records so far"), Head("", "right")), lines), Note("")]


class StatsPage(ChartsScreen):
    """The Connection Stats of one connection, day by day of lab time (UTC)."""

    HELP = (
        "Each chart has its own scale: the number at its top is its highest day. {stats.earlier} and "
        "{stats.later} go back and on, {stats.span} shows more days or fewer, down scrolls to the table. Esc goes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Earlier", id="stats.earlier", tooltip="The days before these"),
        Binding("right", "turn(1)", "Later", id="stats.later", tooltip="The days after these"),
        Binding("d", "span", "Days", id="stats.span", tooltip="Show 7, 14 or 28 days"),
    ]

    def __init__(self, name: str, store: Store, connection_id: int, today: date) -> None:
        self._today = self._until = today
        self._days = SPANS[0]
        self._connection_id = connection_id
        super().__init__(f"Connection Stats: {name}", store, self._read)

    def keys(self) -> Sequence[str]:
        arrows = " ".join(key_name(self, f"stats.{name}", SIGNS.pick(*usual)) for name, usual in ARROWS)
        return f"{arrows} days before and after", f"{key_name(self, 'stats.span', 'd')} 7, 14, 28 days", "Esc back"

    def _read(self, session: StoreSession) -> Document:
        from models.queries.connections import day_stats
        from seed.catalogue.figures import figures_of

        days = day_stats(session, self._connection_id, self._until, self._days)
        heading = Note(f"Messages per day, {days[-1].day} to {days[0].day}. Each chart has its own scale.")
        charts = stats_parts(days, self._today, 8 if self.app.size.height >= 36 else 3)
        return [heading, Note(""), *_figures(figures_of(session, self._connection_id)), *charts]

    def action_turn(self, way: int) -> None:
        """Go a span back, or on; never beyond today."""
        self._until = min(self._today, self._until + timedelta(days=way * self._days))
        self.action_read()

    def action_span(self) -> None:
        """Show the next number of days."""
        self._days = SPANS[(SPANS.index(self._days) + 1) % len(SPANS)]
        self.action_read()
