"""Finding rows of a list without narrowing it, and filters that are remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual._context import active_app
from textual.binding import Binding, BindingType
from textual.message import Message

from console.keymap import KeyMap
from console.modals.ask_line import AskLine
from console.screens.frame import AreaFrame, FilterInput
from console.widgets.paint import clean
from console.work import in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Key, Listing

AGAIN: Final = (
    Binding("n", "find_again(1)", "Next", id="area.find_again", tooltip="The next match, while one searches"),
    Binding("N", "find_again(-1)", "Before", id="area.find_again_before", tooltip="The match before"),
)
"""Hold while one searches, also where the same key does something else otherwise."""
REMEMBERED = 20
"""Filters that are remembered of an area, from one session to the next."""


class FindingScreen(AreaFrame):
    """A list in which rows are found."""

    FINDS: ClassVar[bool] = True
    """Whether its rows can be found by words: not where they come from a query."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "find", "Find", show=False, id="area.find", tooltip="Find a row by words; all rows stay"),
        Binding("f3", "find_next(1)", "Find next", show=False, id="area.find_next", tooltip="The next match"),
        Binding(
            "shift+f3", "find_next(-1)", "Find before", show=False, id="area.find_before", tooltip="The match before"
        ),
        *AGAIN,
    ]

    class Found(Message, bubble=False):
        """A row that matches; `around` says that the search went past the end of the list. None: no row does."""

        def __init__(self, key: Key | None, *, around: bool) -> None:
            super().__init__()
            self.key = key
            self.around = around

    def __init__(self) -> None:
        super().__init__()
        known: KeyMap | None = getattr(active_app.get(None), "key_map", None)
        for binding in AGAIN:
            for key in known.keys(binding.id or "") if known is not None else (binding.key,):
                # An action of the list may have the same key: it comes second, so that it holds while nobody searches.
                others = [other for other in self._bindings.key_to_bindings.get(key, ()) if other.id != binding.id]
                self._bindings.key_to_bindings[key] = [replace(binding, key=key), *others]
        self._filters: dict[int, Any] = {}
        self._filters_of = 0

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        """What to list, made in a thread."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("find", "find_next") and not self.FINDS:
            return False
        if action == "find_again" and not (self.FINDS and self.found_by):
            return False
        return super().check_action(action, parameters)

    # Finding

    def action_find(self) -> None:
        """Ask for words, and go to the next row that holds all of them."""

        def asked(text: str | None) -> None:
            if text:
                self._search_for(text)
                self.action_find_next(1)

        about = self.home.written("{area.find_again} then finds the next row, {area.find_again_before} the one before.")
        self.home.push_screen(AskLine("Find in this list", about, self.found_by), asked)

    def _search_for(self, text: str) -> None:
        self.found_by = text
        self._write_titles()
        self.refresh_bindings()

    def end_search(self) -> None:
        """Look for nothing any more: the keys mean again what they mean otherwise."""
        self._search_for("")

    def action_find_again(self, way: int) -> None:
        """Go to the next match of the search, or to the one before."""
        self.action_find_next(way)

    def action_find_next(self, way: int) -> None:
        """Go to the next row that holds the words, or to the one before; past the end it begins anew."""
        table, store = self.table, self.home.store
        if not self.found_by:
            self.action_find()
            return
        if store is None or not table.total:
            return
        both = self.filter_text, f"{self.filter_text} {self.found_by}".strip()
        whole, matching = (self.listing(text, table.sort, table.descending) for text in both)
        key = table.cursor_key

        def job() -> tuple[Key | None, bool]:
            from models.queries.lab import ask

            def read(session: StoreSession) -> tuple[Key | None, bool]:
                every, some = whole(), matching()
                found = some.neighbour(session, every, key, backwards=way < 0) if key is not None else None
                if found is not None:
                    return found, False
                return some.neighbour(session, every, None, backwards=way < 0), True

            return ask(store, read)

        in_thread(self, job, lambda found: self.Found(found[0], around=found[1]), group="find", exclusive=True)

    def on_finding_screen_found(self, message: Found) -> None:
        if message.key is None:
            self.home.tell(f"No row holds “{clean(self.found_by)}”.", severity="warning")
            return
        if message.around:
            self.home.tell("The search went on from the other end of the list.")
        self.table.seek(message.key)

    # Remembering

    def held_filter(self) -> Any:
        """How the list is narrowed, to be remembered for its Vault."""
        return self.filter_text

    def hold_filter(self, held: Any) -> None:
        """Narrow the list as it was; None for not at all."""
        self._put_filter(held or "")

    def _put_filter(self, text: str) -> None:
        raise NotImplementedError

    def remember_filter(self, vault_id: int, *, wanted: bool) -> None:
        """Each Vault has its own filter: keep that of the Vault that is left, and take that of the one in use.

        `wanted` says that a row is about to be shown, which no filter may hide.
        """
        if vault_id == self._filters_of:
            return
        if self._filters_of:
            self._filters[self._filters_of] = self.held_filter()
            self.hold_filter(None if wanted else self._filters.get(vault_id))
        self._filters_of = vault_id

    def keep_filter_text(self) -> None:
        """Remember a filter that was typed, for this session and later ones."""
        if self.filter_text:
            known = [self.filter_text, *(text for text in self.known_filters if text != self.filter_text)]
            kept = self.home.preferences.kept.get("filters")
            every = {**(kept if isinstance(kept, dict) else {}), self.AREA: known[:REMEMBERED]}
            self.home.preferences.keep("filters", every)

    @property
    def known_filters(self) -> list[str]:
        """The filters that were typed in this area, the last one first."""
        kept = self.home.preferences.kept.get("filters")
        found = kept.get(self.AREA) if isinstance(kept, dict) else None
        return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []

    def action_recall_filter(self, steps: int) -> None:
        """Put an earlier filter into the line, or a later one."""
        line = self.query_one(FilterInput)
        known = ["", *self.known_filters]
        here = known.index(line.value) if line.value in known else 0
        place = max(0, min(here + steps, len(known) - 1))
        line.value = known[place]
        line.cursor_position = len(line.value)
