"""The first frame waits for nothing: the console is imported without the store and without the engine."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sqlmodel", "sqlalchemy", "alembic", "apscheduler", "pydantic", "cryptography", "models.store", "scheduler")


def test_importing_the_console_imports_neither_store_nor_engine() -> None:
    code = f"import sys, console.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_first_screen_waits_for_no_other_one_and_the_others_are_loaded_afterwards() -> None:
    code = (
        "import sys, console.app\nfrom console.areas import AREAS\n"
        "from console.routes import area_screen, load_screens\n"
        "def loaded(): return sorted({item.name for item in AREAS} & {name.removeprefix('console.screens.') "
        "for name in sys.modules})\n"
        "print(loaded())\nload_screens()\nprint(len(loaded()) == len(AREAS))\n"
        "print([item.name for item in AREAS if area_screen(item.name).AREA != item.name])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[]", "True", "[]"]


def test_screens_hold_no_session_and_run_no_statement() -> None:
    folders = [ROOT / "console" / name for name in ("screens", "widgets", "modals", "details")]
    for path in (file for folder in folders for file in folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for word in ("store.read(", "store.write(", "sqlalchemy", ".execute(", "call_from_thread"):
            assert word not in text, f"{path.name}: {word}"
