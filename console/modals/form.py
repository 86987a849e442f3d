"""A form about anything: fields, the help of the one in focus, and what is wrong beside it. Nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from console.keymap import key_name
from console.modals.base import Modal
from console.modals.confirm import Confirm
from console.modals.dialog import Answer, Dialog
from console.modals.picker import MATCHLESS, Choice, PickList
from console.modals.progress import ProgressScreen
from console.theme import SIGNS
from console.twins.call import carry_on, carry_out
from console.widgets.fields import ChoiceField, FieldLine
from console.widgets.paint import clean
from console.work import Failed, Work, in_thread
from models.errors import ConsoleError, InvalidInput

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.session import Who
    from models.queries.records import FormField
    from models.store import Store

Save = Callable[["Store", "Who", Mapping[str, str], bool], str]
"""Saves what was typed; the last argument says that a question was answered with yes."""
Begin = Callable[["Store", "Who", Mapping[str, str]], Work]
"""What was typed, as long work with its progress."""
TALLEST = 92
"""Of a hundred lines of the screen, how many a form takes at most."""
FRAME = 2
NOTHING = "There is nothing to choose yet: it depends on other fields."
UNSEEN = "unseen"
"""The type of a field that is typed unseen."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form needs: `save`, or `work` when saving takes long enough to show how far it is.

    `is_new`: all values are saved, not only those that differ from what the store holds. `first` names the field that
    has the focus at first; without it, that is the first one.
    """

    title: str
    fields: Sequence[FormField]
    save: Save | None = None
    is_new: bool = False
    about: str = ""
    helps: Mapping[str, str] = field(default_factory=dict)
    saves: str = "Save"
    work: Begin | None = None
    first: str = ""
    began_with: str = "where you began"


def form_field(
    name: str,
    label: str,
    value: str = "",
    *,
    type: str = "text",  # noqa: A002 - the field's own name
    required: bool = False,
    choices: Sequence[tuple[str, str]] = (),
    hint: str = "",
) -> FormField:
    """A field of a form; one with `choices` (value and label) holds one of them."""
    from models.queries.records import FormField

    text = dict(choices).get(value, value)
    return FormField(name, label, type, value, text, required, tuple(choices), hint=hint)


def _ask_again(home: ConsoleApp, form: Form, values: Mapping[str, str], error: ConsoleError) -> None:
    """Open a form again with what was typed, after its work was refused; only told where another box is open."""
    if home.front is None:
        home.tell_error(error)
        return
    fields = [
        replace(field, value=value, text=dict(field.choices).get(value, value))
        for field in form.fields
        for value in (values.get(field.name, field.value),)
    ]

    def done(text: str | None) -> None:
        if text:
            home.tell(text)

    home.push_screen(FormScreen(replace(form, fields=fields), refused=error), done)


class FormScreen(Modal[str | None]):
    """Fill in a form. Answers what was done, or None when nothing was."""

    HELP = (
        "Tab moves between fields. Enter saves from a text field and opens a list of values. Esc asks before it drops."
    )
    DEFAULT_CSS = """
    FormScreen > Vertical {
        width: 96; max-width: 98%; height: auto; max-height: 92%;
    }
    FormScreen #about { padding: 0 1; color: $text-muted; height: auto; margin-bottom: 1; }
    FormScreen #fields { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    FormScreen #trouble { display: none; color: $error; padding: 0 1; }
    FormScreen #trouble.-shown { display: block; }
    FormScreen #hint { padding: 0 1; margin-top: 1; color: $text-muted; height: auto; min-height: 3; }
    FormScreen #buttons { height: auto; align-horizontal: right; margin: 0 1 0 0; }
    FormScreen.-no-hints #hint { display: none; }
    FormScreen.-no-hints #buttons { margin: 1 1 0 0; }
    FormScreen Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="form.leave", tooltip="Leave; asks before dropping what was typed"),
        Binding("f2", "save", "Save", id="form.save", tooltip="Save"),
    ]

    class Saved(Message, bubble=False):
        """It has been saved."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, form: Form, *, refused: ConsoleError | None = None) -> None:
        """`refused` says why what the form holds could not be done."""
        super().__init__()
        self._form = form
        self._refused_first = refused
        self._saving = False
        self._picker: PickList | None = None

    @property
    def home(self) -> ConsoleApp:
        """The app, under its own type."""
        return cast("ConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        form = self._form
        with Vertical() as box:
            saves = f"Enter or {key_name(self, 'form.save', 'F2')} saves"
            self.entitle(box, form.title, saves, "Tab moves", "Esc leaves")
            yield Static(id="trouble")
            if form.about:
                yield Static(Content(clean(form.about)), id="about")
            with VerticalScroll(id="fields", can_focus=False):
                for line in form.fields:
                    yield FieldLine(line)
            yield Static(id="hint")
            with Horizontal(id="buttons"):
                yield Button(Content("Leave"), id="leave", compact=True)
                yield Button(Content(form.saves), id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        for line in self._lines:
            if line.field.type == UNSEEN:
                line.query_one(Input).password = True
        self.set_class(not self._form.helps, "-no-hints")
        lines = self._lines
        next((line for line in lines if line.field.name == self._form.first), lines[0]).editor.focus()
        if self._refused_first is not None:
            self.call_after_refresh(self._refused, self._refused_first)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Let the fields scroll before they push the buttons out of sight."""
        fields = self.query_one("#fields")
        others = [each for each in self.query("FormScreen > Vertical > *") if each is not fields and each.display]
        taken = FRAME + sum(each.outer_size.height + each.styles.margin.height for each in others)
        fields.styles.max_height = max(3, self.size.height * TALLEST // 100 - taken)

    def on_descendant_focus(self) -> None:
        """Say what the field in focus is for."""
        focused = self.focused
        line = next((line for line in self._lines if line.editor is focused), None)
        if line is not None:
            self.query_one("#hint", Static).update(Content(clean(self._form.helps.get(line.field.name, ""))))

    @property
    def _lines(self) -> list[FieldLine]:
        return list(self.query(FieldLine))

    @property
    def changes(self) -> dict[str, str]:
        """What differs from where the form began, by field name."""
        return {line.field.name: line.value for line in self._lines if line.changed}

    def on_choice_field_wanted(self, message: ChoiceField.Wanted) -> None:
        message.stop()
        if self._picker is not None:
            # Keys that came while the list opened are meant for it.
            self._picker.type_in(message.typed)
            return
        editor = message.field
        line = next(line for line in self._lines if line.editor is editor)
        picker, labels = self.picker(line.field, editor.value)
        picker.type_in(message.typed.strip())
        self._picker = picker

        def picked(value: str | None) -> None:
            self._picker = None
            if value is not None:
                editor.put(value, labels.get(value, value))

        self.app.push_screen(picker, picked)

    def picker(self, field: FormField, current: str) -> tuple[PickList, Mapping[str, str]]:
        """What a field's value is picked from, and the label of each value."""
        choices = [Choice(value, label) for value, label in field.choices]
        nothing = MATCHLESS if choices else NOTHING
        return PickList(field.label, choices, current=current, nothing=nothing), dict(field.choices)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is corrected is not told of any more; saving tells what is still wrong."""
        event.stop()
        self._told_no_more(event.input)

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        message.stop()
        self._told_no_more(message.field)

    def _told_no_more(self, editor: Widget) -> None:
        for line in self._lines:
            if line.editor is editor:
                line.show_problem("")

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
        self._save(confirmed=False)

    def _save(self, *, confirmed: bool) -> None:
        store = self.home.store
        if self._saving or store is None:
            return
        if not self.changes and not self._form.is_new:
            self._trouble("Nothing differs from what is stored.")
            return
        self._saving = True
        self._trouble("")
        values = {line.field.name: line.value for line in self._lines if line.changed or self._form.is_new}
        form, who = self._form, self.home.session.who
        if form.work is not None:
            work = carry_on(form.work, store, who, values)
            progress = ProgressScreen(form.title, work, failed=self._refused)
            self.app.push_screen(progress, partial(self._worked, progress, values))
        elif form.save is not None:
            in_thread(self, partial(carry_out, form.save, store, who, values, confirmed), self.Saved, group="save")

    def _worked(self, progress: ProgressScreen, values: Mapping[str, str], text: str | None) -> None:
        """Long work is done, and the form with it; where it failed, all that was typed stays.

        Whoever does something else meanwhile gets the form again when the work is refused.
        """
        self._saving = False
        if progress.left:
            progress.watched.failed = partial(_ask_again, self.home, self._form, values)
        if progress.left or text is not None:
            self.dismiss(text)

    def on_form_screen_saved(self, message: Saved) -> None:
        self.dismiss(message.text)

    def on_failed(self, message: Failed) -> None:
        """A refusal is shown here, beside the fields it is about; everything typed stays."""
        self._saving = False
        error = message.error
        if message.group != "save" or not isinstance(error, ConsoleError):
            return
        message.stop()
        self._refused(error)

    def _refused(self, error: ConsoleError) -> None:
        if (question := getattr(error, "question", "")) and (yes := getattr(error, "yes", "")):
            self._ask(question, error.message, yes)
            return
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

    def _ask(self, question: str, text: str, yes: str) -> None:
        def answered(answer: str | None) -> None:
            if answer:
                self._save(confirmed=True)

        self.app.push_screen(Dialog(question, [text], [Answer("yes", yes, "warning")]), answered)

    def _trouble(self, text: str) -> None:
        line = self.query_one("#trouble", Static)
        line.update(Content(f"{SIGNS.pick('✕', 'x')} {clean(text)}" if text else ""))
        line.set_class(bool(text), "-shown")
        self.call_after_refresh(self._fit)

    def action_leave(self) -> None:
        if not self.changes:
            self.dismiss(None)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.dismiss(None)

        count = len(self.changes)
        text = f"{count} {'field differs' if count == 1 else 'fields differ'} from {self._form.began_with}."
        self.app.push_screen(Confirm("Drop what you typed?", text, yes="Drop it", no="Keep editing"), answered)
