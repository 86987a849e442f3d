"""Importing integration rules from MDL text: through the services, in one transaction, or only to see what it would do.

A rule is found by its connection, integration point and name. Rules that the text does not name stay as they are.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.errors import ConsoleError, InvalidInput, NotAllowed
from models.mdl.components import FieldRuleText, QueryObjectRuleText, RuleText, read_rules
from models.mdl.difference import Change, Kind, difference
from models.mdl.exporting import rule_texts
from models.mdl.syntax import Place
from models.naming import custom_name
from models.permissions import Actor, Permission
from models.services.checks import key_of
from models.services.field_rules import add_field_rule, change_field_rule, delete_field_rule
from models.services.query_object_rules import (
    add_query_object_rule,
    change_query_object_rule,
    delete_query_object_rule,
)
from models.services.rules import change_rule, create_rule, order_children, order_rules, set_rule_active
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    Direction,
    FieldRule,
    Integration,
    IntegrationPoint,
    QueryObjectRule,
    ReferenceLookup,
    table_of,
)

_connections = table_of(Connection).c
_integrations = table_of(Integration).c
_points = table_of(IntegrationPoint).c
_lookups = table_of(ReferenceLookup).c


@dataclass(frozen=True)
class _Planned:
    """A rule of the text, where it goes, and the rule that is there."""

    after: RuleText
    before: RuleText | None
    rule_id: int | None
    point_id: int
    lookups: Mapping[str, tuple[int, str]]
    """Reference lookups of the connection by API name: id and type."""


class _TakenBack(Exception):
    """Ends a transaction without a trace."""


def import_rules(write: WriteSession, actor: Actor, text: str) -> tuple[Change, ...]:
    """Make the rules of the Vault what the text says; answers what was changed.

    Raises NotAllowed, MdlError with line and column for what cannot be read or found, and for what a service refuses.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    changes: list[Change] = []
    plan = _plan(write, actor.vault_id, text)
    for planned in plan:
        found = difference(planned.before, planned.after)
        if found:
            _apply(write, actor, planned, found)
            changes += found
    # A rule that was not there has come in last: it belongs where the text has it.
    for point_id in {planned.point_id for planned in plan if planned.rule_id is None}:
        order_rules(write, actor, point_id, [each.after.name for each in plan if each.point_id == point_id])
    return tuple(changes)


def preview_import(store: Store, actor: Actor, text: str) -> tuple[Change, ...]:
    """What importing the text would change; it is tried out and taken back, so that all that would fail does here.

    Raises what `import_rules` raises.
    """
    changes: tuple[Change, ...] = ()
    with suppress(_TakenBack), store.write() as write:
        changes = import_rules(write, actor, text)
        raise _TakenBack
    return changes


def _plan(session: Session, vault_id: int, text: str) -> list[_Planned]:
    present = {rule.key: (key, rule) for key, rule in rule_texts(session, vault_id).items()}
    planned = []
    for rule in map(_normal, read_rules(text)):
        connection_id = _connection(session, vault_id, rule)
        rule_id, before = present.get(rule.key, (None, None))
        planned.append(
            _Planned(rule, before, rule_id, _point(session, connection_id, rule), _lookups_of(session, connection_id))
        )
    return planned


def _normal(rule: RuleText) -> RuleText:
    """A rule as the services would keep it: names of custom components end in `__c`, the primary object is read."""
    return replace(
        rule,
        name=custom_name(rule.name),
        label=rule.label or custom_name(rule.name),
        query_object_rules=tuple(replace(text, name=custom_name(text.name)) for text in rule.query_object_rules),
        field_rules=tuple(
            replace(
                text,
                name=custom_name(text.name),
                query_object=text.query_object or (rule.primary_query_object if text.query_field else ""),
            )
            for text in rule.field_rules
        ),
    )


def _connection(session: Session, vault_id: int, rule: RuleText) -> int:
    statement = select(_connections.id).where(
        _connections.vault_id == vault_id, _connections.api_name == rule.connection
    )
    found: int | None = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise rule.place.refuse(f"Vault {vault_id} has no connection {rule.connection}.")
    return found


def _point(session: Session, connection_id: int, rule: RuleText) -> int:
    statement = (
        select(_points.id)
        .join(table_of(Integration), _integrations.id == _points.integration_id)
        .where(
            _integrations.connection_id == connection_id,
            _points.api_name == rule.integration_point,
            _points.direction == Direction.INBOUND,
        )
    )
    found: int | None = session.execute(statement).scalars().first()
    if found is None:
        raise rule.place.refuse(f"{rule.connection} has no inbound integration point {rule.integration_point}.")
    return found


def _lookups_of(session: Session, connection_id: int) -> dict[str, tuple[int, str]]:
    statement = select(_lookups.api_name, _lookups.id, _lookups.type).where(_lookups.connection_id == connection_id)
    return {row.api_name: (row.id, row.type.value) for row in session.execute(statement)}


