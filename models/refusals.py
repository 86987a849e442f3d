"""Why a store cannot be used, in words: one sentence that names the store, one that says what to do."""

import errno
import os
import shutil
import sqlite3
from enum import Enum
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from models.errors import StoreRefused

_OTHER = "name another store with --store"
_ROOM_FOR_WORK = 256 * 1024
"""Bytes that must be free for SQLite's files beside the store; with less, an I/O error means a full disk."""


class StoreFailed(StoreRefused):
    """A store that was open can no longer be used; the transaction under way was rolled back."""

    title = "The store cannot be used"


class Trouble(Enum):
    """What may be wrong with a store: a sentence about `{where}`, with `{detail}`, and what to do."""

    NO_LOCATION = ("No store is named.", "Give a path or a URL to --store.")
    NO_URL = (
        "What --store names is neither a path nor a database URL.",
        "Give a path such as lab.sqlite3, or a URL such as sqlite:////home/me/lab.sqlite3.",
    )
    NO_PATH = ("{where} cannot be the path of a store: {detail}.", f"Correct the path, or {_OTHER}.")
    UNSUPPORTED = (
        "A store cannot be kept in {detail}.",
        "Give a path, a URL that begins with sqlite:///, or one that begins with postgresql+psycopg://.",
    )
    NO_DRIVER = ("The Python package for {detail} is not installed.", f"Install it beside the console, or {_OTHER}.")
    OPTIONS = (
        "The store URL {where} has options; a store in SQLite takes none.",
        "Leave out the question mark and what follows it. The console must be able to write to its store.",
    )
    IN_MEMORY = (
        "A store cannot be kept in memory: it would be gone at the end, and no other process could see it.",
        "Give the path of a file.",
    )
    NO_FILE = ("{where} is {detail}, not a file.", f"Name a file, for example one in that folder, or {_OTHER}.")
    NOT_A_DATABASE = ("{where} is not a store of this console: it is not a SQLite database.", f"To go on, {_OTHER}.")
    NOT_OURS = ("{where} is not a store of this console: it belongs to another program.", f"To go on, {_OTHER}.")
    NEWER = (
        "The store {where} was written by a newer version of this console ({detail}).",
        f"Update the console, or {_OTHER}.",
    )
    READ_ONLY = (
        "The store {where} is read-only here.",
        f"Make the file and its folder writable for the user who runs the console, or {_OTHER}.",
    )
    UNREADABLE = (
        "The store {where} cannot be read: {detail}.",
        f"Make the file and its folder readable and writable for the user who runs the console, or {_OTHER}.",
    )
    FULL = (
        "The disk is full: the store {where} has no room to grow.",
        "Free some space and try again. What was under way was taken back; nothing is half done.",
    )
    DAMAGED = (
        "The store {where} is damaged ({detail}).",
        f"Put back a copy of the file (one with .before- in its name may lie beside it), or {_OTHER}.",
    )
    DISK = (
        "The disk reported an error while working on the store {where} ({detail}).",
        "Look after the disk, then open the store again.",
    )
    BUSY = (
        "Another program keeps the store {where} locked.",
        "Wait until it has finished, or end it, and try again.",
    )
    UNREACHABLE = ("The store {where} cannot be reached.", "See that the database runs and the URL is right.")
    NOT_MIGRATED = (
        "The store {where} could not be brought up to date ({detail}). It is as it was before.",
        "Go on with the version of the console that wrote it, and report this.",
    )


def refuse(
    trouble: Trouble, where: object = "", detail: object = "", *, kind: type[StoreRefused] = StoreRefused
) -> StoreRefused:
    """Make the refusal for a trouble; `where` is the store's path, or its URL without password."""
    sentence, remedy = trouble.value
    remedy = remedy[0].upper() + remedy[1:]
    return kind(sentence.format(where=where, detail=detail), remedy)


def name_of(url: URL) -> str:
    """Answer how a store is named to people: a file by its path, anything else by its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.render_as_string(hide_password=True)


def trouble_of(error: BaseException, url: URL) -> Trouble | None:
    """Find what an error of the database or the file system says about the store at `url`; None: nothing."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, Path(name_of(url)))
    if isinstance(cause, OSError):
        return _from_system(cause)
    # An error without a statement came up while connecting.
    unreachable = isinstance(error, OperationalError) and (error.connection_invalidated or error.statement is None)
    return Trouble.UNREACHABLE if unreachable else None


def refusal_for(error: BaseException, url: URL, *, kind: type[StoreRefused] = StoreRefused) -> StoreRefused | None:
    """Translate an error of the database or of the file system into a refusal.

    Answers None for an error that says nothing about the store, such as a violated constraint. `kind` is
    StoreFailed once the store is open.
    """
    if isinstance(error, StoreRefused):
        return error
    trouble = trouble_of(error, url)
    if trouble is None:
        return None
    return refuse(trouble, name_of(url), _detail(error.orig if isinstance(error, DBAPIError) else error), kind=kind)


def _detail(cause: BaseException | None) -> str:
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause)


def _from_sqlite(error: sqlite3.Error, path: Path) -> Trouble | None:
    """Find the trouble behind SQLite's error code (its low byte is the kind, the rest a refinement)."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    kind = code & 0xFF
    if kind == sqlite3.SQLITE_IOERR:
        return Trouble.FULL if _no_room(path) else Trouble.DISK
    if kind == sqlite3.SQLITE_CANTOPEN:
        # SQLite says no more than this when it cannot make its files beside the store.
        return Trouble.FULL if _no_room(path) else Trouble.UNREADABLE
    return _BY_CODE.get(kind)


_BY_CODE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.NOT_A_DATABASE,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_AUTH: Trouble.READ_ONLY,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,
}

_BY_ERRNO = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EFBIG: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EACCES: Trouble.READ_ONLY,
    errno.EPERM: Trouble.READ_ONLY,
    errno.EIO: Trouble.DISK,
}


def _from_system(error: OSError) -> Trouble:
    return _BY_ERRNO.get(error.errno or 0, Trouble.NO_PATH)


def _no_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _ROOM_FOR_WORK
    except OSError:
        return False


def require_writable(path: Path) -> None:
    """Refuse a store whose file or folder cannot be written, before anything is; SQLite needs both."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise refuse(Trouble.READ_ONLY, path)
