"""Creating and refreshing sandboxes, as calls of services (seed S1, Connections & Sandbox Vaults)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from console.commands import acting
from models.errors import InvalidInput

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store

Progress = Callable[[str, float], None]
Cancelled = Callable[[], bool]
Work = Callable[[Progress, Cancelled], str]


def creating(store: Store, who: Who, values: Mapping[str, str]) -> Work:
    """Making a sandbox of the Vault in use, out of what a form says: its `id`, `name` and `dns_host`."""

    def work(progress: Progress, cancelled: Cancelled) -> str:
        from models.services.sandboxes import create_sandbox

        number = values["id"].strip()
        if not (number.isascii() and number.isdigit()):
            raise InvalidInput({"id": "A Vault ID is a whole number."})
        name, host = values["name"], values["dns_host"]
        with acting(store, who) as (write, actor):
            made = create_sandbox(
                write, actor, id=int(number), name=name, dns_host=host, progress=progress, cancelled=cancelled
            )
            return f"Created the sandbox {made.name} ({made.id}). Its Vault to Vault connections are Pending."

    return work


def refreshing(store: Store, who: Who, sandbox_id: int) -> Work:
    """Replacing a sandbox's content by that of the Vault in use."""

    def work(progress: Progress, cancelled: Cancelled) -> str:
        from models.services.sandboxes import refresh_sandbox

        with acting(store, who) as (write, actor):
            made = refresh_sandbox(write, actor, sandbox_id, progress=progress, cancelled=cancelled)
            return f"Refreshed {made.name}. Its Vault to Vault connections are Pending."

    return work
