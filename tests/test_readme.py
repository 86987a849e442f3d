"""The README is true: every command in it runs and says what the README says, and the console opens."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sysconfig
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

import pytest

from models.store import Store
from tests.console.lab import console as console_on
from tests.console.lab import fill, settle

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXPORT = re.compile(r'export ([A-Z_]+)="([^"]*)"')
PROVEN_BY_THEIR_NAME = {"run", "test", "check", "bench"}
"""Targets that CI calls in one form or another."""


@dataclass(frozen=True)
class Block:
    """Commands of the README, and what it says that they print (each `…` stands for anything)."""

    commands: tuple[str, ...]
    printed: tuple[str, ...]


def without_comment(line: str) -> str:
    return re.sub(r"\s+#.*", "", line).strip()


def blocks() -> list[Block]:
    found: list[Block] = []
    for language, text in BLOCK.findall(README):
        lines = tuple(line.rstrip() for line in text.splitlines() if line.strip())
        if language == "sh":
            found.append(Block(tuple(without_comment(line) for line in lines), ()))
        elif language == "text":
            found[-1] = Block(found[-1].commands, found[-1].printed + lines)
        else:
            pytest.fail(f"a block of another kind: {language or 'none'}")
    return found


def commands() -> list[str]:
    return [command for block in blocks() for command in block.commands]


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose account holds nothing of ours yet."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "VAULT_CONSOLE_"))}
    kept |= {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("DATA", "CONFIG", "STATE", "CACHE")}
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "PWD": str(tmp_path), "COLUMNS": "160", "TERM": "xterm-256color"}


def call(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Call a line as a shell does; answers what it printed."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr, command
    return done.stdout


def is_printed(line: str, printed: str) -> bool:
    """Whether a line of the README stands in the output, but for the width of columns."""
    parts = [r"\s+".join(re.escape(word) for word in part.split()) for part in line.split("…")]
    pattern = r"\s*" + r".*".join(rf"\s*{part}\s*" for part in parts) + r"\s*"
    return any(re.fullmatch(pattern, candidate) for candidate in printed.splitlines())


def test_every_line_of_the_readme_is_of_a_kind_that_is_proven() -> None:
    strange = [line for line in commands() if not (line.startswith(("vault-console ", "make ")) or EXPORT.match(line))]
    assert commands()
    assert strange == []


@pytest.mark.timeout(300)  # two dozen programs, one after the other
def test_every_command_of_the_readme_runs_and_prints_what_it_says(tmp_path: Path, surroundings: dict[str, str]) -> None:
    environment = dict(surroundings)
    for block in blocks():
        printed = ""
        for command in block.commands:
            exported = EXPORT.fullmatch(command)
            if exported is not None and exported[1] != "PATH":
                environment[exported[1]] = exported[2].replace("$PWD", str(tmp_path))
            elif command.startswith("vault-console "):
                printed += call(command, tmp_path, environment)
        missing = [line for line in block.printed if not is_printed(line, printed)]
        assert missing == [], f"the README says otherwise than the program, which prints:\n{printed}"


def keys_of_the_readme() -> set[str]:
    """The keys in the first column of the table of keys, as Textual calls them; a range of figures in full."""
    names = {"/": "slash", ".": "full_stop", "+": "plus", "-": "minus", ":": "colon", "?": "question_mark"}
    names |= {"!": "exclamation_mark", ";": "semicolon"}
    table = README.partition("\n## Keys\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ") and "`" in line]
    keys = {names.get(key, key) for cell in cells for key in re.findall(r"`([^`]+)`", cell)}
    keys |= {str(figure) for figure in range(1, int(max(key for key in keys if key.isdecimal())) + 1)}
    return {key.lower() if len(key) > 1 else key for key in keys} - {"esc"} | {"escape"}


async def test_every_key_of_the_readme_is_bound(store: Store) -> None:
    fill(store)
    app = console_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        bound = set(app.screen.active_bindings)
    assert keys_of_the_readme() - bound == set()


def test_every_make_target_of_the_readme_exists_and_is_called_by_ci() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    targets = {line.split()[1] for line in commands() if line.startswith("make ")}
    assert {"run", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target
        assert target in PROVEN_BY_THEIR_NAME or re.search(rf"\bmake {re.escape(target)}\b", ci), target
    for target in PROVEN_BY_THEIR_NAME:
        assert re.search(rf"\bmake {target}\b", ci), target


def test_the_places_that_the_readme_and_its_documents_link_to_exist() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for place in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if not place.startswith("https://"):
                assert (document.parent / place).is_file(), f"{document.name}: {place}"


@dataclass
class Terminal:
    """A program in a terminal of 120 columns and 40 rows."""

    process: subprocess.Popen[bytes]
    main: int
    seen: bytes = b""

    def wait_for(self, text: bytes, seconds: float = 60) -> None:
        """Read until the text has been drawn. Fails when the program ends before, or never draws it."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} was not drawn: {self.seen[-2000:]!r}"
            assert self.read(), f"the program ended: {self.seen[-2000:]!r}"

    def read(self) -> bool:
        """Take what is there; answers False at the end."""
        ready, _, _ = select.select([self.main], [], [], 0.5)
        if not ready:
            return self.process.poll() is None
        try:
            part = os.read(self.main, 65536)
        except OSError:  # Linux tells the end of the other side in this way
            return False
        self.seen += part
        return bool(part)

    def type(self, keys: bytes) -> None:
        os.write(self.main, keys)

    def end(self, seconds: float = 60) -> int:
        """Read until the program has ended; answers its exit code."""
        end = time.monotonic() + seconds
        while self.read() and time.monotonic() < end:
            pass
        return self.process.wait(timeout=seconds)


@pytest.fixture
def console(tmp_path: Path, surroundings: dict[str, str]) -> Iterator[Terminal]:
    """What `make run` starts, in a terminal."""
    main, side = pty.openpty()
    ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [SCRIPTS / "vault-console", "demo"],
        cwd=tmp_path,
        env=surroundings | {"COLUMNS": "120", "LINES": "40"},
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
    )
    os.close(side)
    yield Terminal(process, main)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    os.close(main)


def test_the_console_opens_on_a_fresh_demo_in_a_terminal_and_ends_with_ctrl_q(console: Terminal) -> None:
    console.wait_for(b"CDMS/Clinical")
    console.type(b"\x11")
    assert console.end() == 0
    assert b"Traceback" not in console.seen
