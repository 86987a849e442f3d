"""Clinical Activities are made of Monitoring Events and Study Communication Log Items when the connection runs (S4).

When one is created, or says Activity Update Required, its Activity is made or brought up to date: Person, Date, Study,
and for a Monitoring Event the Channel that its Monitoring Visit Method stands for.

Assumed: an Activity names the record it was made of, and there is one for each; a Communication Log Item has the
Channel that it says itself; Activity Update Required is switched off once that is done; the Activity is complete when
its date has passed.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from models.data_model import ObjectModel, load_object
from models.record_writer import Draft, draft, existing_from_row, write_records
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, VaultObject, table_of
from scheduler.behaviour import Behaviour, Preparing

ACTIVITY: Final = "crm_activity__v"
OBJECT_TYPE: Final = ("object_type__v", "sim_clinical_activity__c")
UPDATE_REQUIRED: Final = "sim_activity_update_required__c"
METHOD: Final = "sim_monitoring_visit_method__c"
CHANNEL: Final = "sim_channel__c"
DATE: Final = "sim_date__c"
COMPLETE: Final = "sim_complete__c"
SHARED: Final = (DATE, "sim_person__c", "study__v")
SOURCES: Final[Mapping[str, str]] = {
    "sim_monitoring_event__c": "sim_monitoring_event__c",
    "sim_communication_log__c": "sim_communication_log__c",
}
"""Object that an Activity is made of -> the Activity's reference to it."""
CHANNELS: Final[Mapping[str, str]] = {
    "sim_on_site__c": "sim_in_person__c",
    "sim_remote__c": "sim_video__c",
    "sim_phone__c": "sim_phone__c",
}
"""Monitoring Visit Method -> Channel."""
_records, _objects = table_of(Record), table_of(VaultObject)


class ActivitiesFromEvents(Behaviour):
    """Makes and updates Activities before the integration looks for what changed."""

    about = "Monitoring Events and Study Communication Log Items have Clinical Activities made of them."

    def prepare(self, write: WriteSession, preparing: Preparing) -> bool:
        """Make the Activities of what was created, or asks for an update, since the last run."""
        names = set(write.execute(select(_objects.c.name).where(_objects.c.vault_id == preparing.vault_id)).scalars())
        made = [
            _make(write, preparing, load_object(write, preparing.vault_id, name), reference)
            for name, reference in SOURCES.items()
            if {name, ACTIVITY} <= names
        ]
        return any(made)


def _make(write: WriteSession, preparing: Preparing, source: ObjectModel, reference: str) -> bool:
    changed = [_records.c.object_id == source.id, _records.c.modified_at < preparing.until]
    if preparing.since is not None:
        changed.append(_records.c.modified_at >= preparing.since)
    rows = write.execute(select(_records).where(*changed).order_by(_records.c.id)).all()
    if not rows:
        return False
    activity = load_object(write, preparing.vault_id, ACTIVITY)
    column = _records.c.data[reference].as_string()
    ids = [row.record_id for row in rows]
    present = {
        str(row.data.get(reference)): existing_from_row(row)
        for row in write.execute(select(_records).where(_records.c.object_id == activity.id, one_of(column, ids)))
    }
    drafts: list[Draft] = []
    done: list[Draft] = []
    for row in rows:
        existing = present.get(row.record_id)
        asked = row.data.get(UPDATE_REQUIRED) is True
        if existing is not None and not asked:
            continue
        drafts.append(draft(activity, _values(row, reference, preparing), existing))
        if asked:
            done.append(draft(source, {UPDATE_REQUIRED: False}, existing_from_row(row)))
    write_records(write, activity, drafts, None)
    write_records(write, source, done, None)
    return bool(drafts)


def _values(row: Any, reference: str, preparing: Preparing) -> dict[str, Any]:
    """What the Activity of an event holds."""
    data = row.data
    shared = {name: data[name] for name in SHARED if data.get(name) is not None}
    channel = CHANNELS.get(data.get(METHOD), data.get(CHANNEL))
    kind, value = OBJECT_TYPE
    day = str(data.get(DATE) or "")
    return {
        "name__v": row.name,
        kind: value,
        reference: row.record_id,
        **shared,
        **({CHANNEL: channel} if channel else {}),
        COMPLETE: bool(day) and day < preparing.until.date().isoformat(),
    }


BEHAVIOUR = ActivitiesFromEvents()
