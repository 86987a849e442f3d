"""Asking for runs, as Connections, Integrations and Jobs do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from console import commands
from console.modals.picker import Choice, PickList

if TYPE_CHECKING:
    from console.app import ConsoleApp

KINDS = (
    ("send,deliver,receive", "All three", "Send, deliver, receive, in this order"),
    ("send", "Send", "Find what changed and put it on the outbound queues"),
    ("deliver", "Deliver", "Hand over what waits in outbound queues"),
    ("receive", "Receive", "Apply what waits in inbound queues, try open items again"),
)


def ask_for_run(home: ConsoleApp, connection_id: int | None = None, name: str = "", kind: str = "") -> None:
    """Let a person pick a job and have it run at once, for one connection or for all."""
    title = f"Run now for {name}" if name else f"Run now in {home.session.vault_name(home.session.vault_id)}"
    choices = [Choice(key, label, note) for key, label, note in KINDS]

    def picked(key: str | None) -> None:
        if key is not None:
            kinds = key.split(",")
            home.perform(partial(commands.request_runs, kinds=kinds, connection_id=connection_id, name=name))

    home.push_screen(PickList(title, choices, current=kind or None), picked)
