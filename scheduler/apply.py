"""Applying items to target records: the same steps for a fresh message, a retry, and an open item.

First, without the write lock, the source rows are read and the rules evaluated (`prepare`). Then, in one write
transaction, target records are matched, references resolved, and everything is written (`apply`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlmodel import Session

from models.callback import SourceRow, read_source_rows
from models.record_writer import Draft, Effect, Existing, existing_from_row, write_records
from models.rules.compiled import CompiledFieldRule, CompiledTarget
from models.sets import one_of, packed
from models.store import WriteSession
from models.system_fields import LABELS, SYSTEM_COLUMNS
from models.tables import Matching, Record, table_of
from scheduler.route import Route

_records = table_of(Record)

_MATCHING = {
    matching: select(_records)
    .where(_records.c.object_id == bindparam("object_id"), one_of(column, "keys"))
    .order_by(_records.c.id)
    for matching, column in ((Matching.LINK, _records.c.link), (Matching.ORIGIN, _records.c.global_id))
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items with their rules evaluated. `gone` counts items whose source record no longer exists.

    `drafts` has a list for each target of the route's rules, with a draft for each of `rows`.
    """

    route: Route
    gone: int
    rows: Sequence[SourceRow]
    drafts: Sequence[Sequence[Draft]]


@dataclass(frozen=True, slots=True)
class Failure:
    """A target record that could not be written, with what is wrong per target field and what was to be written."""

    item: str
    target_object: str
    fields: dict[str, str]
    data: dict[str, Any]

    @property
    def sentence(self) -> str:
        """All problems in one line."""
        return " ".join(f"{name}: {problem}" for name, problem in self.fields.items())


@dataclass(slots=True)
class Applied:
    """What became of a set of items, counted by target record."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, target: CompiledTarget, drafted: Sequence[tuple[SourceRow, Draft]]) -> None:
        """Count what became of the drafts for one target."""
        effects = Counter(draft.effect for _, draft in drafted)
        self.created += effects[Effect.CREATED]
        self.updated += effects[Effect.UPDATED]
        self.unchanged += effects[Effect.UNCHANGED]
        if not effects[Effect.FAILED]:
            return
        for row, draft in drafted:
            if draft.effect is Effect.FAILED:
                data = {name: value for name, value in draft.values.items() if value is not None}
                self.failures.append(Failure(row.record_id, target.model.name, draft.problems, data))

    def counts(self) -> dict[str, int]:
        """As counted in a job run."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "failed": len(self.failures),
        }


def prepare(session: Session, route: Route, items: Sequence[str]) -> Prepared:
    """Call back for the items' source records and evaluate the rules for each target object."""
    found = read_source_rows(session, route.source, items, route.rules.paths)
    # An item that a message names twice is one record.
    rows = [row for item in dict.fromkeys(items) if (row := found.get(item)) is not None]
    values = [row.values for row in rows]
    drafts = [
        [Draft(target_values, None, problems) for target_values, problems in target.evaluate_all(values)]
        for target in route.rules.targets
    ]
    return Prepared(route, len(items) - len(rows), rows, drafts)


def apply(write: WriteSession, prepared: Prepared) -> Applied:
    """Create or update the target records; what cannot be written is answered as failures, the rest is written."""
    applied = Applied(skipped=prepared.gone * len(prepared.route.rules.targets))
    for target, drafts in zip(prepared.route.rules.targets, prepared.drafts, strict=True):
        _apply_target(write, prepared.route, target, prepared.rows, drafts, applied)
    return applied


def _apply_target(
    write: WriteSession,
    route: Route,
    target: CompiledTarget,
    rows: Sequence[SourceRow],
    drafts: Sequence[Draft],
    applied: Applied,
) -> None:
    matches = _match(write, route, target, rows)
    resolved = {rule.target_field for rule in target.field_rules if rule.resolves}
    for rule in target.field_rules:
        if rule.resolves:
            _resolve(write, rule, drafts)
    is_linked = route.matching is Matching.LINK
    drafted: list[tuple[SourceRow, Draft]] = []
    for row, draft in zip(rows, drafts, strict=True):
        existing = draft.existing = matches.get(row.record_id)
        if _left_alone(route, existing):
            applied.skipped += 1
            continue
        if is_linked:
            # Whatever a field rule says: by its Link the record is found again.
            draft.values["link__sys"] = row.global_id
        drafted.append((row, draft))
    write_records(write, target.model, [draft for _, draft in drafted], route.writes_as, resolved)
    applied.add(target, drafted)


def _left_alone(route: Route, existing: Existing | None) -> bool:
    """Whether the point neither creates nor updates here; a record that came from this Vault is never created anew."""
    if existing is None:
        return not route.creates or route.matching is Matching.ORIGIN
    return not route.updates


def _match(write: WriteSession, route: Route, target: CompiledTarget, rows: Sequence[SourceRow]) -> dict[str, Existing]:
    """Find the target record of each source record, by source record id.

    Link is not unique: of several target records with the same Link the oldest is taken (Assumed).
    """
    if route.matching is Matching.LINK:
        keys = {row.global_id: row.record_id for row in rows}
    else:
        keys = {row.link: row.record_id for row in rows if row.link}
    if not keys:
        return {}
    found: dict[str, Existing] = {}
    parameters = {"object_id": target.model.id, "keys": packed(keys)}
    for row in write.connection().execute(_MATCHING[route.matching], parameters).all():
        key = row.link if route.matching is Matching.LINK else row.global_id
        found.setdefault(keys[key], existing_from_row(row))
    return found


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
