"""Finding the target record that belongs to a source record: for many at once, by the integration's way of matching.

The keys of a way of matching are those that the rules write: what the target record would hold. Assumed, where the
vendor says no more than which fields take part (integration facts, section 5):

- `LINK`: target Link = source Global ID (seed S0).
- `CRM_KEYS`: Link; else, among target records whose Link is blank, equal CRM Org with equal CRM ID; else, among those,
  equal External ID (seed S2). One that is linked to another source record belongs to that one.
- `EXTERNAL_ID`: equal External ID; else Link.
- `FIELDS`: the configured pair; else Link, so that a record without a value in the pair is not created twice.
- `ORIGIN`: target Global ID = source Link; where the source has no Link, equal External ID (seed S2).

Whatever the way of matching, a rule that fills Link from across a reference (`product__vr.global_id__sys`) updates
what became of the record referred to, and creates none.

An empty key matches nothing. Of several target records the oldest is taken. Record names never take part.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select
from sqlmodel import Session

from models.callback import SourceRow
from models.data_model import ObjectModel
from models.record_writer import Draft, Existing, existing_from_row
from models.rules.compiled import CompiledTarget
from models.sets import one_of, packed
from models.system_fields import SYSTEM_COLUMNS
from models.tables import Matching, Record, Tombstone, UniqueValue, table_of
from scheduler.route import Route

_records = table_of(Record)
_unique = table_of(UniqueValue)
_tombstones = table_of(Tombstone)

LINK = "link__sys"
CRM_ORG, CRM_ID, EXTERNAL_ID = ("crm_org", "crm_id", "external_id")
"""The fields of these ways of matching, whatever their suffix (Assumed)."""

Pair = tuple[SourceRow, Draft]
KeyOf = Callable[[SourceRow, Draft], str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One try: target records whose `field` holds the key of a source record.

    `also` names a further field that must hold the same as in the draft; `blank_link` takes only target records
    without a Link. With `shared` several source records may have the same key.
    """

    name: str
    field: str
    key: KeyOf
    also: str | None = None
    blank_link: bool = False
    shared: bool = False


def fills_link(target: CompiledTarget) -> bool:
    """Whether a rule fills Link from across a reference: it updates the record with that Link."""
    return any(rule.target_field == LINK and "." in (rule.query_item or "") for rule in target.field_rules)


def steps_of(route: Route, target: CompiledTarget) -> tuple[Step, ...]:
    """The tries of a route for one target object, in their order. Fields that the object does not have are left out."""
    model = target.model
    if fills_link(target):
        return (Step("Link of the rule", LINK, _written(LINK), shared=True),)
    by_link = Step("Link", LINK, lambda row, _draft: row.global_id)
    external = field_called(model, EXTERNAL_ID)
    match route.matching:
        case Matching.ORIGIN:
            origin = Step("origin", "global_id__sys", lambda row, _draft: row.link)
            return (origin, Step("External ID", external, _without_link(_written(external)))) if external else (origin,)
        case Matching.EXTERNAL_ID if external:
            return (Step("External ID", external, _written(external)), by_link)
        case Matching.CRM_KEYS:
            org, crm_id = field_called(model, CRM_ORG), field_called(model, CRM_ID)
            steps = [by_link]
            if org and crm_id:
                steps.append(Step("CRM Org and CRM ID", crm_id, _written(crm_id), also=org, blank_link=True))
            if external:
                steps.append(Step("External ID", external, _written(external), blank_link=True))
            return tuple(steps)
        case Matching.FIELDS if route.match_fields and _has(model, route.match_fields[1]):
            source, field = route.match_fields
            return (Step(f"{source} = {field}", field, lambda row, _draft: _text(row.values.get(source))), by_link)
        case _:
            return (by_link,)


def match(session: Session, model: ObjectModel, steps: Sequence[Step], pairs: Sequence[Pair]) -> list[Existing | None]:
    """The target record of each pair, None where there is none."""
    found: list[Existing | None] = [None] * len(pairs)
    for step in steps:
        key_of = step.key
        first: dict[str, int] = {}
        others: dict[str, list[int]] = {}
        for place, (row, draft) in enumerate(pairs):
            if found[place] is None and (key := key_of(row, draft)) and first.setdefault(key, place) != place:
                others.setdefault(key, []).append(place)
        if not first:
            continue
        for target in _candidates(session, model, step, first):
            key = str(target.key)
            existing: Existing | None = None
            for place in (first[key], *others.get(key, ())) if key in first else ():
                if found[place] is None and _agrees(step, target, pairs[place][1]):
                    existing = existing or existing_from_row(target)
                    found[place] = existing
    return found


