"""How a row of a query's answer reads, and what its columns are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.doing.queries import flat
from console.widgets.document import Document, Fact, Grid, Head, Line, Part, Section

if TYPE_CHECKING:
    from models.vql import Answer, FieldDescription


def row_document(answer: Answer, values: Mapping[str, Any]) -> Document:
    """One row: its values under each other, related records as small tables."""
    parts: list[Part] = []
    tables: list[Part] = []
    for field in answer.fields:
        value = values[field.name]
        if isinstance(value, dict):
            details = value["responseDetails"]
            heads = tuple(Head(each.name, flex=True) for each in field.fields)
            lines = tuple(Line(tuple(flat(row[each.name]) for each in field.fields)) for row in value["data"])
            tables += [Section(field.name, f"{details['size']:,} of {details['total']:,}"), Grid(heads, lines)]
        else:
            parts.append(Fact(field.name, flat(value)))
    return (*parts, *tables)


def description(answer: Answer) -> Document:
    """The columns of an answer: name, label, type, whether required, longest text."""
    # Names are what queries are written with: labels give way to them.
    heads = (Head("Name"), Head("Label", flex=True), Head("Type"), Head("Req."), Head("Max.", "right"))
    parts: list[Part] = [
        Section(answer.object_label, answer.object_name),
        Grid(heads, tuple(_line(field) for field in answer.fields)),
    ]
    for field in answer.fields:
        if field.fields:
            parts += [Section(field.label, field.name), Grid(heads, tuple(map(_line, field.fields)))]
    return parts


def _line(field: FieldDescription) -> Line:
    longest = "" if field.max_length is None else f"{field.max_length:,}"
    return Line((field.name, field.label, field.type, "Yes" if field.required else "", longest))
