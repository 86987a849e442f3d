"""What surrounds every screen: header, areas, notices and footer, its actions, and how it follows the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.cells import cell_len
from textual import events
from textual._context import active_app
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.screen import Screen

from console.actions import Action, disabled, named
from console.areas import area
from console.theme import SIGNS
from console.widgets.bars import NARROW, AreaBar, ClockBar, HeaderBar, NoticeBar, TaskBar, VaultBar
from console.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from models.feed import Change

WARM_UP = "warm-up"
"""The group of work that reads in vain."""


class FramedScreen(Screen[None]):
    """A screen between header and footer. One says what stands between them, and how that is read from the store."""

    AREA: ClassVar[str] = ""
    ACTIONS: ClassVar[Sequence[Action]] = ()
    DEFAULT_CSS = """
    FramedScreen { layout: vertical; background: $background; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="area.back", tooltip="Back to where you came from"),
        Binding("tab", "app.focus_next", "Next pane", show=False, id="area.next", tooltip="To the other pane"),
        Binding("shift+tab", "app.focus_previous", "Pane before", show=False, id="area.previous", tooltip="Other pane"),
    ]

    def __init__(self) -> None:
        super().__init__()
        if (app := active_app.get(None)) is not None:
            # A new screen is styled by the rules as they are. Taken for outdated, as the first screen of a mode is, it
            # would have the rules of all screens read anew, twice: longer than all the rest of going there.
            self._css_update_count = app._css_update_count  # noqa: SLF001
        self._bindings_for = (-1, 0)
        self._shown_generation = -1
        self._stale = False

    @property
    def home(self) -> ConsoleApp:
        """The app, under its own type."""
        return cast("ConsoleApp", self.app)

    def _compositor_refresh(self) -> None:
        """Paint nothing that is not shown: what is masked while screens change is painted in whole after that."""
        if not self.app._batch_count:  # noqa: SLF001 - no public way there
            super()._compositor_refresh()

    # What a screen says about itself

    def compose_body(self) -> ComposeResult:
        """What stands between the bars and the footer."""
        raise NotImplementedError

    def compose_above(self) -> Iterable[Any]:
        """Widgets between the areas and the body."""
        return ()

    def show_anew(self) -> None:
        """Show everything for the Vault in use."""
        raise NotImplementedError

    def refresh_from_store(self) -> None:
        """Read again what is shown; everything stays in its place."""
        raise NotImplementedError

    def concerns(self, change: Change) -> bool:
        """Whether a change in the store touches what is shown."""
        raise NotImplementedError

    def warm_up(self) -> None:
        """Read a row in vain, in a thread: the first reading of each kind takes several times as long as the others."""

    @property
    def settled(self) -> bool:
        """Whether nothing is about to be read."""
        return True

    # The way back

    def own_crumbs(self) -> list[str]:
        """What this screen is called on the way to it, after what it was opened from."""
        return [area(self.AREA).label] if self.AREA else []

    def crumbs(self) -> list[tuple[str, FramedScreen]]:
        """The way to this screen, with the screen that each step leads back to."""
        stack = [screen for screen in self.app.screen_stack if isinstance(screen, FramedScreen)]
        below = stack[stack.index(self) - 1] if self in stack and stack.index(self) else None
        if below is None:
            return [(name, self) for name in self.own_crumbs()[-1:]]
        before = below.crumbs()
        own = self.own_crumbs()
        if before and own and own[0] == before[-1][0]:
            own = own[1:]
        return [*before, *((name, self) for name in own)]

    def way(self) -> list[str]:
        """The names of all steps to this screen; where it is narrow, a sign stands for those in the middle."""
        names = [name for name, _ in self.crumbs()]
        if len(names) > 3 and self.size.width < NARROW:
            return [names[0], SIGNS.pick("…", "..."), *names[-2:]]
        return names

    def go_along_way(self, x: int) -> None:
        """Go back to the step of the way that stands so many cells after its beginning."""
        end = 0
        for name, screen in self.crumbs():
            end += cell_len(name) + 3
            if x < end:
                if screen is not self:
                    self.home.leave_to(screen)
                return

    # Structure

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield AreaBar(self.AREA)
        yield NoticeBar()
        yield from self.compose_above()
        yield from self.compose_body()
        yield TaskBar()
        yield KeyBar()

    # Following the store

    def on_screen_resume(self) -> None:
        if not self.is_current:
            # Made ready, or left again meanwhile.
            return
        self.write_bars()
        if self._shown_generation != self.home.session.generation:
            self.show_anew()
        elif self._stale:
            self._stale = False
            self.refresh_from_store()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.write_bars)

    def store_changed(self, changes: Iterable[Change]) -> None:
        """Something in the store changed: read again what it touches, now or when this screen is looked at next."""
        if not any(map(self.concerns, changes)):
            return
        if self.is_current:
            self._stale = False
            self.refresh_from_store()
        else:
            self._stale = True

    # Bars

    def write_bars(self) -> None:
        """Write header, areas and notice anew."""
        session, wide = self.home.session, self.size.width >= NARROW
        if (session.generation, self.size.width) != self._bindings_for:
            self._bindings_for = (session.generation, self.size.width)
            self.refresh_bindings()
        for vault_bar in self.query(VaultBar):
            vault_bar.show(session, wide)
        for area_bar in self.query(AreaBar):
            area_bar.show(session, wide)
        for notice in self.query(NoticeBar):
            notice.say(session.viewer_reason)
        self.write_tasks()
        self.write_clock()

    def write_tasks(self) -> None:
        """Write how far long work is."""
        for bar in self.query(TaskBar):
            bar.say(self.home.tasks, self.home.written("{app.tasks}"))

    def write_clock(self) -> None:
        """Write the clock alone: the only thing that ticks."""
        for clock_bar in self.query(ClockBar):
            clock = self.home.clock_reading
            clock_bar.show(
                clock.now, clock.speed, paused=clock.paused, session=self.home.session, wide=self.size.width >= NARROW
            )

    # Acting

    def action_do(self, name: str) -> None:
        if why_not := self.why_not(name):
            self.home.tell(why_not, severity="warning")
            return
        getattr(self, f"do_{name}")()

    def why_not(self, name: str) -> str:
        """Why an action cannot be done now; empty when it can."""
        action = next((action for action in self.ACTIONS if action.name == name), None)
        if action is not None and (lacking := self.lacking(action)):
            return lacking
        check = getattr(self, f"why_not_{name}", None)
        return str(check()) if check else ""

    def lacking(self, action: Action) -> str:
        """Why the acting user may not do an action, whatever it is done to; empty when he may."""
        return self.home.session.lacks(*map(self.permission, action.permissions), changes=action.changes)

    def permission(self, label: str) -> str:
        """The label of a permission as it is meant here."""
        return label

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The bindings that hold now, those that would be refused as disabled: the footer shows them so.

        What the footer has no room for is not shown there: the way to all actions and to help never gives way.
        """
        found = disabled(super().active_bindings, self._why_disabled)
        shown = [key for key, active in found.items() if active.binding.show]
        room = self.size.width - sum(self._cells(found[key].binding) for key in shown)
        own = [key for key in shown if named(self.ACTIONS, found[key].binding.action) and found[key].node is self]
        while room < 0 and own:
            active = found[own.pop()]
            room += self._cells(active.binding)
            found[active.binding.key] = active._replace(binding=replace(active.binding, show=False))
        return found

    def _cells(self, binding: Binding) -> int:
        """How wide the footer writes a binding."""
        return len(self.app.get_key_display(binding)) + len(binding.description) + 3

    def _why_disabled(self, node: object, command: str) -> str:
        if node is self and (action := named(self.ACTIONS, command)) is not None:
            return self.lacking(action)
        if node is self.app and (action := named(self.home.ACTIONS, command)) is not None:
            return self.home.why_not(action)
        return ""

    # Leaving

    def action_back(self) -> None:
        self.leave()

    def leave(self) -> None:
        """Go back to where this screen was opened from; an area has no such place."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
