"""Spark message processors: Python callables that take what arrives in an inbound queue (Spark facts, section 1).

An integration developer brings one as an entry point of the group `vault_console.message_processors`:

    [project.entry-points."vault_console.message_processors"]
    my_processor = "my_package:process"

and names it in a queue's Spark Message Processor. It is called with a `ProcessorContext` and an `InboundMessage`, as
the queue's processor user, outside any transaction, and once more when the program was killed in between. What it
raises becomes a user exception of the receiving Vault; the message is tried again with the next runs.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from models.errors import ConsoleError, NotPossible
from models.permissions import Actor
from models.store import Store

logger = logging.getLogger(__name__)

GROUP = "vault_console.message_processors"
TRANSFER = "transfer"
"""The built-in processor that runs integrations."""


class CallableBroken(NotPossible):
    """What a queue names as its processor or handler cannot be used."""

    title = "Processor or handler not usable"


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message as it arrived in an inbound queue."""

    message_id: str
    queue: str
    connection: str
    attributes: Mapping[str, Any]
    items: Sequence[str]
    entered_at: datetime


@dataclass(frozen=True)
class ProcessorContext:
    """What a processor works with: the store, the acting user and the lab time, and a place to note what it did.

    `transfer` applies the message by the rules of its integration point, as the built-in processor does.
    """

    store: Store
    vault_id: int
    actor: Actor
    now: datetime
    transfer: Callable[[], None]
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Keep a sentence about the message; it is shown with it."""
        self.notes.append(sentence)


class Processor(Protocol):
    """What an entry point of the group must be."""

    def __call__(self, context: ProcessorContext, message: InboundMessage, /) -> object:
        """Process one message. What it raises becomes a user exception."""
        ...


def transfer(context: ProcessorContext, message: InboundMessage) -> None:  # noqa: ARG001 - the context knows it
    """The transfer processor: runs the integration whose point the message names."""
    context.transfer()


def log_only(context: ProcessorContext, message: InboundMessage) -> None:
    """A processor that only logs: it notes what arrived and changes nothing."""
    sentence = f"Logged: {len(message.items)} items, attributes {', '.join(sorted(message.attributes)) or 'none'}."
    logger.info("Vault %s, queue %s, message %s: %s", context.vault_id, message.queue, message.message_id, sentence)
    context.note(sentence)


def find_processor(name: str) -> Processor:
    """The message processor of that name. Raises CallableBroken with the reason."""
    processor: Processor = find_callable(GROUP, name, "message processor")
    return processor


def names(group: str = GROUP) -> tuple[str, ...]:
    """The names to choose from, in alphabetical order."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def find_callable(group: str, name: str, what: str) -> Any:
    """Load the entry point of a group by its name. Raises CallableBroken with the reason."""
    found: Sequence[EntryPoint] = tuple(entry_points(group=group, name=name))
    if not found:
        known = ", ".join(names(group)) or "none"
        raise CallableBroken(
            f"There is no {what} {name}.", f"Install the package that brings it, or choose another. There is: {known}."
        )
    try:
        loaded = found[0].load()
    except Exception as error:  # somebody else's package may fail in any way
        logger.warning("The %s %s could not be loaded.", what, name, exc_info=True)
        raise CallableBroken(
            f"The {what} {name} ({found[0].value}) could not be loaded: {_said(error)}", "Mend its package."
        ) from error
    if not callable(loaded):
        raise CallableBroken(f"The {what} {name} ({found[0].value}) cannot be called.", "Mend its package.")
    return loaded


def in_words(error: Exception) -> str:
    """What a processor or handler raised, in one sentence."""
    return str(error) if isinstance(error, ConsoleError) else _said(error)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else f"{type(error).__name__}."
