"""How Home draws the lab: Vaults, the connections between them, and a line of counters for each way data takes.

Every counter is a link to the rows that it counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len

from console.targets import Counted, Counter, Goto, UseVault
from console.theme import SIGNS, Tone
from console.widgets.links import LinkLine, Piece
from console.widgets.paint import clean, fit

if TYPE_CHECKING:
    from models.queries.topology import End, Group, Tie, Topology, Way

WIDE = 110
"""From this width on, in cells, counters have their whole names."""
LEAST_NAME = 20
"""Cells that stay for the names of Vaults, at least."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A counter of one end of a way."""

    counter: Counter
    end: Literal["source", "target"]
    name: str
    short: str
    tone: Tone
    """The tone of a number that is not zero."""


_COLUMNS: Final = (
    _Column("sent", "source", "Sent", "Sent", ""),
    _Column("waiting_out", "source", "Waiting out", "Out", "accent"),
    _Column("waiting_in", "target", "Waiting in", "In", "accent"),
    _Column("received", "target", "Received", "Rcvd", ""),
    _Column("applied", "target", "Applied", "Appl", "ok"),
    _Column("skipped", "target", "Skipped", "Skip", "warn"),
    _Column("failed", "target", "Failed", "Fail", "bad"),
)


def short_number(value: int) -> str:
    """A count in at most five characters, cut down where it is longer."""
    if value < 100_000:
        return str(value)
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            times = value / size
            return f"{times:.1f}{letter}" if times < 100 else f"{int(times)}{letter}"
    return str(value)


def home_lines(topology: Topology, vault_id: int, width: int) -> tuple[LinkLine, ...]:
    """Draw the lab for so many cells, the Vault in use first."""
    if not topology.vaults:
        return (LinkLine("none", (Piece(" This lab has no Vault yet. `vault-console seed` fills it.", "muted"),)),)
    layout = _Layout(topology, vault_id, width)
    lines = [layout.heading()]
    for group in topology.groups(vault_id):
        lines += layout.group(group)
    return tuple(lines)


class _Layout:
    """One drawing: how wide everything is."""

    def __init__(self, topology: Topology, vault_id: int, width: int) -> None:
        self._topology, self._vault_id = topology, vault_id
        self._wide = width >= WIDE
        gap = 2 if self._wide else 1
        self._widths = [max(len(column.name if self._wide else column.short) + gap, 6) for column in _COLUMNS]
        self._arrow = 5 if self._wide else 3
        self._width = width
        self._name = max(LEAST_NAME, width - sum(self._widths) - self._arrow - 1)

    def heading(self) -> LinkLine:
        """The names of the counters."""
        today = f" {self._topology.day:%Y-%m-%d}" if self._wide else f" {self._topology.day:%m-%d}"
        pieces = [Piece(fit(f"{today}, and what waits now", self._name), "muted")]
        for place, column in enumerate(_COLUMNS):
            if place == 2:
                pieces.append(Piece(" " * self._arrow))
            pieces.append(Piece((column.name if self._wide else column.short).rjust(self._widths[place]), "muted"))
        return LinkLine("heading", tuple(pieces))

    def group(self, group: Group) -> list[LinkLine]:
        """A Vault and its connections."""
        vault = group.vault
        here = vault.key == self._vault_id
        name = clean(vault.name) + ("  Sandbox" if vault.sandbox else "")
        notes = f"  {vault.key}  {clean(vault.family)}" + ("  in use" if here else "")
        pieces = (
            Piece(f" {SIGNS.pick('■' if here else '□', '#')} "),
            Piece(_cut(name, self._width - 3 - cell_len(notes)), "heading" if here else "strong", UseVault(vault.key)),
            Piece(notes, "muted"),
        )
        lines = [LinkLine("blank", ()), LinkLine(f"vault {vault.key}", pieces)]
        for tie in group.ties:
            lines += self._tie(tie, last=tie is group.ties[-1])
        if not group.ties and not any(vault.key == end.vault_id for end in self._topology.ends):
            lines.append(LinkLine(f"none {vault.key}", (Piece(f"   {_corner(last=True)} no connection yet", "muted"),)))
        return lines

    def _tie(self, tie: Tie, *, last: bool) -> list[LinkLine]:
        near, far = tie.near, tie.far
        partner = clean(far.vault if far is not None else near.remote_name)
        states = [Piece("  "), Piece(*SIGNS.words(near.state))]
        if far is not None and far.state != near.state:
            states += [Piece(", there ", "muted"), Piece(*SIGNS.words(far.state))]
        room = self._width - 5 - sum(cell_len(piece.text) for piece in states)
        between = f"  {SIGNS.symbol(near.type)[0]} "
        name = _cut(clean(near.name), room if not partner else max(room // 2, room - cell_len(between + partner)))
        pieces = [
            Piece(f"   {_corner(last=last)} ", "muted"),
            Piece(name, "link", Goto("connections", near.key, near.vault_id)),
        ]
        if partner:
            there = Goto("connections", far.key, far.vault_id) if far is not None else None
            pieces += [Piece(between, "muted"), Piece(_cut(partner, room - cell_len(name + between)), "", there)]
        lines = [LinkLine(f"tie {near.key}", (*pieces, *states), near.key)]
        return lines + [self._way(way, tie, last=last) for way in tie.ways]

    def _way(self, way: Way, tie: Tie, *, last: bool) -> LinkLine:
        out = way.source is tie.near
        partner = tie.far.vault if tie.far is not None else tie.near.remote_name or "outside"
        rail = " " if last else SIGNS.pick("│", "|")
        words = f"   {rail}   {'to' if out else 'from'} {clean(partner)}"
        if way.source is way.target:
            words = f"   {rail}   within this Vault"
        pieces = [Piece(fit(words, self._name), "muted")]
        for place, column in enumerate(_COLUMNS):
            if place == 2:
                arrow = SIGNS.pick("─", "-") * (self._arrow - 2) + SIGNS.pick("▶", ">")
                pieces.append(Piece(" " + arrow, "muted"))
            pieces += self._number(column, way.source if column.end == "source" else way.target, self._widths[place])
        ends = "-".join(str(end.key if end else 0) for end in (way.source, way.target))
        return LinkLine(f"way {ends}", tuple(pieces), tie.near.key)

    def _number(self, column: _Column, end: End | None, width: int) -> tuple[Piece, ...]:
        if end is None:
            return (Piece(SIGNS.pick("–", "-").rjust(width), "muted"),)
        value: int = getattr(end, column.counter)
        text = f"{value:,}" if self._wide and value < 10_000_000 else short_number(value)
        target = Counted(end.vault_id, end.key, end.name, column.counter, self._topology.day)
        tone: Tone = column.tone if value else "muted"
        return Piece(" " * (width - len(text))), Piece(text, tone, target)


def _cut(text: str, room: int) -> str:
    """Text in at most so many cells."""
    return fit(text, min(cell_len(text), room))


def _corner(*, last: bool) -> str:
    return SIGNS.pick("└" if last else "├", "+")
