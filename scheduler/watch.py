"""Noticing that another process has written to the store: how a watching window stays true."""

import sqlite3

from sqlalchemy import PoolProxiedConnection

from models import sqlite
from models.feed import Change, Topic
from models.store import Store


class Watch:
    """Looks for the commits of other processes. Belongs to one thread; close it when done."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._proxy: PoolProxiedConnection | None = None
        self._version: int | None = None
        self._first = True

    def look(self) -> tuple[bool, bool]:
        """Whether anybody at all has committed since the last look, and whether another process changed something.

        What others changed cannot be told in detail: the feed hears that everything may have changed. The first look
        says yes to both, for what happened between opening the store and watching it.
        """
        if not self._moved():
            return False, False
        others = self._store.others_wrote() or self._first
        self._first = False
        if others:
            self._store.feed.publish(Change(topic) for topic in Topic)
        return True, others

    def close(self) -> None:
        """Let go of the connection."""
        if self._proxy is not None:
            self._proxy.close()
            self._proxy = None

    def _moved(self) -> bool:
        # Only SQLite tells it without reading a table; elsewhere the tick is read each time.
        if self._store.url.get_backend_name() != "sqlite":
            return True
        if self._proxy is None:
            # The driver's own connection, outside of transactions: one left open would keep the log from being cut.
            self._proxy = self._store.engine.raw_connection()
        driver = self._proxy.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            return True
        before, self._version = self._version, sqlite.data_version(driver)
        return self._version != before
