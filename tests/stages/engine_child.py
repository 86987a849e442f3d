"""Starts engines on a store, each in a process that can be killed: `python -m tests.stages.engine_child STORE`.

Reads orders from stdin: `go` starts an engine and lets it run until it is killed; `finish` starts one that runs every
job until nothing moves any more; `die N` runs the receive job alone and kills it when it has written N messages. Says
`ready PID` when an engine runs, `quiet` when nothing moves, and `dead` when its process has ended. Everything is
imported once, and the processes are forked from here.
"""

import os
import signal
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

from models.opening import open_store
from models.store import Store
from models.tables import JobKind
from scheduler import deliver, incoming, receive, send
from scheduler.clock import FASTEST
from scheduler.engine import Engine, Pace
from scheduler.failures import settle_items
from scheduler.scope import Scope

VAULTS = (1001, 1002)
QUIET_AFTER = 4
"""Rounds of all jobs: what a change needs to arrive, and one more."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_engine(store: Store, *, finish: bool) -> None:
    engine = Engine(store, pace=Pace(look=0.02, rest=0.005, beat=0.2))
    if not engine.start():
        raise SystemExit(f"no engine: {engine.viewer}")
    engine.clock.set_speed(FASTEST)
    say(f"ready {os.getpid()}")
    if not finish:
        threading.Event().wait()
    engine.clock.pause()
    for _ in range(QUIET_AFTER):
        for kind in JobKind:
            for vault_id in VAULTS:
                engine.run_now(vault_id, kind)
            if not engine.wait_until_idle(30):
                raise SystemExit(f"the engine does not come to rest: {engine.last_error}")
    engine.clock.resume()
    engine.stop()
    say("quiet")


def receive_and_die(store: Store, at: int) -> None:
    """Be killed when so many messages are written, before their transaction has ended."""
    written = count(1)

    def settle_and_die(*arguments: Any) -> None:
        settle_items(*arguments)
        if next(written) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    vars(receive)["settle_items"] = settle_and_die
    say(f"ready {os.getpid()}")
    receive.run_once(store, store.clock, Scope(VAULTS[1]))


def main() -> None:
    path = Path(sys.argv[1])
    # Small messages and batches: many transactions, and so many places to be killed at.
    vars(send)["ITEMS_IN_A_MESSAGE"] = 3
    deliver.BATCH = 2
    incoming.CLAIM = 4
    receive.TOGETHER = 2
    # However slow the machine is, what is to be written together is.
    receive.LONGEST_WRITE = 60.0
    incoming.RETRY_BATCH = 3
    for order in sys.stdin:
        process = os.fork()
        if process == 0:
            word, *number = order.split()
            if word == "die":
                receive_and_die(open_store(path), int(number[0]))
            else:
                run_engine(open_store(path), finish=word == "finish")
            os._exit(0)
        os.waitpid(process, 0)
        say("dead")


if __name__ == "__main__":
    main()
