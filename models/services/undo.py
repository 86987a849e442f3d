"""Taking back a change of the configuration: the rows become what they were, unless they have changed since.

Assumed: a Vault has no Undo. What the vendor's administrator mends by hand is here put back as it was, as a change of
its own, audited as such, which can be taken back in its turn.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from models import sqlite
from models.audit import audit
from models.changes.images import Key, RowChange, Values, from_json, is_sealed, rows_by_key
from models.changes.kinds import KINDS
from models.changes.recording import UNDOES, pairing_problem
from models.errors import NotFound, NotPossible
from models.permissions import Actor
from models.queries.changes import ChangeLine, Part, change, changes
from models.services.integrations import require_switchable
from models.store import WriteSession
from models.tables import ConfigurationChange, Connection, Integration, table_of

PASSING = frozenset({"timeline_event", "reference_lookup_miss", "connection_file"})
"""Tables whose rows may go with a row that an undo deletes: they only tell of it."""

_REMEDY = "Change it by hand; the list of changes shows what it was."

_changes = table_of(ConfigurationChange)
_connections = table_of(Connection)
_integrations = table_of(Integration)


def undo(write: WriteSession, actor: Actor, change_id: int) -> ChangeLine:
    """Take back one change of the actor's Vault; answers it as it was. Taking back what took back does it again.

    The rows must be as the change left them, but for what jobs have moved on since. Raises NotFound, NotAllowed when
    the actor lacks what the change itself needed, and NotPossible with the reason: it cannot be taken back, it has been
    already, or something has changed since, and by whom.
    """
    line = change(write, actor.vault_id, change_id)
    if line is None:
        raise NotFound(
            f"Vault {actor.vault_id} keeps no change {change_id}.", "The list of changes names those that it keeps."
        )
    for permission in line.permissions:
        actor.require(permission)
    reason, remedy = undo_problem(write, actor.vault_id, line)
    if reason:
        raise NotPossible(f"{line.what} cannot be taken back. {reason}", remedy)
    back = _back(write, change_id)
    try:
        _write(write, back)
    except IntegrityError as refused:
        raise NotPossible(
            f"{line.what} cannot be taken back: something else has its place, or what it needs is gone.", _REMEDY
        ) from refused
    connections = [key[0] for name, key in (each.place for each in back) if name == _connections.name]
    if problem := pairing_problem(write, connections):
        raise NotPossible(f"{line.what} cannot be taken back. {problem}", "Connect the Vaults anew.")
    _refuse_unmet(write, line, back)
    _tell(write, actor, line, back)
    write.info[UNDOES] = change_id
    return line


def undo_problem(session: Session, vault_id: int, line: ChangeLine) -> tuple[str, str]:
    """Why a change cannot be taken back as things are now, and what to do; both empty when nothing is known."""
    if line.undone_by is not None:
        return "It has been taken back already.", f"Take back change {line.undone_by} to do it again."
    if line.why_not:
        return line.why_not, _REMEDY
    if line.undoes is not None:
        first = change(session, vault_id, line.undoes)
        if first is not None and first.undoes is not None:
            return "It brought another change back: take that one back.", _REMEDY
    found = conflicts(session, _back(session, line.key))
    return _changed_since(session, vault_id, line, found) if found else ("", "")


def _back(session: Session, key: int) -> list[RowChange]:
    rows = session.execute(select(_changes.c.rows).where(_changes.c.id == key)).scalar_one()
    return [from_json(kept).reversed() for kept in rows]


def conflicts(session: Session, back: Sequence[RowChange]) -> list[tuple[RowChange, str]]:
    """The rows that are no longer as the change left them, each with what is different, in words."""
    found: list[tuple[RowChange, str]] = []
    by_kind: dict[str, list[RowChange]] = {}
    for each in back:
        by_kind.setdefault(each.kind.table.name, []).append(each)
    for name, rows in by_kind.items():
        present = rows_by_key(session, KINDS[name], (each.key for each in rows))
        told = ((each, _conflict(each, present.get(each.key))) for each in rows)
        found += [(each, problem) for each, problem in told if problem]
    return found


def _conflict(back: RowChange, now: Values | None) -> str:
    """What stands against taking a row's change back; empty when nothing does."""
    kind = back.kind
    if back.before is None:
        return "" if now is None else f"{kind.label} {_called(back.after or {})}: another one has its place"
    if now is None:
        return f"{kind.label} {_called(back.before)}: it is gone"
    differing = [
        name
        for name, value in back.before.items()
        if name in kind.counting and not is_sealed(name) and now.get(name) != value
    ]
    fixed = [name for name in differing if name not in kind.moving]
    if fixed or (differing and not set(back.before) - kind.moving):
        return f"{kind.label} {_called(now)}: {', '.join(fixed or differing)} changed"
    return ""


