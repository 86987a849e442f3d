"""The app's voice: doing things in threads and telling how they went, with the call that does the same.

Errors of our own are caught here: the session goes on, and a report is written to a file that is named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from textual.dom import DOMNode
from textual.message import Message
from textual.widget import Widget

from console import commands
from console.keyed import KeyedApp
from console.lab import LabOpener
from console.modals.calls import CallLine, CallsScreen
from console.reports import write_report
from console.session import Who
from console.twins.call import Told, Twin, carry_out, line_of, shortened
from console.widgets.paint import clean
from console.work import Failed, in_thread
from models.errors import ConsoleError

Severity = Literal["information", "warning", "error"]
ERRORS_IN_A_ROW = 5
"""So many errors of our own within ten seconds end the console: it could not go on."""
CALLS_KEPT = 200
CALL_CELLS = 120
"""Cells of a call that are told with what was done: about two lines."""


class TellingApp(KeyedApp):
    """An app that does things and tells what came of them."""

    class Done(Message):
        """A command was carried out; `text` says with what result."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Looked(Message):
        """The call that shows what was looked at is known."""

        def __init__(self, what: str, call: str) -> None:
            super().__init__()
            self.what = what
            self.call = call

    def __init__(self, open_lab: LabOpener, *, report_folder: Path | None = None, **options: Any) -> None:
        super().__init__(open_lab, **options)
        self.calls: deque[CallLine] = deque(maxlen=CALLS_KEPT)
        """What was done in this session as calls of the command line, the last one first."""
        self._report_folder = report_folder
        self._errors: list[float] = []

    # Doing

    def perform(self, command: commands.Command, *, who: Who | None = None) -> None:
        """Carry out a command in a thread, as somebody else where `who` says so, and tell how it went."""
        store = self.store
        if store is not None:
            job: Callable[[], str] = partial(carry_out, command, store, who or self.session.who)
            in_thread(self, job, self.Done, group="command")

    def on_telling_app_done(self, message: Done) -> None:
        if message.text:
            self.tell(message.text)
        else:
            self._keep_call(message.text)

    # Telling

    def tell(self, text: str, *, title: str = "", severity: Severity = "information") -> None:
        """Say something that does not stand in the way. Text is data, never markup."""
        if self._keep_call(text) and isinstance(text, Told):
            call = shortened(text.call, CALL_CELLS)
            text = f"{text}\n{call}\n{self.written('{app.calls} lists and copies calls')}"
        self.notify(text, title=title, severity=severity, markup=False)

    def _keep_call(self, text: str) -> bool:
        """Keep the call that what is told of carries; answers whether it carries one."""
        if not isinstance(text, Told):
            return False
        self.calls.appendleft(CallLine(datetime.now(UTC), str(text), text.call))
        return True

    def looked(self, what: str, twin: Twin, *, who: Who | None = None) -> None:
        """Keep the call that shows what is being looked at; nothing is told of it."""
        store = self.store
        if store is not None:
            job = partial(line_of, twin, store, who or self.session.who)
            in_thread(self, job, partial(self.Looked, what), group="looked")

    def on_telling_app_looked(self, message: Looked) -> None:
        self._keep_call(Told(message.what, message.call) if message.call else "")

    def do_calls(self) -> None:
        """List the calls that do what was done in this session; one of them can be copied."""

        def picked(call: str | None) -> None:
            if call:
                self.copy_to_clipboard(call)
                self.tell("Copied the call.")

        self.push_screen(CallsScreen(tuple(self.calls)), picked)

    def do_screenshot(self) -> None:
        """Save a picture of the screen, and tell where it is."""
        from console.doing.files import first_folder, reason

        path = first_folder() / f"vault-console-{datetime.now():%Y%m%d-%H%M%S-%f}.svg"  # noqa: DTZ005 - a person's time
        try:
            path.write_text(self.export_screenshot(title=self.title), encoding="utf-8")
        except OSError as error:
            self.tell(f"{path}: {reason(error)}", title="The picture cannot be saved", severity="warning")
            return
        self.tell(f"The picture is in {path}.")

    def on_failed(self, message: Failed) -> None:
        self.tell_error(message.error)

    def tell_error(self, error: Exception) -> None:
        """Say what went wrong: a refusal in its own words, an error of ours with a report about it."""
        if isinstance(error, ConsoleError):
            text = f"{error.message}\n{error.remedy}".strip()
            self.tell(clean_lines(text), title=error.title, severity="warning")
            return
        report = write_report(error, self._report_folder)
        self.tell(
            f"This is an error of the console, not yours; it goes on. A report is in {report}",
            title="Something went wrong",
            severity="error",
        )

    def _register(self, parent: DOMNode, *widgets: Widget, **place: Any) -> list[Widget]:
        """Take screens and widgets in so that an error in one of their handlers does not end them."""
        for widget in widgets:
            if not widget.is_running:
                dispatch = partial(self._dispatch_to, widget._dispatch_message)  # noqa: SLF001 - no public way there
                widget._dispatch_message = dispatch  # type: ignore[method-assign]  # noqa: SLF001
        return super()._register(parent, *widgets, **place)

    async def _dispatch_message(self, message: Message) -> None:
        await self._dispatch_to(super()._dispatch_message, message)

    async def _dispatch_to(self, dispatch: Callable[[Message], Awaitable[None]], message: Message) -> None:
        """Hand a message to whom it is for. Textual would let nobody hear another one after an error."""
        try:
            await dispatch(message)
        except Exception as error:  # noqa: BLE001 - reported, and told to the person
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """Errors inside handlers end up here: report them and go on, unless they do not stop."""
        now = monotonic()
        self._errors = [moment for moment in self._errors if now - moment < 10] + [now]
        if self.is_headless or len(self._errors) > ERRORS_IN_A_ROW or not self.is_running:
            write_report(error, self._report_folder)
            super()._handle_exception(error)
        else:
            self.tell_error(error)


def clean_lines(text: str) -> str:
    """Stored text over several lines, without characters that a screen must not get."""
    return "\n".join(clean(line) for line in text.splitlines())
