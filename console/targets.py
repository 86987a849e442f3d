"""Where a line of a detail pane leads: another row, another Vault's row, or a field to edit."""

from __future__ import annotations

from dataclasses import dataclass


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


Target = Goto | EditField
