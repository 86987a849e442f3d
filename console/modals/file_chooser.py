"""Choosing a file: type its path, or walk the folders; the files that are looked for come first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from console.modals.base import Modal
from console.theme import SIGNS, Tone
from console.widgets.bars import Bar
from console.widgets.paint import clean, paint_of
from console.work import Failed, in_thread
from models.errors import ConsoleError

if TYPE_CHECKING:
    from console.doing.files import Entry


class PathInput(Input):
    """The path; arrows move in the list of entries below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "screen.move(1)", "Down", show=False, id="file.down", tooltip="Next entry"),
        Binding("up,ctrl+p", "screen.move(-1)", "Up", show=False, id="file.up", tooltip="Entry before"),
        Binding("pagedown", "screen.move(8)", "Page down", show=False, id="file.page_down", tooltip="A page down"),
        Binding("pageup", "screen.move(-8)", "Page up", show=False, id="file.page_up", tooltip="A page up"),
    ]


class FileChooser(Modal[Path | None]):
    """Choose a file whose name ends in `suffix`, or any other one. Answers its path, or None."""

    HELP = (
        "Type a path, or move in the list with the arrows. Enter goes into a folder and takes a file. "
        "Esc leaves everything as it is."
    )
    DEFAULT_CSS = """
    FileChooser > Vertical {
        width: 84; max-width: 96%; height: 22; max-height: 86%; padding: 0 1;
    }
    FileChooser PathInput { border: none; height: 1; padding: 0 1; margin: 0 0 1 0; background: $panel; }
    FileChooser PathInput:focus { border: none; }
    FileChooser OptionList {
        border: none; padding: 0; height: 1fr; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    FileChooser Bar { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="file.leave", tooltip="Choose nothing"),
    ]

    class Listed(Message, bubble=False):
        """A folder has been read."""

        def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
            super().__init__()
            self.folder = folder
            self.entries = entries

    def __init__(self, title: str, folder: Path, suffix: str) -> None:
        super().__init__()
        self._title, self._folder, self._suffix = title, folder, suffix
        self._entries: tuple[Entry, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            yield PathInput(select_on_focus=False, placeholder="Path of the file")
            yield OptionList(markup=False)
            yield Bar()

    def on_mount(self) -> None:
        self.query_one(PathInput).cursor_blink = False
        self.query_one(OptionList).can_focus = False
        self._list(self._folder)

    @property
    def _typed(self) -> str:
        return self.query_one(PathInput).value.strip()

    def _list(self, folder: Path) -> None:
        from console.doing.files import list_folder

        in_thread(
            self, partial(list_folder, folder, self._suffix), partial(self.Listed, folder), group="list", exclusive=True
        )

    def on_file_chooser_listed(self, message: Listed) -> None:
        self._folder, self._entries = message.folder, tuple(message.entries)
        # What was typed while the folder was read stays.
        self.query_one(PathInput).placeholder = f"{message.folder}"
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._prompt_of(entry)) for entry in self._entries])
        options.highlighted = 0 if self._entries else None
        self._mark(self._typed)

    def on_failed(self, message: Failed) -> None:
        """A folder that cannot be read: the list stays as it is."""
        message.stop()
        error = message.error
        self._say(error.message if isinstance(error, ConsoleError) else str(error))

    def _prompt_of(self, entry: Entry) -> Content:
        paint = paint_of(self.app)
        tone: Tone = "strong" if entry.wanted else "link" if entry.folder else "muted"
        mark = SIGNS.pick("● ", "* ") if entry.wanted else "  "
        return Content.assemble(
            (mark, paint.hex("heading")), (clean(entry.name) + ("/" if entry.folder else ""), paint.hex(tone))
        )

    def _say(self, trouble: str = "") -> None:
        bar = self.query_one(Bar)
        if trouble:
            bar.put((f"{SIGNS.pick('✕', 'x')} {clean(trouble)}", "warn"))
        else:
            wanted = sum(entry.wanted for entry in self._entries)
            bar.put(
                (f"{clean(str(self._folder))}  ", ""),
                (f"{wanted} {'file' if wanted == 1 else 'files'} {self._suffix}", "muted"),
            )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Move to the first entry that begins as what was typed."""
        event.stop()
        self._mark(event.value)

    def _mark(self, typed: str) -> None:
        word = typed.strip().casefold()
        names = [entry.name.casefold() for entry in self._entries]
        place = next((place for place, name in enumerate(names) if word and name.startswith(word)), None)
        if place is not None:
            self.query_one(OptionList).highlighted = place
        self._say()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self._entries[event.option_index].path)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        place = self.query_one(OptionList).highlighted
        typed = self._typed
        marked = self._entries[place] if place is not None and place < len(self._entries) else None
        if typed and not (marked is not None and marked.name.casefold().startswith(typed.casefold())):
            self._take(self._folder / Path(typed).expanduser())
        elif marked is not None:
            self._take(marked.path)

    def _take(self, path: Path) -> None:
        if path.is_dir():
            line = self.query_one(PathInput)
            with line.prevent(Input.Changed):
                line.value = ""
            self._list(path)
        elif path.is_file():
            self.dismiss(path)
        else:
            self._say(f"There is no file {path}.")

    def action_move(self, steps: int) -> None:
        options = self.query_one(OptionList)
        if self._entries:
            here = options.highlighted or 0
            options.highlighted = max(0, min(here + steps, len(self._entries) - 1))
            line = self.query_one(PathInput)
            with line.prevent(Input.Changed):
                line.value = ""
