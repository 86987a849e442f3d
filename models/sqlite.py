"""Everything that is true of SQLite alone: pragmas, transaction modes, and how another process's commit is noticed."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, event, text

WRITES = "vault_console_writes"
"""Execution option of the engine whose transactions write: they take the write lock at once."""
BUSY_TIMEOUT_MS = 30_000


def prepare(engine: Engine, *, durable: bool = False) -> None:
    """Set up every connection of `engine`.

    Transactions begin explicitly, deferred for readers and IMMEDIATE for writers: the driver's own mode lets two
    writers read the same old value and lose one update. `durable` syncs every commit to disk.
    """

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -16384")
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


def data_version(connection: Connection) -> int:
    """A number that changes when another connection commits; compare it between calls on the same connection."""
    return int(connection.execute(text("PRAGMA data_version")).scalar_one())
