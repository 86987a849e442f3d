"""The quick way into the console understands a call as the whole command line does, or leaves it to that."""

import subprocess
import sys

import pytest

from console.cli import plain_start
from console.cli.settings import Settings
from tests.cli.conftest import Call

PLAIN: tuple[tuple[str, ...], ...] = (
    (),
    ("--store", "lab.sqlite3"),
    ("--store=postgresql://lab@host/lab?a=b",),
    ("--vault", "Medical", "--user", "a@b.c", "--plain", "--readonly"),
    ("--no-color", "--theme", "vault-day"),
    ("--store", "one", "--store", "two"),
)
OTHER: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("--store", "lab.sqlite3", "status"),
    ("--help",),
    ("--version",),
    ("--store",),
    ("--store", "--plain"),
    ("--store=",),
    ("--vaul", "Medical"),
    ("--plain=yes",),
    ("--theme", "none-of-ours"),
    ("--speed", "5"),
    ("--resolve", "host:443:127.0.0.1:8443"),
    ("--", "status"),
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """On a terminal; keeps what the command line would open the console with."""
    found: list[Settings] = []
    for module in ("plain_start", "program"):
        monkeypatch.setattr(f"console.cli.{module}.on_terminal", lambda: True)
        monkeypatch.setattr(f"console.cli.{module}.open_default", found.append)
    return found


@pytest.mark.parametrize("typed", PLAIN, ids=" ".join)
def test_a_plain_call_is_understood_as_the_whole_command_line_understands_it(
    typed: tuple[str, ...], opened: list[Settings], call: Call
) -> None:
    quickly = plain_start.read(typed)
    call(*typed)

    assert quickly is not None
    assert [quickly] == opened


@pytest.mark.parametrize("typed", OTHER, ids=" ".join)
@pytest.mark.usefixtures("opened")
def test_any_other_call_is_left_to_the_whole_command_line(typed: tuple[str, ...]) -> None:
    assert plain_start.read(typed) is None


def test_away_from_a_terminal_every_call_is_left_to_the_whole_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.cli.plain_start.on_terminal", lambda: False)
    assert plain_start.read(()) is None


def test_a_plain_start_loads_neither_the_command_line_nor_what_reads_the_store() -> None:
    code = (
        "import sys\nfrom console.cli import plain_start\n"
        "plain_start.on_terminal = lambda: True\nplain_start.open_default = lambda settings: None\n"
        "assert plain_start.run(plain_start.read(['--store', 'lab'])) == 0\n"
        "print([name for name in ('typer', 'pydantic', 'sqlalchemy', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
