"""`clock`: the time that all Vaults of a store live in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.durations import duration
from console.cli.frame import area, command
from console.cli.lab import OpenLab, opened
from console.cli.output import answer, facts, shown
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scheduler.clock import LabClock

clock = area("clock", "The lab clock; time passes only while an engine runs.")


@command(clock, "show")
def show(context: typer.Context) -> None:
    """Show the lab time, and how it passes."""
    _command(context, None)


@command(clock, "pause")
def pause(context: typer.Context) -> None:
    """Let the lab clock stand still."""
    _command(context, lambda lab_clock: lab_clock.pause())


@command(clock, "resume")
def resume(context: typer.Context) -> None:
    """Let the lab clock go on."""
    _command(context, lambda lab_clock: lab_clock.resume())


@command(clock, "speed")
def speed(context: typer.Context, times: Annotated[float, typer.Argument(help="Lab seconds per second.")]) -> None:
    """Let the lab clock run faster or slower."""
    _command(context, lambda lab_clock: lab_clock.set_speed(times))


@command(clock, "step")
def step(
    context: typer.Context, by: Annotated[str, typer.Argument(metavar="DURATION", help="E.g. 5m, 1h30m.")] = "5m"
) -> None:
    """Move the lab clock ahead; jobs that fall due run once, when an engine runs."""
    ahead = duration(by)
    _command(context, lambda lab_clock: lab_clock.step(ahead))


def _command(context: typer.Context, change: Callable[[LabClock], None] | None) -> None:
    settings = settings_of(context)
    with opened(settings) as lab:
        if change is not None:
            lab.require_writing()
            change(lab.clock)
        state = clock_state(lab)

    def text() -> str:
        return facts(
            [
                ("Lab time", f"{shown(lab.now)} UTC"),
                ("Speed", f"{state['speed']:g}x" + (", paused" if state["paused"] else "")),
                ("Engine", engine_text(state["engine"])),
            ]
        )

    answer(settings, {"clock": state}, text)


def clock_state(lab: OpenLab) -> dict[str, Any]:
    """How the lab's time passes, and which engine lets it."""
    from scheduler.lease import is_free

    state = lab.clock.state
    runs = not is_free(state, lab.clock.real.now())
    return {
        "now": lab.now,
        "speed": state.speed,
        "paused": state.paused,
        "generator": state.generator,
        "engine": {
            "runs": runs,
            "pid": state.holder_pid if runs else None,
            "host": state.holder_host if runs else None,
        },
    }


def engine_text(engine: dict[str, Any]) -> str:
    """Which engine runs, in words."""
    return f"runs in process {engine['pid']} on host {engine['host']}" if engine["runs"] else "does not run"
