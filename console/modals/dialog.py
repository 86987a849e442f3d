"""Dialogs that tell before they ask: several answers, and a name to type before something is destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from console.modals.base import Modal
from console.widgets.paint import clean


@dataclass(frozen=True, slots=True)
class Answer:
    """A button of a dialog."""

    key: str
    label: str
    kind: Literal["default", "primary", "warning"] = "default"


def text_of(lines: Sequence[str]) -> Content:
    """Stored text over several lines, as it may be shown."""
    return Content("\n".join(clean(line) for text in lines for line in text.splitlines() or [""]))


class Dialog(Modal[str | None]):
    """Tell something and take an answer: its key, or None. The first answer, the safe one, has the focus."""

    HELP = "Tab or arrows move between the answers, Enter chooses. Esc keeps everything as it is."
    DEFAULT_CSS = """
    Dialog > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 92%; padding: 1 2;
    }
    Dialog VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    Dialog Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    Dialog Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="dialog.leave", tooltip="Keep everything as it is"),
        Binding("left", "app.focus_previous", show=False, id="dialog.left", tooltip="Other answer"),
        Binding("right", "app.focus_next", show=False, id="dialog.right", tooltip="Other answer"),
    ]

    def __init__(
        self, title: str, lines: Sequence[str], answers: Sequence[Answer] = (), *, leave: str = "Leave"
    ) -> None:
        super().__init__()
        self._title, self._lines = title, lines
        self._answers = (Answer("", leave), *answers)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            with VerticalScroll(can_focus=False):
                yield Static(text_of(self._lines))
            with Horizontal():
                for place, answer in enumerate(self._answers):
                    yield Button(Content(answer.label), id=f"answer-{place}", variant=answer.kind, compact=True)

    def on_mount(self) -> None:
        self.query_one("#answer-0", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        place = int((event.button.id or "").removeprefix("answer-"))
        self.dismiss(self._answers[place].key or None)


class TypedName(Modal[str | None]):
    """Destroy something only once its name was typed. Answers what was typed, or None."""

    HELP = "Type the name; Enter then moves to the button. Esc keeps everything as it is."
    DEFAULT_CSS = """
    TypedName > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 92%; padding: 1 2;
        border: round $warning; border-title-color: $warning;
    }
    TypedName Input { border: none; height: 1; padding: 0 1; margin-top: 1; background: $panel; }
    TypedName Input:focus { border: none; background: $primary 25%; }
    TypedName Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    TypedName Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="typed.leave", tooltip="Keep everything as it is"),
    ]

    def __init__(self, title: str, lines: Sequence[str], *, name: str, yes: str) -> None:
        super().__init__()
        self._title, self._lines, self._named, self._yes = title, lines, name, yes

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            yield Static(text_of((*self._lines, "", f"Type {self._named} to go on.")))
            yield Input(select_on_focus=False)
            with Horizontal():
                yield Button(Content("Leave"), id="leave", compact=True)
                yield Button(Content(self._yes), id="yes", variant="warning", compact=True, disabled=True)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#yes", Button).disabled = event.value.strip() != self._named

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        button = self.query_one("#yes", Button)
        if not button.disabled:
            button.focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(self.query_one(Input).value.strip() if event.button.id == "yes" else None)
