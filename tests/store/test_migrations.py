"""Older stores are brought up to date in one transaction, with a copy kept; both ways to a new store are the same."""

import re
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from models import migrations, sqlite
from models.errors import StoreRefused
from models.opening import check_store, open_store, store_url
from tests.store.conftest import execute, footprint

AGAIN = "After a change of the tables, while nothing is released: python -m tests.store.regenerate"


def migrated_from_nothing(path: Path) -> None:
    """Make a store's tables by running every step from the first one."""
    path.touch()
    engine = sqlite.engine_for(store_url(path), building=True)
    with engine.begin() as connection:
        migrations.upgrade(connection)
    engine.dispose()


def schema(path: Path) -> dict[str, list[str]]:
    """Every table and index of a store by name, as its parts in a fixed order."""
    rows = execute(path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {str(name): parts(str(sql)) for name, sql in rows}


def parts(statement: str) -> list[str]:
    """Split a CREATE statement at the commas of its outermost brackets."""
    statement = re.sub(r"\s+", " ", statement.replace('"', ""))
    head, _, body = statement.partition("(")
    found, depth, part = [head.strip()], 0, ""
    for sign in body:
        depth += (sign == "(") - (sign == ")")
        if depth < 0 or (sign == "," and depth == 0):
            # What follows the closing bracket is a part of its own: a partial index's condition.
            found.append(part.strip())
            depth, part = max(depth, 0), ""
        else:
            part += sign
    return sorted([*found, part.strip()])


# The steps and the tables


def test_the_steps_are_one_line_in_the_order_of_their_numbers() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.SCRIPTS))
    steps = ScriptDirectory.from_config(config)
    assert tuple(step.revision for step in reversed(list(steps.walk_revisions()))) == migrations.revisions()
    assert steps.get_heads() == [migrations.revisions()[-1]]


def test_all_steps_together_give_the_tables_of_a_new_store(tmp_path: Path) -> None:
    new, migrated = tmp_path / "new.sqlite3", tmp_path / "migrated.sqlite3"
    open_store(new).close()
    migrated_from_nothing(migrated)
    assert schema(migrated) == schema(new), AGAIN


def test_after_all_steps_alembic_sees_nothing_left_to_do(place: Path) -> None:
    migrated_from_nothing(place)
    engine = sqlite.engine_for(store_url(place))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == [], AGAIN
    engine.dispose()


def test_every_rule_of_the_tables_has_a_name_and_reaches_the_store(place: Path) -> None:
    open_store(place).close()
    written = " ".join(part for found in schema(place).values() for part in found)
    for table in SQLModel.metadata.tables.values():
        for constraint in table.constraints:
            assert str(constraint.name) in written, f"{table.name}: {constraint!r}"


# Migrating


