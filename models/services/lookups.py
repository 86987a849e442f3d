"""Reference lookups of a connection and their key pairs (seed S1; integration facts, section 3).

A lookup belongs to the Vault that receives: it says which value of this Vault a value of the source Vault stands for.
It acts only through field rules that name it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, cast, delete, insert, select, update
from sqlmodel import Session

from models.audit import audit
from models.data_model import load_object
from models.errors import InvalidInput, NotFound, NotPossible
from models.feed import Topic
from models.naming import custom_name
from models.permissions import Actor, Permission
from models.services.checks import LARGEST_ID, TYPE_LABELS, Checks, changed, connection_in_vault, key_of
from models.sets import one_of
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import (
    Connection,
    ConnectionType,
    FieldRule,
    IntegrationRule,
    LookupType,
    Record,
    ReferenceLookup,
    ReferenceLookupKey,
    ReferenceLookupMiss,
    VaultObject,
    table_of,
)

OBJECT_NAME = "reference_lookup"
KEY_OBJECT_NAME = "reference_lookup_key"
LONGEST_KEY = 255
TYPE_NAMES: Mapping[LookupType, str] = {LookupType.OBJECT: "Object", LookupType.GENERIC: "Generic"}
"""How an administrator reads the type of a lookup."""
EDITABLE = ("name", "api_name", "target_object", "target_key_field")
"""What may change of a lookup. Its type stays as it was created (Assumed: the vendor does not say)."""

_lookups = table_of(ReferenceLookup)
_keys = table_of(ReferenceLookupKey)
_misses = table_of(ReferenceLookupMiss)
_connections = table_of(Connection)
_field_rules = table_of(FieldRule)
_rules = table_of(IntegrationRule)
_records = table_of(Record)
_objects = table_of(VaultObject)


@dataclass(frozen=True, slots=True)
class Pair:
    """A source key and the target key it stands for."""

    source_key: str
    target_key: str


def lookup_in_vault(session: Session, lookup_id: int, vault_id: int) -> ReferenceLookup:
    """The reference lookup of that id, of a connection of the Vault. Raises NotFound."""
    statement = (
        select(_lookups.c.id)
        .join(_connections, _connections.c.id == _lookups.c.connection_id)
        .where(_lookups.c.id == lookup_id, _connections.c.vault_id == vault_id)
    )
    found = session.execute(statement).scalar_one_or_none() if 0 < lookup_id <= LARGEST_ID else None
    row = None if found is None else session.get(ReferenceLookup, found)
    if row is None:
        raise NotFound(
            f"Vault {vault_id} has no reference lookup {lookup_id}.", "It may have been deleted in the meantime."
        )
    return row


def create_lookup(
    write: WriteSession,
    actor: Actor,
    connection_id: int,
    *,
    name: str,
    api_name: str,
    type: LookupType,  # noqa: A002 - the field's own name
    target_object: str = "",
    target_key_field: str = "",
) -> ReferenceLookup:
    """Create a reference lookup on a Vault to Vault connection, without keys.

    Type Object takes a target object of this Vault and its Target Key Field, the one whose values the target keys are.
    The API name of a Generic one ends in `__c`, which is added where it is missing. Raises NotAllowed, NotFound,
    NotPossible for another type of connection, and InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    if connection.type is not ConnectionType.VAULT_TO_VAULT:
        raise NotPossible(
            f"{connection.name} is of type {TYPE_LABELS[connection.type]}.",
            "Only Vault to Vault connections have reference lookups.",
        )
    values = _checked(
        write,
        actor.vault_id,
        connection,
        type,
        {"name": name, "api_name": api_name, "target_object": target_object, "target_key_field": target_key_field},
    )
    lookup = ReferenceLookup(
        connection_id=connection_id,
        name=values["name"] or "",
        api_name=values["api_name"] or "",
        type=type,
        target_object=values["target_object"],
        target_key_field=values["target_key_field"],
    )
    write.add(lookup)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=lookup.name, record_id=connection.record_id)
    tell_changed(write, actor)
    return lookup


