"""How the console looks: its two themes, the tones of text, and the sign that goes with every state.

A state is always a sign and a word; its tone only repeats what both say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from textual.theme import Theme

Tone = Literal["", "muted", "strong", "heading", "accent", "ok", "warn", "bad", "link"]
"""What a piece of text means to the eye; empty is plain text."""

NIGHT: Final = Theme(
    name="vault-night",
    primary="#6cb2e8",
    secondary="#7fb5a6",
    accent="#e3b15f",
    foreground="#cfd8e3",
    background="#10151d",
    surface="#161d27",
    panel="#1f2833",
    success="#74c394",
    warning="#e6b05c",
    error="#ee807b",
    dark=True,
    variables={
        "footer-background": "#161d27",
        "footer-key-foreground": "#e3b15f",
        "footer-description-foreground": "#9fb0c2",
        "input-selection-background": "#6cb2e8 35%",
        "scrollbar": "#2c3847",
        "scrollbar-background": "#131922",
        "scrollbar-hover": "#3d4c5f",
        "scrollbar-active": "#6cb2e8",
    },
)
DAY: Final = Theme(
    name="vault-day",
    primary="#1a659e",
    secondary="#2f6f62",
    accent="#8a5a00",
    foreground="#1c2733",
    background="#f7f8fa",
    surface="#eceff3",
    panel="#dde3ea",
    success="#1f7042",
    warning="#8a5800",
    error="#ad2c27",
    dark=False,
    variables={
        "footer-background": "#eceff3",
        "footer-key-foreground": "#8a5a00",
        "footer-description-foreground": "#44525f",
        "input-selection-background": "#1a659e 30%",
        "scrollbar": "#c2cbd5",
        "scrollbar-background": "#eceff3",
        "scrollbar-hover": "#a9b5c1",
        "scrollbar-active": "#1a659e",
    },
)


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
