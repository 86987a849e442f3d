"""Opening a store: where it is, whether it is ours, and bringing it up to date.

Whatever may be wrong is found by looking, before anything is written; a store that is refused is left as it is.
"""

import sqlite3
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlmodel import SQLModel

from models import mark, migrations, sqlite
from models.errors import StoreRefused
from models.location import STORE_VARIABLE, default_location, default_store_path, is_url
from models.mark import Age
from models.refusals import Trouble, name_of, refusal_for, refuse, require_writable, trouble_of
from models.secrets import SecretBox
from models.store import Store, engine_for
from models.tables import Lab, table_of
from models.time import Clock, SystemClock

__all__ = [
    "STORE_VARIABLE",
    "check_store",
    "copy_path",
    "default_location",
    "default_store_path",
    "key_path",
    "open_store",
    "store_url",
]

_BACKENDS = ("sqlite", "postgresql")
_STEPS = 3
"""Making and migrating, and once more when another process was faster."""


def key_path(store: Path) -> Path:
    """Answer where the key that opens a store's secrets lies: beside the store's file."""
    return store.with_name(f"{store.name}.key")


def store_url(location: str | Path | None = None) -> URL:
    """Answer the URL of the store at a path or URL (None: the default), without touching it.

    A path is made absolute and links are followed, so that all processes find the same files beside the store. Raises
    StoreRefused for what cannot be a store's place.
    """
    if location is None:
        location = default_location()
    if isinstance(location, Path) or not is_url(location):
        return _file_url(location)
    try:
        url = make_url(location)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        # The text may hold a password, so it is not repeated.
        raise refuse(Trouble.NO_URL) from None
    if backend not in _BACKENDS:
        raise refuse(Trouble.UNSUPPORTED, detail=url.drivername)
    if backend != "sqlite":
        return url
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise refuse(Trouble.IN_MEMORY)
    if url.query or url.database.startswith("file:"):
        raise refuse(Trouble.OPTIONS, url.render_as_string())
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise refuse(Trouble.UNSUPPORTED, detail=url.drivername)
    return _file_url(url.database)


def _file_url(location: str | Path) -> URL:
    text = str(location)
    if not text.strip() or location == Path():
        raise refuse(Trouble.NO_LOCATION)
    if text == ":memory:":
        raise refuse(Trouble.IN_MEMORY)
    try:
        path = Path(text).expanduser().resolve()
        if path.exists() and not path.is_file():
            raise refuse(Trouble.NO_FILE, path, "a folder" if path.is_dir() else "a device")
    except (ValueError, RuntimeError) as trouble:
        raise refuse(Trouble.NO_PATH, repr(text), trouble) from None
    except OSError as trouble:
        raise refuse(Trouble.NO_PATH, text, trouble.strerror) from None
    return URL.create("sqlite", database=str(path))


def open_store(
    location: str | Path | None = None,
    *,
    clock: Clock | None = None,
    durable: bool = False,
    scripts: Path = migrations.SCRIPTS,
) -> Store:
    """Open the store at a path or URL, made when it is not there and migrated when it is older than the program.

    None opens the default store. `clock` gives lab time (default: the time of day). `durable` syncs every commit to
    disk. `scripts` is the folder of migrations. A copy of an older file is kept beside it, see `copy_path`. Raises
    StoreRefused for a store that cannot be used, and SecretUnreadable when its key cannot.
    """
    clock = clock or SystemClock()
    url = store_url(location)
    store: Store | None = None
    try:
        store = (
            _open_file(url, clock, durable=durable, scripts=scripts)
            if _in_file(url)
            else _open_server(url, clock, scripts=scripts)
        )
        store.clock = clock
        # The first connection: whatever cannot be used shows here, and not at the first click.
        with store.engine.connect():
            pass
    except BaseException as trouble:
        if store is not None:
            store.close()
        refusal = refusal_for(trouble, url) if isinstance(trouble, DBAPIError | sqlite3.Error | OSError) else None
        if refusal is None:
            raise
        raise refusal from trouble
    return store


def copy_path(path: Path, revision: str) -> Path:
    """Answer the name of the copy that is kept before a store is migrated to a revision; never one in use."""
    target = path.with_name(f"{path.stem}.before-{revision}.sqlite3")
    number = 2
    while target.exists():
        target = path.with_name(f"{path.stem}.before-{revision}-{number}.sqlite3")
        number += 1
    return target


