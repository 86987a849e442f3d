"""A form that looks at what is typed as one types: choices that depend on other fields, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from console.modals.form import Form, FormScreen
from console.widgets.fields import ChoiceField
from console.work import Failed, in_thread
from models.errors import ConsoleError

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store

LOOK_AFTER = 0.1
"""Seconds after a key at which what is typed is looked at."""


@dataclass(frozen=True, slots=True)
class FormLook:
    """How a form stands: choices of fields that depend on others, and what is wrong, by field."""

    choices: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


Look = Callable[["Store", "Who", Mapping[str, str]], FormLook]
"""Looks at what is typed so far; called in a thread."""


class LiveFormScreen(FormScreen):
    """Fill in a form that is checked as one types. A field is told about once it was touched."""

    class Looked(Message, bubble=False):
        """What is typed has been looked at."""

        def __init__(self, look: FormLook) -> None:
            super().__init__()
            self.look = look

    def __init__(self, form: Form, look: Look) -> None:
        super().__init__(form)
        self._looking = look
        self._look_timer: Timer | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing that was typed waits to be looked at."""
        return self._look_timer is None

    def on_mount(self) -> None:
        self._look()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        event.prevent_default()
        self._look_soon()

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        message.stop()
        message.prevent_default()
        self._look_soon()

    def _look_soon(self) -> None:
        self._stop_looking()
        self._look_timer = self.set_timer(LOOK_AFTER, self._look)

    def _stop_looking(self) -> None:
        if self._look_timer is not None:
            self._look_timer.stop()
            self._look_timer = None

    def _look(self) -> None:
        self._look_timer = None
        store = self.home.store
        if store is not None:
            values = {line.field.name: line.value for line in self._lines}
            job = partial(self._looking, store, self.home.session.who, values)
            in_thread(self, job, self.Looked, group="look", exclusive=True)

    def on_live_form_screen_looked(self, message: Looked) -> None:
        """Offer what may be chosen now, and tell what is wrong with the fields that were touched."""
        look = message.look
        for line in self._lines:
            name = line.field.name
            if name in look.choices:
                line.offer(look.choices[name])
            if line.changed or line.has_class("-problem"):
                line.show_problem(look.problems.get(name, ""))

    def on_failed(self, message: Failed) -> None:
        """What cannot be looked at, because its rule is gone, is refused when it is saved."""
        if message.group == "look" and isinstance(message.error, ConsoleError):
            message.stop()
            message.prevent_default()
        elif message.group == "save":
            # What was looked at earlier says less than this refusal.
            self._stop_looking()
