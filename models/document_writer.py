"""Keeps the versions of documents in step with the records they are, whichever way those are written.

`models.record_writer` calls this for an object of documents: `number_versions` before it writes, `keep_versions` after.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from models.bulk import bulk_insert
from models.data_model import ObjectModel
from models.feed import Topic
from models.sets import one_of
from models.store import WriteSession
from models.tables import CrossLink, DocumentVersion, Record, RecordStatus, table_of
from models.versions import MAJOR, MINOR, StateType, Version, entering, first_version, version_id, version_in

if TYPE_CHECKING:
    from models.record_writer import Draft

_records = table_of(Record)
_versions = table_of(DocumentVersion)
_crosslinks = table_of(CrossLink)

_COPIED = ("name", "link", "status", "state", "data")
"""What a version takes from the record that it is the latest version of, beside its numbers and times."""

_SAVE = (
    update(_versions)
    .where(
        _versions.c.record_key == bindparam("key"),
        _versions.c.major == bindparam("old_major"),
        _versions.c.minor == bindparam("old_minor"),
    )
    .values({name: bindparam(f"new_{name}") for name in ("version_id", "major", "minor", *_COPIED)})
    .values(modified_by=bindparam("new_modified_by"), modified_at=bindparam("new_modified_at"))
)
_UNBIND = delete(_crosslinks).where(
    _crosslinks.c.record_key == bindparam("key"),
    _crosslinks.c.major == bindparam("old_major"),
    _crosslinks.c.minor == bindparam("old_minor"),
)
_RENUMBER = (
    update(_crosslinks)
    .where(
        _crosslinks.c.record_key == bindparam("key"),
        _crosslinks.c.major == bindparam("old_major"),
        _crosslinks.c.minor == bindparam("old_minor"),
    )
    .values(major=bindparam("new_major"), minor=bindparam("new_minor"))
)


def number_versions(model: ObjectModel, drafts: Sequence["Draft"]) -> None:
    """Give each draft's result its version number, going by the lifecycle state that it has or enters.

    A draft whose values state a number already keeps it: that is how a new version is asked for.
    """
    for draft in drafts:
        if MAJOR in draft.values:
            continue
        if draft.existing is None:
            state = draft.result.get("state__v", model.starting_state)
            version = first_version(model.state_types.get(state or ""))
        else:
            version = version_in(draft.existing.values)
            state = draft.result.get("state__v")
            if state != draft.existing.values.get("state__v"):
                version = entering(version, model.state_types.get(state or ""))
        draft.result = {**draft.result, MAJOR: version.major, MINOR: version.minor}


def keep_versions(
    write: WriteSession,
    model: ObjectModel,
    creates: Sequence["Draft"],
    updates: Sequence["Draft"],
    user_id: int | None,
) -> None:
    """Write the versions of documents that were written just now, and supersede what they replace."""
    if creates:
        _add(write, model, creates, record_keys(write, model.vault_id, [draft.record_id for draft in creates]), user_id)
    saved: list[dict[str, Any]] = []
    added: list[Draft] = []
    for draft in updates:
        if draft.existing is None:
            continue
        old, new = version_in(draft.existing.values), version_in(draft.result)
        if new != old and not old.replaced_by(new):
            added.append(draft)
            continue
        saved.append(_saved(write, draft, old, new, user_id))
    if saved:
        write.connection().execute(_SAVE, saved)
        renumbered = [row for row in saved if row["new_major"] != row["old_major"]]
        if renumbered:
            names = ("key", "old_major", "old_minor", "new_major", "new_minor")
            write.connection().execute(_RENUMBER, [{name: row[name] for name in names} for row in renumbered])
    if added:
        keys = {draft.existing.record_id: draft.existing.key for draft in added if draft.existing}
        write.execute(
            update(_versions)
            .where(_versions.c.record_key.in_(list(keys.values())), _versions.c.latest)
            .values(latest=False)
        )
        _add(write, model, added, keys, user_id)
    _supersede(write, model, updates, user_id)


def write_version(
    write: WriteSession, model: ObjectModel, version: DocumentVersion, values: Mapping[str, Any], user_id: int | None
) -> bool:
    """Change fields of a version that is not the latest one; answers whether that changed anything.

    `values` are clean, as `ObjectModel.clean` answers them; a name or a status is not emptied.
    """
    data = dict(version.data)
    before = (version.name, version.link, version.status, version.state, version.data)
    for name, value in values.items():
        match name:
            case "name__v":
                version.name = value or version.name
            case "link__sys":
                version.link = value
            case "status__v":
                version.status = value or version.status
            case "state__v":
                version.state = value or version.state
            case _ if value is None:
                data.pop(name, None)
            case _ if name not in (MAJOR, MINOR):
                data[name] = value
    if before == (version.name, version.link, version.status, version.state, data):
        return False
    version.data, version.modified_by, version.modified_at = data, user_id, write.now
    write.add(version)
    write.flush()
    write.changed(Topic.RECORDS, model.vault_id)
    return True


def record_keys(write: WriteSession, vault_id: int, record_ids: Sequence[str]) -> dict[str, int]:
    """The rows of records, by their ids."""
    found = select(_records.c.record_id, _records.c.id).where(
        _records.c.vault_id == vault_id, one_of(_records.c.record_id, record_ids)
    )
    return {row.record_id: row.id for row in write.execute(found)}


def _saved(write: WriteSession, draft: "Draft", old: Version, new: Version, user_id: int | None) -> dict[str, Any]:
    existing = draft.existing
    if existing is None:
        raise RuntimeError("only a document that exists has a version to save")
    row = {f"new_{name}": value for name, value in _copied(draft).items()}
    return row | {
        "key": existing.key,
        "old_major": old.major,
        "old_minor": old.minor,
        "new_major": new.major,
        "new_minor": new.minor,
        "new_version_id": version_id(existing.record_id, new),
        "new_modified_by": user_id,
        "new_modified_at": write.now,
    }


def _copied(draft: "Draft", starting_state: str | None = None) -> dict[str, Any]:
    data = dict(draft.result)
    return {
        "name": data.pop("name__v"),
        "link": data.pop("link__sys", None),
        "status": data.pop("status__v", RecordStatus.ACTIVE),
        "state": data.pop("state__v", starting_state),
        "data": data,
    }


def _add(
    write: WriteSession, model: ObjectModel, drafts: Sequence["Draft"], keys: Mapping[str, int], user_id: int | None
) -> None:
    same = {
        "vault_id": model.vault_id,
        "object_id": model.id,
        "latest": True,
        "created_by": user_id,
        "created_at": write.now,
        "modified_by": user_id,
        "modified_at": write.now,
    }
    global_ids = _global_ids(write, list(keys.values()))
    rows = []
    for draft in drafts:
        version, key = version_in(draft.result), keys[draft.record_id]
        copied = _copied(draft, model.starting_state)
        rows.append(
            (
                key,
                draft.record_id,
                version_id(draft.record_id, version),
                version.major,
                version.minor,
                global_ids[key],
                *(copied[name] for name in _COPIED),
            )
        )
    columns = ("record_key", "record_id", "version_id", "major", "minor", "global_id", *_COPIED)
    bulk_insert(write, _versions, same=same, columns=columns, rows=rows)


def _global_ids(write: WriteSession, keys: Sequence[int]) -> dict[int, str]:
    rows = write.execute(select(_records.c.id, _records.c.global_id).where(_records.c.id.in_(keys)))
    return {row.id: row.global_id for row in rows}


def _supersede(write: WriteSession, model: ObjectModel, updates: Sequence["Draft"], user_id: int | None) -> None:
    """A version that has become steady supersedes the one that was (Assumed: where the lifecycle has such a state)."""
    steady = model.states_of_type(StateType.STEADY)
    superseded = next(iter(model.states_of_type(StateType.SUPERSEDED)), None)
    if superseded is None:
        return
    keys = [draft.existing.key for draft in updates if draft.existing and draft.result.get("state__v") in steady]
    if not keys:
        return
    write.execute(
        update(_versions)
        .where(_versions.c.record_key.in_(keys), ~_versions.c.latest, _versions.c.state.in_(steady))
        .values(state=superseded, modified_by=user_id, modified_at=write.now)
    )


def add_crosslinks(write: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bind versions of documents to versions of documents of another Vault, in place of what they were bound to.

    Each row has the columns of the table of CrossLinks; the version it names must exist.
    """
    if not rows:
        return
    bound = [{"key": row["record_key"], "old_major": row["major"], "old_minor": row["minor"]} for row in rows]
    write.connection().execute(_UNBIND, bound)
    write.execute(insert(_crosslinks), [dict(row) for row in rows])