def test_an_older_store_is_migrated_and_a_copy_of_the_file_is_kept(
    filled: Path, later_version: Callable[[], Path]
) -> None:
    filled.chmod(0o640)
    store = open_store(filled, scripts=later_version())
    store.close()
    copy = filled.with_name("lab.before-0002.sqlite3")
    assert sorted(footprint(filled.parent)) == sorted([filled.name, f"{filled.name}.key", copy.name])
    assert execute(filled, "SELECT colour FROM security_profile") == [("grey",)]
    assert execute(filled, "SELECT version_num FROM alembic_version") == [("0002",)]
    assert execute(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert execute(copy, "SELECT name FROM security_profile") == [("Vault Owner",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640


def test_making_a_table_anew_keeps_the_rows_that_refer_to_it(filled: Path, later_version: Callable[[], Path]) -> None:
    before = execute(filled, "SELECT * FROM profile_permission ORDER BY permission")
    assert len(before) == 2
    store = open_store(filled, scripts=later_version())
    assert execute(filled, "SELECT * FROM profile_permission ORDER BY permission") == before
    store.close()


def test_foreign_keys_hold_again_after_a_migration(filled: Path, later_version: Callable[[], Path]) -> None:
    store = open_store(filled, scripts=later_version())
    with store.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    store.close()


def test_the_copy_is_a_store_that_this_version_opens(filled: Path, later_version: Callable[[], Path]) -> None:
    open_store(filled, scripts=later_version()).close()
    copy = open_store(filled.with_name("lab.before-0002.sqlite3"))
    assert check_store(copy) == []
    copy.close()


def test_the_copy_holds_what_a_killed_process_had_committed(filled: Path, later_version: Callable[[], Path]) -> None:
    code = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("UPDATE vault SET name = 'Renamed'")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code, filled], check=False).returncode == 9
    open_store(filled, scripts=later_version()).close()
    assert execute(filled.with_name("lab.before-0002.sqlite3"), "SELECT name FROM vault") == [("Renamed",)]
    assert execute(filled, "SELECT name FROM vault") == [("Renamed",)]


def test_a_copy_never_replaces_another(filled: Path, later_version: Callable[[], Path]) -> None:
    earlier = filled.with_name("lab.before-0002.sqlite3")
    earlier.write_text("from an earlier time")
    open_store(filled, scripts=later_version()).close()
    assert earlier.read_text() == "from an earlier time"
    assert execute(filled.with_name("lab.before-0002-2.sqlite3"), "SELECT name FROM vault") == [("Clinical",)]


def test_a_store_that_is_up_to_date_is_not_copied(filled: Path, later_version: Callable[[], Path]) -> None:
    scripts = later_version()
    open_store(filled, scripts=scripts).close()
    before = footprint(filled.parent)
    open_store(filled, scripts=scripts).close()
    assert footprint(filled.parent) == before


def test_this_version_refuses_what_a_later_one_has_migrated(filled: Path, later_version: Callable[[], Path]) -> None:
    open_store(filled, scripts=later_version()).close()
    before = footprint(filled.parent)
    with pytest.raises(StoreRefused, match="newer version"):
        open_store(filled)
    assert footprint(filled.parent) == before


def test_a_new_store_of_a_later_version_needs_no_step(place: Path, later_version: Callable[[], Path]) -> None:
    open_store(place, scripts=later_version()).close()
    assert execute(place, "SELECT version_num FROM alembic_version") == [("0002",)]


def test_the_folder_of_the_steps_may_have_any_name(
    filled: Path, later_version: Callable[[], Path], tmp_path: Path
) -> None:
    odd = tmp_path / "100% %(here)s"
    later_version().rename(odd)
    open_store(filled, scripts=odd).close()
    assert execute(filled, "SELECT version_num FROM alembic_version") == [("0002",)]


def test_two_that_migrate_the_same_store_at_once_both_work(filled: Path, later_version: Callable[[], Path]) -> None:
    scripts = later_version()
    start = threading.Barrier(3)

    def go() -> None:
        start.wait()
        open_store(filled, scripts=scripts).close()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(go) for _ in range(3)]:
            done.result()
    assert [name for name in footprint(filled.parent) if "before" in name] == ["lab.before-0002.sqlite3"]


# A migration that fails


BREAKS = {
    "an error midway": 'op.create_table("half", sa.Column("a", sa.Integer))\nraise RuntimeError("step broke")',
    "a statement that fails": 'op.execute("UPDATE vault SET name = NULL")',
    "rows left behind": 'op.execute("DELETE FROM vault")',
}


@pytest.mark.parametrize("step", BREAKS.values(), ids=BREAKS.keys())
def test_a_migration_that_fails_leaves_the_store_as_it_was(
    filled: Path, later_version: Callable[[str], Path], step: str
) -> None:
    before = footprint(filled.parent)
    scripts = later_version(step)
    for _ in range(2):
        with pytest.raises(StoreRefused, match="could not be brought up to date") as caught:
            open_store(filled, scripts=scripts)
        assert str(filled) in caught.value.message
        assert footprint(filled.parent) == before
    store = open_store(filled)
    assert check_store(store) == []
    store.close()


def test_a_process_killed_while_it_migrates_leaves_the_old_store_and_the_copy(
    filled: Path, later_version: Callable[[str], Path]
) -> None:
    scripts = later_version('op.create_table("half", sa.Column("a", sa.Integer))\nos._exit(9)')
    code = """
import sys
from pathlib import Path
from models.opening import open_store
open_store(sys.argv[1], scripts=Path(sys.argv[2]))
"""
    assert subprocess.run([sys.executable, "-c", code, filled, scripts], check=False).returncode == 9
    store = open_store(filled)
    assert check_store(store) == []
    store.close()
    assert execute(filled, "SELECT name FROM sqlite_master WHERE name = 'half'") == []
    with closing(sqlite3.connect(filled.with_name("lab.before-0002.sqlite3"))) as copy:
        assert copy.execute("SELECT name FROM vault").fetchall() == [("Clinical",)]
