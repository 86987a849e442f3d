"""The form of a record: a form whose references are searched for among the records of the Vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from console import commands
from console.modals.form import Form, FormScreen
from console.modals.picker import Choice, PickList

if TYPE_CHECKING:
    from models.queries.records import FormField, RecordForm


class RecordFormScreen(FormScreen):
    """Edit a record, or make one. Answers what was done, or None when nothing was."""

    def __init__(self, form: RecordForm, field: str) -> None:
        title = f"{form.object_label}: {form.name} ({form.key})" if form.key else f"New {form.object_label}"

        save = partial(commands.save_typed_record, object_name=form.object_name, record_id=form.key)
        began_with = "what is stored"
        super().__init__(Form(title, form.fields, save, is_new=not form.key, first=field, began_with=began_with))

    def picker(self, field: FormField, current: str) -> tuple[PickList, Mapping[str, str]]:
        if field.choices:
            choices = [Choice(value, label, value if value != label else "") for value, label in field.choices]
            return PickList(field.label, choices, current=current), dict(field.choices)
        labels: dict[str, str] = {}
        search = partial(self._find, field.reference or "", labels)
        return PickList(field.label, current=current, search=search, prompt="Type part of the name"), labels

    def _find(self, object_name: str, labels: dict[str, str], text: str) -> Sequence[Choice]:
        """Records that a reference may name; called in a thread."""
        from models.queries.lab import ask
        from models.queries.records import find

        store = self.home.store
        if store is None:
            return ()
        found = ask(store, find, self.home.session.vault_id, object_name, text)
        labels.update(found)
        return [Choice(key, name, key) for key, name in found]
