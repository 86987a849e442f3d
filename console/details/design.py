"""A part of an integration, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from console.details.texts import active, yes_no
from console.forms.rules import MATCHING, TYPES
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from console.doing.rules import DesignPage
    from models.queries.integrations import PointLine, SourceLine
    from models.queries.rules import FieldRuleLine, QueryObjectRuleLine, RuleLine

KINDS = {
    "point": "Integration point",
    "source": "Watched object",
    "rule": "Integration rule",
    "query": "Query object rule",
    "field": "Field rule",
}


def document(page: DesignPage) -> Document:
    """A point, a watched object, a rule, or what is in a rule."""
    row = page.row
    parts: list[Part] = [Title(row.name, "" if row.active is None else active(row.active))]
    parts += [Fact("What", KINDS[row.kind]), Fact("API Name", row.api_name)]
    part = row.part
    match row.kind:
        case "point":
            parts += _point(cast("PointLine", part))
        case "source":
            parts += _source(cast("SourceLine", part))
        case "rule":
            parts += _rule(cast("RuleLine", part))
        case "query":
            parts += _query(cast("QueryObjectRuleLine", part))
        case _:
            parts += _field(cast("FieldRuleLine", part))
    integration = page.integration
    parts += [
        Section("Integration"),
        Fact("Integration", integration.name, target=Goto("integrations", integration.key)),
        Fact("Connection", integration.connection, target=Goto("connections", integration.connection_id)),
        Fact("Remote Vault", integration.remote_vault),
    ]
    return parts


def _point(point: PointLine) -> list[Part]:
    behaviours = [Fact("Behaviour", ", ".join(point.behaviours))] if point.behaviours else []
    if point.direction == "outbound":
        return [
            Fact("Direction", SIGNS.words("outbound")[0]),
            Fact("Watches", ", ".join(source.object_label for source in point.sources) or "nothing yet"),
            *behaviours,
        ]
    return [
        Fact("Direction", SIGNS.words("inbound")[0]),
        Fact("Matched by", MATCHING[point.matching]),
        Fact("Creates records", yes_no(point.creates)),
        Fact("Updates records", yes_no(point.updates)),
        Fact("Rules", ", ".join(rule.name for rule in point.rules) or "none yet: it applies nothing"),
        *behaviours,
    ]


def _source(source: SourceLine) -> list[Part]:
    parts: list[Part] = [Fact("Object", f"{source.object_label} ({source.object_name})")]
    parts.append(Fact("Sent to", source.remote_point))
    parts += [Fact("Only where", text) for text in source.only_where]
    return parts if source.criteria else [*parts, Fact("Only where", "every changed record")]


def _rule(rule: RuleLine) -> list[Part]:
    parts: list[Part] = [
        Fact("Standard", yes_no(rule.standard)),
        Fact("Primary query object", rule.primary_query_object or "none: field rules walk no relationship"),
        Section("Query object rules"),
        Grid(
            (Head("Query object"), Head("Only where", flex=True), Head("Status")),
            tuple(
                Line((line.query_object, line.filter_clause or "every record", active(line.active)))
                for line in rule.query_object_rules
            ),
            "None: it applies to every record.",
        ),
        Section("Field rules"),
        Grid(
            (Head("Fills", flex=True), Head("From", flex=True)),
            tuple(
                Line(((line.target, "" if line.active else "muted"), (line.source, "muted")))
                for line in rule.field_rules
            ),
            "None: it fills nothing.",
        ),
    ]
    return parts


def _query(line: QueryObjectRuleLine) -> list[Part]:
    return [
        Fact("Label", line.label),
        Fact("Query object", line.query_object),
        Fact("Only where", line.filter_clause or "every record"),
    ]


def _field(line: FieldRuleLine) -> list[Part]:
    parts: list[Part] = [Fact("Label", line.label)]
    if line.target_docfield:
        parts.append(Fact("Document field", line.target_docfield))
    else:
        parts += [Fact("Target object", line.target_object), Fact("Target field", line.target_field)]
    parts += [Fact("Query object", line.query_object), Fact("Query field", line.query_field or "")]
    if line.query_field_select:
        parts.append(Fact("Selects instead", line.query_field_select))
        parts.append(Fact("of type", dict(TYPES).get(line.query_field_type or "", "")))
    parts.append(Fact("Default", line.default_value or ""))
    if line.target_lookup_field:
        parts.append(Fact("Matched on field", line.target_lookup_field))
    parts.append(Fact("Reference lookup", line.reference_lookup or ""))
    if not line.active:
        parts.append(Note("It is inactive and never applies.", "warn"))
    return parts
