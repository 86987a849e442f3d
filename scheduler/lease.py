"""Which engine holds the lab: one per store. Whoever holds it gives signs of life, and lab time passes by them."""

import os
import socket
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, select, update

from models.feed import Topic
from models.store import Store, WriteSession
from models.tables import JobRun, Lab, RunStatus, table_of
from scheduler.clock import LabClock, LabState, attach_lab

_lab = table_of(Lab)
_runs = table_of(JobRun)

LASTING = timedelta(seconds=5)
"""How long (real time) a sign of life counts."""
PATIENCE = timedelta(minutes=1)
"""How much longer a holder may be silent whose process is seen to live."""
ENGINE_STOPPED = "The engine stopped before this run ended."


class Lease:
    """The right to run a store's jobs, for as long as it is kept up. Made by `acquire`."""

    def __init__(self, store: Store, clock: LabClock, holder: str, lasting: timedelta) -> None:
        self.holder = holder
        self._store = store
        self._clock = clock
        self._lasting = lasting
        self._mine: ColumnElement[bool] = _lab.c.holder == holder

    def beat(self) -> bool:
        """Give a sign of life; False when another engine holds the lab by now."""
        real = self._clock.real.now()
        alive_until = self._clock.state.alive_until
        # Real time that nobody was alive in (the machine slept, its clock was set) must not become lab time.
        if alive_until is None or not alive_until - self._lasting <= real <= alive_until:
            with self._store.write() as write:
                state = self._clock.rebase(write, self._mine, alive_until=real + self._lasting)
        else:
            with self._store.write(quiet=True) as write:
                write.execute(update(_lab).where(_lab.c.id == 1, self._mine).values(alive_until=real + self._lasting))
                state = LabState.load(write)
        if state is None or state.holder != self.holder:
            self._clock.reload()
            return False
        self._clock.take(state)
        return True

    def release(self) -> None:
        """Give the lab back and leave its clock where it is. Does nothing when the lease was lost."""
        with self._store.write() as write:
            state = self._clock.rebase(
                write, self._mine, holder=None, holder_pid=None, holder_host=None, alive_until=None
            )
        if state is not None:
            self._clock.take(state)


def acquire(store: Store, *, lasting: timedelta = LASTING) -> Lease | None:
    """Take the lab when nobody holds it, or when who held it has died; None when another engine is alive.

    Runs that the dead engine left open become CANCELLED, which voids their claims.
    """
    clock = attach_lab(store)
    seen = clock.reload()
    if not is_free(seen, clock.real.now()):
        return None
    process = os.getpid()
    holder = f"{_born(process)}.{uuid.uuid4().hex}"[:36]
    same: ColumnElement[bool] = _lab.c.holder.is_(None) if seen.holder is None else _lab.c.holder == seen.holder
    unchanged = _lab.c.alive_until.is_(None) if seen.alive_until is None else _lab.c.alive_until == seen.alive_until
    with store.write() as write:
        state = clock.rebase(
            write,
            same & unchanged,
            holder=holder,
            holder_pid=process,
            holder_host=socket.gethostname(),
            alive_until=clock.real.now() + lasting,
        )
        if state is not None:
            _cancel_open_runs(write)
    if state is None:
        return None
    clock.take(state)
    return Lease(store, clock, holder, lasting)


def is_free(state: LabState, real: datetime) -> bool:
    """Whether the lab may be taken: held by nobody, or its holder's process is dead, or silent for too long.

    A holder that is seen to live on this machine may be silent for longer: it waits for somebody's long write.
    """
    if state.holder is None or state.alive_until is None:
        return True
    lives = _lives(state)
    if lives is None:
        return real > state.alive_until
    return not lives or real > state.alive_until + PATIENCE


def who_holds(state: LabState) -> str:
    """One sentence about the engine that holds the lab, for a window that only watches."""
    if state.holder is None:
        return "No engine runs on this store. This window only watches."
    return (
        f"Another engine runs on this store (process {state.holder_pid} on host {state.holder_host}). "
        "This window only watches."
    )


def _cancel_open_runs(write: WriteSession) -> None:
    is_open = _runs.c.status == RunStatus.RUNNING
    vaults = write.execute(select(_runs.c.vault_id).where(is_open).distinct()).scalars().all()
    if not vaults:
        return
    write.execute(
        update(_runs).where(is_open).values(status=RunStatus.CANCELLED, finished_at=write.now, error=ENGINE_STOPPED)
    )
    for vault_id in vaults:
        write.changed(Topic.JOBS, vault_id)


def _lives(state: LabState) -> bool | None:
    """Whether the holder's process lives; None when that cannot be told from here."""
    process = state.holder_pid
    # On Windows, os.kill would end the process instead of asking for it.
    if os.name != "posix" or state.holder_host != socket.gethostname() or process is None or process <= 0:
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return None
    born, held_by = _born(process), (state.holder or "").partition(".")[0]
    return None if not (born and held_by) else born == held_by


def _born(process: int) -> str:
    """When a process started, in the system's own count, or nothing where that cannot be told; tells reused numbers."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, ValueError, IndexError):
        return ""
