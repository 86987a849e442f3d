"""The form of a record. Nothing typed is lost: not by an error, and not by Esc without a question."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from console import commands
from console.modals.confirm import Confirm
from console.modals.picker import Choice, PickList
from console.theme import SIGNS
from console.widgets.fields import ChoiceField, FieldLine
from console.widgets.paint import clean
from console.work import Failed, in_thread
from models.errors import ConsoleError, InvalidInput

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from models.queries.records import RecordForm


class RecordFormScreen(ModalScreen[str | None]):
    """Edit a record, or make one. Answers what was done, or None when nothing was."""

    HELP = (
        "Tab moves between fields. Enter saves from a text field and opens a list of values. Esc asks before it drops."
    )
    DEFAULT_CSS = """
    RecordFormScreen { align: center middle; background: $background 60%; }
    RecordFormScreen > Vertical {
        width: 96; max-width: 98%; height: auto; max-height: 92%;
        background: $surface; border: round $primary; border-title-color: $primary; border-subtitle-color: $foreground;
    }
    RecordFormScreen #fields { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    RecordFormScreen #trouble { display: none; color: $error; padding: 0 1; }
    RecordFormScreen #trouble.-shown { display: block; }
    RecordFormScreen #buttons { height: auto; align-horizontal: right; margin: 1 1 0 0; }
    RecordFormScreen Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="form.leave", tooltip="Leave; asks before dropping what was typed"),
        Binding("f2", "save", "Save", id="form.save", tooltip="Save the record"),
    ]

    class Saved(Message, bubble=False):
        """The record has been saved."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, form: RecordForm, field: str) -> None:
        super().__init__()
        self._form = form
        self._field = field
        self._saving = False

    @property
    def home(self) -> ConsoleApp:
        """The app, under its own type."""
        return cast("ConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        form = self._form
        title = f"{form.object_label}: {form.name} ({form.key})" if form.key else f"New {form.object_label}"
        with Vertical() as box:
            box.border_title = Content(clean(title))
            box.border_subtitle = Content("Enter or F2 saves  Tab moves  Esc leaves")
            yield Static(id="trouble")
            with VerticalScroll(id="fields", can_focus=False):
                for field in form.fields:
                    yield FieldLine(field)
            with Horizontal(id="buttons"):
                yield Button(Content("Leave"), id="leave", compact=True)
                yield Button(Content("Save"), id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        lines = self._lines
        line = next((line for line in lines if line.field.name == self._field), lines[0])
        line.editor.focus()

    @property
    def _lines(self) -> list[FieldLine]:
        return list(self.query(FieldLine))

    @property
    def changes(self) -> dict[str, str]:
        """What differs from the store, by field name."""
        return {line.field.name: line.value for line in self._lines if line.changed}

    # Choosing

    def on_choice_field_wanted(self, message: ChoiceField.Wanted) -> None:
        message.stop()
        editor = message.field
        line = next(line for line in self._lines if line.editor is editor)
        field = line.field
        if field.choices:
            choices = [Choice(value, label, value if value != label else "") for value, label in field.choices]
            picker = PickList(field.label, choices, current=editor.value)
            labels = dict(field.choices)
        else:
            labels = {}
            search = partial(self._find, field.reference or "", labels)
            picker = PickList(field.label, current=editor.value, search=search, prompt="Type part of the name")

        def picked(value: str | None) -> None:
            if value is not None:
                editor.put(value, labels.get(value, value))

        self.app.push_screen(picker, picked)

    def _find(self, object_name: str, labels: dict[str, str], text: str) -> Sequence[Choice]:
        """Records that a reference may name; called in a thread."""
        from models.queries.lab import ask
        from models.queries.records import find

        store = self.home.store
        if store is None:
            return ()
        found = ask(store, find, self.home.session.vault_id, object_name, text)
        labels.update(found)
        return [Choice(key, name, key) for key, name in found]

    # Saving

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_save()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    def action_save(self) -> None:
        store = self.home.store
        if self._saving or store is None:
            return
        if not self.changes and self._form.key is not None:
            self._trouble("Nothing differs from what is stored.")
            return
        self._saving = True
        self._trouble("")
        values = {line.field.name: line.value or None for line in self._lines if line.changed or not self._form.key}
        save = partial(
            commands.save_record, object_name=self._form.object_name, record_id=self._form.key, values=values
        )
        in_thread(self, partial(save, store, self.home.session.who), self.Saved, group="save")

    def on_record_form_screen_saved(self, message: Saved) -> None:
        self.dismiss(message.text)

    def on_failed(self, message: Failed) -> None:
        """A refusal is shown here, beside the fields it is about; everything typed stays."""
        self._saving = False
        error = message.error
        if message.group != "save" or not isinstance(error, ConsoleError):
            return
        message.stop()
        problems = dict(error.fields) if isinstance(error, InvalidInput) else {}
        lines = self._lines
        for line in lines:
            line.show_problem(problems.pop(line.field.name, ""))
        first = next((line for line in lines if line.has_class("-problem")), None)
        if first is not None:
            first.editor.focus()
            self._trouble(error.title)
        if problems or first is None:
            rest = " ".join(f"{name}: {text}" for name, text in problems.items())
            self._trouble(rest or f"{error.title}. {error}")

    def _trouble(self, text: str) -> None:
        line = self.query_one("#trouble", Static)
        line.update(Content(f"{SIGNS.pick('✕', 'x')} {clean(text)}" if text else ""))
        line.set_class(bool(text), "-shown")

    def action_leave(self) -> None:
        if not self.changes:
            self.dismiss(None)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.dismiss(None)

        count = len(self.changes)
        text = f"{count} {'field differs' if count == 1 else 'fields differ'} from what is stored."
        self.app.push_screen(Confirm("Drop what you typed?", text, yes="Drop it", no="Keep editing"), answered)
