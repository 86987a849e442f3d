"""How the two halves of a connection are drawn beside each other: what belongs together stands on one line.

The middle column names what is compared, or draws the way that data takes; a half that is missing is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len

from console.details.texts import short
from console.targets import Counted, Counter, Goto, Target
from console.theme import SIGNS, Tone
from console.widgets.links import LinkLine, Piece
from console.widgets.paint import clean, fit, wrap

if TYPE_CHECKING:
    from datetime import date

    from console.doing.split import Half, Split
    from models.queries.split import IntegrationHalf, Pair, PointHalf, QueueHalf

NARROW, WIDE = 14, 18
"""Cells of the middle column."""
COUNTERS: Final[tuple[tuple[Counter, str], ...]] = (
    ("sent", "Sent"),
    ("waiting_out", "Waiting out"),
    ("waiting_in", "Waiting in"),
    ("received", "Received"),
    ("applied", "Applied"),
    ("skipped", "Skipped"),
    ("failed", "Failed"),
)
_BAD: Final[dict[str, Tone]] = {"failed": "bad", "skipped": "warn", "waiting_out": "accent", "waiting_in": "accent"}


@dataclass(frozen=True, slots=True)
class _Cell:
    """One half of a line."""

    text: str
    tone: Tone = ""
    target: Target | None = None
    sign: str = ""


_NOTHING: Final = _Cell("")


def split_lines(split: Split, day: date, width: int) -> tuple[LinkLine, ...]:
    """Draw both halves for so many cells."""
    return tuple(_Drawing(split, day, width).lines())


def next_step(split: Split) -> str:
    """What brings the connection further, in a sentence."""
    near, far = split.near, split.far
    if far is None:
        return "Choose the Vault on the other side with o." if split.others else "No other Vault can be connected."
    if split.established:
        off = [pair for pair in split.halves.integrations if _is_off(pair)]
        if not off:
            return "Established, and its integrations are on."
        name = next((half.name for half in (off[0].near, off[0].far) if half is not None), "")
        return f"Established. Next: put the cursor on {name} and switch it on on both sides with b."
    waiting = [half.vault for half in split.sides if half.page and half.page.approval and half.page.approval.own_open]
    if waiting:
        return f"Waits for approval in {' and in '.join(waiting)}: complete it there with c."
    if split.tied and near.state == "pending" and far.state == "active":
        return f"{near.vault} was reset: f hands a new connection file over to {far.vault}."
    return "Put the cursor on the side that gives the connection file; f hands it over to the other one."


def _is_off(pair: Pair[IntegrationHalf]) -> bool:
    return pair.near is not None and pair.far is not None and not (pair.near.active and pair.far.active)


class _Drawing:
    def __init__(self, split: Split, day: date, width: int) -> None:
        self._split, self._day, self._width = split, day, width
        self._middle = WIDE if width >= 100 else NARROW
        self._half = (width - self._middle - 2) // 2

    def lines(self) -> Iterator[LinkLine]:
        near, far = self._split.near, self._split.far
        for place, text in enumerate(wrap(clean(next_step(self._split)), self._width - 4)):
            yield LinkLine(f"next {place}", (Piece(f"   {text}" if place else f" {_mark()} {text}", "accent"),))
        yield LinkLine("", ())
        yield self._line("vault", self._vault(near), "Vault", self._vault(far))
        yield self._line("user", self._user(near), "Acting as", self._user(far))
        yield from self._head("Connection")
        for key, label in _FACTS:
            yield self._line(f"fact {key}", self._fact(near, key), label, self._fact(far, key))
        yield from self._head("Establishing")
        yield self._line("file", self._file(near), "File", self._file(far))
        yield self._line("approval", self._approval(near), "Approval", self._approval(far))
        yield from self._head("Integrations")
        for pair in self._split.halves.integrations:
            ids = f"{pair.near.key if pair.near else 0}-{pair.far.key if pair.far else 0}"
            same = pair.near and pair.far and pair.near.active == pair.far.active
            mark = SIGNS.pick("═", "=") if same else SIGNS.pick("≠", "!")
            yield self._line(
                f"integration {ids}", self._integration(near, pair.near), mark, self._integration(far, pair.far)
            )
        yield from self._none("integration", self._split.halves.integrations)
        yield from self._head("Points")
        for point in self._split.halves.points:
            ids = f"{point.near.key if point.near else 0}-{point.far.key if point.far else 0} {point.way}"
            yield self._line(
                f"point {ids}", self._point(near, point.near), self._arrow(point.way), self._point(far, point.far)
            )
        yield from self._none("point", self._split.halves.points)
        yield from self._head("Queues")
        for queue in self._split.halves.queues:
            ids = f"{queue.near.key if queue.near else 0}-{queue.far.key if queue.far else 0} {queue.way}"
            yield self._line(
                f"queue {ids}",
                self._queue(near, queue.near, sends=queue.way == "out"),
                self._arrow(queue.way),
                self._queue(far, queue.far, sends=queue.way == "in"),
            )
        yield from self._none("queue", self._split.halves.queues)
        yield from self._head(f"Today {self._day:%m-%d}")
        for name, label in COUNTERS:
            yield self._line(f"count {name}", self._count(near, name), label, self._count(far, name))

    # Lines

    def _line(self, key: str, left: _Cell, middle: str, right: _Cell) -> LinkLine:
        rail = SIGNS.pick("│", "|")
        label = Piece(f"{rail}{_centred(middle, self._middle)}{rail}", "muted")
        return LinkLine(key, (*self._pieces(left), label, *self._pieces(right)))

    def _pieces(self, cell: _Cell) -> tuple[Piece, ...]:
        sign = f" {cell.sign} " if cell.sign else " "
        room = self._half - cell_len(sign)
        text = fit(cell.text, min(cell_len(cell.text), room))
        rest = " " * (room - cell_len(text))
        return Piece(sign, cell.tone), Piece(text, cell.tone, cell.target), Piece(rest)

    def _head(self, text: str) -> Iterator[LinkLine]:
        rule = SIGNS.pick("─", "-")
        side = rule * self._half
        cross = SIGNS.pick("┼", "+")
        middle = _centred(f" {text} ", self._middle, rule)
        pieces = (Piece(side, "muted"), Piece(f"{cross}{middle}{cross}", "heading"), Piece(side, "muted"))
        yield LinkLine(f"head {text.split()[0]}", pieces)

    def _none(self, kind: str, pairs: tuple[object, ...]) -> Iterator[LinkLine]:
        if not pairs:
            yield self._line(f"no {kind}", _Cell("none", "muted"), "", _Cell("none", "muted"))

    def _arrow(self, way: Literal["both", "out", "in"]) -> str:
        shaft = SIGNS.pick("─", "-") * (self._middle // 2)
        return f"{shaft}{SIGNS.pick('▶', '>')}" if way == "out" else f"{SIGNS.pick('◀', '<')}{shaft}"

    # Halves

    def _missing(self, half: Half | None, what: str) -> _Cell:
        if half is None:
            return _NOTHING
        return _Cell(f"no {what} here", "warn", self._connection(half), SIGNS.pick("✕", "x"))

    def _connection(self, half: Half) -> Goto:
        """Where a side leads when there is no better place: to its connection, or to its Vault's connections."""
        return Goto("connections", half.page.key if half.page else 0, half.vault_id)

    def _vault(self, half: Half | None) -> _Cell:
        if half is None:
            return _Cell("not known yet", "warn", None, SIGNS.pick("✕", "x"))
        text = f"{clean(half.vault)}  {half.vault_id}"
        return _Cell(text, "heading", self._connection(half))

    def _user(self, half: Half | None) -> _Cell:
        if half is None:
            return _NOTHING
        name = clean(half.session.user.full_name) if half.session.user else ""
        return _Cell(name, "", self._connection(half))

    def _fact(self, half: Half | None, key: str) -> _Cell:
        if half is None or half.page is None:
            return self._missing(half, "connection") if key == "name" else _NOTHING
        detail, target = half.page.detail, self._connection(half)
        if key == "state":
            sign = SIGNS.sign(detail.state)
            return _Cell(sign.word, sign.tone, target, SIGNS.symbol(detail.state)[0])
        text = {
            "name": detail.name,
            "api_name": detail.api_name,
            "user": detail.authorized_user or "",
            "certificate": detail.certificate or "the current one",
            "remote": str(detail.remote_vault_id or ""),
        }[key]
        return _Cell(clean(text) or SIGNS.pick("–", "-"), "" if text else "muted", target)

    def _file(self, half: Half | None) -> _Cell:
        if half is None or half.page is None:
            return _NOTHING
        target = self._connection(half)
        if half.file is not None:
            return _Cell(f"downloaded {short(half.file.issued_at)}", "accent", target)
        used = next((file for file in half.files if file.used_at is not None), None)
        if used is not None and used.used_at is not None:
            return _Cell(f"used {short(used.used_at)}", "", target)
        return _Cell(SIGNS.pick("–", "-"), "muted", target)

    def _approval(self, half: Half | None) -> _Cell:
        if half is None or half.page is None:
            return _NOTHING
        target, view = self._connection(half), half.page.approval
        if view is None:
            done = half.state in ("active", "approved")
            return _Cell("nothing to approve" if not done else "done", "muted", target)
        if view.own_open:
            return _Cell("waits for you: c completes it", "warn", target, "!")
        return _Cell("approved here", "ok", target, SIGNS.pick("✓", "+"))

    def _integration(self, half: Half | None, found: IntegrationHalf | None) -> _Cell:
        if found is None or half is None:
            return self._missing(half, "integration")
        state = "active" if found.active else "inactive"
        symbol, tone = SIGNS.symbol(state)
        target = Goto("integrations", found.key, half.vault_id)
        more = "  lacks something" if found.why_not and not found.active else ""
        return _Cell(clean(found.name) + more, tone if found.active else "warn" if more else "", target, symbol)

    def _point(self, half: Half | None, found: PointHalf | None) -> _Cell:
        if found is None or half is None:
            return self._missing(half, "point")
        text = clean(found.name) + (f" ({clean(', '.join(found.objects))})" if found.objects else "")
        return _Cell(text, "", Goto("integrations", found.integration_id, half.vault_id))

    def _queue(self, half: Half | None, found: QueueHalf | None, *, sends: bool) -> _Cell:
        if found is None or half is None:
            return self._missing(half, "queue")
        stopped = not found.active or (sends and not found.delivers)
        text = clean(found.label) + (f"  {found.waiting:,} waiting" if found.waiting else "")
        sign, _ = SIGNS.symbol("disabled" if stopped else "active")
        return _Cell(text, "warn" if stopped else "", Goto("queues", found.key, half.vault_id), sign)

    def _count(self, half: Half | None, name: Counter) -> _Cell:
        if half is None or half.end is None:
            return _NOTHING
        end = half.end
        value: int = getattr(end, name)
        target = Counted(end.vault_id, end.key, end.name, name, self._day)
        return _Cell(f"{value:,}", _BAD.get(name, "") if value else "muted", target)


_FACTS: Final = (
    ("name", "Name"),
    ("api_name", "API Name"),
    ("state", "State"),
    ("user", "User"),
    ("certificate", "Certificate"),
    ("remote", "Remote ID"),
)


def _mark() -> str:
    return SIGNS.pick("▸", ">")


def _centred(text: str, width: int, filled: str = " ") -> str:
    text = fit(text, min(cell_len(text), width))
    left = (width - cell_len(text)) // 2
    return filled * left + text + filled * (width - cell_len(text) - left)
