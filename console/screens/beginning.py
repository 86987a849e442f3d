"""What an empty store begins with: a person chooses, and sees how it is made. Then a tour is offered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from console.lab import NOTHING, Beginning
from console.modals.dialog import Answer, Dialog
from console.modals.picker import Choice, PickList
from console.modals.progress import ProgressScreen
from console.screens.tour import take_the_tour

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.lab import Filler
    from models.errors import ConsoleError

EMPTY: Final = Beginning(NOTHING, "Empty", "No Vault at all: fill it later.")


def ask_for_beginning(home: ConsoleApp, filler: Filler) -> None:
    """Have the beginning of an empty lab chosen. Leaving the question leaves the lab empty."""
    beginnings = {each.name: each for each in (*filler.beginnings, EMPTY)}
    choices = [Choice(each.name, each.label, each.about) for each in beginnings.values()]

    def picked(name: str | None) -> None:
        chosen = beginnings[name or NOTHING]
        work = partial(filler.fill, chosen.name)
        home.push_screen(ProgressScreen(chosen.label, work, failed=refused, stays=True), done)

    def refused(error: ConsoleError) -> None:
        home.tell_error(error)
        ask_for_beginning(home, filler)

    def done(text: str | None) -> None:
        if text is None:
            return
        home.filled()
        answers = [Answer("tour", "Take the tour", "primary")]
        lines = [text, "A tour of one minute shows where everything is. {app.tour} starts it at any time."]
        home.push_screen(Dialog("Welcome", list(map(home.written, lines)), answers, leave="Not now"), toured)

    def toured(answer: str | None) -> None:
        if answer:
            take_the_tour(home)

    title = "This store is empty. What shall it begin with?"
    home.push_screen(PickList(title, choices, prompt="Lab"), picked)
