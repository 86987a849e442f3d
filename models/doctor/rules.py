"""Do the rules still fit both data models (seed S1, limitations: a Vault says nothing when they no longer do)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from models.callback import compile_call_back
from models.data_model import DOCUMENTS, FieldModel, ObjectModel
from models.doctor.case import Case, Inbound, Side, Stream, quoted
from models.doctor.finding import Finding, FindingKind, Findings
from models.errors import ConsoleError
from models.permissions import Actor
from models.rules.binding import query_item_of
from models.rules.load import load_point_rules
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    FieldRule,
    FieldType,
    IntegrationRule,
    Matching,
    QueryObjectRule,
    ReferenceLookup,
    ReferenceLookupKey,
    table_of,
)

_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)
_query_rules = table_of(QueryObjectRule)
_lookups = table_of(ReferenceLookup)
_keys = table_of(ReferenceLookupKey)


@dataclass(frozen=True, slots=True)
class RuleUse:
    """An active field rule where it works: what sender sends through which point to which receiver."""

    sender: Side
    receiver: Side
    stream: Stream
    point: Inbound
    rule: Row[Any]
    now: datetime

    @property
    def target_object(self) -> str:
        """The object it writes to."""
        return DOCUMENTS if self.rule.target_docfield else str(self.rule.target_object)

    @property
    def target_field(self) -> str:
        """The field it writes to."""
        return str(self.rule.target_docfield or self.rule.target_field)

    def finding(self, kind: FindingKind, cause: str, remedy: str, where: str = "", part: str = "") -> Finding:
        """A finding about the field rule, or about the part of the integration that `where` names."""
        where = where or f"Field rule {self.rule.rule_name} / {self.rule.api_name}"
        command = f"rules show {quoted(self.rule.rule_api_name)}"
        part = part or f"field:{self.rule.id}"
        return at_point(self.receiver, self.point, kind, cause, remedy, where, part, command)


def at_point(
    receiver: Side,
    point: Inbound,
    kind: FindingKind,
    cause: str,
    remedy: str,
    where: str = "",
    part: str = "",
    command: str = "",
) -> Finding:
    """A finding about an inbound point, or about something in it: `part` is its key in the integration's design."""
    return receiver.finding(
        kind,
        cause,
        remedy,
        area="design",
        key=part or f"point:{point.point_id}",
        within=point.integration_id,
        where=where or f"Integration point {point.point}",
        command=command or f"integrations show {quoted(point.integration_api_name)}",
    )


def arriving(case: Case) -> Iterator[tuple[Side, Side, Stream, Inbound]]:
    """What active integrations send to points of active integrations: sender, receiver, stream and point."""
    for sender, receiver in case.flows:
        for stream in sender.streams:
            point = receiver.inbound.get(stream.remote_point)
            if point is not None and stream.active and point.active:
                yield sender, receiver, stream, point


def rule_uses(case: Case) -> list[RuleUse]:
    """The active field rules of active integrations, each with the stream that it reads."""
    rules = {side.key: _active_field_rules(side) for side in case.sides}
    return [
        RuleUse(sender, receiver, stream, point, rule, case.now)
        for sender, receiver, stream, point in arriving(case)
        for rule in rules[receiver.key][point.point_id]
        if rule.query_object in ("", stream.object_name)
    ]


def _active_field_rules(side: Side) -> defaultdict[int, list[Row[Any]]]:
    statement = (
        select(
            _field_rules,
            _rules.c.point_id,
            _rules.c.name.label("rule_name"),
            _rules.c.api_name.label("rule_api_name"),
        )
        .join(_rules, _rules.c.id == _field_rules.c.rule_id)
        .where(_rules.c.vault_id == side.vault_id, _rules.c.active, _field_rules.c.active)
        .order_by(_rules.c.position, _rules.c.id, _field_rules.c.position, _field_rules.c.id)
    )
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in side.session.execute(statement):
        found[row.point_id].append(row)
    return found


