"""How this process reaches external systems: `--resolve` and `--ca-file`, as curl has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.settings import Settings

if TYPE_CHECKING:
    from models.store import Store

Resolve = Annotated[
    list[str] | None,
    typer.Option(
        "--resolve",
        metavar="HOST:443:ADDRESS:PORT",
        help="Reach an external system elsewhere, e.g. a receiver on this machine. May stand more than once.",
    ),
]
CaFile = Annotated[
    Path | None, typer.Option("--ca-file", metavar="FILE", help="Trust these CA certificates of external systems too.")
]


def remember_reach(settings: Settings, resolve: list[str] | None, ca_file: Path | None) -> None:
    """Let options after the command count like the same ones before it."""
    settings.resolve = [*settings.resolve, *(resolve or ())]
    settings.ca_file = ca_file or settings.ca_file


def apply_reach(settings: Settings, store: Store) -> None:
    """Have deliveries of this process go where the settings say. Raises InvalidInput, NotPossible for a bad file."""
    if not settings.resolve and settings.ca_file is None:
        return
    from scheduler.reach import Reach, check_ca_file, parse_resolve, reach_external

    check_ca_file(settings.ca_file)
    reach_external(store, Reach(parse_resolve(settings.resolve), settings.ca_file))
