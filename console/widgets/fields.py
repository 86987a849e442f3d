"""Fields of a form: one line to type or choose in, and a line for what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Label

from console.theme import SIGNS
from console.widgets.columns import Span
from console.widgets.paint import clean, fit, paint_of

if TYPE_CHECKING:
    from models.queries.records import FormField


class ChoiceField(Widget, can_focus=True):
    """Holds one value out of a list; Enter opens the list, Delete empties the field."""

    HELP = "Enter opens the list of values; typing opens it narrowed. Delete empties the field."
    DEFAULT_CSS = "ChoiceField { height: 1; width: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "choose", "Choose", id="choice.choose", tooltip="Open the list of values"),
        Binding("space", "choose(' ')", "Choose", show=False, id="choice.space", tooltip="Open the list of values"),
        Binding("delete,backspace", "empty", "Empty", id="choice.empty", tooltip="Empty the field"),
    ]

    class Wanted(Message):
        """Somebody wants to choose; `typed` is what the list is to be narrowed by at first."""

        def __init__(self, field: ChoiceField, typed: str = "") -> None:
            super().__init__()
            self.field = field
            self.typed = typed

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, field: ChoiceField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, value: str, text: str) -> None:
        super().__init__()
        self.value = value
        self.text = text

    def put(self, value: str, text: str) -> None:
        """Hold another value."""
        self.value, self.text = value, text
        self.refresh()
        self.post_message(self.Changed(self))

    def action_choose(self, typed: str = "") -> None:
        self.post_message(self.Wanted(self, typed))

    def action_empty(self) -> None:
        self.put("", "")

    def on_key(self, event: events.Key) -> None:
        """Whoever types into the field means its list."""
        if event.is_printable and event.character and not event.character.isspace():
            event.stop()
            self.post_message(self.Wanted(self, event.character))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_choose()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        paint, width = paint_of(self.app), self.size.width
        if y:
            return paint.strip([], "", width)
        sign = SIGNS.pick("▾", "v")
        text: Span = (clean(self.text), "strong") if self.text else ("empty", "muted")
        spans: list[Span] = [(" ", ""), (fit(text[0], width - 4), text[1]), (f" {sign} ", "accent")]
        return paint.strip(spans, "cursor" if self.has_focus else "panel", width)


class FieldLine(Vertical):
    """A label, the field, and below it what is wrong with the value."""

    DEFAULT_CSS = """
    FieldLine { height: auto; }
    FieldLine Horizontal { height: 1; }
    FieldLine .label { width: 28; padding: 0 1; color: $text-muted; }
    FieldLine.-changed .label { color: $accent; }
    FieldLine Input { border: none; height: 1; padding: 0 1; width: 1fr; background: $panel; }
    FieldLine Input:focus { border: none; background: $primary 25%; }
    FieldLine .problem { display: none; color: $error; padding: 0 1 0 29; height: auto; width: 1fr; }
    FieldLine.-problem .problem { display: block; }
    """

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.field = field

    @property
    def choosable(self) -> bool:
        """Whether the value is chosen, not typed."""
        return bool(self.field.choices) or self.field.type in ("picklist", "yes_no", "object")

    def compose(self) -> ComposeResult:
        field = self.field
        with Horizontal():
            label = f"{clean(field.label)}{' *' if field.required else ''}"
            yield Label(Content(label), classes="label")
            if self.choosable:
                yield ChoiceField(field.value, field.text)
            else:
                yield Input(field.value, placeholder=field.hint, select_on_focus=False)
        yield Label(Content(""), classes="problem")

    def on_mount(self) -> None:
        for line in self.query(Input):
            line.cursor_blink = False

    @property
    def editor(self) -> Widget:
        """What takes the focus."""
        return self.query_one(ChoiceField if self.choosable else Input)

    @property
    def value(self) -> str:
        """The value as text, as it stands in the form."""
        return self.query_one(ChoiceField).value if self.choosable else self.query_one(Input).value

    @property
    def changed(self) -> bool:
        """Whether it differs from what the store held."""
        return self.value != self.field.value

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Let other values be chosen; a value that is held already is shown with its label."""
        self.field = replace(self.field, choices=tuple(choices))
        if isinstance(editor := self.editor, ChoiceField) and editor.text == editor.value:
            editor.text = dict(choices).get(editor.value, editor.value)
            editor.refresh()

    def show_problem(self, text: str) -> None:
        """Say what is wrong with the value, or nothing."""
        self.query_one(".problem", Label).update(Content(f"{SIGNS.pick('✕', 'x')} {clean(text)}" if text else ""))
        self.set_class(bool(text), "-problem")

    def on_input_changed(self) -> None:
        self.set_class(self.changed, "-changed")

    def on_choice_field_changed(self) -> None:
        self.set_class(self.changed, "-changed")