def _apply(write: WriteSession, actor: Actor, planned: _Planned, changes: tuple[Change, ...]) -> None:
    after = planned.after
    with _telling(after.place, after.name):
        rule_id = _apply_rule(write, actor, planned)
    removed = {(change.type, change.name) for change in changes if change.kind is Kind.REMOVED}
    with _telling(after.place, after.name):
        _remove(write, actor, rule_id, {name for _type, name in removed}, planned)
    queries = _children(write, QueryObjectRule, rule_id)
    for query in after.query_object_rules:
        with _telling(query.place, query.name):
            _apply_query(write, actor, rule_id, queries.get(query.name), query)
    field_rules = _children(write, FieldRule, rule_id)
    for field_rule in after.field_rules:
        with _telling(field_rule.place, field_rule.name):
            _apply_field(write, actor, rule_id, field_rules.get(field_rule.name), field_rule, planned)
    if not after.primary_query_object:
        # Last: it may only go when no field rule walks a relationship any more.
        with _telling(after.place, after.name):
            change_rule(write, actor, rule_id, {"primary_query_object": None})
    order_children(
        write,
        actor,
        rule_id,
        query_object_rules=[child.name for child in after.query_object_rules],
        field_rules=[child.name for child in after.field_rules],
    )


def _apply_rule(write: WriteSession, actor: Actor, planned: _Planned) -> int:
    after, rule_id = planned.after, planned.rule_id
    if rule_id is None:
        made = create_rule(
            write,
            actor,
            planned.point_id,
            name=after.label,
            api_name=after.name,
            primary_query_object=after.primary_query_object,
            active=after.active,
            standard=_is_standard(after.name),
        )
        return key_of(made)
    set_rule_active(write, actor, rule_id, active=after.active)
    values = {"name": after.label}
    if after.primary_query_object:
        values["primary_query_object"] = after.primary_query_object
    change_rule(write, actor, rule_id, values)
    return rule_id


def _is_standard(name: str) -> bool:
    return name.partition("__")[2] not in ("", "c")


def _remove(write: WriteSession, actor: Actor, rule_id: int, names: set[str], planned: _Planned) -> None:
    kept_queries = {child.name for child in planned.after.query_object_rules}
    kept_fields = {child.name for child in planned.after.field_rules}
    for name, key in _children(write, QueryObjectRule, rule_id).items():
        if name in names and name not in kept_queries:
            delete_query_object_rule(write, actor, key)
    for name, key in _children(write, FieldRule, rule_id).items():
        if name in names and name not in kept_fields:
            delete_field_rule(write, actor, key)


def _children(session: Session, model: type[QueryObjectRule | FieldRule], rule_id: int) -> dict[str, int]:
    columns = table_of(model).c
    statement = select(columns.api_name, columns.id).where(columns.rule_id == rule_id)
    return {row.api_name: row.id for row in session.execute(statement)}


def _apply_query(write: WriteSession, actor: Actor, rule_id: int, key: int | None, text: QueryObjectRuleText) -> None:
    values = {"label": text.label, "query_object": text.query_object, "filter_clause": text.filter_clause}
    if key is None:
        add_query_object_rule(write, actor, rule_id, api_name=text.name, active=text.active, **values)
    else:
        change_query_object_rule(write, actor, key, {"active": text.active, **values})


def _apply_field(
    write: WriteSession, actor: Actor, rule_id: int, key: int | None, text: FieldRuleText, planned: _Planned
) -> None:
    values: dict[str, Any] = {
        "label": text.label,
        "target_object": text.target_object,
        "target_field": text.target_object_field,
        "target_docfield": text.target_docfield or None,
        "query_object": text.query_object,
        "query_field": text.query_field or None,
        "query_field_select": text.query_field_select or None,
        "query_field_type": text.query_field_type or None,
        "default_value": text.field_default or None,
        "target_lookup_field": text.target_field_lookup or None,
        "reference_lookup_id": _lookup(text, planned),
    }
    if key is None:
        add_field_rule(write, actor, rule_id, api_name=text.name, active=text.active, **values)
        return
    before = write.get_one(FieldRule, key)
    if all((getattr(before, name) or None) == (value or None) for name, value in values.items()):
        # A rule whose target is gone is left as it is, and may be switched.
        change_field_rule(write, actor, key, {"active": text.active})
    else:
        change_field_rule(write, actor, key, {"active": text.active, **values})


def _lookup(text: FieldRuleText, planned: _Planned) -> int | None:
    if not text.reference_lookup:
        return None
    key, kind = planned.lookups.get(text.reference_lookup, (None, ""))
    if key is None:
        raise text.place.refuse(f"{planned.after.connection} has no reference lookup {text.reference_lookup}.")
    if text.reference_lookup_type and text.reference_lookup_type != kind:
        raise text.place.refuse(f"{text.reference_lookup} is of type {kind}, not {text.reference_lookup_type}.")
    return key


_MDL_NAMES = {
    "name": "label",
    "target_field": "target_object_field",
    "default_value": "field_default",
    "target_lookup_field": "target_field_lookup",
    "reference_lookup_id": "reference_lookup",
    "api_name": "its name",
}


@contextmanager
def _telling(place: Place, name: str) -> Iterator[None]:
    """Name the place in the text for what a service refuses."""
    try:
        yield
    except InvalidInput as refusal:
        told = " ".join(f"{_MDL_NAMES.get(field, field)}: {problem}" for field, problem in refusal.fields.items())
        raise place.refuse(f"{name}: {told}", refusal.remedy) from refusal
    except NotAllowed:
        raise
    except ConsoleError as refusal:
        if refusal.title == "The MDL text cannot be imported":
            raise
        raise place.refuse(f"{name}: {refusal.message}", refusal.remedy) from refusal
