"""A pick list that filters as one types. Entries that cannot be picked say why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from console.modals.base import Modal
from console.theme import SIGNS, Tone
from console.widgets.bars import Bar
from console.widgets.columns import Span
from console.widgets.paint import clean, paint_of, wrap
from console.work import in_thread

MOST_LINES = 16
"""Lines of the list that are shown at once, where there is room."""
MARK = 2
"""Cells of the sign before an entry."""
MATCHLESS = "Nothing matches."
AROUND = 7
"""Lines that frame, filter and explanation take."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry. `why_not` says why it cannot be picked now; empty when it can."""

    key: str
    label: str
    note: str = ""
    why_not: str = ""
    hint: str = ""


class PickInput(Input):
    """The filter of a pick list: arrows move in the list below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "screen.move(1)", "Down", show=False, id="pick.down", tooltip="Next entry"),
        Binding("up,ctrl+p", "screen.move(-1)", "Up", show=False, id="pick.up", tooltip="Entry before"),
        Binding("pagedown", "screen.move(8)", "Page down", show=False, id="pick.page_down", tooltip="A page down"),
        Binding("pageup", "screen.move(-8)", "Page up", show=False, id="pick.page_up", tooltip="A page up"),
    ]


class Reason(Bar):
    """Why an entry cannot be picked, on two lines where it takes so many."""

    DEFAULT_CSS = "Reason { height: 2; }"

    def render_line(self, y: int) -> Strip:
        lines = wrap(self.text, self.size.width)
        tone = self._spans[0][1] if self._spans else ""
        spans: list[Span] = [(lines[y], tone)] if y < len(lines) else []
        return paint_of(self.app).strip(spans, self.ROW, self.size.width)


class PickList(Modal[str | None]):
    """Pick one of `choices`, or of what `search` finds for the typed text. Answers its key, or None."""

    HELP = "Type to narrow the list, Enter to pick, Esc to leave everything as it is."
    DEFAULT_CSS = """
    PickList > Vertical {
        width: 72; max-width: 94%; height: auto; max-height: 80%;
        padding: 0 1;
    }
    PickList PickInput { border: none; height: 1; padding: 0 1; margin: 0 0 1 0; background: $panel; }
    PickList PickInput:focus { border: none; }
    PickList OptionList {
        border: none; padding: 0; height: auto; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    PickList Bar { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="pick.leave", tooltip="Pick nothing"),
    ]

    class Found(Message):
        """What a search found for a text."""

        def __init__(self, text: str, choices: Sequence[Choice]) -> None:
            super().__init__()
            self.text = text
            self.choices = choices

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice] = (),
        *,
        current: str | None = None,
        search: Callable[[str], Sequence[Choice]] | None = None,
        prompt: str = "Type to filter",
        preview: Callable[[str], None] | None = None,
        nothing: str = MATCHLESS,
    ) -> None:
        """`preview` is called with the key of each entry that comes under the cursor; `nothing` is said of no entry."""
        super().__init__()
        self._title = title
        self._choices = list(choices)
        self._current = current
        self._search = search
        self._prompt = prompt
        self._preview = preview
        self._nothing = nothing
        self._typed_first = ""
        self._ready = False
        self._shown: list[Choice] = []

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            self.entitle(box, self._title)
            yield PickInput(placeholder=self._prompt, select_on_focus=False)
            yield OptionList(markup=False)
            yield Reason()

    def on_mount(self) -> None:
        line = self.query_one(PickInput)
        line.cursor_blink = False
        self.query_one(OptionList).can_focus = False
        self._ready = True
        self._filter(self._typed_first)
        with line.prevent(Input.Changed):
            line.insert_text_at_cursor(self._typed_first)

    def type_in(self, text: str) -> None:
        """Narrow the list by what was typed elsewhere: before it was open, or while it opened."""
        if self._ready:
            self.query_one(PickInput).insert_text_at_cursor(text)
        else:
            self._typed_first += text

    def on_resize(self) -> None:
        """Leave room below the list for the line that says why an entry cannot be picked."""
        options = self.query_one(OptionList)
        options.styles.max_height = max(3, min(MOST_LINES, self.size.height * 4 // 5 - AROUND))
        # What the list cuts off is known once it has its width.
        self.call_after_refresh(self._explain)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(event.value)

    def _filter(self, text: str) -> None:
        if self._search is not None:
            answer = partial(self.Found, text)
            in_thread(self, partial(self._search, text), answer, group="search", exclusive=True)
            return
        typed = text.casefold()
        words = typed.split()
        found = [
            item
            for item in self._choices
            if item.hint.casefold() == typed or all(word in f"{item.label} {item.note}".casefold() for word in words)
        ]
        # A short name in full, then what begins with the text, is meant rather than what holds it somewhere.
        found.sort(key=lambda item: not item.label.casefold().startswith(typed))
        self._put(sorted(found, key=lambda item: item.hint.casefold() != typed), text)

    def on_pick_list_found(self, message: Found) -> None:
        self._put(message.choices, message.text)

    def _put(self, choices: Sequence[Choice], text: str) -> None:
        self._shown = list(choices)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._prompt_of(item)) for item in self._shown])
        keys = [item.key for item in self._shown]
        # Once something is typed, Enter picks what is found, not what was there before.
        kept = not text and self._current in keys
        options.highlighted = None if not keys else keys.index(self._current or "") if kept else 0
        self._explain()

    def _prompt_of(self, item: Choice) -> Content:
        mark = SIGNS.pick("✕ ", "x ") if item.why_not else "  "
        if item.key == self._current:
            mark = SIGNS.pick("● ", "* ")
        paint = paint_of(self.app)
        label: Tone = "muted" if item.why_not else ""
        parts = [(mark, paint.hex("heading")), (clean(item.label), paint.hex(label))]
        if item.hint:
            parts.append((f"  {item.hint}", paint.hex("accent")))
        if item.note:
            parts.append((f"  {clean(item.note)}", paint.hex("muted")))
        return Content.assemble(*parts)

    def _explain(self) -> None:
        bar = self.query_one(Reason)
        place = self.query_one(OptionList).highlighted
        if not self._shown:
            bar.put((self._nothing, "muted"))
        elif place is not None and self._shown[place].why_not:
            bar.put((f"{SIGNS.pick('✕', 'x')} {clean(self._shown[place].why_not)}", "warn"))
        elif place is not None and (whole := self._cut_off(self._shown[place])):
            bar.put((clean(whole), "muted"))
        else:
            bar.put(("Enter picks, Esc leaves", "muted"))

    def _cut_off(self, item: Choice) -> str:
        """What of an entry is told below the list because the list cuts it off; empty when there is room."""
        room = self.query_one(OptionList).scrollable_content_region.width
        if not room or self._prompt_of(item).cell_length <= room:
            return ""
        label = len(clean(item.label)) + MARK
        return item.note if item.note and label < room else f"{item.label}  {item.note}".strip()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._explain()
        if self._preview is not None and event.option_index < len(self._shown):
            self._preview(self._shown[event.option_index].key)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._pick(event.option_index)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self._pick(place)

    def _pick(self, place: int) -> None:
        if place < len(self._shown) and not self._shown[place].why_not:
            self.dismiss(self._shown[place].key)
        else:
            self._explain()

    def action_move(self, steps: int) -> None:
        options = self.query_one(OptionList)
        if self._shown:
            here = options.highlighted or 0
            options.highlighted = max(0, min(here + steps, len(self._shown) - 1))