def in_turn(
    steps: Sequence[Step], pairs: Sequence[Pair], found: Sequence[Existing | None], *, versions: bool = False
) -> tuple[list[int], list[int]]:
    """Which pairs can be written together, and which must wait until those are, because they may be the same record.

    Two source records may match one target record, or be about to create what the other one would match. With
    `versions` the pairs are about versions of documents, several of which may be of one document.
    """
    if not versions and len(steps) == 1 and steps[0].field == LINK and not steps[0].shared:
        return list(range(len(pairs))), []
    now: list[int] = []
    later: list[int] = []
    taken: set[tuple[str, str]] = set()
    for place, ((row, draft), existing) in enumerate(zip(pairs, found, strict=True)):
        claims = {(step.field, key) for step in steps if (key := step.key(row, draft))}
        if existing is not None:
            claims.add(("", existing.record_id))
        if versions:
            claims.add(("version", row.global_id))
        if claims & taken:
            later.append(place)
            continue
        taken |= claims
        now.append(place)
    return now, later


def ceased(session: Session, model: ObjectModel, global_ids: Collection[str]) -> set[str]:
    """Of the Global IDs of source records, those whose target record was deleted.

    "If a user deletes a record that either side of the connection was using, Vault ceases to update connected records
    with no notification" (seed S1): it is not made anew.
    """
    if not global_ids:
        return set()
    return set(session.connection().execute(_CEASED, {"object_id": model.id, "links": packed(global_ids)}).scalars())


_CEASED = select(_tombstones.c.link).where(
    _tombstones.c.object_id == bindparam("object_id"), one_of(_tombstones.c.link, "links")
)


def _candidates(session: Session, model: ObjectModel, step: Step, keys: Collection[str]) -> Iterator[Row[Any]]:
    field = model.fields.get(step.field)
    unique = field.id if field is not None and field.unique else None
    statement = _statement(step.field, unique, step.blank_link)
    parameters = {"object_id": model.id, "keys": packed(keys)}
    return iter(session.connection().execute(statement, parameters).all())


@lru_cache(maxsize=256)
def _statement(name: str, unique: int | None, blank_link: bool) -> Select[Any]:  # noqa: FBT001
    column: ColumnElement[Any]
    if unique is not None:
        # The values of a unique field are kept by themselves, with an index.
        column = _unique.c.value
        statement = select(_records, column.label("key")).join(_unique, _unique.c.record_id == _records.c.id)
        statement = statement.where(_unique.c.field_id == unique)
    else:
        column = _records.c[SYSTEM_COLUMNS[name]] if name in SYSTEM_COLUMNS else _records.c.data[name].as_string()
        statement = select(_records, column.label("key"))
    statement = statement.where(_records.c.object_id == bindparam("object_id"), one_of(column, "keys"))
    if blank_link:
        statement = statement.where(_records.c.link.is_(None))
    return statement.order_by(_records.c.id)


def _agrees(step: Step, target: Row[Any], draft: Draft) -> bool:
    if step.also is None:
        return True
    wanted = draft.values.get(step.also)
    return wanted is not None and target.data.get(step.also) == wanted


def field_called(model: ObjectModel, name: str) -> str | None:
    """The standard field of that name (`vexternal_id__v` in Vault CRM), else the custom one, else an artificial one."""
    names = (f"{name}__v", f"v{name}__v", f"{name}__c", f"sim_{name}__c")
    return next((full for full in names if full in model.fields), None)


def _has(model: ObjectModel, name: str) -> bool:
    return name in model.fields or name in SYSTEM_COLUMNS


def _written(name: str) -> KeyOf:
    def key(_row: SourceRow, draft: Draft) -> str | None:
        return _text(draft.values.get(name))

    return key


def _without_link(key_of: KeyOf) -> KeyOf:
    def key(row: SourceRow, draft: Draft) -> str | None:
        return None if row.link else key_of(row, draft)

    return key


def _text(value: Any) -> str | None:
    """A value as the database compares it."""
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
