"""`run`: the engine without a screen."""

from __future__ import annotations

import queue
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.durations import duration
from console.cli.lab import OpenLab, opened
from console.cli.moving import flows_table
from console.cli.opening import make_engine
from console.cli.output import answer, printable, shown
from console.cli.reaching import CaFile, Resolve, remember_reach
from console.cli.serving import moved_text
from console.cli.settings import settings_of
from models.errors import NotPossible

if TYPE_CHECKING:
    from scheduler.engine import Engine, RoleChanged
    from scheduler.runner import RunEnded

LOOK_EVERY = 0.2


def run(
    context: typer.Context,
    until_quiet: Annotated[
        bool, typer.Option("--until-quiet", help="End when everything has moved; the generator rests.")
    ] = False,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="End after so long in real time, e.g. 90s, 5m.")
    ] = None,
    speed: Annotated[float | None, typer.Option(metavar="N", help="Speed of the lab clock.")] = None,
    resolve: Resolve = None,
    ca_file: CaFile = None,
    every_run: Annotated[bool, typer.Option("--all", help="Also tell of runs that moved nothing.")] = False,
) -> None:
    """Run the store's engine without a screen.

    Each run that moved something is told. Ctrl+C ends it when the jobs that run have finished.
    """
    from models.queries.flows import flows, last_run_id

    settings = settings_of(context)
    remember_reach(settings, resolve, ca_file)
    ends_after = duration(for_).total_seconds() if for_ else None
    wanted_speed = speed if speed is not None else settings.speed
    ended: queue.SimpleQueue[RunEnded] = queue.SimpleQueue()

    def hear(event: RunEnded | RoleChanged) -> None:
        from scheduler.runner import RunEnded

        if isinstance(event, RunEnded):
            ended.put(event)

    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            before = last_run_id(session)
        engine = make_engine(lab.store, generate=not until_quiet, on_event=hear, take_over=False)
        teller = _Teller(lab, every_run=every_run, to_stderr=settings.json)
        with _stopping(engine):
            if not engine.start():
                raise NotPossible(engine.viewer or "Another engine runs on this store.", "End that one first.")
            if wanted_speed is not None:
                lab.clock.set_speed(wanted_speed)
            quiet_after = before if until_quiet else None
            _listen(lab, engine, ended, teller, ends_after=ends_after, quiet_after=quiet_after)
        teller.drain(ended)
        with lab.store.read() as session:
            moved = flows(session, after=before)
        document: dict[str, Any] = {"now": lab.now, "runs": teller.runs, "connections": moved}
    answer(settings, document, lambda: flows_table(moved))


class _Teller:
    """Writes a line for each run that ended."""

    def __init__(self, lab: OpenLab, *, every_run: bool, to_stderr: bool) -> None:
        self.runs = 0
        self._lab = lab
        self._every_run = every_run
        self._stream = sys.stderr if to_stderr else sys.stdout

    def say(self, text: str) -> None:
        print(printable(text), file=self._stream, flush=True)

    def drain(self, ended: queue.SimpleQueue[RunEnded]) -> bool:
        """Tell of all that has ended since; answers whether there was anything."""
        some = False
        while not ended.empty():
            self.hear(ended.get())
            some = True
        return some

    def hear(self, event: RunEnded) -> None:
        """Tell of one run."""
        from models.queries.flows import run_by_id

        self.runs += 1
        if event.result is None:
            self.say(event.error)
            return
        with self._lab.store.read() as session:
            run = run_by_id(session, event.result.run_id)
        if run is None:
            return
        moved = moved_text(run)
        if self._every_run or moved != "nothing" or run.error:
            when = shown(run.finished_at)
            self.say("  ".join(filter(None, [when, f"{run.vault}: {run.kind}", moved, run.error])))


def _listen(
    lab: OpenLab,
    engine: Engine,
    ended: queue.SimpleQueue[RunEnded],
    teller: _Teller,
    *,
    ends_after: float | None,
    quiet_after: int | None,
) -> None:
    """Tell what the engine does until it is to end; Ctrl+C ends it too.

    With `quiet_after`, that is when the job runs later than this one tell that everything has arrived.
    """
    until = None if ends_after is None else time.monotonic() + ends_after
    try:
        teller.say(f"The engine runs at {lab.clock.speed:g}x; Ctrl+C ends it.")
        while until is None or time.monotonic() < until:
            with suppress(queue.Empty):
                teller.hear(ended.get(timeout=LOOK_EVERY))
            if engine.viewer:
                raise NotPossible("Another engine has taken this store over.", "This one was silent for too long.")
            if quiet_after is not None and _is_quiet(lab, engine, quiet_after):
                return
    except KeyboardInterrupt:
        teller.say("Ending: the jobs that run finish first.")


def _is_quiet(lab: OpenLab, engine: Engine, after: int) -> bool:
    from models.queries.flows import still_moving

    with lab.store.read() as session:
        return not engine.running and still_moving(session, after=after) is None


@contextmanager
def _stopping(engine: Engine) -> Iterator[None]:
    """Stop the engine at the end, however that comes; a polite kill counts as Ctrl+C, also in the background."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    # A shell starts background jobs with Ctrl+C ignored: so that one is set as well.
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        engine.stop()
