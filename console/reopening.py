"""Putting a snapshot back while the console is open: the lab is let go, replaced, and opened anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from console import commands
from console.screens.chrome import FramedScreen
from console.tasking import TaskingApp
from console.twins.call import carry_out

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store


class ReopeningApp(TaskingApp):
    """An app whose lab can be replaced under it. The lab clock may go back then: it is another clock."""

    def replace_lab(self, command: commands.Command) -> None:
        """Stop the engine, do what replaces the lab, and open it anew; what went wrong is told once it is open."""
        self.run_worker(self._replace_lab(command), group="replace", exclusive=True, exit_on_error=False)

    async def _replace_lab(self, command: commands.Command) -> None:
        who = self.session.who
        if self.store is None:
            return
        if self.tasks:
            text = f"{self.tasks[0].title} is under way: let it end, or cancel it first."
            self.tell(text, title="The lab cannot be replaced now", severity="warning")
            return
        self.tell("The engine ends its running jobs, then the lab is replaced.")
        engine, self.engine = self.engine, None
        if engine is not None:
            await asyncio.to_thread(engine.stop)
        self.switch_mode("home")
        while len(self.screen_stack) > 1 and isinstance(self.screen, FramedScreen):
            self.pop_screen()
        store = self._let_go()
        if store is None:
            return
        outcome = await asyncio.to_thread(_outcome, command, store, who)
        self._open(again=True)
        if isinstance(outcome, Exception):
            self.tell_error(outcome)
        else:
            self.tell(outcome)


def _outcome(command: commands.Command, store: Store, who: Who) -> str | Exception:
    """What a command tells, or why it could not be done. The store is closed in either case."""
    work: Callable[[], str] = partial(carry_out, command, store, who)
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - told once the lab is open again
        return error
    finally:
        store.close()
