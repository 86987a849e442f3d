"""The living part of the app: opening the store, who is signed in, following what changes, and the lab clock.

What changes in the store wakes the app once, from whatever thread wrote; it looks at the feed at most every tenth of a
second, and tells the screens which topics changed in which Vault. Nothing here runs while nothing happens, but a look
once a second for what the engine says, and the clock on the screen while lab time passes.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message
from textual.timer import Timer

from console.ahead import GIVE_BACK, AheadApp, settle_memory
from console.lab import Filler, LabOpener, OpenedLab, RunningEngine
from console.screens.chrome import FramedScreen
from console.session import Session
from console.work import in_thread
from models.errors import ConsoleError
from models.feed import Change, Topic

if TYPE_CHECKING:
    from models.feed import Subscription
    from models.queries.first_look import FirstLook
    from models.queries.signed_in import SignedIn, Waiting
    from models.store import Store

DRAIN_EVERY = 0.1
"""Seconds between two looks at the change feed, at least."""
TICK = 0.5
"""Seconds between two ticks of the clock on the screen, while the lab clock runs."""
TURN = 0.001
"""Seconds after which a thread that works lets another one go on. A key wakes the screen several times before it shows,
and each time the screen waits for the engine's turn to end: five times as long as this, as Python has it by itself."""
MASKED = 0.01
"""Seconds for which a change of screens is masked. Masking it five times as long, as the framework does, takes longer
than the change itself."""
LOOK_AROUND = 1.0
"""Seconds between two looks for what other processes have written."""


class ClockReading(NamedTuple):
    """The lab clock as the header shows it."""

    now: datetime | None
    speed: float
    paused: bool


