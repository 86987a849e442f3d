"""What was said before or after any command: which store, which Vault, as whom, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


@dataclass
class Settings:
    """The options that every command knows. `speed` is lab seconds per second; None leaves the lab's own."""

    store: str | None = None
    vault: str | None = None
    user: str | None = None
    speed: float | None = None
    theme: str | None = None
    plain: bool = False
    no_color: bool = False
    json: bool = False
    csv: bool = False
    lists: tuple[str, ...] = ()
    """Under which names the answer of the command that was called has rows; only a list has any."""
    read_only: bool = False
    resolve: list[str] = field(default_factory=list)
    ca_file: Path | None = None


def settings_of(context: typer.Context) -> Settings:
    """The settings of the call that a command belongs to."""
    found = context.find_root().obj
    return found if isinstance(found, Settings) else Settings()
