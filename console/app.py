"""The Textual application.

How it is started (by the command line, or by a test)::

    ConsoleApp(open_lab, *, vault=None, user=None, read_only=False, theme=None, plain=False).run()

- `open_lab() -> console.lab.OpenedLab` is called once, in a thread, after the first frame. It imports what it needs
  (store, seed), opens the store and hands it over with `start_engine`, which makes the engine and calls its `start()`;
  that one is called in a thread too, once the first data is on screen. `stop()` is called by the console when it ends.
- A `ConsoleError` from `open_lab` ends the console: `run()` comes back, `app.refusal` holds the error and
  `app.return_code` is 1. The caller prints it, and closes the store (`app.lab.store`, None if it was never opened).
- `vault` is a Vault's id or name, `user` a username in it; without them the first Vault and its Application Owner.
- `area` is the area that it starts with.
- `read_only` makes every action refuse in words; `theme` is the name of one of `console.themes`, without it that of the
  `preferences`, where what a person chooses is kept; `plain` draws with ASCII signs only; `keys` maps keys anew.
- After `run()`, the caller stops `app.engine` if it is not None (the console has done so when it ended as it should).

Importing this module imports neither the store nor the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from console import commands
from console.actions import Action, bindings
from console.areas import AREAS
from console.help import document_for
from console.lab import Filler, LabOpener
from console.modals.help import HelpScreen
from console.modals.picker import Choice, PickList
from console.permissions import MANAGE_CONNECTIONS, SANDBOX_VAULTS
from console.reopening import ReopeningApp
from console.reports import write_report
from console.routes import area_screen, list_within
from console.screens.area import AreaScreen
from console.screens.beginning import ask_for_beginning
from console.screens.chrome import FramedScreen
from console.screens.later import Later
from console.screens.noticing import show_notices
from console.screens.sandboxes import ask_for_refresh, ask_for_sandbox
from console.screens.snapshots import show_snapshots
from console.screens.tour import take_the_tour
from console.screens.undoing import ask_to_undo
from console.screens.vault_settings import ask_for_vault_settings
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.bars import AreaBar, TaskBar, VaultBar

_unseen = partial(Action, shown=False)
SPEEDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_INSIDE = {"messages": "queues", "lookups": "connections", "design": "integrations"}
"""Lists that are opened from another area's own."""


