"""A tour of one minute: it goes from area to area and says in a few words what each is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from console.theme import SIGNS

if TYPE_CHECKING:
    from console.app import ConsoleApp


@dataclass(frozen=True, slots=True)
class Step:
    """One stop: the area it shows, and what is said there. Ids of bindings in braces become keys."""

    area: str
    title: str
    text: str


STEPS: Final = (
    Step(
        "home",
        "Home",
        "The Vaults of this lab and the connections between them, with what moved today on each way. "
        "Every number is a link: Enter on it lists just what it counts. {app.vault} switches the Vault you work in.",
    ),
    Step(
        "connections",
        "Connections",
        "The connections of the Vault in use. {connections.split} shows both halves of one beside each other: hand the "
        "connection file over, approve on both sides and switch integrations on. {connections.doctor} says why nothing "
        "moves.",
    ),
    Step(
        "integrations",
        "Integrations",
        "What a connection does, on or off. Enter opens points, rules and field rules. Last Successful Run Time says "
        "from when on changes are sent.",
    ),
    Step(
        "messages",
        "Messages",
        "Every Spark message with its body, signature and attempts. {messages.explain} explains step by step what "
        "became of it, {messages.trace} follows a record from Vault to Vault.",
    ),
    Step(
        "exceptions",
        "Exceptions",
        "What could not be applied, and why. Mend the cause, then {exceptions.retry} tries again.",
    ),
    Step(
        "records",
        "Records",
        "The data itself. Change a record, and watch it arrive in the other Vault at the next run; {app.step} makes "
        "five minutes pass at once, {app.pause} lets the clock stand.",
    ),
    Step(
        "home",
        "Everything else",
        "{app.actions} lists all that can be done where you are, and why not. {app.help} helps with what has the "
        "focus, {app.go} goes to any area, {app.undo} takes your last change back.",
    ),
)


class TourStop(ModalScreen[int | None]):
    """One stop of the tour, below the screen that it is about. Answers how far to go on, None at the end."""

    HELP = "Enter or Right goes on, Left goes back, Esc ends the tour."
    DEFAULT_CSS = """
    TourStop { align: center bottom; background: $background 0%; }
    TourStop > Vertical {
        width: 100%; max-width: 110; height: auto; padding: 0 1; margin-bottom: 1;
        background: $surface; border: round $accent; border-title-color: $accent; border-subtitle-color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right,space", "go(1)", "On", id="tour.on", tooltip="To the next stop"),
        Binding("left,backspace", "go(-1)", "Back", id="tour.back", tooltip="To the stop before"),
        Binding("escape,q", "end", "End", id="tour.end", tooltip="End the tour"),
    ]

    def __init__(self, place: int, text: str) -> None:
        super().__init__()
        self._place, self._text = place, text

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(f"{self._place + 1} of {len(STEPS)}: {STEPS[self._place].title}")
            dot = SIGNS.pick(" · ", ", ")
            box.border_subtitle = Content(dot.join(("Enter goes on", "Left goes back", "Esc ends the tour")))
            yield Static(Content(self._text))

    def on_click(self) -> None:
        self.action_go(1)

    def action_go(self, way: int) -> None:
        self.dismiss(way if self._place + way >= 0 else 0)

    def action_end(self) -> None:
        self.dismiss(None)


def take_the_tour(home: ConsoleApp, place: int = 0) -> None:
    """Show one stop and go on from there; nothing is changed by it."""
    if place >= len(STEPS):
        return
    step = STEPS[place]
    home.action_area(step.area)

    def answered(way: int | None) -> None:
        if way is not None:
            take_the_tour(home, place + way)

    # Once the area is laid out: below another screen it would not be until that is gone.
    home.call_after_refresh(home.push_screen, TourStop(place, home.written(step.text)), answered)
