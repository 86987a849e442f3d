"""Which module holds which command. A command's modules are loaded when it is typed, or when all are listed.

Loading all of them and building their options would take longer than opening the console does.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from typing import Any, Final

import typer
import typer.main

from console.cli.frame import command

CATALOGUE: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "See and run": {
        "demo": ("demo",),
        "seed": ("filling",),
        "status": ("status",),
        "run": ("run",),
        "clock": ("clock",),
    },
    "Understand": {
        "catalogue": ("standard",),
        "doctor": ("doctor",),
        "explain": ("explain",),
        "dry-run": ("explain",),
        "trace": ("trace",),
    },
    "Administer": {
        "vaults": ("vaults",),
        "sandbox": ("sandbox",),
        "users": ("users",),
        "connections": ("connections", "connection_both", "connection_stats", "connection_identifiers", "connect"),
        "clients": ("clients",),
        "authorizations": ("authorizations",),
        "integrations": ("integrations", "integration_changes", "integration_settings"),
        "rules": ("rules", "rule_children", "rule_texts"),
        "lookups": ("lookups", "lookup_files", "lookup_misses"),
        "queues": ("queues", "queue_changes", "queue_logging"),
        "messages": ("messages", "message_lists"),
        "certificates": ("certificates", "certificate_changes"),
        "exceptions": ("exceptions", "retries"),
        "notifications": ("notifications", "notices"),
        "records": ("records", "record_changes", "record_actions", "record_search"),
        "documents": ("documents",),
        "query": ("query",),
        "jobs": ("jobs", "trends"),
        "audit": ("audit",),
        "snapshot": ("snapshot",),
        "undo": ("undo",),
        "redo": ("undo",),
    },
    "For labs": {
        "receiver": ("receiver",),
        "serve": ("serve",),
    },
    "Program": {
        "info": ("info",),
        "keys": ("keys",),
        "completion": ("completion",),
        "bench": ("bench", "bench_console"),
    },
}
"""Heading in `--help` -> command -> its modules in this package.

The first module has the command, or the area of commands, under the command's own name (`dry_run` for `dry-run`); the
others add commands to the area.
"""


class Commands(MutableMapping[str, Any]):
    """The commands of the catalogue by name, each made when it is asked for."""

    def __init__(self) -> None:
        self._modules = {name: modules for section in CATALOGUE.values() for name, modules in section.items()}
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _make(name, self._modules[name])
        return self._made[name]

    def __setitem__(self, name: str, made: Any) -> None:
        self._modules.setdefault(name, ())
        self._made[name] = made

    def __delitem__(self, name: str) -> None:
        del self._modules[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _make(name: str, modules: Sequence[str]) -> Any:
    first, *_others = [import_module(f"console.cli.{module}") for module in modules]
    found = getattr(first, name.replace("-", "_"))
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    command(alone, name, lists=getattr(first, "LISTS", {}).get(name, ()))(found)
    return typer.main.get_command(alone)
