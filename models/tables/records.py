"""A Vault's data model and its records: objects, fields, picklists, records, tombstones."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, json_column, time_column


class FieldType(StrEnum):
    """What a field of an object may hold."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    DATETIME = "datetime"
    PICKLIST = "picklist"
    OBJECT = "object"


class RecordStatus(StrEnum):
    """`status__v` of a record."""

    ACTIVE = "active__v"
    INACTIVE = "inactive__v"


class ObjectKind(StrEnum):
    """Whether an object's records are data or documents."""

    OBJECT = "object"
    DOCUMENT = "document"


class VaultObject(SQLModel, table=True):
    """An object of a Vault's data model, e.g. Study (`study__v`).

    `prefix` begins the ids of its records. `states` lists its lifecycle states as `{"name", "label"}`, and with a
    `"type"` where a state has one (see `models.versions`); the first one is the starting state. A Vault's documents
    are the records of one object of their own kind.
    """

    __tablename__ = "vault_object"
    __table_args__: Any = (UniqueConstraint("vault_id", "name"), UniqueConstraint("vault_id", "prefix"))

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    name: str = Field(max_length=60)
    label: str = Field(max_length=100)
    plural_label: str = Field(default="", max_length=100)
    prefix: str = Field(max_length=3)
    kind: ObjectKind = enum_column(ObjectKind, ObjectKind.OBJECT)
    states: list[dict[str, str]] = json_column(list)
    locked_when: dict[str, Any] = json_column(dict)
    """Field values by which a record is locked: users cannot edit one that holds all of them (seed S2, Inquiry)."""
    actions: list[dict[str, Any]] = json_column(list)
    """User actions of its records, as `models.user_actions` keeps them."""


class Picklist(SQLModel, table=True):
    """A named list of values in one Vault."""

    __tablename__ = "picklist"
    __table_args__: Any = (UniqueConstraint("vault_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id", index=True)
    name: str = Field(max_length=60)
    label: str = Field(max_length=100)


class PicklistValue(SQLModel, table=True):
    """One value of a picklist; records hold its `name`, people read its `label`."""

    __tablename__ = "picklist_value"
    __table_args__: Any = (UniqueConstraint("picklist_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    picklist_id: int = Field(foreign_key="picklist.id", ondelete="CASCADE")
    name: str = Field(max_length=100)
    label: str = Field(max_length=150)
    position: int = 0
    active: bool = True


class ObjectField(SQLModel, table=True):
    """A field of an object, beside the system fields that every record has (see `models.system_fields`)."""

    __tablename__ = "object_field"
    __table_args__: Any = (UniqueConstraint("object_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    object_id: int = Field(foreign_key="vault_object.id", ondelete="CASCADE")
    name: str = Field(max_length=60)
    label: str = Field(max_length=100)
    type: FieldType = enum_column(FieldType)
    required: bool = False
    unique: bool = False
    max_length: int | None = None
    picklist_id: int | None = Field(default=None, foreign_key="picklist.id")
    several: bool = False
    """Whether the field holds several values of its picklist; they are kept in its order, with commas between."""
    reference_object_id: int | None = Field(default=None, foreign_key="vault_object.id")
    relationship: str | None = Field(default=None, max_length=60)
    """Name by which a query walks an object reference, e.g. `study__vr`."""
    position: int = 0


class Record(SQLModel, table=True):
    """A record of an object. System fields are columns; the object's own fields are in `data` by API name.

    In `data`: text, date (`YYYY-MM-DD`), datetime (`...Z`), picklist value name and the referenced record's id are
    strings; a number is a number; yes/no is a boolean; an empty field is absent.
    """

    __tablename__ = "record"
    __table_args__: Any = (
        UniqueConstraint("vault_id", "record_id"),
        Index("ix_record_object_id_modified_at", "object_id", "modified_at"),
        Index("ix_record_object_id_link", "object_id", "link"),
        Index("ix_record_vault_id_name", "vault_id", "name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    object_id: int = Field(foreign_key="vault_object.id")
    record_id: str = Field(max_length=20)
    name: str = Field(max_length=255)
    global_id: str = Field(max_length=40, unique=True)
    link: str | None = Field(default=None, max_length=255)
    status: RecordStatus = enum_column(RecordStatus, RecordStatus.ACTIVE)
    state: str | None = Field(default=None, max_length=60)
    created_by: int | None = Field(default=None, foreign_key="vault_user.id")
    created_at: datetime = time_column()
    modified_by: int | None = Field(default=None, foreign_key="vault_user.id")
    modified_at: datetime = time_column()
    data: dict[str, Any] = json_column(dict)


class UniqueValue(SQLModel, table=True):
    """Holds a unique field to its word: one row per value in use."""

    __tablename__ = "unique_value"

    field_id: int = Field(foreign_key="object_field.id", primary_key=True, ondelete="CASCADE")
    value: str = Field(primary_key=True, max_length=1500)
    record_id: int = Field(foreign_key="record.id", index=True, ondelete="CASCADE")


class Tombstone(SQLModel, table=True):
    """What a deleted record leaves behind: the send job sees the deletion, and a receive job what it had linked to."""

    __tablename__ = "tombstone"
    __table_args__: Any = (
        Index("ix_tombstone_object_id_deleted_at", "object_id", "deleted_at"),
        Index("ix_tombstone_object_id_link", "object_id", "link"),
        Index("ix_tombstone_vault_id_record_id", "vault_id", "record_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    vault_id: int = Field(foreign_key="vault.id")
    object_id: int = Field(foreign_key="vault_object.id")
    record_id: str = Field(max_length=20)
    global_id: str = Field(max_length=40)
    link: str | None = Field(default=None, max_length=255)
    name: str = Field(max_length=255)
    deleted_at: datetime = time_column()
    deleted_by: int | None = Field(default=None, foreign_key="vault_user.id")
