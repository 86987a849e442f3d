"""Times of the house as values and as text: aware, UTC, whole milliseconds. Loads nothing of the store."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

TICK: Final = timedelta(milliseconds=1)
"""The smallest step of time: two write transactions are always at least this far apart."""


def whole_milliseconds(moment: datetime) -> datetime:
    """Cut an aware time to whole milliseconds in UTC. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone")
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@lru_cache(maxsize=4096)
def iso(moment: datetime) -> str:
    """Write an aware time as Vault does: `2026-01-31T12:00:00.000Z`."""
    return whole_milliseconds(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=4096)
def from_iso(text: str) -> datetime:
    """Read a time as Vault writes it. Raises ValueError when it is none or has no zone."""
    return whole_milliseconds(datetime.fromisoformat(text))


def lab_time(
    real: datetime,
    *,
    lab_base: datetime,
    real_base: datetime,
    speed: float,
    paused: bool,
    alive_until: datetime | None,
) -> datetime:
    """The lab time at a real time: no later than what the engine's last sign of life allows."""
    if paused or alive_until is None:
        return lab_base
    passed = min(real, alive_until) - real_base
    return whole_milliseconds(lab_base + max(passed, timedelta()) * speed)
