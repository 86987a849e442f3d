"""Certificates: the ones that sign messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.certificates import document
from console.details.texts import moment, state
from console.doing.certificates import read_page
from console.forms.certificates import rollover_form
from console.forms.connections import pem_form
from console.permissions import MANAGE_CONNECTIONS
from console.screens.later import AskingScreen
from console.widgets.columns import Column, number
from console.widgets.document import Document
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Listing


class CertificatesScreen(AskingScreen):
    """The signing certificates. They belong to the lab, not to one Vault."""

    AREA = "certificates"
    LISTED_BY = ("certificates", "list")
    EMPTY = "This lab has no signing certificate: nothing can be signed. A lab that “vault-console seed” made has one."
    FIRST_SORT = "certificate"
    COLUMNS = (
        Column("Certificate", lambda row: row.certificate_id, 12, flex=1, sort="certificate"),
        Column("State", lambda row: state(row.state), 12, sort="state"),
        Column("Valid until", lambda row: moment(row.not_after)[:10], 12, sort="until"),
        Column("Used by", lambda row: number(row.used_by), 8, "right"),
    )
    LIST_TOPICS = frozenset({Topic.CONNECTIONS})
    ANY_VAULT = frozenset({Topic.CERTIFICATES})
    ACTIONS: ClassVar = (
        Action(
            "rollover",
            "n",
            "Start a rollover",
            "Issue the next certificate and plan its stages",
            shown=False,
            permission=MANAGE_CONNECTIONS,
        ),
        Action("save", "w", "Download", "Save the certificate as a PEM file", shown=False),
    )
    BINDINGS = bindings("certificates", ACTIONS)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id

        def make() -> Listing[Any]:
            from models.queries.certificates import listing

            return listing(vault_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            return read_page(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail, self.home.now())

    def copy_of(self, row: Any | None) -> str:
        return str(self.detail.detail.pem) if self.detail else super().copy_of(row)

    def why_not_rollover(self) -> str:
        rollover = self.detail.rollover if self.detail else None
        if rollover is not None and rollover.stage != "final":
            return "A rollover is under way already."
        return self.needs_row()

    def do_rollover(self) -> None:
        self.fill_in(rollover_form(self.home.now().replace(microsecond=0)))

    def why_not_save(self) -> str:
        return self.needs_row()

    def do_save(self) -> None:
        if (row := self.table.cursor_row) is not None:
            from console.doing.files import first_folder

            name = f"signing-certificate-{row.certificate_id}.pem"
            self.fill_in(pem_form(row.certificate_id, str(first_folder() / name)))
