"""Records of a Vault, for the Records area: lists per object, one record with its partners, and its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session

from models.data_model import FieldModel, ObjectModel, load_object, named
from models.queries.documents import DocumentFacts, document_facts
from models.queries.fates import DeletedSource, deleted_source
from models.queries.user_actions import ActionLine, action_lines
from models.queries.window import Listing, fetch, matches, ordered
from models.record_writer import existing_from_row
from models.system_fields import LABELS
from models.tables import (
    Connection,
    ExceptionItem,
    FieldType,
    IntegrationPoint,
    ItemStatus,
    Record,
    User,
    Vault,
    VaultObject,
    table_of,
)

_table = table_of(Record)
_c = _table.c
_objects = table_of(VaultObject)

SORTS: dict[str, Any] = {"name": func.lower(_c.name), "modified": _c.modified_at}
STATUS_LABELS = {"active__v": "Active", "inactive__v": "Inactive"}


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object of a Vault, with how many records it has."""

    key: int
    name: str
    label: str
    plural_label: str
    records: int


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record in the list; its key is its id, which sorts by age within an object."""

    key: str
    name: str
    status: str
    state_label: str
    linked: bool
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field with its value as people read it; a reference also says which record it names."""

    name: str
    label: str
    type: str
    text: str
    required: bool
    writable: bool
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """A record of another Vault that this one is linked with. `role` is "source" or "target", as seen from here."""

    role: str
    vault_id: int
    vault: str
    record_id: str
    name: str
    object_name: str
    object_label: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open user exception item about this record, in the Vault that could not apply it."""

    vault_id: int
    vault: str
    message_key: int
    error_message: str
    attempts: int


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """All that the Records area shows about one record."""

    key: str
    object_name: str
    object_label: str
    name: str
    fields: tuple[FieldValue, ...]
    system: tuple[FieldValue, ...]
    partners: tuple[Partner, ...]
    open_items: tuple[OpenItem, ...]
    document: DocumentFacts | None = None
    """Versions and CrossLinks, of a document."""
    deleted_source: DeletedSource | None = None
    actions: tuple[ActionLine, ...] = ()
    locked: str = ""
    """Why users cannot edit it; empty when they can."""


def object_list(session: Session, vault_id: int) -> tuple[ObjectRow, ...]:
    """The objects of a Vault by label."""
    columns = _objects.c
    counted = select(func.count()).where(_c.object_id == columns.id).correlate(_objects).scalar_subquery()
    statement = (
        select(columns.id, columns.name, columns.label, columns.plural_label, counted)
        .where(columns.vault_id == vault_id)
        .order_by(columns.label)
    )
    return tuple(ObjectRow(row[0], row[1], row[2], row[3] or row[2], row[4]) for row in fetch(session, statement))


def listing(
    vault_id: int, object_name: str, *, text: str = "", sort: str = "", descending: bool = False
) -> Listing[RecordRow]:
    """The records of one object of a Vault by id; `text` filters by name, id, Global ID and Link."""
    object_id = (
        select(_objects.c.id).where(_objects.c.vault_id == vault_id, _objects.c.name == object_name).scalar_subquery()
    )
    keys = select(_c.record_id).where(_c.vault_id == vault_id, _c.object_id == object_id)
    if text:
        keys = keys.where(matches(text, _c.name, _c.record_id, _c.global_id, func.coalesce(_c.link, "")))
    rows = (
        select(_c.record_id, _c.name, _c.status, _c.state, _c.link, _c.modified_at, _objects.c.states)
        .join(_objects, _objects.c.id == _c.object_id)
        .where(_c.vault_id == vault_id)
    )
    return ordered(Listing(_c.record_id, keys, rows, _row, dated=_c.modified_at), SORTS, sort, descending=descending)


def _row(row: Any) -> RecordRow:
    labels = {state["name"]: state["label"] for state in row[6]}
    return RecordRow(row[0], row[1], row[2], labels.get(row[3], row[3] or ""), bool(row[4]), row[5])


def object_of(session: Session, vault_id: int, record_id: str) -> str | None:
    """API name of the object that a record is of; None when there is no such record."""
    statement = (
        select(_objects.c.name)
        .join(_table, _c.object_id == _objects.c.id)
        .where(_c.vault_id == vault_id, _c.record_id == record_id)
    )
    return session.execute(statement).scalar_one_or_none()


def detail(session: Session, vault_id: int, record_id: str) -> RecordDetail | None:
    """One record of a Vault as people read it; None when it is gone."""
    object_name = object_of(session, vault_id, record_id)
    if object_name is None:
        return None
    row = session.execute(select(_table).where(_c.vault_id == vault_id, _c.record_id == record_id)).one()
    model = load_object(session, vault_id, object_name)
    texts = _Texts(session, vault_id, model, row.data)
    partners = _partners(session, vault_id, row)
    has_source = any(partner.role == "source" for partner in partners)
    return RecordDetail(
        record_id,
        object_name,
        model.label,
        row.name,
        tuple(texts.field(field) for field in model.fields.values()),
        _system(session, vault_id, model, row),
        partners,
        _open_items(session, vault_id, record_id),
        document_facts(session, vault_id, record_id) if model.is_document else None,
        None if has_source or not row.link else deleted_source(session, vault_id, row.link),
        action_lines(model, existing_from_row(row).values) if model.actions else (),
        model.locked_by(existing_from_row(row).values) if model.locked_when else "",
    )


class _Texts:
    """Values of one record in words: labels of picklist values, names of referenced records."""

    def __init__(self, session: Session, vault_id: int, model: ObjectModel, data: Mapping[str, Any]) -> None:
        self.model, self.data = model, data
        ids = [data[field.name] for field in model.references if data.get(field.name)]
        statement = select(_c.record_id, _c.name).where(_c.vault_id == vault_id, _c.record_id.in_(ids))
        self.names: dict[str, str] = {row[0]: row[1] for row in fetch(session, statement)} if ids else {}

    def field(self, field: FieldModel) -> FieldValue:
        value = self.data.get(field.name)
        reference = value if field.type is FieldType.OBJECT and value in self.names else None
        return FieldValue(
            field.name,
            field.label,
            field.type,
            self.text(field, value),
            field.required,
            writable=field.name in self.model.cleaners,
            reference=reference,
        )

    def text(self, field: FieldModel, value: Any) -> str:
        if value is None:
            return ""
        match field.type:
            case FieldType.YES_NO:
                return "Yes" if value else "No"
            case FieldType.PICKLIST:
                labels = field.picklist or {}
                return ", ".join(labels.get(name, name) for name in (named(value) if field.several else [str(value)]))
            case FieldType.OBJECT:
                return self.names.get(value, str(value))
            case _:
                return str(value)


def _system(session: Session, vault_id: int, model: ObjectModel, row: Any) -> tuple[FieldValue, ...]:
    users = table_of(User).c
    ids = [user for user in (row.created_by, row.modified_by) if user is not None]
    named = select(users.id, users.username).where(users.vault_id == vault_id, users.id.in_(ids))
    names = {user[0]: user[1] for user in fetch(session, named)}
    texts = {
        "name__v": row.name,
        "id": row.record_id,
        "global_id__sys": row.global_id,
        "link__sys": row.link or "",
        "status__v": STATUS_LABELS.get(row.status, str(row.status)),
        "state__v": model.states.get(row.state, row.state or ""),
        "created_by__v": names.get(row.created_by, "System"),
        "created_date__v": row.created_at.isoformat(sep=" ", timespec="milliseconds")[:23],
        "modified_by__v": names.get(row.modified_by, "System"),
        "modified_date__v": row.modified_at.isoformat(sep=" ", timespec="milliseconds")[:23],
    }
    writable = {"name__v", "link__sys", "status__v"} | ({"state__v"} if model.states else set())
    return tuple(
        FieldValue(name, LABELS[name], "text", text, name == "name__v", name in writable)
        for name, text in texts.items()
        if name != "state__v" or model.states
    )


def _connected(vault_id: int) -> Any:
    """Ids of the Vaults that this one has a connection with: a link reaches no further."""
    columns = table_of(Connection).c
    return select(columns.remote_vault_id).where(columns.vault_id == vault_id, columns.remote_vault_id.is_not(None))


def _partners(session: Session, vault_id: int, row: Any) -> tuple[Partner, ...]:
    vaults = table_of(Vault).c
    columns = (vaults.id, vaults.name, _c.record_id, _c.name, _objects.c.name, _objects.c.label, _c.modified_at)
    base = (
        select(*columns)
        .select_from(_table)
        .join(_objects, _objects.c.id == _c.object_id)
        .join(table_of(Vault), vaults.id == _c.vault_id)
        .where(_c.vault_id.in_(_connected(vault_id)))
    )
    found: list[Partner] = []
    if row.link:
        found += [Partner("source", *other) for other in session.execute(base.where(_c.global_id == row.link))]
    # By way of the objects: the index over object and Link finds them without a search through all records.
    remote_objects = select(_objects.c.id).where(_objects.c.vault_id.in_(_connected(vault_id)))
    targets = base.where(_c.object_id.in_(remote_objects), _c.link == row.global_id).order_by(vaults.name).limit(20)
    return (*found, *(Partner("target", *other) for other in fetch(session, targets)))


def _open_items(session: Session, vault_id: int, record_id: str) -> tuple[OpenItem, ...]:
    items, points, vaults = table_of(ExceptionItem), table_of(IntegrationPoint).c, table_of(Vault).c
    statement = (
        select(vaults.id, vaults.name, items.c.message_id, items.c.error_message, items.c.attempts)
        .join(table_of(Vault), vaults.id == items.c.vault_id)
        .where(
            items.c.point_id.in_(select(points.id).where(points.vault_id.in_(_connected(vault_id)))),
            items.c.status == ItemStatus.OPEN,
            # An item about a document names one of its versions.
            or_(items.c.item == record_id, items.c.item.startswith(f"{record_id}_", autoescape=True)),
        )
        .order_by(items.c.id)
        .limit(20)
    )
    return tuple(OpenItem(*row) for row in fetch(session, statement))


@dataclass(frozen=True, slots=True)
class FormField:
    """A field as a form edits it. `value` is what the store holds, as text; `choices` are value and label."""

    name: str
    label: str
    type: str
    value: str
    text: str
    required: bool
    choices: tuple[tuple[str, str], ...] = ()
    reference: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RecordForm:
    """What a form about a record needs. `key` is None for a record that does not exist yet."""

    key: str | None
    object_name: str
    object_label: str
    name: str
    fields: tuple[FormField, ...]


def form(session: Session, vault_id: int, object_name: str, record_id: str | None) -> RecordForm | None:
    """The form of a record, or of a new record of an object; None when the record is gone."""
    model = load_object(session, vault_id, object_name)
    row = None
    if record_id is not None:
        row = session.execute(select(_table).where(_c.vault_id == vault_id, _c.record_id == record_id)).one_or_none()
        if row is None:
            return None
    data = row.data if row else {}
    texts = _Texts(session, vault_id, model, data)
    fields = [FormField("name__v", "Name", "text", row.name if row else "", row.name if row else "", required=True)]
    for field in model.fields.values():
        if field.name not in model.cleaners:
            continue
        value = data.get(field.name)
        fields.append(
            FormField(
                field.name,
                field.label,
                field.type,
                _as_text(value),
                texts.text(field, value),
                field.required,
                _choices(field),
                field.reference,
                _hint(field),
            )
        )
    fields += _system_form(model, row)
    return RecordForm(record_id, object_name, model.label, row.name if row else "", tuple(fields))


def _system_form(model: ObjectModel, row: Any) -> list[FormField]:
    status = str(row.status) if row else "active__v"
    statuses = tuple(STATUS_LABELS.items())
    link = (row.link or "") if row else ""
    fields = [
        FormField(
            "status__v",
            "Status",
            "picklist",
            status,
            STATUS_LABELS[status],
            required=True,
            choices=statuses,
        ),
        FormField("link__sys", "Link", "text", link, link, required=False, hint="Global ID of the source record"),
    ]
    if model.states and row:
        state = row.state or ""
        text, states = model.states.get(state, state), tuple(model.states.items())
        fields.insert(
            1, FormField("state__v", "Lifecycle State", "picklist", state, text, required=True, choices=states)
        )
    return fields


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _choices(field: FieldModel) -> tuple[tuple[str, str], ...]:
    if field.type is FieldType.YES_NO:
        return (("true", "Yes"), ("false", "No"))
    if field.type is not FieldType.PICKLIST or field.several:
        return ()
    return tuple((field.picklist or {}).items())


def _hint(field: FieldModel) -> str:
    words = {
        FieldType.DATE: "date, as 2026-01-31",
        FieldType.DATETIME: "date and time in UTC, as 2026-01-31T12:00:00.000Z",
        FieldType.NUMBER: "number",
        FieldType.PICKLIST: f"of {', '.join(field.picklist or {})}, with commas between" if field.several else "",
        FieldType.TEXT: f"text, at most {field.max_length}" if field.max_length else "",
    }.get(field.type, "")
    return ", ".join(part for part in (words, "unique" if field.unique else "") if part)


def find(session: Session, vault_id: int, object_name: str, text: str, limit: int = 50) -> tuple[tuple[str, str], ...]:
    """Id and name of records of an object whose name or id holds `text`, for picking a reference."""
    object_id = select(_objects.c.id).where(_objects.c.vault_id == vault_id, _objects.c.name == object_name)
    statement = select(_c.record_id, _c.name).where(
        _c.vault_id == vault_id, _c.object_id == object_id.scalar_subquery()
    )
    if text:
        statement = statement.where(or_(matches(text, _c.name, _c.record_id)))
    return tuple((key, name) for key, name in session.execute(statement.order_by(_c.name, _c.id).limit(limit)))
