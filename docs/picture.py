"""Draws docs/console.svg and docs/both-sides.svg: the console on the demo store, after everything in it has moved.

Called by `make picture`. The stages are called one by one and the lab clock is stepped, so the picture is always the
same but for the id of a message: the engine that the header tells of stands still.
"""

import asyncio
import os
import re
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

os.environ |= {"TEXTUAL_ANIMATIONS": "none", "TZ": "UTC"}
os.environ.pop("NO_COLOR", None)

from textual.pilot import Pilot

from console.app import ConsoleApp
from console.lab import OpenedLab
from console.screens.chrome import FramedScreen
from models.opening import open_store
from models.queries.lab import vault_list
from models.store import Store
from scheduler import deliver, receive, send
from scheduler.clock import attach_lab
from scheduler.scope import Scope
from scheduler.signing import issue_certificate
from seed.demo import build_demo

FOLDER = Path(__file__).parent
SIZE = (120, 40)
VAULT = "Clinical Operations"
PICTURES = {"console.svg": (), "both-sides.svg": ("1", "S")}
"""The keys that lead from the start to what each picture shows: Home, and both halves of a connection."""
_FONT_FROM_ELSEWHERE = re.compile(r',\s*url\("https?://[^"]*"\) format\("[^"]*"\)')
ROUNDS = 3
STEP = timedelta(seconds=20)


class StandingEngine:
    """Takes the place of the engine: it moves nothing while the picture is drawn."""

    viewer = None

    def stop(self) -> None:
        """There is nothing to wait for."""


def move(store: Store) -> None:
    """Run every job of every Vault a few times, with a little lab time before each."""
    clock = attach_lab(store)
    with store.read() as session:
        vault_ids = [vault.key for vault in vault_list(session)]
    for _ in range(ROUNDS):
        for stage in (send, deliver, receive):
            for vault_id in vault_ids:
                clock.step(STEP)
                stage.run_once(store, clock, Scope(vault_id))


async def settled(pilot: Pilot[None]) -> None:
    """Wait until all that was set off has been read and shown."""
    quiet = 0
    while quiet < 3:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.1)
        screen = pilot.app.screen
        quiet = quiet + 1 if isinstance(screen, FramedScreen) and screen.settled else 0


async def draw(store: Store, keys: tuple[str, ...]) -> str:
    """What the screen shows after these keys."""
    app = ConsoleApp(lambda: OpenedLab(store, StandingEngine), vault=VAULT)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        # Readers' machines have a font of their own; a picture fetches nothing.
        return _FONT_FROM_ELSEWHERE.sub("", app.export_screenshot(title="vault-console demo"))


def main() -> None:
    """Build the demo in a folder that goes away again, move its data, and write the pictures.

    An argument names another folder to write to.
    """
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "demo.sqlite3")
        try:
            build_demo(store, issue=issue_certificate)
            move(store)
            drawn = {name: asyncio.run(draw(store, keys)) for name, keys in PICTURES.items()}
        finally:
            store.close()
    for name, text in drawn.items():
        (target / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{target / name}\n")


if __name__ == "__main__":
    main()
