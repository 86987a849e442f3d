"""Jump mode: a letter stands on everything that can have the focus; pressing one goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Label

LETTERS = "asdfghjklqwertyuiopzxcvbnmASDFGHJKLQWERTYUIOPZXCVBNM"


class Spot(NamedTuple):
    """A place to jump to: where its letter stands, and the name under which it is answered."""

    place: Offset
    name: str


class Letter(Label):
    """The letter of a spot; clicking it jumps as well."""

    DEFAULT_CSS = """
    Letter { position: absolute; width: 3; height: 1; background: $accent; color: $background; text-style: bold; }
    Letter:nocolor { text-style: bold reverse; }
    """

    def __init__(self, letter: str, spot: Spot) -> None:
        super().__init__(Content(f" {letter} "))
        self.spot = spot
        self.styles.offset = spot.place

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.screen.dismiss(self.spot.name)


class JumpScreen(ModalScreen[str | None]):
    """Take a letter. Answers the name of its spot, or None for any other key."""

    HELP = "Press a letter to go where it stands. Any other key leaves all as it is."
    DEFAULT_CSS = "JumpScreen { background: $background 35%; layers: letters; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="jump.leave", tooltip="Stay where you are"),
    ]

    def __init__(self, spots: Sequence[Spot]) -> None:
        super().__init__()
        self._spots = dict(zip(LETTERS, spots, strict=False))

    def compose(self) -> ComposeResult:
        for letter, spot in self._spots.items():
            yield Letter(letter, spot)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            return
        event.stop()
        spot = self._spots.get(event.character or "")
        self.dismiss(None if spot is None else spot.name)

    def on_click(self) -> None:
        self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)
