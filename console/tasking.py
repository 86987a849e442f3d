"""Long work that goes on while the person works on: a line tells how far it is, and it can be watched and cancelled."""

from __future__ import annotations

from typing import Any

from textual.message import Message

from console.lab import LabOpener
from console.modals.picker import Choice, PickList
from console.modals.progress import ProgressScreen
from console.telling import TellingApp
from console.work import Task, in_thread
from models.errors import ConsoleError


class TaskingApp(TellingApp):
    """An app with long work under way."""

    class TaskMoved(Message):
        """Long work has gone on."""

        def __init__(self, task: Task, what: str, part: float) -> None:
            super().__init__()
            self.task, self.what, self.part = task, what, part

        def can_replace(self, message: Message) -> bool:
            """What is told faster than it can be shown counts only as it is now."""
            return isinstance(message, TaskingApp.TaskMoved) and message.task is self.task

    class TaskEnded(Message):
        """Long work is done, or could not be."""

        def __init__(self, task: Task, text: str | None, error: Exception | None) -> None:
            super().__init__()
            self.task, self.text, self.error = task, text, error

    def __init__(self, open_lab: LabOpener, **options: Any) -> None:
        super().__init__(open_lab, **options)
        self.tasks: list[Task] = []
        """The long work that is under way, the latest last."""

    def begin(self, task: Task) -> None:
        """Do long work in a thread; it ends by itself, also when nobody watches any more."""
        self.tasks.append(task)

        def tell(what: str, part: float) -> None:
            self.post_message(self.TaskMoved(task, what, part))

        def job() -> tuple[str | None, Exception | None]:
            try:
                return task.work(tell, task.cancelled.is_set), None
            except Exception as error:  # noqa: BLE001 - told by who watches, or by the app
                return None, error

        in_thread(self, job, lambda done: self.TaskEnded(task, *done), group="task")

    def on_tasking_app_task_moved(self, message: TaskMoved) -> None:
        task = message.task
        if not task.cancelled.is_set():
            task.what, task.part = message.what, message.part
        if task.watcher is not None:
            task.watcher.moved()
        self._write_tasks()

    def on_tasking_app_task_ended(self, message: TaskEnded) -> None:
        task, text, error = message.task, message.text, message.error
        self.tasks.remove(task)
        self._write_tasks()
        if task.watcher is not None:
            task.watcher.ended(text, error)
        elif isinstance(error, ConsoleError) and task.failed is not None:
            task.failed(error)
        elif error is not None:
            self.tell_error(error)
        elif text:
            self.tell(text)

    def _write_tasks(self) -> None:
        for screen in self.framed_screens():
            if screen.is_current or screen in self.screen_stack:
                screen.write_tasks()

    def why_not_tasks(self) -> str:
        """Why there is nothing to show."""
        return "" if self.tasks else "No long work is under way."

    def do_tasks(self) -> None:
        """Watch the long work that is under way, or one of several."""
        tasks = {str(place): task for place, task in enumerate(self.tasks)}

        def picked(key: str | None) -> None:
            if key is not None and tasks[key] in self.tasks:
                self.push_screen(ProgressScreen(tasks[key]))

        if len(tasks) == 1:
            picked("0")
        else:
            choices = [Choice(key, task.title, f"{task.what}  {task.part:.0%}") for key, task in tasks.items()]
            self.push_screen(PickList("Work under way", choices), picked)

    def on_unmount(self) -> None:
        """However the console ends, no work outlives it."""
        self.cancel_tasks()

    def cancel_tasks(self) -> None:
        """Have all long work end."""
        for task in self.tasks:
            task.cancel()
