"""Writes records in sets: checks them against the object, then inserts and updates in bulk.

Every way to write a record ends here, a person's edit as well as a receive job's batch, so that all keep the same
rules: all bad fields are named at once, a unique value has one owner, a reference has a target, and a save that
changes nothing touches no Modified Date (integration facts, section 5).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select, update

from models.bulk import bulk_insert
from models.data_model import FieldModel, ObjectModel
from models.document_writer import keep_versions, number_versions
from models.feed import Topic
from models.sets import one_of
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS, WRITABLE
from models.tables import Record, RecordStatus, Vault, table_of
from models.unique_values import check_unique, keep_unique_values

_records = table_of(Record)
_vaults = table_of(Vault)

BATCH = 500
"""Records per statement: larger sets are cut, so that a query never carries more parameters than a database takes."""

_TAKE_NUMBERS = (
    update(_vaults)
    .where(_vaults.c.id == bindparam("vault"))
    .values(next_record=_vaults.c.next_record + bindparam("count"))
    .returning(_vaults.c.next_record)
)
_INSERTED = ("record_id", "global_id", "name", "link", "status", "state", "data")
_UPDATE = (
    update(_records)
    .where(_records.c.id == bindparam("key"))
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("name", "link", "status", "state", "modified_by", "modified_at", "data")
        }
    )
)


class Effect(StrEnum):
    """What a write did to one record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    """Not written at all: whoever made the draft decided so, and its `note` says why."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Existing:
    """A record as it stands. `key` is its row; `values` maps writable field API names to stored values."""

    key: int
    record_id: str
    global_id: str
    values: dict[str, Any]


@dataclass(slots=True)
class Draft:
    """A wish to create a record, or to change `existing`.

    `values` are clean, as `ObjectModel.clean` answers them, and `problems` is what was found wrong so far.
    """

    values: dict[str, Any]
    existing: Existing | None = None
    problems: dict[str, str] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    effect: Effect = Effect.FAILED
    record_id: str = ""
    note: str = ""

    def skip(self, why: str) -> None:
        """Leave the draft out of what is written."""
        self.effect, self.note = Effect.SKIPPED, why

    def fail(self, name: str, problem: str) -> None:
        """Note what is wrong with a field; the first problem of a field stays."""
        self.problems.setdefault(name, problem)


def draft(model: ObjectModel, values: Mapping[str, Any], existing: Existing | None = None) -> Draft:
    """A draft from values as a person gives them, typed or as text."""
    cleaned, problems = model.clean(values)
    return Draft(cleaned, existing, problems)


def existing_from_row(row: Any) -> Existing:
    """Make an `Existing` from a row of the record table with all its columns."""
    values = {name: getattr(row, SYSTEM_COLUMNS[name]) for name in WRITABLE}
    values.update(row.data)
    return Existing(row.id, row.record_id, row.global_id, values)


def write_records(
    write: WriteSession,
    model: ObjectModel,
    drafts: Sequence[Draft],
    user_id: int | None,
    resolved: Collection[str] = (),
) -> None:
    """Apply drafts to one object; each draft is given its effect, its record id, and its problems by field.

    A draft with a problem is left out and the others are written. `resolved` names the object references whose
    records this transaction has just looked up, so that they need not be looked up again.
    """
    references = [reference for reference in model.references if reference.name not in resolved]
    for start in range(0, len(drafts), BATCH):
        _write_batch(write, model, drafts[start : start + BATCH], user_id, references)


def _write_batch(
    write: WriteSession,
    model: ObjectModel,
    drafts: Sequence[Draft],
    user_id: int | None,
    references: Sequence[FieldModel],
) -> None:
    for draft in drafts:
        _check(model, draft)
    if model.is_document:
        number_versions(model, drafts)
    for reference in references:
        _check_references(write, model, reference, drafts)
    if model.unique:
        check_unique(write, model, drafts)
    creates = [draft for draft in drafts if draft.existing is None and not draft.problems]
    updates = [draft for draft in drafts if draft.existing is not None and not draft.problems]
    updates = [draft for draft in updates if not _unchanged(draft)]
    if creates:
        _insert(write, model, creates, user_id)
    if updates:
        _update(write, updates, user_id)
    if model.unique and (creates or updates):
        keep_unique_values(write, model, creates, updates)
    if model.is_document and (creates or updates):
        keep_versions(write, model, creates, updates, user_id)
    if creates or updates:
        write.changed(Topic.RECORDS, model.vault_id)


def _unchanged(draft: Draft) -> bool:
    existing = draft.existing
    if existing is None or draft.result != {
        name: value for name, value in existing.values.items() if value is not None
    }:
        return False
    draft.effect, draft.record_id = Effect.UNCHANGED, existing.record_id
    return True


def _check(model: ObjectModel, draft: Draft) -> None:
    """Merge the values over the existing ones; `result` then holds every field that is not empty."""
    merged = draft.values if draft.existing is None else {**draft.existing.values, **draft.values}
    if None in merged.values():
        merged = {name: value for name, value in merged.items() if value is not None}
    draft.result = merged
    if "name__v" not in merged:
        draft.fail("name__v", "Name is required.")
    if draft.existing is not None:
        if "status__v" not in merged:
            draft.fail("status__v", "Status is required.")
        if "state__v" not in merged and draft.existing.values["state__v"] is not None:
            draft.fail("state__v", "Lifecycle State is required.")
    for name in model.required:
        if name not in merged:
            draft.fail(name, f"{model.fields[name].label} is required.")


def _check_references(write: WriteSession, model: ObjectModel, reference: FieldModel, drafts: Iterable[Draft]) -> None:
    name = reference.name
    new = [
        draft
        for draft in drafts
        if draft.result.get(name) is not None
        and (draft.existing is None or draft.existing.values.get(name) != draft.result[name])
    ]
    if not new:
        return
    found = set(
        write.execute(
            select(_records.c.record_id).where(
                _records.c.vault_id == model.vault_id,
                one_of(_records.c.record_id, {draft.result[name] for draft in new}),
                # Through a sum, so that the planner goes by the ids and does not walk the whole object.
                _records.c.object_id + 0 == reference.reference_id,
            )
        ).scalars()
    )
    for draft in new:
        if draft.result[name] not in found:
            draft.fail(name, f"There is no {reference.reference} record {draft.result[name]}.")


def _insert(write: WriteSession, model: ObjectModel, drafts: Sequence[Draft], user_id: int | None) -> None:
    after = write.connection().execute(_TAKE_NUMBERS, {"vault": model.vault_id, "count": len(drafts)}).scalar_one()
    vault_id, prefix, starting_state = model.vault_id, model.prefix, model.starting_state
    rows = []
    for number, draft in enumerate(drafts, start=after - len(drafts)):
        data = draft.result.copy()
        take = data.pop
        record_id = draft.record_id = prefix + str(number).zfill(12)
        rows.append(
            (
                record_id,
                f"{vault_id}_{number}",
                take("name__v"),
                take("link__sys", None),
                take("status__v", RecordStatus.ACTIVE),
                take("state__v", starting_state),
                data,
            )
        )
        draft.effect = Effect.CREATED
    same = {
        "vault_id": model.vault_id,
        "object_id": model.id,
        "created_by": user_id,
        "created_at": write.now,
        "modified_by": user_id,
        "modified_at": write.now,
    }
    bulk_insert(write, _records, same=same, columns=_INSERTED, rows=rows)


def _update(write: WriteSession, drafts: Sequence[Draft], user_id: int | None) -> None:
    rows = []
    for draft in drafts:
        existing = draft.existing
        if existing is None:
            continue
        data = dict(draft.result)
        draft.record_id = existing.record_id
        rows.append(
            {
                "key": existing.key,
                "new_name": data.pop("name__v"),
                "new_link": data.pop("link__sys", None),
                "new_status": data.pop("status__v"),
                "new_state": data.pop("state__v", None),
                "new_modified_by": user_id,
                "new_modified_at": write.now,
                "new_data": data,
            }
        )
        draft.effect = Effect.UPDATED
    # The Core connection: an ORM session would take a list of parameters for its own kind of bulk update.
    write.connection().execute(_UPDATE, rows)
