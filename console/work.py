"""Work in threads: a worker does its reading or writing and ends by posting one message.

Whatever goes wrong in one becomes a `Failed` message, which bubbles up to the app: the one place that tells people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message
from textual.worker import Worker, get_current_worker

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.message_pump import MessagePump

T = TypeVar("T")


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
