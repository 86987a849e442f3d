"""Reference lookups of a connection with their keys: which are used, which never, and which were asked for in vain.

The receive job counts: each use of a key, and each source value that a lookup does not hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlmodel import Session

from models.queries.lookup import Named
from models.queries.window import Listing, fetch, fetch_one, matches, ordered, row_of
from models.services.lookups import delete_problem
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    Connection,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Record,
    ReferenceLookup,
    ReferenceLookupKey,
    ReferenceLookupMiss,
    Vault,
    VaultObject,
    table_of,
)

_table = table_of(ReferenceLookup)
_c = _table.c
_key_table = table_of(ReferenceLookupKey)
_keys = _key_table.c
_miss_table = table_of(ReferenceLookupMiss)
_misses = _miss_table.c
_connections = table_of(Connection)
_field_rules = table_of(FieldRule)
_rules = table_of(IntegrationRule)

SHOWN = 20
"""How many missing and unused keys the details of a lookup name."""


@dataclass(frozen=True, slots=True)
class LookupRow:
    """A reference lookup in a list.

    `keys` counts its pairs, `used` those that the receive job has used, `missing` the source values that it was asked
    for and does not hold, `misses` how often that was; `rules` counts the field rules that name it.
    """

    key: int
    name: str
    api_name: str
    type: str
    target_object: str | None
    target_key_field: str | None
    keys: int
    used: int
    missing: int
    misses: int
    rules: int

    @property
    def unused(self) -> int:
        """How many pairs were never used."""
        return self.keys - self.used


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A pair of a lookup, by its source key."""

    key: str
    target_key: str
    uses: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class MissRow:
    """A source value that a lookup does not hold, how often it was asked for, and when last."""

    key: str
    misses: int
    last_missed_at: datetime


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A field rule that names the lookup."""

    rule: str
    target: str
    active: bool
    integration_id: int
    integration: str


@dataclass(frozen=True, slots=True)
class LookupDetail:
    """All that is shown about one lookup: the first of its missing and unused keys, and who uses it."""

    row: LookupRow
    connection_id: int
    connection: str
    remote_vault: str
    target_label: str
    rules: tuple[RuleUse, ...]
    missing: tuple[MissRow, ...]
    unused: tuple[str, ...]
    delete_problem: str | None

    @property
    def key(self) -> int:
        """The lookup's id."""
        return self.row.key


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """The record that a target key of an Object lookup names."""

    record_id: str
    name: str
    object_name: str


@dataclass(frozen=True, slots=True)
class KeyDetail:
    """One pair, with the record it leads to; `record` is None for a Generic lookup, or when there is none."""

    row: KeyRow
    lookup: LookupRow
    record: TargetRecord | None


def _count(table: Any, *conditions: Any, counted: Any = None) -> Any:
    return (
        select(func.count() if counted is None else func.coalesce(func.sum(counted), 0))
        .select_from(table)
        .where(*conditions)
        .correlate(_table)
        .scalar_subquery()
    )


def _columns() -> tuple[Any, ...]:
    own_keys, own_misses = _keys.lookup_id == _c.id, _misses.lookup_id == _c.id
    return (
        _c.id,
        _c.name,
        _c.api_name,
        _c.type,
        _c.target_object,
        _c.target_key_field,
        _count(_key_table, own_keys),
        _count(_key_table, own_keys, _keys.uses > 0),
        _count(_miss_table, own_misses),
        _count(_miss_table, own_misses, counted=_misses.misses),
        _count(_field_rules, _field_rules.c.reference_lookup_id == _c.id),
    )


def _own(vault_id: int) -> Select[Any]:
    """Ids of the lookups of a Vault."""
    return select(_c.id).where(
        _c.connection_id.in_(select(_connections.c.id).where(_connections.c.vault_id == vault_id))
    )


def listing(
    vault_id: int, connection_id: int, *, text: str = "", sort: str = "name", descending: bool = False
) -> Listing[LookupRow]:
    """The reference lookups of a connection; `text` filters by name, API name and target object."""
    keys = _own(vault_id).where(_c.connection_id == connection_id)
    if text:
        keys = keys.where(matches(text, _c.name, _c.api_name, func.coalesce(_c.target_object, "")))
    rows = select(*_columns())
    found: Listing[LookupRow] = Listing(_c.id, keys, rows, lambda row: LookupRow(*row))
    return ordered(found, {"name": _c.name}, sort, descending=descending)


