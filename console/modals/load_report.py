"""What a mapping file would do to a reference lookup, row by row, before it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Checkbox

from console.details.lookups import report_document
from console.keymap import key_name
from console.modals.base import Modal
from console.theme import Tone
from console.widgets.bars import Bar
from console.widgets.columns import Span
from console.widgets.detail_view import DetailView
from console.widgets.plain import CheckBox

if TYPE_CHECKING:
    from console.doing.lookups import Preview
    from models.services.lookup_files import LoadMode, LoadReport


_TONES: tuple[tuple[str, Tone], ...] = (
    ("added", "ok"),
    ("changed", "warn"),
    ("removed", "warn"),
    ("unchanged", "muted"),
    ("refused", "bad"),
)


class Load(NamedTuple):
    """How a mapping file is to be loaded."""

    mode: LoadMode
    all_or_nothing: bool


class LoadReportScreen(Modal[Load | None]):
    """Look at what a file would do, choose how, and load it. Answers how, or None."""

    HELP = "Space marks what is in focus, Tab moves on to Load. Esc loads nothing."
    DEFAULT_CSS = """
    LoadReportScreen > Vertical {
        width: 100; max-width: 98%; height: 36; max-height: 94%;
    }
    LoadReportScreen Checkbox { border: none; height: 1; padding: 0 1; background: $surface; width: auto; }
    LoadReportScreen Checkbox:focus { border: none; background: $primary 25%; }
    LoadReportScreen #options { height: auto; }
    LoadReportScreen Bar { padding: 0 1; }
    LoadReportScreen #buttons { height: auto; align-horizontal: right; margin: 0 1 0 0; }
    LoadReportScreen Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="load.leave", tooltip="Load nothing"),
        Binding("f2", "load", "Load", id="load.load", tooltip="Load the file"),
    ]

    def __init__(self, name: str, preview: Preview) -> None:
        super().__init__()
        self._named, self._preview = name, preview

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            loads = f"{key_name(self, 'load.load', 'F2')} loads"
            title = f"Load {self._preview.path.name} into {self._named}"
            self.entitle(box, title, loads, "Tab moves", "Esc leaves")
            yield Bar(id="counts")
            with Vertical(id="options"):
                yield CheckBox(Content("Replace: also remove the keys that are not in the file"), id="replace")
                yield CheckBox(Content("All or nothing: load nothing if a row is refused"), id="all")
            yield DetailView(id="report")
            with Horizontal(id="buttons"):
                yield Button(Content("Leave"), id="leave", compact=True)
                yield Button(Content("Load"), id="load", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self.query_one("#replace").focus()

    @property
    def chosen(self) -> Load:
        """What is marked."""
        from models.services.lookup_files import LoadMode

        mode = LoadMode.REPLACE if self.query_one("#replace", Checkbox).value else LoadMode.ADD
        return Load(mode, self.query_one("#all", Checkbox).value)

    @property
    def report(self) -> LoadReport:
        """What the file would do in the mode that is marked."""
        return self._preview.reports[self.chosen.mode]

    @property
    def _why_not(self) -> str:
        counts = self.report.counts
        if self.chosen.all_or_nothing and counts["refused"]:
            return "Nothing would be loaded: a row is refused."
        moves = counts["added"] + counts["changed"] + counts["removed"]
        return "" if moves else "Nothing would change."

    def _show(self) -> None:
        counts, why_not = self.report.counts, self._why_not
        spans: list[Span] = [
            (f"{counts[action]:,} {action}   ", tone if counts[action] else "muted") for action, tone in _TONES
        ]
        if why_not:
            spans.append((why_not, "warn"))
        self.query_one("#counts", Bar).put(*spans)
        self.query_one("#load", Button).disabled = bool(why_not)
        self.query_one("#report", DetailView).show(report_document(self.report))

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        event.stop()
        self._show()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "load":
            self.action_load()
        else:
            self.dismiss(None)

    def action_load(self) -> None:
        if self._why_not:
            self.app.bell()
        else:
            self.dismiss(self.chosen)
