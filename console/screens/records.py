"""Records: of one object of the Vault at a time, to read, follow across Vaults, and edit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from console import commands
from console.actions import Action, bindings
from console.details.records import deletion, document
from console.details.texts import short
from console.doing import user_actions
from console.modals.dialog import Answer, Dialog
from console.modals.picker import Choice, PickList
from console.modals.record_form import RecordFormScreen
from console.permissions import CREATE_RECORDS, DELETE_RECORDS, EDIT_RECORDS, OBJECT, READ_RECORDS
from console.screens.document_actions import DocumentActions
from console.screens.explaining import EXPLAIN, explain_record
from console.screens.later import AskingScreen
from console.screens.searching import search_partner
from console.screens.tracing import TRACE, trace_record
from console.targets import Goto
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin, flag
from console.widgets.columns import Cell, Column, Span
from console.widgets.document import Document
from console.widgets.paint import clean
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.fates import Fate
    from models.queries.records import ObjectRow, RecordForm, RecordRow
    from models.queries.window import Listing


def _state(row: RecordRow) -> Cell:
    """The lifecycle state; of an inactive record, whatever its lifecycle says, that it is inactive."""
    words, tone = SIGNS.words(row.status)
    if row.status == "inactive__v" or not row.state_label:
        return words, tone
    return f"{SIGNS.symbol(row.status)[0]} {row.state_label}", tone


class RecordsScreen(DocumentActions, AskingScreen):
    """The records of one object of the Vault in use."""

    AREA = "records"
    EMPTY = "This object has no records. “{records.new}” makes one."
    COLUMNS = (
        Column("Name", lambda row: row.name, 18, flex=3, sort="name"),
        Column("", lambda row: (SIGNS.pick("⇄", "=") if row.linked else "", "muted"), 1),
        Column("State", _state, 10, flex=1),
        Column("ID", lambda row: (row.key, "muted"), 15, rank=1),
        Column("Modified", lambda row: short(row.modified_at), 14, sort="modified"),
    )
    LIST_TOPICS = frozenset({Topic.RECORDS})
    ANY_VAULT = frozenset({Topic.RECORDS, Topic.EXCEPTIONS})
    """A partner lives in another Vault, and so do exception items about a record."""
    ACTIONS: ClassVar = (
        EXPLAIN,
        Action("edit", "E", "Edit", "Edit the record", permission=EDIT_RECORDS),
        Action("object", "o", "Object", "List the records of another object"),
        TRACE,
        Action("partner", "J", "Partner", "Jump to the linked record in the other Vault"),
        Action(
            "act",
            "a",
            "User actions",
            "What users do with such a record at one stroke: transfer it, send it to another Vault",
            shown=False,
            permission=EDIT_RECORDS,
        ),
        Action("new", "n", "New", "Make a record of this object", shown=False, permission=CREATE_RECORDS),
        Action(
            "search",
            "N",
            "Search",
            "Make a record of one that is found in a connected Vault",
            shown=False,
            permission=CREATE_RECORDS,
        ),
        Action("delete", "delete", "Delete", "Delete the record; asks first", shown=False, permission=DELETE_RECORDS),
        *DocumentActions.DOCUMENT_ACTIONS,
    )
    SEEN_WITH = READ_RECORDS
    BINDINGS = bindings("records", ACTIONS)

    class ObjectsRead(Message, bubble=False):
        """The objects of a Vault, and of which one a wanted record is."""

        def __init__(self, vault_id: int, objects: tuple[ObjectRow, ...], of_record: str | None) -> None:
            super().__init__()
            self.vault_id = vault_id
            self.objects = objects
            self.of_record = of_record

    class FormRead(Message, bubble=False):
        """A form to open, at a field."""

        def __init__(self, field: str, form: RecordForm | None) -> None:
            super().__init__()
            self.field = field
            self.form = form

    def __init__(self) -> None:
        super().__init__()
        self._objects: tuple[ObjectRow, ...] = ()
        self._objects_of = -1
        self._chosen: dict[int, str] = {}
        self._wanted_object = ""

    @property
    def object(self) -> ObjectRow | None:
        """The object whose records are listed."""
        name = self._chosen.get(self.home.session.vault_id)
        found = next((row for row in self._objects if row.name == name), None)
        return found or next((row for row in self._objects if row.records), None) or next(iter(self._objects), None)

    def permission(self, label: str) -> str:
        """Rights to records are rights to those of an object."""
        return label.replace(OBJECT, self.object.name) if self.object else label

    def list_title(self) -> list[Span]:
        row = self.object
        if row is None:
            return [("Records", "strong")]
        return [(clean(row.plural_label), "strong"), (f"  {row.name}", "muted")]

    def show_list(self, *, keep: bool = False) -> None:
        """The objects come first: without one there is no list."""
        vault_id, store, key = self.home.session.vault_id, self.home.store, self._wanted_key
        if store is None or not vault_id:
            super().show_list(keep=keep)
            return
        if self._objects_of == vault_id and not key:
            super().show_list(keep=keep)
            return
        self._shown_generation = self.home.session.generation

        def job() -> tuple[tuple[ObjectRow, ...], str | None]:
            from models.queries.lab import ask
            from models.queries.records import object_list, object_of

            of_record = ask(store, object_of, vault_id, str(key)) if key else None
            return ask(store, object_list, vault_id), of_record

        answer = lambda read: self.ObjectsRead(vault_id, *read)  # noqa: E731
        in_thread(self, job, answer, group="objects", exclusive=True)

    def on_records_screen_objects_read(self, message: ObjectsRead) -> None:
        if message.vault_id != self.home.session.vault_id:
            return
        self._objects, self._objects_of = message.objects, message.vault_id
        if message.of_record is not None:
            self._chosen[message.vault_id] = message.of_record
        if not self._objects:
            self.table.show_nothing("This Vault has no objects.")
            return
        super().show_list()
        self.refresh_bindings()
        self._write_titles()

    def list_twin(self, total: int) -> Twin | None:
        if (row := self.object) is None:
            return None
        narrowed = flag("--filter", self.filter_text)
        return looking.words("records", "list", row.name, *narrowed, "--limit", str(total))

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id
        name = self.object.name if self.object else ""

        def make() -> Listing[Any]:
            from models.queries.records import listing

            return listing(vault_id, name, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.records import detail

            return detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    # Actions

    def do_object(self) -> None:
        choices = [Choice(row.name, row.plural_label, f"{row.name}  {row.records:,}") for row in self._objects]
        current = self.object.name if self.object else None
        self.app.push_screen(PickList("Object", choices, current=current), self._object_picked)

    def _object_picked(self, name: str | None) -> None:
        if name is not None and (self.object is None or name != self.object.name):
            self._chosen[self.home.session.vault_id] = name
            self._put_filter("")
            self.show_list()
            self.refresh_bindings()

    def why_not_explain(self) -> str:
        return self.needs_row()

    def do_explain(self) -> None:
        if (row := self.table.cursor_row) is not None:
            explain_record(self.home, row.key, row.name)

    def why_not_trace(self) -> str:
        return self.needs_row()

    def do_trace(self) -> None:
        if (row := self.table.cursor_row) is not None:
            trace_record(self.home, self.home.session.vault_id, row.key)

    def why_not_partner(self) -> str:
        if self.needs_row():
            return self.needs_row()
        linked = self.detail is not None and self.detail.partners
        return "" if linked else "No record of a connected Vault is linked with this one."

    def do_partner(self) -> None:
        partners = self.detail.partners if self.detail else ()
        targets = [Goto("records", item.record_id, item.vault_id, within=item.object_name) for item in partners]
        if len(targets) == 1:
            self.home.go_to(targets[0])
            return
        choices = [
            Choice(str(place), f"{item.vault}: {item.name}", f"{item.role}  {item.object_label} {item.record_id}")
            for place, item in enumerate(partners)
        ]

        def picked(place: str | None) -> None:
            if place is not None:
                self.home.go_to(targets[int(place)])

        self.app.push_screen(PickList("Link partner", choices), picked)

    def why_not_edit(self) -> str:
        if (why_not := self.needs_row()) or self.detail is None:
            return why_not
        return f"{self.detail.name} is locked: {self.detail.locked}." if self.detail.locked else ""

    def do_edit(self) -> None:
        self.edit_field("name__v")

    def edit_field(self, name: str) -> None:
        if why_not := self.why_not("edit"):
            self.home.tell(why_not, severity="warning")
        elif (row := self.table.cursor_row) is not None:
            self._open_form(row.key, name)

    def why_not_act(self) -> str:
        if why_not := self.needs_row():
            return why_not
        if self.detail is None:
            return "This is still being read."
        return "" if self.detail.actions else f"{self.detail.object_label} has no user actions."

    def do_act(self) -> None:
        detail = self.detail
        if detail is None:
            return
        choices = [Choice(line.name, line.name, line.about or line.sets, line.why_not) for line in detail.actions]

        def picked(name: str | None) -> None:
            if name is not None:
                self.home.perform(partial(user_actions.perform, record_id=detail.key, name=name))

        self.app.push_screen(PickList(f"User actions of {detail.name}", choices), picked)

    def why_not_new(self) -> str:
        return "" if self.object is not None else "This Vault has no objects."

    def do_new(self) -> None:
        self._open_form(None, "name__v")

    def why_not_search(self) -> str:
        return self.why_not_new()

    def do_search(self) -> None:
        """Have a record picked that a connected Vault offers, and take it over (seed S0, Medical-Network)."""
        listed, store = self.object, self.home.store
        if listed is not None and store is not None:
            search_partner(self, store, listed.name, listed.label)

    def _open_form(self, record_id: str | None, field: str) -> None:
        store, vault_id, listed = self.home.store, self.home.session.vault_id, self.object
        if store is None or listed is None:
            return

        def job() -> RecordForm | None:
            from models.queries.lab import ask
            from models.queries.records import form

            return ask(store, form, vault_id, listed.name, record_id)

        in_thread(self, job, partial(self.FormRead, field), group="form", exclusive=True)

    def on_records_screen_form_read(self, message: FormRead) -> None:
        if message.form is None:
            self.home.tell("This record is no longer there.", severity="warning")
            return
        self.app.push_screen(RecordFormScreen(message.form, message.field), self._form_closed)

    def _form_closed(self, done: str | None) -> None:
        if done:
            self.home.tell(done)

    def why_not_delete(self) -> str:
        return self.needs_row()

    def do_delete(self) -> None:
        row = self.table.cursor_row
        if row is None:
            return

        vault_id, key, name = self.home.session.vault_id, row.key, row.name

        def read(session: StoreSession) -> tuple[Fate, ...]:
            from models.queries.fates import fates_of_targets

            return fates_of_targets(session, vault_id, key)

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(commands.delete_record, record_id=key))

        def ask(fates: tuple[Fate, ...]) -> None:
            lines = [f"{name} ({key}) goes for good.", "", *deletion(fates)]
            delete = Answer("delete", "Delete it", "warning")
            self.home.push_screen(Dialog("Delete this record?", lines, [delete], leave="Keep it"), answered)

        self.read_then(read, ask)
