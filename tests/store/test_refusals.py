"""A store that cannot be used is refused in words and left as it is."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from models import sqlite
from models.errors import StoreRefused
from models.feed import Topic
from models.opening import check_store, open_store, store_url
from models.refusals import StoreFailed, refusal_for
from models.store import Store
from tests.store.conftest import execute, footprint


def refused(location: str | Path, **options: Any) -> StoreRefused:
    """Open what cannot be opened; the refusal, which must say what to do."""
    with pytest.raises(StoreRefused) as caught:
        open_store(location, **options)
    assert caught.value.remedy
    assert caught.value.remedy[0].isupper()
    assert "{" not in str(caught.value)
    return caught.value


def refused_untouched(path: Path, **options: Any) -> str:
    """Open what cannot be opened, and see that nothing in its folder has changed; the sentence, which names it."""
    before = footprint(path.parent)
    sentence = refused(path, **options).message
    assert footprint(path.parent) == before
    assert str(path) in sentence
    return sentence


@contextmanager
def every_connection(*statements: str) -> Iterator[None]:
    """Have every new database connection begin with these statements."""

    def on_connect(dbapi: sqlite3.Connection, _record: Any) -> None:
        for statement in statements:
            dbapi.execute(statement)

    event.listen(Engine, "connect", on_connect)
    try:
        yield
    finally:
        event.remove(Engine, "connect", on_connect)


FULL = "PRAGMA max_page_count = 1"
"""A real "disk is full" for whoever wants one page more than there are."""


# What is no store of ours


@pytest.mark.parametrize(
    "content",
    [b"hello", b"x" * 5000, b"SQLite format 3", b"\0" * 4096, b"PK\x03\x04" + os.urandom(9000)],
    ids=["a short text", "a long text", "the beginning of a database", "nothing but zeros", "an archive"],
)
def test_a_file_that_is_no_database_is_refused(place: Path, content: bytes) -> None:
    place.write_bytes(content)
    assert "not a SQLite database" in refused_untouched(place)


def test_a_database_of_another_program_is_refused(place: Path) -> None:
    execute(place, "CREATE TABLE bookmark (id INTEGER PRIMARY KEY)")
    assert "belongs to another program" in refused_untouched(place)


def test_a_database_that_another_program_has_marked_is_refused_though_it_is_empty(place: Path) -> None:
    execute(place, "PRAGMA application_id = 252006673")
    assert "belongs to another program" in refused_untouched(place)


def test_a_database_of_another_program_that_uses_alembic_is_refused(place: Path) -> None:
    execute(
        place,
        "PRAGMA journal_mode = WAL",
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('0001')",
    )
    assert "belongs to another program" in refused_untouched(place)


def test_another_programs_database_is_not_mended_after_that_program_crashed(place: Path) -> None:
    execute(place, "CREATE TABLE bookmark (id INTEGER PRIMARY KEY)")
    place.with_name(place.name + "-journal").write_bytes(b"the journal of a crashed program")
    assert "belongs to another program" in refused_untouched(place)


# Newer than the program


def test_a_store_of_a_newer_version_is_refused(filled: Path) -> None:
    execute(
        filled,
        "UPDATE alembic_version SET version_num = '0099'",
        "UPDATE store_info SET value = '4.2' WHERE key = 'written_by'",
    )
    sentence = refused_untouched(filled)
    assert "newer version" in sentence
    assert "0099" in sentence
    assert "4.2" in sentence


def test_a_store_with_a_newer_layout_is_refused_whatever_its_revision(filled: Path) -> None:
    execute(filled, "UPDATE store_info SET value = '2' WHERE key = 'format'")
    assert "newer version" in refused_untouched(filled)


def test_a_newer_store_whose_process_was_killed_keeps_what_it_had_not_yet_filed(filled: Path) -> None:
    code = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("UPDATE alembic_version SET version_num = '0099'")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code, filled], check=False).returncode == 9
    before = footprint(filled.parent)
    assert "newer version" in refused(filled).message
    after = footprint(filled.parent)
    index = f"{filled.name}-shm"  # holds no data, only who reads and writes
    assert {name: after[name] for name in after if name != index} == {
        name: before[name] for name in before if name != index
    }


# Damaged


def test_a_store_that_was_cut_off_is_refused(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[: len(content) // 2])
    assert "is damaged" in refused_untouched(filled)


def test_a_store_whose_tables_cannot_be_read_is_refused(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:100] + b"\xff" * 3996 + content[4096:])
    assert "is damaged" in refused_untouched(filled)


@pytest.mark.parametrize(
    "loss",
    [
        "DROP TABLE store_info",
        "DELETE FROM store_info",
        "DROP TABLE alembic_version",
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('0000')",
        "DROP TABLE connection_stat",
    ],
)
def test_a_store_that_lacks_a_part_is_refused(filled: Path, loss: str) -> None:
    execute(filled, loss)
    assert "is damaged" in refused_untouched(filled)


def damage_a_row(path: Path) -> None:
    """Spoil the page that holds the permissions, which nothing reads when a store is opened."""
    (page,) = execute(path, "SELECT rootpage FROM sqlite_master WHERE name = 'profile_permission'")[0]
    content = bytearray(path.read_bytes())
    start = (int(str(page)) - 1) * 4096
    content[start : start + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def test_damage_that_shows_later_is_told_in_words_too(filled: Path) -> None:
    damage_a_row(filled)
    store = open_store(filled)
    with pytest.raises(StoreFailed, match="is damaged") as caught, store.read() as session:
        session.connection().exec_driver_sql("SELECT * FROM profile_permission").all()
    assert str(filled) in caught.value.message
    store.close()


def test_the_full_check_finds_damage_that_opening_does_not(filled: Path) -> None:
    damage_a_row(filled)
    store = open_store(filled)
    assert check_store(store)
    store.close()


def test_the_full_check_finds_references_that_lead_nowhere(filled: Path) -> None:
    execute(filled, "DELETE FROM vault")
    store = open_store(filled)
    assert check_store(store) == ["References from security_profile to vault that lead nowhere: 1."]
    store.close()


def test_the_full_check_finds_rows_that_break_a_rule_of_their_table(filled: Path) -> None:
    execute(filled, "PRAGMA ignore_check_constraints = ON", "UPDATE lab SET speed = -1")
    store = open_store(filled)
    assert check_store(store) == ["CHECK constraint failed in lab"]
    store.close()


def test_the_full_check_finds_a_part_that_went_missing_while_the_store_was_open(filled: Path) -> None:
    store = open_store(filled)
    execute(filled, "DROP TABLE connection_stat")
    assert "connection_stat is missing" in check_store(store)[0]
    store.close()


# Read-only


@pytest.mark.parametrize("part", ["file", "folder"])
def test_a_store_that_may_not_be_written_is_refused(filled: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    locked = filled if part == "file" else filled.parent
    # Not by permission bits: they do not bind the superuser, who may be the one who runs the tests.
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path) == locked and mode & os.W_OK))
    assert "is read-only" in refused_untouched(filled)


def test_a_store_that_turns_read_only_while_open_says_so_and_loses_nothing(filled: Path) -> None:
    before = footprint(filled.parent)
    with every_connection("PRAGMA query_only = ON"):
        store = open_store(filled)
        with pytest.raises(StoreFailed, match="is read-only"), store.write():
            pass
        store.close()
    assert footprint(filled.parent) == before


@pytest.mark.parametrize("options", ["mode=ro&uri=true", "immutable=1"])
def test_a_url_that_asks_for_a_read_only_store_is_refused(filled: Path, options: str) -> None:
    before = footprint(filled.parent)
    assert "takes none" in refused(f"sqlite:///{filled}?{options}").message
    assert footprint(filled.parent) == before


# A full disk


def test_a_new_store_on_a_full_disk_is_refused_and_made_once_there_is_room(place: Path) -> None:
    with every_connection(FULL):
        assert "disk is full" in refused(place).message
    open_store(place).close()
    assert execute(place, "SELECT count(*) FROM lab") == [(1,)]


def test_a_migration_on_a_full_disk_leaves_the_old_store(filled: Path, later_version: Callable[[str], Path]) -> None:
    scripts = later_version('op.create_table("a", sa.Column("b", sa.Integer))')
    with every_connection(FULL):
        assert "disk is full" in refused_untouched(filled, scripts=scripts)
    open_store(filled).close()


def test_without_room_for_the_copy_nothing_is_migrated(
    filled: Path, later_version: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cramped(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **options: Any) -> None:
            target.execute("PRAGMA max_page_count = 5")
            super().backup(target, **options)

    plain = sqlite3.connect

    def connect(location: Any, **options: Any) -> sqlite3.Connection:
        if str(location).endswith("mode=ro"):
            options["factory"] = Cramped
        connection: sqlite3.Connection = plain(location, **options)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    assert "disk is full" in refused_untouched(filled, scripts=later_version())


def write_much(store: Store) -> None:
    with store.write() as write:
        write.changed(Topic.VAULTS)
        write.connection().exec_driver_sql("UPDATE vault SET name = 'Half done'")
        for number in range(10_000):
            write.connection().exec_driver_sql("INSERT INTO store_info VALUES (?, ?)", (str(number), "x" * 200))


def test_a_write_on_a_full_disk_is_taken_back_and_told_in_words(filled: Path) -> None:
    with every_connection(FULL):
        store = open_store(filled)
        heard = store.feed.subscribe()
        with pytest.raises(StoreFailed, match="disk is full") as caught:
            write_much(store)
        assert str(filled) in caught.value.message
        assert heard.drain() == frozenset()
        # The store goes on: what needs no more room still works.
        with store.write() as write:
            assert write.connection().exec_driver_sql("SELECT name FROM vault").scalar_one() == "Clinical"
        store.close()
    assert execute(filled, "SELECT count(*) FROM store_info") == [(3,)]


# Places where no store can be


@pytest.mark.parametrize("location", ["", "   ", Path()])
def test_no_location_is_refused(location: str | Path) -> None:
    assert refused(location).message == "No store is named."


@pytest.mark.parametrize(
    "location", [":memory:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"]
)
def test_a_store_in_memory_is_refused(location: str) -> None:
    assert "in memory" in refused(location).message


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path).message == f"{tmp_path} is a folder, not a file."
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_refused_without_waiting_for_it(place: Path) -> None:
    os.mkfifo(place)
    assert "not a file" in refused(place).message


def test_a_path_below_a_file_is_refused(place: Path) -> None:
    place.write_text("not a folder")
    inside = place / "lab.sqlite3"
    assert str(inside) in refused(inside).message


@pytest.mark.parametrize("location", ["a\0b.sqlite3", "n" * 300 + ".sqlite3"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, location: str) -> None:
    assert "cannot be the path of a store" in refused(f"{tmp_path}/{location}").message


@pytest.mark.parametrize("location", ["sqlite:lab.sqlite3", "://lab", "postgresql://me:hunter2@host:port/lab"])
def test_what_is_no_url_is_refused_without_repeating_a_password(location: str) -> None:
    refusal = refused(location)
    assert "neither a path nor a database URL" in refusal.message
    assert "hunter2" not in str(refusal)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("mysql://me:hunter2@host/lab", "mysql"),
        ("https://vault.example.com/lab", "https"),
        ("sqlite+aiosqlite:////lab.sqlite3", "sqlite+aiosqlite"),
    ],
)
def test_a_database_of_another_kind_is_refused(location: str, named: str) -> None:
    refusal = refused(location)
    assert refusal.message == f"A store cannot be kept in {named}."
    assert "hunter2" not in str(refusal)


def test_a_database_whose_driver_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_CONSOLE_KEY", "A" * 43 + "=")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refusal = refused("postgresql+psycopg://me:hunter2@host/lab")
    assert "postgresql+psycopg is not installed" in refusal.message
    assert "hunter2" not in str(refusal)


# Work that meets trouble


def test_a_store_that_another_program_keeps_locked_says_so(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 0)
    store = open_store(filled)
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed, match="Another program keeps the store"), store.write():
        pass
    other.close()
    with store.write():
        pass
    store.close()


def test_a_writer_begins_as_soon_as_another_program_has_written(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(filled)
    other = sqlite3.connect(filled, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr(time, "sleep", wait)
    with store.write() as write:
        # Within the transaction, and at a reader, SQLite itself waits as it did.
        timeout = write.connection().exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    assert waited == [sqlite.LOOK_AGAIN] * 3
    assert timeout == sqlite.BUSY_TIMEOUT_MS
    other.close()
    store.close()


def test_a_store_whose_file_was_taken_away_is_not_made_anew(filled: Path) -> None:
    store = open_store(filled)
    store.close()
    filled.unlink()
    with pytest.raises(StoreFailed, match="cannot be read"), store.read() as session:
        session.connection()
    assert not filled.exists()


def test_a_violated_constraint_is_no_trouble_of_the_store(filled: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError) as caught:
        execute(filled, "INSERT INTO vault (id) VALUES (1)")
    assert refusal_for(caught.value, store_url(filled)) is None
