"""What an integration is made of, opened from Integrations: points, rules, query object rules and field rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from console.actions import Action, bindings
from console.details.design import KINDS, document
from console.details.texts import active
from console.doing import rules as doing
from console.modals.confirm import Confirm
from console.modals.dialog import Answer, Dialog
from console.permissions import MANAGE_CONNECTIONS, MANAGE_INTEGRATIONS
from console.screens.design_forms import DesignForms
from console.screens.explaining import dry_run_point
from console.theme import SIGNS
from console.widgets.columns import Cell, Column, Span
from console.widgets.document import Document
from console.widgets.paint import clean
from console.words import many
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.doing.rules import DesignPage
    from models.queries.design import DesignRow
    from models.queries.rules import RuleLine
    from models.queries.window import Key, Listing

OF_CONNECTIONS: Final = ("point", "source")
"""What belongs to the connection's page; rules and what is in them need Manage Integrations (facts, section 7)."""


def _name(row: DesignRow) -> Cell:
    if row.kind == "point":
        return f"{SIGNS.symbol(row.direction)[0]} {row.name}", "strong"
    text = "  " * row.level + (f"only {row.name}" if row.kind == "query" else row.name)
    return (text, "muted") if row.active is False else text


def _status(row: DesignRow) -> Cell:
    return "" if row.active is None else active(row.active)


class DesignScreen(DesignForms):
    """The parts of one integration."""

    AREA = "integrations"
    HELP = "Points and rules of one integration. “{design.new}” adds to the part under the cursor. Esc goes back."
    EMPTY = "This integration has no points yet. “{design.new}” makes one."
    COLUMNS = (
        Column("Name", _name, 24, flex=3),
        Column("What", lambda row: (KINDS[row.kind], "muted"), 17, rank=2),
        Column("Status", _status, 10),
        Column("About", lambda row: (row.about, "muted"), 14, flex=2, rank=1),
    )
    LIST_TOPICS = frozenset({Topic.INTEGRATIONS, Topic.RULES, Topic.CONNECTIONS})
    ACTIONS: ClassVar = (
        Action("new", "n", "New", "Add a point, a watched object, a rule, or something to a rule"),
        Action("edit", "e", "Edit", "Edit the part under the cursor"),
        Action("toggle", "a", "Activate", "Activate or inactivate the rule", permission=MANAGE_INTEGRATIONS),
        Action("dry_run", "d", "Dry run", "What the next runs would move through this point; changes nothing"),
        Action("export", "w", "Export MDL", "Save the rules under the cursor as MDL text"),
        Action("import", "o", "Import MDL", "Import rules from MDL text", shown=False, permission=MANAGE_INTEGRATIONS),
        Action("delete", "delete", "Delete", "Delete the part under the cursor; asks first", shown=False),
    )
    BINDINGS = bindings("design", ACTIONS)

    def __init__(self, integration_id: int, label: str = "", *, key: Key | None = None) -> None:
        super().__init__(integration_id)
        self._label = label
        self._wanted_key = key

    def list_title(self) -> list[Span]:
        label = self._label or (self.detail.integration.name if self.detail else "Integration")
        return [("Integrations", "muted"), (f" {SIGNS.pick('▸', '>')} ", "muted"), (clean(label), "strong")]

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, integration_id = self.home.session.vault_id, self.integration_id
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.design import DesignListing

            return cast("Listing[Any]", DesignListing(vault_id, integration_id, text))

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id, integration_id = self.home.session.vault_id, self.integration_id

        def read(session: StoreSession) -> DesignPage | None:
            return doing.read_page(session, vault_id, integration_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.api_name)

    # Why not

    def lacking(self, action: Action) -> str:
        """Why the acting user may not do an action: what it needs depends on the part under the cursor."""
        lacks = self.home.session.lacks
        if action.name == "new":
            # Whoever may add anything is asked what, and told why not the rest.
            return lacks(MANAGE_CONNECTIONS) and lacks(MANAGE_INTEGRATIONS)
        if action.name in ("edit", "delete") and (row := self.row) is not None:
            return lacks(MANAGE_CONNECTIONS if row.kind in OF_CONNECTIONS else MANAGE_INTEGRATIONS)
        return super().lacking(action)

    def _why_not(self, name: str) -> str:
        row = self.row
        return self.needs_row() if row is None else row.reasons.get(name, "")

    def why_not_edit(self) -> str:
        return self._why_not("edit")

    def why_not_toggle(self) -> str:
        return self._why_not("toggle")

    def why_not_delete(self) -> str:
        return self._why_not("delete")

    def why_not_dry_run(self) -> str:
        return self.needs_row()

    def do_dry_run(self) -> None:
        row = self.row
        if row is None:
            return
        points = self.detail.integration.points if self.detail is not None else ()
        name = next((point.name for point in points if point.key == row.point_id), row.name)
        dry_run_point(self.home, row.point_id, name)

    def why_not_export(self) -> str:
        row = self.row
        if row is None:
            return self.needs_row()
        return (
            "An outbound point has no rules: they belong to the receiving side." if row.direction == "outbound" else ""
        )

    # Doing

    def open_row(self, _row: Any) -> None:
        """Edit the part, or say why it cannot be."""
        self.action_do("edit")

    def do_toggle(self) -> None:
        row = self.row
        if row is None:
            return
        if row.kind != "rule" or row.active:
            self.home.perform(partial(doing.set_active, row=row, active=not row.active))
            return
        rule = cast("RuleLine", row.part)
        sleeping = sum(not child.active for child in rule.query_object_rules)
        sleeping += sum(not child.active for child in rule.field_rules)
        if not sleeping:
            self.home.perform(partial(doing.set_active, row=row, active=True))
            return

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(doing.set_active, row=row, active=True, with_children=answer == "all"))

        lines = [f"{sleeping} of its query object rules and field rules are inactive and stay so unless you say so."]
        answers = [Answer("rule", "Only the rule"), Answer("all", f"And its {sleeping} inactive parts", "primary")]
        self.home.push_screen(Dialog(f"Activate {row.name}", lines, answers), answered)

    def do_delete(self) -> None:
        row = self.row
        if row is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.home.perform(partial(doing.delete_part, row=row))

        what = KINDS[row.kind].lower()
        self.app.push_screen(Confirm(f"Delete this {what}?", _goes(row), yes="Delete it", no="Keep it"), answered)

    def do_export(self) -> None:
        row = self.row
        if row is None:
            return
        if row.rule_id:
            rule = next((found for found in self.rules if found.key == row.rule_id), None)
            name = rule.api_name if rule is not None else row.api_name
            self.export_rules(rule.name if rule is not None else row.name, name, {"rule_id": row.rule_id})
        else:
            self.export_rules(row.name, row.api_name, {"point_id": row.point_id})


def _goes(row: DesignRow) -> str:
    """What a deletion takes along, in a sentence."""
    part: Any = row.part
    if row.kind == "rule":
        return (
            f"{row.name} goes with its {many(len(part.query_object_rules), 'query object rule')} and "
            f"{many(len(part.field_rules), 'field rule')}."
        )
    if row.kind == "point":
        if row.direction == "outbound":
            return f"{row.name} goes with what it watches; nothing is sent by it any more."
        return f"{row.name} goes with its {many(len(part.rules), 'rule')}; messages that name it fail from then on."
    return f"{row.name} ({row.api_name}) goes for good."
