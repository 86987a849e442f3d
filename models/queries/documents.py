"""Documents for reading: the list of a Vault, the versions of each, what its CrossLinks are bound to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session

from models.queries.window import fetch
from models.tables import (
    Connection,
    CrossLink,
    DocumentVersion,
    ObjectKind,
    Record,
    Vault,
    VaultObject,
    table_of,
)
from models.versions import Version

_versions = table_of(DocumentVersion)
_crosslinks = table_of(CrossLink)
_records = table_of(Record)
_objects = table_of(VaultObject)
_vaults = table_of(Vault)

WORTH_SHOWING = 50
"""CrossLinks of one document that a detail lists."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What one version of a CrossLink is bound to. The source's name is empty when it cannot be found any more."""

    binding: str
    source_vault_id: int
    source_vault: str
    source_record_id: str
    source_global_id: str
    source_version: str
    source_name: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version of a document. `state_type` is empty for a state without one."""

    version: str
    version_id: str
    name: str
    state: str
    state_label: str
    state_type: str
    latest: bool
    modified_at: datetime
    binding: Binding | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document in a list: its latest version."""

    record_id: str
    name: str
    version: str
    state: str
    state_label: str
    state_type: str
    crosslink: bool
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class CrossLinkLine:
    """One version of a document of this Vault with what it is bound to, or one elsewhere that is bound to it."""

    vault_id: int
    vault: str
    record_id: str
    name: str
    version: str
    state_label: str
    source_vault_id: int
    source_vault: str
    source_record_id: str
    source_version: str
    binding: str


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What a document has beside the fields of a record: its versions, latest first, and CrossLinks bound to it.

    `states` are the states of its lifecycle: name, label, and type or an empty text.
    """

    version: str
    state_type: str
    states: tuple[tuple[str, str, str], ...]
    versions: tuple[VersionLine, ...]
    used_by: tuple[CrossLinkLine, ...]

    @property
    def binding(self) -> Binding | None:
        """What the latest version is bound to; None when it is no CrossLink."""
        return self.versions[0].binding if self.versions else None


def has_documents(session: Session, vault_id: int) -> bool:
    """Whether the Vault has an object of documents."""
    return session.execute(_document_objects(vault_id)).first() is not None


def document_lines(
    session: Session, vault_id: int, *, state_type: str = "", crosslinks: bool | None = None, limit: int = 50
) -> tuple[int, tuple[DocumentLine, ...]]:
    """How many documents a Vault has, and the first of them by name: of one state type, or CrossLinks, or others."""
    bound = select(_crosslinks.c.id).where(_crosslinks.c.record_key == _records.c.id).correlate(_records).exists()
    states = _states(session, vault_id)
    statement = (
        select(_records, _versions.c.major, _versions.c.minor, bound.label("bound"))
        .join(_versions, (_versions.c.record_key == _records.c.id) & _versions.c.latest)
        .where(_records.c.vault_id == vault_id)
    )
    if state_type:
        statement = statement.where(
            _records.c.state.in_([name for name, state in states.items() if state[1] == state_type])
        )
    if crosslinks is not None:
        statement = statement.where(bound if crosslinks else ~bound)
    total = session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    rows = fetch(session, statement.order_by(_records.c.name, _records.c.id).limit(limit))
    return total, tuple(
        DocumentLine(
            row.record_id,
            row.name,
            str(Version(row.major, row.minor)),
            row.state or "",
            *_state(states, row.state),
            crosslink=row.bound,
            modified_at=row.modified_at,
        )
        for row in rows
    )


def document_facts(session: Session, vault_id: int, record_id: str) -> DocumentFacts | None:
    """Versions and CrossLinks of a document; None when the Vault has no such document."""
    statement = (
        select(_versions)
        .where(_versions.c.vault_id == vault_id, _versions.c.record_id == record_id)
        .order_by(_versions.c.major.desc(), _versions.c.minor.desc())
    )
    rows = fetch(session, statement)
    if not rows:
        return None
    states = _states(session, vault_id)
    bindings = _bindings(session, rows[0].record_key)
    versions = tuple(
        VersionLine(
            str(Version(row.major, row.minor)),
            row.version_id,
            row.name,
            row.state or "",
            *_state(states, row.state),
            latest=row.latest,
            modified_at=row.modified_at,
            binding=bindings.get((row.major, row.minor)),
        )
        for row in rows
    )
    used_by = _used_by(session, vault_id, rows[0].global_id)
    lifecycle = tuple((name, label, state_type) for name, (label, state_type) in states.items())
    return DocumentFacts(versions[0].version, versions[0].state_type, lifecycle, versions, used_by)


def crosslink_lines(session: Session, vault_id: int, limit: int = 50) -> tuple[CrossLinkLine, ...]:
    """The CrossLinks of a Vault, each of its versions a line, latest bound first."""
    statement = _crosslink_rows().where(_crosslinks.c.vault_id == vault_id)
    rows = fetch(session, statement.order_by(_crosslinks.c.bound_at.desc(), _crosslinks.c.id.desc()).limit(limit))
    return _lines(session, rows)


def _used_by(session: Session, vault_id: int, global_id: str) -> tuple[CrossLinkLine, ...]:
    connections = table_of(Connection).c
    connected = select(connections.remote_vault_id).where(
        connections.vault_id == vault_id, connections.remote_vault_id.is_not(None)
    )
    statement = _crosslink_rows().where(
        _crosslinks.c.vault_id.in_(connected), _crosslinks.c.source_global_id == global_id
    )
    order = (_vaults.c.name, _crosslinks.c.source_major.desc(), _crosslinks.c.source_minor.desc())
    return _lines(session, fetch(session, statement.order_by(*order).limit(WORTH_SHOWING)))


def _crosslink_rows() -> Select[Any]:
    return (
        select(
            _crosslinks,
            _vaults.c.name.label("vault_name"),
            _versions.c.record_id,
            _versions.c.name.label("document"),
            _versions.c.state,
        )
        .join(
            _versions,
            (_versions.c.record_key == _crosslinks.c.record_key)
            & (_versions.c.major == _crosslinks.c.major)
            & (_versions.c.minor == _crosslinks.c.minor),
        )
        .join(_vaults, _vaults.c.id == _crosslinks.c.vault_id)
    )


def _lines(session: Session, rows: Sequence[Any]) -> tuple[CrossLinkLine, ...]:
    names = _vault_names(session, {row.source_vault_id for row in rows})
    labels = {vault_id: _states(session, vault_id) for vault_id in {row.vault_id for row in rows}}
    return tuple(
        CrossLinkLine(
            row.vault_id,
            row.vault_name,
            row.record_id,
            row.document,
            str(Version(row.major, row.minor)),
            _state(labels[row.vault_id], row.state)[0],
            row.source_vault_id,
            names.get(row.source_vault_id, f"Vault {row.source_vault_id}"),
            row.source_record_id,
            str(Version(row.source_major, row.source_minor)),
            row.binding.value,
        )
        for row in rows
    )


def _bindings(session: Session, record_key: int) -> Mapping[tuple[int, int], Binding]:
    rows = session.execute(select(_crosslinks).where(_crosslinks.c.record_key == record_key)).all()
    if not rows:
        return {}
    vaults = _vault_names(session, {row.source_vault_id for row in rows})
    global_ids = {row.source_global_id for row in rows}
    named = select(_records.c.global_id, _records.c.name).where(_records.c.global_id.in_(global_ids))
    names = {row.global_id: row.name for row in session.execute(named)}
    return {
        (row.major, row.minor): Binding(
            row.binding.value,
            row.source_vault_id,
            vaults.get(row.source_vault_id, f"Vault {row.source_vault_id}"),
            row.source_record_id,
            row.source_global_id,
            str(Version(row.source_major, row.source_minor)),
            names.get(row.source_global_id, ""),
            row.bound_at,
        )
        for row in rows
    }


def _vault_names(session: Session, vault_ids: set[int]) -> dict[int, str]:
    named = select(_vaults.c.id, _vaults.c.name).where(_vaults.c.id.in_(vault_ids))
    return {row.id: row.name for row in session.execute(named)}


def _document_objects(vault_id: int) -> Select[Any]:
    return select(_objects.c.states).where(_objects.c.vault_id == vault_id, _objects.c.kind == ObjectKind.DOCUMENT)


def _states(session: Session, vault_id: int) -> dict[str, tuple[str, str]]:
    """Label and type of the lifecycle states of a Vault's documents."""
    found: dict[str, tuple[str, str]] = {}
    for (states,) in session.execute(_document_objects(vault_id)):
        found |= {state["name"]: (state["label"], state.get("type", "")) for state in states}
    return found


def _state(states: Mapping[str, tuple[str, str]], state: str | None) -> tuple[str, str]:
    return states.get(state or "", (state or "", ""))
