"""Time in the house: aware, UTC, whole milliseconds, taken from a clock that is handed in.

Vault writes times as `2026-01-31T12:00:00.000Z`; so does the store on SQLite, where text then sorts as time does. On
other databases the column is a proper timestamp with time zone.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

TICK = timedelta(milliseconds=1)
"""The smallest step of time: two write transactions are always at least this far apart."""


class Clock(Protocol):
    """Tells the lab time. `now` answers an aware UTC time in whole milliseconds."""

    def now(self) -> datetime:
        """Answer the present lab time."""
        ...


class SystemClock:
    """Lab time that is simply the time of day."""

    def now(self) -> datetime:
        """Answer the present time of day in UTC, whole milliseconds."""
        return whole_milliseconds(datetime.now(UTC))


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


class UtcTime(TypeDecorator[datetime]):
    """A column of aware UTC times, in whole milliseconds."""

    impl = String(24)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, a timestamp with time zone elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(24))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Hand an aware time to the database."""
        if value is None:
            return None
        return iso(value) if dialect.name == "sqlite" else whole_milliseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the stored time back as an aware one."""
        if value is None:
            return None
        return from_iso(value) if dialect.name == "sqlite" else whole_milliseconds(value)
