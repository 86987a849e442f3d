"""What people changed in the configuration of a Vault, the latest first, as it can be taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.changes.recording import MOST_KEPT
from models.permissions import Permission
from models.queries.window import fetch
from models.tables import AuditRow, ConfigurationChange, Vault, table_of

MOST_TOLD = 50
"""How many parts of one change a list tells of."""

_changes = table_of(ConfigurationChange).c
_audit = table_of(AuditRow).c

OBJECT_LABELS: Mapping[str, str] = {
    "connection__sys": "connection",
    "connection_authorization__sys": "authorization",
    "connection_client__sys": "client id",
    "integration__sys": "integration",
    "integration_point__sys": "integration point",
    "integrationrule": "integration rule",
    "queryobjectrule": "query object rule",
    "fieldrule": "field rule",
    "reference_lookup": "reference lookup",
    "reference_lookup_key": "lookup key",
    "queue": "queue",
    "queue_connection": "queue connection",
    "exception_notification": "setting",
    "job": "job",
    "vault": "Vault",
    "signing_certificate": "certificate",
    "certificate_rollover": "certificate rollover",
}
"""How people call what the audit names."""


@dataclass(frozen=True, slots=True)
class Part:
    """One audited part of a change: a creation, one field, or a deletion, in the Vault `vault_id`."""

    vault_id: int
    action: str
    object_name: str
    item: str
    record_id: str
    field_name: str
    old_value: str | None
    new_value: str | None

    @property
    def thing(self) -> str:
        """What was done to what, in words: `Edit queue Lab Outbound`."""
        return f"{self.action} {OBJECT_LABELS.get(self.object_name, self.object_name)} {self.item}".strip()


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change of the configuration. `why_not` says why it cannot be taken back now, empty when nothing is known.

    `permissions` are what taking it back needs. `undoes` is the number of the change that it took back, `undone_by`
    that of the one that took it back.
    """

    key: int
    at: datetime
    user: str
    what: str
    why_not: str
    undoes: int | None
    undone_by: int | None
    permissions: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def can_be_undone(self) -> bool:
        """Whether it is in effect and was kept so that it can be taken back."""
        return not self.why_not and self.undone_by is None

    @property
    def state(self) -> str:
        """How it stands, in a word or two."""
        if self.undone_by is not None:
            return "taken back"
        if self.why_not:
            return "lasting"
        return "takes back" if self.undoes is not None else ""


def changes(session: Session, vault_id: int, user: str = "", limit: int = MOST_KEPT) -> tuple[ChangeLine, ...]:
    """The latest changes of a Vault's configuration, by anybody or by one user, the latest first.

    Of a change of very many things only the first are told.
    """
    statement = select(*_COLUMNS).where(_changes.vault_id == vault_id)
    if user:
        statement = statement.where(_changes.user_name == user)
    return _lines(session, fetch(session, statement.order_by(_changes.id.desc()).limit(limit)), MOST_TOLD)


def change(session: Session, vault_id: int, key: int) -> ChangeLine | None:
    """One change of a Vault, None when it is not kept (any more)."""
    statement = select(*_COLUMNS).where(_changes.vault_id == vault_id, _changes.id == key)
    return next(iter(_lines(session, fetch(session, statement))), None)


def last_change(session: Session, vault_id: int, user: str) -> ChangeLine | None:
    """The latest change of a user that is in effect: what Undo takes back. What took something back does not count."""
    return _first(session, vault_id, user, _changes.undoes.is_(None), _changes.undone_by.is_(None))


def last_undone(session: Session, vault_id: int, user: str) -> ChangeLine | None:
    """What a user took back last, as the change that did: what Redo takes back."""
    originals = select(_changes.undone_by).where(
        _changes.vault_id == vault_id, _changes.undoes.is_(None), _changes.undone_by.is_not(None)
    )
    return _first(session, vault_id, user, _changes.id.in_(originals))


def _first(session: Session, vault_id: int, user: str, *conditions: Any) -> ChangeLine | None:
    statement = select(*_COLUMNS).where(_changes.vault_id == vault_id, _changes.user_name == user, *conditions)
    return next(iter(_lines(session, fetch(session, statement.order_by(_changes.id.desc()).limit(1)))), None)


def _lines(session: Session, rows: Iterable[Any], most: int | None = None) -> tuple[ChangeLine, ...]:
    """Changes with what the audit tells of each: all of it, or no more than so many parts."""
    rows = list(rows)
    parts: dict[datetime, list[Part]] = {}
    columns = [_audit[name] for name in Part.__slots__]
    # Naming the Vaults lets the index over Vault and time be used: most of the audit tells of records.
    told = select(_audit.id, _audit.at, *columns).where(
        _audit.vault_id.in_(select(table_of(Vault).c.id)), _audit.at.in_([row.at for row in rows])
    )
    if most is not None:
        place = func.row_number().over(partition_by=_audit.at, order_by=_audit.id).label("place")
        each = told.add_columns(place).subquery()
        told = select(each.c.id, each.c.at, *(each.c[name] for name in Part.__slots__)).where(each.c.place <= most)
    for _, at, *values in sorted(fetch(session, told), key=lambda row: row[0]) if rows else ():
        parts.setdefault(at, []).append(Part(*values))
    return tuple(
        ChangeLine(
            row.id,
            row.at,
            row.user_name,
            in_words(known := _own_first(parts.get(row.at, ()), row.vault_id)),
            row.why_not,
            row.undoes,
            row.undone_by,
            tuple(row.permissions) or (Permission.MANAGE_CONNECTIONS.value,),
            tuple(known),
        )
        for row in rows
    )


def _own_first(parts: Iterable[Part], vault_id: int) -> list[Part]:
    return sorted(parts, key=lambda part: part.vault_id != vault_id)


def in_words(parts: Sequence[Part]) -> str:
    """A change in one line: its main part, and how many things more it did.

    What is deleted with something is audited before it, and what is edited with something after it.
    """
    things = list(dict.fromkeys(part.thing for part in parts))
    if not things:
        return "A change that the audit no longer tells of"
    if all("Delete" in part.action for part in parts):
        things.reverse()
    return things[0] if len(things) == 1 else f"{things[0]} and {len(things) - 1} more"


_COLUMNS = tuple(
    _changes[name] for name in ("id", "vault_id", "at", "user_name", "why_not", "undoes", "undone_by", "permissions")
)
