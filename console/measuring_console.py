"""What `bench console` measures: the console and its floor, each behind a terminal, and filters against the raw driver.

The floor of keys is `console.floor`. The floor of a filter are the statements that its list is read by, run by the
database driver alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import sleep

from console.areas import AREAS
from console.cli.opening import FRAMES
from console.floor import FIRST
from console.measuring import TerminalSession
from console.widgets.window_pages import PAGE
from models.store import Store
from scheduler.filter_bench import busiest_vault, filter_lines, time_filter

DOWN, UP, PAGE_DOWN, PAGE_UP = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~"
HOME, EMPTIED, ENTER = "\x1b[H", "\x15", "\r"
MOVES, PAGES = 40, 12
"""How often the keys of a list are pressed to go down it; to go up, half as often."""
FIRST_TEXT = "Waiting"
"""What stands on the first screen once the store has been read."""
LOOKED_AT = 4.0
"""Seconds for which the first screen is looked at before anything is done."""
LAUNCH = "import sys; sys.argv[0] = 'vault-console'; from console.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Felt:
    """How long something took in the console and on the floor, in seconds, once for each time it was done."""

    what: str
    times: tuple[float, ...]
    floor: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as long as on the floor, by the median."""
        return median(self.times) / median(self.floor)


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter of the messages: seconds from its last key to its rows, those of reading them, and of the floor."""

    line: str
    found: int
    seen: float
    read: float
    floor: float

    @property
    def ratio(self) -> float:
        """How many times as long as the raw driver the reading takes."""
        return self.read / self.floor


@dataclass(frozen=True, slots=True)
class ConsoleResult:
    """All that was measured; memory in MiB, after all areas were visited."""

    messages: int
    felt: tuple[Felt, ...]
    filters: tuple[Filtered, ...]
    memory: float
    floor_memory: float


def p95(times: Sequence[float]) -> float:
    """The time that one in twenty is longer than."""
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def bench_console(
    path: Path, store: Store, folder: Path, tell: Callable[[str], None], *, rounds: int = 3
) -> ConsoleResult:
    """Measure the console on a store, `rounds` times in turn with its floor. Raises NotPossible.

    In `folder` there is neither key map nor preferences: the keys are the usual ones.
    """
    busiest = busiest_vault(store)
    environment = dict(os.environ) | {"TEXTUAL_FPS": FRAMES}
    environment |= {"XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    words = [sys.executable, "-c", LAUNCH, "--store", str(path), "--readonly"]
    if busiest is not None:
        words += ["--vault", str(busiest[0])]
    floor_words = [sys.executable, "-m", "console.floor"]
    ours: dict[str, list[float]] = {}
    floors: dict[str, list[float]] = {}
    filters: dict[str, list[Filtered]] = {}
    memory = floor_memory = 0.0
    lines = filter_lines(store, *busiest) if busiest is not None else []
    for number in range(1, rounds + 1):
        tell(f"round {number} of {rounds}: the floor")
        with TerminalSession(floor_words, environment) as session:
            _feel(session, FIRST, floors)
            floor_memory = max(floor_memory, session.resident_mib)
        tell(f"round {number} of {rounds}: the console")
        with TerminalSession(words, environment) as session:
            _feel(session, FIRST_TEXT, ours)
            memory = max(memory, session.resident_mib)
            session.press("9")
            session.rest(0.3)
            for line in lines:
                filters.setdefault(line, []).append(_filter(session, store, busiest[0] if busiest else 0, line))
    felt = tuple(Felt(what, tuple(times), tuple(floors[what])) for what, times in ours.items() if times)
    least = tuple(_least(results) for results in filters.values())
    return ConsoleResult(busiest[1] if busiest else 0, felt, least, memory, floor_memory)


def _feel(session: TerminalSession, text: str, into: dict[str, list[float]]) -> None:
    """Start, go everywhere, and press keys on the list of messages; notes how long each took."""
    into.setdefault("first data", []).append(session.wait_for(text))
    # Whoever starts a program looks at it first.
    session.rest(0.5)
    sleep(LOOKED_AT)
    session.rest()
    keys = [*(item.key for item in AREAS[1:]), AREAS[0].key]

    def note(what: str, pressed: Sequence[str]) -> None:
        times = into.setdefault(what, [])
        for key in pressed:
            if (seconds := session.press(key)) is None:
                # The end of a short list: the keys that follow would be waited for in vain, too.
                break
            times.append(seconds)

    note("area, first visit", keys)
    note("area", keys * 2)
    session.press("9")
    session.rest(0.3)
    note("cursor", [DOWN] * MOVES)
    note("cursor", [UP] * (MOVES // 2))
    note("page", [PAGE_DOWN] * PAGES)
    note("page", [PAGE_UP] * (PAGES // 2))


def _filter(session: TerminalSession, store: Store, vault_id: int, line: str) -> Filtered:
    """Type a filter into the list of messages, wait for its rows, and take it away again."""
    times = time_filter(store, vault_id, line)
    # The cursor's row is held on to, which takes longer than to begin at the top.
    session.press(HOME)
    session.press("/")
    session.write(line)
    first = f"{min(times.found, PAGE):,}{'+' if times.found >= PAGE else ''}  /{line}"
    seen = session.wait_for(first, f"{times.found:,}  /{line}")
    session.rest(0.3)
    # Not Esc to take it away: what follows that too soon is read as one key with it.
    for key in (EMPTIED, ENTER):
        session.press(key)
        session.rest(0.3)
    return Filtered(line, times.found, seen, times.read, times.floor)


def _least(results: Sequence[Filtered]) -> Filtered:
    """The least disturbed of several times of one filter."""
    return Filtered(
        results[0].line,
        results[0].found,
        min(each.seen for each in results),
        min(each.read for each in results),
        min(each.floor for each in results),
    )
