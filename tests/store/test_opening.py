"""Opening a store: where it lies, what is made, and what opening costs nobody."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from models.migrations import revisions
from models.opening import check_store, default_location, default_store_path, key_path, open_store, store_url
from models.store import Store
from models.tables import Lab, Vault, table_of
from tests.conftest import ManualClock
from tests.store.conftest import execute, footprint


def vault_names(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.execute(select(table_of(Vault).c.name)).scalars())


def test_a_store_that_is_not_there_is_made_with_its_folders_and_its_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "lab.sqlite3"
    store = open_store(path)
    store.close()
    assert sorted(footprint(path.parent)) == ["lab.sqlite3", "lab.sqlite3.key"]
    assert store.path == path


def test_a_new_store_has_the_newest_revision_and_its_mark(place: Path) -> None:
    open_store(place).close()
    assert execute(place, "SELECT version_num FROM alembic_version") == [(revisions()[-1],)]
    facts = execute(place, "SELECT key, value FROM store_info")
    assert {("program", "vault-connections-console"), ("format", "1")} < set(facts)
    assert execute(place, "PRAGMA application_id") == [(0x56436F6E,)]


def test_a_new_store_has_one_lab_whose_time_begins_at_the_clock(place: Path, clock: ManualClock) -> None:
    store = open_store(place, clock=clock)
    with store.read() as session:
        lab = session.get(Lab, 1)
    assert lab is not None
    assert (lab.lab_base, lab.real_base, lab.last_tick) == (clock.moment,) * 3
    assert (lab.speed, lab.paused, lab.generator, lab.holder) == (1.0, False, False, None)
    store.close()


def test_what_was_written_is_there_when_the_store_is_opened_again(filled: Path) -> None:
    store = open_store(filled)
    assert vault_names(store) == ["Clinical"]
    store.close()


def test_secrets_sealed_in_a_store_open_again_with_the_key_beside_it(place: Path) -> None:
    store = open_store(place)
    token = store.secrets.seal("hunter2")
    store.close()
    again = open_store(place)
    assert again.secrets.open(token) == b"hunter2"
    again.close()


def test_opening_and_closing_a_store_changes_no_byte_and_leaves_nothing_beside_it(filled: Path) -> None:
    before = footprint(filled.parent)
    open_store(filled).close()
    assert footprint(filled.parent) == before


def test_an_empty_file_becomes_a_store(place: Path) -> None:
    place.touch()
    store = open_store(place)
    assert vault_names(store) == []
    store.close()


def test_a_store_is_the_same_by_path_by_url_and_through_a_link(filled: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(filled)
    for location in (str(filled), f"sqlite:///{filled}", f"sqlite+pysqlite:///{filled}", link):
        assert store_url(location).database == str(filled)
        store = open_store(location)
        assert vault_names(store) == ["Clinical"]
        store.close()
    assert sorted(footprint(tmp_path / "place")) == ["lab.sqlite3", "lab.sqlite3.key"]


@pytest.mark.parametrize("name", ["a b.sqlite3", "100%.sqlite3", "what?.sqlite3", "no#1.sqlite3", "größe", "store"])
def test_any_file_name_may_be_a_stores(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for _ in range(2):
        store = open_store(path)
        assert vault_names(store) == []
        store.close()
    assert sorted(footprint(tmp_path)) == sorted([name, f"{name}.key"])


def test_a_home_folder_may_be_written_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_url("~/lab.sqlite3").database == str(tmp_path / "lab.sqlite3")


def test_the_default_store_lies_in_the_folder_for_a_users_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_CONSOLE_STORE", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, **_options: tmp_path / name)
    assert default_store_path() == tmp_path / "vault-console" / "store.sqlite3"
    assert default_location() == str(default_store_path())
    store = open_store()
    assert store.path == default_store_path()
    store.close()


@pytest.mark.parametrize("as_url", [False, True])
def test_the_environment_names_another_default_store(
    filled: Path, monkeypatch: pytest.MonkeyPatch, as_url: bool
) -> None:
    monkeypatch.setenv("VAULT_CONSOLE_STORE", f"sqlite:///{filled}" if as_url else str(filled))
    store = open_store()
    assert store.path == filled
    store.close()


def test_a_store_in_use_can_be_opened_once_more(filled: Path) -> None:
    first, second = open_store(filled), open_store(filled)
    with first.write() as write:
        write.add(Vault(id=2, name="RIM", dns_host="rim.example.com", domain="example.com", family="RIM"))
    assert vault_names(second) == ["Clinical", "RIM"]
    # The looks that the second opening took must not have cost the first one its locks.
    second.close()
    with first.write() as write:
        write.add(Vault(id=3, name="EDC", dns_host="edc.example.com", domain="example.com", family="EDC"))
    assert check_store(first) == []
    first.close()
    last = open_store(filled)
    assert vault_names(last) == ["Clinical", "EDC", "RIM"]
    last.close()


def test_what_a_killed_process_had_committed_is_there(filled: Path) -> None:
    code = """
