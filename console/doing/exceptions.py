"""User exceptions: choosing messages, trying them again, and how a Vault tells of new ones, as calls of services."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from console.commands import acting

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.exceptions import ExceptionFilter
    from models.queries.retries import RetryRow
    from models.services.exceptions import Chosen, RetryPlan
    from models.services.notifications import Notification
    from models.store import Store


STATES = {"active": "only active", "open": "only active with open items", "inactive": "only inactive"}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """To what the list is narrowed, as a form holds it: ids and values as text, empty for everything.

    `words` names what was chosen, for the title of the list.
    """

    state: str = ""
    connection_id: str = ""
    integration_id: str = ""
    point: str = ""
    error_type: str = ""
    side: str = ""
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str], labels: Mapping[str, Mapping[str, str]]) -> Narrowing:
        """What was chosen in a form whose values read as `labels` says."""
        chosen = {name: value for name, value in values.items() if value}
        words = tuple(labels.get(name, {}).get(value, value) for name, value in chosen.items())
        return cls(**chosen, words=words)

    def only_active(self, only: bool) -> Narrowing:
        """The same, but for only active messages, or for active and inactive ones."""
        words = tuple(word for word in self.words if word not in STATES.values())
        state = "active" if only else ""
        return replace(self, state=state, words=(STATES[state], *words) if state else words)

    @property
    def active(self) -> bool | None:
        """Whether only active, only inactive (False) or all messages are listed (None)."""
        return {"active": True, "open": True, "inactive": False}.get(self.state)

    def filter(self, text: str = "") -> ExceptionFilter:
        """The filter of the query, together with words that are looked for."""
        from models.queries.exceptions import ExceptionFilter
        from models.tables import ErrorType, ExceptionSide

        return ExceptionFilter(
            active=self.active,
            connection_id=int(self.connection_id) if self.connection_id else None,
            integration_id=int(self.integration_id) if self.integration_id else None,
            point=self.point,
            error_type=ErrorType(self.error_type) if self.error_type else None,
            side=ExceptionSide(self.side) if self.side else None,
            open_items=True if self.state == "open" else None,
            text=text,
        )

    def listed(self, text: str) -> Chosen:
        """All active messages of the list, to be tried again."""
        return replace(self.filter(text), active=True)


def plan(store: Store, who: Who, chosen: Chosen) -> RetryPlan:
    """What a Retry Transfer would try."""
    from models.services.exceptions import plan_retry

    with store.read() as session:
        return plan_retry(session, who.vault_id, chosen)


def start(store: Store, who: Who, chosen: Chosen) -> RetryPlan:
    """Start a Retry Transfer."""
    from models.services.exceptions import start_retry

    with acting(store, who) as (write, actor):
        return start_retry(write, actor, chosen)


def cancel(store: Store, who: Who, *, retry_id: int) -> str:
    """Call off a Retry Transfer that no job has begun."""
    from models.services.exceptions import cancel_retry

    with acting(store, who) as (write, actor):
        cancel_retry(write, actor, retry_id)
    return f"Cancelled Retry Transfer {retry_id}: nothing of it was tried. Its messages can be retried again."


def results(session: StoreSession, keys: Sequence[int]) -> list[tuple[int, RetryRow | None]]:
    """How far Retry Transfers have come; None for one whose messages were deleted with it."""
    from models.queries.retries import retry

    return [(key, retry(session, key)) for key in keys]


def amount(messages: int, items: int) -> str:
    """How much, in words."""
    said = "1 message" if messages == 1 else f"{messages:,} messages"
    return f"{said} with {'1 open item' if items == 1 else f'{items:,} open items'}"


def result_text(row: Any) -> str:
    """What came of a Retry Transfer, in words."""
    if row.error:
        return f"Retry Transfer {row.key} failed. {row.error}"
    rest = "everything in it has passed" if not row.failed else f"{row.failed:,} still open"
    return f"Retry Transfer {row.key} of {amount(row.messages, row.items)}: {row.result}; {rest}."


def state_text(row: RetryRow) -> str:
    """How far a Retry Transfer is, in words."""
    if not row.is_over:
        return f"Under way: {row.result} so far"
    return f"Failed. {row.error}" if row.error else row.result[:1].upper() + row.result[1:]


def retry_lines(row: RetryRow) -> list[str]:
    """A Retry Transfer in lines to read."""
    ended = f", ended at {row.finished_at:%Y-%m-%d %H:%M:%S}" if row.finished_at is not None else ""
    lines = [
        f"Of {amount(row.messages, row.items)}: {row.asked}",
        f"Asked for by {row.user_name} at {row.created_at:%Y-%m-%d %H:%M:%S} UTC{ended}",
        "",
        f"{state_text(row)}.",
    ]
    if not row.is_over and not row.runs:
        lines += ["", "No job has begun it. Until one does it can be cancelled: its messages stay open."]
    elif not row.is_over:
        lines += ["", "It has begun, and what it moved has moved: it ends by itself."]
    return lines


def notification(store: Store, who: Who) -> Notification:
    """How the Vault tells of new user exception messages."""
    from models.services.notifications import notification_of

    with store.read() as session:
        return notification_of(session, store.secrets, who.vault_id)


def notification_lines(vault: str, row: Notification) -> list[str]:
    """How a Vault tells, in lines to read. Log file and command are set where a person has the machine's rights."""
    if row.command is not None:
        command = f"The command {shlex.join(row.command)}, for at most {row.time_limit} seconds"
    else:
        command = "No command" + (
            ": one is stored that was set in another lab, and is not run" if row.is_foreign else ""
        )
    lines = [
        f"{vault} tells of each new user exception message by:",
        "",
        f"Bell: {'rung in every console' if row.bell else 'none'}",
        f"Log file: {row.log_file or 'none'}",
        f"{command}.",
    ]
    if row.last_told_at is not None:
        lines += ["", f"Last told at {row.last_told_at:%Y-%m-%d %H:%M:%S} UTC. {row.last_trouble}".strip()]
    vendor = (
        "The vendor's way is a custom lifecycle for the User Exception Message object with a notification entry action."
    )
    return [*lines, "", vendor, "Log file and command are set with: vault-console notifications set"]


def set_bell(store: Store, who: Who, *, bell: bool) -> str:
    """Have the bell rung for new user exception messages of the Vault, or not."""
    from models.services.notifications import set_notification

    with acting(store, who) as (write, actor):
        set_notification(write, actor, store.secrets, bell=bell)
    return "The bell is rung for new user exception messages." if bell else "The bell is no longer rung."
