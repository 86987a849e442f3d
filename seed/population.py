"""The records that values are drawn from: read once per object, in the order they came into being."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session

from models.system_fields import SYSTEM_COLUMNS
from models.tables import Record, VaultObject, table_of

_records = table_of(Record)
_objects = table_of(VaultObject)

LATEST = 500
"""How many records of an object are looked at: the latest ones, so that a lab that ran for days costs no more."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record as drawing sees it: its Vault and its fields by API name, system fields included."""

    vault_id: int
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.values["id"])


@dataclass
class Population:
    """Records of a store by object, as far as they were asked for. Say what was written with `add`."""

    session: Session
    _by_object: dict[tuple[int, str], list[Known]] = field(default_factory=dict)
    _by_id: dict[tuple[int, str], Known] = field(default_factory=dict)

    def of(self, vault_id: int, object_name: str) -> Sequence[Known]:
        """The latest records of an object, oldest first."""
        found = self._by_object.get((vault_id, object_name))
        if found is None:
            statement = self._select(vault_id, object_name).order_by(_records.c.id.desc()).limit(LATEST)
            found = list(reversed(self._load(statement)))
            self._by_object[vault_id, object_name] = found
        return found

    def find(self, vault_id: int, record_id: str) -> Known | None:
        """A record of a Vault by its id; None when there is none."""
        if (vault_id, record_id) not in self._by_id:
            self._load(self._select(vault_id).where(_records.c.record_id == record_id))
        return self._by_id.get((vault_id, record_id))

    def add(self, vault_id: int, object_name: str, record_ids: Iterable[str]) -> None:
        """Take note of records that were just created."""
        known = self._by_object.get((vault_id, object_name))
        if known is not None:
            statement = self._select(vault_id, object_name).where(_records.c.record_id.in_(list(record_ids)))
            known.extend(self._load(statement.order_by(_records.c.id)))

    def _load(self, statement: Select[Any]) -> list[Known]:
        loaded: list[Known] = []
        for row in self.session.execute(statement):
            values = {name: getattr(row, column) for name, column in SYSTEM_COLUMNS.items()}
            known = Known(row.vault_id, values | row.data)
            self._by_id[row.vault_id, known.id] = known
            loaded.append(known)
        return loaded

    def _select(self, vault_id: int, object_name: str | None = None) -> Select[Any]:
        statement = select(_records).where(_records.c.vault_id == vault_id)
        if object_name is None:
            return statement
        return statement.join(_objects, _objects.c.id == _records.c.object_id).where(
            _objects.c.vault_id == vault_id, _objects.c.name == object_name
        )
