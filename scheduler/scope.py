"""What a run is limited to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One Vault's work; with `connection_id` only what goes through that connection.

    With `retry_id` only what that Retry Transfer asks for, with `integration_ids` only what these integrations send.
    """

    vault_id: int
    connection_id: int | None = None
    retry_id: int | None = None
    integration_ids: frozenset[int] | None = None
