"""Forms about messages: what the list is narrowed to, and where a body is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from console.doing import messages as doing
from console.modals.form import Form, form_field

if TYPE_CHECKING:
    from console.session import Who
    from models.queries.message_finding import Named, Places
    from models.queries.queues import MessageDetail
    from models.store import Store


def filter_form(places: Places, line: str, now: datetime, narrow: Callable[[str], None]) -> Form:
    """The form for a filter line as it is; `narrow` is told the new line, in a thread."""
    from models.queries.message_filter import TERMS
    from models.queries.message_terms import values_of, write_line

    offered: dict[str, tuple[tuple[str, str], ...]] = {
        "point": tuple((name, name) for name in places.points if name),
        "object": tuple((name, name) for name in places.objects if name),
        "connection": _choices(places.connections),
        "queue": _choices(places.queues),
    }
    values = values_of(line)
    fields = []
    for term in TERMS:
        choices = offered.get(term.name) or tuple((value, value.capitalize()) for value in term.choices)
        separator = "; " if term.name == "attr" else ","
        value = separator.join(values.get(term.name, ()))
        kind = "picklist" if choices else "text"
        fields.append(form_field(term.name, term.label, value, type=kind, choices=choices))
    fields.append(form_field("words", "Words", write_line(("", word) for word in values.get("", ()))))
    helps = {term.name: term.about for term in TERMS} | {
        "words": "Each occurs in what a row shows, or is an item, a key, or how the message id begins."
    }

    def save(_store: Store, _who: Who, typed: Mapping[str, str], _confirmed: bool, /) -> str:
        narrow(doing.line_of(typed, now))
        return ""

    about = "All that is given holds together. Delete empties a field that is chosen from a list."
    return Form("Filter messages", fields, save, is_new=True, about=about, helps=helps, saves="Filter")


def _choices(rows: tuple[Named, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((row.api_name, row.name) for row in rows)


def body_form(detail: MessageDetail) -> Form:
    """Where to save the body of a message."""
    from console.doing.files import first_folder

    path = str(first_folder() / f"message-{detail.row.message_id}.json")
    fields = (form_field("path", "Save as", path, required=True),)
    about = f"The exact body of message {detail.row.message_id}: the bytes that its signatures are about."
    save = partial(doing.save_body, body=detail.body, message_key=detail.row.key)
    return Form("Save body", fields, save, is_new=True, about=about, saves="Save")
