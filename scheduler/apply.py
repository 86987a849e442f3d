"""Applying items to target records: the same steps for a fresh message, a retry, an open item, and a dry run.

First, without the write lock, the source is called back and the rules are evaluated (`prepare`). Then, in one write
transaction, target records are matched, references resolved, and everything is written (`apply`). What came of each
draft stays with it: its effect, what it found (`existing`), what it wrote (`result`), or why not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.callback import DeletedRecord, SourceRow, SourceRows, read_deleted
from models.record_writer import Draft, Effect, Existing, write_records
from models.rules.compiled import CompiledFieldRule, CompiledRule, CompiledTarget
from models.rules.usage import LookupUsage
from models.sets import one_of
from models.store import WriteSession
from models.system_fields import LABELS, SYSTEM_COLUMNS
from models.tables import DeletePolicy, Matching, MessageEvent, Record, RecordStatus, table_of
from scheduler.behaviour import Receiving
from scheduler.departures import depart
from scheduler.documents import oldest_first, withdraw, write_documents
from scheduler.matching import LINK, Pair, ceased, fills_link, in_turn, match, steps_of
from scheduler.outcome import Applied, Failure
from scheduler.route import Route

__all__ = ["Applied", "Failure", "Part", "Prepared", "apply", "prepare"]

_records = table_of(Record)

NOT_CREATED = "The integration point creates no records, and there is none to update."
NOT_UPDATED = "The integration point updates no records."
NO_ORIGIN = "This Vault has no record from which the source record came."
NOT_LINKED = "The rule updates the record with the Link that it fills, and there is none."
CEASED = "The target record was deleted; the connection has ceased to update it."


@dataclass(frozen=True, slots=True)
class Part:
    """What one rule makes of the source records that it takes, for one target object: a draft for each of them."""

    rule: CompiledRule
    target: CompiledTarget
    source: SourceRows
    drafts: Sequence[Draft]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items with their rules evaluated. `untaken` counts items that no rule takes, the deleted ones left aside.

    `departed` are source records that were deleted and about which the delete policy has something to say, `withdrawn`
    versions of documents that are not sent any more.
    """

    route: Route
    parts: Sequence[Part] = ()
    untaken: int = 0
    departed: Sequence[DeletedRecord] = ()
    withdrawn: Sequence[str] = ()
    usage: LookupUsage = field(default_factory=LookupUsage)


def prepare(
    session: Session, route: Route, items: Sequence[str], event: MessageEvent = MessageEvent.CHANGED
) -> Prepared:
    """Call back for the items' source records and evaluate the rules for each target object.

    An item whose source record is gone is one that was deleted, whatever its message says.
    """
    # An item that a message names twice is one record.
    ids = list(dict.fromkeys(items))
    if event is MessageEvent.DELETED:
        departed = _departed(session, route, ids)
        return Prepared(route, untaken=len(items) - len(departed), departed=departed)
    if event is MessageEvent.WITHDRAWN:
        return Prepared(route, untaken=len(items) - len(ids), withdrawn=ids)
    reached = _reached(session, route, ids)
    read = {filters: call.read(session, reached) for filters, call in route.calls.items()}
    usage = LookupUsage()
    parts: list[Part] = []
    for rule in route.rules.rules:
        source = read[rule.filters]
        for target in rule.targets:
            made = target.evaluate_all(source.columns, len(source.rows))
            parts.append(Part(rule, target, source, [Draft(values, None, problems) for values, problems in made]))
            usage.note(target, source.columns)
    taken = {row.record_id for source in read.values() for row in source.rows}
    if reached is not ids:
        taken.intersection_update(ids)
    departed = _departed(session, route, [each for each in ids if each not in taken]) if len(taken) < len(ids) else []
    return Prepared(route, parts, len(items) - len(taken) - len(departed), departed, usage=usage)


def apply(write: WriteSession, prepared: Prepared) -> Applied:
    """Create or update the target records; what cannot be written is answered as failures, the rest is written."""
    applied = Applied(skipped=prepared.untaken)
    for part in prepared.parts:
        _apply_part(write, prepared.route, part, applied)
    depart(write, prepared.route, prepared.departed, applied)
    withdraw(write, prepared.route, prepared.withdrawn, applied)
    return applied


def _reached(session: Session, route: Route, ids: list[str]) -> list[str]:
    """The items with what the point's behaviours call back for beside them; the very same list without these."""
    reached: Sequence[str] = ids
    for behaviour in route.behaviours:
        reached = behaviour.reach(session, route, reached)
    return ids if reached is ids else list(dict.fromkeys(reached))


def _departed(session: Session, route: Route, missing: Sequence[str]) -> list[DeletedRecord]:
    if route.following.policy is DeletePolicy.LEAVE or not missing:
        return []
    return read_deleted(session, route.source, missing)


def _apply_part(write: WriteSession, route: Route, part: Part, applied: Applied) -> None:
    target = part.target
    resolving = [rule for rule in target.field_rules if rule.resolves]
    own = [rule for rule in resolving if rule.reference is not None and rule.reference.reference_id == target.model.id]
    for rule in resolving:
        if rule not in own:
            _resolve(write, rule, part.drafts)
    pairs: Sequence[Pair] = list(zip(part.source.rows, part.drafts, strict=True))
    for behaviour in route.behaviours:
        behaviour.drafted(write, Receiving(route, target, pairs))
    if route.source.is_document:
        pairs = oldest_first(pairs)
    for batch in _referred_first(own, pairs) if own else (pairs,):
        for rule in own:
            _resolve(write, rule, [draft for _, draft in batch])
        _apply_pairs(write, route, target, batch, {rule.target_field for rule in resolving}, applied)


