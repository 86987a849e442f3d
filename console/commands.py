"""What people do in the console, as calls of services. Each runs in a thread and answers a sentence to show.

Services check permissions; what they refuse comes back as a `ConsoleError` in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from console.session import Who
    from models.permissions import Actor
    from models.store import Store, WriteSession
    from scheduler.clock import LabClock

STEP = timedelta(minutes=5)
"""How far one step moves the lab clock: as often as jobs run."""

IN_THE_HEADER = ""
"""What is told of a command whose result the header shows anyway: nothing."""


class Command(Protocol):
    """Something to do on a store, as somebody; answers what to tell."""

    def __call__(self, store: Store, who: Who, /) -> str: ...


@contextmanager
def acting(store: Store, who: Who) -> Iterator[tuple[WriteSession, Actor]]:
    """One write transaction in which somebody acts, with the rights that he has at that moment."""
    from models.permissions import actor_for

    with store.write() as write:
        yield write, actor_for(write, who.vault_id, who.username, read_only=who.read_only)


def _clock(store: Store, who: Who) -> LabClock:
    from models.errors import NotAllowed, NotPossible

    if who.read_only:
        raise NotAllowed("This console is read-only: it leaves the lab clock alone.", "Start it without --readonly.")
    if not hasattr(store.clock, "pause"):
        raise NotPossible("This lab runs on the time of day, which cannot be changed.")
    return cast("LabClock", store.clock)


def pause_or_resume(store: Store, who: Who, *, pause: bool) -> str:
    """Let the lab clock stand still, or go on."""
    clock = _clock(store, who)
    if pause:
        clock.pause()
    else:
        clock.resume()
    return IN_THE_HEADER


def step(store: Store, who: Who) -> str:
    """Move the lab clock ahead by `STEP`."""
    _clock(store, who).step(STEP)
    return IN_THE_HEADER


def set_speed(store: Store, who: Who, *, speed: float) -> str:
    """Let the lab clock run faster or slower."""
    _clock(store, who).set_speed(speed)
    return IN_THE_HEADER


def set_integration_active(store: Store, who: Who, *, integration_id: int, name: str, active: bool) -> str:
    """Activate or inactivate an integration."""
    from models.services.integrations import set_integration_active as change

    with acting(store, who) as (write, actor):
        changed = change(write, actor, integration_id, active)
    state = "Active" if active else "Inactive"
    if not changed:
        return f"{name} is {state} already."
    return f"{name} is {state}." + (
        " Changes from now on are sent." if active else " What is on its way still arrives."
    )


def request_runs(
    store: Store, who: Who, *, kinds: Iterable[str], connection_id: int | None = None, name: str = ""
) -> str:
    """Ask for jobs of the Vault to run at once, limited to one connection or not."""
    from models.services.jobs import request_run
    from models.tables import JobKind

    kinds = tuple(kinds)
    with acting(store, who) as (write, actor):
        for kind in kinds:
            request_run(write, actor, who.vault_id, JobKind(kind), connection_id)
    return f"Asked for {', '.join(kinds)}{f' of {name}' if name else ''}. The Jobs area shows what moves."


def set_queue_active(store: Store, who: Who, *, queue_id: int, name: str, active: bool) -> str:
    """Let a queue accept messages, or not."""
    from models.services.queues import set_queue_active as change

    with acting(store, who) as (write, actor):
        change(write, actor, queue_id, active)
    return f"{name} {'accepts messages again' if active else 'accepts no new messages; it works off what it holds'}."


def set_delivery(store: Store, who: Who, *, queue_id: int, name: str, enabled: bool) -> str:
    """Let an outbound queue deliver, or hold its messages."""
    from models.services.queues import set_delivery_enabled

    with acting(store, who) as (write, actor):
        set_delivery_enabled(write, actor, queue_id, enabled)
    return f"{name} {'delivers again' if enabled else 'holds its messages'}."


def save_record(
    store: Store, who: Who, *, object_name: str, record_id: str | None, values: Mapping[str, str | None]
) -> str:
    """Create a record (without a `record_id`) or change one."""
    from models.services.records import change_record, create_record

    with acting(store, who) as (write, actor):
        if record_id is None:
            made = create_record(write, actor, object_name, values)
            return f"Created {made}. The next send job sees it."
        changed = change_record(write, actor, record_id, values)
    return (
        f"Saved {record_id}. The next send job sees the change." if changed else "Nothing differed: nothing was saved."
    )


def save_typed_record(
    store: Store,
    who: Who,
    values: Mapping[str, str],
    _confirmed: bool,
    /,
    *,
    object_name: str,
    record_id: str | None,
) -> str:
    """Save a record as it was typed into a form: what is empty there is empty in the record."""
    typed = {name: value or None for name, value in values.items()}
    return save_record(store, who, object_name=object_name, record_id=record_id, values=typed)


def take_over(store: Store, who: Who, *, object_name: str, connection: str, source_id: str) -> str:
    """Make a record of one that was found in a connected Vault, or bring the one that is linked up to date."""
    from scheduler.searching import find_search, take_over

    with acting(store, who) as (write, actor):
        taken = take_over(write, actor, find_search(write, who.vault_id, object_name, connection), source_id)
    if taken.created:
        return f"{taken.name} is taken over as {taken.record_id}."
    return f"{taken.name} ({taken.record_id}) is {'brought up to date' if taken.changed else 'up to date already'}."


def delete_record(store: Store, who: Who, *, record_id: str) -> str:
    """Delete a record."""
    from models.services.records import delete_record as remove

    with acting(store, who) as (write, actor):
        remove(write, actor, record_id)
    return f"Deleted {record_id}. The next send job sees it."
