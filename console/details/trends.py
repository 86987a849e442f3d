"""How a Vault's last day went, as charts with the numbers beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import duration
from console.theme import SIGNS
from console.widgets.charts import Chart, Panel
from console.widgets.columns import number
from console.widgets.document import Document, Grid, Head, Line, Note, Part, Section

if TYPE_CHECKING:
    from models.queries.trends import Trends


def document(found: Trends, height: int = 4) -> Document:
    """Charts over 24 hours of lab time; each has its own scale, its peak stands at its axis."""
    labels = tuple(f"{end:%H}" for end in found.ends)
    jobs = tuple(
        Panel(f"{SIGNS.sign(kind).word}: longest run, ms", values, "accent", summed=False)
        for kind, values in found.longest.items()
    )
    parts: list[Part] = [
        Note(f"24 hours up to {found.ends[-1]:%Y-%m-%d %H:%M} of lab time (UTC). Each chart has its own scale."),
        Section("Backlog", "messages that waited at the end of each hour"),
        Chart(
            (
                Panel("Waiting outbound", found.waiting_out, course=True, summed=False),
                Panel("Waiting inbound", found.waiting_in, course=True, summed=False),
            ),
            labels,
            height,
        ),
        Section("Messages per hour"),
        Chart((Panel("Entered", found.entered, "ok"), Panel("Left", found.left, "ok")), labels, height),
        Section("Jobs", "the longest run that began in each hour"),
        Chart(jobs, labels, height),
        Section("Numbers"),
    ]
    heads = ("Out", "In", "Entered", "Left", *(SIGNS.sign(kind).word for kind in found.longest))
    columns = (found.waiting_out, found.waiting_in, found.entered, found.left)
    lines = tuple(
        Line(
            (
                f"{found.ends[place]:%m-%d %H:%M}",
                *(number(column[place]) for column in columns),
                *(duration(values[place]) if values[place] else ("", "muted") for values in found.longest.values()),
            )
        )
        for place in reversed(range(len(found.ends)))
    )
    parts.append(Grid((Head("Hour up to"), *(Head(head, "right") for head in heads)), lines))
    return parts
