"""A Vault whose objects refer to one another in every way: Studies, their Sites, and the Sites' Visits; documents."""

from collections.abc import Mapping
from typing import Any

import pytest

from models.permissions import Actor
from models.services.objects import FieldSpec, add_fields, create_object, create_picklist
from models.services.records import create_record, create_records
from models.store import Store
from models.tables import FieldType
from models.vql import Answer, VqlError, run_query
from tests.builders import make_vault
from tests.stores import made_once

VAULT = 1001
SYSTEM = Actor.system(VAULT)

PLAIN = (
    FieldSpec("text__c", "Text", max_length=50),
    FieldSpec("number__c", "Number", FieldType.NUMBER),
    FieldSpec("flag__c", "Flag", FieldType.YES_NO),
    FieldSpec("day__c", "Day", FieldType.DATE),
    FieldSpec("moment__c", "Moment", FieldType.DATETIME),
    FieldSpec("area__c", "Area", FieldType.PICKLIST, picklist="area__c"),
)
STUDY = (*PLAIN, FieldSpec("parent__v", "Parent", FieldType.OBJECT, reference_object="study__v"))
SITE = (
    *PLAIN,
    FieldSpec("study__v", "Study", FieldType.OBJECT, reference_object="study__v"),
    FieldSpec("backup__c", "Backup Study", FieldType.OBJECT, reference_object="study__v"),
)
VISIT = (FieldSpec("text__c", "Text"), FieldSpec("site__c", "Site", FieldType.OBJECT, reference_object="site__v"))
STATES = ("planned__c", ("open__c", "Open for All"))
AREAS = ("oncology__c", ("cardiology__c", "Heart"), ("other__c", "A"))


@made_once
def build(store: Store) -> None:
    with store.write() as write:
        make_vault(write, VAULT)
        create_picklist(write, VAULT, "area__c", "Area", AREAS)
        create_object(write, VAULT, "study__v", "Study", "Studies", "V0S", STUDY[:-1], STATES)
        create_object(write, VAULT, "site__v", "Site", "Sites", "V0T", SITE, STATES)
        create_object(write, VAULT, "visit__c", "Visit", "Visits", "V0V", VISIT)
        add_fields(write, VAULT, "study__v", STUDY[-1:])


@pytest.fixture
def vault(store: Store) -> Store:
    """A store with the Vault, without a record."""
    build(store)
    return store


def make(vault: Store, object_name: str, name: str, /, **values: Any) -> str:
    with vault.write() as write:
        return create_record(write, SYSTEM, object_name, {"name__v": name, **values})


def make_many(vault: Store, object_name: str, rows: list[Mapping[str, Any]]) -> list[str]:
    with vault.write() as write:
        return create_records(write, SYSTEM, object_name, rows)


def ask(vault: Store, text: str, reader: Actor = SYSTEM, **options: Any) -> Answer:
    with vault.read() as session:
        return run_query(session, reader, text, now=vault.clock.now(), **options)


def names(vault: Store, text: str, reader: Actor = SYSTEM) -> list[Any]:
    """The first column of the answer to a query."""
    return [next(iter(row.values())) for row in ask(vault, text, reader).data]


def refused(vault: Store, text: str, reader: Actor = SYSTEM) -> VqlError:
    with pytest.raises(VqlError) as caught:
        ask(vault, text, reader)
    return caught.value
