"""Time in the house: aware, UTC, whole milliseconds, taken from a clock that is handed in.

Vault writes times as `2026-01-31T12:00:00.000Z`; so does the store on SQLite, where text then sorts as time does. On
other databases the column is a proper timestamp with time zone.
"""

from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from models.moments import TICK, from_iso, iso, whole_milliseconds

__all__ = ["TICK", "Clock", "SystemClock", "UtcTime", "from_iso", "iso", "whole_milliseconds"]


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
