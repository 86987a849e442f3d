"""Records that are no longer updated although all else is well, which a Vault leaves silent (seed S1, limitations).

"If a user deletes a record that either side of the connection was using, Vault ceases to update connected records with
no notification", and so it does when somebody edits the ID by which the record is found.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from models.doctor.case import Case, Side
from models.doctor.finding import Finding, FindingKind, Findings
from models.doctor.rules import rule_uses
from models.tables import DeletePolicy, Matching, Record, Tombstone, Vault, table_of

_records = table_of(Record)
_tombstones = table_of(Tombstone)

SHOWN = 3
"""Records that are named; more are counted."""
READ_AT_MOST = 1000


def check_links(case: Case) -> Findings:
    """Target records that were deleted, whose source was deleted, or whose Link names no record any more."""
    told: set[tuple[int, str]] = set()
    for use in rule_uses(case):
        mark = (use.receiver.vault_id, use.target_object)
        integration = next(each for each in use.receiver.integrations if each.id == use.point.integration_id)
        if mark in told or use.point.matching is Matching.ORIGIN:
            continue
        told.add(mark)
        model = use.receiver.model(use.target_object)
        if model is None:
            continue
        yield from _target_gone(use.sender, use.receiver, model.id, model.label)
        if integration.delete_policy is DeletePolicy.LEAVE:
            yield from _source_gone(use.sender, use.receiver, model.id, model.label)
        yield from _link_names_nothing(use.sender, use.receiver, model.id, model.label)


def _target_gone(sender: Side, receiver: Side, object_id: int, label: str) -> Findings:
    other = _records.alias()
    again = exists().where(other.c.object_id == object_id, other.c.link == _tombstones.c.link)
    rows = _read(
        receiver,
        select(_records.c.record_id, _records.c.name)
        .join(_tombstones, _tombstones.c.link == _records.c.global_id)
        .where(_tombstones.c.object_id == object_id, _records.c.vault_id == sender.vault_id, ~again)
        .order_by(_tombstones.c.id.desc()),
    )
    if rows:
        yield _about(
            sender,
            rows[0],
            FindingKind.TARGET_DELETED,
            f"{_named(rows)} of {sender.vault}: the {label} in {receiver.vault} was deleted, and none is made anew.",
            "Create the record again and paste the source's Global ID into its Link, if it is to be updated.",
            command="trace",
        )


def _source_gone(sender: Side, receiver: Side, object_id: int, label: str) -> Findings:
    rows = _read(
        receiver,
        select(_records.c.record_id, _records.c.name)
        .join(_tombstones, _tombstones.c.global_id == _records.c.link)
        .where(_records.c.object_id == object_id, _tombstones.c.vault_id == sender.vault_id)
        .order_by(_tombstones.c.id.desc()),
    )
    if rows:
        yield _about(
            receiver,
            rows[0],
            FindingKind.SOURCE_DELETED,
            f"{_named(rows)} of {receiver.vault}: the record of {sender.vault} that the {label} came from was deleted.",
            "Delete it too, or set the integration's delete policy, if it is not to stay as it is.",
            command="trace",
        )


def _link_names_nothing(sender: Side, receiver: Side, object_id: int, label: str) -> Findings:
    other = _records.alias()
    others = [
        _records.c.link.not_like(f"{vault_id}\\_%", escape="\\")
        for vault_id in receiver.session.execute(select(table_of(Vault).c.id)).scalars()
        if vault_id != sender.vault_id
    ]
    rows = _read(
        receiver,
        select(_records.c.record_id, _records.c.name)
        .where(
            _records.c.object_id == object_id,
            _records.c.link.is_not(None),
            *others,
            ~_is_there(other, _records.c.link),
            ~_is_there(_tombstones, _records.c.link),
        )
        .order_by(_records.c.id),
    )
    if rows:
        yield _about(
            receiver,
            rows[0],
            FindingKind.LINK_UNKNOWN,
            f"{_named(rows)} of {receiver.vault}: the Link of the {label} names no record of {sender.vault}.",
            "Paste the Global ID of its source record into its Link.",
            command="records show",
        )


def _about(side: Side, row: Any, kind: FindingKind, cause: str, remedy: str, *, command: str) -> Finding:
    """A finding that leads to the first of the records it is about; the command is about that one, too."""
    return side.finding(
        kind,
        cause,
        remedy,
        severity="warns",
        area="records",
        key=row.record_id,
        where=f"Record {row.name}",
        command=f"{command} {row.record_id}",
    )


def _is_there(table: Any, link: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(table.c.global_id == link)


def _read(side: Side, statement: Select[Any]) -> Sequence[Any]:
    return side.session.execute(statement.limit(READ_AT_MOST)).all()


def _named(rows: Sequence[Any]) -> str:
    named = ", ".join(f"{row.name} ({row.record_id})" for row in rows[:SHOWN])
    more = f"{READ_AT_MOST:,} or more" if len(rows) == READ_AT_MOST else f"{len(rows) - SHOWN:,} more"
    return f"{named} and {more}" if len(rows) > SHOWN else named
