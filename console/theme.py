"""How text looks: its tones, and the sign that goes with every state. `console.themes` says which colours they have.

A state is always a sign and a word; its tone only repeats what both say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Tone = Literal["", "muted", "strong", "heading", "accent", "ok", "warn", "bad", "link"]
"""What a piece of text means to the eye; empty is plain text."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as it is shown: a sign, its ASCII stand-in, the word, and the tone."""

    symbol: str
    ascii: str
    word: str
    tone: Tone


_UNKNOWN: Final = ("?", "?")
_SIGNS: Final[dict[str, Sign]] = {
    # Connections
    "pending": Sign("◐", "~", "Pending", "warn"),
    "approved": Sign("◑", "~", "Approved", "accent"),
    "active": Sign("●", "*", "Active", "ok"),
    "inactive": Sign("○", "o", "Inactive", "muted"),
    "disconnected": Sign("✕", "x", "Disconnected", "bad"),
    # Records
    "active__v": Sign("●", "*", "Active", "ok"),
    "inactive__v": Sign("○", "o", "Inactive", "muted"),
    # Queues and messages
    "inbound": Sign("↓", "<", "Inbound", ""),
    "outbound": Sign("↑", ">", "Outbound", ""),
    "both": Sign("↕", "<>", "Both ways", ""),
    "enabled": Sign("▶", ">", "Enabled", "ok"),
    "disabled": Sign("‖", "=", "Disabled", "warn"),
    "queued": Sign("◌", ".", "Queued", "accent"),
    "delivered": Sign("✓", "+", "Delivered", "ok"),
    "processed": Sign("✓", "+", "Processed", "ok"),
    "removed": Sign("✕", "x", "Removed", "bad"),
    # Jobs
    "send": Sign("↑", ">", "Send", ""),
    "deliver": Sign("→", "-", "Deliver", ""),
    "receive": Sign("↓", "<", "Receive", ""),
    "RUNNING": Sign("◔", "~", "Running", "accent"),
    "SUCCESS": Sign("✓", "+", "Success", "ok"),
    "ERRORS_ENCOUNTERED": Sign("!", "!", "Errors", "warn"),
    "CANCELLED": Sign("✕", "x", "Cancelled", "muted"),
    "TIMEOUT": Sign("✕", "x", "Timeout", "bad"),
    # Certificates
    "upcoming": Sign("◐", "~", "Upcoming", "accent"),
    "current": Sign("●", "*", "Current", "ok"),
    "previous": Sign("◑", "~", "Previous", "warn"),
    "retired": Sign("○", "o", "Retired", "muted"),
    # Exceptions
    "open": Sign("!", "!", "Open", "bad"),
    "resolved": Sign("✓", "+", "Resolved", "ok"),
    "unresolved": Sign("!", "!", "Active", "bad"),
    # Connection types
    "vault_to_vault__sys": Sign("⇄", "=", "Vault to Vault", ""),
    "external__sys": Sign("↗", ">", "External", ""),
    "local__sys": Sign("⌂", "#", "Local", ""),
}


class Signs:
    """Writes states as sign and word. One for the whole program, so that `--plain` holds everywhere."""

    def __init__(self) -> None:
        self.plain = False

    def sign(self, state: str) -> Sign:
        """The sign of a state; an unknown state is shown as itself."""
        return _SIGNS.get(state) or Sign(*_UNKNOWN, state, "")

    def symbol(self, state: str) -> tuple[str, Tone]:
        """Only the sign, for narrow columns that have the word beside them."""
        sign = self.sign(state)
        return (sign.ascii if self.plain else sign.symbol), sign.tone

    def words(self, state: str) -> tuple[str, Tone]:
        """Sign and word, with their tone."""
        symbol, tone = self.symbol(state)
        return f"{symbol} {self.sign(state).word}", tone

    def pick(self, symbol: str, ascii_only: str) -> str:
        """A sign for anything else."""
        return ascii_only if self.plain else symbol


SIGNS: Final = Signs()
