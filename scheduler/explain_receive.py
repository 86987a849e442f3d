"""The receiving half of an explanation: route, call-back, rules, match, fields and result, as in the receive job."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from models.callback import read_deleted
from models.data_model import ObjectModel
from models.record_writer import Draft, Effect
from models.rules.compiled import CompiledRule, FieldTrace
from models.store import WriteSession
from models.system_fields import LABELS
from models.tables import MessageEvent, Record, table_of
from models.versions import record_id_of
from scheduler.apply import Part, Prepared, apply, prepare
from scheduler.explain_waiting import AGAIN, ONCE_MENDED, open_items
from scheduler.matching import match, steps_of
from scheduler.route import Route, RouteBroken, load_route
from scheduler.story import FieldStory, Story, TargetStory, Telling, Way

_records = table_of(Record)

_RESULTS = {
    Effect.CREATED: "A new {label} record is made.",
    Effect.UPDATED: "{label} {id} is updated: {count} of its fields change.",
    Effect.UNCHANGED: "{label} {id} holds all of it already.",
}


def tell(
    write: WriteSession, way: Way, source_vault: int, object_name: str, items: Sequence[str], event: MessageEvent
) -> Iterator[Story]:
    """Explain items on their way into a point; `write` is a rehearsal's, for the target records are really written.

    What was written for one call is taken back before the next.
    """
    nested = write.begin_nested()
    try:
        yield from _tell(write, way, source_vault, object_name, items, event)
    finally:
        nested.rollback()


def _tell(
    write: WriteSession, way: Way, source_vault: int, object_name: str, items: Sequence[str], event: MessageEvent
) -> Iterator[Story]:
    tellings = {item: Telling(item, way, source_vault, object_name) for item in dict.fromkeys(items)}
    waiting = open_items(write, way, list(tellings))
    try:
        route = load_route(write, way.connection_id, way.point_name, object_name, write.now)
    except RouteBroken as broken:
        for telling in tellings.values():
            telling.say("Route", "stops", broken.message, broken.remedy)
            _tell_next_try(telling, waiting, ONCE_MENDED)
            yield telling.end()
        return
    prepared = prepare(write, route, list(tellings), event)
    matched = {id(draft): name for part in prepared.parts for draft, name in _matched(write, route, part)}
    traces = {
        id(draft): part.target.trace(part.source.values_of(place))
        for part in prepared.parts
        for place, draft in enumerate(part.drafts)
    }
    applied = apply(write, prepared)
    for telling in tellings.values():
        telling.say("Route", "ok", f"{route.point_name} of {way.integration} takes it.")
        _tell_rules(write, telling, route, prepared, event)
        for part in prepared.parts:
            for row, draft in zip(part.source.rows, part.drafts, strict=True):
                if row.record_id == telling.item:
                    telling.name = row.name
                    _tell_target(telling, part, draft, matched.get(id(draft), ""), traces[id(draft)])
        for model, row, draft in applied.dependents:
            if row.record_id == telling.item:
                _tell_dependent(telling, model, draft)
        _tell_next_try(telling, waiting, AGAIN)
        yield telling.end()


def _tell_next_try(telling: Telling, waiting: Mapping[str, str], again: str) -> None:
    if telling.item in waiting:
        telling.say("Next try", "waits", f"{waiting[telling.item]} {again}")


def _matched(write: WriteSession, route: Route, part: Part) -> Iterator[tuple[Draft, str]]:
    """By which step the target record of each draft is found; empty where there is none."""
    for row, draft in zip(part.source.rows, part.drafts, strict=True):
        for step in steps_of(route, part.target):
            if match(write, part.target.model, (step,), [(row, draft)])[0] is not None:
                yield draft, step.name
                break


def _tell_rules(write: WriteSession, telling: Telling, route: Route, prepared: Prepared, event: MessageEvent) -> None:
    item = telling.item
    if event is not MessageEvent.CHANGED or any(gone.record_id == item for gone in prepared.departed):
        policy = route.following.policy.value
        telling.say("Source", "note", f"The source record is {_event(event)}; delete policy: {policy}.")
        return
    taking = {part.rule.id for part in prepared.parts if any(row.record_id == item for row in part.source.rows)}
    if not taking and _is_gone(write, route, item):
        telling.say(
            "Source",
            "stops",
            f"{route.source.label} {item} is no longer in the source Vault; delete policy: "
            f"{route.following.policy.value}.",
            "Nothing is to be done, unless it was deleted by mistake.",
        )
        return
    for filters, call in route.calls.items():
        if any(rule.id in taking for rule in route.rules.rules if rule.filters == filters):
            telling.say("Call-back", "ok", call.text)
    for rule in route.rules.rules:
        _tell_rule(telling, rule, taken=rule.id in taking)
    if not taking:
        telling.say(
            "Rules", "stops", "No active rule takes the record.", "Change the record, or a query object rule's filter."
        )


def _tell_rule(telling: Telling, rule: CompiledRule, *, taken: bool) -> None:
    told = f" ({' AND '.join(rule.filters)})" if rule.filters else ""
    if taken:
        telling.say("Rule", "ok", f"{rule.name} takes it{told}.")
    else:
        telling.say("Rule", "note", f"{rule.name} does not take it: its filter lets it not through{told}.")


def _event(event: MessageEvent) -> str:
    return {MessageEvent.WITHDRAWN: "withdrawn"}.get(event, "deleted")


def _is_gone(write: WriteSession, route: Route, item: str) -> bool:
    if read_deleted(write, route.source, [item]):
        return True
    record_id = record_id_of(item) if route.source.is_document else item
    found = select(_records.c.id).where(_records.c.vault_id == route.source.vault_id, _records.c.record_id == record_id)
    return write.execute(found).first() is None


def _tell_target(telling: Telling, part: Part, draft: Draft, matched_by: str, traces: Sequence[FieldTrace]) -> None:
    model = part.target.model
    existing = draft.existing.record_id if draft.existing is not None else ""
    stories = tuple(_fields(model, draft, traces))
    telling.targets.append(
        TargetStory(
            part.target.rule_name, model.name, model.label, matched_by, existing, draft.effect, draft.note, stories
        )
    )
    if existing:
        telling.say("Match", "ok", f"{model.label} {existing} is found by {matched_by or 'an earlier item'}.")
    else:
        telling.say("Match", "note", f"No {model.label} record belongs to it yet.")
    _tell_result(telling, model, draft, stories)


def _tell_result(telling: Telling, model: ObjectModel, draft: Draft, stories: Sequence[FieldStory]) -> None:
    existing = draft.existing.record_id if draft.existing is not None else ""
    if draft.effect is Effect.FAILED:
        wrong = "; ".join(f"{_label(model, name)}: {problem}" for name, problem in draft.problems.items())
        telling.say("Result", "stops", f"{model.label}: {wrong}", "Correct the source record or the rule.")
    elif draft.effect is Effect.SKIPPED:
        telling.say("Result", "stops", draft.note)
    else:
        count = sum(story.before != story.after for story in stories)
        text = _RESULTS[draft.effect].format(label=model.label, id=existing, count=count)
        telling.say("Result", "ok", text)


def _tell_dependent(telling: Telling, model: ObjectModel, draft: Draft) -> None:
    """What a behaviour of the point has written on account of the item."""
    existing = draft.existing.record_id if draft.existing is not None else ""
    stories = tuple(_fields(model, draft, ()))
    telling.targets.append(
        TargetStory("a behaviour", model.name, model.label, "", existing, draft.effect, draft.note, stories)
    )
    _tell_result(telling, model, draft, stories)


def _fields(model: ObjectModel, draft: Draft, traces: Sequence[FieldTrace]) -> Iterator[FieldStory]:
    """A story per target field: those of the rules in their order, then what the engine wrote or missed by itself."""
    before = draft.existing.values if draft.existing is not None else {}
    written = draft.result if draft.effect is not Effect.FAILED else {**draft.result, **draft.values}
    told = set()
    for trace in traces:
        name = trace.target_field
        told.add(name)
        problem = draft.problems.get(name) or trace.problem or ""
        yield FieldStory(_label(model, name), trace, before.get(name), written.get(name), problem)
    others: dict[str, Any] = dict.fromkeys((*draft.problems, *(n for n in written if before.get(n) != written.get(n))))
    for name in others:
        if name not in told:
            problem = draft.problems.get(name, "")
            yield FieldStory(_label(model, name), None, before.get(name), written.get(name), problem)


def _label(model: ObjectModel, name: str) -> str:
    return LABELS.get(name) or model.label_of(name)
