"""Adding to an integration and editing what it is made of: what is read first, and which form then asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from console.forms import rules as forms
from console.modals.form import Form, FormScreen
from console.modals.live_form import LiveFormScreen, Look
from console.modals.picker import Choice, PickList
from console.permissions import MANAGE_CONNECTIONS, MANAGE_INTEGRATIONS
from console.screens.mdl_files import MdlFiles

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.forms.rules import RuleChoices
    from models.queries.design import DesignRow
    from models.queries.integrations import PointLine, SourceLine
    from models.queries.rules import FieldRuleLine, QueryObjectRuleLine, RuleLine


class DesignForms(MdlFiles):
    """A screen about the parts of an integration that adds and edits them."""

    def __init__(self, integration_id: int) -> None:
        super().__init__()
        self.integration_id = integration_id
        self._made: list[str] = []

    @property
    def row(self) -> DesignRow | None:
        """The part under the cursor."""
        found: DesignRow | None = self.table.cursor_row
        return found

    @property
    def rules(self) -> list[RuleLine]:
        """The integration's rules, as they were read last."""
        points = self.detail.integration.points if self.detail is not None else ()
        return [rule for point in points for rule in point.rules]

    # New

    def do_new(self) -> None:
        """Ask what to add; what fits the part under the cursor stands first."""
        row = self.row
        inbound = row is not None and row.direction == "inbound"
        outbound = row is not None and row.direction == "outbound"
        lacks = self.home.session.lacks
        connections, integrations = lacks(MANAGE_CONNECTIONS), lacks(MANAGE_INTEGRATIONS)
        in_rule = integrations or ("" if row and row.rule_id else "Put the cursor on a rule first.")
        under = integrations or ("" if inbound else "Put the cursor on an inbound point first.")
        watching = connections or ("" if outbound else "Put the cursor on an outbound point first.")
        choices = [
            Choice("field", "Field rule", "Fills a field of the target", in_rule),
            Choice("query", "Query object rule", "Narrows which records the rule applies to", in_rule),
            Choice("rule", "Integration rule", "What the records that arrive become", under),
            Choice("source", "Watched object", "An object whose changes are sent", watching),
            Choice("inbound", "Inbound integration point", "Takes messages of the remote Vault", connections),
            Choice("outbound", "Outbound integration point", "Sends changes of this Vault", connections),
        ]
        choices.sort(key=lambda choice: bool(choice.why_not))
        if row is not None and row.kind == "point" and inbound:
            # Under a point stands a rule; what is in rules comes later.
            choices.sort(key=lambda choice: choice.key != "rule")
        doing: dict[str, Callable[[], None]] = {
            "field": lambda: self._rule_part(cast("DesignRow", row), None),
            "query": lambda: self._rule_part(cast("DesignRow", row), None, query=True),
            "rule": lambda: self._rule(cast("DesignRow", row).point_id, None),
            "source": lambda: self._source(cast("DesignRow", row).point_id, None),
            "inbound": lambda: self._point("inbound", None),
            "outbound": lambda: self._point("outbound", None),
        }

        def picked(key: str | None) -> None:
            if key is not None:
                doing[key]()

        self.home.push_screen(PickList("Add to the integration", choices), picked)

    # Edit

    def do_edit(self) -> None:
        """Edit the part under the cursor."""
        row = self.row
        if row is None:
            return
        part: Any = row.part
        match row.kind:
            case "point":
                self._point(row.direction, part)
            case "source":
                self._source(row.point_id, part)
            case "rule":
                self._rule(row.point_id, part)
            case "query":
                self._rule_part(row, part, query=True)
            case _:
                self._rule_part(row, part)

    def _point(self, direction: str, point: PointLine | None) -> None:
        integration_id, made = self.integration_id, self._made.append

        def read(session: StoreSession) -> str:
            from models.tables import IntegrationPoint

            found = session.get(IntegrationPoint, point.key) if point is not None else None
            return found.matching.value if found is not None and found.matching is not None else ""

        def ask(matching: str) -> None:
            self._fill_in(forms.point_form(integration_id, direction, point, matching, made))

        self.read_then(read, ask)

    def _source(self, point_id: int, source: SourceLine | None) -> None:
        vault_id, integration_id = self.home.session.vault_id, self.integration_id

        def read(session: StoreSession) -> tuple[forms.Options, forms.Options]:
            from models.queries.rule_choices import object_options, remote_point_options

            return object_options(session, vault_id), remote_point_options(session, integration_id)

        def ask(found: tuple[forms.Options, forms.Options]) -> None:
            self._fill_in(forms.source_form(point_id, source, *found, self._made.append))

        self.read_then(read, ask)

    def _rule(self, point_id: int, rule: RuleLine | None) -> None:
        def read(session: StoreSession) -> forms.Options:
            from models.queries.rule_choices import object_options, source_vault_of_point

            return object_options(session, source_vault_of_point(session, point_id))

        def ask(objects: forms.Options) -> None:
            self._fill_in(*forms.rule_form(point_id, rule, objects, self._made.append))

        self.read_then(read, ask)

    def _rule_part(
        self, row: DesignRow, line: FieldRuleLine | QueryObjectRuleLine | None, *, query: bool = False
    ) -> None:
        vault_id, rule_id = self.home.session.vault_id, row.rule_id
        standard = any(rule.standard for rule in self.rules if rule.key == rule_id)

        def read(session: StoreSession) -> RuleChoices:
            from models.queries.rule_choices import (
                document_field_options,
                lookup_options,
                object_options,
                scene_of_rule,
            )

            scene = scene_of_rule(session, vault_id, rule_id)
            return forms.RuleChoices(
                rule_id,
                scene.primary_query_object,
                scene.source_vault_id is not None,
                object_options(session, scene.source_vault_id),
                object_options(session, vault_id, documents=False),
                lookup_options(session, scene.connection_id),
                document_field_options(session, vault_id),
                standard,
            )

        def ask(choices: RuleChoices) -> None:
            made = self._made.append
            if query:
                self._fill_in(*forms.query_rule_form(choices, cast("QueryObjectRuleLine | None", line), made))
            else:
                self._fill_in(*forms.field_rule_form(choices, cast("FieldRuleLine | None", line), made))

        self.read_then(read, ask)

    def _fill_in(self, form: Form, look: Look | None = None) -> None:
        """Have a form filled in; what was made by it comes under the cursor."""
        self._made.clear()

        def told(text: str | None) -> None:
            if text:
                self.home.tell(text)
            if self._made:
                self.seek(self._made[-1])

        self.home.push_screen(LiveFormScreen(form, look) if look is not None else FormScreen(form), told)
