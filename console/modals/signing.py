"""The Manage Signing Certificate dialog (seed S1): read-only with one certificate, a choice in the rollover period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Checkbox, Static

from console.details.texts import moment
from console.modals.base import Modal
from console.modals.dialog import text_of
from console.theme import SIGNS
from console.widgets.plain import CheckBox

if TYPE_CHECKING:
    from models.services.certificates import Choice


class Chosen(NamedTuple):
    """What was asked of a certificate."""

    what: Literal["save", "download"]
    certificate_id: str


class ManageCertificate(Modal[Chosen | None]):
    """Choose the certificate that signs the messages of a connection, or download one."""

    HELP = "Space marks a certificate, {signing.download} downloads it, Tab moves to Save. Esc leaves all as it is."
    DEFAULT_CSS = """
    ManageCertificate > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 92%; padding: 1 2;
    }
    ManageCertificate Checkbox { border: none; height: 1; padding: 0; margin-top: 1; background: $surface; }
    ManageCertificate Checkbox:focus { border: none; }
    ManageCertificate Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    ManageCertificate Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="signing.leave", tooltip="Keep everything as it is"),
        Binding("d", "download", "Download", id="signing.download", tooltip="Download the certificate as PEM"),
        Binding("down", "app.focus_next", show=False, id="signing.down", tooltip="Next"),
        Binding("up", "app.focus_previous", show=False, id="signing.up", tooltip="Before"),
    ]

    def __init__(self, name: str, choices: Sequence[Choice], *, why_not: str = "") -> None:
        super().__init__()
        self._named, self._choices, self._why_not = name, list(choices), why_not

    @property
    def _fixed(self) -> bool:
        return len(self._choices) < 2 or bool(self._why_not)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, f"Manage Signing Certificate: {self._named}")
            yield Static(text_of([self._about()]))
            for place, choice in enumerate(self._choices):
                word = SIGNS.sign(choice.state).word
                label = Content(f"{choice.certificate_id}  {word}  valid until {moment(choice.not_after)[:10]}")
                yield CheckBox(label, choice.used, id=f"certificate-{place}", disabled=self._fixed)
            with Horizontal():
                yield Button(Content("Leave"), id="leave", compact=True)
                yield Button(Content("Download"), id="download", compact=True)
                yield Button(Content("Save"), id="save", variant="primary", compact=True, disabled=self._fixed)

    def _about(self) -> str:
        if self._why_not:
            return self._why_not
        if not self._choices:
            return "There is no signing certificate."
        if len(self._choices) < 2:
            return "The current certificate is the only one available, so it cannot be changed. It can be downloaded."
        return (
            "This is the rollover period: use the new certificate if possible. The one that is marked signs all "
            "messages sent through this connection from now on."
        )

    def on_mount(self) -> None:
        self.query_one("#leave" if self._fixed else "#certificate-0").focus()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """One certificate signs: marking one unmarks the other, and none cannot be unmarked."""
        event.stop()
        boxes = list(self.query(Checkbox))
        with self.prevent(Checkbox.Changed):
            if event.value:
                for box in boxes:
                    box.value = box is event.checkbox
            else:
                event.checkbox.value = True

    def _marked(self) -> str:
        marked = [choice for box, choice in zip(self.query(Checkbox), self._choices, strict=True) if box.value]
        return marked[0].certificate_id if marked else ""

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "save":
            self.dismiss(Chosen("save", self._marked()))
        elif event.button.id == "download":
            self.action_download()
        else:
            self.dismiss(None)

    def action_download(self) -> None:
        boxes = list(self.query(Checkbox))
        focused = next((place for place, box in enumerate(boxes) if box.has_focus), None)
        wanted = self._choices[focused].certificate_id if focused is not None else self._marked()
        if wanted:
            self.dismiss(Chosen("download", wanted))