def lookups(session: Session, vault_id: int, connection_id: int) -> tuple[LookupRow, ...]:
    """All reference lookups of a connection, by name."""
    statement = (
        select(*_columns()).where(_c.id.in_(_own(vault_id)), _c.connection_id == connection_id).order_by(_c.name, _c.id)
    )
    return tuple(LookupRow(*row) for row in fetch(session, statement))


def lookup_row(session: Session, vault_id: int, lookup_id: int) -> LookupRow | None:
    """One lookup of a Vault; None when it is gone."""
    row = fetch_one(session, select(*_columns()).where(_c.id.in_(_own(vault_id)), _c.id == lookup_id))
    return None if row is None else LookupRow(*row)


def detail(session: Session, vault_id: int, lookup_id: int) -> LookupDetail | None:
    """One lookup of a Vault with what its page shows; None when it is gone."""
    statement = (
        select(*_columns(), _connections.c.id, _connections.c.name, _connections.c.remote_vault_name)
        .join(_connections, _connections.c.id == _c.connection_id)
        .where(_connections.c.vault_id == vault_id, _c.id == lookup_id)
    )
    row = fetch_one(session, statement)
    if row is None:
        return None
    lookup = LookupRow(*row[:11])
    return row_of(
        LookupDetail,
        (lookup, *row[11:14]),
        target_label=_target_label(session, vault_id, lookup),
        rules=_uses(session, lookup_id),
        missing=_first_misses(session, lookup_id),
        unused=_first_unused(session, lookup_id),
        delete_problem=delete_problem(session, lookup_id),
    )


KEY_SORTS: Mapping[str, ColumnElement[Any]] = {"target": _keys.target_key, "uses": _keys.uses}
MISS_SORTS: Mapping[str, ColumnElement[Any]] = {"misses": _misses.misses, "last": _misses.last_missed_at}


def key_listing(
    vault_id: int,
    lookup_id: int,
    *,
    text: str = "",
    unused_only: bool = False,
    sort: str = "",
    descending: bool = False,
) -> Listing[KeyRow]:
    """The pairs of a lookup by source key; `text` filters by both keys, `unused_only` leaves those never used."""
    mine = _keys.lookup_id == lookup_id, _keys.lookup_id.in_(_own(vault_id))
    keys = select(_keys.source_key).where(*mine)
    if unused_only:
        keys = keys.where(_keys.uses == 0)
    if text:
        keys = keys.where(matches(text, _keys.source_key, _keys.target_key))
    rows = select(_keys.source_key, _keys.target_key, _keys.uses, _keys.last_used_at).where(*mine)
    found: Listing[KeyRow] = Listing(_keys.source_key, keys, rows, lambda row: KeyRow(*row))
    return ordered(found, KEY_SORTS, sort, descending=descending)


def miss_listing(
    vault_id: int, lookup_id: int, *, text: str = "", sort: str = "misses", descending: bool = True
) -> Listing[MissRow]:
    """Missing keys found in data: source values that the lookup does not hold, the most frequent first."""
    mine = _misses.lookup_id == lookup_id, _misses.lookup_id.in_(_own(vault_id))
    keys = select(_misses.source_key).where(*mine)
    if text:
        keys = keys.where(matches(text, _misses.source_key))
    rows = select(_misses.source_key, _misses.misses, _misses.last_missed_at).where(*mine)
    found: Listing[MissRow] = Listing(_misses.source_key, keys, rows, lambda row: MissRow(*row))
    return ordered(found, MISS_SORTS, sort, descending=descending)


def key_detail(session: Session, vault_id: int, lookup_id: int, source_key: str) -> KeyDetail | None:
    """One pair; None when it is gone."""
    lookup = lookup_row(session, vault_id, lookup_id)
    statement = select(_keys.source_key, _keys.target_key, _keys.uses, _keys.last_used_at).where(
        _keys.lookup_id == lookup_id, _keys.source_key == source_key
    )
    row = None if lookup is None else fetch_one(session, statement)
    if row is None or lookup is None:
        return None
    pair = KeyRow(*row)
    return KeyDetail(pair, lookup, _target_record(session, vault_id, lookup, pair.target_key))


