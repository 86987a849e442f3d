"""A signing certificate's details, as lines to read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from console.details.texts import moment, state
from console.targets import Goto
from console.widgets.columns import Cell
from console.widgets.document import Block, Document, Fact, Grid, Head, Line, Part, Section, Title

if TYPE_CHECKING:
    from console.doing.certificates import CertificatePage
    from models.queries.certificates import RolloverView


def document(page: CertificatePage, now: datetime) -> Document:
    """Id, validity, state, the rollover's stages, who signs with it, PEM."""
    detail, row = page.detail, page.detail.row
    parts: list[Part] = [
        Title(f"Certificate {row.certificate_id}", state(row.state)),
        Fact("Certificate ID", row.certificate_id),
        Fact("Valid from", moment(row.not_before)),
        Fact("Valid until", moment(row.not_after)),
    ]
    days = (row.not_after - now).days
    if now < row.not_before:
        parts.append(Fact("Validity", "! Not valid yet", "warn"))
    elif days < 0:
        parts.append(Fact("Validity", "! Expired", "bad"))
    else:
        parts.append(Fact("Validity", f"{days:,} days left", "warn" if days < 90 else ""))
    if page.rollover is not None and row.certificate_id in (page.rollover.old, page.rollover.new):
        parts += _stages(page.rollover, now)
    lines = tuple(Line((name,), Goto("connections", key)) for key, name in detail.connections)
    parts += [
        Section("Signs for", "connections of this Vault"),
        Grid((Head("", flex=True),), lines, "No connection of this Vault names it."),
        Section("Certificate", "X.509 PEM; y copies"),
        Block(detail.pem),
    ]
    return parts


def _stages(rollover: RolloverView, now: datetime) -> list[Part]:
    lines = []
    for stage, begins in rollover.stages:
        here = stage == rollover.stage
        word: Cell = ("Now", "accent") if here else ("Done", "muted") if begins <= now else ("Coming", "muted")
        lines.append(Line((stage.replace("_", " ").capitalize(), moment(begins), word)))
    heads = (Head("Stage", flex=True), Head("Begins"), Head(""))
    return [Section("Rollover", f"from {rollover.old} to {rollover.new}"), Grid(heads, tuple(lines))]
