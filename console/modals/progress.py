"""Long work with its progress: watched, left to go on by itself, or cancelled."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, ProgressBar, Static

from console.modals.base import Modal
from console.widgets.paint import clean
from console.widgets.plain import Meter
from console.work import Task, Work
from models.errors import ConsoleError

if TYPE_CHECKING:
    from console.tasking import TaskingApp


class MeterBar(ProgressBar):
    """A progress bar that is read without its colours."""

    BAR_RENDERABLE = Meter


class ProgressScreen(Modal[str | None]):
    """Shows how far long work is. Answers what was done; None when it failed, or goes on without being watched.

    The work begins with the screen, unless it is one that goes on already.
    """

    HELP = "Esc goes on with other things while the work goes on; “Cancel” ends it, and then nothing is changed."
    DEFAULT_CSS = """
    ProgressScreen > Vertical { width: 64; max-width: 94%; height: auto; padding: 1 2; }
    ProgressScreen ProgressBar { margin-top: 1; width: 100%; }
    ProgressScreen Bar { width: 1fr; }
    ProgressScreen Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    ProgressScreen Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Work on", id="progress.leave", tooltip="Do something else while this goes on"),
        Binding("left", "app.focus_previous", show=False, id="progress.left", tooltip="Other button"),
        Binding("right", "app.focus_next", show=False, id="progress.right", tooltip="Other button"),
    ]

    def __init__(
        self,
        task: Task | str,
        work: Work | None = None,
        *,
        failed: Callable[[ConsoleError], None] | None = None,
        stays: bool = False,
    ) -> None:
        """`task` is one that goes on, or the title of `work` that is to begin.

        `failed` takes a refusal, once this screen is gone; without it the app tells it. `stays`: there is nothing else
        to do meanwhile, so Esc cancels.
        """
        super().__init__()
        self._begins = isinstance(task, str)
        self.watched = Task(task, work) if isinstance(task, str) and work is not None else cast("Task", task)
        self._failed, self._stays = failed, stays
        self.left = False
        """Whether the work goes on without being watched."""
        self._done: tuple[str | None, Exception | None] | None = None

    @property
    def cancelled(self) -> Event:
        """Set by whoever wants the work to end."""
        return self.watched.cancelled

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self.watched.title, "Esc cancels" if self._stays else "Esc works on meanwhile")
            yield Static(Content(clean(self.watched.what)), id="what")
            yield MeterBar(total=1.0, show_eta=False)
            with Horizontal():
                if not self._stays:
                    yield Button(Content("Work on"), id="on", compact=True)
                yield Button(Content("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query(Button).first().focus()
        self.watched.watcher = self
        if self._begins:
            cast("TaskingApp", self.app).begin(self.watched)
        else:
            self.moved()

    def on_screen_resume(self) -> None:
        if self._done is not None:
            done, self._done = self._done, None
            self.ended(*done)

    def moved(self) -> None:
        if self.is_mounted:
            self.query_one("#what", Static).update(Content(clean(self.watched.what)))
            self.query_one(ProgressBar).update(progress=self.watched.part)

    def ended(self, text: str | None, error: Exception | None) -> None:
        """What went wrong is told by who asked for the work, or by the app; nothing has been changed."""
        home = cast("TaskingApp", self.app)
        if not self.is_current:
            # Another box stands over this one: it is left with it.
            self._done = (text, error)
            return
        self.dismiss(text)
        if isinstance(error, ConsoleError) and self._failed is not None:
            home.call_later(self._failed, error)
        elif error is not None:
            home.tell_error(error)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "on":
            self.action_leave()
        else:
            self.cancel()

    def cancel(self) -> None:
        """Have the work end; this screen goes with it."""
        self.watched.cancel()
        self.moved()

    def action_leave(self) -> None:
        if self._stays:
            self.cancel()
        else:
            self.left, self.watched.watcher = True, None
            self.dismiss(None)
