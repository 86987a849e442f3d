"""What a person does with a document in the Records area, beside what all records have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from console.actions import Action
from console.doing import documents
from console.modals.picker import Choice, PickList
from console.permissions import EDIT_RECORDS
from console.screens.area import AreaScreen

if TYPE_CHECKING:
    from models.queries.documents import DocumentFacts


class DocumentActions(AreaScreen):
    """New versions and lifecycle states, for a screen that lists records."""

    DOCUMENT_ACTIONS: ClassVar = (
        Action("version", "V", "New version", "Begin a new draft of a document", shown=False, permission=EDIT_RECORDS),
        Action(
            "state",
            "S",
            "Change state",
            "Bring the document into another lifecycle state; a steady one makes the next major version",
            shown=False,
            permission=EDIT_RECORDS,
        ),
    )

    @property
    def document_facts(self) -> DocumentFacts | None:
        """What the shown record has as a document; None for a record that is none."""
        found: DocumentFacts | None = self.detail.document if self.detail is not None else None
        return found

    def _why_no_document(self) -> str:
        return self.needs_row() or ("" if self.document_facts else "Only documents have versions and state types.")

    def why_not_version(self) -> str:
        found = self.document_facts
        if found is None:
            return self._why_no_document()
        if found.binding is not None:
            return "A CrossLink gets its versions from its source document."
        return "An obsolete document gets no new version." if found.state_type == "obsolete" else ""

    def do_version(self) -> None:
        if self.detail is not None:
            self.home.perform(partial(documents.new_version, document_id=self.detail.key))

    def why_not_state(self) -> str:
        return self._why_no_document()

    def do_state(self) -> None:
        found, detail = self.document_facts, self.detail
        if found is None or detail is None:
            return
        labels = {name: label for name, label, _ in found.states}
        choices = [Choice(name, label, state_type) for name, label, state_type in found.states]

        def picked(state: str | None) -> None:
            if state is not None:
                change = partial(documents.change_state, document_id=detail.key, state=state, label=labels[state])
                self.home.perform(change)

        now = found.versions[0].state
        self.app.push_screen(PickList("Lifecycle state", choices, current=now), picked)