def edit_lookup(write: WriteSession, actor: Actor, lookup_id: int, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Change fields of a lookup, of those in `EDITABLE`; answers the names of those that differed.

    Its keys stay. Raises NotAllowed, NotFound, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    lookup = lookup_in_vault(write, lookup_id, actor.vault_id)
    unknown = {name: "This cannot be changed." for name in values if name not in EDITABLE}
    if unknown:
        raise InvalidInput(unknown)
    before = {name: getattr(lookup, name) for name in EDITABLE}
    connection = write.get_one(Connection, lookup.connection_id)
    wanted = {name: value or "" for name, value in {**before, **values}.items()}
    after = _checked(write, actor.vault_id, connection, lookup.type, wanted, own=lookup_id)
    changes = changed(before, after)
    if not changes:
        return ()
    item = lookup.name
    for field, (_old, new) in changes.items():
        setattr(lookup, field, new)
    write.add(lookup)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=item, changes=changes)
    tell_changed(write, actor)
    return tuple(changes)


def users_of(session: Session, lookup_id: int) -> tuple[str, ...]:
    """The field rules that use a lookup, each as its integration rule and target field, in words."""
    statement = (
        select(_rules.c.name, _field_rules.c.target_object, _field_rules.c.target_field, _field_rules.c.target_docfield)
        .join(_rules, _rules.c.id == _field_rules.c.rule_id)
        .where(_field_rules.c.reference_lookup_id == lookup_id)
        .order_by(_rules.c.name, _field_rules.c.position, _field_rules.c.id)
    )
    return tuple(
        f"{row.name}: {row.target_docfield or f'{row.target_object}.{row.target_field}'}"
        for row in session.execute(statement)
    )


def delete_problem(session: Session, lookup_id: int) -> str | None:
    """Why a lookup cannot be deleted: the field rules that use it; None when it can."""
    users = users_of(session, lookup_id)
    if not users:
        return None
    more = f" and {len(users) - 3} more" if len(users) > 3 else ""
    number = "a field rule" if len(users) == 1 else f"{len(users)} field rules"
    return f"It is used by {number}: {', '.join(users[:3])}{more}."


def delete_lookup(write: WriteSession, actor: Actor, lookup_id: int) -> None:
    """Delete a lookup with its keys. Raises NotAllowed, NotFound, and NotPossible while a field rule uses it."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    lookup = lookup_in_vault(write, lookup_id, actor.vault_id)
    if problem := delete_problem(write, lookup_id):
        raise NotPossible(f"{lookup.name} cannot be deleted. {problem}", "Take it out of these field rules first.")
    values = {name: (getattr(lookup, name), None) for name in ("type", *EDITABLE) if getattr(lookup, name) is not None}
    audit(write, actor, action="Delete", object_name=OBJECT_NAME, item=lookup.name, changes=values)
    pairs = write.execute(select(_keys.c.source_key, _keys.c.target_key).where(_keys.c.lookup_id == lookup_id)).all()
    if pairs:
        audit_pairs(write, actor, lookup, {row.source_key: (row.target_key, None) for row in pairs}, action="Delete")
    write.expunge(lookup)
    write.execute(delete(_lookups).where(_lookups.c.id == lookup_id))
    tell_changed(write, actor)


def set_key(write: WriteSession, actor: Actor, lookup_id: int, source_key: str, target_key: str) -> str:
    """Add a key pair, or give a source key another target key; answers "added", "changed" or "unchanged".

    What was counted as missing under an added source key is missing no more. Raises NotAllowed, NotFound,
    InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    lookup = lookup_in_vault(write, lookup_id, actor.vault_id)
    checks = Checks()
    checks.note("source_key", key_problem(source_key))
    checks.note("target_key", key_problem(target_key))
    checks.done()
    held = target_keys(write, lookup_id, [source_key]).get(source_key)
    if held == target_key:
        return "unchanged"
    pair = Pair(source_key, target_key)
    write_pairs(write, lookup_id, added=[pair] if held is None else (), changed=[pair] if held is not None else ())
    audit_pairs(write, actor, lookup, {source_key: (held, target_key)}, action="Create" if held is None else "Edit")
    tell_changed(write, actor)
    return "added" if held is None else "changed"


