"""What a query may name: the objects of a Vault, their fields, and the relationships between them, both ways."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import FromClause, Table, select
from sqlmodel import Session

from models.data_model import NAME_LENGTH, FieldModel, ObjectModel, load_object
from models.errors import NotAllowed, NotFound
from models.permissions import Actor, Right
from models.system_fields import LABELS
from models.tables import FieldType, ObjectField, RecordStatus, VaultObject, table_of
from models.versions import VERSION_ID
from models.vql.errors import invalid, no_access
from models.vql.tree import Operand

STATUS_LABELS = {RecordStatus.ACTIVE.value: "Active", RecordStatus.INACTIVE.value: "Inactive"}


class AttributeType(StrEnum):
    """The type of a field as describe names it."""

    ID = "ID"
    TEXT = "String"
    NUMBER = "Number"
    YES_NO = "Boolean"
    DATE = "Date"
    DATETIME = "DateTime"
    PICKLIST = "Picklist"
    OBJECT = "Object"
    STATE = "Component"
    USER = "User"


TEXTS = frozenset(
    {AttributeType.ID, AttributeType.TEXT, AttributeType.PICKLIST, AttributeType.OBJECT, AttributeType.STATE}
)
"""Types whose values are text."""
CHOICES = frozenset({AttributeType.PICKLIST, AttributeType.STATE})
"""Types whose values have a label."""

_OWN_TYPES = {
    FieldType.TEXT: AttributeType.TEXT,
    FieldType.NUMBER: AttributeType.NUMBER,
    FieldType.YES_NO: AttributeType.YES_NO,
    FieldType.DATE: AttributeType.DATE,
    FieldType.DATETIME: AttributeType.DATETIME,
    FieldType.PICKLIST: AttributeType.PICKLIST,
    FieldType.OBJECT: AttributeType.OBJECT,
}
_SYSTEM_TYPES = {
    "id": AttributeType.ID,
    "name__v": AttributeType.TEXT,
    "global_id__sys": AttributeType.TEXT,
    "link__sys": AttributeType.TEXT,
    "status__v": AttributeType.PICKLIST,
    "state__v": AttributeType.STATE,
    "created_by__v": AttributeType.USER,
    "created_date__v": AttributeType.DATETIME,
    "modified_by__v": AttributeType.USER,
    "modified_date__v": AttributeType.DATETIME,
}
_LENGTHS = {"id": 20, "name__v": NAME_LENGTH, "global_id__sys": 40, "link__sys": NAME_LENGTH}
_MAY_BE_EMPTY = {"link__sys", "state__v", "created_by__v", "modified_by__v"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field as a query sees it. `own` fields are kept in the record's data, the others in columns.

    `labels` has the label of each value of a picklist or lifecycle.
    """

    name: str
    label: str
    type: AttributeType
    own: bool
    required: bool = False
    max_length: int | None = None
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """A step to one related record: the referring field, and the object it refers to."""

    name: str
    field: FieldModel
    target: ObjectModel


