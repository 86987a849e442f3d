"""Running an engine without a screen: until all has arrived, and what it moved as a table."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from console.cli.output import Column, printable, table
from models.errors import NotPossible

if TYPE_CHECKING:
    from models.queries.flows import Flow
    from models.store import Store
    from scheduler.engine import Engine

MOST_ROUNDS = 120
"""How often all jobs may fall due before moving on is given up: ten hours of lab time."""
LONGEST_ROUND = 120.0
"""Seconds of real time that all jobs together may take once."""


def move_everything(store: Store, engine: Engine, tell: Callable[[str], None], *, after: int) -> int:
    """Step the lab clock from job to job until nothing moves any more; answers how many rounds that took.

    `after` is the last job run that counts for nothing, because it was before this began. The engine must run. Raises
    NotPossible when it does not come to an end.
    """
    from models.queries.flows import due_times, still_moving

    for rounds in range(MOST_ROUNDS):
        if not engine.wait_until_idle(LONGEST_ROUND):
            raise NotPossible(
                f"The jobs did not finish within {LONGEST_ROUND:g} seconds.", engine.last_error or "Try it again."
            )
        with store.read() as session:
            moving = still_moving(session, after=after)
            due = due_times(session)
        if moving is None or not due:
            return rounds
        tell(moving)
        # To the last of the due times: every job runs just once on the way.
        engine.clock.step(max(due[-1] - engine.clock.now(), timedelta(seconds=1)))
    raise NotPossible(
        f"After {MOST_ROUNDS} rounds something still moves: {moving}", "vault-console jobs runs shows it."
    )


def flows_table(flows: Sequence[Flow]) -> str:
    """What moved each way through each connection, and all of it together."""
    from models.queries.flows import MOVED, Flow

    total = {name: sum(getattr(flow, name) for flow in flows) for name in MOVED}
    rows = [*flows, Flow("Total", 0, "", None, "", **total)]
    columns: list[Column[Flow]] = [
        Column("Connection", lambda flow: flow.connection),
        Column("From", lambda flow: flow.from_vault),
        Column("To", lambda flow: flow.to_vault),
        # Only where an integration's delete policy says so is anything ever deleted.
        *(_number(name) for name in MOVED if name != "deleted" or total[name]),
    ]
    return table(columns, rows if flows else ())


def _number(name: str) -> Column[Flow]:
    return Column(name.capitalize(), lambda flow: getattr(flow, name), right=True)


class Progress:
    """Tells on stderr how far long work has come: one line written over on a terminal, else a line now and then.

    With `quiet` it tells nothing.
    """

    def __init__(self, *, quiet: bool = False, every: float = 0.5) -> None:
        self._quiet = quiet
        self._every = every
        self._live = sys.stderr.isatty()
        self._told_at = 0.0
        self._width = 0

    def share(self, what: str, share: float) -> None:
        """Tell what is being done, and how much of all is done, from 0 to 1."""
        self.tell(f"{share:4.0%}  {what}", at_once=share >= 1)

    def tell(self, text: str, *, at_once: bool = False) -> None:
        """Tell one thing; dropped when the last one was told a moment ago, unless `at_once`."""
        now = time.monotonic()
        if self._quiet or not (at_once or self._live or now - self._told_at >= self._every):
            return
        self._told_at = now
        text = printable(text)
        if self._live:
            print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def done(self) -> None:
        """Leave the terminal's line as it was."""
        if self._live and self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
        self._width = 0