def _referred_first(own: Sequence[CompiledFieldRule], pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    """Drafts that refer to records of their own object, as slides to their binder, come after those that do not."""
    fields = [rule.target_field for rule in own]
    refer = {row.global_id for row, draft in pairs if any(draft.values.get(name) for name in fields)}
    yield [pair for pair in pairs if pair[0].global_id not in refer]
    yield [pair for pair in pairs if pair[0].global_id in refer]


def _apply_pairs(
    write: WriteSession,
    route: Route,
    target: CompiledTarget,
    waiting: Sequence[Pair],
    resolved: set[str],
    applied: Applied,
) -> None:
    """Match drafts and write them, those that may touch the same target record one after the other."""
    steps = steps_of(route, target)
    while waiting:
        found = match(write, target.model, steps, waiting)
        now, later = in_turn(steps, waiting, found, versions=route.source.is_document)
        drafted = [waiting[place] for place in now]
        for (_, draft), place in zip(drafted, now, strict=True):
            draft.existing = found[place]
        _write_with_behaviours(write, Receiving(route, target, drafted), resolved, applied)
        waiting = [waiting[place] for place in later]


def _write_with_behaviours(write: WriteSession, receiving: Receiving, resolved: set[str], applied: Applied) -> None:
    """Write drafts that do not touch the same target record, and let the point's behaviours step in."""
    for behaviour in receiving.route.behaviours:
        behaviour.before(write, receiving)
    _write(write, receiving.route, receiving.target, receiving.pairs, resolved)
    applied.add(receiving.target.model, receiving.pairs)
    for behaviour in receiving.route.behaviours:
        for model, drafted in behaviour.after(write, receiving):
            applied.depend(model, drafted)


def _write(
    write: WriteSession, route: Route, target: CompiledTarget, drafted: Sequence[Pair], resolved: set[str]
) -> None:
    """Write drafts, each over the record that was found for it."""
    by_rule = fills_link(target)
    new = [] if by_rule else [row.global_id for row, draft in drafted if draft.existing is None]
    lets_cease = route.creates and not any(behaviour.creates_anew for behaviour in route.behaviours)
    gone = ceased(write, target.model, new) if lets_cease and route.matching is not Matching.ORIGIN else set()
    takes_all = route.creates and route.updates and route.matching is not Matching.ORIGIN and not gone
    written: list[Pair] = []
    for row, draft in drafted:
        if draft.effect is Effect.SKIPPED:
            continue
        if by_rule and draft.existing is None:
            draft.skip(NOT_LINKED)
            continue
        if not takes_all and (why := _left_alone(route, row, draft.existing, gone)):
            draft.skip(why)
            continue
        _connect(route, row, draft, by_rule=by_rule)
        written.append((row, draft))
    if target.model.is_document:
        write_documents(write, route, target.model, written, resolved)
        return
    write_records(write, target.model, [draft for _, draft in written], route.writes_as, resolved)


def _left_alone(route: Route, row: SourceRow, existing: Existing | None, gone: set[str]) -> str:
    """Why nothing is written; empty when something is. A record that came from this Vault is never created anew."""
    if existing is not None:
        return "" if route.updates else NOT_UPDATED
    if route.matching is Matching.ORIGIN:
        return NO_ORIGIN
    if not route.creates:
        return NOT_CREATED
    return CEASED if row.global_id in gone else ""


def _connect(route: Route, row: SourceRow, draft: Draft, *, by_rule: bool) -> None:
    """Give the draft what the engine itself writes.

    The Link, by which the record is found again; it is never taken from another source record, and one that a rule
    fills is that of the record that the rule updates. And Status, whatever a field rule says, where the
    integration's targets follow when a source record is inactivated; on activation they stay (Assumed).
    """
    if by_rule:
        draft.values.pop(LINK, None)
    elif route.matching is Matching.LINK:
        draft.values[LINK] = row.global_id
    elif route.matching is not Matching.ORIGIN:
        held = None if draft.existing is None else draft.existing.values[LINK]
        draft.values[LINK] = held or row.global_id
    if route.following.inactivates and not by_rule and row.status is RecordStatus.INACTIVE:
        draft.values["status__v"] = RecordStatus.INACTIVE
        draft.problems.pop("status__v", None)


def _resolve(write: WriteSession, rule: CompiledFieldRule, drafts: Sequence[Draft]) -> None:
    """Replace the keys of an object reference by the ids of the records that have them."""
    if rule.reference is None or rule.match_on is None:
        return
    keys = {str(value) for draft in drafts if (value := draft.values.get(rule.target_field)) is not None}
    if not keys:
        return
    column: ColumnElement[Any]
    if rule.match_on in SYSTEM_COLUMNS:
        column = _records.c[SYSTEM_COLUMNS[rule.match_on]]
    else:
        column = _records.c.data[rule.match_on].as_string()
    statement = (
        select(column, _records.c.record_id)
        .where(
            _records.c.object_id == rule.reference.reference_id,
            one_of(column, sorted(keys)),
        )
        .order_by(_records.c.id.desc())
    )
    ids: dict[str, str] = {str(key): record_id for key, record_id in write.execute(statement)}
    for draft in drafts:
        value = draft.values.get(rule.target_field)
        if value is None:
            continue
        record_id = ids.get(str(value))
        draft.values[rule.target_field] = record_id
        if record_id is None:
            label = LABELS.get(rule.match_on, rule.match_on)
            draft.problems[rule.target_field] = (
                f"No {rule.reference.reference} record of this Vault has {label} {value}."
            )
