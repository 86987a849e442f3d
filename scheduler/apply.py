"""Applying items to target records: the same steps for a fresh message, a retry, and an open item.

First, without the write lock, the source rows are read and the rules evaluated (`prepare`). Then, in one write
transaction, target records are matched, references resolved, and everything is written (`apply`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from models.callback import SourceRow, read_source_rows
from models.record_writer import Draft, Effect, Existing, existing_from_row, write_records
from models.rules.compiled import CompiledFieldRule, CompiledTarget
from models.sets import one_of
from models.store import WriteSession
from models.system_fields import LABELS, SYSTEM_COLUMNS
from models.tables import Matching, Record, table_of
from scheduler.route import Route

_records = table_of(Record)


@dataclass(slots=True)
class Candidate:
    """One source row on its way to one target object."""

    row: SourceRow
    values: dict[str, Any]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items with their rules evaluated. `gone` are items whose source record no longer exists."""

    route: Route
    items: Sequence[str]
    gone: int
    candidates: Mapping[int, list[Candidate]]
    """By position of the target in the route's rules."""


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

    def add(self, candidate: Candidate, target: CompiledTarget, draft: Draft) -> None:
        """Count what became of one draft."""
        match draft.effect:
            case Effect.CREATED:
                self.created += 1
            case Effect.UPDATED:
                self.updated += 1
            case Effect.UNCHANGED:
                self.unchanged += 1
            case Effect.FAILED:
                data = {name: value for name, value in candidate.values.items() if value is not None}
                self.failures.append(Failure(candidate.row.record_id, target.model.name, draft.problems, data))

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
    rows = read_source_rows(session, route.source, items, route.rules.paths)
    candidates: dict[int, list[Candidate]] = {}
    found = [row for item in items if (row := rows.get(item)) is not None]
    values = [row.values for row in found]
    for position, target in enumerate(route.rules.targets):
        candidates[position] = [
            Candidate(row, *evaluated) for row, evaluated in zip(found, target.evaluate_all(values), strict=True)
        ]
    return Prepared(route, items, len(items) - len(rows), candidates)


def apply(write: WriteSession, prepared: Prepared) -> Applied:
    """Create or update the target records; what cannot be written is answered as failures, the rest is written."""
    applied = Applied(skipped=prepared.gone * len(prepared.route.rules.targets))
    for position, target in enumerate(prepared.route.rules.targets):
        _apply_target(write, prepared.route, target, prepared.candidates[position], applied)
    return applied


def _apply_target(
    write: WriteSession, route: Route, target: CompiledTarget, candidates: Sequence[Candidate], applied: Applied
) -> None:
    matches = _match(write, route, target, candidates)
    for rule in target.field_rules:
        if rule.resolves:
            _resolve(write, rule, candidates)
    drafted: list[tuple[Candidate, Draft]] = []
    for candidate in candidates:
        existing = matches.get(candidate.row.record_id)
        if _left_alone(route, existing):
            applied.skipped += 1
            continue
        if existing is None:
            candidate.values.setdefault("link__sys", candidate.row.global_id)
        drafted.append((candidate, Draft(candidate.values, existing, candidate.problems)))
    resolved = {rule.target_field for rule in target.field_rules if rule.resolves}
    write_records(write, target.model, [draft for _, draft in drafted], route.writes_as, resolved)
    for candidate, draft in drafted:
        applied.add(candidate, target, draft)


def _left_alone(route: Route, existing: Existing | None) -> bool:
    """Whether the point neither creates nor updates here; a record that came from this Vault is never created anew."""
    if existing is None:
        return not route.creates or route.matching is Matching.ORIGIN
    return not route.updates


def _match(
    write: WriteSession, route: Route, target: CompiledTarget, candidates: Sequence[Candidate]
) -> dict[str, Existing]:
    """Find the target record of each source record, by source record id.

    Link is not unique: of several target records with the same Link the oldest is taken (Assumed).
    """
    if route.matching is Matching.LINK:
        column, keys = _records.c.link, {row.global_id: row.record_id for row in (each.row for each in candidates)}
    else:
        column = _records.c.global_id
        keys = {row.link: row.record_id for row in (each.row for each in candidates) if row.link}
    if not keys:
        return {}
    found: dict[str, Existing] = {}
    statement = (
        select(_records).where(_records.c.object_id == target.model.id, one_of(column, keys)).order_by(_records.c.id)
    )
    for row in write.execute(statement).all():
        key = row.link if route.matching is Matching.LINK else row.global_id
        found.setdefault(keys[key], existing_from_row(row))
    return found


def _resolve(write: WriteSession, rule: CompiledFieldRule, candidates: Sequence[Candidate]) -> None:
    """Replace the keys of an object reference by the ids of the records that have them."""
    if rule.reference is None or rule.match_on is None:
        return
    keys = {str(value) for each in candidates if (value := each.values.get(rule.target_field)) is not None}
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
    for candidate in candidates:
        value = candidate.values.get(rule.target_field)
        if value is None:
            continue
        record_id = ids.get(str(value))
        candidate.values[rule.target_field] = record_id
        if record_id is None:
            label = LABELS.get(rule.match_on, rule.match_on)
            candidate.problems[rule.target_field] = (
                f"No {rule.reference.reference} record of this Vault has {label} {value}."
            )
