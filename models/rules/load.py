"""Loads and compiles the rules of an inbound integration point."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from models.data_model import DOCUMENTS, ObjectModel, load_object
from models.errors import ConsoleError, NotFound
from models.rules.binding import compile_target
from models.rules.compiled import CompiledPoint, CompiledRule, CompiledTarget, Lookup
from models.tables import (
    FieldRule,
    IntegrationRule,
    QueryObjectRule,
    ReferenceLookup,
    ReferenceLookupKey,
    table_of,
)

_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)
_query_rules = table_of(QueryObjectRule)
_lookups = table_of(ReferenceLookup)
_keys = table_of(ReferenceLookupKey)


class RulesBroken(ConsoleError):
    """The rules of a point cannot be used as they are configured."""

    title = "Integration rules cannot be used"


def load_point_rules(
    session: Session, vault_id: int, connection_id: int, point_id: int, source_object: str
) -> CompiledPoint:
    """Compile the active rules of a point for messages about `source_object`.

    Raises RulesBroken when there is none, or when a field rule names what the target Vault does not have.
    """
    rows = session.execute(_active_field_rules(vault_id, point_id, source_object)).all()
    grouped: dict[int, dict[str, list[Row[Any]]]] = {}
    for row in rows:
        grouped.setdefault(row.rule_id, {}).setdefault(_target_object(row), []).append(row)
    # Defaults alone make no record: the target object is made of another source object's records.
    made = {
        rule_id: {name: rules for name, rules in targets.items() if any(rule.query_object for rule in rules)}
        for rule_id, targets in grouped.items()
    }
    made = {rule_id: targets for rule_id, targets in made.items() if targets}
    if not made:
        raise RulesBroken(
            f"No active integration rule of this point reads {source_object}.",
            "Activate a rule of the integration point, or give it field rules for this query object.",
        )
    lookups = load_lookups(session, connection_id)
    filters = _filters(session, list(made), source_object)
    known: dict[str, ObjectModel] = {}
    compiled: list[CompiledRule] = []
    problems: dict[str, str] = {}
    for rule_id, targets in made.items():
        made_of, wrong = _compile_targets(session, vault_id, targets, lookups, known)
        problems.update(wrong)
        if made_of:
            clauses = tuple(filters.get(rule_id, ()))
            compiled.append(CompiledRule(rule_id, made_of[0].rule_name, tuple(made_of), clauses, _items(made_of)))
    if problems:
        raise RulesBroken(" ".join(problems.values()), "Correct the field rule, or bring the field back.")
    return CompiledPoint(tuple(compiled))


def load_lookups(session: Session, connection_id: int) -> dict[int, Lookup]:
    """The reference lookups of a connection with all their pairs, by id."""
    pairs: dict[int, dict[str, str]] = {}
    statement = (
        select(_keys.c.lookup_id, _keys.c.source_key, _keys.c.target_key)
        .join(_lookups, _lookups.c.id == _keys.c.lookup_id)
        .where(_lookups.c.connection_id == connection_id)
    )
    for lookup_id, source_key, target_key in session.execute(statement):
        pairs.setdefault(lookup_id, {})[source_key] = target_key
    rows = session.execute(select(_lookups).where(_lookups.c.connection_id == connection_id))
    return {
        row.id: Lookup(row.id, row.name, pairs.get(row.id, {}), row.type, row.target_object, row.target_key_field)
        for row in rows
    }


def _active_field_rules(vault_id: int, point_id: int, source_object: str) -> Any:
    return (
        select(_field_rules, _rules.c.name.label("rule_name"), _rules.c.primary_query_object)
        .join(_rules, _rules.c.id == _field_rules.c.rule_id)
        .where(
            _rules.c.vault_id == vault_id,
            _rules.c.point_id == point_id,
            _rules.c.active,
            _field_rules.c.active,
            _field_rules.c.query_object.in_((source_object, "")),
        )
        .order_by(_rules.c.position, _rules.c.id, _field_rules.c.position, _field_rules.c.id)
    )


def _target_object(row: Row[Any]) -> str:
    """A rule for a document's field names no object."""
    return row.target_object or (DOCUMENTS if row.target_docfield else "")


def _compile_targets(
    session: Session,
    vault_id: int,
    targets: Mapping[str, Sequence[Row[Any]]],
    lookups: Mapping[int, Lookup],
    known: dict[str, ObjectModel],
) -> tuple[list[CompiledTarget], dict[str, str]]:
    compiled: list[CompiledTarget] = []
    problems: dict[str, str] = {}
    for name, rows in targets.items():
        try:
            model = known.get(name) or known.setdefault(name, load_object(session, vault_id, name))
        except NotFound as error:
            problems[name] = error.message
            continue
        target, wrong = compile_target(
            rows[0].rule_name,
            model,
            rows,
            lookups,
            primary_query_object=rows[0].primary_query_object,
            rule_id=rows[0].rule_id,
        )
        compiled.append(target)
        problems.update(wrong)
    return compiled, problems


def _filters(session: Session, rule_ids: Sequence[int], source_object: str) -> dict[int, list[str]]:
    """The filter clauses that narrow a rule's source records, by rule."""
    statement = (
        select(_query_rules.c.rule_id, _query_rules.c.filter_clause)
        .where(
            _query_rules.c.rule_id.in_(rule_ids),
            _query_rules.c.active,
            _query_rules.c.query_object == source_object,
            _query_rules.c.filter_clause != "",
        )
        .order_by(_query_rules.c.position, _query_rules.c.id)
    )
    found: dict[int, list[str]] = {}
    for rule_id, clause in session.execute(statement):
        if clause.strip():
            found.setdefault(rule_id, []).append(clause)
    return found


def _items(targets: Sequence[CompiledTarget]) -> tuple[str, ...]:
    items = {rule.query_item for target in targets for rule in target.field_rules if rule.query_item is not None}
    return tuple(sorted(items))
