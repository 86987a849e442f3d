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


def checked(store: Store, _who: Who, values: Mapping[str, str], _confirmed: bool, /) -> str:
    """Check what a form says before the long work begins; answers the Vault's id as it was typed."""
    from models.queries.lab import ask, vault_list

    problems = {name: "This is needed." for name in ("id", "name", "dns_host") if not values.get(name, "").strip()}
    number = values.get("id", "").strip()
    if "id" not in problems and not (number.isascii() and number.isdigit()):
        problems["id"] = "A Vault ID is a whole number."
    for vault in ask(store, vault_list):
        for name, taken in (("id", str(vault.key)), ("name", vault.name), ("dns_host", vault.dns_host)):
            if values.get(name, "").strip() == taken:
                problems.setdefault(name, "Another Vault has this already.")
    if problems:
        raise InvalidInput(problems)
    return number


def create(store: Store, who: Who, values: Mapping[str, str], progress: Progress, cancelled: Cancelled) -> str:
    """Make a sandbox of the Vault in use."""
    from models.services.sandboxes import create_sandbox

    with acting(store, who) as (write, actor):
        made = create_sandbox(
            write,
            actor,
            id=int(values["id"]),
            name=values["name"],
            dns_host=values["dns_host"],
            progress=progress,
            cancelled=cancelled,
        )
        return f"Created the sandbox {made.name} ({made.id}). Its Vault to Vault connections are Pending."


def refresh(store: Store, who: Who, sandbox_id: int, progress: Progress, cancelled: Cancelled) -> str:
    """Replace a sandbox's content by that of the Vault in use."""
    from models.services.sandboxes import refresh_sandbox

    with acting(store, who) as (write, actor):
        made = refresh_sandbox(write, actor, sandbox_id, progress=progress, cancelled=cancelled)
        return f"Refreshed {made.name}. Its Vault to Vault connections are Pending."
