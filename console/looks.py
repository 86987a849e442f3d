"""The names of the console's themes, for whoever must know them without loading what draws: the command line."""

from enum import StrEnum


class Look(StrEnum):
    """A theme by its name."""

    NIGHT = "vault-night"
    DAY = "vault-day"
    CONTRAST = "vault-contrast"
    SAFE = "vault-safe"


ABOUT: dict[Look, tuple[str, str]] = {
    Look.NIGHT: ("Night", "Light text on dark"),
    Look.DAY: ("Day", "Dark text on light"),
    Look.CONTRAST: ("High contrast", "White on black, every text at least 7 to 1"),
    Look.SAFE: ("Colour-blind safe", "Blue is well, yellow is a warning, orange is bad"),
}
"""Label of each, and what it is like."""
