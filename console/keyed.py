"""The app's keys and menus: keys as the person has mapped them, the actions menu and the palette, and the colours.

Every key has its entry in both, so that it can be found by its name and chosen by mouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import ActiveBinding, Binding
from textual.command import Provider
from textual.dom import DOMNode
from textual.filter import Monochrome, NoColor
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from console.actions import Action
from console.key_names import shown
from console.keymap import KeyMap
from console.lab import LabOpener
from console.live import LiveApp
from console.looks import ABOUT as LOOKS
from console.modals.jump import JumpScreen, Spot
from console.modals.picker import Choice, PickList
from console.preferences import Preferences
from console.screens.chrome import FramedScreen
from console.theme import SIGNS
from console.themes import NIGHT, THEMES
from console.widgets.bars import AreaBar
from console.widgets.paint import clean
from console.widgets.plain import PlainScrollBarRender, PlainSigns


def _palette() -> type[Provider]:
    """What the command palette asks; loaded once it is opened."""
    from console.palette import CommandsByWords

    return CommandsByWords


class KeyedApp(LiveApp):
    """An app whose keys can be given by the person, with menus of all that they do."""

    COMMANDS = {_palette}
    ACTIONS: ClassVar[tuple[Action, ...]] = ()

    def __init__(
        self,
        open_lab: LabOpener,
        *,
        vault: int | str | None = None,
        user: str | None = None,
        read_only: bool = False,
        theme: str | None = None,
        plain: bool = False,
        preferences: Preferences | None = None,
        keys: KeyMap | None = None,
    ) -> None:
        super().__init__(open_lab, vault=vault, user=user, read_only=read_only)
        # Greys are colours too.
        self._filters = [NoColor() if isinstance(each, Monochrome) else each for each in self._filters]
        SIGNS.plain = plain
        if plain:
            self._filters.append(PlainSigns())
        ScrollBar.renderer = PlainScrollBarRender if plain else ScrollBarRender
        self.preferences = preferences or Preferences()
        for known in THEMES:
            self.register_theme(known)
        wanted = (theme, self.preferences.theme, NIGHT.name)
        self.theme = next(name for name in wanted if name is not None and name in LOOKS)
        self.key_map = keys or KeyMap()
        self.set_keymap(self.key_map.textual)

    # What an app says about its actions

    def why_not(self, action: Action) -> str:
        """Why an action of the app cannot be done by the acting user; empty when it can."""
        raise NotImplementedError

    def action_do(self, name: str) -> None:
        """Do an action of the app, or say why not."""
        raise NotImplementedError

    def action_area(self, name: str) -> None:
        """Go to an area."""
        raise NotImplementedError

    # Keys

    def get_key_display(self, binding: Binding) -> str:
        return binding.key_display or shown(binding.key)

    def written(self, text: str) -> str:
        """One of our texts, in which ids of bindings in braces become the keys as they are mapped."""
        return self.key_map.written(text) if "{" in text else text

    def _first_keys(self, screen: Screen[Any]) -> dict[tuple[DOMNode, str], ActiveBinding]:
        """The bindings that hold on a screen with the first key of each, by node and command."""
        found: dict[tuple[DOMNode, str], ActiveBinding] = {}
        for active in screen.active_bindings.values():
            found.setdefault((active.node, active.binding.action), active)
        return found

    def _menu(self, screen: FramedScreen) -> Iterator[tuple[Choice, Callable[[], object]]]:
        """All that can be done: the screen's actions, the app's, and what other keys do where the focus is."""
        keys = self._first_keys(screen)

        def entry(node: DOMNode, name: str, action: Action, why_not: str) -> Choice:
            active = keys.pop((node, action.command), None)
            hint = self.get_key_display(active.binding) if active else ""
            return Choice(name, action.label, action.tooltip, why_not, hint=hint)

        for action in screen.ACTIONS:
            choice = entry(screen, action.name, action, screen.why_not(action.name))
            yield choice, partial(screen.action_do, action.name)
        for action in self.ACTIONS:
            choice = entry(self, f"app.{action.name}", action, self.why_not(action))
            yield choice, partial(self.action_do, action.name)
        for (node, command), active in keys.items():
            binding = active.binding
            if not binding.id or not binding.description or command == "actions":
                continue
            label = f"Go to {binding.description}" if binding.id.startswith("go.") else binding.description
            choice = Choice(f"key.{binding.id}", label, binding.tooltip, hint=self.get_key_display(binding))
            yield choice, partial(self._run, command, node)

    def _run(self, command: str, node: DOMNode) -> None:
        self.run_worker(self.run_action(command, node), exit_on_error=False)

    def action_actions(self) -> None:
        """Show the menu of all that can be done here; what cannot be done now says why."""
        if not isinstance(screen := self.screen, FramedScreen):
            return
        entries = {choice.key: (choice, do) for choice, do in self._menu(screen)}

        def picked(key: str | None) -> None:
            if key is not None:
                entries[key][1]()

        self.push_screen(PickList("Actions", [choice for choice, _ in entries.values()]), picked)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if isinstance(screen, FramedScreen):
            for choice, do in self._menu(screen):
                yield SystemCommand(choice.label, _about(choice), do)
        else:
            for (node, command), active in self._first_keys(screen).items():
                binding = active.binding
                if binding.id and binding.description:
                    hint = self.get_key_display(binding)
                    yield SystemCommand(
                        binding.description, f"{binding.tooltip}  ({hint})", partial(self._run, command, node)
                    )

    # Going by letter and by mouse

    def action_jump(self) -> None:
        """Show a letter on everything that can have the focus, and go to the one that is pressed."""
        screen = self.screen
        if isinstance(screen, JumpScreen):
            screen.action_leave()
            return
        widgets = {str(place): widget for place, widget in enumerate(screen.focus_chain)}
        spots = [Spot(widget.region.offset, name) for name, widget in widgets.items() if widget.region]
        for bar in screen.query(AreaBar):
            spots += [Spot(bar.region.offset + Offset(x, 0), name) for x, name in bar.places]

        def jumped(name: str | None) -> None:
            if name in widgets:
                screen.set_focus(widgets[name])
            elif name:
                self.action_area(name)

        self.push_screen(JumpScreen(spots), jumped)

    def leave_to(self, screen: Screen[Any]) -> None:
        """Leave the screens that were opened from this one."""
        while len(self.screen_stack) > 1 and self.screen is not screen:
            self.pop_screen()

    async def on_click(self, event: events.Click) -> None:
        """A click beside a page or dialog is Esc: what was typed is asked for before it is dropped."""
        screen = self.screen
        if event.widget is screen and isinstance(screen, ModalScreen):
            active = screen.active_bindings.get("escape")
            if active is not None:
                await self.run_action(active.binding.action, active.node)

    # Colours

    def do_theme(self) -> None:
        """Choose a theme; each shows itself while it is under the cursor."""
        before = self.theme
        choices = [Choice(look.value, label, about) for look, (label, about) in LOOKS.items()]

        def show(name: str) -> None:
            self.theme = name

        def picked(name: str | None) -> None:
            self.theme = name or before
            if name is not None:
                self.preferences.keep("theme", name)

        self.push_screen(PickList("Theme", choices, current=before, preview=show), picked)


def _about(choice: Choice) -> str:
    """What the palette says below an entry: what it does and by which key, or why it cannot be done now."""
    if choice.why_not:
        return f"{SIGNS.pick('✕', 'x')} {clean(choice.why_not)}"
    return f"{choice.note}  ({choice.hint})" if choice.hint else choice.note
