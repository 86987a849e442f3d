"""Integrations: features of the connections, with their points and rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console import commands
from console.actions import Action, bindings
from console.details.integrations import document
from console.details.texts import active, failed, short
from console.doing import rules as doing
from console.forms import integrations as settings
from console.forms import rules as forms
from console.modals.dialog import TypedName
from console.modals.form import FormScreen
from console.modals.picker import Choice, PickList
from console.permissions import MANAGE_CONNECTIONS, MANAGE_INTEGRATIONS
from console.screens.design import DesignScreen
from console.screens.explaining import dry_run_integration
from console.screens.mdl_files import MdlFiles
from console.screens.runs import ask_for_run
from console.theme import SIGNS
from console.widgets.columns import Cell, Column
from console.widgets.document import Document
from console.words import many
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.integrations import IntegrationRow
    from models.queries.settings_choices import SettingsChoices
    from models.queries.window import Listing


def _direction(row: IntegrationRow) -> Cell:
    if row.sends and row.receives:
        return SIGNS.symbol("both")
    if row.sends or row.receives:
        return SIGNS.symbol("outbound" if row.sends else "inbound")
    return ""


def _manage(name: str, key: str, label: str, tooltip: str) -> Action:
    return Action(name, key, label, tooltip, shown=False, permission=MANAGE_CONNECTIONS)


class IntegrationsScreen(MdlFiles):
    """The integrations of the Vault in use."""

    AREA = "integrations"
    LISTED_BY = ("integrations", "list")
    EMPTY = "This Vault has no integrations. “{integrations.create}” makes a custom one."
    FIRST_SORT = "name"
    COLUMNS = (
        Column("", _direction, 1),
        Column("Name", lambda row: row.name, 22, flex=3, sort="name"),
        Column("Status", lambda row: active(row.active), 10, sort="active"),
        Column("Connection", lambda row: row.connection, 14, flex=2, sort="connection", rank=1),
        Column("Last success", lambda row: short(row.last_run) or ("never", "muted"), 14),
        Column("Open", lambda row: failed(row.open_items), 4, "right"),
    )
    LIST_TOPICS = frozenset({Topic.INTEGRATIONS, Topic.CONNECTIONS, Topic.RULES, Topic.EXCEPTIONS})
    ACTIONS: ClassVar = (
        Action("toggle", "a", "Activate", "Activate or inactivate the integration", permission=MANAGE_CONNECTIONS),
        Action(
            "run", "r", "Run now", "Run a job for the integration's connection at once", permission=MANAGE_INTEGRATIONS
        ),
        Action("dry_run", "d", "Dry run", "What the next runs would create, update, skip and fail; changes nothing"),
        Action("parts", "m", "Points and rules", "What the integration is made of: points, rules, field rules"),
        _manage("create", "n", "Create", "Create a custom integration on a Vault to Vault connection"),
        _manage("edit", "e", "Edit", "Edit the names of this custom integration"),
        _manage("settings", "c", "Settings", "How it matches records, and what becomes of targets of deleted ones"),
        _manage("last_run", "l", "Last run", "Set Last Successful Run Time: an earlier one runs the jobs at once"),
        Action("export", "w", "Export MDL", "Save the integration's rules as MDL text", shown=False),
        Action("import", "o", "Import MDL", "Import rules from MDL text", shown=False, permission=MANAGE_INTEGRATIONS),
        _manage("delete", "delete", "Delete", "Delete this custom integration; asks for its name"),
    )
    BINDINGS = bindings("integrations", ACTIONS)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id = self.home.session.vault_id

        def make() -> Listing[Any]:
            from models.queries.integrations import listing

            return listing(vault_id, text=text, sort=sort, descending=descending)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.integrations import detail

            return detail(session, vault_id, key)

        return read

    def why_not_dry_run(self) -> str:
        return self.needs_row()

    def do_dry_run(self) -> None:
        if (row := self.table.cursor_row) is not None:
            dry_run_integration(self.home, row.key, row.name)

    def document(self, detail: Any) -> Document:
        return document(detail)

    def why_not_toggle(self) -> str:
        """What it lacks, or what needs it: as long as its details are being read, the service alone says so."""
        row, detail = self.table.cursor_row, self.detail
        if row is None or detail is None or detail.key != row.key:
            return self.needs_row()
        problem, remedy = detail.needs.switching_problem(active=not row.active)
        return f"{problem} {remedy}".strip()

    def do_toggle(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.home.perform(
                partial(commands.set_integration_active, integration_id=row.key, name=row.name, active=not row.active)
            )

    def why_not_run(self) -> str:
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if row.active else f"{row.name} is Inactive: it moves nothing. Activate it first."

    def do_run(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            ask_for_run(self.home, row.connection_id, row.connection)

    # Custom integrations (seed S1, "Integrations")

    def open_row(self, row: Any) -> None:
        self.app.push_screen(DesignScreen(row.key, row.name))

    def why_not_parts(self) -> str:
        return self.needs_row()

    def do_parts(self) -> None:
        if (row := self.table.cursor_row) is not None:
            self.open_row(row)

    def do_create(self) -> None:
        vault_id = self.home.session.vault_id
        made: list[str] = []

        def read(session: StoreSession) -> forms.Options:
            from models.queries.rule_choices import connection_options

            return connection_options(session, vault_id)

        def told(text: str | None) -> None:
            if text:
                self.home.tell(text)
            if made:
                self.seek(int(made[-1]))

        def ask(connections: forms.Options) -> None:
            if not connections:
                self.home.tell("This Vault has no Vault to Vault connection; only those have integrations.")
                return
            self.home.push_screen(FormScreen(forms.integration_form(connections, made.append)), told)

        self.read_then(read, ask)

    def _custom(self) -> str:
        if reason := self._read():
            return reason
        detail = self.detail
        if detail is not None and detail.standard:
            return f"{detail.name} is a standard integration: its names stay, and it is not deleted."
        return ""

    def why_not_edit(self) -> str:
        return self._custom()

    def do_edit(self) -> None:
        if self.detail is not None:
            self.fill_in(forms.edit_integration_form(self.detail))

    # Settings (seeds S0, S2, S3, S4)

    def why_not_settings(self) -> str:
        detail = self.detail
        if (reason := self._read()) or detail is None or detail.receives or detail.sends_documents:
            return reason
        return f"{detail.name} only sends: what becomes of targets is set in the receiving Vault."

    def do_settings(self) -> None:
        detail = self.detail
        if detail is None:
            return

        def read(session: StoreSession) -> SettingsChoices:
            from models.queries.settings_choices import settings_choices

            return settings_choices(session, detail.key)

        self.read_then(read, lambda choices: self.fill_in(settings.settings_form(detail, choices)))

    def why_not_last_run(self) -> str:
        return self._read()

    def do_last_run(self) -> None:
        if self.detail is not None:
            self.fill_in(settings.last_run_form(self.detail, self.detail.last_run))

    def _read(self) -> str:
        row, detail = self.table.cursor_row, self.detail
        if row is None or detail is None or detail.key != row.key:
            return self.needs_row() or "This integration is still being read."
        return ""

    def why_not_delete(self) -> str:
        if reason := self._custom():
            return reason
        return f"{self.detail.name} is Active: inactivate it first." if self.detail and self.detail.active else ""

    def do_delete(self) -> None:
        detail = self.detail
        if detail is None:
            return

        def answered(typed: str | None) -> None:
            if typed:
                self.home.perform(partial(doing.delete_integration, key=detail.key, name=detail.name))

        rules = sum(len(point.rules) for point in detail.points)
        parts = f"{many(len(detail.points), 'point')}, {many(rules, 'rule')}"
        lines = [f"{detail.name} goes with its {parts}, and what failed in it."]
        dialog = TypedName(f"Delete {detail.name}", lines, name=detail.api_name, yes="Delete integration")
        self.home.push_screen(dialog, answered)

    def why_not_export(self) -> str:
        return self._read()

    def do_export(self) -> None:
        """Ask of what the rules are to be exported."""
        detail = self.detail
        if detail is None:
            return
        session = self.home.session
        vault = session.vault_name(session.vault_id)
        receives = any(point.direction == "inbound" for point in detail.points)
        why_not = "" if receives else f"{detail.name} has no inbound point: rules belong to the receiving side."
        what = {
            "integration": (detail.name, detail.api_name, {"integration_id": detail.key}),
            "connection": (
                detail.connection,
                f"connection-{detail.connection_id}",
                {"connection_id": detail.connection_id},
            ),
            "vault": (vault, f"vault-{session.vault_id}", {}),
        }

        def picked(key: str | None) -> None:
            if key is not None:
                self.export_rules(*what[key])

        choices = [
            Choice("integration", "This integration", detail.name, why_not),
            Choice("connection", "Its connection", detail.connection),
            Choice("vault", "The whole Vault", vault),
        ]
        self.home.push_screen(PickList("Export the rules of", choices), picked)
