"""An integration's details, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import active, moment, yes_no
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.integrations import FieldRuleLine, IntegrationDetail, PointLine, RuleLine


def document(detail: IntegrationDetail) -> Document:
    """Status, Last Successful Run Time, points, rules with their field rules."""
    parts: list[Part] = [Title(detail.name, active(detail.active))]
    if detail.open_items:
        count = detail.open_items
        text = f"! {count} open exception {'item' if count == 1 else 'items'}"
        parts.append(Note(text, "bad", Goto("exceptions", 0, within=detail.connection_id)))
    if detail.active and detail.connection_state != "active":
        word = SIGNS.sign(detail.connection_state).word
        parts.append(Note(f"The connection is {word}: nothing moves until it is Active.", "warn"))
    parts += [
        Fact("Last Successful Run", moment(detail.last_run) or "never"),
        Fact("Connection", detail.connection, target=Goto("connections", detail.connection_id)),
        Fact("Remote Vault", detail.remote_vault),
        Fact("API Name", detail.api_name),
        Fact("Feature", detail.feature),
        Fact("Standard", yes_no(detail.standard)),
        Fact("Last sent", moment(detail.last_send)),
        Fact("Last received", moment(detail.last_receive)),
    ]
    for point in detail.points:
        parts += _point(point)
    if not detail.points:
        parts += [Section("Integration Points"), Note("None: this integration moves nothing by itself.")]
    return parts


def _point(point: PointLine) -> list[Part]:
    sign, _ = SIGNS.words(point.direction)
    parts: list[Part] = [Section(f"{sign}: {point.name}"), Fact("API Name", point.api_name)]
    if point.direction == "outbound":
        lines = tuple(
            Line(
                (
                    source.object_label,
                    (f"{SIGNS.pick('→', '->')} {source.remote_point}", "muted"),
                    ", ".join(f"{name} = {value}" for name, value in source.criteria.items()),
                )
            )
            for source in point.sources
        )
        heads = (Head("Watches"), Head("Received there by", flex=True), Head("Only where", flex=True))
        return [*parts, Grid(heads, lines, "It watches no object.")]
    does = [word for word, on in (("creates", point.creates), ("updates", point.updates)) if on]
    found = "Link = source Global ID" if point.matching == "link" else "Global ID = source Link"
    parts += [Fact("Records", " and ".join(does) or "none"), Fact("Matched by", found)]
    for rule in point.rules:
        parts += _rule(rule)
    if not point.rules:
        parts.append(Note("It has no integration rule.", "warn"))
    return parts


def _rule(rule: RuleLine) -> list[Part]:
    parts: list[Part] = [
        Note(f"Rule {rule.name}" + ("" if rule.active else " (inactive: never applies)"), "strong"),
    ]
    if rule.primary_query_object:
        parts.append(Fact("Primary query object", rule.primary_query_object))
    lines = tuple(
        Line(
            (
                (f"{line.target_object}.{line.target_field}", "" if line.active else "muted"),
                SIGNS.pick("←", "<-"),
                _source(line),
                (_lookup(line), "muted"),
            )
        )
        for line in rule.field_rules
    )
    heads = (Head("Target field", flex=True), Head(""), Head("Query field or default", flex=True), Head("Lookup"))
    return [*parts, Grid(heads, lines, "It has no field rules.")]


def _source(line: FieldRuleLine) -> str:
    default = f"“{line.default_value}”" if line.default_value is not None else ""
    if line.query_field and default:
        return f"{line.query_field}, else {default}"
    return line.query_field or default


def _lookup(line: FieldRuleLine) -> str:
    parts = [
        f"by {line.target_lookup_field}" if line.target_lookup_field else "",
        line.reference_lookup or "",
        "" if line.active else "inactive",
    ]
    return ", ".join(part for part in parts if part)
