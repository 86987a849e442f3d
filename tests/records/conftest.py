"""A Vault with an object that has a field of every kind, and one that it refers to."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.opening import key_path, open_store
from models.permissions import Actor
from models.services.objects import FieldSpec, create_object, create_picklist
from models.services.records import create_record
from models.store import Store
from models.tables import FieldType, Record, VaultObject, table_of
from tests.builders import make_vault
from tests.conftest import ManualClock

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


@pytest.fixture(scope="session")
def vault_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with the Vault; copy it, never open it."""
    path = tmp_path_factory.mktemp("template") / "lab.sqlite3"
    store = open_store(path, clock=ManualClock())
    with store.write() as write:
        make_vault(write, VAULT)
        create_picklist(write, VAULT, "area__c", "Area", ["oncology__c", ("cardiology__c", "Heart")])
        create_object(write, VAULT, "study__v", "Study", "Studies", "V0S")
        create_object(write, VAULT, "site__v", "Site", "Sites", "V0T", FIELDS, ["planned__c", "open__c"])
        create_object(write, VAULT, "thing__v", "Thing", "Things", "V0Z", [FieldSpec("text__c", "Text")])
    store.close()
    return path


@pytest.fixture
def vault(vault_template: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store with Vault 1001: Sites (`site__v`) of Studies (`study__v`), and Things without a lifecycle."""
    path = tmp_path / "lab.sqlite3"
    shutil.copy(vault_template, path)
    shutil.copy(key_path(vault_template), key_path(path))
    store = open_store(path, clock=clock)
    yield store
    store.close()


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
