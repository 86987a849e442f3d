"""A signing certificate's details, as lines to read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from console.details.texts import moment, state
from console.targets import Goto
from console.widgets.document import Block, Document, Fact, Grid, Head, Line, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.certificates import CertificateDetail


def document(detail: CertificateDetail, now: datetime) -> Document:
    """Id, validity, state, who signs with it, PEM."""
    row = detail.row
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
    lines = tuple(Line((name,), Goto("connections", key)) for key, name in detail.connections)
    parts += [
        Section("Signs for", "connections of this Vault"),
        Grid((Head("", flex=True),), lines, "No connection of this Vault names it."),
        Section("Certificate", "X.509 PEM; y copies"),
        Block(detail.pem),
    ]
    return parts
