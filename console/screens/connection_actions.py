"""The Actions menu of Connections (seed S1): what it asks, and what comes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.actions import Action
from console.doing import connections as doing
from console.doing.identifiers import read_settings as read_identifiers
from console.forms import connections as forms
from console.modals.dialog import Answer, Dialog, TypedName
from console.modals.file_chooser import FileChooser
from console.modals.picker import Choice, PickList
from console.modals.signing import Chosen, ManageCertificate
from console.permissions import MANAGE_CONNECTIONS
from console.screens.later import PagedScreen
from console.screens.lookups import LookupsScreen
from console.twins import looking

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.connection_detail import AuthorizationLine
    from models.services.certificates import Choice as CertificateChoice
    from models.services.connection_files import FilePreview

VAULT_TO_VAULT: Final = "vault_to_vault__sys"
SUFFIX: Final = ".vaultconnection"

_action = partial(Action, shown=False, permission=MANAGE_CONNECTIONS)


ACTIONS: Final = (
    _action("create", "n", "Create", "Create a Vault to Vault, External or Local connection"),
    _action("edit", "e", "Edit", "Edit the fields of this connection"),
    _action("duplicate", "C", "Duplicate", "Create a connection with the fields of this one"),
    _action("download", "w", "Download Connection File", "Write the file that the other Vault connects with"),
    _action("connect", "o", "Connect from File", "Use a connection file of another Vault in this one"),
    _action("complete", "c", "Complete", "Approve or reject the connection that waits for it"),
    _action("reset", "t", "Reset Connection", "Make an established connection Pending, to establish it anew"),
    Action("signing", "m", "Manage Signing Certificate", "Choose or download the signing certificate", shown=False),
    Action("lookups", "l", "Reference Lookups", "Which value of the remote Vault is which value here", shown=False),
    _action("clients", "i", "Connection Clients", "Client IDs that API calls may carry"),
    _action("filtering", "f", "Client ID Filtering", "Let only approved client ids call this Vault, or all"),
    _action("authorizations", "a", "Authorizations", "Credentials for external systems"),
    _action("identifiers", "I", "Person Identifiers", "By which fields persons are accounts of a CRM organisation"),
    Action("stats", "h", "Connection Stats", "Messages per day as charts, up to four weeks", shown=False),
    _action("delete", "delete", "Delete", "Delete this connection; asks for its name"),
)


class ConnectionActions(PagedScreen[doing.ConnectionPage]):
    """What can be done with connections."""

    def show_list(self, *, keep: bool = False) -> None:
        """Show the list anew; another user has other rights, so the page is read again."""
        super().show_list(keep=keep)
        page, who = self.detail, self.home.session.who
        if page is not None and page.who != who and page.who.vault_id == who.vault_id:
            self._read_detail()

    def _why_not(self, name: str) -> str:
        return self.page.reasons.get(name, "") if self.page else self.needs_page()

    def why_not_edit(self) -> str:
        return self._why_not("edit")

    def why_not_duplicate(self) -> str:
        return self._why_not("duplicate")

    def why_not_download(self) -> str:
        return self._why_not("download")

    def why_not_complete(self) -> str:
        return self._why_not("complete")

    def why_not_reset(self) -> str:
        return self._why_not("reset")

    def why_not_delete(self) -> str:
        return self._why_not("delete")

    def why_not_clients(self) -> str:
        return self._why_not("edit")

    def why_not_signing(self) -> str:
        return self.needs_row()

    def why_not_stats(self) -> str:
        return self.needs_row()

    def why_not_filtering(self) -> str:
        return self._why_not("edit")

    # Creating and editing

    def do_create(self) -> None:
        def picked(kind: str | None) -> None:
            if kind is not None:
                session = self.home.session
                self._with_authorizations(
                    lambda found: self.make(lambda made: forms.create_form(kind, session, found, made))
                )

        choices = [Choice(key, label, note) for key, label, note in forms.TYPES]
        self.home.push_screen(PickList("Connection Type", choices), picked)

    def do_edit(self) -> None:
        if (page := self.page) is not None:
            self._with_authorizations(lambda found: self.fill_in(forms.edit_form(page, self.home.session, found)))

    def do_duplicate(self) -> None:
        if (page := self.page) is not None:
            self.make(lambda made: forms.duplicate_form(page, made))

    def _with_authorizations(self, then: Callable[[tuple[AuthorizationLine, ...]], None]) -> None:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> tuple[AuthorizationLine, ...]:
            from models.queries.connection_detail import authorizations

            return authorizations(session, vault_id)

        self.read_then(read, then)

    # Establishing

    def do_download(self) -> None:
        page = self.page
        if page is None:
            return
        from console.doing.files import first_folder
        from models.services.connection_files import DOWNLOAD_DIALOG

        name = f"{page.detail.api_name}-{self.home.session.vault_id}{SUFFIX}"
        self.fill_in(forms.download_form(page, DOWNLOAD_DIALOG, str(first_folder() / name)))

    def do_connect(self) -> None:
        from console.doing.files import first_folder

        def chosen(path: Path | None) -> None:
            store = self.home.store
            if path is not None and store is not None:
                job = partial(doing.preview, store, self.home.session.who, path)
                self.work_then(job, partial(self._previewed, path))

        self.home.push_screen(FileChooser("Connect from File", first_folder(), SUFFIX), chosen)

    def _previewed(self, path: Path, read: tuple[bytes, FilePreview]) -> None:
        data, preview = read
        if preview.refusal is not None:
            self.home.push_screen(
                Dialog("This file cannot be used", [line for line in (preview.refusal, preview.remedy) if line])
            )
            return
        lines = [f"{place}. {step}" for place, step in enumerate(preview.steps, 1)]

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(doing.connect, data=data, path=path, made=self.made))

        answers = [Answer("go", "Continue", "primary")]
        self.home.push_screen(Dialog("Connect from File will", lines, answers), answered)

    def do_complete(self) -> None:
        page = self.page
        if page is None:
            return
        view = page.approval
        lines = ["Approve the connection, or reject it. It is Active once both Vaults have approved it."]
        if view is not None:
            lines.append(
                f"It connects with {view.remote_vault} ({view.remote_vault_id}) there: {view.remote_connection}."
            )
            lines.append("That Vault has not decided yet." if view.remote_open else "That Vault has approved it.")

        def answered(answer: str | None) -> None:
            if answer:
                approve = answer == "approve"
                self.home.perform(partial(doing.complete, connection_id=page.key, approve=approve))

        answers = [Answer("reject", "Reject"), Answer("approve", "Approve", "primary")]
        self.home.push_screen(Dialog(f"Complete {page.detail.name}", lines, answers), answered)

    def do_reset(self) -> None:
        page = self.page
        if page is None:
            return
        name = page.detail.name
        lines = [
            f"{name} becomes Pending and sends and receives nothing until it is established again.",
            "Its Remote Vault ID is emptied: enter it again if only that Vault may use the next connection file.",
            "The connection in the remote Vault stays Active.",
        ]

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(doing.reset, connection_id=page.key, name=name))

        self.home.push_screen(Dialog("Reset Connection", lines, [Answer("go", "Continue", "warning")]), answered)

    def do_delete(self) -> None:
        page = self.page
        if page is None:
            return
        detail = page.detail

        def answered(typed: str | None) -> None:
            if typed:
                self.home.perform(partial(doing.delete, connection_id=page.key, name=detail.name))

        title = f"Delete {detail.name}"
        dialog = TypedName(title, page.consequences, name=detail.api_name, yes="Delete connection")
        self.home.push_screen(dialog, answered)

    def do_stats(self) -> None:
        row, store = self.table.cursor_row, self.home.store
        if row is not None and store is not None:
            from console.modals.stats import SPANS, StatsPage

            today = self.home.now().date()
            self.home.looked(f"Connection Stats: {row.name}", looking.stats(row.key, SPANS[0], today.isoformat()))
            self.home.push_screen(StatsPage(row.name, store, row.key, today))

    def why_not_identifiers(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.type == VAULT_TO_VAULT else "Only Vault to Vault connections match persons with accounts."

    def do_identifiers(self) -> None:
        row, vault_id = self.table.cursor_row, self.home.session.vault_id
        if row is None:
            return
        from console.forms.identifiers import identifiers_form

        self.read_then(
            lambda session: read_identifiers(session, vault_id, row.key),
            lambda found: self.fill_in(identifiers_form(row.key, row.name, found)),
        )

    # Reference lookups

    def why_not_lookups(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.type == VAULT_TO_VAULT else "Only Vault to Vault connections have reference lookups."

    def do_lookups(self) -> None:
        if (row := self.table.cursor_row) is not None:
            self.home.push_screen(LookupsScreen(row.key, row.name))

    # Certificate, clients, authorizations

    def do_signing(self) -> None:
        row = self.table.cursor_row
        if row is None:
            return
        vault_id, key, name = self.home.session.vault_id, row.key, row.name
        why_not = self.home.session.lacks(MANAGE_CONNECTIONS)

        def read(session: StoreSession) -> tuple[CertificateChoice, ...]:
            from models.services.certificates import choices

            return choices(session, vault_id, key)

        def answered(chosen: Chosen | None) -> None:
            if chosen is None:
                return
            if chosen.what == "download":
                self.download_certificate(chosen.certificate_id)
            else:
                command = partial(doing.choose_certificate, connection_id=key, certificate_id=chosen.certificate_id)
                self.home.perform(command)

        def show(found: tuple[CertificateChoice, ...]) -> None:
            self.home.push_screen(ManageCertificate(name, found, why_not=why_not), answered)

        self.read_then(read, show)

    def download_certificate(self, certificate_id: str) -> None:
        """Ask where to save a certificate."""
        from console.doing.files import first_folder

        path = first_folder() / f"signing-certificate-{certificate_id}.pem"
        self.fill_in(forms.pem_form(certificate_id, str(path)))

    def do_clients(self) -> None:
        page = self.page
        if page is None:
            return
        choices = [
            Choice(str(line.key), line.client_id, "Active" if line.active else "Inactive") for line in page.clients
        ]
        choices.append(Choice("new", "Add a client ID"))

        def picked(key: str | None) -> None:
            if key is not None:
                client = next((line for line in page.clients if str(line.key) == key), None)
                self.fill_in(forms.client_form(page, client))

        self.home.push_screen(PickList(f"Connection Clients of {page.detail.name}", choices), picked)

    def do_filtering(self) -> None:
        page = self.page
        if page is None:
            return
        on = not page.filtering
        text = (
            "API calls must then carry a client id that is active on an Active connection."
            if on
            else "API calls are then let in with any client id, and without one."
        )

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(doing.set_filtering, on=on))

        vault = self.home.session.vault_name(self.home.session.vault_id)
        title = f"Turn Client ID Filtering {'on' if on else 'off'} in {vault}?"
        self.home.push_screen(
            Dialog(title, [text], [Answer("go", "Turn on" if on else "Turn off", "primary")]), answered
        )

    def do_authorizations(self) -> None:
        self._with_authorizations(self._show_authorizations)

    def _show_authorizations(self, found: tuple[AuthorizationLine, ...]) -> None:
        labels = {key: label for key, label, _ in forms.AUTHORIZATION_TYPES}
        choices = [
            Choice(
                str(line.key), line.name, f"{labels.get(line.type, line.type)}  {line.identity}  used by {line.used_by}"
            )
            for line in found
        ]
        choices += [Choice(kind, f"New: {label}", note) for kind, label, note in forms.AUTHORIZATION_TYPES]

        def picked(key: str | None) -> None:
            if key is None:
                return
            line = next((line for line in found if str(line.key) == key), None)
            if line is None:
                self.fill_in(forms.authorization_form(key, None))
            else:
                self._one_authorization(line)

        self.home.push_screen(PickList("Authorizations", choices), picked)

    def _one_authorization(self, line: AuthorizationLine) -> None:
        def answered(answer: str | None) -> None:
            if answer == "edit":
                self.fill_in(forms.authorization_form(line.type, line))
            elif answer == "delete":
                self.home.perform(partial(doing.delete_authorization, key=line.key, name=line.name))

        lines = [f"{line.identity}", f"Used by {line.used_by} connections. Its secret is sealed and never shown."]
        answers = [Answer("edit", "Edit", "primary"), Answer("delete", "Delete", "warning")]
        self.home.push_screen(Dialog(line.name, lines, answers), answered)
