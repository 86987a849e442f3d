"""The forms of an integration's settings (integration facts, section 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from console.doing import integrations as doing
from console.forms.connections import YES_NO
from console.forms.rules import MATCHING, chosen
from console.modals.form import Form, form_field

if TYPE_CHECKING:
    from datetime import datetime

    from models.queries.integrations import IntegrationDetail
    from models.queries.settings_choices import SettingsChoices

ONLY_SENDS: Final = (
    "It only sends. How targets are found and what becomes of those of deleted records is set in the receiving Vault."
)
POLICIES: Final = {
    "leave": "stays as it is",
    "delete": "is deleted",
    "inactivate": "is inactivated",
    "mark": "is marked",
}
"""What becomes of a target record whose source record is deleted, as people read it."""
HELPS: Final = {
    "matching": "How the target record of a source record is found, unless the point says otherwise.",
    "match_source_field": "For the pair of fields: the field of the source object, e.g. external_id__c.",
    "match_target_field": "For the pair of fields: the field of the target object that holds the same.",
    "delete_policy": "What becomes of a target record when its source record is deleted.",
    "mark_field": "For marking: the field of the target that receives the text, e.g. name__v.",
    "mark_text": "For marking: the text. {value} stands for what the field holds: “{value} Deleted” (Assumed).",
    "inactivates_targets": "Whether a target record is inactivated with its source record; of sent documents, whether "
    "CrossLinks are withdrawn when their document no longer meets the criteria.",
    "last_successful_run_time": "Changes since then are sent again. An earlier time, e.g. -2h, runs the jobs at once.",
}


def settings_form(detail: IntegrationDetail, choices: SettingsChoices) -> Form:
    """How an integration applies what it receives; of one that only sends, what it withdraws."""
    now = detail.settings
    inactivates = "true" if now.inactivates_targets else "false"
    save = partial(doing.change_settings, key=detail.key, name=detail.name)
    title = f"Settings of {detail.name}"
    if not detail.receives:
        fields = [form_field("inactivates_targets", "Withdraws CrossLinks", inactivates, choices=YES_NO)]
        return Form(title, fields, save, about=ONLY_SENDS, helps=HELPS)
    fields = [
        form_field("matching", "Matched by", now.matching, required=True, choices=tuple(MATCHING.items())),
        chosen("match_source_field", "Pair: source field", now.match_source_field, choices.source),
        chosen("match_target_field", "Pair: target field", now.match_target_field, choices.target),
        form_field(
            "delete_policy",
            "A deleted record's target",
            now.delete_policy,
            required=True,
            choices=tuple(POLICIES.items()),
        ),
        chosen("mark_field", "Mark: field", now.mark_field, choices.marked),
        form_field("mark_text", "Mark: text", now.mark_text),
        form_field("inactivates_targets", "Inactivates targets", inactivates, choices=YES_NO),
    ]
    return Form(title, fields, save, helps=HELPS)


def last_run_form(detail: IntegrationDetail, shown: datetime | None) -> Form:
    """From when on an integration looks for changes (seed S3)."""
    from models.time import iso

    value = iso(shown) if shown is not None else ""
    fields = (form_field("last_successful_run_time", "Last Successful Run Time", value, required=True),)
    save = partial(doing.set_last_run, key=detail.key, name=detail.name)
    return Form(f"Last Successful Run Time of {detail.name}", fields, save, helps=HELPS)
