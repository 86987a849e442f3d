"""A Vault with an object that has a field of every kind, and one that it refers to."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from models.permissions import Actor
from models.services.objects import FieldSpec, create_object, create_picklist
from models.services.records import create_record
from models.store import Store
from models.tables import FieldType, Record, VaultObject, table_of
from tests.builders import make_vault
from tests.stores import made_once

VAULT = 1001
SYSTEM = Actor.system(VAULT)

FIELDS = (
    FieldSpec("text__c", "Text", max_length=10),
    FieldSpec("long__c", "Long"),
    FieldSpec("number__c", "Number", FieldType.NUMBER),
    FieldSpec("flag__c", "Flag", FieldType.YES_NO),
    FieldSpec("day__c", "Day", FieldType.DATE),
    FieldSpec("moment__c", "Moment", FieldType.DATETIME),
    FieldSpec("area__c", "Area", FieldType.PICKLIST, picklist="area__c"),
    FieldSpec("study__v", "Study", FieldType.OBJECT, reference_object="study__v"),
    FieldSpec("must__c", "Must", required=True),
    FieldSpec("only__c", "Only", unique=True),
    FieldSpec("rank__c", "Rank", FieldType.NUMBER, unique=True),
)


@made_once
def build(store: Store) -> None:
    with store.write() as write:
        make_vault(write, VAULT)
        create_picklist(write, VAULT, "area__c", "Area", ["oncology__c", ("cardiology__c", "Heart")])
        create_object(write, VAULT, "study__v", "Study", "Studies", "V0S")
        create_object(write, VAULT, "site__v", "Site", "Sites", "V0T", FIELDS, ["planned__c", "open__c"])
        create_object(write, VAULT, "thing__v", "Thing", "Things", "V0Z", [FieldSpec("text__c", "Text")])


@pytest.fixture
def vault(store: Store) -> Store:
    """A store with Vault 1001: Sites (`site__v`) of Studies (`study__v`), and Things without a lifecycle."""
    build(store)
    return store


def make(vault: Store, object_name: str = "site__v", /, **values: Any) -> str:
    """A record with what it must have, and with these values."""
    needed = {"name__v": "A record", **({"must__c": "x"} if object_name == "site__v" else {})}
    with vault.write() as write:
        return create_record(write, SYSTEM, object_name, {**needed, **values})


def stored(vault: Store, record_id: str) -> Mapping[str, Any]:
    """The row of a record."""
    records = table_of(Record)
    with vault.read() as session:
        row = session.execute(
            select(records).where(records.c.vault_id == VAULT, records.c.record_id == record_id)
        ).one()
    return dict(row._mapping)


def all_records(vault: Store, object_name: str = "site__v") -> list[Any]:
    records, objects = table_of(Record), table_of(VaultObject)
    statement = (
        select(records)
        .join(objects, objects.c.id == records.c.object_id)
        .where(objects.c.name == object_name)
        .order_by(records.c.id)
    )
    with vault.read() as session:
        return list(session.execute(statement))
