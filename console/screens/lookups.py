"""The reference lookups of one connection, opened from Connections (seed S1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.lookups import document, missing
from console.doing import lookups as doing
from console.forms import lookups as forms
from console.modals.confirm import Confirm
from console.modals.picker import Choice, PickList
from console.screens.lookup_keys import LookupKeysScreen, MissingKeysScreen
from console.screens.mapping_files import TOPICS, MappingFiles, managing
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin
from console.widgets.columns import Column, Span, number
from console.widgets.document import Document
from console.widgets.paint import clean
from console.words import many

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.doing.lookups import TargetChoice
    from models.queries.lookups import LookupRow
    from models.queries.window import Key, Listing


class LookupsScreen(MappingFiles):
    """The reference lookups of a connection."""

    AREA = "connections"
    HELP = "Reference lookups of one connection. Enter lists the keys of one. Esc goes back to the connections."
    EMPTY = "This connection has no reference lookups. “{lookups.create}” makes one."
    FIRST_SORT = "name"
    COLUMNS = (
        Column("Name", lambda row: row.name, 16, flex=3, sort="name"),
        Column("Type", lambda row: row.type.capitalize(), 7, rank=1),
        Column("Target Object", lambda row: (row.target_object or "", "muted"), 14, flex=1, rank=2),
        Column("Keys", lambda row: number(row.keys), 6, "right"),
        Column("Unused", lambda row: number(row.unused), 6, "right"),
        Column("Missing", lambda row: missing(row.missing), 7, "right"),
    )
    LIST_TOPICS = TOPICS
    ACTIONS: ClassVar = (
        managing("create", "n", "Create", "Create a reference lookup of this connection"),
        managing("edit", "e", "Edit", "Edit the fields of this lookup"),
        managing("load", "l", "Load CSV", "Load keys from a CSV mapping file; shows first what it would do"),
        Action("export", "w", "Export CSV", "Write the keys as a CSV mapping file"),
        Action("misses", "m", "Missing keys", "List the missing keys found in data"),
        managing("delete", "delete", "Delete", "Delete this lookup with its keys", shown=False),
    )
    BINDINGS = bindings("lookups", ACTIONS)

    def __init__(self, connection_id: int, label: str = "", *, key: Key | None = None) -> None:
        super().__init__()
        self._connection_id = connection_id
        self._label = label
        self._wanted_key = key

    def list_title(self) -> list[Span]:
        label = self._label or (self.detail.connection if self.detail else "Connection")
        return [(clean(label), "muted"), (f" {SIGNS.pick('▸', '>')} ", "muted"), ("Reference Lookups", "strong")]

    def list_twin(self, total: int) -> Twin | None:
        del total
        return None if self.filter_text else looking.of_connection("lookups", "list", connection_id=self._connection_id)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, connection_id = self.home.session.vault_id, self._connection_id

        def make() -> Listing[Any]:
            from models.queries.lookups import listing

            return listing(vault_id, connection_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        who = self.home.session.who

        def read(session: StoreSession) -> Any | None:
            return doing.read_lookup(session, who, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.api_name)

    def open_row(self, row: Any) -> None:
        self.app.push_screen(LookupKeysScreen(row))

    @property
    def lookup(self) -> LookupRow | None:
        row: LookupRow | None = self.table.cursor_row
        return row

    def do_create(self) -> None:
        def picked(kind: str | None) -> None:
            if kind is not None:
                self._fill_in(kind, None)

        choices = [Choice(key, label, note) for key, label, note in forms.TYPES]
        self.home.push_screen(PickList("Type of the lookup", choices), picked)

    def why_not_edit(self) -> str:
        return self.needs_row()

    def do_edit(self) -> None:
        if (row := self.lookup) is not None:
            self._fill_in(row.type, row)

    def _fill_in(self, kind: str, row: LookupRow | None) -> None:
        connection_id, label, vault_id = self._connection_id, self._label, self.home.session.vault_id

        def read(session: StoreSession) -> tuple[TargetChoice, ...]:
            return doing.target_choices(session, vault_id) if kind == "object" else ()

        def ask(targets: tuple[TargetChoice, ...]) -> None:
            self.make(lambda made: forms.lookup_form(connection_id, label, kind, row, targets, made))

        self.read_then(read, ask)

    def why_not_load(self) -> str:
        return self.needs_row()

    def why_not_export(self) -> str:
        return self.needs_row()

    def why_not_misses(self) -> str:
        return self.needs_row()

    def do_misses(self) -> None:
        if (row := self.lookup) is not None:
            self.app.push_screen(MissingKeysScreen(row))

    def why_not_delete(self) -> str:
        row, detail = self.lookup, self.detail
        if row is None or detail is None or detail.key != row.key:
            return self.needs_row()
        problem: str = detail.delete_problem or ""
        return problem

    def do_delete(self) -> None:
        row = self.lookup
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.home.perform(partial(doing.delete, lookup_id=row.key, name=row.name))

        text = f"{row.name} goes with its {many(row.keys, 'key')}. No field rule uses it."
        self.app.push_screen(Confirm("Delete this reference lookup?", text, yes="Delete it", no="Keep it"), answered)
