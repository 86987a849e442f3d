"""Calls that show what an action of the console shows: nothing is changed by them.

Each makes a twin of what an action looks at; `in_vault` is for what stands in another Vault than the one in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.twins.call import Call, Given, Twin, Words, call_with, flag

if TYPE_CHECKING:
    from console.doing.exceptions import Narrowing


def words(*said: str) -> Twin:
    """A call whose words are known."""
    return lambda _given: [list(said)]


def in_vault(vault_id: int, twin: Twin) -> Twin:
    """The same in another Vault, as whoever is usual there."""

    def there(given: Given) -> Sequence[Call]:
        who = replace(given.who, vault_id=vault_id, username="")
        calls = twin(replace(given, who=who))
        return [call if isinstance(call, tuple) else (who, call) for call in calls]

    return there


def doctor(connection_id: int) -> Twin:
    """Why a connection does not move what it should."""
    return lambda given: [["doctor", given.name("Connection", connection_id)]]


def stats(connection_id: int, days: int, until: str) -> Twin:
    """Connection Stats of so many days."""
    return lambda given: [
        ["connections", "stats", given.name("Connection", connection_id), "--days", str(days), "--until", until]
    ]


def dry_run_integration(key: int) -> Twin:
    """What the next runs would move through an integration."""
    return lambda given: [["dry-run", "integration", given.name("Integration", key)]]


def dry_run_point(key: int) -> Twin:
    """What the next runs would move through one integration point."""

    def call(given: Given) -> Sequence[Call]:
        point = given.row("IntegrationPoint", key)
        if point is None:
            return []
        name = given.name("Integration", point.integration_id)
        return [["dry-run", "integration", name, "--point", point.api_name]]

    return call


def of_connection(*said: str, connection_id: int) -> Twin:
    """A list of one connection."""
    return lambda given: [[*said, "--connection", given.name("Connection", connection_id)]]


def messages(
    line: str,
    total: int,
    *,
    queue_id: int | None = None,
    connection_id: int | None = None,
    narrowed: Sequence[str] = (),
) -> Twin:
    """The messages of a Vault, of a queue or through a connection, as a filter line narrows them."""

    def call(given: Given) -> Sequence[Call]:
        queue = [given.name("Queue", queue_id)] if queue_id is not None else []
        of = flag("--connection", given.name("Connection", connection_id)) if connection_id is not None else []
        return [["messages", "list", *queue, *of, *narrowed, *flag("--filter", line), "--limit", str(total)]]

    return call


def exceptions(narrowing: Narrowing, text: str, total: int) -> Twin | None:
    """User exception messages as they are narrowed; None for those with open items, which no option asks for."""
    states = {"": ["--all"], "active": [], "inactive": ["--inactive"]}
    state = states.get(narrowing.state)
    if state is None:
        return None

    def call(given: Given) -> Sequence[Call]:
        of: Words = []
        for model, name, key in (
            ("Connection", "--connection", narrowing.connection_id),
            ("Integration", "--integration", narrowing.integration_id),
        ):
            of += flag(name, given.name(model, int(key)) if key else "")
        of += [*flag("--point", narrowing.point), *flag("--type", narrowing.error_type)]
        of += [*flag("--side", narrowing.side), *flag("--text", text)]
        return [["exceptions", "list", *state, *of, "--limit", str(total)]]

    return call


AUDIT_OPTIONS: Final[Mapping[str, str]] = {
    "text": "--find",
    "user": "--by",
    "action": "--action",
    "object_name": "--object",
    "item": "--item",
    "record_id": "--record",
    "since": "--from",
    "until": "--to",
}
"""Field of the audit's filter -> the option that asks for the same."""


def audit(typed: Mapping[str, str], total: int) -> Twin:
    """The audit as a filter by fields narrows it."""
    options = [word for name, value in typed.items() for word in flag(AUDIT_OPTIONS[name], value.strip())]
    return words("audit", "list", *options, "--limit", str(total))


def lookup(what: str, key: int, total: int) -> Twin:
    """The keys of a reference lookup, or the missing ones."""

    def call(given: Given) -> Sequence[Call]:
        row = given.row("ReferenceLookup", key)
        if row is None:
            return []
        within = flag("--connection", given.name("Connection", row.connection_id))
        return [["lookups", what, row.api_name, *within, "--limit", str(total)]]

    return call


def saved(listing: Twin, path: Path, kind: str) -> Twin:
    """The same list, into a file."""

    def call(given: Given) -> Sequence[Call]:
        return [call_with(one, f"--{kind}", into=path) for one in listing(given)]

    return call
