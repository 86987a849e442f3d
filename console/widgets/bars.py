"""The lines around every screen: header with Vault, user and lab clock; the areas; the titles of panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.areas import AREAS
from console.theme import SIGNS, Tone
from console.widgets.columns import Span
from console.widgets.paint import Row, clean, fit, paint_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from console.session import Session
    from console.work import Task

LEAD = 3
"""Cells before the title of a pane."""
METER = 12
"""Cells of the meter of long work."""
NARROW = 100
"""Below this width in cells, bars say less."""


class Bar(Widget):
    """One line of text in tones."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"
    ROW: Row = "head"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: tuple[Span, ...] = ()

    def put(self, *spans: Span) -> None:
        """Show this; paints only when it differs."""
        if spans != self._spans:
            self._spans = spans
            self.refresh()

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(text for text, _ in self._spans)

    def render_line(self, y: int) -> Strip:
        return paint_of(self.app).strip(list(self._spans) if y == 0 else [], self.ROW, self.size.width)


class VaultBar(Bar):
    """The Vault in use and the user."""

    ROW = "panel"

    class Clicked(Message):
        """Somebody wants another Vault."""

    class NoticesAsked(Message):
        """Somebody wants to see the notifications."""

    def __init__(self) -> None:
        super().__init__()
        self._badge = 0

    def show(self, session: Session, wide: bool) -> None:
        """Say whose screen this is."""
        vault, user = session.vault, session.user
        if vault is None:
            self.put((" Vault Connections Console", "strong"))
            return
        dot: Span = (SIGNS.pick("  ·  ", "  |  "), "muted")
        badge = f" ! {session.unseen:,} " if session.unseen else ""
        self._badge = len(badge)
        spans: list[Span] = [(badge, "warn")] if badge else []
        spans.append((f" {clean(vault.name)}", "heading"))
        if vault.sandbox:
            spans.append(("  Sandbox", "warn"))
        if wide:
            spans += [dot, (f"{vault.key}", "muted")]
        if user is not None:
            spans += [dot, (clean(user.full_name), "")]
            if wide:
                spans.append((f"  {clean(user.profile)}", "muted"))
        if session.read_only:
            spans += [dot, ("read-only", "warn")]
        self.put(*spans)

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.NoticesAsked() if event.x < self._badge else self.Clicked())


class ClockBar(Bar):
    """The lab clock, its speed, and what the engine does. The only part of the screen that ticks."""

    ROW = "panel"
    DEFAULT_CSS = "ClockBar { width: 54; }"

    def show(self, now: datetime | None, speed: float, *, paused: bool, session: Session, wide: bool) -> None:
        """Say the lab time, how fast it goes, and the engine's state."""
        if now is None:
            self.put((SIGNS.pick("Opening the store…", "Opening the store..."), "muted"))
            return
        time = now.strftime("%a %Y-%m-%d %H:%M:%S UTC" if wide else "%m-%d %H:%M:%S")
        mark = SIGNS.pick("‖", "=") if paused else SIGNS.pick("▶", ">")
        state: Tone = "warn" if paused else "ok"
        spans: list[Span] = [(f"{mark} ", state), (time, ""), (f"  {speed:g}{SIGNS.pick('×', 'x')}  ", "accent")]
        spans.append(self._engine(session, paused=paused))
        self.put(*spans)

    def render_line(self, y: int) -> Strip:
        """Stands on the right; how far that is, is known only when it is painted."""
        used = sum(cell_len(text) for text, _ in self._spans)
        blank: Span = (" " * max(0, self.size.width - used - 1), "")
        return paint_of(self.app).strip([blank, *self._spans] if y == 0 else [], self.ROW, self.size.width)

    def _engine(self, session: Session, *, paused: bool) -> Span:
        if session.engine == "running":
            words: Span = (f"{SIGNS.pick('●', '*')} running", "ok")
            return (f"{SIGNS.pick('‖', '=')} paused", "warn") if paused else words
        by_state: dict[str, Span] = {
            "starting": (f"{SIGNS.pick('◔', '~')} starting", "accent"),
            "viewer": (f"{SIGNS.pick('◇', 'o')} viewer", "warn"),
            "none": (f"{SIGNS.pick('○', 'o')} no engine", "muted"),
        }
        return by_state.get(session.engine, ("", ""))


