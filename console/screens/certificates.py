"""Certificates: the ones that sign messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.details.certificates import document
from console.details.texts import moment, state
from console.screens.area import AreaScreen
from console.widgets.columns import Column, number
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Listing


class CertificatesScreen(AreaScreen):
    """The signing certificates. They belong to the lab, not to one Vault."""

    AREA = "certificates"
    EMPTY = "This lab has no signing certificate."
    FIRST_SORT = "certificate"
    COLUMNS = (
        Column("Certificate", lambda row: row.certificate_id, 12, flex=1, sort="certificate"),
        Column("State", lambda row: state(row.state), 12, sort="state"),
        Column("Valid until", lambda row: moment(row.not_after)[:10], 12, sort="until"),
        Column("Used by", lambda row: number(row.used_by), 8, "right"),
    )
    LIST_TOPICS = frozenset({Topic.CONNECTIONS})
    ANY_VAULT = frozenset({Topic.CERTIFICATES})

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id

        def make() -> Listing[Any]:
            from models.queries.certificates import listing

            return listing(vault_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.certificates import detail

            return detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail, self.home.now())

    def copy_of(self, row: Any | None) -> str:
        return self.detail.pem if self.detail else super().copy_of(row)