def rename_key(write: WriteSession, actor: Actor, lookup_id: int, old: str, source_key: str, target_key: str) -> str:
    """Save a pair that was known by the source key `old`, under the same or another one; answers as `set_key` does.

    Raises NotAllowed, NotFound, and InvalidInput, also when another pair has the new source key.
    """
    if source_key == old:
        return set_key(write, actor, lookup_id, source_key, target_key)
    if source_key in target_keys(write, lookup_id, [source_key]):
        raise InvalidInput({"source_key": f"There is already a pair for {source_key!r}."})
    set_key(write, actor, lookup_id, source_key, target_key)
    remove_keys(write, actor, lookup_id, [old])
    return "changed"


def remove_keys(write: WriteSession, actor: Actor, lookup_id: int, source_keys: Sequence[str]) -> int:
    """Remove key pairs by their source keys; answers how many there were. Raises NotAllowed, NotFound."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    lookup = lookup_in_vault(write, lookup_id, actor.vault_id)
    held = target_keys(write, lookup_id, source_keys)
    if not held:
        raise NotFound(f"{lookup.name} has no such key.", "It may have been removed in the meantime.")
    write_pairs(write, lookup_id, removed=list(held))
    audit_pairs(write, actor, lookup, {source: (target, None) for source, target in held.items()}, action="Delete")
    tell_changed(write, actor)
    return len(held)


def key_problem(key: str) -> str | None:
    """What is wrong with a source or target key; None for a good one.

    A key is compared with values of records sign by sign, so that all a record may hold is let through.
    """
    if not key.strip():
        return "This is needed."
    if len(key) > LONGEST_KEY:
        return f"{len(key)} characters are too many: at most {LONGEST_KEY} fit."
    if "\0" in key or any("\ud800" <= sign <= "\udfff" for sign in key):
        return "It holds a sign that cannot be stored."
    return None


def target_keys(session: Session, lookup_id: int, source_keys: Sequence[str] | None = None) -> dict[str, str]:
    """Target keys by source key: of all pairs of a lookup, or of those with these source keys."""
    statement = select(_keys.c.source_key, _keys.c.target_key).where(_keys.c.lookup_id == lookup_id)
    if source_keys is not None:
        statement = statement.where(one_of(_keys.c.source_key, source_keys))
    return {row.source_key: row.target_key for row in session.execute(statement.order_by(_keys.c.source_key))}


def keys_without_record(
    session: Session, vault_id: int, lookup: ReferenceLookup, target_keys: Collection[str]
) -> set[str]:
    """Those of the target keys that no record of an Object lookup's target object has; none for a Generic one."""
    if lookup.target_object is None or lookup.target_key_field is None or not target_keys:
        return set()
    column: ColumnElement[Any]
    if lookup.target_key_field in SYSTEM_COLUMNS:
        column = cast(_records.c[SYSTEM_COLUMNS[lookup.target_key_field]], Text)
    else:
        column = _records.c.data[lookup.target_key_field].as_string()
    statement = (
        select(column)
        .join(_objects, _objects.c.id == _records.c.object_id)
        .where(_objects.c.vault_id == vault_id, _objects.c.name == lookup.target_object, one_of(column, target_keys))
        .distinct()
    )
    return set(target_keys) - {str(row[0]) for row in session.execute(statement)}