def _changed_since(
    session: Session, vault_id: int, line: ChangeLine, found: Sequence[tuple[RowChange, str]]
) -> tuple[str, str]:
    """What changed since and by whom, and what to do."""
    places = {each.place for each, _ in found}
    later = [
        each
        for each in changes(session, vault_id)
        if each.key > line.key and each.undone_by is None and _rows(session, each.key) & places
    ]
    named = "; ".join(problem for _, problem in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    text = f"This has changed since: {named}."
    if not later:
        return text, "Look in the audit trail who changed it, and change it by hand."
    who = "; ".join(f"{each.user} on {each.at:%Y-%m-%d %H:%M} (change {each.key}): {each.what}" for each in later[:3])
    return f"{text} By {who}.", f"Take back change {later[0].key} first, or change it by hand."


def _rows(session: Session, key: int) -> set[tuple[str, Key]]:
    return {each.place for each in _back(session, key)}


def _called(values: Values) -> str:
    names = ("label", "name", "api_name", "client_id", "source_key", "deliver_to_queue", "remote_point", "kind")
    return next((str(values[name]) for name in names if values.get(name)), "")


def _write(write: WriteSession, back: Sequence[RowChange]) -> None:
    """Make the rows what they were: edited ones first, then those that go, children first, then those that come."""
    if write.get_bind().dialect.name == "sqlite":
        sqlite.check_references_at_the_end(write.connection())
    order = {name: place for place, name in enumerate(KINDS)}
    placed = sorted(back, key=lambda each: order[each.kind.table.name])
    edited = [each for each in placed if each.before is not None and each.after is not None]
    going = [each for each in reversed(placed) if each.after is None]
    coming = [each for each in placed if each.before is None]
    for each in edited:
        _edit(write, each)
    for each in going:
        _refuse_used(write, each, going)
    for name in reversed(list(KINDS)):
        _delete(write, KINDS[name].table, [each.key for each in going if each.kind.table.name == name])
    for name, kind in KINDS.items():
        rows = [dict(each.after or {}) for each in coming if each.kind.table.name == name]
        if rows:
            write.connection().execute(insert(kind.table), rows)
    _refuse_orphans(write, [*edited, *coming])
    write.expire_all()


def _delete(write: WriteSession, table: Table, keys: Sequence[Key]) -> None:
    columns = list(table.primary_key.columns)
    if keys:
        write.connection().execute(
            delete(table).where(*(column == bindparam(f"key_{column.name}") for column in columns)),
            [{f"key_{column.name}": part for column, part in zip(columns, key, strict=True)} for key in keys],
        )


def _edit(write: WriteSession, each: RowChange) -> None:
    values = dict(each.after or {})
    moved = [name for name in values if name in each.kind.moving]
    if moved:
        now = write.execute(select(*(each.kind.table.c[name] for name in moved)).where(_is(each))).mappings().one()
        for name in moved:
            if now[name] != (each.before or {})[name]:
                del values[name]
    if values:
        write.execute(update(each.kind.table).where(_is(each)).values(**values, **_stamp(write, each)))


def _stamp(write: WriteSession, each: RowChange) -> Mapping[str, Any]:
    """The time of change of rows that keep one."""
    return {"modified_at": write.now} if "modified_at" in each.kind.table.c else {}


def _is(each: RowChange) -> Any:
    return and_(*(each.kind.table.c[name] == value for name, value in zip(each.kind.key, each.key, strict=True)))


def _refuse_used(write: WriteSession, each: RowChange, going: Sequence[RowChange]) -> None:
    """Raise NotPossible when something has come to hang on a row that is to go."""
    if len(each.key) > 1:
        return
    for table in SQLModel.metadata.sorted_tables:
        for reference in table.foreign_keys:
            if reference.column.table is not each.kind.table or reference.ondelete == "SET NULL":
                continue
            column = reference.parent
            number = write.execute(select(func.count()).where(column == each.key[0])).scalar_one()
            number -= sum(
                other.kind.table is table and (other.before or {})[column.name] == each.key[0] for other in going
            )
            if number and table.name not in PASSING:
                kind = KINDS.get(table.name)
                what = kind.label if kind else table.name.replace("_", " ")
                raise NotPossible(
                    f"{each.kind.label} {_called(each.before or {})} is in use since: {number} x {what}.",
                    "Delete it by hand, with what it holds.",
                )


def _refuse_orphans(write: WriteSession, rows: Iterable[RowChange]) -> None:
    """Raise NotPossible when a row refers to one that is no more: the database looks only when it is too late."""
    needed = {
        (reference.column, value)
        for each in rows
        for reference in each.kind.table.foreign_keys
        if (value := (each.after or {}).get(reference.parent.name)) is not None
    }
    for column, value in needed:
        if write.execute(select(1).where(column == value)).first() is None:
            what = KINDS[column.table.name].label if column.table.name in KINDS else column.table.name
            raise NotPossible(f"The {what.replace('_', ' ')} that it refers to is gone.", _REMEDY)


def _refuse_unmet(write: WriteSession, line: ChangeLine, back: Iterable[RowChange]) -> None:
    """Raise NotPossible when an integration would be switched as nobody could switch it by hand (seed S0)."""
    for each in back:
        if each.kind.table is _integrations and each.before is not None and "active" in (each.after or {}):
            try:
                require_switchable(write, each.key[0], active=bool((each.after or {})["active"]))
            except NotPossible as refused:
                raise NotPossible(f"{line.what} cannot be taken back. {refused.message}", refused.remedy) from refused


def _tell(write: WriteSession, actor: Actor, line: ChangeLine, back: Iterable[RowChange]) -> None:
    """Audit what was taken back, in each Vault that it had been audited in, and tell who watches."""
    groups: dict[tuple[int, str, str, str, str], list[Part]] = {}
    for part in line.parts:
        where = (part.vault_id, part.action, part.object_name, part.item, part.record_id)
        groups.setdefault(where, []).append(part)
    for (vault_id, action, object_name, item, record_id), parts in groups.items():
        inside = vault_id == actor.vault_id
        audit(
            write,
            actor if inside else Actor.system(vault_id),
            action=undone_action(action),
            object_name=object_name,
            item=item,
            record_id=record_id,
            changes={part.field_name: (part.new_value, part.old_value) for part in parts if part.field_name},
            on_behalf_of="" if inside else f"{actor.name} (Vault {actor.vault_id})",
        )
        for each in back:
            for topic in each.kind.topics:
                write.changed(topic, vault_id)


def undone_action(action: str) -> str:
    """How the audit calls taking an action back: `Undo Edit`, and `Redo Edit` for taking that back."""
    if action.startswith("Undo "):
        return f"Redo {action.removeprefix('Undo ')}"
    return f"Undo {action}"[:60]
