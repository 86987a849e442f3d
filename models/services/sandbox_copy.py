"""Copying the content of one Vault into another: users, data model, configuration and records.

Configuration is small and goes through Python, table by table, so that every reference points into the copy. Records
are many and never leave the database: they are copied by `INSERT ... SELECT`, some thousands at a time.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, func, insert, literal, or_, select

from models.errors import ConsoleError
from models.services.connections import has_tokens
from models.store import WriteSession
from models.tables import (
    Connection,
    ConnectionAuthorization,
    ConnectionClient,
    ConnectionState,
    ConnectionType,
    CrossLink,
    DocumentVersion,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    ObjectField,
    PersonIdentifier,
    Picklist,
    PicklistValue,
    PointSource,
    ProfilePermission,
    QueryObjectRule,
    Queue,
    QueueConnection,
    Record,
    ReferenceLookup,
    ReferenceLookupKey,
    SecurityProfile,
    UniqueValue,
    User,
    VaultObject,
    table_of,
)

CHUNK = 5000
"""Records per statement: between two of them the copy can be cancelled."""

Progress = Callable[[str, float], None]
Cancelled = Callable[[], bool]
Keys = dict[str, dict[int, int]]
"""Table name -> id in the copied Vault -> id in the copy."""

STEPS: tuple[tuple[str, tuple[type[Any], ...]], ...] = (
    ("Users and security profiles", (SecurityProfile, ProfilePermission, User)),
    ("Data model", (Picklist, PicklistValue, VaultObject, ObjectField)),
    ("Connections", (ConnectionAuthorization, Connection, ConnectionClient, PersonIdentifier)),
    ("Queues", (Queue, QueueConnection)),
    ("Integrations", (Integration, IntegrationPoint, PointSource)),
    ("Rules and lookups", (ReferenceLookup, ReferenceLookupKey, IntegrationRule, QueryObjectRule, FieldRule)),
)
"""What is configuration, in the order in which one table refers to another."""

_records = table_of(Record)
_unique = table_of(UniqueValue)
_versions = table_of(DocumentVersion)
_crosslinks = table_of(CrossLink)
_users = table_of(User)


class SandboxCancelled(ConsoleError):
    """The copy was cancelled; nothing of it stays."""

    title = "Sandbox cancelled"


class VaultCopy:
    """One copy of a Vault's content into another Vault that has none.

    `progress` is told what is being copied and how much of all is done, from 0 to 1; `cancelled` is asked between two
    steps. Raises SandboxCancelled.
    """

    def __init__(
        self,
        write: WriteSession,
        source_id: int,
        target_id: int,
        progress: Progress | None,
        cancelled: Cancelled | None,
    ) -> None:
        self._write = write
        self._source_id = source_id
        self._target_id = target_id
        self._progress = progress
        self._cancelled = cancelled
        self._keys: Keys = {}

    def run(self) -> int:
        """Copy everything; answers how many records."""
        for number, (what, models) in enumerate(STEPS):
            # Configuration counts as a tenth of the work.
            self._step(what, number / len(STEPS) / 10)
            for model in models:
                self._copy_table(table_of(model))
        copied = self._copy_records()
        self._step("Done", 1.0)
        return copied

    def _step(self, what: str, done: float) -> None:
        if self._cancelled is not None and self._cancelled():
            raise SandboxCancelled("The sandbox was cancelled.", "Nothing was changed; start again at any time.")
        if self._progress is not None:
            self._progress(what, done)

    def _copy_table(self, table: Table) -> None:
        rows = self._write.execute(select(table).where(self._belongs(table)).order_by(*table.primary_key.columns)).all()
        copies = [self._copied(table, dict(row._mapping)) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
        keys = self._keys.setdefault(table.name, {})
        if not copies:
            return
        if "id" not in table.c:
            self._write.execute(insert(table), copies)
            return
        made = self._write.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), copies)
        keys.update(zip((row.id for row in rows), made.scalars(), strict=True))

    def _belongs(self, table: Table) -> ColumnElement[bool]:
        """The rows of the copied Vault: by the Vault they name, or by what they hang under."""
        if "vault_id" in table.c:
            own: ColumnElement[bool] = table.c.vault_id == self._source_id
            return own
        parents = []
        for reference in table.foreign_keys:
            parent = reference.column.table
            if reference.ondelete == "CASCADE" and parent.name in self._keys:
                above = select(reference.column).where(self._belongs(parent))
                parents.append(reference.parent.in_(above))
        return or_(*parents)

    def _copied(self, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in row.items() if name != "id"}
        for reference in table.foreign_keys:
            column, parent = reference.parent.name, reference.column.table.name
            if parent == "vault":
                values[column] = self._target_id
            elif parent in self._keys and values[column] is not None:
                values[column] = self._keys[parent].get(values[column])
        if table.name == "connection":
            values |= sandbox_values(row) | {
                "remote_connection_id": None,
                "created_at": self._write.now,
                "modified_at": self._write.now,
            }
        if table.name == "queue":
            values["trace_until"] = None
        return values

    def _copy_records(self) -> int:
        wanted = select(func.count()).where(_records.c.vault_id == self._source_id)
        total = self._write.execute(wanted).scalar_one()
        copied = 0
        objects = table_of(VaultObject).c
        named = select(objects.id, objects.plural_label).where(objects.vault_id == self._source_id)
        labels = {row.id: row.plural_label for row in self._write.execute(named)}
        for old, new in self._keys["vault_object"].items():
            low = 0
            while True:
                self._step(f"Records: {labels[old]}", 0.1 + 0.9 * copied / max(total, 1))
                chunk = select(_records.c.id).where(_records.c.object_id == old, _records.c.id > low)
                last = chunk.order_by(_records.c.id).limit(CHUNK).subquery()
                high, number = self._write.execute(select(func.max(last.c.id), func.count())).one()
                if not number:
                    break
                self._write.execute(self._insert_records(old, new, low, high))
                copied, low = copied + number, high
        for old, new in self._keys["object_field"].items():
            self._write.execute(self._insert_unique(old, new))
        for old, new in self._keys["vault_object"].items():
            self._write.execute(self._insert_versions(old, new))
        self._write.execute(self._insert_crosslinks())
        return int(copied)

    def _insert_records(self, old: int, new: int, low: int, high: int) -> Any:
        """Records keep their number: the Global ID of the copy differs in the Vault ID alone (Assumed).

        Link values stay: they go on naming the records of the Vaults that the parent is connected with (Assumed).
        """
        replaced = self._replaced(_records, new)
        names = [column.name for column in _records.columns if column.name != "id"]
        rows = select(*(replaced.get(name, _records.c[name]) for name in names)).where(
            _records.c.object_id == old, _records.c.id > low, _records.c.id <= high
        )
        return insert(_records).from_select(names, rows.order_by(_records.c.id))

    def _replaced(self, table: Table, object_id: int) -> dict[str, Any]:
        """What becomes different of a record, or of a version of a document, by column."""
        makers: dict[str, Any] = {}
        for column in ("created_by", "modified_by"):
            before, after = _users.alias(f"{column}_before"), _users.alias(f"{column}_after")
            makers[column] = (
                select(after.c.id)
                .join(before, before.c.username == after.c.username)
                .where(after.c.vault_id == self._target_id, before.c.id == table.c[column])
                .scalar_subquery()
            )
        number = func.substr(table.c.global_id, len(f"{self._source_id}_") + 1)
        return {
            "vault_id": literal(self._target_id),
            "object_id": literal(object_id),
            "global_id": literal(f"{self._target_id}_") + number,
            **makers,
        }

    def _insert_versions(self, old: int, new: int) -> Any:
        """Versions of documents hang under the copies of their records."""
        copy = _records.alias("copied")
        replaced = self._replaced(_versions, new) | {"record_key": copy.c.id}
        names = [column.name for column in _versions.columns if column.name != "id"]
        rows = (
            select(*(replaced.get(name, _versions.c[name]) for name in names))
            .join(copy, (copy.c.vault_id == self._target_id) & (copy.c.record_id == _versions.c.record_id))
            .where(_versions.c.object_id == old)
        )
        return insert(_versions).from_select(names, rows.order_by(_versions.c.id))

    def _insert_crosslinks(self) -> Any:
        """CrossLinks of the copy stay bound to the documents of the Vaults that the parent is connected with."""
        copy = _records.alias("copied")
        replaced: dict[str, Any] = {"vault_id": literal(self._target_id), "record_key": copy.c.id}
        names = [column.name for column in _crosslinks.columns if column.name != "id"]
        rows = (
            select(*(replaced.get(name, _crosslinks.c[name]) for name in names))
            .join(_records, _records.c.id == _crosslinks.c.record_key)
            .join(copy, (copy.c.vault_id == self._target_id) & (copy.c.record_id == _records.c.record_id))
            .where(_crosslinks.c.vault_id == self._source_id)
        )
        return insert(_crosslinks).from_select(names, rows.order_by(_crosslinks.c.id))

    def _insert_unique(self, old: int, new: int) -> Any:
        copy = _records.alias("copied")
        rows = (
            select(literal(new), _unique.c.value, copy.c.id)
            .join(_records, _records.c.id == _unique.c.record_id)
            .join(copy, (copy.c.vault_id == self._target_id) & (copy.c.record_id == _records.c.record_id))
            .where(_unique.c.field_id == old)
        )
        return insert(_unique).from_select(["field_id", "value", "record_id"], rows)


def sandbox_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes different of a connection in a sandbox (seed S1, Connections & Sandbox Vaults).

    A Vault to Vault connection is Pending, whatever it was (Assumed for others than Active ones), and names no Remote
    Vault ID, so that it reaches none of the parent's Vaults by mistake (Assumed). An External one is Inactive and its
    URL is to be entered again, unless the URL holds tokens: then URL and state stay. A Local one stays as it is.
    """
    kind = row["type"]
    if kind is ConnectionType.VAULT_TO_VAULT:
        return {"state": ConnectionState.PENDING, "remote_vault_id": None}
    if kind is ConnectionType.EXTERNAL and not has_tokens(row["url"]):
        return {"state": ConnectionState.INACTIVE, "url": None}
    return {}