def write_pairs(
    write: WriteSession,
    lookup_id: int,
    *,
    added: Sequence[Pair] = (),
    changed: Sequence[Pair] = (),
    removed: Sequence[str] = (),
) -> None:
    """Write sets of pairs that have been checked. A changed pair keeps its uses: they are those of its source key."""
    if removed:
        write.execute(delete(_keys).where(_keys.c.lookup_id == lookup_id, one_of(_keys.c.source_key, removed)))
    if changed:
        values = [{"source": pair.source_key, "target": pair.target_key} for pair in changed]
        write.connection().execute(
            update(_keys)
            .where(_keys.c.lookup_id == lookup_id, _keys.c.source_key == bindparam("source"))
            .values(target_key=bindparam("target")),
            values,
        )
    if added:
        rows: list[dict[str, Any]] = [
            {"lookup_id": lookup_id, "source_key": pair.source_key, "target_key": pair.target_key, "uses": 0}
            for pair in added
        ]
        write.execute(insert(_keys), rows)
        sources = [pair.source_key for pair in added]
        write.execute(delete(_misses).where(_misses.c.lookup_id == lookup_id, one_of(_misses.c.source_key, sources)))


def audit_pairs(
    write: WriteSession,
    actor: Actor,
    lookup: ReferenceLookup,
    changes: Mapping[str, tuple[str | None, str | None]],
    *,
    action: str,
) -> None:
    """Note changed pairs: one row for each, which names the source key, with the target key before and after."""
    for source_key, pair in changes.items():
        item = f"{lookup.name}: {source_key}"
        audit(write, actor, action=action, object_name=KEY_OBJECT_NAME, item=item, changes={"target_key": pair})


def tell_changed(write: WriteSession, actor: Actor) -> None:
    """Tell who watches the connection's page or the rules that lookups changed."""
    write.changed(Topic.RULES, actor.vault_id)
    write.changed(Topic.CONNECTIONS, actor.vault_id)


def forget_misses(write: WriteSession, actor: Actor, lookup_id: int) -> int:
    """Forget the missing keys of a lookup, to count anew; answers how many. Raises NotAllowed, NotFound."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    lookup = lookup_in_vault(write, lookup_id, actor.vault_id)
    number = write.connection().execute(delete(_misses).where(_misses.c.lookup_id == lookup_id)).rowcount
    if number:
        audit(write, actor, action="Forget Missing Keys", object_name=OBJECT_NAME, item=lookup.name)
        tell_changed(write, actor)
    return number


def _checked(
    write: WriteSession,
    vault_id: int,
    connection: Connection,
    type_: LookupType,
    values: Mapping[str, str],
    *,
    own: int | None = None,
) -> dict[str, str | None]:
    checks = Checks()
    name = checks.text("name", values["name"], 100, required=True)
    api_name = custom_name(values["api_name"].strip())
    # Assumed: an Object lookup may bear a standard name such as country__v; a Generic one is custom (facts, section 3).
    checks.api_name("api_name", api_name, standard=type_ is LookupType.OBJECT)
    if api_name:
        taken = [_lookups.c.connection_id == key_of(connection), _lookups.c.api_name == api_name]
        if own is not None:
            taken.append(_lookups.c.id != own)
        problem = f"{connection.name} already has a reference lookup with the API name {api_name}."
        checks.unless(write, "api_name", problem, *taken)
    target_object, field = values["target_object"].strip(), values["target_key_field"].strip()
    if type_ is LookupType.GENERIC:
        for label, value in (("target_object", target_object), ("target_key_field", field)):
            checks.refuse(label, "Only a lookup of type Object has this.", when=bool(value))
    else:
        _check_target(checks, write, vault_id, target_object, field)
    checks.done()
    return {
        "name": name,
        "api_name": api_name,
        "target_object": target_object or None,
        "target_key_field": field or None,
    }


def _check_target(checks: Checks, write: WriteSession, vault_id: int, object_name: str, field: str) -> None:
    checks.refuse("target_key_field", "Say by which field its records are found.", when=not field)
    if not object_name:
        checks.note("target_object", "A lookup of type Object names an object of this Vault.")
        return
    try:
        model = load_object(write, vault_id, object_name)
    except NotFound as missing:
        checks.note("target_object", missing.message)
        return
    if field and field not in SYSTEM_COLUMNS and field not in model.fields:
        checks.note("target_key_field", f"{model.label} has no field {field}.")
