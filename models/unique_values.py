"""Unique fields: within a set of records that are written together, who may have which value.

A value that one record of the set gives up is free for another one of it: so two records can swap their values, and a
row of records can pass theirs on (Assumed: the vendor says only that a unique value has one record).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, tuple_

from models.data_model import FieldModel, ObjectModel
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, UniqueValue, table_of

if TYPE_CHECKING:
    from models.record_writer import Draft

_records = table_of(Record)
_unique = table_of(UniqueValue)


@dataclass(slots=True)
class _Claim:
    """The drafts that want one value of one field, and the record that has it now, by its row."""

    field: FieldModel
    value: Any
    drafts: list["Draft"]
    owner: int | None = None


def check_unique(write: WriteSession, model: ObjectModel, drafts: Sequence["Draft"]) -> None:
    """Fail the drafts that want a value which another record keeps, or which an earlier draft takes."""
    claims = [claim for field in model.unique for claim in _claims(write, field, drafts)]
    movers = {draft.existing.key: draft for draft in drafts if draft.existing is not None}
    # Whoever fails keeps what he has, which may fail others: so until nobody fails any more.
    while any([_refuse_losers(claim, movers) for claim in claims]):  # noqa: C419 - every claim, not up to the first
        pass


def keep_unique_values(
    write: WriteSession, model: ObjectModel, creates: Sequence["Draft"], updates: Sequence["Draft"]
) -> None:
    """Write down who has which value, for drafts that were written just now."""
    keys: dict[str, int] = {}
    if creates:
        rows = write.execute(
            select(_records.c.record_id, _records.c.id).where(
                _records.c.vault_id == model.vault_id,
                one_of(_records.c.record_id, [draft.record_id for draft in creates]),
            )
        )
        keys.update({row.record_id: row.id for row in rows})
    given_up: list[tuple[int, str]] = []
    taken: list[dict[str, Any]] = []
    for field in model.unique:
        for draft in (*creates, *updates):
            old = draft.existing.values.get(field.name) if draft.existing else None
            new = draft.result.get(field.name)
            if old == new:
                continue
            if old is not None:
                given_up.append((field.id, _key_of(old)))
            if new is not None:
                key = draft.existing.key if draft.existing else keys[draft.record_id]
                taken.append({"field_id": field.id, "value": _key_of(new), "record_id": key})
    # First all that is given up, because it may be taken anew.
    if given_up:
        write.execute(delete(_unique).where(tuple_(_unique.c.field_id, _unique.c.value).in_(given_up)))
    if taken:
        write.execute(insert(_unique), taken)


def _claims(write: WriteSession, field: FieldModel, drafts: Sequence["Draft"]) -> Iterator[_Claim]:
    """The values that drafts want and do not have yet."""
    wanted: dict[str, _Claim] = {}
    for draft in drafts:
        value = draft.result.get(field.name)
        if value is not None and (draft.existing is None or draft.existing.values.get(field.name) != value):
            wanted.setdefault(_key_of(value), _Claim(field, value, [])).drafts.append(draft)
    if not wanted:
        return
    owned = select(_unique.c.value, _unique.c.record_id).where(
        _unique.c.field_id == field.id, one_of(_unique.c.value, wanted)
    )
    for row in write.execute(owned):
        wanted[row.value].owner = row.record_id
    yield from wanted.values()


def _refuse_losers(claim: _Claim, movers: dict[int, "Draft"]) -> bool:
    """Fail who cannot have the value; answers whether a draft that was good so far failed."""
    if claim.owner is None and len(claim.drafts) == 1:
        return False
    mover = movers.get(claim.owner) if claim.owner is not None else None
    is_free = claim.owner is None or (
        mover is not None and not mover.problems and mover.result.get(claim.field.name) != claim.value
    )
    winner = next((draft for draft in claim.drafts if not draft.problems), None) if is_free else None
    value, failed = _key_of(claim.value), False
    for draft in claim.drafts:
        if draft is not winner and (winner is not None or not is_free):
            failed |= not draft.problems
            draft.fail(claim.field.name, f"{claim.field.label} must be unique, and another record has {value!r}.")
    return failed


def _key_of(value: Any) -> str:
    """The text that stands for a value; numbers that are equal have the same."""
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
