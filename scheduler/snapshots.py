"""Named snapshots of a store: the whole lab as it was at one moment, kept beside the store's file and put back.

A snapshot is a store of its own, and holds secrets sealed with the store's key. Putting one back replaces everything
in all Vaults, the lab clock included; what was there before is kept as the snapshot `before-restore`.
"""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models import sqlite
from models.errors import InvalidInput, NotFound, NotPossible
from models.opening import open_store
from models.store import Store
from models.tables import Lab, table_of
from models.time import from_iso, whole_milliseconds
from scheduler.clock import attach_lab
from scheduler.lease import acquire, who_holds

BEFORE_RESTORE = "before-restore"
"""The snapshot of what a restore has replaced."""
SUFFIX = ".sqlite3"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_lab = table_of(Lab)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot: when it was saved (time of day), the lab time then, and its size in bytes."""

    name: str
    path: Path
    saved_at: datetime
    lab_time: datetime
    size: int


def folder_of(store: Store) -> Path:
    """Where the snapshots of a store are. Raises NotPossible for a store on a server."""
    if store.path is None:
        raise NotPossible(
            "Snapshots are made of a store in a file.", "Use the tools of the database server for this store."
        )
    return folder_beside(store.path)


def save_snapshot(store: Store, name: str, *, replace: bool = False) -> Snapshot:
    """Save the store as of its last commit; engine and consoles go on meanwhile.

    Raises InvalidInput for a name that cannot be, and NotPossible when there is one of this name and it may not be
    replaced.
    """
    folder = folder_of(store)
    target = _path(folder, name)
    if target.exists() and not replace:
        raise NotPossible(f"There is a snapshot {name} already.", "Choose another name, or replace it.")
    folder.mkdir(mode=0o700, exist_ok=True)
    sqlite.copy(_file(store), target)
    return _read(target)


def snapshots(store: Store) -> tuple[Snapshot, ...]:
    """All snapshots of a store, the latest first. Raises NotPossible for a store on a server."""
    found = [_read(path) for path in folder_of(store).glob(f"*{SUFFIX}")]
    return tuple(sorted(found, key=lambda one: (one.saved_at, one.name), reverse=True))


def find_snapshot(store: Store, name: str) -> Snapshot:
    """The snapshot of this name. Raises InvalidInput and NotFound."""
    path = _path(folder_of(store), name)
    if not path.exists():
        raise NotFound(f"There is no snapshot {name}.", "The list shows those that there are.")
    return _read(path)


def delete_snapshot(store: Store, name: str) -> Snapshot:
    """Delete a snapshot for good; answers what it was. Raises InvalidInput and NotFound."""
    found = find_snapshot(store, name)
    found.path.unlink()
    return found


def restore_snapshot(store: Store, name: str) -> Snapshot:
    """Put a snapshot back in place of all that the store holds, and close the store: it has to be opened anew.

    What was there is kept as `BEFORE_RESTORE`. Raises InvalidInput, NotFound, and NotPossible while an engine runs on
    the store; other consoles that are open have to be opened anew as well.
    """
    found = find_snapshot(store, name)
    file = _file(store)
    lease = acquire(store)
    if lease is None:
        raise NotPossible(
            f"{who_holds(attach_lab(store).state).partition('. ')[0]}.", "End it first, then put the snapshot back."
        )
    kept = found.path.with_name(f"{BEFORE_RESTORE}.new")
    try:
        sqlite.copy(file, kept)
        store.close()
        sqlite.copy_back(found.path, file)
    except BaseException:
        kept.unlink(missing_ok=True)
        lease.release()
        raise
    kept.replace(_path(found.path.parent, BEFORE_RESTORE))
    _free(file)
    return found


def _free(file: Path) -> None:
    """Bring what was put back up to date, and have no engine hold it: the one that did was another time's."""
    store = open_store(file)
    try:
        clock = attach_lab(store)
        with store.write() as write:
            clock.rebase(write, _lab.c.id == 1, holder=None, holder_pid=None, holder_host=None, alive_until=None)
    finally:
        store.close()


def _file(store: Store) -> Path:
    if store.path is None:
        raise NotPossible("Snapshots are made of a store in a file.")
    return store.path


def folder_beside(path: Path) -> Path:
    """Where the snapshots of the store in this file are."""
    return path.with_name(f"{path.name}.snapshots")


def _path(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        problem = "1 to 60 letters, digits, '-', '_' and '.' are needed, a letter or digit first."
        raise InvalidInput({"name": problem})
    return folder / f"{name}{SUFFIX}"


def _read(path: Path) -> Snapshot:
    facts = path.stat()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        (last,) = connection.execute("SELECT last_tick FROM lab").fetchone()
    saved_at = whole_milliseconds(datetime.fromtimestamp(facts.st_mtime, UTC))
    return Snapshot(path.name.removesuffix(SUFFIX), path, saved_at, from_iso(last), facts.st_size)
