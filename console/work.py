"""Work in threads: a worker does its reading or writing and ends by posting one message.

Whatever goes wrong in one becomes a `Failed` message, which bubbles up to the app: the one place that tells people.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from textual.message import Message
from textual.worker import Worker, get_current_worker

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.message_pump import MessagePump

    from models.errors import ConsoleError

T = TypeVar("T")


Work = Callable[[Callable[[str, float], None], Callable[[], bool]], str]
"""Long work: tells what it does and how much is done (0 to 1), asks whether it is cancelled, answers a sentence."""


class Watcher(Protocol):
    """What shows how far long work is."""

    def moved(self) -> None:
        """The work has gone on."""
        ...

    def ended(self, text: str | None, error: Exception | None) -> None:
        """The work is done, or could not be."""
        ...


class Task:
    """Long work that goes on, whether somebody watches it or does something else meanwhile."""

    def __init__(self, title: str, work: Work) -> None:
        self.title, self.work = title, work
        self.cancelled = Event()
        self.what, self.part = "Beginning", 0.0
        self.watcher: Watcher | None = None
        self.failed: Callable[[ConsoleError], None] | None = None
        """Takes a refusal when nobody watches; without it the app tells it."""

    def cancel(self) -> None:
        """Ask the work to end without having done anything."""
        self.cancelled.set()
        self.what = "Cancelling"


class Failed(Message):
    """A worker could not do its work. `group` is the group it ran in."""

    def __init__(self, error: Exception, group: str) -> None:
        super().__init__()
        self.error = error
        self.group = group


def in_thread(
    node: DOMNode,
    job: Callable[[], T],
    answer: Callable[[T], Message],
    *,
    group: str,
    exclusive: bool = False,
    to: MessagePump | None = None,
) -> Worker[None]:
    """Do `job` in a thread, then post `answer(result)` to `to` (or `node`), unless the worker was cancelled meanwhile.

    `exclusive` cancels earlier work of the same group and node: what that still finds out is dropped.
    """
    receiver: MessagePump = to or node

    def run() -> None:
        worker: Worker[Any] = get_current_worker()
        message: Message
        try:
            message = answer(job())
        except Exception as error:  # noqa: BLE001 - the app tells people, in words or with a report
            message = Failed(error, group)
        if not worker.is_cancelled:
            receiver.post_message(message)

    return node.run_worker(run, thread=True, group=group, exclusive=exclusive, exit_on_error=False)
