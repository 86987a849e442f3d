"""Where a line or a number leads: another row, another Vault, a field to edit, or the rows that were counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Goto:
    """A row of an area, in the Vault in use or in another one."""

    area: str
    key: int | str
    vault_id: int | None = None
    within: int | str | None = None
    """The queue of a message, or the object of a record, where it is known."""


@dataclass(frozen=True, slots=True)
class EditField:
    """A field of the record that is shown."""

    name: str


@dataclass(frozen=True, slots=True)
class UseVault:
    """Another Vault to work in."""

    vault_id: int


Counter = Literal["sent", "waiting_out", "waiting_in", "received", "applied", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows that a number counted: what one end of a connection moved on a day of the lab, or what waits there."""

    vault_id: int
    connection_id: int
    connection: str
    counter: Counter
    day: date


@dataclass(frozen=True, slots=True)
class CopyText:
    """A text to copy."""

    text: str


@dataclass(frozen=True, slots=True)
class About:
    """What the catalogue says of a standard connection, by its key."""

    key: str


Target = About | Goto | EditField | UseVault | Counted | CopyText
