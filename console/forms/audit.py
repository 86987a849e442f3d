"""The form by which the audit trail is filtered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from console.doing.audit import LABELS, in_words
from console.modals.form import Form, form_field
from models.typed_times import FORMS

if TYPE_CHECKING:
    from console.session import Who
    from models.queries.audit import AuditFilter
    from models.store import Store

HELPS = {
    "user": "Who did it, or on whose behalf the platform did it: a name or a part of it.",
    "action": "E.g. Create, Edit, Delete, Approve Connection.",
    "object_name": "Only what happened to records of one object.",
    "item": "What people call the thing: a part of its name.",
    "record_id": "The whole record id, e.g. V17000000000101.",
    "since": f"Lab time (UTC): {FORMS} for two hours ago.",
    "until": "Until this lab time; a day counts whole.",
}
ANY = ("", "Any")


def filter_form(
    values: Mapping[str, str], objects: Sequence[str], take: Callable[[AuditFilter, Mapping[str, str]], None]
) -> Form:
    """Asks what audit rows have to meet, beginning with `values`; `take` gets the filter and what was typed."""

    def save(store: Store, _who: Who, typed: Mapping[str, str], _confirmed: bool, /) -> str:
        from models.queries.audit import read_filter

        take(read_filter(typed, store.clock.now()), typed)
        asked = in_words(typed)
        return f"The audit trail shows {asked}." if asked else "The audit trail shows everything."

    fields = [
        form_field(
            name,
            label,
            values.get(name, ""),
            choices=(ANY, *((each, each) for each in objects)) if name == "object_name" else (),
        )
        for name, label in LABELS.items()
    ]
    about = "Rows must meet all that is given; what is left empty asks nothing."
    return Form("Filter the audit trail", fields, save, is_new=True, about=about, helps=HELPS, saves="Filter")
