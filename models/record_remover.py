"""Deletes records in sets: a tombstone of each stays for the jobs, and the audit keeps every value it had."""

from collections.abc import Sequence

from sqlalchemy import delete

from models.audit import audit
from models.bulk import bulk_insert
from models.data_model import ObjectModel
from models.feed import Topic
from models.permissions import Actor
from models.record_writer import BATCH, Existing
from models.store import WriteSession
from models.tables import Record, Tombstone, table_of

_records = table_of(Record)
_tombstones = table_of(Tombstone)


def remove_records(write: WriteSession, actor: Actor, model: ObjectModel, doomed: Sequence[Existing]) -> None:
    """Delete records of one object in the name of `actor`, whose right to do so has been checked."""
    if not doomed:
        return
    same = {"vault_id": model.vault_id, "object_id": model.id, "deleted_at": write.now, "deleted_by": actor.user_id}
    columns = ("record_id", "global_id", "link", "name")
    rows = [(each.record_id, each.global_id, each.values["link__sys"], each.values["name__v"]) for each in doomed]
    bulk_insert(write, _tombstones, same=same, columns=columns, rows=rows)
    for start in range(0, len(doomed), BATCH):
        keys = [each.key for each in doomed[start : start + BATCH]]
        write.connection().execute(delete(_records).where(_records.c.id.in_(keys)))
    for each in doomed:
        audit(
            write,
            actor,
            action="Delete",
            object_name=model.name,
            item=f"{model.label}: {each.values['name__v']}",
            record_id=each.record_id,
            changes={name: (value, None) for name, value in each.values.items() if value is not None},
        )
    write.changed(Topic.RECORDS, model.vault_id)
