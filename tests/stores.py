"""Stores for tests: what takes longest, making tables and the Vaults most tests begin with, is done once and copied.

A builder marked with `made_once` fills a store that came from `fresh` by copying what it made before with the same
options. On any other store, or once anything was written or the clock was moved, it does its work as written.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakSet

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

from models import sqlite
from models.opening import key_path, open_store
from models.store import Store
from models.tables import Lab, Vault, table_of
from models.time import Clock

Build = TypeVar("Build", bound=Callable[..., Any])
T = TypeVar("T")

_lab, _vault = table_of(Lab), table_of(Vault)
_fresh: WeakSet[Store] = WeakSet()
_made: dict[tuple[str, datetime, str], tuple[Path, Any, datetime | None]] = {}
_empty: dict[datetime, Path] = {}
_folder: list[Path] = []
_numbers = count()


@contextmanager
def statements_kept() -> Iterator[None]:
    """Have all stores of this process compile each statement once, as the one store of a console does.

    What is compiled belongs to a dialect, of which every engine would have one of its own.
    """
    dialects: dict[tuple[str, ...], Dialect] = {}
    compiled: Any = LRUCache(2_000)

    def make(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        known = dialects.setdefault(tuple(sorted(options)), engine.dialect)
        if known is not engine.dialect and known.server_version_info is None:
            # Not connected yet: what it finds out then it does not know.
            dialects[tuple(sorted(options))] = known = engine.dialect
        engine.dialect = engine.pool._dialect = known
        engine._compiled_cache = compiled
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "create_engine", make)
        yield


def keep_in(folder: Path) -> None:
    """Say where what is made once lies, for as long as this process runs."""
    _folder[:] = [folder]


def fresh(path: Path, clock: Clock) -> Store:
    """An empty store at a path where nothing lies yet: as `open_store` would make it, but for a key that all share."""
    moment = clock.now()
    if moment not in _empty:
        _empty[moment] = _new_path()
        open_store(_empty[moment], clock=clock).close()
    store = opened_copy(_empty[moment], path, clock)
    _fresh.add(store)
    return store


def opened_copy(template: Path, path: Path, clock: Clock) -> Store:
    """Open a copy of a closed store, with its key."""
    shutil.copy(template, path)
    shutil.copy(key_path(template), key_path(path))
    return open_store(path, clock=clock)


@contextmanager
def filled(path: Path, clock: Clock, build: Callable[[Store], T]) -> Iterator[tuple[Store, T]]:
    """A store with what a builder makes in it, and what the builder answered; closed at the end."""
    store = fresh(path, clock)
    try:
        yield store, build(store)
    finally:
        store.close()


def made_once(build: Build) -> Build:
    """Mark a builder that writes to the store alone, and answers what nobody changes."""
    name = f"{build.__module__}.{build.__qualname__}"

    @wraps(build)
    def builder(store: Store, *arguments: Any, **options: Any) -> Any:
        if not _untouched(store):
            return build(store, *arguments, **options)
        moment = store.clock.now()
        key = name, moment, repr((arguments, sorted(options.items())))
        if key not in _made:
            path = _new_path()
            template = fresh(path, store.clock)
            try:
                answer = build(template, *arguments, **options)
            finally:
                template.close()
            assert store.clock.now() == moment
            _made[key] = path, answer, template._known_tick
        path, answer, tick = _made[key]
        _restore(store, path)
        store._known_tick = tick
        return answer

    return cast("Build", builder)


def _untouched(store: Store) -> bool:
    if store not in _fresh or store._known_tick is not None:
        return False
    with store.read() as session:
        vaults = session.execute(select(func.count()).select_from(_vault)).scalar_one()
        lab = session.execute(select(_lab)).one()
    now = store.clock.now()
    return vaults == 0 and now == lab.last_tick == lab.lab_base == lab.real_base and lab.holder is None


def _restore(store: Store, template: Path) -> None:
    _fresh.discard(store)
    connection = store.engine.raw_connection()
    try:
        with closing(sqlite3.connect(template)) as source:
            driver = connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            source.backup(driver)
    finally:
        connection.close()


def _new_path() -> Path:
    return _folder[0] / f"store{next(_numbers)}.sqlite3"
