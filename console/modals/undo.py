"""The question before a change of the configuration is taken back: what it was, and what its values would be again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from console.doing.undo import Offer, told
from console.modals.base import Modal
from console.modals.dialog import text_of
from console.theme import SIGNS
from console.work import in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.store import Store

OTHERS = "others"
"""What is answered by somebody who wants another change than this."""


class UndoScreen(Modal[str | None]):
    """Reads a change and asks whether to take it back: answers its number, `OTHERS`, or None."""

    HELP = "Tab or arrows move between the answers, Enter chooses. Esc keeps everything as it is."
    DEFAULT_CSS = """
    UndoScreen > Vertical {
        width: 86; max-width: 96%; height: auto; max-height: 92%; padding: 1 2;
        border: round $warning; border-title-color: $warning;
    }
    UndoScreen VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    UndoScreen Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    UndoScreen Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="undo.leave", tooltip="Keep everything as it is"),
        Binding("left", "app.focus_previous", show=False, id="undo.left", tooltip="Other answer"),
        Binding("right", "app.focus_next", show=False, id="undo.right", tooltip="Other answer"),
        Binding("up", "scroll(-1)", show=False, id="undo.up", tooltip="Read on above"),
        Binding("down", "scroll(1)", show=False, id="undo.down", tooltip="Read on below"),
    ]

    class Read(Message, bubble=False):
        """The change has been read."""

        def __init__(self, offer: Offer | None) -> None:
            super().__init__()
            self.offer = offer

    def __init__(
        self,
        title: str,
        nothing: str,
        store: Store,
        reading: Callable[[StoreSession], Offer | None],
        lacks: Callable[..., str],
    ) -> None:
        super().__init__()
        self._title, self._nothing, self._store, self._reading, self._lacks = title, nothing, store, reading, lacks
        self._offer: Offer | None = None

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            with VerticalScroll(can_focus=False):
                yield Static(Content(SIGNS.pick("Reading…", "Reading...")), id="told")
            with Horizontal():
                yield Button(Content("Leave"), id="leave", compact=True)
                yield Button(Content("Other changes"), id="others", compact=True)
                yield Button(Content("Take it back"), id="yes", variant="warning", compact=True, disabled=True)

    def on_mount(self) -> None:
        self.query_one("#leave", Button).focus()
        store, reading = self._store, self._reading

        def job() -> Offer | None:
            from models.queries.lab import ask

            return ask(store, reading)

        in_thread(self, job, self.Read, group="undo")

    def on_undo_screen_read(self, message: Read) -> None:
        offer = self._offer = message.offer
        yes = self.query_one("#yes", Button)
        if offer is None:
            self.query_one("#told", Static).update(text_of([self._nothing]))
            yes.display = False
            return
        lines = told(offer)
        lacking = self._lacks(*offer.line.permissions)
        if lacking and not offer.problem:
            lines += ["", lacking]
        self.query_one("#told", Static).update(text_of(lines))
        if offer.is_redo:
            yes.label = Content("Do it again")
        yes.disabled = bool(offer.problem or lacking)
        yes.display = not yes.disabled

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "yes" and self._offer is not None:
            self.dismiss(str(self._offer.line.key))
        else:
            self.dismiss(OTHERS if event.button.id == "others" else None)

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