def check_rules(case: Case) -> Findings:
    """Active field rules against the objects and fields on both sides."""
    uses = rule_uses(case)
    yield from _streams_without_rules(case, uses)
    told: set[tuple[int, FindingKind]] = set()
    for use in uses:
        for finding in _field_rule(use):
            if (use.rule.id, finding.kind) not in told:
                told.add((use.rule.id, finding.kind))
                yield finding
    yield from _filters(uses)
    yield from _required_fields(uses)


def check_rules_as_a_whole(case: Case) -> Findings:
    """What else keeps the rules of a point from being used: the receive job's own reading of them is asked."""
    for _sender, receiver, stream, point in arriving(case):
        try:
            load_point_rules(receiver.session, receiver.vault_id, receiver.key, point.point_id, stream.object_name)
        except ConsoleError as error:
            yield at_point(receiver, point, FindingKind.RULES_BROKEN, error.message, error.remedy)


def _filters(uses: list[RuleUse]) -> Findings:
    """Filter clauses of the query object rules."""
    rules = {use.rule.rule_id: use for use in uses if use.rule.query_object}
    for rule_id, use in rules.items():
        clauses = use.receiver.session.execute(
            select(_query_rules).where(
                _query_rules.c.rule_id == rule_id,
                _query_rules.c.active,
                _query_rules.c.query_object == use.stream.object_name,
                _query_rules.c.filter_clause != "",
            )
        ).all()
        for clause in clauses:
            problem = _query_problem(use, None, [clause.filter_clause])
            if problem:
                yield use.finding(
                    FindingKind.FILTER_BROKEN,
                    f"{clause.filter_clause}: {problem}",
                    "Correct the filter clause of the query object rule.",
                    f"Query object rule {use.rule.rule_name} / {clause.api_name}",
                    f"query:{clause.id}",
                )


def _streams_without_rules(case: Case, uses: list[RuleUse]) -> Findings:
    read = {
        (use.stream.point_id, use.stream.object_name, use.stream.remote_point) for use in uses if use.rule.query_object
    }
    for sender, receiver, stream, point in arriving(case):
        if (stream.point_id, stream.object_name, stream.remote_point) not in read:
            yield at_point(
                receiver,
                point,
                FindingKind.NO_ACTIVE_RULE,
                f"{sender.vault} sends {stream.object_name} to point {point.point}; no active rule of "
                f"{receiver.vault} reads it.",
                "Activate a rule of the point, or give it field rules for this query object.",
            )


def _field_rule(use: RuleUse) -> Findings:
    target = use.receiver.model(use.target_object)
    if target is None:
        yield use.finding(
            FindingKind.OBJECT_GONE,
            f"{use.receiver.vault} has no object {use.target_object}.",
            "Bring the object back, or inactivate the rule.",
        )
        return
    if use.target_field not in target.cleaners:
        yield use.finding(
            FindingKind.TARGET_FIELD_GONE,
            f"{target.label} of {use.receiver.vault} has no field {use.target_field}.",
            "Bring the field back, or correct the field rule.",
        )
    else:
        yield from _matching(use, target.fields.get(use.target_field))
        yield from _values(use, target)
    problem = _query_problem(use, query_item_of(use.rule))
    if problem:
        yield use.finding(
            FindingKind.QUERY_FIELD_GONE,
            f"{problem} The call-back to {use.sender.vault} fails for every message of this point.",
            "Bring the field back, or correct the query field of the field rule.",
        )


def _matching(use: RuleUse, field: FieldModel | None) -> Findings:
    match_on = use.rule.target_lookup_field
    if field is None or field.type is not FieldType.OBJECT or field.reference is None or match_on in (None, "id"):
        return
    referenced = use.receiver.model(field.reference)
    if referenced is not None and match_on not in SYSTEM_COLUMNS and match_on not in referenced.fields:
        yield use.finding(
            FindingKind.MATCH_FIELD_GONE,
            f"{field.label} is found by {match_on}, which {referenced.label} of {use.receiver.vault} does not have.",
            "Correct the Target Field Lookup of the field rule.",
        )


