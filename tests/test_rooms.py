"""The rooms of the house: which package may know which, and that ours are the ones that get imported."""

import importlib
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("console", "models", "scheduler", "seed")

# Alembic runs the migration scripts itself, inside a context that an import cannot give them.
IMPORT_WHOLE_ROOM = """
import importlib, pkgutil, sys
room = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
    if ".migrations." not in module.name and not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""

PRINT_ORIGINS = """
import importlib, sys
for room in sys.argv[1:]:
    print(importlib.import_module(room).__file__)
"""


def run_python(code: str, *arguments: str, cwd: Path = ROOT) -> list[str]:
    """Run code in a fresh interpreter and give back the lines it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_rooms_import_downwards_only() -> None:
    command = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("room", "strangers"),
    [
        ("models", {"textual", "apscheduler", "typer", "console", "scheduler", "seed"}),
        ("scheduler", {"textual", "typer", "console", "seed"}),
        ("seed", {"textual", "typer", "console", "scheduler"}),
    ],
)
def test_a_lower_room_loads_nothing_of_the_rooms_above(room: str, strangers: set[str]) -> None:
    loaded = set(run_python(IMPORT_WHOLE_ROOM, room))
    assert room in loaded
    assert not loaded & strangers


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_this_project(room: str) -> None:
    assert importlib.import_module(room).__file__ == str(ROOT / room / "__init__.py")


def test_folders_of_the_same_name_where_a_command_is_called_are_not_imported(tmp_path: Path) -> None:
    # An installed command has its own folder first on the path, never the caller's: so has a script file.
    script = tmp_path / "bin" / "command.py"
    script.parent.mkdir()
    script.write_text(PRINT_ORIGINS, encoding="utf-8")
    called_from = tmp_path / "called_from"
    for room in ROOMS:
        (called_from / room).mkdir(parents=True)
        (called_from / room / "__init__.py").touch()

    done = subprocess.run(
        [sys.executable, script, *ROOMS], cwd=called_from, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(ROOT / room / "__init__.py") for room in ROOMS]