class ConsoleApp(ReopeningApp):
    """The console. See the module's text for how to start one."""

    TITLE = "Vault Connections Console"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        item.name: partial(area_screen, item.name) for item in AREAS
    }
    DEFAULT_MODE = "home"
    CSS = """
    Toast { max-width: 72; }
    Input:nocolor { text-style: underline; }
    OptionList:nocolor > .option-list--option-highlighted { text-style: bold underline; }
    Checkbox:nocolor:focus > .toggle--label { text-style: bold underline; }
    Screen.-narrow ClockBar { width: 35; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("vault", "v", "Vault", "Switch to another Vault"),
        _unseen("user", "u", "User", "Act as another user of this Vault"),
        _unseen("pause", "p", "Pause", "Pause the lab clock, or let it go on", changes=True),
        _unseen("step", "full_stop", "Step", "Move the lab clock ahead by five minutes; due jobs run", changes=True),
        _unseen("faster", "plus,equals_sign", "Faster", "Let the lab clock run faster", changes=True),
        _unseen("slower", "minus", "Slower", "Let the lab clock run slower", changes=True),
        _unseen("undo", "U", "Undo", "Take back your last change of the configuration", changes=True),
        _unseen("redo", "ctrl+r", "Redo", "Do again what you took back last", changes=True),
        _unseen("calls", "semicolon", "Calls", "What was done here, as calls of the command line to copy"),
        _unseen("go", "colon", "Go to", "Go to an area by name"),
        _unseen("snapshots", "f4", "Snapshots", "Save all there is under a name, and see what was saved", changes=True),
        _unseen("notices", "exclamation_mark", "Notifications", "What is new in this Vault, and where to go for it"),
        _unseen(
            "vault_settings",
            "A",
            "Vault settings",
            "Applications and local features of this Vault: integrations need some of them",
            permission=MANAGE_CONNECTIONS,
        ),
        _unseen("query", "f8", "VQL", "Ask this Vault by VQL"),
        _unseen("catalogue", "K", "Catalogue", "The standard connections, how each stands here, and what is missing"),
        _unseen("sandbox", "f6", "Create Sandbox", "Make a sandbox of this Vault", permission=SANDBOX_VAULTS),
        _unseen("refresh", "f7", "Refresh Sandbox", "Fill a sandbox of this Vault anew", permission=SANDBOX_VAULTS),
        _unseen("tour", "f10", "Tour", "A tour of one minute: where everything is"),
        _unseen("tasks", "ampersand", "Work under way", "Long work that goes on: how far it is, and cancelling it"),
        _unseen("screenshot", "f12", "Screenshot", "Save a picture of the screen as an SVG file"),
        _unseen("theme", "f9", "Theme", "Choose the colours: dark, light, high contrast, colour-blind safe"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(item.key, f"area('{item.name}')", item.label, show=False, id=f"go.{item.name}", tooltip=item.about)
            for item in AREAS
        ),
        *bindings("app", ACTIONS),
        Binding(
            "ctrl+o",
            "jump",
            "Jump",
            show=False,
            id="app.jump",
            tooltip="Show a letter on everything that can have the focus, to go there",
            priority=True,
        ),
        Binding("x", "actions", "Actions", id="app.actions", tooltip="All that can be done here, and why not"),
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help", tooltip="Help for what has focus"),
        Binding("ctrl+q", "quit", "Quit", show=False, id="app.quit", tooltip="End the console", priority=True),
    ]

    def __init__(self, open_lab: LabOpener, *, area: str = "home", **options: Any) -> None:
        """`options` are those of the module's text, each taken by the part of the app that it is about."""
        # The mode in which an app starts; read once, when it is made.
        self.DEFAULT_MODE = area  # type: ignore[misc]
        super().__init__(open_lab, **options)
        self._leaving = False

    # Vault and user

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
            self._back_to_area()
            self.use_vault(int(key))

    def on_vault_bar_clicked(self, _message: VaultBar.Clicked) -> None:
        self.action_do("vault")

    def on_task_bar_clicked(self, _message: TaskBar.Clicked) -> None:
        self.action_do("tasks")

    def on_vault_bar_notices_asked(self, _message: VaultBar.NoticesAsked) -> None:
        self.action_do("notices")

    def do_notices(self) -> None:
        show_notices(self)

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

    # Beginning

    def choose_beginning(self, filler: Filler) -> None:
        ask_for_beginning(self, filler)

    def do_tour(self) -> None:
        take_the_tour(self)

    def on_later(self, message: Later) -> None:
        message.then()

    def do_vault_settings(self) -> None:
        ask_for_vault_settings(self)

    # Sandboxes

    def do_sandbox(self) -> None:
        ask_for_sandbox(self)

    def why_not_refresh(self) -> str:
        return "" if self.session.sandboxes else "This Vault has no sandbox."

    def do_refresh(self) -> None:
        ask_for_refresh(self)

    def do_snapshots(self) -> None:
        show_snapshots(self)

    # Taking back

    def do_undo(self) -> None:
        ask_to_undo(self)

    def do_redo(self) -> None:
        ask_to_undo(self, redo=True)

    # Going places

    def action_area(self, name: str) -> None:
        """Go to an area; the key of the one in use leads back to its own list."""
        if name == self.current_mode:
            self._back_to_area()
        self.switch_mode(name)

    def on_area_bar_chosen(self, message: AreaBar.Chosen) -> None:
        self.action_area(message.name)

    def do_go(self) -> None:
        choices = [Choice(item.name, item.label, item.about, hint=item.alias) for item in AREAS]
        choices.append(Choice("query", "VQL", "Queries of this Vault", hint="vql"))
        choices.append(Choice("catalogue", "Catalogue", "The standard connections", hint="cat"))
        self.push_screen(PickList("Go to", choices, prompt="Area"), self._area_picked)

    def _area_picked(self, name: str | None) -> None:
        if name == "query":
            self.do_query()
        elif name == "catalogue":
            self.do_catalogue()
        elif name is not None:
            self.action_area(name)

    def do_query(self) -> None:
        """Open the VQL screen over Records, or stay in it."""
        from console.screens.query import QueryScreen

        if isinstance(self.screen, QueryScreen):
            return
        self.switch_mode("records")
        self._back_to_area()
        self.push_screen(QueryScreen())

    def do_catalogue(self) -> None:
        """Open the catalogue over whatever is shown, or stay in it."""
        from console.screens.catalogue import CatalogueScreen

        if not isinstance(self.screen, CatalogueScreen):
            self.push_screen(CatalogueScreen())

    def go_to(self, target: Goto) -> None:
        """Show a row of any area, in another Vault where the target names one."""
        if target.vault_id not in (None, self.session.vault_id):
            if not any(vault.key == target.vault_id for vault in self.session.vaults):
                self.tell(f"Vault {target.vault_id} is not in this lab.", severity="warning")
                return
            # A list that is read before the Vault is in use would look for the row in the wrong one.
            self.work_in(target.vault_id or 0, partial(self._show, target))
        else:
            self._show(target)

    def _show(self, target: Goto) -> None:
        self.switch_mode(_INSIDE.get(target.area, target.area) if target.within is not None else target.area)
        self._back_to_area()
        screen = self.screen
        inside = list_within(target.area, target.within, target.key) if isinstance(target.within, int) else None
        if inside is not None:
            self.push_screen(inside)
        elif isinstance(target.within, int) and (show := getattr(screen, "show_connection", None)) is not None:
            show(target.within)
        elif isinstance(screen, AreaScreen):
            screen.seek(target.key)

    def work_in(self, vault_id: int, then: Callable[[], None] | None = None) -> None:
        """Use another Vault, say so, and go on there; nothing when it is in use already."""
        if vault_id != self.session.vault_id:
            self.tell(f"Now in {self.session.vault_name(vault_id)}.")
            self.use_vault(vault_id, then=then)

    def _back_to_area(self) -> None:
        """Leave the lists that were opened from an area's own."""
        while len(self.screen_stack) > 1 and isinstance(self.screen, FramedScreen):
            self.pop_screen()

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

    def why_not(self, action: Action) -> str:
        """Why an action of the app cannot be done by the acting user; empty when it can."""
        lacking = self.session.lacks(*action.permissions, changes=action.changes)
        check = getattr(self, f"why_not_{action.name}", None)
        return lacking or (str(check()) if check else "")

    def action_do(self, name: str) -> None:
        action = next((action for action in self.ACTIONS if action.name == name), None)
        if action is not None and (why_not := self.why_not(action)):
            self.tell(why_not, severity="warning")
            return
        getattr(self, f"do_{name}")()

    def action_help(self) -> None:
        self.push_screen(HelpScreen(document_for(self.screen, self.focused, self.session, self.written)))

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
        self.cancel_tasks()
        if self.engine is not None:
            self.tell(SIGNS.pick("Waiting for running jobs…", "Waiting for running jobs..."), title="Ending")
            engine, self.engine = self.engine, None
            try:
                await asyncio.to_thread(engine.stop)
            except Exception as error:  # noqa: BLE001 - the console ends all the same
                write_report(error, self._report_folder)
        self.exit()
