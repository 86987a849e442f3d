"""What was done in this session, as calls of the command line: to read, and to copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.keymap import key_name
from console.modals.base import Page
from console.targets import CopyText
from console.widgets.detail_view import DetailView
from console.widgets.document import Note, Part, Section


class CallLine(NamedTuple):
    """Something that was done: when (the time of day), what was told of it, and the call that does the same."""

    at: datetime
    told: str
    call: str


class CallsScreen(Page[str | None]):
    """Shows calls, the last one first. Answers the one to copy, or None."""

    HELP = "Up and Down move from call to call, Enter or {calls.copy} copies it. Esc goes back."
    DEFAULT_CSS = "CallsScreen > Vertical { height: 80%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,semicolon", "leave", "Back", id="calls.leave", tooltip="Back to where this was opened"),
        Binding("y", "copy", "Copy", id="calls.copy", tooltip="Copy the call under the cursor"),
    ]

    def __init__(self, calls: Sequence[CallLine]) -> None:
        super().__init__()
        self._calls = calls

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            copies = f"Enter or {key_name(self, 'calls.copy', 'y')} copies"
            self.entitle(box, "Calls of the command line that do what was done here", copies, "Esc back")
            yield DetailView()

    def on_mount(self) -> None:
        view = self.query_one(DetailView)
        view.focus()
        parts: list[Part] = []
        for line in self._calls:
            first = line.told.splitlines()[0] if line.told else ""
            parts.append(Section(f"{line.at.astimezone():%H:%M:%S}"))
            if first:
                parts.append(Note(first))
            parts.append(Note(line.call, "link", CopyText(line.call)))
        if not parts:
            parts.append(Note("Nothing has been done yet. What you do stands here as a call that does the same."))
        self.call_after_refresh(view.show, parts)

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        message.stop()
        if isinstance(message.target, CopyText):
            self.dismiss(message.target.text)

    def action_copy(self) -> None:
        self.query_one(DetailView).action_follow()
