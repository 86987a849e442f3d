"""Audit: who changed what, with old and new value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.details.audit import document
from console.details.texts import short
from console.screens.area import AreaScreen
from console.widgets.columns import Column
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Listing


class AuditScreen(AreaScreen):
    """The audit trail of the Vault in use, the newest first."""

    AREA = "audit"
    EMPTY = "Nothing has been changed in this Vault yet."
    COLUMNS = (
        Column("When", lambda row: short(row.at), 14),
        Column("Who", lambda row: row.user, 12, flex=1),
        Column("Action", lambda row: row.action, 10, flex=1),
        Column("Item", lambda row: row.item, 14, flex=2),
        Column("Field", lambda row: row.field_name, 12, flex=1, rank=1),
    )
    LIST_TOPICS = frozenset({Topic.AUDIT})

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id
        del sort, descending

        def make() -> Listing[Any]:
            from console.doing.audit import listing

            return listing(vault_id, text)

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

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else f"{row.item} {row.field_name} {row.old_value or ''} {row.new_value or ''}".strip()
