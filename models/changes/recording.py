"""Keeping what a person changes in the configuration, at the end of the transaction in which he does.

The rows before are those that the store still holds for everybody else; so nothing that writes needs to know of this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from models.changes.images import RowChange, differing_rows, is_sealed
from models.changes.kinds import KINDS, with_children
from models.permissions import Actor
from models.store import WriteSession
from models.tables import ConfigurationChange, Connection, ConnectionState, ConnectionType, table_of

MOST_KEPT = 200
"""How many changes of a Vault are kept."""
MOST_ROWS = 20_000
"""Rows that one change may have touched to be kept."""

_changes = table_of(ConfigurationChange)
_connections = table_of(Connection)

_SETTLED = (
    "It was settled with another Vault, which a connection file has reached: reset or delete the connection instead."
)
_CERTIFICATES = "Signing certificates serve all Vaults, and keys that were made or let go do not come back."
LASTING_ACTIONS: Mapping[str, str] = {
    "Download Connection File": "The connection file has left the Vault. A newer one makes it worthless.",
    "Connect from File": _SETTLED,
    "Establish Connection": _SETTLED,
    "Start Workflow": _SETTLED,
    "Approve Connection": _SETTLED,
    "Reject Connection": _SETTLED,
    "Cancel Approval": _SETTLED,
    "Create Sandbox": "It made a Vault of its own, with everything in it.",
    "Refresh Sandbox": "It made all of a sandbox anew: what was in it before is gone.",
}
"""Actions after which there is no way back, by their names in the audit, with the reason."""
LASTING_OBJECTS: Mapping[str, str] = {"signing_certificate": _CERTIFICATES, "certificate_rollover": _CERTIFICATES}
OBJECTS = frozenset(
    {
        "connection__sys",
        "connection_authorization__sys",
        "connection_client__sys",
        "exception_notification",
        "fieldrule",
        "integration__sys",
        "integration_point__sys",
        "integrationrule",
        "job",
        "queryobjectrule",
        "queue",
        "queue_connection",
        "reference_lookup",
        "reference_lookup_key",
        "vault",
        *LASTING_OBJECTS,
    }
)
"""What the audit calls the things that are configuration: jobs write to their tables too, but audit other things."""
_EMPTIED = "The messages that were deleted are not kept."
_NOTES = "configuration change"
UNDOES = "undoes"
"""Under this name a session's `info` holds the id of the change that its transaction takes back."""


@dataclass(slots=True)
class _Notes:
    """What the audit of a transaction said so far: who did it, and why it could not be taken back."""

    actor: Actor
    why_not: str = ""


def note(write: WriteSession, actor: Actor, action: str, object_name: str) -> None:
    """Hear of everything that is audited: what a person configures is compared with what was before, at the end."""
    if actor.user_id is None or object_name not in OBJECTS:
        return
    notes = write.info.get(_NOTES)
    if notes is None:
        notes = write.info[_NOTES] = _Notes(actor)
        write.before_commit(_record)
    reason = LASTING_ACTIONS.get(action) or LASTING_OBJECTS.get(object_name, "")
    if action == "Reset" and object_name == "queue":
        reason = _EMPTIED
    notes.why_not = notes.why_not or reason


def _record(write: WriteSession) -> None:
    notes: _Notes = write.info[_NOTES]
    rows: list[RowChange] = []
    names = {name for name in write.written if name in KINDS} | with_children(write.deleted_from)
    why_not = notes.why_not
    if names and not why_not:
        with write.as_it_was() as earlier:
            rows = differing_rows(earlier, write, names)
        why_not = why_not_back(rows, notes.actor.vault_id) if rows else ""
    if rows or why_not:
        _keep(write, notes.actor, rows, why_not)


def why_not_back(rows: Sequence[RowChange], vault_id: int) -> str:
    """Why a change of these rows, made in a Vault, cannot be taken back; empty when it can."""
    if len(rows) > MOST_ROWS:
        return f"It changed {len(rows):,} rows; up to {MOST_ROWS:,} are kept."
    for row in rows:
        if any(is_sealed(name) and value is not None for name, value in (row.before or {}).items()):
            return "A password, a secret or a command that was sealed is not kept, so that it cannot come back."
        home = (row.before or row.after or {}).get("vault_id", vault_id)
        if home != vault_id and row.kind.table is not _connections:
            return f"It changed Vault {home} as well."
    return ""


def _keep(write: WriteSession, actor: Actor, rows: Sequence[RowChange], why_not: str) -> None:
    undoes: int | None = write.info.get(UNDOES)
    values: dict[str, Any] = {
        "vault_id": actor.vault_id,
        "at": write.now,
        "user_name": actor.name,
        "undoes": undoes,
        "why_not": why_not,
        "permissions": sorted(permissions_of(rows)),
        "rows": [] if why_not else [row.as_json() for row in rows],
    }
    key: int = write.execute(insert(_changes).values(**values).returning(_changes.c.id)).scalar_one()
    if undoes is not None:
        _settle(write, undoes, key)
    kept = select(_changes.c.id).where(_changes.c.vault_id == actor.vault_id).order_by(_changes.c.id.desc())
    oldest = write.execute(kept.limit(1).offset(MOST_KEPT)).scalar_one_or_none()
    if oldest is not None:
        write.execute(delete(_changes).where(_changes.c.vault_id == actor.vault_id, _changes.c.id <= oldest))


def _settle(write: WriteSession, undone: int, by: int) -> None:
    """Note that a change was taken back. One that this had taken back itself is in effect again."""
    write.execute(update(_changes).where(_changes.c.id == undone).values(undone_by=by))
    write.execute(update(_changes).where(_changes.c.undone_by == undone).values(undone_by=None))


def permissions_of(rows: Sequence[RowChange]) -> set[str]:
    """What changing these rows needs. What comes or goes with the row above it needs no more than that one."""
    whole = {row.place for row in rows if row.before is None or row.after is None}
    return {row.kind.permission.value for row in rows if not (row.place in whole and _above(row) & whole)}


def _above(row: RowChange) -> set[tuple[str, tuple[Any, ...]]]:
    values = row.before or row.after or {}
    return {
        (reference.column.table.name, (values.get(reference.parent.name),))
        for reference in row.kind.table.foreign_keys
        if reference.ondelete == "CASCADE"
    }


def pairing_problem(write: WriteSession, connection_ids: Sequence[int]) -> str:
    """Why connections would stand wrong as they are now: Active without an Active partner; empty when they do not."""
    for key in connection_ids:
        row = write.execute(select(_connections).where(_connections.c.id == key)).one_or_none()
        if row is None or row.type is not ConnectionType.VAULT_TO_VAULT or row.state is not ConnectionState.ACTIVE:
            continue
        partner = select(func.count()).where(
            _connections.c.id == row.remote_connection_id,
            _connections.c.remote_connection_id == key,
            _connections.c.state == ConnectionState.ACTIVE,
        )
        if not write.execute(partner).scalar_one():
            return f"{row.name} would be Active, and the remote connection is no longer there for it."
    return ""
