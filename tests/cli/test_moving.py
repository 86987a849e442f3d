"""The demo and the engine without a screen, and what opens the console."""

import json
import os
import signal
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console.cli import demo as demo_module
from console.cli.opening import open_console
from console.cli.settings import Settings
from models.errors import ConsoleError, StoreRefused
from models.opening import open_store
from models.queries.first_look import FirstLook
from models.queries.flows import flows, still_moving
from models.store import Store
from models.tables import Lab as LabRow
from models.tables import table_of
from scheduler.engine import Engine
from tests.builders import build_pair
from tests.cli.conftest import Call, Lab

COMMAND = Path(sysconfig.get_path("scripts")) / "vault-console"


def test_the_demo_moves_everything_and_tells_what_moved(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "show.sqlite3"

    done = call("demo", "--store", str(path), "--json")

    ways = {(row["connection"], row["from_vault"]): row for row in done.document["connections"]}
    crm = next(row for (_name, vault), row in ways.items() if vault == "Vault CRM")
    assert crm["found"] == crm["sent"] == crm["received"] > 0
    assert crm["created"] > 0
    assert sum(row["failed"] for row in ways.values()) == done.document["open_items"] > 0
    assert "%" in done.err
    store = open_store(path)
    with store.read() as session:
        assert still_moving(session) is None
    store.close()


@dataclass
class Built:
    """Stands in for the demo's seed: two Vaults of a named lab, made at once."""

    seeds: list[int] = field(default_factory=list)

    def __call__(self, store: Store, *, seed: int, **_options: Any) -> None:
        self.seeds.append(seed)
        build_pair(store)
        with store.write() as write:
            write.execute(table_of(LabRow).update().values(name="Small demo"))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    double = Built()
    monkeypatch.setattr("seed.demo.build_demo", double)
    return double


def add_product(path: Path) -> None:
    from models.permissions import Actor
    from models.services.records import create_record

    store = open_store(path)
    with store.write() as write:
        create_record(write, Actor.system(1001), "product__v", {"name__v": "Late"})
    store.close()


def test_each_demo_is_a_fresh_one_in_a_place_of_its_own(call: Call, built: Built, own_folders: Path) -> None:
    first = call("demo", "--json", "--seed", "3").document
    path = Path(first["store"])
    add_product(path)
    second = call("demo", "--json").document

    assert path.is_relative_to(own_folders)
    assert second["store"] == first["store"]
    assert built.seeds == [3, demo_module.SEED]
    assert call("records", "list", "product__v", "--vault", "Source", "--store", str(path), "--json").document[
        "total"
    ] == (0)
    assert call("info", "--json").document["places"]["store_exists"] is False


def test_a_kept_demo_goes_on_where_it_was(call: Call, built: Built) -> None:
    path = Path(call("demo", "--json").document["store"])
    add_product(path)

    kept = call("demo", "--keep")

    assert len(built.seeds) == 1
    assert [word for word in kept.out.splitlines()[1].split() if word.isdigit()][:4] == ["1", "1", "1", "1"]
    assert "Everything has moved." in kept.out


def test_the_demo_replaces_nothing_that_is_not_a_demo(
    call: Call, built: Built, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lab.path.with_name("letter.txt")
    other.write_text("Dear Sir, " * 200, encoding="utf-8")

    assert "not a demo's" in call("demo", "--store", str(lab.path), code=1).err
    assert call("demo", "--store", str(other), "--json", code=1).error["title"] == StoreRefused.title
    monkeypatch.setenv("VAULT_CONSOLE_STORE", str(lab.path))
    assert "your own store" in call("demo", "--store", str(lab.path), code=1).err

    assert built.seeds == []
    assert len(call("vaults", "--json").document["vaults"]) == 2
    assert other.read_text(encoding="utf-8").startswith("Dear Sir")


def test_a_demo_in_use_is_not_replaced(call: Call, built: Built) -> None:
    path = Path(call("demo", "--json").document["store"])
    store = open_store(path)
    try:
        with Engine(store):
            assert "in use" in call("demo", code=1).err
    finally:
        store.close()

    assert len(built.seeds) == 1


def test_a_broken_demo_in_the_programs_own_place_makes_way(call: Call, built: Built) -> None:
    path = Path(call("demo", "--json").document["store"])
    path.write_bytes(b"no longer a database" * 100)

    call("demo", "--json")

    assert len(built.seeds) == 2


def test_the_engine_runs_without_a_screen_until_all_has_arrived(on: Call, lab: Lab) -> None:
    done = on("run", "--until-quiet", "--speed", "3600")

    assert "Source: send  found 3, sent 3" in done.out
    assert "Target: receive  received 3, created 2, failed 1" in done.out
    with lab.store.read() as session:
        assert still_moving(session) is None
        (way,) = flows(session)
    assert (way.from_vault, way.to_vault, way.found, way.created, way.failed) == ("Source", "Target", 3, 2, 1)


def test_the_engine_runs_for_so_long_and_answers_in_one_document(on: Call) -> None:
    done = on("run", "--for", "0.5s", "--speed", "3600", "--json")

    assert done.document["runs"] > 0
    assert done.document["connections"][0]["found"] == 3
    assert "Ctrl+C" in done.err


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_engine_without_a_screen_ends_cleanly_when_told_to(lab: Lab, end: signal.Signals) -> None:
    process = subprocess.Popen(
        [COMMAND, "--store", lab.path, "--speed", "3600", "--json", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "Ctrl+C" in first, first + process.stderr.read()
    process.send_signal(end)
    out, err = process.communicate()

    assert process.returncode == 0, err
    assert "Traceback" not in err, err
    assert "connections" in json.loads(out)
    with lab.store.read() as session:
        assert session.execute(table_of(LabRow).select()).one().holder is None


class Screen:
    """Stands in for the console: opens the lab as the real one does, and ends."""

    made: dict[str, Any]

    def __init__(self, open_lab: Callable[[], Any], **options: Any) -> None:
        options.pop("preferences")
        options.pop("keys")
        Screen.made = options
        self.open_lab = open_lab
        self.engine: Any = None
        self.store: Store | None = None
        self.refusal: ConsoleError | None = None
        self.return_code = 0

    def begin_with(self, first_look: FirstLook) -> None:
        assert first_look.signed_in.vault is not None

    def run(self) -> None:
        try:
            opened = self.open_lab()
        except ConsoleError as error:
            self.refusal, self.return_code = error, 1
            return
        self.store = opened.store
        Screen.made["store"] = opened.store.path
        if opened.start_engine is not None:
            self.engine = opened.start_engine()
            Screen.made |= {"speed": self.engine.clock.speed, "runs": self.engine.runs_jobs}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("opening", "program", "demo"):
        monkeypatch.setattr(f"console.cli.{module}.on_terminal", lambda: True)
    monkeypatch.setattr("console.app.ConsoleApp", Screen)


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_console_opens_on_the_named_store_with_its_engine(on: Call, lab: Lab) -> None:
    on("--vault", "1002", "--user", "admin@lab.example.com", "--speed", "30", "--theme", "vault-day", "--plain")

    assert Screen.made == {
        "vault": "1002",
        "user": "admin@lab.example.com",
        "read_only": False,
        "theme": "vault-day",
        "plain": True,
        "speed": 30,
        "runs": True,
        "store": lab.path,
    }
    with lab.store.read() as session:
        assert session.execute(table_of(LabRow).select()).one().holder is None


@pytest.mark.usefixtures("terminal", "built")
def test_a_read_only_console_runs_no_engine_on_a_store_but_does_in_the_demo(on: Call, call: Call) -> None:
    on("--readonly")
    assert "runs" not in Screen.made
    assert Screen.made["read_only"] is True

    call("--readonly", "demo")
    assert Screen.made["runs"] is True
    assert Screen.made["read_only"] is True


@pytest.mark.usefixtures("terminal")
def test_the_console_makes_the_default_store_when_it_is_not_there(call: Call, own_folders: Path) -> None:
    call()

    assert Screen.made["store"].is_relative_to(own_folders)
    assert call("info", "--json").document["places"]["store_exists"] is True


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_demo_opens_the_console(call: Call, built: Built) -> None:
    call("demo", "--speed", "90", "--vault", "1001")

    assert Screen.made["speed"] == 90
    assert Screen.made["vault"] == "1001"
    assert len(built.seeds) == 1


@pytest.mark.usefixtures("terminal")
def test_a_store_that_the_console_refuses_is_told_in_words_after_it_has_ended(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a store at all " * 50, encoding="utf-8")

    assert "This store cannot be opened" in call("--store", str(path), code=1).err


def test_a_refusal_of_the_console_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.ConsoleApp", Screen)

    def refuse() -> Store:
        raise StoreRefused("It is not there.")

    with pytest.raises(StoreRefused):
        open_console(Settings(), refuse)


def test_no_colour_is_used_when_none_is_wanted(on: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    on("--no-color", "vaults")

    assert os.environ["NO_COLOR"] == "1"
