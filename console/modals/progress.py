"""Long work with its progress, and a way to cancel it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, ProgressBar, Static

from console.modals.base import Modal
from console.widgets.paint import clean
from console.widgets.plain import Meter
from console.work import Failed, in_thread
from models.errors import ConsoleError

Work = Callable[[Callable[[str, float], None], Callable[[], bool]], str]
"""Does the work: tells what it does and how much is done (0 to 1), asks whether it is cancelled, answers a sentence."""


class MeterBar(ProgressBar):
    """A progress bar that is read without its colours."""

    BAR_RENDERABLE = Meter


class ProgressScreen(Modal[str | None]):
    """Do long work in a thread and show how far it is. Answers what was done, or None."""

    HELP = "Esc cancels: then nothing is changed."
    DEFAULT_CSS = """
    ProgressScreen > Vertical {
        width: 64; max-width: 94%; height: auto; padding: 1 2;
    }
    ProgressScreen ProgressBar { margin-top: 1; width: 100%; }
    ProgressScreen Bar { width: 1fr; }
    ProgressScreen Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="progress.cancel", tooltip="Cancel; nothing is changed"),
    ]

    class Moved(Message, bubble=False):
        """The work has gone on."""

        def __init__(self, what: str, part: float) -> None:
            super().__init__()
            self.what = what
            self.part = part

    class Finished(Message, bubble=False):
        """The work is done."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, title: str, work: Work, *, failed: Callable[[ConsoleError], None] | None = None) -> None:
        """`failed` takes a refusal, once this screen is gone; without it the app tells it."""
        super().__init__()
        self._title, self._work, self._failed = title, work, failed
        self.cancelled = Event()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            yield Static(Content("Beginning"), id="what")
            yield MeterBar(total=1.0, show_eta=False)
            with Horizontal():
                yield Button(Content("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        def tell(what: str, part: float) -> None:
            self.post_message(self.Moved(what, part))

        in_thread(self, partial(self._work, tell, self.cancelled.is_set), self.Finished, group="long")

    def on_unmount(self) -> None:
        """Who ends the console does not wait for what he cannot see any more."""
        self.cancelled.set()

    def on_progress_screen_moved(self, message: Moved) -> None:
        self.query_one("#what", Static).update(Content(clean(message.what)))
        self.query_one(ProgressBar).update(progress=message.part)

    def on_progress_screen_finished(self, message: Finished) -> None:
        self.dismiss(message.text)

    def on_failed(self, message: Failed) -> None:
        """What went wrong is told by who asked for the work, or by the app; nothing has been changed."""
        self.dismiss(None)
        if self._failed is not None and isinstance(message.error, ConsoleError):
            message.stop()
            self.app.call_later(self._failed, message.error)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_cancel()

    def action_cancel(self) -> None:
        self.cancelled.set()
        self.query_one("#what", Static).update(Content("Cancelling"))