@dataclass(frozen=True, slots=True)
class Children:
    """A step to the records that refer to this one: the object they are of, and their referring field."""

    name: str
    source: ObjectModel
    field: FieldModel


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field and the steps that lead to it."""

    hops: tuple[Hop, ...]
    attribute: Attribute


class Catalog:
    """The data model of one Vault, as far as its reader may see it, loaded as it is asked for.

    `now` is the lab time that TODAY and its like are reckoned from. Without a reader everything may be seen.
    """

    def __init__(self, session: Session, vault_id: int, now: datetime, reader: Actor | None = None) -> None:
        self.vault_id = vault_id
        self.now = now
        self._session = session
        self._reader = reader
        self._models: dict[str, ObjectModel] = {}
        self._aliases = 0
        self._attributes: dict[str, Mapping[str, Attribute]] = {}
        self._inbound: dict[str, dict[str, tuple[str, str]]] | None = None

    def alias(self, table: Table) -> FromClause:
        """A name for one more use of a table in a statement: none is used twice within what a catalog serves."""
        self._aliases += 1
        return _alias(table, self._aliases)

    def add(self, model: ObjectModel) -> None:
        """Have an object at hand that is loaded already."""
        self._models[model.name] = model

    def object(self, name: str, at: int | None = None) -> ObjectModel:
        """An object by API name. Raises VqlError when there is none, or when the reader may not read it."""
        model = self._models.get(name)
        if model is None:
            try:
                model = load_object(self._session, self.vault_id, name)
            except NotFound:
                raise invalid(
                    f"[{name}] is not a queryable object", at, "Objects are named by API name, e.g. study__v."
                ) from None
            self._models[name] = model
        if self._reader is not None:
            try:
                self._reader.require_object(name, Right.READ)
            except NotAllowed as refusal:
                raise no_access(refusal.message, at, refusal.remedy) from refusal
        return model

    def hop(self, model: ObjectModel, name: str, at: int | None) -> Hop | None:
        """The relationship of that name to one record; None when the object has none. Raises VqlError."""
        field = model.relationships.get(name)
        if field is None or field.reference is None:
            return None
        return Hop(name, field, self.object(field.reference, at))

    def children(self, model: ObjectModel, name: str, at: int | None) -> Children | None:
        """The relationship of that name to many records; None when the object has none. Raises VqlError."""
        found = self._inbound_names().get(model.name, {}).get(name)
        if found is None:
            return None
        source = self.object(found[0], at)
        return Children(name, source, source.fields[found[1]])

    def inbound_names(self, model: ObjectModel) -> Mapping[str, str]:
        """The relationships to many records, by name, with the object they lead to."""
        return {name: source for name, (source, _) in self._inbound_names().get(model.name, {}).items()}

    def attributes(self, model: ObjectModel) -> Mapping[str, Attribute]:
        """All fields of an object by API name."""
        found = self._attributes.get(model.name)
        if found is None:
            found = self._attributes[model.name] = attributes_of(model)
        return found

    def resolve(self, model: ObjectModel, operand: Operand) -> Resolved:
        """Find a field, walking the relationships before it. Raises VqlError."""
        hops: list[Hop] = []
        for name in operand.path[:-1]:
            hop = self.hop(model, name, operand.at)
            if hop is None:
                known = ", ".join(model.relationships) or "none"
                raise invalid(
                    f"[{name}] is not a relationship of [{model.name}]",
                    operand.at,
                    f"Relationships to one record: {known}.",
                )
            hops.append(hop)
            model = hop.target
        attribute = self.attributes(model).get(operand.path[-1])
        if attribute is None:
            raise invalid(
                f"[{operand.path[-1]}] is not a queryable field of [{model.name}]",
                operand.at,
                "Fields are named by API name, in lower case.",
            )
        return Resolved(tuple(hops), attribute)

    def _inbound_names(self) -> dict[str, dict[str, tuple[str, str]]]:
        if self._inbound is None:
            self._inbound = {}
            for target, source, field, relationship in self._references():
                names = self._inbound.setdefault(target, {})
                name = next(name for name in _inbound_candidates(source, field, relationship) if name not in names)
                names[name] = (source, field)
        return self._inbound

    def _references(self) -> list[tuple[str, str, str, str]]:
        """Every object reference of the Vault: referred object, referring object, field, relationship."""
        fields, objects = table_of(ObjectField), table_of(VaultObject)
        targets = objects.alias()
        statement = (
            select(targets.c.name, objects.c.name, fields.c.name, fields.c.relationship)
            .join(objects, objects.c.id == fields.c.object_id)
            .join(targets, targets.c.id == fields.c.reference_object_id)
            .where(objects.c.vault_id == self.vault_id)
            .order_by(objects.c.id, fields.c.position, fields.c.id)
        )
        return [(row[0], row[1], row[2], row[3] or "") for row in self._session.execute(statement)]


def _inbound_candidates(source: str, field: str, relationship: str) -> Iterator[str]:
    """Names for the way back over an object reference, the preferred one first.

    Assumed: a Vault's administrator names it; here it is the plural of the referring object, ending as the referring
    field's own relationship ends (`site__v` by `study__vr`: `sites__vr`). Where another reference to the same object
    has that name already, the referring field is added (`sites_by_study__vr`), then a number.
    """
    base, _, _ = source.partition("__")
    _, mark, suffix = relationship.rpartition("__")
    ending = f"{mark}{suffix}" if mark else "__cr"
    plural = _plural(base)
    yield f"{plural}{ending}"
    by = field.partition("__")[0]
    yield f"{plural}_by_{by}{ending}"
    number = 2
    while True:
        yield f"{plural}_by_{by}_{number}{ending}"
        number += 1


@lru_cache(maxsize=256)
def _alias(table: Table, number: int) -> FromClause:
    # Making the columns of an alias takes longer than many a query.
    return table.alias(f"vql_{table.name}_{number}")


def _plural(word: str) -> str:
    if word == "documents":
        return word
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"


@lru_cache(maxsize=512)
def _system_attributes(states: tuple[tuple[str, str], ...], *, document: bool) -> dict[str, Attribute]:
    labels: dict[str, Mapping[str, str]] = {"status__v": STATUS_LABELS, "state__v": dict(states)}
    found = {
        name: Attribute(
            name,
            LABELS[name],
            kind,
            own=False,
            required=name not in _MAY_BE_EMPTY,
            max_length=_LENGTHS.get(name),
            labels=labels.get(name),
        )
        for name, kind in _SYSTEM_TYPES.items()
    }
    if document:
        found[VERSION_ID] = Attribute(
            VERSION_ID, "Version ID", AttributeType.ID, own=False, required=True, max_length=40
        )
    return found


def attributes_of(model: ObjectModel) -> Mapping[str, Attribute]:
    """All fields of an object by API name, the system fields first."""
    found = dict(_system_attributes(tuple(model.states.items()), document=model.is_document))
    for name, field in model.fields.items():
        found[name] = Attribute(
            name,
            field.label,
            _OWN_TYPES[field.type],
            own=True,
            required=field.required,
            max_length=field.max_length,
            labels=field.picklist,
        )
    return found
