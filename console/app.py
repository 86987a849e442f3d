"""The Textual application.

How it is started (by the command line, or by a test)::

    ConsoleApp(open_lab, *, vault=None, user=None, read_only=False, theme=None, plain=False).run()

- `open_lab() -> console.lab.OpenedLab` is called once, in a thread, after the first frame. It imports what it needs
  (store, seed), opens the store and hands it over with `start_engine`, which makes the engine and calls its `start()`;
  that one is called in a thread too, once the first data is on screen. `stop()` is called by the console when it ends.
- A `ConsoleError` from `open_lab` ends the console: `run()` comes back, `app.refusal` holds the error and
  `app.return_code` is 1. The caller prints it, and closes the store (`app.lab.store`, None if it was never opened).
- `vault` is a Vault's id or name, `user` a username in it; without them the first Vault and its Application Owner.
- `read_only` makes every action refuse in words; `theme` is a Textual theme name (ours: "vault-night", "vault-day");
  `plain` draws with ASCII signs only.

- After `run()`, the caller stops `app.engine` if it is not None (the console has done so when it ended as it should).

Importing this module imports neither the store nor the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from console import commands
from console.actions import Action, bindings
from console.areas import AREAS
from console.help import document_for
from console.lab import LabOpener, OpenedLab, RunningEngine
from console.modals.help import HelpScreen
from console.modals.picker import Choice, PickList
from console.reports import write_report
from console.screens.area import AreaScreen
from console.screens.certificates import CertificatesScreen
from console.screens.connections import ConnectionsScreen
from console.screens.exceptions import ExceptionsScreen
from console.screens.integrations import IntegrationsScreen
from console.screens.jobs import JobsScreen
from console.screens.messages import MessagesScreen
from console.screens.queues import QueuesScreen
from console.screens.records import RecordsScreen
from console.session import Session
from console.targets import Goto
from console.theme import DAY, NIGHT, SIGNS
from console.widgets.bars import AreaBar, VaultBar
from console.widgets.paint import clean
from console.work import Failed, in_thread
from models.errors import ConsoleError
from models.feed import Topic

if TYPE_CHECKING:
    from models.feed import Change, Subscription
    from models.queries.lab import SignedIn, Waiting
    from models.store import Store

DRAIN_EVERY = 0.1
"""Seconds between two looks at the change feed, at least."""
TICK = 0.5
"""Seconds between two ticks of the clock on the screen, while the lab clock runs."""
LOOK_AROUND = 1.0
"""Seconds between two looks for what other processes have written."""
Severity = Literal["information", "warning", "error"]
SPEEDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
ERRORS_IN_A_ROW = 5
"""So many errors of our own within ten seconds end the console: it could not go on."""


class ClockReading(NamedTuple):
    """The lab clock as the header shows it."""

    now: datetime | None
    speed: float
    paused: bool


class ConsoleApp(App[None]):
    """The console. See the module's text for how to start one."""

    TITLE = "Vault Connections Console"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "connections": ConnectionsScreen,
        "integrations": IntegrationsScreen,
        "queues": QueuesScreen,
        "certificates": CertificatesScreen,
        "exceptions": ExceptionsScreen,
        "records": RecordsScreen,
        "jobs": JobsScreen,
    }
    DEFAULT_MODE = "connections"
    CSS = """
    Screen { background: $background; }
    Footer { background: $surface; }
    Toast { max-width: 72; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("vault", "v", "Vault", "Switch to another Vault"),
        Action("user", "u", "User", "Act as another user of this Vault", shown=False),
        Action("pause", "p", "Pause", "Pause the lab clock, or let it go on", shown=False),
        Action("step", "full_stop", "Step", "Move the lab clock ahead by five minutes; due jobs run", shown=False),
        Action("faster", "plus,equals_sign", "Faster", "Let the lab clock run faster", shown=False),
        Action("slower", "minus", "Slower", "Let the lab clock run slower", shown=False),
        Action("go", "colon", "Go to", "Go to an area by name", shown=False),
        Action("theme", "f9", "Theme", "Dark or light", shown=False),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(item.key, f"area('{item.name}')", item.label, show=False, id=f"go.{item.name}", tooltip=item.about)
            for item in AREAS
        ),
        *bindings("app", ACTIONS),
        Binding("x", "actions", "Actions", id="app.actions", tooltip="All that can be done here, and why not"),
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help", tooltip="Help for what has focus"),
        Binding("ctrl+q", "quit", "Quit", show=False, id="app.quit", tooltip="End the console", priority=True),
    ]

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

    class Done(Message):
        """A command was carried out; `text` says with what result."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        open_lab: LabOpener,
        *,
        vault: int | str | None = None,
        user: str | None = None,
        read_only: bool = False,
        theme: str | None = None,
        plain: bool = False,
        report_folder: Path | None = None,
    ) -> None:
        super().__init__()
        SIGNS.plain = plain
        self.register_theme(NIGHT)
        self.register_theme(DAY)
        self.theme = theme if theme in self.available_themes else NIGHT.name
        self.lab: OpenedLab | None = None
        self.engine: RunningEngine | None = None
        self.refusal: ConsoleError | None = None
        self.session = Session(read_only=read_only)
        self._open_lab = open_lab
        self._wish = (vault, user)
        self._report_folder = report_folder
        self._subscription: Subscription | None = None
        self._drain_timer: Timer | None = None
        self._drained_at = 0.0
        self._clock_timer: Timer | None = None
        self._look_timer: Timer | None = None
        self._counting = self._count_again = False
        self._first_data = False
        self._leaving = False
        self._errors: list[float] = []

    @property
    def store(self) -> Store | None:
        """The store, once it is open."""
        return self.lab.store if self.lab else None

    # Start

    def on_mount(self) -> None:
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        vault, user = self._wish

        def job() -> Message:
            lab = None
            try:
                lab = self._open_lab()
                from models.queries.lab import ask, sign_in

                return self.Opened(lab, ask(lab.store, sign_in, vault, user))
            except ConsoleError as error:
                return self.Refused(lab, error)

        in_thread(self, job, lambda message: message, group="open")

    def on_console_app_refused(self, message: Refused) -> None:
        self.lab, self.refusal = message.lab, message.error
        self.exit(return_code=1)

    def on_console_app_opened(self, message: Opened) -> None:
        self.lab = message.lab
        self.session.engine = "none" if self.lab.start_engine is None else "starting"
        self._subscription = self.lab.store.feed.subscribe()
        self._subscription.on_change(self._wake)
        self._clock_timer = self.set_interval(TICK, self._tick, pause=self.clock_reading.paused)
        self._look_timer = self.set_interval(LOOK_AROUND, self._look_around)
        self._sign_in(message.signed_in)

    def first_data_is_on_screen(self) -> None:
        """The first list has been read: now the engine may be loaded and started."""
        if self._first_data or self.lab is None:
            return
        self._first_data = True
        if self.lab.start_engine is not None:
            self.call_after_refresh(self._start_engine, self.lab.start_engine)

    def _start_engine(self, start: Callable[[], RunningEngine]) -> None:
        in_thread(self, start, self.EngineStarted, group="engine")

    def on_console_app_engine_started(self, message: EngineStarted) -> None:
        self.engine = message.engine
        reason = message.engine.viewer
        self.session.engine = "viewer" if reason else "running"
        self.session.viewer_reason = reason or ""
        self._resume_clock()
        self._write_bars()

    # Vault and user

    def _sign_in(self, signed_in: SignedIn) -> None:
        session = self.session
        session.vaults, session.users = signed_in.vaults, signed_in.users
        session.vault, session.user, session.waiting = signed_in.vault, signed_in.user, signed_in.waiting
        session.generation += 1
        self._write_bars()
        if isinstance(self.screen, AreaScreen):
            self.screen.show_list()

    def on_console_app_signed_in_to(self, message: SignedInTo) -> None:
        self._sign_in(message.signed_in)

    def use_vault(self, vault_id: int, username: str | None = None) -> None:
        """Switch to a Vault, as the same user where there is one of that name."""
        store = self.store
        if store is None:
            return
        name = username or (self.session.user.username if self.session.user else None)

        def job() -> SignedIn:
            from models.queries.lab import ask, sign_in

            return ask(store, sign_in, vault_id, name)

        in_thread(self, job, self.SignedInTo, group="sign-in", exclusive=True)

    def do_vault(self) -> None:
        choices = [
            Choice(
                str(vault.key),
                vault.name,
                f"{vault.key}  {vault.family}  {vault.dns_host}",
                hint="Sandbox" if vault.sandbox else "",
            )
            for vault in self.session.vaults
        ]
        here = str(self.session.vault_id)
        self.push_screen(PickList("Switch Vault", choices, current=here), self._vault_picked)

    def _vault_picked(self, key: str | None) -> None:
        if key is not None and int(key) != self.session.vault_id:
            while isinstance(self.screen, MessagesScreen):
                self.pop_screen()
            self.use_vault(int(key))

    def on_vault_bar_clicked(self, _message: VaultBar.Clicked) -> None:
        self.action_do("vault")

    def do_user(self) -> None:
        choices = [
            Choice(
                user.username,
                user.full_name,
                f"{user.username}  {user.profile}",
                why_not="" if user.active else f"{user.username} is inactive.",
            )
            for user in self.session.users
        ]
        current = self.session.user.username if self.session.user else None
        self.push_screen(PickList("Act as", choices, current=current), self._user_picked)

    def _user_picked(self, username: str | None) -> None:
        if username is not None:
            self.use_vault(self.session.vault_id, username)

    # Going places

    def action_area(self, name: str) -> None:
        self.switch_mode(name)

    def on_area_bar_chosen(self, message: AreaBar.Chosen) -> None:
        self.action_area(message.name)

    def do_go(self) -> None:
        choices = [Choice(item.name, item.label, item.about, hint=item.alias) for item in AREAS]
        self.push_screen(PickList("Go to", choices, prompt="Area"), self._area_picked)

    def _area_picked(self, name: str | None) -> None:
        if name is not None:
            self.action_area(name)

    def go_to(self, target: Goto) -> None:
        """Show a row of any area, in another Vault where the target names one."""
        if target.vault_id not in (None, self.session.vault_id):
            if not any(vault.key == target.vault_id for vault in self.session.vaults):
                self.tell(f"Vault {target.vault_id} is not in this lab.", severity="warning")
                return
            self.tell(f"Now in {self.session.vault_name(target.vault_id)}.")
            self.use_vault(target.vault_id or 0)
        area_name = "queues" if target.area == "messages" else target.area
        self.switch_mode(area_name)
        while isinstance(self.screen, MessagesScreen):
            self.pop_screen()
        screen = self.screen
        if target.area == "messages" and isinstance(target.within, int):
            self.push_screen(MessagesScreen(target.within, key=target.key))
        elif isinstance(screen, ExceptionsScreen) and isinstance(target.within, int):
            screen.show_connection(target.within)
        elif isinstance(screen, AreaScreen):
            screen.seek(target.key)

    # Live

    def _wake(self) -> None:
        """Called by the feed, in the thread that wrote."""
        self.post_message(self.StoreChanged())

    def on_console_app_store_changed(self, _message: StoreChanged) -> None:
        if self._drain_timer is None:
            wait = max(0.0, self._drained_at + DRAIN_EVERY - monotonic())
            self._drain_timer = self.set_timer(wait, self._drain)

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
        for screen in self._area_screens():
            screen.store_changed(changes)

    def _area_screens(self) -> list[AreaScreen]:
        stacks = self._screen_stacks.values()
        return [screen for stack in stacks for screen in stack if isinstance(screen, AreaScreen)]

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

    def on_console_app_counted(self, message: Counted) -> None:
        self._counting = False
        if message.vault_id == self.session.vault_id:
            self.session.waiting = message.waiting
            self._write_bars()
        if self._count_again:
            self._count_waiting()

    def _write_bars(self) -> None:
        if isinstance(self.screen, AreaScreen):
            self.screen.write_bars()

    def _look_around(self) -> None:
        """See what other processes have written, and in a viewer how their clock runs."""
        store = self.store
        if store is None:
            return
        viewer = self.session.engine != "running"

        def job() -> bool:
            others = store.others_wrote()
            if (others or viewer) and (reload := getattr(store.clock, "reload", None)):
                reload()
            return others

        in_thread(self, job, self.LookedAround, group="look-around", exclusive=True)

    def on_console_app_looked_around(self, message: LookedAround) -> None:
        self._resume_clock()
        if message.others_wrote and self.store is not None:
            from models.feed import Change

            self._changed(Change(topic) for topic in Topic if topic not in (Topic.VAULTS, Topic.USERS))

    # The lab clock

    def now(self) -> datetime:
        """The lab time; the time of day before the store is open."""
        return self.clock_reading.now or datetime.now(UTC)

    @property
    def clock_reading(self) -> ClockReading:
        """What the lab clock says now. A clock that is none of ours stands for one that runs as time does."""
        if self.store is None:
            return ClockReading(None, 1.0, paused=False)
        clock = self.store.clock
        return ClockReading(clock.now(), getattr(clock, "speed", 1.0), paused=getattr(clock, "paused", False))

    def _tick(self) -> None:
        if isinstance(self.screen, AreaScreen):
            self.screen.write_clock()

    def _resume_clock(self) -> None:
        """Let the clock on the screen tick only while the lab clock does."""
        if self._clock_timer is None:
            return
        self._tick()
        if self.clock_reading.paused:
            self._clock_timer.pause()
        else:
            self._clock_timer.resume()

    def do_pause(self) -> None:
        self.perform(partial(commands.pause_or_resume, pause=not self.clock_reading.paused))

    def do_step(self) -> None:
        self.perform(commands.step)

    def do_faster(self) -> None:
        speed = self.clock_reading.speed
        self._set_speed(next((step for step in SPEEDS if step > speed), SPEEDS[-1]))

    def do_slower(self) -> None:
        speed = self.clock_reading.speed
        self._set_speed(next((step for step in reversed(SPEEDS) if step < speed), SPEEDS[0]))

    def _set_speed(self, speed: float) -> None:
        self.perform(partial(commands.set_speed, speed=speed))

    # Acting

    def perform(self, command: commands.Command) -> None:
        """Carry out a command in a thread, and tell how it went."""
        store, who = self.store, self.session.who
        if store is not None:
            in_thread(self, partial(command, store, who), self.Done, group="command")

    def on_console_app_done(self, message: Done) -> None:
        if message.text:
            self.tell(message.text)

    def action_do(self, name: str) -> None:
        getattr(self, f"do_{name}")()

    def action_actions(self) -> None:
        screen = self.screen
        if not isinstance(screen, AreaScreen):
            return
        here = [
            Choice(action.name, action.label, action.tooltip, screen.why_not(action.name), hint=action.keys)
            for action in screen.ACTIONS
        ]
        everywhere = [
            Choice(f"app.{action.name}", action.label, action.tooltip, hint=action.keys) for action in self.ACTIONS
        ]

        def picked(key: str | None) -> None:
            if key is None:
                return
            if key.startswith("app."):
                self.action_do(key.removeprefix("app."))
            else:
                screen.action_do(key)

        self.push_screen(PickList("Actions", [*here, *everywhere]), picked)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if isinstance(screen, AreaScreen):
            for action in screen.ACTIONS:
                yield SystemCommand(action.label, action.tooltip, partial(screen.action_do, action.name))
        for item in AREAS:
            yield SystemCommand(f"Go to {item.label}", item.about, partial(self.action_area, item.name))
        for action in self.ACTIONS:
            yield SystemCommand(action.label, action.tooltip, partial(self.action_do, action.name))
        yield SystemCommand("Help", "Help for what has the focus", self.action_help)
        yield SystemCommand("Quit", "End the console; running jobs finish first", self.action_leave)

    def do_theme(self) -> None:
        self.theme = DAY.name if self.current_theme.dark else NIGHT.name

    def action_help(self) -> None:
        title, document = document_for(self.screen, self.focused, self.session)
        self.push_screen(HelpScreen(title, document))

    # Telling

    def tell(
        self, text: str, *, title: str = "", severity: Literal["information", "warning", "error"] = "information"
    ) -> None:
        """Say something that does not stand in the way. Text is data, never markup."""
        self.notify(text, title=title, severity=severity, markup=False)

    def on_failed(self, message: Failed) -> None:
        self.tell_error(message.error)

    def tell_error(self, error: Exception) -> None:
        """Say what went wrong: a refusal in its own words, an error of ours with a report about it."""
        if isinstance(error, ConsoleError):
            text = f"{error.message}\n{error.remedy}".strip()
            self.tell(clean_lines(text), title=error.title, severity="warning")
            return
        report = write_report(error, self._report_folder)
        self.tell(
            f"This is an error of the console, not yours; it goes on. A report is in {report}",
            title="Something went wrong",
            severity="error",
        )

    def _handle_exception(self, error: Exception) -> None:
        """Errors inside handlers end up here: report them and go on, unless they do not stop."""
        now = monotonic()
        self._errors = [moment for moment in self._errors if now - moment < 10] + [now]
        if self.is_headless or len(self._errors) > ERRORS_IN_A_ROW or not self.is_running:
            write_report(error, self._report_folder)
            super()._handle_exception(error)
        else:
            self.tell_error(error)

    # The end

    async def action_quit(self) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        if not self._leaving:
            self._leaving = True
            self.run_worker(self._leave(), group="leave", exit_on_error=False)

    async def _leave(self) -> None:
        """Let running jobs finish without freezing the screen, then end."""
        if self._subscription is not None:
            self._subscription.close()
        if self.engine is not None:
            self.tell(SIGNS.pick("Waiting for running jobs…", "Waiting for running jobs..."), title="Ending")
            engine, self.engine = self.engine, None
            try:
                await asyncio.to_thread(engine.stop)
            except Exception as error:  # noqa: BLE001 - the console ends all the same
                write_report(error, self._report_folder)
        self.exit()


def clean_lines(text: str) -> str:
    """Stored text over several lines, without characters that a screen must not get."""
    return "\n".join(clean(line) for line in text.splitlines())