def miss_row(session: Session, vault_id: int, lookup_id: int, source_key: str) -> MissRow | None:
    """One missing key; None when it is missing no more."""
    statement = select(_misses.source_key, _misses.misses, _misses.last_missed_at).where(
        _misses.lookup_id == lookup_id, _misses.lookup_id.in_(_own(vault_id)), _misses.source_key == source_key
    )
    row = fetch_one(session, statement)
    return None if row is None else MissRow(*row)


def named_lookups(
    session: Session, vault_ids: Sequence[int], connection_id: int | None = None
) -> tuple[tuple[Named, str], ...]:
    """The lookups of these Vaults, each with its connection's API name, to be found by what a person calls them."""
    vaults = table_of(Vault).c
    statement = (
        select(_c.id, vaults.id, vaults.name, _c.api_name, _c.name, _connections.c.id, _connections.c.api_name)
        .select_from(_table)
        .join(_connections, _connections.c.id == _c.connection_id)
        .join(table_of(Vault), vaults.id == _connections.c.vault_id)
        .where(_connections.c.vault_id.in_(vault_ids))
        .order_by(vaults.name, _c.id)
    )
    if connection_id is not None:
        statement = statement.where(_connections.c.id == connection_id)
    return tuple((Named(*row[:6]), row[6]) for row in fetch(session, statement))


def _target_label(session: Session, vault_id: int, lookup: LookupRow) -> str:
    objects = table_of(VaultObject).c
    label = session.execute(
        select(objects.label).where(objects.vault_id == vault_id, objects.name == (lookup.target_object or ""))
    ).scalar_one_or_none()
    return label or ""


def _target_record(session: Session, vault_id: int, lookup: LookupRow, target_key: str) -> TargetRecord | None:
    if lookup.target_object is None or lookup.target_key_field is None:
        return None
    objects, records = table_of(VaultObject).c, table_of(Record)
    column: ColumnElement[Any]
    if lookup.target_key_field in SYSTEM_COLUMNS:
        column = cast(records.c[SYSTEM_COLUMNS[lookup.target_key_field]], Text)
    else:
        column = records.c.data[lookup.target_key_field].as_string()
    statement = (
        select(records.c.record_id, records.c.name, objects.name)
        .join(table_of(VaultObject), objects.id == records.c.object_id)
        .where(objects.vault_id == vault_id, objects.name == lookup.target_object, column == target_key)
        .order_by(records.c.id)
        .limit(1)
    )
    row = session.execute(statement).first()
    return None if row is None else TargetRecord(*row)


def _uses(session: Session, lookup_id: int) -> tuple[RuleUse, ...]:
    points, integrations = table_of(IntegrationPoint), table_of(Integration)
    fields = _field_rules.c
    statement = (
        select(
            _rules.c.name,
            fields.target_object,
            fields.target_field,
            fields.target_docfield,
            fields.active,
            _rules.c.active,
            integrations.c.id,
            integrations.c.name,
        )
        .select_from(_field_rules)
        .join(_rules, _rules.c.id == fields.rule_id)
        .join(points, points.c.id == _rules.c.point_id)
        .join(integrations, integrations.c.id == points.c.integration_id)
        .where(fields.reference_lookup_id == lookup_id)
        .order_by(_rules.c.name, fields.position, fields.id)
    )
    return tuple(
        RuleUse(rule, docfield or f"{object_name}.{field}", own_active and rule_active, integration_id, integration)
        for rule, object_name, field, docfield, own_active, rule_active, integration_id, integration in fetch(
            session, statement
        )
    )


def _first_misses(session: Session, lookup_id: int) -> tuple[MissRow, ...]:
    statement = (
        select(_misses.source_key, _misses.misses, _misses.last_missed_at)
        .where(_misses.lookup_id == lookup_id)
        .order_by(_misses.misses.desc(), _misses.source_key)
        .limit(SHOWN)
    )
    return tuple(MissRow(*row) for row in fetch(session, statement))


def _first_unused(session: Session, lookup_id: int) -> tuple[str, ...]:
    statement = (
        select(_keys.source_key)
        .where(_keys.lookup_id == lookup_id, _keys.uses == 0)
        .order_by(_keys.source_key)
        .limit(SHOWN)
    )
    return tuple(row[0] for row in fetch(session, statement))
