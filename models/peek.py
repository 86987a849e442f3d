"""Reading a store's file without changing it, and without leaving anything beside it. Loads nothing of the store.

A store's file is only ever opened through SQLite: where this process already has it open, closing the file in any
other way would drop the locks that SQLite holds on it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple


class Traces(NamedTuple):
    """What shows, from outside, whether somebody writes: size and time of the file, sizes of SQLite's files beside."""

    size: int
    changed: int
    log: int
    journal: int

    @property
    def at_work(self) -> bool:
        """Whether the file alone is not the whole store: somebody works on it, or died while he did."""
        return bool(self.log or self.journal)


def traces(path: Path) -> Traces:
    """What shows of a file that exists."""
    file = path.stat()
    return Traces(file.st_size, file.st_mtime_ns, _size(f"{path}-wal"), _size(f"{path}-journal"))


@contextmanager
def peek(path: Path, *, at_work: bool, timeout: float) -> Iterator[sqlite3.Connection]:
    """Read a file at work through its log, and one at rest as it lies there; waits `timeout` seconds for locks.

    Reading a file at rest the usual way would leave a -wal and a -shm file beside it.
    """
    uri = f"{path.as_uri()}?mode=ro{'' if at_work else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True, timeout=timeout)) as connection:
        yield connection


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0
