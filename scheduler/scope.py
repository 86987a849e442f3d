"""What a run is limited to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One Vault's work; with `connection_id` only what goes through that connection."""

    vault_id: int
    connection_id: int | None = None
