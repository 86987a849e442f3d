"""The store: several Vaults in one database, with one way to read and one way to write."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import orjson
from sqlalchemy import Engine, PoolProxiedConnection, bindparam, create_engine, event, select, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from models import sqlite
from models.feed import Change, Feed, Topic
from models.refusals import StoreFailed, refusal_for
from models.secrets import SecretBox
from models.tables import Lab, table_of
from models.time import TICK, Clock, SystemClock

_lab = table_of(Lab)
_LAST_TICK = select(_lab.c.last_tick).with_for_update()
_NEXT_TICK = update(_lab).values(last_tick=bindparam("now"))


class WriteSession(Session):
    """A session inside a write transaction.

    `now` is the transaction's time: later than that of every transaction before it, by at least one tick, even while
    the lab clock stands still. So "changed since" is exact: what commits after a run carries a later time than the run.
    """

    now: datetime

    def tick(self) -> None:
        """Move the transaction's time on by a tick, so that what follows is later than what it has written so far."""
        self.now += TICK
        self.execute(_NEXT_TICK, {"now": self.now})

    def __init__(self, engine: Engine, reader: Engine) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.changes: set[Change] = set()
        self.written: set[str] = set()
        """The tables that statements of this transaction have written to."""
        self.deleted_from: set[str] = set()
        """Those of them from which rows were deleted; what the database deletes under them is not named."""
        self._reader = reader
        self._last_steps: list[Callable[[WriteSession], None]] = []

    def changed(self, topic: Topic, vault_id: int | None = None) -> None:
        """Note what this transaction changed; it is published after the commit."""
        self.changes.add(Change(topic, vault_id))

    def before_commit(self, step: "Callable[[WriteSession], None]") -> None:
        """Have something done at the end of this transaction, when all else in it is written."""
        self._last_steps.append(step)

    @contextmanager
    def as_it_was(self) -> Iterator[Session]:
        """A session that sees the store without what this transaction has done."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def finish(self) -> None:
        """Write what waits, then take the last steps; called by the store before it commits."""
        self.flush()
        for step in self._last_steps:
            step(self)
        self._last_steps.clear()


class _TakenBack(Exception):
    """Ends a rehearsal."""


class Store:
    """A database of Vaults. Open one with `models.opening.open_store`."""

    def __init__(self, url: URL, engine: Engine, secrets: SecretBox) -> None:
        self.url = url
        self.engine = engine
        self.secrets = secrets
        self.clock: Clock = SystemClock()
        self.feed = Feed()
        self._writer = engine.execution_options(**{sqlite.WRITES: True})
        self._write_lock = threading.Lock()
        self._writing_thread: int | None = None
        self._writing: WriteSession | None = None
        event.listen(self._writer, "before_cursor_execute", self._note_table)
        self._known_tick: datetime | None = None
        self._others_wrote = False
        self._watch_lock = threading.Lock()
        self._watch: PoolProxiedConnection | None = None

    @property
    def path(self) -> Path | None:
        """The store's file, or None for a store on a server."""
        database = self.url.database if self.url.get_backend_name() == "sqlite" else None
        return None if database is None else Path(database)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment of the store; what it changes is thrown away.

        Raises StoreFailed when the store itself can no longer be used.
        """
        with self._in_words(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, quiet: bool = False) -> Iterator[WriteSession]:
        """The only way to write: commits at the end, rolls back on any error, then publishes what changed.

        `quiet` hands out no tick of time: for the engine's sign of life alone, which is no event in any Vault.
        Raises StoreFailed when the store itself can no longer be used: damaged, locked, or on a full disk.
        """
        if self._writing_thread == threading.get_ident():
            raise RuntimeError("a write inside a write of the same thread")
        with self._in_words(), self._write_lock:
            self._writing_thread = threading.get_ident()
            try:
                with WriteSession(self._writer, self.engine) as session:
                    self._writing = session
                    session.now = self.clock.now() if quiet else self._tick(session)
                    yield session
                    session.finish()
                    session.commit()
                if not quiet:
                    self._known_tick = session.now
            finally:
                self._writing_thread = self._writing = None
        self.feed.publish(session.changes)

    @contextmanager
    def rehearse(self) -> Iterator[WriteSession]:
        """A write transaction that is always taken back: everything happens as it would, and nothing has happened.

        Nothing is published and no tick of time is used up. Other writers wait meanwhile. Raises what `write` raises.
        """
        with suppress(_TakenBack), self.write() as session:
            yield session
            raise _TakenBack

    def others_wrote(self) -> bool:
        """Whether another process has written since the last call (the first call answers False and starts counting).

        Exact also while this process writes itself: each tick is handed out once, so a tick that this process has not
        handed out is another's. Signs of life do not count. Never call it inside a write.
        """
        with self.read() as session:
            last: datetime = session.execute(select(_lab.c.last_tick)).scalar_one()
        with self._write_lock:
            known = self._known_tick
            others = self._others_wrote or (known is not None and last > known)
            self._others_wrote = False
            self._known_tick = last if known is None else max(known, last)
        return others

    def data_version(self) -> int:
        """Answer a number that changes with every commit, by this process or another; from any thread.

        Cheap enough to ask many times a second (microseconds on SQLite). Only a difference means anything. Raises
        StoreFailed when the store can no longer be used.
        """
        with self._in_words():
            if self.path is None:
                with self.engine.connect() as connection:
                    last: datetime = connection.execute(select(_lab.c.last_tick)).scalar_one()
                return int(last.timestamp() * 1000)
            with self._watch_lock:
                if self._watch is None:
                    # A connection of its own: the number tells of the commits of others only.
                    self._watch = self.engine.raw_connection()
                    self._watch.detach()
                return sqlite.data_version(cast("sqlite3.Connection", self._watch.dbapi_connection))

    def checkpoint(self) -> None:
        """Bring what was written lately into the store's file, beside readers and writers, so that no writer has to.

        A job that writes much calls it now and then from another thread. Raises StoreFailed when the store can no
        longer be used.
        """
        if self.path is None:
            return
        with self._in_words():
            connection = self.engine.raw_connection()
            try:
                sqlite.checkpoint(cast("sqlite3.Connection", connection.dbapi_connection))
            finally:
                connection.close()

    def close(self) -> None:
        """Let go of all database connections."""
        with self._watch_lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self.engine.dispose()

    def _note_table(
        self, _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: Any
    ) -> None:
        """Note to which table a statement of the write transaction writes."""
        if self._writing is None or not (context.isinsert or context.isupdate or context.isdelete):
            return
        name = context.compiled.statement.table.name
        self._writing.written.add(name)
        if context.isdelete:
            self._writing.deleted_from.add(name)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as trouble:
            refusal = refusal_for(trouble, self.url, kind=StoreFailed)
            if refusal is None:
                raise
            raise refusal from trouble

    def _tick(self, session: WriteSession) -> datetime:
        # Where a write does not lock the whole store, this row makes writers take turns.
        connection = session.connection()
        last: datetime = connection.execute(_LAST_TICK).scalar_one()
        if self._known_tick is not None and last != self._known_tick:
            self._others_wrote = True
        now = max(self.clock.now(), last + TICK)
        connection.execute(_NEXT_TICK, {"now": now})
        return now


def engine_for(url: URL | str, *, durable: bool = False) -> Engine:
    """Make the database engine for a store's URL, without touching the database."""
    url = make_url(url)
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,
    }
    if url.get_backend_name() == "sqlite":
        return sqlite.engine_for(url, durable=durable, **options)
    return create_engine(url, pool_pre_ping=True, **options)
