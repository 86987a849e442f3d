"""Everything that is true of SQLite alone: pragmas, transaction modes, looking without touching, copies and checks.

A store's file is only ever opened through SQLite: where this process already has it open, closing the file in any
other way would drop the locks that SQLite holds on it.
"""

import sqlite3
import time
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from models.mark import PROGRAM_NUMBER, Glance
from models.peek import Traces, peek, traces

WRITES = "vault_console_writes"
"""Execution option of the engine whose transactions write: they take the write lock at once."""
BUSY_TIMEOUT_MS = 30_000
LOOK_AGAIN = 0.001
"""Seconds after which a writer that found another process writing asks again. SQLite itself would wait longer and
longer, and miss all the moments between the transactions of a job."""


def engine_for(url: URL, *, durable: bool = False, building: bool = False, **options: Any) -> Engine:
    """Make the engine of a store in a file that exists; the file is not touched before the first connection.

    Transactions begin explicitly, deferred for readers and IMMEDIATE for writers: the driver's own mode lets two
    writers read the same old value and lose one update. `durable` syncs every commit to disk. `building` is for
    making and migrating tables: foreign keys are off, because making a table anew would delete all rows that refer
    to it, and the file's journal stays what it is.
    """
    # Read and write, never create: a file that is removed under the console must not come back empty.
    location = f"{Path(url.database or '').absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(location, uri=True, check_same_thread=False, isolation_level=None)

    # The connection that was used last comes first: its pages and statements are in memory, and others need none.
    engine = create_engine(url, creator=connect, poolclass=QueuePool, pool_use_lifo=True, **options)

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        dbapi.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if building:
            dbapi.execute("PRAGMA synchronous = FULL")
            dbapi.execute("PRAGMA foreign_keys = OFF")
            return
        dbapi.create_function("unicode_lower", 1, _lower, deterministic=True)
        _use_wal(dbapi)
        dbapi.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        dbapi.execute("PRAGMA foreign_keys = ON")
        # Each thread that reads has a connection, so memory counts several times; the system's own cache is there once.
        dbapi.execute("PRAGMA cache_size = -2048")
        dbapi.execute("PRAGMA wal_autocheckpoint = 4000")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            _begin_to_write(cast("sqlite3.Connection", connection.connection.dbapi_connection))
        else:
            connection.exec_driver_sql("BEGIN DEFERRED")

    return engine


def _begin_to_write(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as trouble:
                if not _is_busy(trouble) or time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_AGAIN)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _lower(text: str | None) -> str | None:
    """Lower case in every script, which SQLite itself does for ASCII only."""
    return None if text is None else text.lower()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Have readers and the writer not wait for each other."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as trouble:
            # Going over to WAL needs the file alone for a moment, and does not heed the busy timeout.
            if not _is_busy(trouble) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def checkpoint(connection: sqlite3.Connection) -> None:
    """Bring what was committed from the log into the file; does nothing while another connection is at it."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _is_busy(trouble: sqlite3.OperationalError) -> bool:
    return trouble.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def data_version(connection: sqlite3.Connection) -> int:
    """Answer a number that changes when another connection commits; compare it between calls on one connection."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def look(path: Path) -> Glance:
    """Look at a file without changing it, and without leaving anything beside it where that can be had.

    A file that is missing, or empty, gives an empty glance. Raises sqlite3.Error for one that cannot be read.
    """
    if not path.exists():
        return Glance()
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        before = traces(path)
        try:
            glance = _glance(path, before)
        except sqlite3.DatabaseError:
            if traces(path) == before or time.monotonic() > deadline:
                raise
        else:
            # A file at rest is read past all locks: what was seen counts if nobody has written meanwhile.
            if before.at_work or traces(path) == before or time.monotonic() > deadline:
                return glance


