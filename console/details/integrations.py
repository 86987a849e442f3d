"""An integration's details, as lines to read."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from console.details.texts import active, moment, yes_no
from console.forms.integrations import POLICIES
from console.forms.rules import MATCHING
from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.columns import Cell
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.integrations import FieldRuleLine, IntegrationDetail, PointLine, RuleLine
    from models.queries.requirements import Requirement


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
    if detail.active and (lacking := detail.needs.missing):
        verb = "is" if len(lacking) == 1 else "are"
        parts.append(Note(f"! {len(lacking)} of its requirements {verb} not met, see below", "warn"))
    parts += [
        Fact("Last Successful Run", moment(detail.last_run) or "never"),
        Fact("Connection", detail.connection, target=Goto("connections", detail.connection_id)),
        Fact("Remote Vault", detail.remote_vault),
        Fact("API Name", detail.api_name),
        Fact("Feature", detail.feature),
        Fact("Standard", yes_no(detail.standard)),
        *_locks(detail),
        Fact("Last sent", moment(detail.last_send)),
        Fact("Last received", moment(detail.last_receive)),
    ]
    parts += _requirements(detail)
    if detail.points and detail.receives:
        parts += _settings(detail)
    if detail.sends_documents:
        withdrawn = "are withdrawn too" if detail.settings.inactivates_targets else "stay as they are"
        parts.append(Fact("A withdrawn document's CrossLinks", withdrawn))
    for point in detail.points:
        parts += _point(point, detail)
    if not detail.points:
        parts += [Section("Integration Points"), Note("None: this integration moves nothing by itself.")]
    return parts


def _locks(detail: IntegrationDetail) -> list[Part]:
    locks = [
        words
        for words, locked in (
            ("whether its standard rules are active", detail.locks_activation),
            ("the defaults of their field rules", detail.locks_defaults),
        )
        if locked
    ]
    return [Fact("Locks", " and ".join(locks))] if locks else []


_KINDS = {
    "application": "Application",
    "feature": "Local feature",
    "dependency": "Depends on",
    "supersedes": "Supersedes",
    "superseded by": "Superseded by",
}


def _requirements(detail: IntegrationDetail) -> list[Part]:
    """What it needs, each with its state in words and what to do where it is missing (seed S0)."""
    parts: list[Part] = [_requirement(each) for each in detail.requirements]
    if detail.needs.needed_by:
        parts.append(Fact("Needed by", ", ".join(detail.needs.needed_by)))
    return [Section("Requirements"), *parts] if parts else []


def _requirement(needed: Requirement) -> Note:
    what = f"{_KINDS[needed.kind]} {needed.name}" + (" of the partner Vault" if needed.side == "partner" else "")
    target = Goto("integrations", needed.key) if needed.key is not None else None
    if needed.met is None:
        return Note(f"? {what}: not known. {needed.remedy}", "muted", target)
    if needed.kind == "dependency":
        word = "active" if needed.met else "inactive" if needed.key is not None else "does not exist"
    elif needed.key is not None:
        word = "inactive" if needed.met else "still active"
    else:
        word = "there" if needed.met else "missing"
    if needed.met:
        return Note(f"{SIGNS.pick('✓', '+')} {what}: {word}", "", target)
    return Note(f"{SIGNS.pick('✕', 'x')} {what}: {word}. {needed.remedy}", "warn", target)


def _settings(detail: IntegrationDetail) -> list[Part]:
    settings = detail.settings
    policy = POLICIES[settings.delete_policy]
    if settings.delete_policy == "mark":
        policy = f"{policy}: {settings.mark_field} = “{settings.mark_text}”"
    inactivated = "is inactivated too" if settings.inactivates_targets else "stays as it is"
    return [Fact("A deleted record's target", policy), Fact("An inactivated one's", inactivated)]


def _matched(point: PointLine, detail: IntegrationDetail) -> str:
    if point.matching == "fields":
        return f"{detail.settings.match_source_field} = {detail.settings.match_target_field}, else Link"
    return MATCHING[point.matching]


def _point(point: PointLine, detail: IntegrationDetail) -> list[Part]:
    sign, _ = SIGNS.words(point.direction)
    parts: list[Part] = [Section(f"{sign}: {point.name}"), Fact("API Name", point.api_name)]
    if point.behaviours:
        parts.append(Fact("Behaviour", ", ".join(point.behaviours)))
    if point.direction == "outbound":
        lines = tuple(
            Line(
                (
                    source.object_label,
                    (f"{SIGNS.pick('→', '->')} {source.remote_point}", "muted"),
                    ", ".join(source.only_where),
                )
            )
            for source in point.sources
        )
        heads = (Head("Watches"), Head("Received there by", flex=True), Head("Only where", flex=True))
        return [*parts, Grid(heads, lines, "It watches no object.")]
    does = [word for word, on in (("creates", point.creates), ("updates", point.updates)) if on]
    parts += [Fact("Records", " and ".join(does) or "none"), Fact("Matched by", _matched(point, detail))]
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
    parts += [
        Fact(f"Only {query.query_object} where", query.filter_clause or "every record")
        for query in rule.query_object_rules
        if query.active
    ]
    for target_object, lines in groupby(rule.field_rules, key=lambda line: line.target_object):
        parts += [Note(f"  fills {target_object or 'documents'}"), _field_rules(tuple(lines))]
    return parts if rule.field_rules else [*parts, Note("It has no field rules.")]


def _field_rules(rules: tuple[FieldRuleLine, ...]) -> Grid:
    with_lookup = any(_lookup(rule) for rule in rules)
    lines = []
    for rule in rules:
        tone: Tone = "" if rule.active else "muted"
        cells: list[Cell] = [(rule.target_docfield or rule.target_field, tone), SIGNS.pick("←", "<-"), rule.source]
        lines.append(Line((*cells, (_lookup(rule), "muted")) if with_lookup else tuple(cells)))
    heads = [Head("Target field", flex=True), Head(""), Head("From", flex=True)]
    if with_lookup:
        heads.append(Head("Lookup", flex=True))
    return Grid(tuple(heads), tuple(lines))


def _lookup(line: FieldRuleLine) -> str:
    parts = [
        f"by {line.target_lookup_field}" if line.target_lookup_field else "",
        line.reference_lookup or "",
        "" if line.active else "inactive",
    ]
    return ", ".join(part for part in parts if part)