class LiveApp(AheadApp):
    """An app over a store that changes while it is looked at."""

    class Opened(Message):
        """The store is open and somebody is signed in."""

        def __init__(self, lab: OpenedLab, signed_in: SignedIn) -> None:
            super().__init__()
            self.lab = lab
            self.signed_in = signed_in

    class Refused(Message):
        """The store cannot be opened, or there is no such Vault."""

        def __init__(self, lab: OpenedLab | None, error: ConsoleError) -> None:
            super().__init__()
            self.lab = lab
            self.error = error

    class SignedInTo(Message):
        """Another Vault or user is in use."""

        def __init__(self, signed_in: SignedIn) -> None:
            super().__init__()
            self.signed_in = signed_in

    class EngineStarted(Message):
        """The engine has been started, or says why this console only watches."""

        def __init__(self, engine: RunningEngine) -> None:
            super().__init__()
            self.engine = engine

    class StoreChanged(Message):
        """The feed has something; posted from the thread that wrote."""

    class LookedAround(Message):
        """Whether another process has written."""

        def __init__(self, others_wrote: bool) -> None:
            super().__init__()
            self.others_wrote = others_wrote

    class Counted(Message):
        """What waits in the Vault in use."""

        def __init__(self, vault_id: int, waiting: Waiting) -> None:
            super().__init__()
            self.vault_id = vault_id
            self.waiting = waiting

    def __init__(
        self, open_lab: LabOpener, *, vault: int | str | None = None, user: str | None = None, read_only: bool = False
    ) -> None:
        super().__init__()
        self.lab: OpenedLab | None = None
        self.engine: RunningEngine | None = None
        self.refusal: ConsoleError | None = None
        self.session = Session(read_only=read_only)
        self.first_look: FirstLook | None = None
        """What the first screen shows until the store is open."""
        self._open_lab = open_lab
        self._wish = (vault, user)
        self._subscription: Subscription | None = None
        self._once_there: Callable[[], None] | None = None
        """What is to be done once the Vault that is being signed in to is in use."""
        self._drain_timer: Timer | None = None
        self._drained_at = 0.0
        self._clock_timer: Timer | None = None
        self._look_timer: Timer | None = None
        self._counting = self._count_again = self._looking = False
        self._first_data = self._filled = False

    @property
    def front(self) -> FramedScreen | None:
        """The screen in front; None below a modal, and once the console ends."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen if isinstance(screen, FramedScreen) else None

    @property
    def store(self) -> Store | None:
        """The store, once it is open."""
        return self.lab.store if self.lab else None

    def delay_update(self, delay: float = MASKED) -> None:
        """Paint nothing for a moment, while one screen takes another's place: for less long than the framework does."""
        super().delay_update(min(delay, MASKED))

    # Start

    def begin_with(self, first_look: FirstLook) -> None:
        """Show this until the store is open. Called before the app runs."""
        self.first_look = first_look
        self.session.sit(first_look.signed_in)

    def on_mount(self) -> None:
        self.call_after_refresh(self._open)

    def _open(self, *, again: bool = False) -> None:
        """Open the lab; `again` after it was let go: then whoever was there need not be there any more."""
        vault, user = self._wish
        from scheduler.memory import share_heap

        share_heap()
        sys.setswitchinterval(TURN)
        # Loading the store makes objects that stay: collecting garbage meanwhile only costs time.
        gc.disable()

        def job() -> Message:
            lab = None
            try:
                lab = self._open_lab()
                from models.queries.lab import ask, sign_in

                try:
                    return self.Opened(lab, ask(lab.store, sign_in, vault, user))
                except ConsoleError:
                    if not again:
                        raise
                    return self.Opened(lab, ask(lab.store, sign_in, None, None))
            except ConsoleError as error:
                return self.Refused(lab, error)

        in_thread(self, job, lambda message: message, group="open")

    def _let_go(self) -> Store | None:
        """Let go of the store, for it to be opened anew; the engine has been stopped. Answers what was open."""
        store, self.lab = self.store, None
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
        for timer in (self._clock_timer, self._look_timer, self._drain_timer, self._notice_timer):
            if timer is not None:
                timer.stop()
        self._clock_timer = self._look_timer = self._drain_timer = self._notice_timer = None
        self._counting = self._count_again = self._looking = self._noticing = self._notice_again = False
        self._first_data = self._filled = False
        session = self.session
        self._wish = (session.vault_id or None, session.user.username if session.user else None)
        session.engine, session.viewer_reason = "opening", ""
        return store

    def on_live_app_refused(self, message: Refused) -> None:
        self.lab, self.refusal = message.lab, message.error
        self.exit(return_code=1)

    def on_live_app_opened(self, message: Opened) -> None:
        self.lab = message.lab
        self.session.engine = "none" if self.lab.start_engine is None else "starting"
        self._subscription = self.lab.store.feed.subscribe()
        self._subscription.on_change(self._wake)
        self._clock_timer = self.set_interval(TICK, self._tick, pause=self.clock_reading.paused)
        self._look_timer = self.set_interval(LOOK_AROUND, self._look_around)
        self.set_interval(GIVE_BACK, self.give_back)
        self._sign_in(message.signed_in)
        if self.lab.filler is not None:
            self.choose_beginning(self.lab.filler)

    def choose_beginning(self, filler: Filler) -> None:
        """Have a person choose what an empty lab begins with, then go on with `filled`."""
        raise NotImplementedError

    def filled(self) -> None:
        """The lab holds what was chosen: sign in and start the engine."""
        store = self.store
        if store is None:
            return
        self._filled = True
        vault, user = self._wish

        def job() -> SignedIn:
            from models.queries.lab import ask, sign_in

            return ask(store, sign_in, vault, user)

        in_thread(self, job, self.SignedInTo, group="sign-in", exclusive=True)

    def first_data_is_on_screen(self) -> None:
        """The first list has been read: now the engine may be loaded and started."""
        if self._first_data or self.lab is None or (self.lab.filler is not None and not self._filled):
            return
        self._first_data = True
        settle_memory()
        gc.enable()
        if self.lab.start_engine is not None:
            self.call_after_refresh(self._start_engine, self.lab.start_engine)
        self.look_for_notices()
        self.load_screens_ahead()

    def _start_engine(self, start: Callable[[], RunningEngine]) -> None:
        in_thread(self, start, self.EngineStarted, group="engine")

    def on_live_app_engine_started(self, message: EngineStarted) -> None:
        self.engine = message.engine
        settle_memory()
        self._take_role(message.engine)

    # Vault and user

    def _sign_in(self, signed_in: SignedIn) -> None:
        self.session.sit(signed_in)
        self.session.generation += 1
        if self._first_data:
            self.look_for_notices()
        self._write_bars()
        if (front := self.front) is not None:
            front.show_anew()

    def on_live_app_signed_in_to(self, message: SignedInTo) -> None:
        self._sign_in(message.signed_in)
        then, self._once_there = self._once_there, None
        if then is not None:
            then()

    def use_vault(self, vault_id: int, username: str | None = None, then: Callable[[], None] | None = None) -> None:
        """Switch to a Vault, as the same user where there is one of that name, and go on there with `then`."""
        store = self.store
        if store is None:
            return
        self._once_there = then
        name = username or (self.session.user.username if self.session.user else None)

        def job() -> SignedIn:
            from models.queries.lab import ask, sign_in

            return ask(store, partial(sign_in, anyone=True), vault_id, name)

        in_thread(self, job, self.SignedInTo, group="sign-in", exclusive=True)

    # Live

    def _wake(self) -> None:
        """Called by the feed, in the thread that wrote."""
        self.post_message(self.StoreChanged())

    def on_live_app_store_changed(self, _message: StoreChanged) -> None:
        if self._drain_timer is None:
            wait = self._drained_at + DRAIN_EVERY - monotonic()
            if wait > 0:
                self._drain_timer = self.set_timer(wait, self._drain)
            else:
                self._drain()

    def _drain(self) -> None:
        self._drain_timer = None
        self._drained_at = monotonic()
        if self._subscription is not None:
            self._changed(self._subscription.drain())

    def _changed(self, changes: Iterable[Change]) -> None:
        changes = frozenset(changes)
        topics = {change.topic for change in changes}
        if Topic.LAB in topics:
            self._resume_clock()
            self._write_bars()
        if topics & {Topic.MESSAGES, Topic.EXCEPTIONS, Topic.QUEUES}:
            self._count_waiting()
        if topics & {Topic.VAULTS, Topic.USERS}:
            self.use_vault(self.session.vault_id)
        self.changed_for_notices(topics)
        for screen in self.framed_screens():
            screen.store_changed(changes)

    def framed_screens(self) -> list[FramedScreen]:
        stacks = self._screen_stacks.values()
        return [screen for stack in stacks for screen in stack if isinstance(screen, FramedScreen)]

    def _count_waiting(self) -> None:
        store = self.store
        if store is None or not self.session.vault_id:
            return
        if self._counting:
            self._count_again = True
            return
        self._counting, self._count_again = True, False
        vault_id = self.session.vault_id

        def job() -> Waiting:
            from models.queries.lab import ask, waiting

            return ask(store, waiting, vault_id)

        in_thread(self, job, partial(self.Counted, vault_id), group="count")

    def on_live_app_counted(self, message: Counted) -> None:
        self._counting = False
        if message.vault_id == self.session.vault_id:
            before, self.session.waiting = self.session.waiting, message.waiting
            if message.waiting.is_news(before):
                self.ring(message.waiting.newest_in)
            self._write_bars()
        if self._count_again:
            self._count_waiting()

    def ring(self, vault: str) -> None:
        """Ring the terminal's bell for a new user exception message, and say in which Vault it is."""
        self.bell()
        self.notify(f"A new user exception message in {vault}.", markup=False)

    def _write_bars(self) -> None:
        if (front := self.front) is not None:
            front.write_bars()

    def _look_around(self) -> None:
        """See what others do. An engine tells the feed what other processes write; without one we look ourselves."""
        if self.engine is not None:
            self._take_role(self.engine)
        store = self.store
        if store is None or self.session.engine != "none" or self._looking:
            return
        self._looking = True

        def job() -> bool:
            others = store.others_wrote()
            if reload := getattr(store.clock, "reload", None):
                reload()
            return others

        in_thread(self, job, self.LookedAround, group="look-around")

    def _take_role(self, engine: RunningEngine) -> None:
        reason = engine.viewer or ""
        if self.session.engine not in ("running", "viewer") or reason != self.session.viewer_reason:
            self.session.engine = "viewer" if reason else "running"
            self.session.viewer_reason = reason
            self._resume_clock()
            self._write_bars()

    def on_live_app_looked_around(self, message: LookedAround) -> None:
        self._looking = False
        self._resume_clock()
        if message.others_wrote:
            self._changed(Change(topic) for topic in Topic if topic not in (Topic.VAULTS, Topic.USERS))

    # The lab clock

    def now(self) -> datetime:
        """The lab time; the time of day before the store is open."""
        return self.clock_reading.now or datetime.now(UTC)

    @property
    def clock_reading(self) -> ClockReading:
        """What the lab clock says now. A clock that is none of ours stands for one that runs as time does."""
        if self.store is None:
            if (first := self.first_look) is not None:
                return ClockReading(first.now, first.speed, first.paused)
            return ClockReading(None, 1.0, paused=False)
        clock = self.store.clock
        return ClockReading(clock.now(), getattr(clock, "speed", 1.0), paused=getattr(clock, "paused", False))

    def _tick(self) -> None:
        if (front := self.front) is not None:
            front.write_clock()

    def _resume_clock(self) -> None:
        """Let the clock on the screen tick only while the lab clock does."""
        if self._clock_timer is None:
            return
        self._tick()
        if self.clock_reading.paused:
            self._clock_timer.pause()
        else:
            self._clock_timer.resume()