class AreaBar(Bar):
    """The areas with their keys; what waits in one stands beside its name."""

    class Chosen(Message):
        """Somebody clicked an area."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current
        self._ends: list[tuple[int, str]] = []

    def show(self, session: Session, wide: bool) -> None:
        """Say what waits where."""
        waiting = session.waiting
        counts = {"queues": waiting.messages, "exceptions": waiting.exceptions} if waiting else {}
        spans: list[Span] = []
        self._ends = []
        used = 0
        tails = {name: f" {count:,}" for name, count in counts.items() if count}
        room = self.app.size.width - sum(len(item.label) + len(tails.get(item.name, "")) + 3 for item in AREAS)
        wide, gap = wide and room >= 0, " " if wide and room >= len(AREAS) - 1 else ""
        for item in AREAS:
            here = item.name == self._current
            label = item.label if wide else item.short
            mark = SIGNS.pick("▌", ">") if here else " "
            piece: list[Span] = [
                (mark, "heading"),
                (f"{item.key} ", "accent"),
                (label, "strong" if here else "muted"),
            ]
            if tail := tails.get(item.name):
                piece.append((tail, "bad" if item.name == "exceptions" else "accent"))
            piece.append((gap, ""))
            used += sum(cell_len(text) for text, _ in piece)
            self._ends.append((used, item.name))
            spans += piece
        self.put(*spans)

    @property
    def places(self) -> list[tuple[int, str]]:
        """Where each area's name begins."""
        begins = [0, *(end for end, _ in self._ends)]
        return [(begin, name) for begin, (_, name) in zip(begins, self._ends, strict=False)]

    def on_click(self, event: events.Click) -> None:
        for end, name in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(name))
                return


class NoticeBar(Bar):
    """A line that is there only while there is something to say, such as why this console is a viewer."""

    DEFAULT_CSS = "NoticeBar { display: none; }"

    def say(self, text: str) -> None:
        """Say something, or nothing more."""
        self.display = bool(text)
        self.put((f" {SIGNS.pick('◇', 'o')} {clean(text)}", "warn"))


class TaskBar(Bar):
    """A line that is there only while long work is under way: what it is, and how far."""

    DEFAULT_CSS = "TaskBar { display: none; }"
    ROW = "panel"

    class Clicked(Message):
        """Somebody wants to see the work."""

    def say(self, tasks: Sequence[Task], key: str) -> None:
        """Say how far the latest work is; `key` shows it."""
        self.display = bool(tasks)
        if not tasks:
            return
        task, others = tasks[-1], len(tasks) - 1
        done = int(task.part * METER)
        meter = SIGNS.pick("━", "#") * done + SIGNS.pick("─", "-") * (METER - done)
        more = f"  and {others} more" if others else ""
        self.put(
            (f" {SIGNS.pick('◔', '~')} {clean(task.title)}  ", "accent"),
            (f"{meter}  {task.part:.0%}  ", ""),
            (f"{clean(task.what)}{more}", "muted"),
            (f"  {key} shows it", "muted"),
        )

    def on_click(self) -> None:
        self.post_message(self.Clicked())


class PaneTitle(Bar):
    """The title of a pane; a sign and its tone say whether the pane has the focus."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title: tuple[Span, ...] = ()
        self._focused = False

    class Clicked(Message):
        """Somebody clicked the title, so many cells after its beginning."""

        def __init__(self, pane: PaneTitle, x: int) -> None:
            super().__init__()
            self.pane = pane
            self.x = x

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(self, event.x - LEAD))

    def title(self, *spans: Span) -> None:
        """Set the title."""
        self._title = spans
        self._write()

    def focused(self, here: bool) -> None:
        """Say whether the pane has the focus."""
        self._focused = here
        self._write()

    def _write(self) -> None:
        mark = SIGNS.pick("▶", ">") if self._focused else " "
        spans = [(text, "heading" if self._focused and tone == "strong" else tone) for text, tone in self._title]
        self.put((f" {mark} ", "heading"), *spans)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        row: Row = "panel" if self._focused else "head"
        used = 0
        shown: list[Span] = []
        for text, tone in self._spans:
            piece = fit(text, min(cell_len(text), max(0, width - used)))
            used += cell_len(piece)
            shown.append((piece, tone))
        return paint_of(self.app).strip(shown if y == 0 else [], row, width)


class HeaderBar(Horizontal):
    """The header: Vault and user on the left, clock and engine on the right."""

    DEFAULT_CSS = "HeaderBar { height: 1; }"

    def compose(self) -> ComposeResult:
        yield VaultBar()
        yield ClockBar()
