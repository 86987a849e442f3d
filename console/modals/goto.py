"""Going to a row of a list: by its place, its key, or the time that it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from console.modals.base import Modal
from console.theme import SIGNS
from console.widgets.paint import clean
from console.work import in_thread

if TYPE_CHECKING:
    from models.queries.window import Key

Seek = Callable[[str], "Key | None"]
"""Finds the row that a text means, in a thread. Raises ValueError with a sentence."""
LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True)
class Found:
    """A row by its key."""

    key: Key


class GotoPrompt(Modal[int | Found | None]):
    """Ask for a row. Answers its place from 1, or its key as `Found`, or None."""

    HELP = "Type the row's place in the list, or its key, or a time. Enter goes there, Esc stays."
    DEFAULT_CSS = """
    GotoPrompt > Vertical {
        width: 72; max-width: 96%; height: auto; padding: 0 1;
    }
    GotoPrompt Input { border: none; height: 1; padding: 0 1; margin: 1 0; background: $panel; }
    GotoPrompt Input:focus { border: none; }
    GotoPrompt Static { color: $text-muted; height: auto; }
    GotoPrompt Static.-problem { color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stay", id="goto.leave", tooltip="Stay where you are"),
    ]

    class Sought(Message, bubble=False):
        """What a text means: a row, or why there is none."""

        def __init__(self, key: Key | None, problem: str = "") -> None:
            super().__init__()
            self.key = key
            self.problem = problem

    def __init__(self, total: int, hint: str, seek: Seek) -> None:
        super().__init__()
        self._total, self._hint, self._seek = total, hint, seek

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, "Go to a row", "Enter goes there", "Esc stays")
            yield Input(select_on_focus=False)
            yield Static(Content(clean(f"A place from 1 to {self._total:,}, {self._hint}")))

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip().replace(",", "")
        if text.isascii() and text.isdigit():
            place = int(text) if len(text) <= LONGEST_NUMBER else 0
            if 1 <= place <= self._total:
                self.dismiss(place)
            else:
                self._tell(f"The list has {self._total:,} rows." if self._total != 1 else "The list has one row.")
            return

        def job() -> tuple[Key | None, str]:
            try:
                key = self._seek(event.value)
            except ValueError as error:
                return None, str(error)
            return key, "" if key is not None else "There is no such row in this list."

        in_thread(self, job, lambda found: self.Sought(*found), group="goto", exclusive=True)

    def on_goto_prompt_sought(self, message: Sought) -> None:
        if message.key is None:
            self._tell(message.problem)
        else:
            self.dismiss(Found(message.key))

    def _tell(self, problem: str) -> None:
        line = self.query_one(Static)
        line.update(Content(f"{SIGNS.pick('✕', 'x')} {clean(problem)}"))
        line.add_class("-problem")