def _glance(path: Path, seen: Traces) -> Glance:
    try:
        with peek(path, at_work=seen.at_work, timeout=BUSY_TIMEOUT_MS / 1000) as connection:
            return _read(connection)
    except sqlite3.DatabaseError:
        if not seen.journal:
            raise
    # The journal is that of a dead process, and only a writer could roll it back. Until then the file may be shorter
    # than its head says, which this setting lets pass.
    with peek(path, at_work=False, timeout=BUSY_TIMEOUT_MS / 1000) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        if seen.size and _number(connection) != PROGRAM_NUMBER:
            return Glance(tables=frozenset({"sqlite_master"}))
    _roll_back(path)
    with peek(path, at_work=True, timeout=BUSY_TIMEOUT_MS / 1000) as connection:
        return _read(connection)


def _read(connection: sqlite3.Connection) -> Glance:
    names, number = _names(connection), _number(connection)
    if number != PROGRAM_NUMBER:
        return Glance(tables=names or frozenset({"sqlite_master"} if number else ()))
    info: dict[str, str] = {}
    revisions: list[str] = []
    if "store_info" in names:
        info = dict(connection.execute("SELECT key, value FROM store_info"))
    if "alembic_version" in names:
        revisions = [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]
    return Glance(ours=True, tables=names, revisions=tuple(revisions), info=info)


def _number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _names(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute("SELECT name FROM sqlite_master"))


def _roll_back(path: Path) -> None:
    """Take back what a process of ours that died has left half made, as SQLite does for the next writer."""
    uri = f"{path.as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def put_mark(connection: Connection) -> None:
    """Mark the file itself as a store of this program, within the transaction."""
    connection.exec_driver_sql(f"PRAGMA application_id = {PROGRAM_NUMBER}")


def copy(path: Path, target: Path) -> None:
    """Copy a store as of its last commit, whole or not at all, readable by whom the store is."""
    draft = target.with_name(f"{target.name}.part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        uri = f"{path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(draft)) as goal:
            source.backup(goal)
        draft.chmod(path.stat().st_mode & 0o777)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def copy_back(source: Path, path: Path) -> None:
    """Make a store what a copy of it holds, whole or not at all; who has it open sees that after his transaction.

    Raises sqlite3.OperationalError when the store is busy for too long.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000

    def watch(_status: int, _remaining: int, _total: int) -> None:
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError("database is locked")

    sources, goals = f"{source.as_uri()}?mode=ro&immutable=1", f"{path.as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(sources, uri=True)) as copied,
        closing(sqlite3.connect(goals, uri=True)) as goal,
    ):
        copied.backup(goal, progress=watch)


def broken_references(connection: Connection) -> list[str]:
    """Answer the tables with rows that refer to a row that is not there, as sentences."""
    count: dict[str, int] = {}
    for table, _row, parent, _key in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        name = f"{table} to {parent}"
        count[name] = count.get(name, 0) + 1
    return [f"References from {name} that lead nowhere: {rows}." for name, rows in count.items()]


def check_references_at_the_end(connection: Connection) -> None:
    """Have references checked when the transaction commits, and no sooner: rows may be put back in any order."""
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")


def damages(connection: Connection) -> list[str]:
    """Read the whole file and answer what is wrong with its pages, indexes and rows; long for a big store."""
    return [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)") if row[0] != "ok"]


@lru_cache(maxsize=64)
def insert_together(table: str, same: tuple[str, ...], columns: tuple[str, ...], rows: int) -> str:
    """A statement that inserts this number of rows; its parameters are those that all rows share, then row by row."""
    names = ", ".join(f'"{name}"' for name in (*same, *columns))
    numbers = iter(range(len(same) + 1, len(same) + rows * len(columns) + 1))
    shared = [f"?{number + 1}" for number in range(len(same))]
    values = ", ".join(f"({', '.join([*shared, *(f'?{next(numbers)}' for _ in columns)])})" for _ in range(rows))
    return f'INSERT INTO "{table}" ({names}) VALUES {values}'  # noqa: S608 - our own names