import os, sys
from models.opening import open_store
from models.tables import Vault
store = open_store(sys.argv[1])
with store.write() as write:
    write.add(Vault(id=2, name="RIM", dns_host="rim.example.com", domain="example.com", family="RIM"))
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code, filled], check=False).returncode == 9
    assert Path(f"{filled}-wal").stat().st_size > 0
    store = open_store(filled)
    assert vault_names(store) == ["Clinical", "RIM"]
    store.close()


def test_a_store_that_a_killed_process_left_half_made_is_made_whole(place: Path, tmp_path: Path) -> None:
    code = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
for number in range(50):
    connection.execute(f"CREATE TABLE t{number} (a TEXT)")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code, place], check=False).returncode == 9
    assert Path(f"{place}-journal").stat().st_size > 0
    # A commit writes the file's first page, with our mark, before the others.
    whole = tmp_path / "whole.sqlite3"
    open_store(whole).close()
    with place.open("r+b") as file:
        file.write(whole.read_bytes()[:100])
    store = open_store(place)
    assert check_store(store) == []
    store.close()
    assert sorted(footprint(place.parent)) == ["lab.sqlite3", "lab.sqlite3.key"]


def test_processes_that_open_the_same_new_store_at_once_all_work(place: Path) -> None:
    code = """
import sys
from models.opening import open_store
from models.tables import Vault
number = int(sys.argv[2])
sys.stdin.read()
store = open_store(sys.argv[1])
with store.write() as write:
    write.add(Vault(id=number, name=f"V{number}", dns_host=f"v{number}.example.com", domain="example.com", family="X"))
store.close()
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, place, str(number)], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        assert process.stderr is not None
        with process.stderr:
            assert process.stderr.read() == b""
        assert process.wait() == 0
    store = open_store(place)
    assert sorted(vault_names(store)) == ["V0", "V1", "V2"]
    assert check_store(store) == []
    store.close()


def test_threads_that_open_the_same_new_store_at_once_all_work(place: Path) -> None:
    start = threading.Barrier(6)

    def go() -> None:
        start.wait()
        open_store(place).close()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(go) for _ in range(6)]:
            done.result()
    assert execute(place, "SELECT count(*) FROM lab") == [(1,)]


def test_opening_a_current_store_does_not_load_the_migration_tool(filled: Path) -> None:
    code = """
import sys
from models.opening import open_store
for path in sys.argv[1:]:
    open_store(path).close()
print(any(name.partition(".")[0] == "alembic" for name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, filled, filled.with_name("new.sqlite3")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_the_key_of_a_store_is_named_after_the_whole_file_name(tmp_path: Path) -> None:
    assert key_path(tmp_path / "lab.db") != key_path(tmp_path / "lab.sqlite3")


def test_a_sound_store_has_nothing_to_report(filled: Path) -> None:
    store = open_store(filled)
    assert check_store(store) == []
    store.close()
