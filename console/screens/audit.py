"""Audit: who changed what, with old and new value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.audit import document
from console.details.texts import short
from console.doing.audit import in_words
from console.forms.audit import filter_form
from console.modals.form import FormScreen
from console.screens.later import AskingScreen
from console.twins import looking
from console.twins.call import Twin
from console.widgets.columns import Column, Span
from console.widgets.document import Document
from console.widgets.paint import clean
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.audit import AuditFilter
    from models.queries.window import Listing


class AuditScreen(AskingScreen):
    """The audit trail of the Vault in use, the newest first."""

    AREA = "audit"
    EMPTY = "Nothing has been changed in this Vault yet. “{records.new}” in Records makes a record, for example."
    NEWEST_FIRST = "time"
    COLUMNS = (
        Column("When", lambda row: short(row.at), 14, sort="time"),
        Column("Who", lambda row: row.user, 12, flex=1),
        Column("Action", lambda row: row.action, 10, flex=1),
        Column("Item", lambda row: row.item, 14, flex=2),
        Column("Field", lambda row: row.field_name, 12, flex=1, rank=1),
    )
    LIST_TOPICS = frozenset({Topic.AUDIT})
    ACTIONS: ClassVar = (
        Action("narrow", "n", "Filter by", "Filter by user, action, object, item, record and lab time"),
        Action("all", "a", "All rows", "Take the filter by fields away", shown=False),
    )
    BINDINGS = bindings("audit", ACTIONS)

    def __init__(self) -> None:
        super().__init__()
        self._wanted: AuditFilter | None = None
        self._typed: Mapping[str, str] = {}

    def held_filter(self) -> tuple[str, AuditFilter | None, Mapping[str, str]]:
        return self.filter_text, self._wanted, self._typed

    def hold_filter(self, held: tuple[str, AuditFilter | None, Mapping[str, str]] | None) -> None:
        text, self._wanted, self._typed = held or ("", None, {})
        self._put_filter(text)

    def list_title(self) -> list[Span]:
        asked = clean(in_words(self._typed))
        return [*super().list_title(), (f"  {asked}", "accent")] if asked else super().list_title()

    def list_twin(self, total: int) -> Twin | None:
        # The filter line looks in every column, which no option of the command line does.
        return None if self.filter_text else looking.audit(self._typed, total)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, wanted = self.home.session.vault_id, self._wanted
        del sort, descending

        def make() -> Listing[Any]:
            from console.doing.audit import listing

            return listing(vault_id, text, wanted)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from console.doing.audit import listing

            found = listing(vault_id, "")
            place = found.position(session, key)
            if place is None:
                return None
            return next(iter(found.page(session, place, 1, found.count(session))), None)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def do_narrow(self) -> None:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> tuple[str, ...]:
            from models.queries.audit import objects_audited

            return objects_audited(session, vault_id)

        self.read_then(read, self._ask)

    def _ask(self, objects: tuple[str, ...]) -> None:
        self.home.push_screen(FormScreen(filter_form(self._typed, objects, self._take)), self._narrowed)

    def _take(self, wanted: AuditFilter, typed: Mapping[str, str]) -> None:
        self._wanted, self._typed = wanted, dict(typed)

    def _narrowed(self, text: str | None) -> None:
        if text:
            self._write_titles()
            self.show_list(keep=True)
            self.home.tell(text)

    def why_not_all(self) -> str:
        return "" if in_words(self._typed) else "All rows are shown."

    def do_all(self) -> None:
        self._wanted, self._typed = None, {}
        self._write_titles()
        self.show_list(keep=True)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else f"{row.item} {row.field_name} {row.old_value or ''} {row.new_value or ''}".strip()
