"""What hangs under a connection, copied below its duplicate: integrations with all their parts, lookups, queues.

So one Vault can be connected with several others in the same way, such as a Medical Vault with several Vault CRMs
(seed S3). Assumed: the copies keep their API names, which need be unique within their connection alone; integrations
begin inactive, as on a new connection; and the queues that serve the original serve the duplicate too.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table, insert, select

from models.audit import audit
from models.feed import Topic
from models.permissions import Actor
from models.store import WriteSession
from models.tables import (
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    PersonIdentifier,
    PointSource,
    QueryObjectRule,
    QueueConnection,
    ReferenceLookup,
    ReferenceLookupKey,
    table_of,
)

_PARTS: tuple[type[Any], ...] = (
    ReferenceLookup,
    ReferenceLookupKey,
    Integration,
    IntegrationPoint,
    PointSource,
    IntegrationRule,
    QueryObjectRule,
    FieldRule,
    QueueConnection,
    PersonIdentifier,
)
"""In the order in which one refers to another."""
_ABOVE = ("connection_id", "integration_id", "point_id", "rule_id", "lookup_id", "reference_lookup_id")
_BEGINS_ANEW: dict[str, dict[str, Any]] = {
    "integration": {"active": False, "last_successful_send": None, "last_successful_receive": None},
    "reference_lookup_key": {"uses": 0, "last_used_at": None},
}


def copy_components(write: WriteSession, actor: Actor, original_id: int, copy_id: int) -> None:
    """Copy what hangs under a connection below another one of the same Vault, which has none of it yet."""
    keys: dict[str, dict[int, int]] = {"connection": {original_id: copy_id}}
    for model in _PARTS:
        _copy(write, table_of(model), keys)
    for name in write.execute(
        select(table_of(Integration).c.name).where(table_of(Integration).c.connection_id == copy_id)
    ).scalars():
        audit(write, actor, action="Create", object_name="integration__sys", item=name)
    for topic in (Topic.INTEGRATIONS, Topic.RULES, Topic.QUEUES):
        write.changed(topic, actor.vault_id)


def _copy(write: WriteSession, table: Table, keys: dict[str, dict[int, int]]) -> None:
    above = {column.name: parent for column in table.c if (parent := _parent(table, column.name)) in keys}
    # What it hangs under comes first; a field rule's lookup is only referred to.
    owner, parent = next(iter(above.items()))
    rows = write.execute(select(table).where(table.c[owner].in_(keys[parent])).order_by(*table.primary_key)).all()
    copies = [_copied(write, table, dict(row._mapping), above, keys) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
    made: Iterable[int] = ()
    if copies and "id" in table.c:
        made = write.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), copies).scalars()
        keys[table.name] = dict(zip((row.id for row in rows), made, strict=True))
    elif copies:
        write.execute(insert(table), copies)
    keys.setdefault(table.name, {})


def _parent(table: Table, column: str) -> str:
    if column not in _ABOVE:
        return ""
    return next((key.column.table.name for key in table.c[column].foreign_keys), "")


def _copied(
    write: WriteSession,
    table: Table,
    row: Mapping[str, Any],
    above: Mapping[str, str],
    keys: Mapping[str, Mapping[int, int]],
) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if name != "id"}
    for column, parent in above.items():
        values[column] = keys[parent].get(values[column])
    if "modified_at" in values:
        values["modified_at"] = write.now
    return values | _BEGINS_ANEW.get(table.name, {})
