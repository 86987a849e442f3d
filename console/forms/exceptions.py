"""The form that narrows the list of user exception messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from console.details.exceptions import ERROR_TYPES
from console.doing.exceptions import STATES, Narrowing
from console.modals.form import Form, form_field

if TYPE_CHECKING:
    from console.session import Who
    from models.queries.exceptions import FilterChoices
    from models.store import Store

SIDES: Final = (("source", "source side"), ("target", "target side"))
HELPS: Final = {
    "state": "Active messages still need something to be mended; inactive ones have passed.",
    "connection_id": "Delete empties a field: then it narrows nothing.",
    "integration_id": "The integration whose records could not be sent or applied.",
    "point": "The integration point, or what else the message is named after.",
    "error_type": "The kind of trouble.",
    "side": "Source: configuration or connection trouble of what this Vault sends. Target: what it could not apply.",
}


def filter_form(choices: FilterChoices, now: Narrowing, narrow: Callable[[Narrowing], None]) -> Form:
    """The form; `narrow` is told what was chosen, in a thread."""
    offered: dict[str, tuple[tuple[str, str], ...]] = {
        "state": tuple(STATES.items()),
        "connection_id": tuple((str(key), name) for key, name in choices.connections),
        "integration_id": tuple((str(key), name) for key, name in choices.integrations),
        "point": tuple((name, name) for name in choices.points),
        "error_type": tuple((value, ERROR_TYPES.get(value, value)) for value in choices.error_types),
        "side": SIDES,
    }
    labels = ("Status", "Connection", "Integration", "Point", "Error Type", "Side")
    fields = [
        form_field(name, label, getattr(now, name), type="picklist", choices=found)
        for (name, found), label in zip(offered.items(), labels, strict=True)
    ]

    def save(_store: Store, _who: Who, values: Mapping[str, str], _confirmed: bool, /) -> str:
        narrow(Narrowing.of(values, {name: dict(found) for name, found in offered.items()}))
        return "narrowed"

    about = "What is chosen here holds together with the words of the filter line (/)."
    return Form("Narrow the list", fields, save, is_new=True, about=about, helps=HELPS, saves="Narrow")
