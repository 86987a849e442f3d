"""Vaults whose records carry the keys that matching goes by, and verbs for settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.services.integration_settings import change_integration_settings
from models.services.vaults import FieldSpec
from models.store import Store
from models.tables import FieldType, Matching
from tests.conftest import ManualClock
from tests.stages.lab import Lab, make_lab

SOURCE_FIELDS = (
    FieldSpec("external_id__c", "External ID", max_length=40),
    FieldSpec("number__c", "Number", FieldType.NUMBER),
    FieldSpec("city__c", "City"),
)
TARGET_FIELDS = (
    *SOURCE_FIELDS,
    FieldSpec("crm_org__c", "CRM Org", max_length=40),
    FieldSpec("crm_id__c", "CRM ID", max_length=40),
)
RULES: Sequence[Any] = (
    ("name__v", "name__v"),
    ("city__c", "city__c"),
    ("number__c", "number__c"),
    ("external_id__c", "external_id__c"),
    ("id", "crm_id__c"),
    (None, "crm_org__c", {"default_value": "Verteo"}),
)


def keyed_lab(store: Store, clock: ManualClock, matching: Matching | None = None, **more: Any) -> Lab:
    """Accounts with an External ID in the source, and with CRM Org and CRM ID in the target."""
    options: dict[str, Any] = {
        "source_fields": SOURCE_FIELDS,
        "target_fields": TARGET_FIELDS,
        "mappings": RULES,
        "object_name": "account__v",
    }
    lab = make_lab(store, clock, **options | more)
    if matching is not None:
        set_up(lab, matching=matching)
    return lab


def set_up(lab: Lab, **values: Any) -> None:
    """Change settings of the receiving integration."""
    with lab.store.write() as write:
        change_integration_settings(write, lab.target.system, lab.target.integration_id, values)


def global_id(lab: Lab, record_id: str) -> str:
    """The Global ID of a source record."""
    return str(lab.record(lab.source, record_id)["global_id__sys"])


def by_name(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The one row with that name."""
    (row,) = [row for row in rows if row["name__v"] == name]
    return row
