"""Waiting for a console to come to rest: until nothing is left to do, not until some time has passed.

Textual's pilot waits by the clock until the process is hardly busy: several fiftieths of a second for each key, and on
a busy machine too short. Here the event loop is asked instead.
"""

import asyncio
import heapq
from collections.abc import Iterator
from typing import Any

import pytest
import textual.app
import textual.constants
import textual.pilot
from textual._context import active_app
from textual.app import App
from textual.timer import EventTargetGone, Timer

from console.ahead import AheadApp

SOON = 0.03
"""Seconds: what is timed to happen within them is waited for."""
THREADS = 0.05
"""Seconds that work in threads is waited for after each key; `settle` waits for as long as it takes."""
MOMENT = 0.2
"""Seconds up to which what is put off is done at once."""
PATIENCE = 5.0
"""Seconds until an app that always has something to do is taken as it is."""


async def calm(app: App[Any]) -> None:
    """Wait until the app has handled all it was given, drawn what changed, and nothing is due soon."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + PATIENCE
    still = 0
    while still < 2 and loop.time() < give_up and app._exception is None:
        # Lets everything run that is ready now; what that makes ready is there afterwards.
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            still = 0
        elif _draws(app):
            app.screen._on_timer_update()
            still = 0
        elif (due := _next_due(loop, app)) is not None:
            await asyncio.sleep(max(0.0, due - loop.time()))
            still = 0
        else:
            still += 1


def _draws(app: App[Any]) -> bool:
    """Whether the screen in front waits for its next frame."""
    if not app.screen_stack or app._exit or app._batch_count:
        return False
    timer = app.screen._Screen__update_timer  # type: ignore[attr-defined]
    return timer is not None and timer._active.is_set() and bool(app.screen.is_running)


def _next_due(loop: asyncio.AbstractEventLoop, app: App[Any]) -> float | None:
    """When the next thing happens that is timed to happen soon; frames do not count."""
    frames = {id(waits) for waits in _frames(app)}
    timed = [
        handle.when()
        for handle in loop._scheduled  # type: ignore[attr-defined]
        if not handle.cancelled() and not any(id(argument) in frames for argument in handle._args or ())
    ]
    first = heapq.nsmallest(1, timed)
    return first[0] if first and first[0] - loop.time() < SOON else None


def _frames(app: App[Any]) -> Iterator[Any]:
    for stack in app._screen_stacks.values():
        for screen in stack:
            timer = screen._Screen__update_timer  # type: ignore[attr-defined]
            if timer is not None and timer._task is not None:
                yield timer._task._fut_waiter


async def _wait_for_idle(_min_sleep: float = 0, _max_sleep: float = 1) -> None:
    app = active_app.get()
    await calm(app)
    if busy := [worker._task for worker in app.workers if not worker.is_finished and worker._task is not None]:
        await asyncio.wait(busy, timeout=THREADS)
        await calm(app)


_run_by_the_clock = Timer._run


async def _run(timer: Timer) -> None:
    """What is put off once and for a moment, such as reading what the cursor rests on, happens at the next turn."""
    if timer._repeat == 0 and timer._interval <= MOMENT:
        await asyncio.sleep(0)
        try:
            await timer._tick(next_timer=0.0, count=1)
        except EventTargetGone:
            return
    else:
        await _run_by_the_clock(timer)


async def _wait_for_screen(pilot: textual.pilot.Pilot[Any], _timeout: float = 30.0) -> bool:
    await calm(pilot.app)
    return pilot.app._exception is None


@pytest.fixture(scope="session", autouse=True)
def calmly() -> Iterator[None]:
    """Pilots wait for apps to come to rest, and what the console puts off for a moment, it does at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual.app, "wait_for_idle", _wait_for_idle)
        patch.setattr(textual.pilot, "wait_for_idle", _wait_for_idle)
        patch.setattr(textual.pilot.Pilot, "_wait_for_screen", _wait_for_screen)
        patch.setattr(Timer, "_run", _run)
        patch.setattr(textual.constants, "TEXTUAL_ANIMATIONS", "none")
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_ahead() -> Iterator[None]:
    """No screen is made ready while nobody does anything: it would be waited for after each key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AheadApp, "AHEAD", False)
        yield