def check_store(store: Store) -> list[str]:
    """Read the whole store and answer what is wrong with it, in sentences; none when it is sound.

    Takes time in proportion to the store's size.
    """
    problems: list[str] = []
    try:
        with store.engine.connect() as connection:
            glance = mark.look_through(connection)
            mark.judge(glance, migrations.revisions(), name_of(store.url))
            if store.path is not None:
                problems += sqlite.damages(connection)
                problems += sqlite.broken_references(connection)
    except DBAPIError as trouble:
        refusal = refusal_for(trouble, store.url)
        if refusal is None:
            raise
        problems.append(refusal.message)
    except StoreRefused as refusal:
        problems.append(refusal.message)
    return problems


def _in_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _open_file(url: URL, clock: Clock, *, durable: bool, scripts: Path) -> Store:
    path = Path(url.database or "")
    known = migrations.revisions(scripts)
    for _ in range(_STEPS):
        age = mark.judge(sqlite.look(path), known, str(path))
        if age is Age.NEW:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        require_writable(path)
        if age is Age.CURRENT:
            return Store(url, engine_for(url, durable=durable), SecretBox.beside(key_path(path)))
        engine = sqlite.engine_for(url, building=True)
        try:
            _bring_up_to_date(engine, clock, scripts, path)
        finally:
            engine.dispose()
    raise refuse(Trouble.BUSY, path)


def _open_server(url: URL, clock: Clock, *, scripts: Path) -> Store:
    secrets = SecretBox.from_environment()
    try:
        engine = engine_for(url)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise refuse(Trouble.NO_DRIVER, detail=url.drivername) from None
    known = migrations.revisions(scripts)
    for step in range(_STEPS):
        with engine.connect() as connection:
            age = mark.judge(mark.look_through(connection), known, name_of(url))
        if age is Age.CURRENT:
            return Store(url, engine, secrets)
        try:
            _bring_up_to_date(engine, clock, scripts, None)
        except (IntegrityError, ProgrammingError):
            # What another process has just made cannot be made again; then there is nothing left to do.
            if step + 1 == _STEPS:
                raise
    raise refuse(Trouble.BUSY, name_of(url))


def _bring_up_to_date(engine: Engine, clock: Clock, scripts: Path, path: Path | None) -> None:
    """Make or migrate in one transaction, unless another process has done so by the time it is our turn."""
    known = migrations.revisions(scripts)
    where = name_of(engine.url)
    with engine.execution_options(**{sqlite.WRITES: True}).begin() as connection:
        age = mark.judge(mark.look_through(connection), known, where)
        if age is Age.NEW:
            _make(connection, known[-1], clock.now())
        elif age is Age.OLDER:
            _migrate(connection, scripts, path)


def _make(connection: Connection, revision: str, now: datetime) -> None:
    if connection.dialect.name == "sqlite":
        sqlite.put_mark(connection)
    SQLModel.metadata.create_all(connection, checkfirst=False)
    migrations.stamp(connection, revision)
    mark.put_mark(connection)
    connection.execute(
        insert(table_of(Lab)),
        {
            "id": 1,
            "name": "",
            "lab_base": now,
            "real_base": now,
            "speed": 1.0,
            "paused": False,
            "last_tick": now,
            "generator": False,
        },
    )


def _migrate(connection: Connection, scripts: Path, path: Path | None) -> None:
    """Run the missing steps; the transaction's lock is held, so the copy is what the steps begin with."""
    target = migrations.revisions(scripts)[-1]
    kept = None
    if path is not None:
        kept = copy_path(path, target)
        sqlite.copy(path, kept)
    try:
        migrations.upgrade(connection, scripts)
        if path is not None:
            _require_whole(connection)
        mark.renew_mark(connection)
    except Exception as error:
        connection.rollback()
        url = connection.engine.url
        if kept is not None and trouble_of(error, url) not in (Trouble.DAMAGED, Trouble.DISK):
            # Nothing was committed, so the file is its own copy: trying again must not fill the disk with more of them.
            kept.unlink()
        reason = str(error).partition("\n")[0].rstrip(".")
        raise refusal_for(error, url) or refuse(Trouble.NOT_MIGRATED, name_of(url), reason) from error


def _require_whole(connection: Connection) -> None:
    """Refuse what the steps made when rows now refer to rows that are not there: foreign keys were off."""
    for problem in sqlite.broken_references(connection):
        raise refuse(Trouble.NOT_MIGRATED, name_of(connection.engine.url), problem.rstrip("."))
