"""The keys of one reference lookup, and the missing keys found in data, opened from its connection's lookups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.lookups import key_document, miss_document, missing
from console.details.texts import short
from console.doing import lookups as doing
from console.forms import lookups as forms
from console.modals.confirm import Confirm
from console.screens.mapping_files import TOPICS, MappingFiles, managing
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin
from console.widgets.columns import Column, Span, number
from console.widgets.document import Document
from console.widgets.paint import clean

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.lookups import KeyRow, LookupRow, MissRow
    from models.queries.window import Listing

LOAD = managing("load", "l", "Load CSV", "Load keys from a CSV mapping file; shows first what it would do")
EXPORT = Action("export", "w", "Export CSV", "Write the keys as a CSV mapping file", shown=False)


class OneLookup(MappingFiles):
    """A list of one lookup."""

    AREA = "connections"
    LIST_TOPICS = TOPICS
    WHAT: ClassVar[str] = ""

    def __init__(self, lookup: LookupRow) -> None:
        super().__init__()
        self._lookup = lookup

    @property
    def lookup(self) -> LookupRow | None:
        return self._lookup

    def list_title(self) -> list[Span]:
        arrow: Span = (f" {SIGNS.pick('▸', '>')} ", "muted")
        what: list[Span] = [(f"  {self.WHAT}", "accent")] if self.WHAT else []
        return [("Reference Lookups", "muted"), arrow, (clean(self._lookup.name), "strong"), *what]

    def ask_for_key(self) -> None:
        """Have a key added."""
        self.make(lambda made: forms.key_form(self._lookup.key, self._lookup.name, is_new=True, made=made))


class LookupKeysScreen(OneLookup):
    """The keys of a reference lookup."""

    HELP = "Keys of one lookup, with how often each was used. {keys.misses} lists the missing keys found in data."
    EMPTY = "This lookup has no keys. “{keys.add}” adds one, “{keys.load}” loads a mapping file."
    COLUMNS = (
        Column("Source Key", lambda row: row.key, 14, flex=1),
        Column("Target Key", lambda row: row.target_key, 14, flex=1, sort="target"),
        Column("Uses", lambda row: number(row.uses), 8, "right", sort="uses"),
        Column("Last used", lambda row: short(row.last_used_at), 14, rank=1),
    )
    ACTIONS: ClassVar = (
        managing("add", "n", "Add", "Add a key"),
        managing("edit", "e", "Edit", "Edit this key"),
        managing("remove", "delete", "Remove", "Remove the selected keys, or this one"),
        Action("misses", "m", "Missing keys", "List the missing keys found in data"),
        Action("unused", "o", "Only unused", "List only keys that were never used, or all"),
        LOAD,
        EXPORT,
    )
    BINDINGS = bindings("keys", ACTIONS)

    def __init__(self, lookup: LookupRow) -> None:
        super().__init__(lookup)
        self._unused_only = False

    def list_title(self) -> list[Span]:
        title = super().list_title()
        if self._unused_only:
            title.append(("  only unused", "accent"))
        return title

    def show_list(self, *, keep: bool = False) -> None:
        super().show_list(keep=keep)
        if self._unused_only and not self.filter_text:
            self.table.empty_text = self.home.written("Every key has been used. “{keys.unused}” lists all again.")

    def list_twin(self, total: int) -> Twin | None:
        narrowed = self.filter_text or self._unused_only
        return None if narrowed else looking.lookup("show", self._lookup.key, total)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, lookup_id, unused_only = self.home.session.vault_id, self._lookup.key, self._unused_only

        def make() -> Listing[Any]:
            from models.queries.lookups import key_listing

            return key_listing(
                vault_id, lookup_id, text=text, unused_only=unused_only, sort=sort, descending=descending
            )

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id, lookup_id = self.home.session.vault_id, self._lookup.key

        def read(session: StoreSession) -> Any | None:
            from models.queries.lookups import key_detail

            return key_detail(session, vault_id, lookup_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return key_document(detail)

    def do_add(self) -> None:
        self.ask_for_key()

    def why_not_edit(self) -> str:
        return self.needs_row()

    def do_edit(self) -> None:
        row: KeyRow | None = self.table.cursor_row
        if row is not None:
            lookup, key, target = self._lookup, row.key, row.target_key
            self.make(lambda made: forms.key_form(lookup.key, lookup.name, key, target, is_new=False, made=made))

    def why_not_remove(self) -> str:
        return self.needs_row()

    def do_remove(self) -> None:
        row: KeyRow | None = self.table.cursor_row
        keys = tuple(str(key) for key in self.table.selected) or ((row.key,) if row is not None else ())
        if not keys:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.table.clear_selection()
                self.home.perform(partial(doing.remove_keys, lookup_id=self._lookup.key, source_keys=keys))

        what = f"“{keys[0]}”" if len(keys) == 1 else f"{len(keys)} keys"
        text = f"Records with {'this value' if len(keys) == 1 else 'these values'} then fail, or get the default."
        self.app.push_screen(Confirm(f"Remove {what}?", text, yes="Remove", no="Keep"), answered)

    def do_misses(self) -> None:
        self.app.switch_screen(MissingKeysScreen(self._lookup))

    def do_unused(self) -> None:
        self._unused_only = not self._unused_only
        self.show_list()
        self._write_titles()


class MissingKeysScreen(OneLookup):
    """Values that a reference lookup was asked for and does not hold."""

    HELP = (
        "Missing keys found in data, with how often each was asked for in vain: Enter adds one to the lookup. "
        "{misses.keys} lists its keys. Esc goes back."
    )
    EMPTY = "No value was asked for that this lookup does not hold: there is nothing to add. Esc goes back to its keys."
    FIRST_SORT = NEWEST_FIRST = "misses"
    WHAT = "missing keys found in data"
    COLUMNS = (
        Column("Source value", lambda row: row.key, 16, flex=1),
        Column("In vain", lambda row: missing(row.misses), 8, "right", sort="misses"),
        Column("Last", lambda row: short(row.last_missed_at), 14, sort="last"),
    )
    ACTIONS: ClassVar = (
        managing("add", "n", "Add this key", "Add the key that is missing"),
        Action("keys", "m", "Keys", "List the keys of the lookup"),
        managing("forget", "f", "Forget", "Forget the missing keys, to count anew"),
        LOAD,
        EXPORT,
    )
    BINDINGS = bindings("misses", ACTIONS)

    def list_twin(self, total: int) -> Twin | None:
        return None if self.filter_text else looking.lookup("misses", self._lookup.key, total)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, lookup_id = self.home.session.vault_id, self._lookup.key

        def make() -> Listing[Any]:
            from models.queries.lookups import miss_listing

            return miss_listing(vault_id, lookup_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id, lookup_id = self.home.session.vault_id, self._lookup.key

        def read(session: StoreSession) -> Any | None:
            from models.queries.lookups import miss_row

            return miss_row(session, vault_id, lookup_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return miss_document(detail)

    def open_row(self, _row: Any) -> None:
        self.action_do("add")

    def why_not_add(self) -> str:
        return self.needs_row()

    def do_add(self) -> None:
        row: MissRow | None = self.table.cursor_row
        if row is not None:
            # A key that is added is missing no more: the cursor stays where it is.
            form = forms.key_form(self._lookup.key, self._lookup.name, row.key, is_new=True, made=lambda _key: None)
            self.fill_in(form)

    def do_keys(self) -> None:
        self.app.switch_screen(LookupKeysScreen(self._lookup))

    def why_not_forget(self) -> str:
        return self.needs_row()

    def do_forget(self) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.home.perform(partial(doing.forget, lookup_id=self._lookup.key))

        text = f"What {self._lookup.name} was asked for in vain is then counted anew, from nothing."
        title = f"Forget {self.table.total:,} missing {'key' if self.table.total == 1 else 'keys'}?"
        self.app.push_screen(Confirm(title, text, yes="Forget", no="Keep"), answered)