def _values(use: RuleUse, target: ObjectModel) -> Findings:
    """Values that the rule itself brings: its default, and the target keys of its lookup."""
    rule = use.rule
    field = target.fields.get(use.target_field)
    if field is not None and field.type is FieldType.OBJECT:
        return
    values: list[tuple[str, str]] = []
    if rule.default_value:
        values.append(("its default", rule.default_value))
    if rule.reference_lookup_id is not None:
        lookup = use.receiver.session.execute(
            select(_lookups).where(
                _lookups.c.id == rule.reference_lookup_id, _lookups.c.connection_id == use.receiver.key
            )
        ).one_or_none()
        if lookup is None:
            yield use.finding(
                FindingKind.LOOKUP_GONE,
                f"{use.receiver.name} has no reference lookup for it.",
                "Select a reference lookup of this connection.",
            )
        else:
            found = use.receiver.session.execute(
                select(_keys.c.target_key).distinct().where(_keys.c.lookup_id == lookup.id).order_by(_keys.c.target_key)
            ).scalars()
            values += [(f"a target key of {lookup.name}", key) for key in found]
    for what, value in values:
        try:
            target.cleaners[use.target_field](value)
        except ValueError as problem:
            yield use.finding(
                FindingKind.VALUE_REFUSED,
                f"{use.target_field} of {target.label} does not take {what}: {problem}",
                "Correct the value, or the picklist.",
            )
            return


def _query_problem(use: RuleUse, item: str | None, filters: Sequence[str] = ()) -> str | None:
    """What the source Vault would answer to a call-back that asks for this, whoever asks; None when it can."""
    source = use.sender.model(use.stream.object_name)
    if source is None or (item is None and not filters):
        return None
    anybody = Actor.system(use.sender.vault_id)
    try:
        compile_call_back(use.sender.session, source, anybody, [item or "id"], filters, now=use.now)
    except ConsoleError as error:
        return error.message if error.message.endswith(".") else f"{error.message}."
    return None


def _required_fields(uses: list[RuleUse]) -> Findings:
    """Required fields that no rule fills, where a point creates records.

    A rule that fills Link from across a reference updates what became of the record referred to, and one beside which
    another rule of the point fills all that is required has its record to complete: neither need create any. What the
    rules of a point with behaviours leave empty, these may fill.
    """
    filled: dict[tuple[int, str], tuple[RuleUse, set[str]]] = {}
    updating: set[tuple[int, str]] = set()
    for use in uses:
        key = use.rule.rule_id, use.target_object
        if use.point.creates and use.point.matching is not Matching.ORIGIN and not use.point.behaviours:
            filled.setdefault(key, (use, set()))[1].add(use.target_field)
        if use.target_field == "link__sys" and "." in (query_item_of(use.rule) or ""):
            updating.add(key)
    lacking: list[tuple[RuleUse, ObjectModel, list[str]]] = []
    whole: set[tuple[int, str, str]] = set()
    for key, (use, names) in filled.items():
        target = use.receiver.model(use.target_object)
        if target is None or use.target_object == DOCUMENTS or key in updating:
            continue
        missing = [name for name in ("name__v", *target.required) if name not in names]
        if missing:
            lacking.append((use, target, missing))
        else:
            whole.add(_made(use))
    for use, target, missing in lacking:
        if _made(use) not in whole:
            yield use.finding(
                FindingKind.REQUIRED_FIELD_EMPTY,
                f"Rule {use.rule.rule_name} fills no {', '.join(missing)} of {target.label}: new records are refused.",
                "Add a field rule with a query field or a default.",
                f"Rule {use.rule.rule_name}",
                f"rule:{use.rule.rule_id}",
            )


def _made(use: RuleUse) -> tuple[int, str, str]:
    """What a rule makes of what, by its point: rules that agree in this write the same records."""
    return use.point.point_id, use.stream.object_name, use.target_object
