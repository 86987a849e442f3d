"""Measuring a program of the terminal as a person meets it: from a key that is written to what it puts on the screen.

The program runs behind a pseudo terminal of a fixed size, and is told that the terminal takes whole frames. A time ends
with the first bytes that answer a key; the next key is written when nothing more comes.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

from models.errors import NotPossible

COLUMNS, LINES = 120, 40
QUIET = 0.08
"""Seconds without output after which a key has been answered."""
NO_ANSWER = 1.0
"""Seconds after which a key is taken to have changed nothing."""
PATIENCE = 60.0
"""Seconds after which a program that shows nothing is given up."""
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_ASKED = b"\x1b[?2026$p"
_YES = b"\x1b[?2026;2$y"


class TerminalSession:
    """A program on a terminal of its own; it ends with the `with` block."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self.began = perf_counter()
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            # The size that an environment speaks of goes before that of the terminal.
            own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
            os.execve(words[0], list(words), dict(environment) | own)  # noqa: S606 - no shell is wanted
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._terminal)

    def wait_for(self, *texts: str) -> float:
        """Seconds from the start, or the last key, until one of the texts is on the screen. Raises NotPossible."""
        wanted = [text.encode() for text in texts]
        end = perf_counter() + PATIENCE
        while not any(text in _SEQUENCE.sub(b"", self._seen) for text in wanted):
            if not self._read(end - perf_counter()):
                raise NotPossible(
                    f"The program does not show “{texts[0]}”.", "Start it by itself and look what it shows."
                )
        return self._last - self.began

    def press(self, keys: str) -> float | None:
        """Seconds until the first answer to keys; None when there is none, as at the end of a list.

        Comes back when nothing more comes.
        """
        self.write(keys)
        if not self._read(NO_ANSWER):
            return None
        first = self._last - self.began
        self.rest()
        return first

    def write(self, keys: str) -> None:
        """Type keys, and wait for nothing."""
        self._seen = b""
        self.began = perf_counter()
        os.write(self._terminal, keys.encode())

    def rest(self, seconds: float = QUIET) -> None:
        """Wait until nothing has come for so many seconds."""
        while self._read(seconds):
            pass

    @property
    def resident_mib(self) -> float:
        """Memory of the program in MiB; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self._child}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found.group(1)) / 1024 if found else 0.0

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            chunk = os.read(self._terminal, 1 << 18)
        except OSError:
            chunk = b""
        self._last = perf_counter()
        if not chunk:
            said = _SEQUENCE.sub(b"", self._seen).decode(errors="replace").strip().splitlines()
            raise NotPossible("The program has ended.", said[-1] if said else "Start it by itself.")
        if _ASKED in chunk:
            os.write(self._terminal, _YES)
        self._seen += chunk
        return True
