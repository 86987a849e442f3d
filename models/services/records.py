"""What a user can do with records: create, change and delete them, with the rights his profile gives."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from models.audit import audit
from models.data_model import ObjectModel, load_object
from models.errors import InvalidInput, NotFound, NotPossible
from models.permissions import Actor, Permission, Right
from models.record_remover import remove_records
from models.record_writer import Draft, Effect, Existing, draft, existing_from_row, write_records
from models.store import WriteSession
from models.tables import Record, VaultObject, table_of

OBJECT_TYPE = "object_type__v"
"""The field that says of which type a record of its object is, where the object has types (Spark facts, section 4)."""

_records = table_of(Record)
_objects = table_of(VaultObject)


def create_record(write: WriteSession, actor: Actor, object_name: str, values: Mapping[str, Any]) -> str:
    """Create a record; answers its id. A document needs the permission for documents too.

    Raises NotAllowed, NotFound, or InvalidInput that names every bad field.
    """
    model = load_object(write, actor.vault_id, object_name)
    _require_creating(actor, model, values)
    wanted = draft(model, values)
    write_records(write, model, [wanted], actor.user_id)
    if wanted.problems:
        raise InvalidInput(wanted.problems)
    audit(
        write,
        actor,
        action="Create",
        object_name=model.name,
        item=f"{model.label}: {wanted.result['name__v']}",
        record_id=wanted.record_id,
    )
    return wanted.record_id


def create_records(write: WriteSession, actor: Actor, object_name: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Create many records at once, all or none; answers their ids in order.

    Raises InvalidInput for the first row that cannot be stored, with its number. Loads are not audited row by row.
    """
    model = load_object(write, actor.vault_id, object_name)
    for kind in {row.get(OBJECT_TYPE) for row in rows} or {None}:
        _require_creating(actor, model, {OBJECT_TYPE: kind})
    drafts = [draft(model, row) for row in rows]
    # What was written before the bad row goes with it, also when the caller's transaction goes on.
    with write.begin_nested():
        write_records(write, model, drafts, actor.user_id)
        for number, wanted in enumerate(drafts, start=1):
            if wanted.problems:
                raise InvalidInput({f"row {number}, {name}": text for name, text in wanted.problems.items()})
    return [wanted.record_id for wanted in drafts]


def change_record(write: WriteSession, actor: Actor, record_id: str, values: Mapping[str, Any]) -> bool:
    """Change fields of a record; answers whether anything changed.

    A save that changes nothing touches neither Modified Date nor audit. Raises NotAllowed, NotFound, InvalidInput, and
    NotPossible for a record that its object's `locked_when` locks, whoever edits it (seed S2, Inquiry).
    """
    model, existing = load_record(write, actor, record_id)
    for kind in {existing.values.get(OBJECT_TYPE), values.get(OBJECT_TYPE, existing.values.get(OBJECT_TYPE))}:
        actor.require_record(model.name, kind, Right.EDIT)
    if why := model.locked_by(existing.values):
        raise NotPossible(f"{existing.values['name__v']} is locked: {why}.", "Only jobs change it from now on.")
    return save_draft(write, actor, model, draft(model, values, existing))


def save_draft(write: WriteSession, actor: Actor, model: ObjectModel, wanted: Draft, action: str = "Edit") -> bool:
    """Write a draft of a record that exists, with its audit rows; answers whether anything changed.

    `action` is the audit's word for it. Raises InvalidInput that names every bad field.
    """
    existing = wanted.existing
    if existing is None:
        raise NotFound("There is no record to save.")
    write_records(write, model, [wanted], actor.user_id)
    if wanted.problems:
        raise InvalidInput(wanted.problems)
    if wanted.effect is Effect.UNCHANGED:
        return False
    before = {name: value for name, value in existing.values.items() if value is not None}
    changes = {
        name: (before.get(name), wanted.result.get(name))
        for name in {**before, **wanted.result}
        if before.get(name) != wanted.result.get(name)
    }
    audit(
        write,
        actor,
        action=action,
        object_name=model.name,
        item=f"{model.label}: {wanted.result['name__v']}",
        record_id=existing.record_id,
        changes=changes,
    )
    return True


def delete_record(write: WriteSession, actor: Actor, record_id: str) -> None:
    """Delete a record; a tombstone stays for the send job, and the audit keeps every value it had."""
    model, existing = load_record(write, actor, record_id)
    actor.require_record(model.name, existing.values.get(OBJECT_TYPE), Right.DELETE)
    remove_records(write, actor, model, [existing])


def _require_creating(actor: Actor, model: ObjectModel, values: Mapping[str, Any]) -> None:
    actor.require_record(model.name, values.get(OBJECT_TYPE), Right.CREATE)
    if model.is_document:
        actor.require(Permission.CREATE_DOCUMENT)


def load_record(write: WriteSession, actor: Actor, record_id: str) -> tuple[ObjectModel, Existing]:
    """A record of the actor's Vault with its object. Raises NotFound."""
    statement = (
        select(_records, _objects.c.name.label("object_name"))
        .join(_objects, _objects.c.id == _records.c.object_id)
        .where(_records.c.vault_id == actor.vault_id, _records.c.record_id == record_id)
    )
    row = write.execute(statement).one_or_none()
    if row is None:
        raise NotFound(f"Vault {actor.vault_id} has no record {record_id}.", "It may have been deleted.")
    return load_object(write, actor.vault_id, row.object_name), existing_from_row(row)
