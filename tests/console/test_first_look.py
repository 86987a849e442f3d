"""What the first screen shows before the store is open is what it shows afterwards."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import insert, update

from console.app import ConsoleApp
from console.lab import OpenedLab
from console.screens.home import HomeScreen
from models.errors import ConsoleError
from models.queries.first_look import FirstLook, first_look
from models.queries.lab import ask, sign_in, user_list, vault_list
from models.queries.topology import topology
from models.store import Store
from models.tables import ExceptionNotification, Lab, QueueConnection, User, table_of
from scheduler.clock import attach_lab
from tests.builders import Pair, make_vault
from tests.console.lab import fill, settle
from tests.console.test_topology import pair  # noqa: F401 - the lab of days and troubles that Home is tested with


def looked(store: Store, vault: str | None = None, username: str | None = None) -> FirstLook | None:
    assert store.path is not None
    return first_look(store.path, vault, username)


def require_same(store: Store, vault: str | None = None, username: str | None = None) -> None:
    """What was looked at is what the open store answers."""
    found = looked(store, vault, username)
    assert found is not None
    assert found.signed_in == ask(store, sign_in, vault, username)
    assert found.topology == ask(store, topology, found.now.date())


@pytest.mark.usefixtures("pair")
def test_the_first_look_at_a_lab_is_what_the_store_answers_for_every_vault_and_user(store: Store) -> None:
    for vault in ask(store, vault_list):
        require_same(store, str(vault.key))
        for user in ask(store, user_list, vault.key):
            require_same(store, vault.name, user.username)
    found = looked(store)
    assert found is not None
    assert any(end.sent for end in found.topology.ends)
    assert any(end.failed for end in found.topology.ends)


def test_the_first_look_follows_what_waits_and_who_wants_to_hear_of_it(store: Store, pair: Pair) -> None:  # noqa: F811
    with store.write() as write:
        write.execute(insert(table_of(ExceptionNotification)).values(vault_id=1002, bell=True, told_until=write.now))
        write.execute(update(table_of(QueueConnection)).values(active=False))
    require_same(store)
    require_same(store, str(pair.target.vault_id))


def test_the_first_look_tells_the_lab_time_that_the_clock_tells(store: Store) -> None:
    fill(store)
    with store.write() as write:
        write.execute(update(table_of(Lab)).values(speed=30.0, paused=True))
    found, clock = looked(store), attach_lab(store)
    assert found is not None
    assert (found.now, found.speed, found.paused) == (clock.now(), clock.speed, clock.paused)


def test_a_lab_without_vaults_can_be_looked_at(store: Store) -> None:
    require_same(store)


@pytest.mark.parametrize(
    ("vault", "username"),
    [("nowhere", None), ("1001", "nobody"), ("1001", "gone@lab.example.com"), ("", None)],
)
def test_who_or_what_is_not_there_is_left_to_the_open_store(store: Store, vault: str, username: str | None) -> None:
    fill(store)
    with store.write() as write:
        values = {"username": "gone@lab.example.com", "active": False}
        write.execute(update(table_of(User)).where(table_of(User).c.username.like("reader@%")).values(**values))
    assert looked(store, vault, username) is None
    with pytest.raises(ConsoleError):
        ask(store, sign_in, vault, username)


def test_a_vault_without_an_active_administrator_is_left_to_the_open_store(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1009)
        write.execute(update(table_of(User)).values(active=False))
    assert looked(store) is None


def test_a_file_that_is_no_store_of_this_version_is_left_to_opening_it(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE lab (id INTEGER)")
    connection.close()
    text = tmp_path / "notes.txt"
    text.write_text("not a store " * 200, encoding="utf-8")
    before = other.stat().st_mtime_ns
    assert [first_look(path) for path in (other, text, tmp_path / "missing", tmp_path)] == [None] * 4
    assert other.stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "other.sqlite3"]


def test_a_look_at_a_store_at_rest_leaves_nothing_beside_it(store: Store) -> None:
    fill(store)
    store.close()
    assert store.path is not None
    beside = sorted(store.path.parent.iterdir())
    assert looked(store) is not None
    assert sorted(store.path.parent.iterdir()) == beside


def test_a_look_that_takes_too_long_is_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    monkeypatch.setattr("models.queries.first_look.PATIENCE", -1.0)
    monkeypatch.setattr("models.queries.first_look._STEPS", 1)
    assert looked(store) is None


def test_a_first_look_loads_none_of_the_store() -> None:
    code = (
        "import sys, models.queries.first_look, models.location\n"
        "print([name for name in ('sqlalchemy', 'sqlmodel', 'pydantic', 'models.store') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def opened_store(app: ConsoleApp) -> Store | None:
    return app.store


@pytest.mark.usefixtures("pair")
async def test_home_shows_the_lab_before_the_store_is_open_and_the_same_afterwards(store: Store) -> None:
    found = looked(store)
    assert found is not None
    opening = Event()

    def open_lab() -> OpenedLab:
        opening.wait(30)
        return OpenedLab(store)

    app = ConsoleApp(open_lab)
    app.begin_with(found)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        before = app.screen.view.text
        assert not opened_store(app)
        assert all(end.name in before for end in found.topology.ends)
        # Whatever is asked for now waits for the store, and does not fail.
        await pilot.press("enter", "D", "1", "slash", "x", "escape", "8", "0")
        opening.set()
        await settle(pilot)
        assert opened_store(app) is store
        assert app.screen.view.text == before
